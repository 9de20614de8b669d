//===- ElementwiseCalls.cpp - Built-in functions of elements --------------===//
//
// Those that have no operation of their own (sigmoid, relu, recip) become the
// few operations that define them.
//
//===----------------------------------------------------------------------===//

#include "lang/import/ContractionImporter.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace polytile;
using namespace polytile::lang;

static Value createFloatFunction(OpBuilder &builder, Location loc, Builtin op,
                                 Value operand) {
  switch (op) {
  case Builtin::Exp:
    return builder.create<tile::ExpOp>(loc, operand);
  case Builtin::Log:
    return builder.create<tile::LogOp>(loc, operand);
  case Builtin::Sqrt:
    return builder.create<tile::SqrtOp>(loc, operand);
  case Builtin::Sin:
    return builder.create<tile::SinOp>(loc, operand);
  case Builtin::Cos:
    return builder.create<tile::CosOp>(loc, operand);
  case Builtin::Tan:
    return builder.create<tile::TanOp>(loc, operand);
  case Builtin::Asin:
    return builder.create<tile::AsinOp>(loc, operand);
  case Builtin::Acos:
    return builder.create<tile::AcosOp>(loc, operand);
  case Builtin::Atan:
    return builder.create<tile::AtanOp>(loc, operand);
  case Builtin::Sinh:
    return builder.create<tile::SinhOp>(loc, operand);
  case Builtin::Cosh:
    return builder.create<tile::CoshOp>(loc, operand);
  case Builtin::Tanh:
    return builder.create<tile::TanhOp>(loc, operand);
  case Builtin::Ceil:
    return builder.create<tile::CeilOp>(loc, operand);
  case Builtin::Floor:
    return builder.create<tile::FloorOp>(loc, operand);
  case Builtin::Round:
    return builder.create<tile::RoundOp>(loc, operand);
  default:
    return nullptr;
  }
}

/// Integers and bools become f32 first; weak numbers stay weak, and are
/// computed in f64.
Term FunctionImporter::floatFunction(Builtin op, const Term &operand,
                                     const Expr &expr,
                                     ContractionImporter *body) {
  bool weak = operand.isWeak();
  Type type = weak ? Type(build.getF64Type())
                   : getElementTypeOrSelf(operand.value.getType());
  if (!isa<FloatType>(type))
    type = build.getF32Type();
  Value value = materialize(operand, type, expr.range, weak ? nullptr : body);
  if (!value)
    return {};
  OpBuilder &builder = body && !weak ? body->bodyBuilder() : build;
  Location loc = location(expr.range);
  if (Value result = createFloatFunction(builder, loc, op, value))
    return weak ? Term::weak(result) : Term::tensor(result);
  ContractionImporter *where = weak ? nullptr : body;
  auto divide = [&](Value divisor) {
    Value one = materialize(Term::constant(1), type, expr.range, where);
    return builder.create<tile::DivOp>(loc, one, divisor).getResult();
  };
  assert((op == Builtin::Recip || op == Builtin::Sigmoid) &&
         "a function without a definition");
  // The steps of sigmoid would overflow in f16 where its result is well inside.
  Type narrow = op == Builtin::Sigmoid && type.getIntOrFloatBitWidth() == 16
                    ? type
                    : Type();
  if (narrow) {
    type = build.getF32Type();
    value = builder.create<tile::CastOp>(loc, value, type);
  }
  if (op == Builtin::Sigmoid) {
    Value exponential = builder.create<tile::ExpOp>(
        loc, builder.create<tile::NegOp>(loc, value));
    Value one = materialize(Term::constant(1), type, expr.range, where);
    value = builder.create<tile::AddOp>(loc, one, exponential);
  }
  Value result = divide(value);
  if (narrow)
    result = builder.create<tile::CastOp>(loc, result, narrow);
  return weak ? Term::weak(result) : Term::tensor(result);
}

