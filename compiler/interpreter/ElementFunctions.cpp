//===- ElementFunctions.cpp - Elementwise operations on one element -------===//
//
// One small function for each operation and kind of number. Floats are computed
// in f64 and rounded to the element type; integers wrap around.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpreter/Element.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace polytile;
using namespace polytile::interpreter;

using Function = const ElementFunction &;

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static Element rounded(Function f, double value) {
  return Element::of(f.rounds ? roundTo(value, f.result) : value);
}

template <double (*function)(double)>
static Element unaryFloat(Function f, const Element *v) {
  return rounded(f, function(v[0].number));
}

template <double (*function)(double, double)>
static Element binaryFloat(Function f, const Element *v) {
  return rounded(f, function(v[0].number, v[1].number));
}

static double addNumbers(double a, double b) { return a + b; }
static double subNumbers(double a, double b) { return a - b; }
static double mulNumbers(double a, double b) { return a * b; }
static double divNumbers(double a, double b) { return a / b; }
static double negNumber(double a) { return -a; }

/// With the divisor's sign.
static double modNumbers(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest == 0)
    return std::copysign(0.0, b);
  return (rest < 0) == (b < 0) || std::isnan(rest) ? rest : rest + b;
}

static double maxNumbers(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a > b ? a : b;
}

