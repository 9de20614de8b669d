//===- ValueExpressions.cpp - Values: operators, promotion, materialisation
//===//
//
// An operation on weak terms alone is done here and now on doubles where both
// are known, else on f64 scalars; everything else becomes an elementwise
// operation in the promoted type.
//
//===----------------------------------------------------------------------===//

#include "lang/import/ContractionImporter.h"
#include "lang/import/Promotion.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace polytile;
using namespace polytile::lang;

Type FunctionImporter::commonType(ArrayRef<Term> terms) const {
  Type common;
  bool hasFloat = false, hasSize = false;
  for (const Term &term : terms) {
    hasFloat |= term.isWeakFloat();
    hasSize |= term.isSize();
    if (term.kind != Term::Kind::Value)
      continue;
    Type type = getElementTypeOrSelf(term.value.getType());
    common = common ? promote(common, type) : type;
  }
  bool isFloat = common && isa<FloatType>(common);
  if (hasFloat && !isFloat)
    return FloatType::getF32(context());
  if (!common || (hasSize && common.isInteger(1)))
    return IntegerType::get(context(), 32);
  return common;
}

//===----------------------------------------------------------------------===//
// Materialisation
//===----------------------------------------------------------------------===//

Value FunctionImporter::constant(TypedAttr value, SourceRange range,
                                 ContractionImporter *body) {
  if (body)
    return body->bodyBuilder().create<tile::ScalarOp>(location(range),
                                                      value.getType(), value);
  auto type = RankedTensorType::get({}, value.getType());
  return build.create<tile::ConstantOp>(location(range), type,
                                        DenseElementsAttr::get(type, value));
}

static bool fits(int64_t value, IntegerType type) {
  unsigned width = type.getWidth();
  if (width == 1)
    return value == 0 || value == 1;
  if (type.isUnsigned())
    return value >= 0 && (width == 64 || value < (int64_t(1) << width));
  return width == 64 || (value >= -(int64_t(1) << (width - 1)) &&
                         value < (int64_t(1) << (width - 1)));
}

Value FunctionImporter::materializeSize(Value size, Type elementType,
                                        SourceRange range,
                                        ContractionImporter *body) {
  std::optional<int64_t> number = getConstantIntValue(size);
  if (!number) {
    Type direct =
        elementType.isInteger(1) ? Type(build.getI64Type()) : elementType;
    Value tensor = build.create<tile::FromSizesOp>(
        location(range), RankedTensorType::get({}, direct), size);
    if (direct != elementType)
      tensor = build.create<tile::CastOp>(location(range), tensor, elementType);
    return body ? body->readScalar(tensor) : tensor;
  }
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    if (!fits(*number, integer)) {
      engine.error(range, llvm::formatv("{0} does not fit {1}", *number,
                                        tile::spellElementType(elementType)));
      return nullptr;
    }
    APInt bits(integer.getWidth(), static_cast<uint64_t>(*number),
               /*isSigned=*/true);
    return constant(IntegerAttr::get(elementType, bits), range, body);
  }
  APFloat exact(cast<FloatType>(elementType).getFloatSemantics());
  exact.convertFromAPInt(APInt(64, static_cast<uint64_t>(*number), true),
                         /*IsSigned=*/true, APFloat::rmNearestTiesToEven);
  return constant(FloatAttr::get(elementType, exact), range, body);
}

Value FunctionImporter::materialize(const Term &term, Type elementType,
                                    SourceRange range,
                                    ContractionImporter *body) {
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  switch (term.kind) {
  case Term::Kind::Size:
    return materializeSize(term.value, elementType, range, body);
  case Term::Kind::Number: {
    auto type = dyn_cast<FloatType>(elementType);
    if (!type) {
      engine.error(range, llvm::formatv("{0} is not of type {1}", term.number,
                                        tile::spellElementType(elementType)));
      return nullptr;
    }
    APFloat value(term.number);
    bool inexact;
    value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &inexact);
    return constant(FloatAttr::get(type, value), range, body);
  }
  case Term::Kind::Weak: {
    Value tensor = term.value;
    if (getElementTypeOrSelf(tensor.getType()) != elementType)
      tensor = build.create<tile::CastOp>(location(range), tensor, elementType);
    return body ? body->readScalar(tensor) : tensor;
  }
  case Term::Kind::Value:
    if (getElementTypeOrSelf(term.value.getType()) == elementType)
      return term.value;
    return builder.create<tile::CastOp>(location(range), term.value,
                                        elementType);
  case Term::Kind::Tuple:
    engine.error(range, "a group of values stands where one value is expected");
    return nullptr;
  case Term::Kind::Invalid:
    return nullptr;
  }
  llvm_unreachable("no other kind of term");
}

