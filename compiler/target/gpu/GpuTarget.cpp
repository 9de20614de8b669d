//===- GpuTarget.cpp - What is known of a lowered kernel ------------------===//
//
// The dialects of the lowering, and the numbers that the package records.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GpuTarget.h"

#include "compiler/target/gpu/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

void registerGpuDialects(DialectRegistry &registry) {
  registry
      .insert<arith::ArithDialect, func::FuncDialect, mlir::gpu::GPUDialect,
              kernel::KernelDialect, mlir::math::MathDialect,
              memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
}

void registerGpuPasses() { registerGpuTargetPasses(); }

CompiledKernel describeKernel(kernel::FuncOp kernel) {
  CompiledKernel result;
  result.symbol = kernel.getSymName().str();
  for (unsigned d = 0; d < 3; ++d) {
    result.workgroupSize[d] = kernel.getWorkgroupSize()[d];
    result.grid[d] = kernel.getGrid()[d];
  }
  result.workgroupMemoryBytes = kernel.getWorkgroupMemoryBytes();
  result.flops = kernel.getFlops().value_or(0);
  result.bytes = kernel.getBytes().value_or(0);
  result.subgroupSize = kernel.getSubgroupSize().value_or(0);
  if (auto features = kernel.getRequires())
    for (Attribute feature : *features)
      result.requirements.push_back(cast<StringAttr>(feature).str());
  return result;
}

} // namespace polytile::gpu