Term FunctionImporter::unary(Builtin op, const Term &operand, const Expr &expr,
                             ContractionImporter *body) {
  if (!operand)
    return {};
  OpBuilder &builder = body ? body->bodyBuilder() : build;
  Location loc = location(expr.range);
  if (op == Builtin::Ident)
    return operand;
  if (op == Builtin::Relu)
    return select(compare(Relation::Less, operand, importZero(loc), expr, body),
                  importZero(loc), operand, expr, body);
  if (op == Builtin::Neg && operand.isWeak())
    return operand.kind == Term::Kind::Number
               ? Term::constant(-operand.number)
               : binary(Builtin::Sub, importZero(loc), operand, expr, body);
  if (op == Builtin::Abs && operand.kind == Term::Kind::Number)
    return Term::constant(std::fabs(operand.number));
  if (op == Builtin::Abs && operand.isSize())
    return binary(Builtin::Max, operand,
                  binary(Builtin::Sub, importZero(loc), operand, expr, body),
                  expr, body);
  if (op != Builtin::Neg && op != Builtin::Abs && op != Builtin::BitNot)
    return floatFunction(op, operand, expr, body);

  Type type = commonType(operand);
  if (op != Builtin::BitNot && type.isInteger(1))
    type = build.getI32Type();
  if (op == Builtin::BitNot && isa<FloatType>(type)) {
    engine.error(expr.range,
                 llvm::formatv("an operation on bits needs integers, not {0}",
                               tile::spellElementType(type)));
    return {};
  }
  Value value = materialize(operand, type, expr.range, body);
  if (!value)
    return {};
  if (op == Builtin::Neg)
    return Term::tensor(builder.create<tile::NegOp>(loc, value));
  if (op == Builtin::Abs)
    return Term::tensor(builder.create<tile::AbsOp>(loc, value));
  return Term::tensor(builder.create<tile::NotOp>(loc, value));
}

Term FunctionImporter::importZero(Location loc) {
  return Term::size(build.create<arith::ConstantIndexOp>(loc, 0));
}

static std::optional<Relation> relationFor(Builtin op) {
  switch (op) {
  case Builtin::CmpEq:
    return Relation::Equal;
  case Builtin::CmpNe:
    return Relation::NotEqual;
  case Builtin::CmpLt:
    return Relation::Less;
  case Builtin::CmpGt:
    return Relation::Greater;
  case Builtin::CmpLe:
    return Relation::LessEqual;
  case Builtin::CmpGe:
    return Relation::GreaterEqual;
  default:
    return std::nullopt;
  }
}

Term FunctionImporter::importElementwise(const Call &call,
                                         ArrayRef<Term> operands,
                                         ContractionImporter *body) {
  if (operands.size() == 1)
    return unary(call.builtin, operands[0], call, body);
  if (operands.size() == 3)
    return select(operands[0], operands[1], operands[2], call, body);
  if (std::optional<Relation> relation = relationFor(call.builtin))
    return compare(*relation, operands[0], operands[1], call, body);
  return binary(call.builtin, operands[0], operands[1], call, body);
}

Term FunctionImporter::importConversion(const Call &call,
                                        ContractionImporter *body) {
  Term operand = importValue(*call.arguments[0], body);
  std::optional<int64_t> width = call.builtin == Builtin::AsBool ? 1 : 32;
  if (call.arguments.size() == 2)
    width = importKnownInteger(*call.arguments[1], "a width in bits");
  if (!operand || !width)
    return {};
  bool isFloat = call.builtin == Builtin::AsFloat;
  bool known =
      *width == 16 || *width == 32 || *width == 64 || (*width == 8 && !isFloat);
  if (call.builtin != Builtin::AsBool && !known) {
    engine.error(
        call.arguments[1]->range,
        llvm::formatv("a width of {0} bits: {1}16, 32 and 64 are there", *width,
                      isFloat ? "" : "8, "));
    return {};
  }
  Type type = build.getI1Type();
  if (isFloat)
    type = *width == 16   ? build.getF16Type()
           : *width == 32 ? build.getF32Type()
                          : build.getF64Type();
  else if (call.builtin != Builtin::AsBool)
    type = IntegerType::get(context(), *width,
                            call.builtin == Builtin::AsUint
                                ? IntegerType::Unsigned
                                : IntegerType::Signless);
  if (operand.isWeak()) { // exact first, then converted as the cast converts
    Type exact =
        operand.isSize() ? Type(build.getI64Type()) : Type(build.getF64Type());
    operand = Term::tensor(materialize(operand, exact, call.range, body));
  }
  Value value = materialize(operand, type, call.range, body);
  return value ? Term::tensor(value) : Term();
}

Term FunctionImporter::importBuiltin(const Call &call,
                                     ContractionImporter *body) {
  const BuiltinInfo &info = builtinInfo(call.builtin);
  if (info.kind == BuiltinKind::Conversion)
    return importConversion(call, body);
  if (info.kind != BuiltinKind::Elementwise) {
    if (!body)
      return importStructural(call);
    engine
        .error(call.range, llvm::formatv("'{0}' acts on whole tensors and "
                                         "cannot stand inside a contraction",
                                         StringRef(info.name)))
        .withHint(
            "give its result a name in a statement before, and read that");
    return {};
  }
  SmallVector<Term> operands;
  for (const Expr *argument : call.arguments) {
    operands.push_back(importValue(*argument, body));
    if (!operands.back())
      return {};
    if (operands.back().kind == Term::Kind::Tuple) {
      engine.error(argument->range,
                   "a group of values stands where one value is expected");
      return {};
    }
  }
  return importElementwise(call, operands, body);
}
