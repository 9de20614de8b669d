//===- Builtins.cpp - Look-ups in the table of built-in functions ---------===//

#include "lang/tile/Builtins.h"

#include <iterator>
#include <unordered_map>

using namespace polytile::lang;

namespace {

constexpr BuiltinInfo table[] = {
#define BUILTIN(ID, NAME, MIN, MAX, KIND, DOC)                                 \
  {Builtin::ID, NAME, MIN, MAX, BuiltinKind::KIND, DOC},
#include "lang/tile/Builtins.def"
};

} // namespace

const BuiltinInfo *polytile::lang::builtinsBegin() { return std::begin(table); }
const BuiltinInfo *polytile::lang::builtinsEnd() { return std::end(table); }

const BuiltinInfo &polytile::lang::builtinInfo(Builtin id) {
  return table[static_cast<unsigned>(id) - 1];
}

Builtin polytile::lang::builtinByName(std::string_view name) {
  static const std::unordered_map<std::string_view, Builtin> byName = [] {
    std::unordered_map<std::string_view, Builtin> result;
    for (const BuiltinInfo &info : table)
      result.emplace(info.name, info.id);
    return result;
  }();
  auto found = byName.find(name);
  return found == byName.end() ? Builtin::None : found->second;
}

bool polytile::lang::givesSizes(Builtin id) {
  switch (id) {
  case Builtin::Add:
  case Builtin::Sub:
  case Builtin::Mul:
  case Builtin::Div:
  case Builtin::Neg:
  case Builtin::Abs:
  case Builtin::Min:
  case Builtin::Max:
  case Builtin::Mod:
  case Builtin::FloorDiv:
  case Builtin::Ident:
    return true;
  default:
    return false;
  }
}

bool polytile::lang::wantsSize(Builtin id, unsigned position) {
  if (position == 0)
    return false;
  switch (id) {
  case Builtin::AsFloat:
  case Builtin::AsInt:
  case Builtin::AsUint:
  case Builtin::AsBool:
  case Builtin::Reshape:
  case Builtin::Index:
  case Builtin::Element:
  case Builtin::Softmax:
  case Builtin::LogSoftmax:
  case Builtin::PrngStep:
    return true;
  case Builtin::BinaryCrossentropy:
    return position == 2;
  default:
    return false;
  }
}
