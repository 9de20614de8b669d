//===- KernelCosts.cpp - What a kernel does, in numbers -------------------===//
//
// Counted in floating point: products of sizes may exceed 64 bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelCosts.h"

#include "compiler/target/common/KernelTypes.h"
#include "dialects/tile/IR/TileOps.h"

using namespace mlir;

namespace polytile::codegen {

static double pointsOf(tile::ContractOp contract) {
  double points = 1;
  for (auto [lower, upper] :
       llvm::zip(*contract.getLowerBounds(), *contract.getUpperBounds()))
    points *= static_cast<double>(upper - lower + 1);
  return points;
}

KernelCosts countCosts(func::FuncOp kernel) {
  double flops = 0, bytes = 0;
  kernel.walk([&](Operation *op) {
    if (auto contract = dyn_cast<tile::ContractOp>(op)) {
      Block &body = contract.getBody().front();
      flops += pointsOf(contract) *
               static_cast<double>(std::distance(body.begin(), body.end()));
    } else if (op->hasTrait<tile::Elementwise>() && op->getNumResults() == 1) {
      if (auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType()))
        flops += static_cast<double>(type.getNumElements());
    }
  });
  auto count = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    bytes += static_cast<double>(tensor.getNumElements()) *
             static_cast<double>(memoryBytes(tensor.getElementType()));
  };
  llvm::for_each(kernel.getFunctionType().getInputs(), count);
  llvm::for_each(kernel.getFunctionType().getResults(), count);
  KernelCosts costs;
  costs.flops = static_cast<int64_t>(std::min(flops, 9e18));
  costs.bytes = static_cast<int64_t>(std::min(bytes, 9e18));
  return costs;
}

} // namespace polytile::codegen