//===----------------------------------------------------------------------===//
// Weak numbers
//===----------------------------------------------------------------------===//

/// The double that a weak term is, where it is known now.
static std::optional<double> knownNumber(const Term &term) {
  if (term.kind == Term::Kind::Number)
    return term.number;
  if (!term.isSize())
    return std::nullopt;
  if (std::optional<int64_t> size = getConstantIntValue(term.value))
    return static_cast<double>(*size);
  return std::nullopt;
}

static std::optional<double> evaluate(Builtin op, double lhs, double rhs) {
  switch (op) {
  case Builtin::Add:
    return lhs + rhs;
  case Builtin::Sub:
    return lhs - rhs;
  case Builtin::Mul:
    return lhs * rhs;
  case Builtin::Div:
    return lhs / rhs;
  case Builtin::Pow:
    return std::pow(lhs, rhs);
  default:
    return std::nullopt;
  }
}

/// An operation on weak terms of which one at least is a float.
Term FunctionImporter::binaryNumbers(Builtin op, const Term &lhs,
                                     const Term &rhs, const Expr &expr) {
  std::optional<double> left = knownNumber(lhs), right = knownNumber(rhs);
  if (left && right)
    if (std::optional<double> result = evaluate(op, *left, *right))
      return Term::constant(*result);
  Type f64 = FloatType::getF64(context());
  Value leftValue = materialize(lhs, f64, expr.range, nullptr),
        rightValue = materialize(rhs, f64, expr.range, nullptr);
  Term result = binary(op, Term::tensor(leftValue), Term::tensor(rightValue),
                       expr, nullptr);
  return result ? Term::weak(result.value) : Term();
}

//===----------------------------------------------------------------------===//
// Binary operators and comparisons
//===----------------------------------------------------------------------===//

static bool actsOnBits(Builtin op) {
  return op == Builtin::BitAnd || op == Builtin::BitOr ||
         op == Builtin::BitXor || op == Builtin::BitLeft ||
         op == Builtin::BitRight;
}

/// Operations that have no form on bools: those become i32 first.
static bool needsNumber(Builtin op) {
  return op == Builtin::Div || op == Builtin::FloorDiv || op == Builtin::Mod ||
         op == Builtin::Pow || op == Builtin::BitLeft ||
         op == Builtin::BitRight;
}

/// Reports shapes that cannot broadcast whatever the symbolic sizes are;
/// tile-specialize looks at the others.
bool FunctionImporter::requireBroadcast(ArrayRef<Value> operands,
                                        const Expr &expr) {
  SmallVector<Type> inferred;
  if (succeeded(tile::inferBroadcastType(std::nullopt,
                                         ValueRange(operands).getTypes(),
                                         build.getI1Type(), inferred)))
    return true;
  std::string shapes = llvm::join(
      llvm::map_range(operands,
                      [](Value operand) {
                        return tile::spellShape(
                            cast<ShapedType>(operand.getType()).getShape());
                      }),
      " and ");
  engine.error(expr.range,
               llvm::formatv(
                   "the shapes {0} do not broadcast: sizes must be equal, or 1",
                   shapes));
  return false;
}

static Value createBinary(OpBuilder &builder, Location loc, Builtin op,
                          Value lhs, Value rhs) {
  switch (op) {
  case Builtin::Add:
    return builder.create<tile::AddOp>(loc, lhs, rhs);
  case Builtin::Sub:
    return builder.create<tile::SubOp>(loc, lhs, rhs);
  case Builtin::Mul:
    return builder.create<tile::MulOp>(loc, lhs, rhs);
  case Builtin::Div:
    return builder.create<tile::DivOp>(loc, lhs, rhs);
  case Builtin::FloorDiv: {
    Value quotient = builder.create<tile::DivOp>(loc, lhs, rhs);
    bool isFloat = isa<FloatType>(getElementTypeOrSelf(lhs.getType()));
    return isFloat ? builder.create<tile::FloorOp>(loc, quotient).getResult()
                   : quotient;
  }
  case Builtin::Mod:
    return builder.create<tile::ModOp>(loc, lhs, rhs);
  case Builtin::Pow:
    return builder.create<tile::PowOp>(loc, lhs, rhs);
  case Builtin::Max:
    return builder.create<tile::MaxOp>(loc, lhs, rhs);
  case Builtin::Min:
    return builder.create<tile::MinOp>(loc, lhs, rhs);
  case Builtin::BitAnd:
    return builder.create<tile::AndOp>(loc, lhs, rhs);
  case Builtin::BitOr:
    return builder.create<tile::OrOp>(loc, lhs, rhs);
  case Builtin::BitXor:
    return builder.create<tile::XorOp>(loc, lhs, rhs);
  case Builtin::BitLeft:
    return builder.create<tile::ShlOp>(loc, lhs, rhs);
  case Builtin::BitRight:
    return builder.create<tile::ShrOp>(loc, lhs, rhs);
  default:
    llvm_unreachable("not a binary operation");
  }
}

