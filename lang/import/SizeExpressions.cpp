//===- SizeExpressions.cpp - Sizes: arithmetic on index values ------------===//
//
// Only arith.constant, addi, subi, muli, floordivsi, maxsi, minsi and
// tensor.dim are built: tile-specialize evaluates exactly these.
//
//===----------------------------------------------------------------------===//

#include "lang/import/FunctionImporter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace polytile::lang;

Value FunctionImporter::binarySize(Builtin op, Value lhs, Value rhs,
                                   const Expr &expr) {
  Location loc = location(expr.range);
  switch (op) {
  case Builtin::Add:
    return build.createOrFold<arith::AddIOp>(loc, lhs, rhs);
  case Builtin::Sub:
    return build.createOrFold<arith::SubIOp>(loc, lhs, rhs);
  case Builtin::Mul:
    return build.createOrFold<arith::MulIOp>(loc, lhs, rhs);
  case Builtin::Max:
    return build.createOrFold<arith::MaxSIOp>(loc, lhs, rhs);
  case Builtin::Min:
    return build.createOrFold<arith::MinSIOp>(loc, lhs, rhs);
  case Builtin::Div:
  case Builtin::FloorDiv:
  case Builtin::Mod: {
    Value quotient = build.createOrFold<arith::FloorDivSIOp>(loc, lhs, rhs);
    if (op != Builtin::Mod)
      return quotient;
    return build.createOrFold<arith::SubIOp>(
        loc, lhs, build.createOrFold<arith::MulIOp>(loc, quotient, rhs));
  }
  default:
    engine.error(expr.range, "this operation does not give a size");
    return nullptr;
  }
}

/// A call of a built-in function whose arguments are sizes.
static bool isSizeCall(const Call &call) {
  return call.builtin != Builtin::None && givesSizes(call.builtin);
}

Value FunctionImporter::importSize(const Expr &expr) {
  Location loc = location(expr.range);
  Value zero;
  switch (expr.kind) {
  case ExprKind::IntLiteral: {
    uint64_t value = cast<IntLiteral>(&expr)->value;
    if (value > static_cast<uint64_t>(INT64_MAX)) {
      engine.error(expr.range, "a size this large does not fit 63 bits");
      return nullptr;
    }
    return build.create<arith::ConstantIndexOp>(loc,
                                                static_cast<int64_t>(value));
  }
  case ExprKind::NameRef: {
    Term term = lookUp(*cast<NameRef>(&expr));
    if (term && !term.isSize())
      engine.error(expr.range,
                   "a size is expected here: an integer known when shapes are");
    return term.isSize() ? term.value : nullptr;
  }
  case ExprKind::Unary: {
    Value operand = importSize(*cast<Unary>(&expr)->operand);
    if (!operand || cast<Unary>(&expr)->op != UnaryOp::Negate)
      break;
    zero = build.create<arith::ConstantIndexOp>(loc, 0);
    return binarySize(Builtin::Sub, zero, operand, expr);
  }
  case ExprKind::Binary: {
    auto &node = *cast<Binary>(&expr);
    Value lhs = importSize(*node.lhs), rhs = importSize(*node.rhs);
    return lhs && rhs ? binarySize(builtinFor(node.op), lhs, rhs, expr)
                      : nullptr;
  }
  case ExprKind::Call: {
    auto &call = *cast<Call>(&expr);
    if (!isSizeCall(call))
      break;
    Value first = importSize(*call.arguments[0]);
    if (!first || call.builtin == Builtin::Ident)
      return first;
    zero = build.create<arith::ConstantIndexOp>(loc, 0);
    if (call.builtin == Builtin::Neg)
      return binarySize(Builtin::Sub, zero, first, expr);
    if (call.builtin == Builtin::Abs)
      return binarySize(Builtin::Max, first,
                        binarySize(Builtin::Sub, zero, first, expr), expr);
    Value second = importSize(*call.arguments[1]);
    return second ? binarySize(call.builtin, first, second, expr) : nullptr;
  }
  default:
    break;
  }
  if (!engine.hasErrors())
    engine.error(expr.range,
                 "a size is expected here: an integer known when shapes are");
  return nullptr;
}

std::optional<SmallVector<Value>>
FunctionImporter::importSizes(ArrayRef<Expr *> exprs) {
  SmallVector<Value> sizes;
  for (const Expr *expr : exprs) {
    sizes.push_back(importSize(*expr));
    if (!sizes.back())
      return std::nullopt;
  }
  return sizes;
}

std::optional<int64_t> FunctionImporter::importKnownInteger(const Expr &expr,
                                                            StringRef what) {
  Value size = importSize(expr);
  if (!size)
    return std::nullopt;
  if (std::optional<int64_t> value = getConstantIntValue(size))
    return value;
  engine.error(
      expr.range,
      llvm::formatv("{0} must be a number, not a size that depends on shapes",
                    what));
  return std::nullopt;
}
