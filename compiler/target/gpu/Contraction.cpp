//===- Contraction.cpp - One thread for each output element ---------------===//
//
// The schedule that takes every contraction: constraints and reads outside of
// an input are bounds of the thread's loops, the accumulator is in a register,
// elementwise producers and consumers are computed on the way.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/ContractionElement.h"

#include "compiler/target/common/ContractionPoints.h"

using namespace mlir;

namespace polytile::gpu {

/// The reduction variables in the order of the thread's loops: last, where
/// partial sums are made, the one along which most inputs are contiguous, and
/// of those the longest.
static SmallVector<unsigned>
chooseOrder(const codegen::ContractionPoints &points) {
  SmallVector<unsigned> order = points.domain.reductions;
  auto contiguous = [&](unsigned variable) {
    return llvm::count_if(points.positions,
                          [&](const codegen::LinearExpr &position) {
                            return std::abs(position[variable]) == 1;
                          });
  };
  auto best = llvm::max_element(order, [&](unsigned a, unsigned b) {
    auto rank = [&](unsigned variable) {
      return std::pair(contiguous(variable),
                       points.domain.ranges[variable].size());
    };
    return rank(a) < rank(b);
  });
  if (best != order.end())
    std::rotate(best, best + 1, order.end());
  return order;
}

LogicalResult emitContractionElement(KernelEmitter &emitter,
                                     tile::ContractOp op,
                                     const codegen::LinearDomain &domain,
                                     ArrayRef<Value> outputs) {
  codegen::ContractionPoints points(emitter.builder, emitter.scalars,
                                    emitter.evaluator, op, domain,
                                    arith::FastMathFlags::contract);
  auto carried = points.scanElement(outputs, chooseOrder(points));
  if (failed(carried))
    return failure();
  auto element = points.result(outputs, *carried);
  return failed(element) ? failure()
                         : storeEpilogue(emitter, op, *element, outputs);
}

FailureOr<kernel::FuncOp> tryContraction(func::FuncOp source,
                                         LoweringContext &context) {
  tile::ContractOp op = onlyContraction(source);
  if (!op || !isEpilogueOf(op, source))
    return failure();
  auto domain = codegen::buildLinearDomain(op);
  if (failed(domain))
    return failure();
  int64_t count = op.getResultType().getNumElements();
  KernelEmitter emitter(source, context, Launch::linear(count, context.device));
  Value thread = emitter.beginThreads(count);
  SmallVector<Value> outputs =
      emitter.math().delinearize(thread, op.getResultType().getShape());
  if (failed(emitContractionElement(emitter, op, *domain, outputs)))
    return failure();
  return emitter.finish({emitter.named("kind", "element")});
}

} // namespace polytile::gpu