Term FunctionImporter::binary(Builtin op, const Term &lhs, const Term &rhs,
                              const Expr &expr, ContractionImporter *body) {
  if (!lhs || !rhs)
    return {};
  if (lhs.isSize() && rhs.isSize() && givesSizes(op)) {
    Value size = binarySize(op, lhs.value, rhs.value, expr);
    return size ? Term::size(size) : Term();
  }
  if (lhs.isWeak() && rhs.isWeak() && (lhs.isWeakFloat() || rhs.isWeakFloat()))
    return binaryNumbers(op, lhs, rhs, expr);
  Type type = commonType({lhs, rhs});
  if (actsOnBits(op) && isa<FloatType>(type)) {
    engine.error(expr.range,
                 llvm::formatv("an operation on bits needs integers, not {0}",
                               tile::spellElementType(type)));
    return {};
  }
  if (needsNumber(op) && type.isInteger(1))
    type = build.getI32Type();
  Value left = materialize(lhs, type, expr.range, body),
        right = materialize(rhs, type, expr.range, body);
  if (!left || !right)
    return {};
  if (!requireBroadcast({left, right}, expr))
    return {};
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  return Term::tensor(
      createBinary(builder, location(expr.range), op, left, right));
}

static tile::Predicate convert(Relation relation) {
  switch (relation) {
  case Relation::Less:
    return tile::Predicate::lt;
  case Relation::LessEqual:
    return tile::Predicate::le;
  case Relation::Greater:
    return tile::Predicate::gt;
  case Relation::GreaterEqual:
    return tile::Predicate::ge;
  case Relation::Equal:
    return tile::Predicate::eq;
  case Relation::NotEqual:
    return tile::Predicate::ne;
  }
  llvm_unreachable("no other relation");
}

Term FunctionImporter::compare(Relation relation, const Term &lhs,
                               const Term &rhs, const Expr &expr,
                               ContractionImporter *body) {
  if (!lhs || !rhs)
    return {};
  Type type = commonType({lhs, rhs});
  if (lhs.isSize() && rhs.isSize())
    type = build.getI64Type();
  else if (lhs.isWeak() && rhs.isWeak())
    type = build.getF64Type();
  Value left = materialize(lhs, type, expr.range, body),
        right = materialize(rhs, type, expr.range, body);
  if (!left || !right)
    return {};
  if (!requireBroadcast({left, right}, expr))
    return {};
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  auto predicate = tile::PredicateAttr::get(context(), convert(relation));
  return Term::tensor(builder.create<tile::CmpOp>(location(expr.range),
                                                  predicate, left, right));
}

Value FunctionImporter::truth(const Term &term, const Expr &expr,
                              ContractionImporter *body) {
  if (!term)
    return nullptr;
  if (term.isWeakFloat()) {
    Term holds =
        compare(Relation::NotEqual, term, Term::constant(0), expr, body);
    return holds.value;
  }
  Value value = term.isSize()
                    ? materialize(term, build.getI64Type(), expr.range, body)
                    : term.value;
  return value ? materialize(Term::tensor(value), build.getI1Type(), expr.range,
                             body)
               : nullptr;
}

Term FunctionImporter::select(const Term &condition, const Term &onTrue,
                              const Term &onFalse, const Expr &expr,
                              ContractionImporter *body) {
  Value holds = truth(condition, expr, body);
  if (!holds || !onTrue || !onFalse)
    return {};
  Type type = commonType({onTrue, onFalse});
  Value first = materialize(onTrue, type, expr.range, body),
        second = materialize(onFalse, type, expr.range, body);
  if (!first || !second || !requireBroadcast({holds, first, second}, expr))
    return {};
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  return Term::tensor(builder.create<tile::SelectOp>(location(expr.range),
                                                     holds, first, second));
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Builtin polytile::lang::builtinFor(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
    return Builtin::Add;
  case BinaryOp::Sub:
    return Builtin::Sub;
  case BinaryOp::Mul:
    return Builtin::Mul;
  case BinaryOp::Div:
    return Builtin::Div;
  case BinaryOp::Mod:
    return Builtin::Mod;
  case BinaryOp::ShiftLeft:
    return Builtin::BitLeft;
  case BinaryOp::ShiftRight:
    return Builtin::BitRight;
  case BinaryOp::BitAnd:
    return Builtin::BitAnd;
  case BinaryOp::BitXor:
    return Builtin::BitXor;
  case BinaryOp::BitOr:
    return Builtin::BitOr;
  case BinaryOp::LogicalAnd:
  case BinaryOp::LogicalOr:
    return Builtin::None;
  }
  llvm_unreachable("no other operator");
}

