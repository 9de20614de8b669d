//===- AST.cpp - Names of the tree's enumerations -------------------------===//

#include "lang/tile/AST.h"

#include <array>
#include <utility>

using namespace polytile::lang;

namespace {

constexpr std::array<std::pair<ElementType, std::string_view>, 13>
    elementTypes = {{
        {ElementType::Bool, "bool"},
        {ElementType::I8, "i8"},
        {ElementType::I16, "i16"},
        {ElementType::I32, "i32"},
        {ElementType::I64, "i64"},
        {ElementType::U8, "u8"},
        {ElementType::U16, "u16"},
        {ElementType::U32, "u32"},
        {ElementType::U64, "u64"},
        {ElementType::F16, "f16"},
        {ElementType::BF16, "bf16"},
        {ElementType::F32, "f32"},
        {ElementType::F64, "f64"},
    }};

} // namespace

std::string_view polytile::lang::spelling(ElementType type) {
  return elementTypes[static_cast<size_t>(type)].second;
}

std::optional<ElementType>
polytile::lang::elementTypeByName(std::string_view name) {
  for (auto [type, text] : elementTypes)
    if (text == name)
      return type;
  return std::nullopt;
}

std::string_view polytile::lang::spelling(UnaryOp op) {
  switch (op) {
  case UnaryOp::Negate:
    return "-";
  case UnaryOp::LogicalNot:
    return "!";
  case UnaryOp::BitNot:
    return "~";
  }
  return "";
}

std::string_view polytile::lang::spelling(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Sub:
    return "-";
  case BinaryOp::Mul:
    return "*";
  case BinaryOp::Div:
    return "/";
  case BinaryOp::Mod:
    return "%";
  case BinaryOp::ShiftLeft:
    return "<<";
  case BinaryOp::ShiftRight:
    return ">>";
  case BinaryOp::BitAnd:
    return "&";
  case BinaryOp::BitXor:
    return "^";
  case BinaryOp::BitOr:
    return "|";
  case BinaryOp::LogicalAnd:
    return "&&";
  case BinaryOp::LogicalOr:
    return "||";
  }
  return "";
}

std::string_view polytile::lang::spelling(Relation relation) {
  switch (relation) {
  case Relation::Less:
    return "<";
  case Relation::LessEqual:
    return "<=";
  case Relation::Greater:
    return ">";
  case Relation::GreaterEqual:
    return ">=";
  case Relation::Equal:
    return "==";
  case Relation::NotEqual:
    return "!=";
  }
  return "";
}

std::string_view polytile::lang::spelling(Aggregation aggregation) {
  switch (aggregation) {
  case Aggregation::Sum:
    return "+";
  case Aggregation::Product:
    return "*";
  case Aggregation::Maximum:
    return ">";
  case Aggregation::Minimum:
    return "<";
  case Aggregation::Assign:
    return "=";
  }
  return "";
}

const Function *Program::find(std::string_view name) const {
  for (const Function *function : functions)
    if (!function->isAnonymous() && function->name.text == name)
      return function;
  return nullptr;
}
