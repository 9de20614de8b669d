//===- TileSpecialize.cpp - Turns symbolic sizes into numbers -------------===//
//
// One walk over the function in order. Every `index` value is evaluated as it
// is met; operations on tensors lose their size operands and get static
// types. What is known of a value never changes later, so no fixpoint is
// needed, and the time is linear in the program.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Transforms/Passes.h"

#include "dialects/tile/Analysis/IterationDomain.h"
#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

namespace polytile::tile {
#define GEN_PASS_DEF_TILESPECIALIZE
#include "dialects/tile/Transforms/Passes.h.inc"
} // namespace polytile::tile

using namespace mlir;
using namespace polytile::tile;

namespace {

/// Tensors of more bytes than this are refused: their offsets would not fit the
/// 63 bits of an index.
constexpr int64_t maxTensorBytes = int64_t(1) << 48;

class Specializer {
public:
  explicit Specializer(func::FuncOp func) : func(func) {}
  LogicalResult run();

private:
  LogicalResult setArgumentTypes();
  LogicalResult specialize(Operation *op);
  LogicalResult evaluate(Operation *op);
  LogicalResult evaluateBinary(Operation *op);
  LogicalResult specializeContract(ContractOp op);
  LogicalResult inferSizes(ContractOp op);
  LogicalResult checkDefault(ContractOp op);
  LogicalResult specializeReshape(ReshapeOp op);
  LogicalResult specializeFromSizes(FromSizesOp op);
  LogicalResult requireEqual(RequireEqualOp op);
  LogicalResult replaceBroadcast(BroadcastOp op);
  LogicalResult replaceReduceTo(ReduceToOp op);
  LogicalResult inferElementwiseType(Operation *op);
  LogicalResult setShape(Operation *op, Value result, ArrayRef<int64_t> shape);

  /// Replaces the dynamic sizes of `type` by the numbers of `sizes`, in order.
  SmallVector<int64_t> completeShape(RankedTensorType type,
                                     ValueRange sizes) const;

  func::FuncOp func;
  DenseMap<Value, int64_t> numbers;
};

} // namespace

LogicalResult Specializer::run() {
  if (failed(setArgumentTypes()))
    return failure();
  for (Operation &op : llvm::make_early_inc_range(func.getBody().front()))
    if (failed(specialize(&op)))
      return failure();
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(func.getBody().front())))
    if (op.use_empty() && op.getNumResults() == 1 &&
        op.getResult(0).getType().isIndex())
      op.erase();
  Operation *terminator = func.getBody().front().getTerminator();
  func.setFunctionType(FunctionType::get(func.getContext(),
                                         func.getBody().getArgumentTypes(),
                                         terminator->getOperandTypes()));
  return success();
}

LogicalResult Specializer::setArgumentTypes() {
  auto shapes = func->getAttrOfType<ArrayAttr>("tile.argument_shapes");
  if (!shapes || shapes.size() != func.getNumArguments())
    return func.emitError(
        "needs 'tile.argument_shapes' with a shape for each argument");
  for (auto [argument, shape] : llvm::zip(func.getArguments(), shapes)) {
    auto sizes = dyn_cast<DenseI64ArrayAttr>(shape);
    auto type = cast<RankedTensorType>(argument.getType());
    if (!sizes ||
        failed(verifyCompatibleShape(type.getShape(), sizes.asArrayRef())))
      return func.emitError()
             << "argument " << argument.getArgNumber() << " of type " << type
             << " cannot have the shape " << shape;
    if (failed(setShape(func, argument, sizes.asArrayRef())))
      return failure();
  }
  func->removeAttr("tile.argument_shapes");
  return success();
}

SmallVector<int64_t> Specializer::completeShape(RankedTensorType type,
                                                ValueRange sizes) const {
  SmallVector<int64_t> shape(type.getShape());
  unsigned next = 0;
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = numbers.lookup(sizes[next++]);
  return shape;
}