Term FunctionImporter::importBinary(const Binary &expr,
                                    ContractionImporter *body) {
  Term lhs = importValue(*expr.lhs, body), rhs = importValue(*expr.rhs, body);
  if (expr.op != BinaryOp::LogicalAnd && expr.op != BinaryOp::LogicalOr)
    return binary(builtinFor(expr.op), lhs, rhs, expr, body);
  Value left = truth(lhs, *expr.lhs, body), right = truth(rhs, *expr.rhs, body);
  if (!left || !right)
    return {};
  return binary(expr.op == BinaryOp::LogicalAnd ? Builtin::BitAnd
                                                : Builtin::BitOr,
                Term::tensor(left), Term::tensor(right), expr, body);
}

Term FunctionImporter::importUnary(const Unary &expr,
                                   ContractionImporter *body) {
  Term operand = importValue(*expr.operand, body);
  if (expr.op == UnaryOp::Negate)
    return unary(Builtin::Neg, operand, expr, body);
  if (expr.op == UnaryOp::BitNot)
    return unary(Builtin::BitNot, operand, expr, body);
  Value holds = truth(operand, expr, body);
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  return holds ? Term::tensor(
                     builder.create<tile::NotOp>(location(expr.range), holds))
               : Term();
}

/// Inside a contraction a tensor is read with indices; only scalars stand by
/// their names.
Term FunctionImporter::importName(const NameRef &name,
                                  ContractionImporter *body) {
  Term term = lookUp(name);
  if (!body || term.kind != Term::Kind::Value)
    return term;
  int64_t rank = cast<RankedTensorType>(term.value.getType()).getRank();
  if (rank == 0)
    return Term::tensor(body->readScalar(term.value));
  engine.error(name.range,
               llvm::formatv("'{0}' has {1} dimension{2}: inside a contraction "
                             "it is read with indices",
                             StringRef(name.name), rank, rank == 1 ? "" : "s"));
  return {};
}

Term FunctionImporter::importValue(const Expr &expr,
                                   ContractionImporter *body) {
  switch (expr.kind) {
  case ExprKind::IntLiteral: {
    uint64_t value = cast<IntLiteral>(&expr)->value;
    if (value > static_cast<uint64_t>(INT64_MAX))
      return Term::tensor(constant(
          IntegerAttr::get(convertElementType(*context(), ElementType::U64),
                           APInt(64, value)),
          expr.range, body));
    Value size = importSize(expr);
    return size ? Term::size(size) : Term();
  }
  case ExprKind::FloatLiteral:
    return Term::constant(cast<FloatLiteral>(&expr)->value);
  case ExprKind::NameRef:
    return importName(*cast<NameRef>(&expr), body);
  case ExprKind::IndexedRead: {
    assert(body && "the checker allows reads inside contractions only");
    Value element = body->importRead(*cast<IndexedRead>(&expr));
    return element ? Term::tensor(element) : Term();
  }
  case ExprKind::Unary:
    return importUnary(*cast<Unary>(&expr), body);
  case ExprKind::Binary:
    return importBinary(*cast<Binary>(&expr), body);
  case ExprKind::Compare: {
    auto &node = *cast<Compare>(&expr);
    Term lhs = importValue(*node.lhs, body), rhs = importValue(*node.rhs, body);
    return compare(node.relation, lhs, rhs, expr, body);
  }
  case ExprKind::Select: {
    auto &node = *cast<Select>(&expr);
    Term condition = importValue(*node.condition, body);
    Term onTrue = importValue(*node.trueValue, body),
         onFalse = importValue(*node.falseValue, body);
    return select(condition, onTrue, onFalse, expr, body);
  }
  case ExprKind::Call: {
    auto &call = *cast<Call>(&expr);
    return call.function ? importUserCall(call, body)
                         : importBuiltin(call, body);
  }
  }
  llvm_unreachable("no other kind of expression");
}
