//===- KernelVerifier.cpp - What makes a kernel legal ---------------------===//
//
// The printers rely on these rules and check none of them again.
//
//===----------------------------------------------------------------------===//

#include "dialects/kernel/IR/KernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace polytile::kernel;

/// The operations of other dialects that KernelOps.td lists.
static bool isLegal(Operation *op) {
  if (isa<arith::ArithDialect>(op->getDialect()))
    return !isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
                arith::MinNumFOp>(op);
  return isa<KernelDialect>(op->getDialect()) ||
         isa<math::AbsFOp, math::CeilOp, math::FloorOp, math::FmaOp,
             math::RoundEvenOp, math::SqrtOp, scf::ForOp, scf::IfOp,
             scf::WhileOp, scf::ConditionOp, scf::YieldOp, memref::LoadOp,
             memref::StoreOp, memref::AllocaOp, vector::ExtractOp,
             vector::InsertOp, vector::SplatOp, vector::BroadcastOp,
             vector::FromElementsOp, vector::BitCastOp, gpu::BlockIdOp,
             gpu::ThreadIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
             gpu::SubgroupSizeOp, gpu::BarrierOp, gpu::ShuffleOp,
             gpu::SubgroupMmaComputeOp, gpu::SubgroupMmaConstantMatrixOp,
             gpu::SubgroupMmaElementwiseOp, gpu::SubgroupMmaLoadMatrixOp,
             gpu::SubgroupMmaStoreMatrixOp, func::CallOp>(op);
}

static bool isFlat(MemRefType type) {
  return type.getRank() == 1 && type.hasStaticShape() &&
         type.getLayout().isIdentity();
}

/// Invariants: three positive extents of workgroup and grid; at most 1024 items
/// in a workgroup; indices of 32 or 64 bits; no results; each binding is a flat
/// memref of memory elements in global memory and says how it is accessed.
LogicalResult FuncOp::verify() {
  auto isExtent = [](ArrayRef<int64_t> counts) {
    return counts.size() == 3 &&
           llvm::all_of(counts, [](int64_t count) { return count > 0; });
  };
  if (!isExtent(getWorkgroupSize()) || !isExtent(getGrid()))
    return emitOpError("needs three positive numbers for workgroup and grid");
  if (getWorkgroupItems() > 1024)
    return emitOpError("has ")
           << getWorkgroupItems() << " items in a workgroup, more than 1024";
  if (getIndexBitWidth() != 32 && getIndexBitWidth() != 64)
    return emitOpError("has indices of neither 32 nor 64 bits");
  if (!getResultTypes().empty())
    return emitOpError("can't have results");
  for (auto [number, type] : llvm::enumerate(getArgumentTypes())) {
    auto memory = dyn_cast<MemRefType>(type);
    if (!memory || !isFlat(memory) || memory.getMemorySpace() ||
        !isMemoryType(memory.getElementType()))
      return emitOpError("binding ") << number
                                     << " isn't a flat buffer of "
                                        "numbers in global memory, but "
                                     << type;
    auto access = getArgAttrOfType<StringAttr>(number, accessAttrName);
    if (!access ||
        (access != "read" && access != "write" && access != "read_write"))
      return emitOpError("binding ") << number << " needs '" << accessAttrName
                                     << "': read, write or read_write";
  }
  return success();
}

/// Invariants: only operations that are listed as legal, memory in a known
/// address space, the body ends with a return.
LogicalResult FuncOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.empty() || !isa<ReturnOp>(body.back()))
    return emitOpError("doesn't end with 'kernel.return'");
  WalkResult result = getBody().walk([&](Operation *op) {
    if (!isLegal(op))
      return op->emitOpError("can't stand in a kernel"),
             WalkResult::interrupt();
    auto alloca = dyn_cast<memref::AllocaOp>(op);
    if (alloca &&
        (!isPrivateMemory(alloca.getType()) || !isFlat(alloca.getType())))
      return op->emitOpError("isn't a flat array in private memory"),
             WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult WorkgroupMemoryOp::verify() {
  if (!isWorkgroupMemory(getType()) || !isFlat(getType()))
    return emitOpError("isn't a flat array in workgroup memory");
  return success();
}

/// Invariants: the same address space; vectors of memory elements; no more
/// bytes than the source has, for a binding up to the next multiple of 16.
LogicalResult VectorViewOp::verify() {
  MemRefType source = getSource().getType(), result = getType();
  auto vector = dyn_cast<VectorType>(result.getElementType());
  if (!isFlat(source) || !isFlat(result) || !vector ||
      !isMemoryType(vector.getElementType()) ||
      !isMemoryType(source.getElementType()))
    return emitOpError("must make a flat array of vectors from one of numbers");
  if (vector.getRank() != 1 ||
      (vector.getDimSize(0) != 2 && vector.getDimSize(0) != 4))
    return emitOpError("must make vectors of 2 or 4 numbers");
  if (source.getMemorySpace() != result.getMemorySpace())
    return emitOpError("must stay in its address space");
  int64_t available =
      source.getNumElements() * getMemoryBytes(source.getElementType());
  int64_t wanted = result.getNumElements() * getMemoryBytes(vector);
  if (!source.getMemorySpace())
    available = llvm::alignTo(available, 16);
  if (wanted > available)
    return emitOpError("shows ")
           << wanted << " bytes of memory that has " << available;
  return success();
}