LogicalResult Specializer::setShape(Operation *op, Value result,
                                    ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(result.getType());
  int64_t bytes = std::max(1u, type.getElementTypeBitWidth() / 8);
  bool empty = llvm::is_contained(shape, 0);
  for (int64_t size : shape) {
    if (size < 0)
      return op->emitError() << "the size " << size << " is negative";
    if (!empty &&
        (llvm::MulOverflow(bytes, size, bytes) || bytes > maxTensorBytes))
      return op->emitError() << "a tensor of shape " << spellShape(shape)
                             << " is larger than 2^48 bytes";
  }
  result.setType(type.clone(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

LogicalResult Specializer::evaluateBinary(Operation *op) {
  int64_t lhs = numbers.lookup(op->getOperand(0)),
          rhs = numbers.lookup(op->getOperand(1));
  int64_t result = 0;
  bool overflow = false;
  if (isa<arith::AddIOp>(op)) {
    overflow = llvm::AddOverflow(lhs, rhs, result);
  } else if (isa<arith::SubIOp>(op)) {
    overflow = llvm::SubOverflow(lhs, rhs, result);
  } else if (isa<arith::MulIOp>(op)) {
    overflow = llvm::MulOverflow(lhs, rhs, result);
  } else if (isa<arith::MaxSIOp>(op)) {
    result = std::max(lhs, rhs);
  } else if (isa<arith::MinSIOp>(op)) {
    result = std::min(lhs, rhs);
  } else if (isa<arith::FloorDivSIOp>(op)) {
    if (rhs == 0)
      return op->emitError("division by zero among sizes");
    overflow = lhs == INT64_MIN && rhs == -1;
    if (!overflow)
      result = lhs / rhs - (lhs % rhs != 0 && (lhs < 0) != (rhs < 0));
  } else {
    return op->emitError() << "'" << op->getName()
                           << "' is not an operation on sizes";
  }
  if (overflow)
    return op->emitError("a size does not fit 63 bits");
  numbers[op->getResult(0)] = result;
  return success();
}

LogicalResult Specializer::evaluate(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    numbers[constant] = cast<IntegerAttr>(constant.getValue()).getInt();
    return success();
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto type = cast<RankedTensorType>(dim.getSource().getType());
    int64_t position = numbers.lookup(dim.getIndex());
    if (position < 0 || position >= type.getRank())
      return op->emitError() << "dimension " << position << " of " << type;
    numbers[dim] = type.getDimSize(position);
    return success();
  }
  if (op->getNumOperands() != 2)
    return op->emitError() << "'" << op->getName()
                           << "' is not an operation on sizes";
  return evaluateBinary(op);
}

LogicalResult Specializer::requireEqual(RequireEqualOp op) {
  int64_t lhs = numbers.lookup(op.getLhs()), rhs = numbers.lookup(op.getRhs());
  if (lhs != rhs) {
    // The message is the importer's own, but a name in it may hold anything:
    // only {0} and {1} are replaced.
    std::string message = op.getMessage().str();
    for (auto [mark, size] :
         {std::pair<StringRef, int64_t>{"{0}", lhs}, {"{1}", rhs}})
      if (size_t at = message.find(mark.str()); at != std::string::npos)
        message.replace(at, mark.size(), std::to_string(size));
    return op.emitError(message);
  }
  op.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Operations on tensors
//===----------------------------------------------------------------------===//

LogicalResult Specializer::specialize(Operation *op) {
  if (op->getNumResults() == 1 && op->getResult(0).getType().isIndex())
    return evaluate(op);
  if (op->hasTrait<Elementwise>() || isa<GatherOp, ScatterOp>(op))
    return inferElementwiseType(op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ContractOp>([&](auto op) { return specializeContract(op); })
      .Case<RequireEqualOp>([&](auto op) { return requireEqual(op); })
      .Case<ReshapeOp>([&](auto op) { return specializeReshape(op); })
      .Case<FromSizesOp>([&](auto op) { return specializeFromSizes(op); })
      .Case<BroadcastOp>([&](auto op) { return replaceBroadcast(op); })
      .Case<ReduceToOp>([&](auto op) { return replaceReduceTo(op); })
      .Case<IndexOp>([&](auto op) {
        SmallVector<int64_t> shape =
            completeShape(cast<RankedTensorType>(op.getType()), op.getSizes());
        op.getSizesMutable().clear();
        return setShape(op, op.getResult(), shape);
      })
      .Case<PrngStepOp>([&](auto op) {
        if (cast<RankedTensorType>(op.getState().getType()).getShape() !=
            ArrayRef<int64_t>{3, 2048})
          return LogicalResult(
              op.emitError("the state of the generator is u32[3, 2048]"));
        op.getNextState().setType(op.getState().getType());
        SmallVector<int64_t> shape = completeShape(
            cast<RankedTensorType>(op.getValues().getType()), op.getSizes());
        op.getSizesMutable().clear();
        return setShape(op, op.getValues(), shape);
      })
      .Case<ConstantOp, func::ReturnOp>([](auto) { return success(); })
      .Default([](Operation *op) {
        return op->emitError()
               << "'" << op->getName()
               << "' is not an operation of the tile dialect's functions";
      });
}

LogicalResult Specializer::inferElementwiseType(Operation *op) {
  if (auto cast = dyn_cast<CastOp>(op)) {
    auto shape =
        llvm::cast<RankedTensorType>(cast.getOperand().getType()).getShape();
    return setShape(op, cast.getResult(), shape);
  }
  SmallVector<Type> types;
  if (failed(llvm::cast<InferTypeOpInterface>(op).inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(),
          op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
          op->getRegions(), types)))
    return failure();
  if (auto scatter = dyn_cast<ScatterOp>(op);
      scatter && failed(scatter.verify()))
    return failure();
  return setShape(op, op->getResult(0),
                  cast<RankedTensorType>(types[0]).getShape());
}

LogicalResult Specializer::specializeReshape(ReshapeOp op) {
  SmallVector<int64_t> shape =
      completeShape(cast<RankedTensorType>(op.getType()), op.getSizes());
  auto from = cast<RankedTensorType>(op.getOperand().getType());
  op.getSizesMutable().clear();
  if (failed(setShape(op, op.getResult(), shape)))
    return failure();
  auto to = cast<RankedTensorType>(op.getType());
  if (from.getNumElements() == to.getNumElements())
    return success();
  return op->emitError() << "a tensor of " << from.getNumElements()
                         << " elements cannot be reshaped to "
                         << to.getNumElements() << " elements";
}

/// Sizes become a constant.
LogicalResult Specializer::specializeFromSizes(FromSizesOp op) {
  SmallVector<Attribute> sizes;
  for (Value size : op.getSizes())
    sizes.push_back(IntegerAttr::get(IndexType::get(op.getContext()),
                                     numbers.lookup(size)));
  auto type = cast<RankedTensorType>(op.getType());
  auto folded = cast<Attribute>(op.fold(FromSizesOp::FoldAdaptor(sizes, op)));
  OpBuilder builder(op);
  auto constant =
      builder.create<ConstantOp>(op.getLoc(), type, cast<ElementsAttr>(folded));
  op.replaceAllUsesWith(constant.getResult());
  op.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

LogicalResult Specializer::specializeContract(ContractOp op) {
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> symbols;
  for (Value symbol : op.getSymbols())
    symbols.push_back(getAffineConstantExpr(numbers.lookup(symbol), context));
  unsigned dims = op.getNumIndices();
  auto substitute = [&](AffineMap map) {
    return simplifyAffineMap(map.replaceDimsAndSymbols({}, symbols, dims, 0));
  };
  SmallVector<AffineMap> maps;
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i)
    maps.push_back(substitute(op.getInputMap(i)));
  OpBuilder builder(op);
  op.setInputMapsAttr(builder.getAffineMapArrayAttr(maps));
  op.setOutputMapAttr(AffineMapAttr::get(substitute(op.getOutputMap())));
  op.setDomainAttr(IntegerSetAttr::get(
      op.getDomainSet().replaceDimsAndSymbols({}, symbols, dims, 0)));
  op.getSymbolsMutable().clear();
  if (op.getInferSizes()) {
    if (failed(inferSizes(op)))
      return failure();
  } else {
    SmallVector<int64_t> shape =
        completeShape(op.getResultType(), op.getSizes());
    op.getSizesMutable().clear();
    if (failed(setShape(op, op.getResult(), shape)))
      return failure();
  }
  return checkDefault(op);
}

/// The default's elements stand in for the result's, so their shapes agree.
LogicalResult Specializer::checkDefault(ContractOp op) {
  if (!op.getDefaultValue())
    return success();
  auto shape =
      cast<RankedTensorType>(op.getDefaultValue().getType()).getShape();
  if (shape == op.getResultType().getShape())
    return success();
  return op.emitError("the default has the shape ")
         << spellShape(shape) << ", but the result has "
         << spellShape(op.getResultType().getShape());
}

LogicalResult Specializer::inferSizes(ContractOp op) {
  FailureOr<SmallVector<int64_t>> shape = inferOutputSizes(op);
  if (failed(shape))
    return failure();
  op.setInferSizes(false);
  return setShape(op, op.getResult(), *shape);
}

/// Builds `result[output] = aggregation(operand[input])` over dimensions of the
/// given names, and puts it in the place of `op`.
static void replaceByCopy(Operation *op, Aggregation aggregation, Value operand,
                          ArrayRef<AffineExpr> input,
                          ArrayRef<AffineExpr> output, unsigned dims,
                          RankedTensorType type, Type accumulator) {
  OpBuilder builder(op);
  MLIRContext *context = op->getContext();
  SmallVector<std::string> names;
  for (unsigned i = 0; i < dims; ++i)
    names.push_back("i" + std::to_string(i));
  SmallVector<StringRef> spelled(names.begin(), names.end());
  AffineMap inputMap = AffineMap::get(dims, 0, input, context),
            outputMap = AffineMap::get(dims, 0, output, context);
  auto domain = IntegerSet::get(dims, 0, getAffineConstantExpr(0, context),
                                /*eqFlags=*/true);
  auto contract = builder.create<ContractOp>(
      op->getLoc(), type, AggregationAttr::get(context, aggregation), operand,
      Value(), ValueRange(), ValueRange(),
      builder.getAffineMapArrayAttr(inputMap), AffineMapAttr::get(outputMap),
      IntegerSetAttr::get(domain), builder.getStrArrayAttr(spelled), UnitAttr(),
      UnitAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr(), UnitAttr());
  contract->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  Block &body = contract.getBody().emplaceBlock();
  Value element =
      body.addArgument(getElementTypeOrSelf(operand.getType()), op->getLoc());
  builder.setInsertionPointToEnd(&body);
  if (element.getType() != accumulator)
    element = builder.create<CastOp>(op->getLoc(), element, accumulator);
  builder.create<YieldOp>(op->getLoc(), element, Value());
  op->getResult(0).replaceAllUsesWith(contract.getResult());
  op->erase();
}

/// A tensor of shape (3, 1) broadcast to (2, 3, 4):   O[i0, i1, i2 : 2, 3, 4] =
/// =(A[i1, 0])
LogicalResult Specializer::replaceBroadcast(BroadcastOp op) {
  SmallVector<int64_t> shape =
      completeShape(cast<RankedTensorType>(op.getType()), op.getSizes());
  auto from = cast<RankedTensorType>(op.getOperand().getType());
  FailureOr<SmallVector<int64_t>> merged =
      broadcastShapes({from.getShape(), shape});
  if (failed(merged) || ArrayRef<int64_t>(*merged) != ArrayRef<int64_t>(shape))
    return op.emitError("the shape ")
           << spellShape(from.getShape()) << " does not broadcast to "
           << spellShape(shape);
  op.getSizesMutable().clear();
  if (failed(setShape(op, op.getResult(), shape)))
    return failure();
  SmallVector<AffineExpr> input, output;
  size_t offset = shape.size() - from.getRank();
  for (size_t i = 0; i < shape.size(); ++i) {
    output.push_back(getAffineDimExpr(i, op.getContext()));
    if (i >= offset)
      input.push_back(from.getDimSize(i - offset) == 1
                          ? getAffineConstantExpr(0, op.getContext())
                          : output.back());
  }
  replaceByCopy(op, Aggregation::assign, op.getOperand(), input, output,
                shape.size(), cast<RankedTensorType>(op.getType()),
                from.getElementType());
  return success();
}

/// A tensor of shape (2, 3, 4) reduced to (3, 1):   O[i1, 0 : 3, 1] = +(A[i0,
/// i1, i2])
LogicalResult Specializer::replaceReduceTo(ReduceToOp op) {
  auto from = cast<RankedTensorType>(op.getOperand().getType()),
       like = cast<RankedTensorType>(op.getLike().getType());
  FailureOr<SmallVector<int64_t>> merged =
      broadcastShapes({like.getShape(), from.getShape()});
  if (failed(merged) || ArrayRef<int64_t>(*merged) != from.getShape())
    return op.emitError("the shape ")
           << spellShape(from.getShape()) << " cannot be reduced to "
           << spellShape(like.getShape());
  SmallVector<AffineExpr> input, output;
  int64_t offset = from.getRank() - like.getRank();
  for (int64_t i = 0; i < from.getRank(); ++i) {
    input.push_back(getAffineDimExpr(i, op.getContext()));
    if (i >= offset)
      output.push_back(like.getDimSize(i - offset) == 1
                           ? getAffineConstantExpr(0, op.getContext())
                           : input.back());
  }
  Type element = from.getElementType();
  Type accumulator = element.isF16() || element.isBF16()
                         ? Type(Float32Type::get(op.getContext()))
                         : element;
  replaceByCopy(op, Aggregation::sum, op.getOperand(), input, output,
                from.getRank(), like.clone(element), accumulator);
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct TileSpecialize
    : polytile::tile::impl::TileSpecializeBase<TileSpecialize> {
  void runOnOperation() override {
    if (failed(Specializer(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
