//===- MathLibrary.cpp - The table of functions ---------------------------===//
//
// From a name to a function with a body. The bodies stand in Arithmetic.cpp,
// Integers.cpp, Single*.cpp and Double*.cpp.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/MathLibrary.h"

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

using namespace mlir;

namespace polytile::gpu {

using namespace math;

namespace {

/// One function of the library; only one of the bodies is set.
struct Entry {
  StringRef name;
  StringRef type; ///< of the operands and the result
  Float (*unary)(Float) = nullptr;
  Float (*binary)(Float, Float) = nullptr;
  Int (*integer)(Int, Int) = nullptr;
};

const Entry entries[] = {
    {"ptl_exp_f32", "f32", expSingle},
    {"ptl_log_f32", "f32", logSingle},
    {"ptl_tanh_f32", "f32", tanhSingle},
    {"ptl_sinh_f32", "f32", sinhSingle},
    {"ptl_cosh_f32", "f32", coshSingle},
    {"ptl_sin_f32", "f32", sinSingle},
    {"ptl_cos_f32", "f32", cosSingle},
    {"ptl_tan_f32", "f32", tanSingle},
    {"ptl_asin_f32", "f32", asinSingle},
    {"ptl_acos_f32", "f32", acosSingle},
    {"ptl_atan_f32", "f32", atanSingle},
    {"ptl_floor_f32", "f32", floorOf},
    {"ptl_ceil_f32", "f32", ceilOf},
    {"ptl_round_f32", "f32", roundOf},
    {"ptl_sqrt_f32", "f32", sqrtSingle},
    {"ptl_div_f32", "f32", nullptr, divSingle},
    {"ptl_div_portable_f32", "f32", nullptr, divPortableSingle},
    {"ptl_pow_f32", "f32", nullptr, powSingle},
    {"ptl_mod_f32", "f32", nullptr, modOf},
    {"ptl_exp_f64", "f64", expDouble},
    {"ptl_log_f64", "f64", logDouble},
    {"ptl_tanh_f64", "f64", tanhDouble},
    {"ptl_sinh_f64", "f64", sinhDouble},
    {"ptl_cosh_f64", "f64", coshDouble},
    {"ptl_sin_f64", "f64", sinDouble},
    {"ptl_cos_f64", "f64", cosDouble},
    {"ptl_tan_f64", "f64", tanDouble},
    {"ptl_asin_f64", "f64", asinDouble},
    {"ptl_acos_f64", "f64", acosDouble},
    {"ptl_atan_f64", "f64", atanDouble},
    {"ptl_pow_f64", "f64", nullptr, powDouble},
    {"ptl_floor_f64", "f64", floorOf},
    {"ptl_ceil_f64", "f64", ceilOf},
    {"ptl_round_f64", "f64", roundOf},
    {"ptl_mod_f64", "f64", nullptr, modOf},
    {"ptl_pow_i32", "i32", nullptr, nullptr, powSigned},
    {"ptl_pow_u32", "i32", nullptr, nullptr, powUnsigned},
    {"ptl_pow_i64", "i64", nullptr, nullptr, powSigned},
    {"ptl_pow_u64", "i64", nullptr, nullptr, powUnsigned},
};

constexpr StringRef roundToOdd = "ptl_f64_to_f32_odd";

} // namespace

/// Rounds an f64 towards zero and sets the last bit when something was lost: a
/// second rounding then has no effect of the first.
static Value emitRoundToOdd(Emitter &emitter, Value argument) {
  OpBuilder &builder = emitter.builder;
  Float nearest = {{&emitter, emitter.make<arith::TruncFOp>(
                                  builder.getF32Type(), argument)}};
  Float x = {{&emitter, argument}};
  Float back = {{&emitter, emitter.make<arith::ExtFOp>(builder.getF64Type(),
                                                       nearest.value)}};
  // Without integers of 64 bits.
  Bool grew = select(x < 0, back<x, back> x);
  Int pattern = bits(nearest);
  Int truncated = select(grew, pattern - 1, pattern);
  Bool isInexact = back != x && x == x;
  return fromBits(select(isInexact, truncated | 1, pattern)).value;
}

static Value emitBody(const Entry &entry, Emitter &emitter, ValueRange v) {
  if (entry.unary)
    return entry.unary({{&emitter, v[0]}}).value;
  if (entry.binary)
    return entry.binary({{&emitter, v[0]}}, {{&emitter, v[1]}}).value;
  return entry.integer({{&emitter, v[0]}}, {{&emitter, v[1]}}).value;
}

static Type typeNamed(Builder &builder, StringRef name) {
  if (name.front() == 'i')
    return builder.getIntegerType(name == "i32" ? 32 : 64);
  return name == "f32" ? Type(builder.getF32Type()) : builder.getF64Type();
}

/// The empty function, and what writes at its start.
static func::FuncOp declare(ModuleOp module, StringRef name, TypeRange operands,
                            Type result) {
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  // Without the place of the first caller: equal modules print equally.
  Location loc = builder.getUnknownLoc();
  auto function = builder.create<func::FuncOp>(
      loc, name, builder.getFunctionType(operands, result));
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

func::FuncOp getOrCreateMathFunction(ModuleOp module, StringRef name) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  const Entry *entry = llvm::find_if(
      entries, [&](const Entry &candidate) { return candidate.name == name; });
  bool isKnown = entry != std::end(entries);
  if (!isKnown && name != roundToOdd)
    return nullptr;
  Builder types(module.getContext());
  Type type = typeNamed(types, isKnown ? entry->type : "f64");
  bool isUnary = !isKnown || entry->unary;
  func::FuncOp function =
      declare(module, name, SmallVector<Type>(isUnary ? 1 : 2, type),
              isKnown ? type : types.getF32Type());
  Emitter emitter{OpBuilder::atBlockEnd(&function.getBody().front()),
                  function.getLoc()};
  Value result = isKnown ? emitBody(*entry, emitter, function.getArguments())
                         : emitRoundToOdd(emitter, function.getArgument(0));
  emitter.builder.create<func::ReturnOp>(function.getLoc(), result);
  return function;
}

std::vector<std::string> mathFunctionNames() {
  std::vector<std::string> names = {roundToOdd.str()};
  for (const Entry &entry : entries)
    names.push_back(entry.name.str());
  return names;
}

} // namespace polytile::gpu
