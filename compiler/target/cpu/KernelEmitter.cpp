//===- KernelEmitter.cpp - What the loop emitters share -------------------===//
//
// Workspace, work items and the loops over them.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/KernelEmitter.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::cpu {

/// A call is worth this much work; see CompiledKernel::grain.
static constexpr double grainNanoseconds = 20000;

ItemGrid planItems(ArrayRef<int64_t> shape, double nanoseconds,
                   int64_t minChunk, int64_t maxChunk) {
  ItemGrid grid;
  grid.outer = llvm::to_vector(shape.drop_back(shape.empty() ? 0 : 1));
  grid.inner = shape.empty() ? 1 : shape.back();
  double rows = 1;
  for (int64_t size : grid.outer)
    rows *= static_cast<double>(size);
  if (rows * grid.inner == 0)
    return grid;
  // Enough items to feed many threads, none shorter than a vector or two nor
  // than a part of the grain.
  double work = rows * grid.inner * nanoseconds;
  double wanted = std::clamp(work / (grainNanoseconds / 4), 1.0, 512.0);
  int64_t chunksPerRow =
      std::max<int64_t>(1, static_cast<int64_t>(wanted / rows));
  int64_t chunk = llvm::divideCeilSigned(grid.inner, chunksPerRow);
  if (chunk > 16)
    chunk = llvm::alignTo(chunk, 16);
  grid.chunk = std::min(maxChunk, std::max(minChunk, chunk));
  grid.chunk = std::max<int64_t>(1, std::min(grid.chunk, grid.inner));
  grid.items = static_cast<int64_t>(rows) *
               llvm::divideCeilSigned(grid.inner, grid.chunk);
  grid.grain = std::clamp<int64_t>(
      static_cast<int64_t>(grainNanoseconds / (grid.chunk * nanoseconds)), 1,
      grid.items);
  return grid;
}

Value KernelEmitter::allocate(Location loc, int64_t count, Type memoryElement) {
  IndexMath math(builder, loc);
  auto type = MemRefType::get({count}, memoryElement);
  Value offset = math.constant(workspaceBytes);
  workspaceBytes +=
      llvm::alignTo(count * memoryElement.getIntOrFloatBitWidth() / 8, 64);
  return builder.create<memref::ViewOp>(loc, type, workspace, offset,
                                        ValueRange());
}

FailureOr<Value> KernelEmitter::placeConstant(tile::ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  Type element = type.getElementType();
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense)
    return op.emitOpError("of this kind can't be compiled for the CPU"),
           failure();
  auto flat =
      RankedTensorType::get({type.getNumElements()}, memoryType(element));
  SmallVector<Attribute> values;
  for (Attribute value : dense.getValues<Attribute>()) {
    if (isa<FloatType>(element))
      values.push_back(value);
    else
      values.push_back(builder.getIntegerAttr(
          memoryType(element),
          cast<IntegerAttr>(value).getValue().zext(
              std::max(8u, element.getIntOrFloatBitWidth()))));
  }
  std::string name =
      "constant_" + std::to_string(std::distance(module.getBody()->begin(),
                                                 module.getBody()->end()));
  OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
  auto memref = MemRefType::get(flat.getShape(), flat.getElementType());
  atStart.create<memref::GlobalOp>(
      op.getLoc(), name, builder.getStringAttr("private"), memref,
      DenseElementsAttr::get(flat, values), /*constant=*/true,
      builder.getI64IntegerAttr(64));
  Operation *parent = builder.getInsertionBlock()->getParentOp();
  auto function = isa<func::FuncOp>(parent)
                      ? cast<func::FuncOp>(parent)
                      : parent->getParentOfType<func::FuncOp>();
  OpBuilder atEntry = OpBuilder::atBlockBegin(&function.getBody().front());
  return atEntry.create<memref::GetGlobalOp>(op.getLoc(), memref, name)
      .getResult();
}

LogicalResult
KernelEmitter::forRange(Location loc, Value lower, Value upper,
                        llvm::function_ref<LogicalResult(Value)> body) {
  auto first = IndexMath::isConstant(lower),
       last = IndexMath::isConstant(upper);
  if (first && last && *last - *first == 1)
    return body(lower);
  IndexMath math(builder, loc);
  auto loop = builder.create<scf::ForOp>(loc, lower, upper, math.constant(1));
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  return body(loop.getInductionVar());
}

LogicalResult KernelEmitter::forItems(
    Location loc, const ItemGrid &grid, Value begin, Value end,
    llvm::function_ref<LogicalResult(ValueRange, Value, Value)> body) {
  return forRange(loc, begin, end, [&](Value item) {
    IndexMath math(builder, loc);
    int64_t chunks = llvm::divideCeilSigned(grid.inner, grid.chunk);
    Value lower = math.mul(math.mod(item, chunks), grid.chunk);
    Value upper =
        math.min(math.add(lower, grid.chunk), math.constant(grid.inner));
    if (chunks == 1)
      upper = math.constant(grid.inner);
    return body(math.delinearize(math.div(item, chunks), grid.outer), lower,
                upper);
  });
}

double elementCost(Value tensor) {
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Value> worklist = {tensor};
  double cost = 0.1;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op) {
      cost +=
          0.02 *
          memoryBytes(cast<RankedTensorType>(value.getType()).getElementType());
      continue;
    }
    if (!seen.insert(op).second || isa<tile::ContractOp>(op))
      continue;
    bool isFunction =
        isa<tile::ExpOp, tile::LogOp, tile::SinOp, tile::CosOp, tile::TanOp,
            tile::AsinOp, tile::AcosOp, tile::AtanOp, tile::SinhOp,
            tile::CoshOp, tile::TanhOp, tile::PowOp, tile::ModOp, tile::DivOp>(
            op);
    cost += isFunction ? 2 : 0.1;
    llvm::append_range(worklist, op->getOperands());
  }
  return cost;
}

} // namespace polytile::cpu