static double minNumbers(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a < b ? a : b;
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

template <int64_t (*function)(int64_t, int64_t, ElementKind)>
static Element binaryInteger(Function f, const Element *v) {
  return Element::of(
      wrapTo(function(v[0].integer, v[1].integer, f.operand), f.result));
}

template <int64_t (*function)(int64_t, ElementKind)>
static Element unaryInteger(Function f, const Element *v) {
  return Element::of(wrapTo(function(v[0].integer, f.operand), f.result));
}

/// Signed overflow is undefined in C++, so sums and products are unsigned.
static uint64_t bits(int64_t value) { return static_cast<uint64_t>(value); }
static int64_t number(uint64_t bits) { return static_cast<int64_t>(bits); }

static int64_t addIntegers(int64_t a, int64_t b, ElementKind kind) {
  return kind.isBool() ? a | b : number(bits(a) + bits(b));
}
static int64_t subIntegers(int64_t a, int64_t b, ElementKind kind) {
  return kind.isBool() ? a ^ b : number(bits(a) - bits(b));
}
static int64_t mulIntegers(int64_t a, int64_t b, ElementKind) {
  return number(bits(a) * bits(b));
}

/// Floors; by zero it is 0.
static int64_t divIntegers(int64_t a, int64_t b, ElementKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return number(bits(a) / bits(b));
  if (b == -1)
    return number(-bits(a));
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t modIntegers(int64_t a, int64_t b, ElementKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return number(bits(a) % bits(b));
  if (b == -1)
    return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// By repeated squaring; to a negative power it is the whole part of the
/// reciprocal.
static int64_t powIntegers(int64_t a, int64_t b, ElementKind kind) {
  if (!kind.isUnsigned && b < 0) {
    if (a == 1)
      return 1;
    return a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
  }
  uint64_t result = 1, square = bits(a);
  for (uint64_t power = bits(b); power != 0; power >>= 1) {
    if (power & 1)
      result *= square;
    square *= square;
  }
  return number(result);
}

static bool less(int64_t a, int64_t b, ElementKind kind) {
  return kind.isUnsigned ? bits(a) < bits(b) : a < b;
}
static int64_t maxIntegers(int64_t a, int64_t b, ElementKind kind) {
  return less(a, b, kind) ? b : a;
}
static int64_t minIntegers(int64_t a, int64_t b, ElementKind kind) {
  return less(b, a, kind) ? b : a;
}
static int64_t andIntegers(int64_t a, int64_t b, ElementKind) { return a & b; }
static int64_t orIntegers(int64_t a, int64_t b, ElementKind) { return a | b; }
static int64_t xorIntegers(int64_t a, int64_t b, ElementKind) { return a ^ b; }
static int64_t notInteger(int64_t a, ElementKind kind) {
  return kind.isBool() ? !a : ~a;
}
static int64_t negInteger(int64_t a, ElementKind) { return number(-bits(a)); }
static int64_t absInteger(int64_t a, ElementKind kind) {
  return !kind.isUnsigned && a < 0 ? number(-bits(a)) : a;
}

/// True for an amount that shifts everything out; a negative one does.
static bool shiftsOut(int64_t amount, ElementKind kind) {
  return bits(amount) >= kind.width;
}
static int64_t shlIntegers(int64_t a, int64_t b, ElementKind kind) {
  return shiftsOut(b, kind) ? 0 : number(bits(a) << b);
}
static int64_t shrIntegers(int64_t a, int64_t b, ElementKind kind) {
  if (shiftsOut(b, kind))
    return !kind.isUnsigned && a < 0 ? -1 : 0;
  return kind.isUnsigned ? number(bits(a) >> b) : a >> b;
}

//===----------------------------------------------------------------------===//
// Comparison, selection, conversion
//===----------------------------------------------------------------------===//

template <typename T> static bool holds(unsigned predicate, T a, T b) {
  switch (static_cast<tile::Predicate>(predicate)) {
  case tile::Predicate::eq:
    return a == b;
  case tile::Predicate::ne:
    return a != b;
  case tile::Predicate::lt:
    return a < b;
  case tile::Predicate::le:
    return a <= b;
  case tile::Predicate::gt:
    return a > b;
  case tile::Predicate::ge:
    return a >= b;
  }
  llvm_unreachable("no other predicate");
}

static Element compare(Function f, const Element *v) {
  bool result;
  if (f.operand.isFloat)
    result = holds(f.predicate, v[0].number, v[1].number);
  else if (f.operand.isUnsigned)
    result = holds(f.predicate, bits(v[0].integer), bits(v[1].integer));
  else
    result = holds(f.predicate, v[0].integer, v[1].integer);
  return Element::of(int64_t(result));
}

static Element select(Function, const Element *v) {
  return v[0].integer ? v[1] : v[2];
}

static Element cast(Function f, const Element *v) {
  return convert(v[0], f.operand, f.result);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static ElementFunction::Apply floatFunction(Operation *op) {
  using Apply = ElementFunction::Apply;
  return llvm::TypeSwitch<Operation *, Apply>(op)
      .Case<tile::AddOp>([](auto) { return binaryFloat<addNumbers>; })
      .Case<tile::SubOp>([](auto) { return binaryFloat<subNumbers>; })
      .Case<tile::MulOp>([](auto) { return binaryFloat<mulNumbers>; })
      .Case<tile::DivOp>([](auto) { return binaryFloat<divNumbers>; })
      .Case<tile::ModOp>([](auto) { return binaryFloat<modNumbers>; })
      .Case<tile::PowOp>([](auto) { return binaryFloat<std::pow>; })
      .Case<tile::MaxOp>([](auto) { return binaryFloat<maxNumbers>; })
      .Case<tile::MinOp>([](auto) { return binaryFloat<minNumbers>; })
      .Case<tile::NegOp>([](auto) { return unaryFloat<negNumber>; })
      .Case<tile::AbsOp>([](auto) { return unaryFloat<std::fabs>; })
      .Case<tile::ExpOp>([](auto) { return unaryFloat<std::exp>; })
      .Case<tile::LogOp>([](auto) { return unaryFloat<std::log>; })
      .Case<tile::SqrtOp>([](auto) { return unaryFloat<std::sqrt>; })
      .Case<tile::SinOp>([](auto) { return unaryFloat<std::sin>; })
      .Case<tile::CosOp>([](auto) { return unaryFloat<std::cos>; })
      .Case<tile::TanOp>([](auto) { return unaryFloat<std::tan>; })
      .Case<tile::AsinOp>([](auto) { return unaryFloat<std::asin>; })
      .Case<tile::AcosOp>([](auto) { return unaryFloat<std::acos>; })
      .Case<tile::AtanOp>([](auto) { return unaryFloat<std::atan>; })
      .Case<tile::SinhOp>([](auto) { return unaryFloat<std::sinh>; })
      .Case<tile::CoshOp>([](auto) { return unaryFloat<std::cosh>; })
      .Case<tile::TanhOp>([](auto) { return unaryFloat<std::tanh>; })
      .Case<tile::CeilOp>([](auto) { return unaryFloat<std::ceil>; })
      .Case<tile::FloorOp>([](auto) { return unaryFloat<std::floor>; })
      .Case<tile::RoundOp>([](auto) { return unaryFloat<std::nearbyint>; })
      .Default([](auto) { return nullptr; });
}

static ElementFunction::Apply integerFunction(Operation *op) {
  using Apply = ElementFunction::Apply;
  return llvm::TypeSwitch<Operation *, Apply>(op)
      .Case<tile::AddOp>([](auto) { return binaryInteger<addIntegers>; })
      .Case<tile::SubOp>([](auto) { return binaryInteger<subIntegers>; })
      .Case<tile::MulOp>([](auto) { return binaryInteger<mulIntegers>; })
      .Case<tile::DivOp>([](auto) { return binaryInteger<divIntegers>; })
      .Case<tile::ModOp>([](auto) { return binaryInteger<modIntegers>; })
      .Case<tile::PowOp>([](auto) { return binaryInteger<powIntegers>; })
      .Case<tile::MaxOp>([](auto) { return binaryInteger<maxIntegers>; })
      .Case<tile::MinOp>([](auto) { return binaryInteger<minIntegers>; })
      .Case<tile::AndOp>([](auto) { return binaryInteger<andIntegers>; })
      .Case<tile::OrOp>([](auto) { return binaryInteger<orIntegers>; })
      .Case<tile::XorOp>([](auto) { return binaryInteger<xorIntegers>; })
      .Case<tile::ShlOp>([](auto) { return binaryInteger<shlIntegers>; })
      .Case<tile::ShrOp>([](auto) { return binaryInteger<shrIntegers>; })
      .Case<tile::NotOp>([](auto) { return unaryInteger<notInteger>; })
      .Case<tile::NegOp>([](auto) { return unaryInteger<negInteger>; })
      .Case<tile::AbsOp>([](auto) { return unaryInteger<absInteger>; })
      .Default([](auto) { return nullptr; });
}

ElementFunction polytile::interpreter::getElementFunction(Operation *op) {
  ElementFunction function;
  if (op->getNumOperands() == 0 || op->getNumResults() != 1)
    return function;
  function.operand =
      ElementKind::get(getElementTypeOrSelf(op->getOperands().back()));
  function.result = ElementKind::get(getElementTypeOrSelf(op->getResult(0)));
  if (auto comparison = dyn_cast<tile::CmpOp>(op)) {
    function.predicate = static_cast<unsigned>(comparison.getPredicate());
    function.apply = compare;
  } else if (isa<tile::SelectOp>(op)) {
    function.apply = select;
  } else if (isa<tile::CastOp>(op)) {
    function.apply = ::cast;
  } else {
    function.apply =
        function.operand.isFloat ? floatFunction(op) : integerFunction(op);
  }
  return function;
}
