//===- TeamReduction.cpp - One workgroup for each output element ----------===//
//
// Long reductions of any form: with conditions, constraints, windows, elements
// that nothing may be written to. The threads of a workgroup take turns at the
// values of one index variable, then bring together what each has found:
//
//   A[i] = <(X[i, j] == M[i] ? J[i, j]), j < 200000, 256 threads:
//     thread t: j = t, t + 256, t + 512, ...; its least, and whether any
//     then the least of 256, and whether any of them
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ContractionPoints.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/Schedule.h"
#include "compiler/target/gpu/ThreadReduction.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace polytile::gpu {

/// Turns of a loop that one thread may take; there are drivers that end a
/// thread's loops after 65535, without a word.
static constexpr int64_t maxTurns = 32768;
/// Points that are worth a workgroup where elements are few.
static constexpr int64_t minPoints = 2048;
/// Values of the variable that the threads take turns at.
static constexpr int64_t minValues = 64;

/// Puts the variable that threads take turns at last: one along which most
/// inputs are contiguous, of those the longest. False when none will do.
static bool orderForTeam(const codegen::ContractionPoints &points,
                         SmallVector<unsigned> &order) {
  const codegen::LinearDomain &domain = points.domain;
  order = domain.reductions;
  auto rank = [&](unsigned variable) {
    bool isSolved =
        llvm::any_of(domain.constraints, [&](const auto &constraint) {
          return constraint.isEquality && constraint.expr[variable] != 0;
        });
    if (isSolved || domain.ranges[variable].size() < minValues)
      return std::pair<int64_t, int64_t>(-1, 0);
    int64_t contiguous = llvm::count_if(
        points.positions, [&](const codegen::LinearExpr &position) {
          return std::abs(position[variable]) == 1;
        });
    return std::pair<int64_t, int64_t>(contiguous,
                                       domain.ranges[variable].size());
  };
  auto best = llvm::max_element(
      order, [&](unsigned a, unsigned b) { return rank(a) < rank(b); });
  if (best == order.end() || rank(*best).first < 0)
    return false;
  std::rotate(best, best + 1, order.end());
  return true;
}

static bool isWorthwhile(tile::ContractOp op,
                         const codegen::LinearDomain &domain,
                         const schedule::DeviceDescription &device) {
  int64_t count = op.getResultType().getNumElements();
  int64_t points = domain.reductionPoints();
  int64_t units = std::max<int64_t>(device.limits.computeUnits, 1);
  return points > maxTurns || (points >= minPoints && count < 256 * units);
}

static LogicalResult emitTeam(KernelEmitter &emitter,
                              codegen::ContractionPoints &points,
                              ArrayRef<unsigned> order, int64_t threads,
                              int64_t subgroup) {
  Value group = emitter.beginGroups();
  ThreadTeams teams = makeTeams(emitter, threads, 1, subgroup);
  SmallVector<Value> outputs =
      emitter.math().delinearize(group, points.op.getResultType().getShape());
  auto carried =
      points.scanElement(outputs, order, [&](codegen::LoopScanner &scanner) {
        scanner.setStride(order.back(), teams.thread, threads);
      });
  if (failed(carried))
    return failure();
  SmallVector<Value> total = {
      reduceTeam(emitter, teams, carried->front(), [&](Value a, Value b) {
        return points.combine(a, b).front();
      })};
  if (carried->size() > 1)
    total.push_back(
        reduceTeam(emitter, teams, carried->back(), [&](Value a, Value b) {
          return emitter.builder.create<arith::OrIOp>(emitter.loc, a, b)
              .getResult();
        }));
  emitter.onlyIf(
      emitter.math().equal(teams.thread, emitter.math().constant(0)));
  auto element = points.result(outputs, total);
  return failed(element) ? failure()
                         : storeEpilogue(emitter, points.op, *element, outputs);
}

FailureOr<kernel::FuncOp> tryTeams(func::FuncOp source,
                                   LoweringContext &context) {
  tile::ContractOp op = onlyContraction(source);
  if (!op || !isEpilogueOf(op, source) ||
      op.getAggregation() == tile::Aggregation::assign)
    return failure();
  auto domain = codegen::buildLinearDomain(op);
  const schedule::DeviceDescription &device = context.device;
  if (failed(domain) || domain->isEmpty || !isWorthwhile(op, *domain, device))
    return failure();
  int64_t most = std::min<int64_t>(device.limits.workgroupSize,
                                   device.limits.workgroupSizes[0]);
  int64_t threads =
      llvm::bit_floor<uint64_t>(std::clamp<int64_t>(most, 1, 256));
  Type accumulator = codegen::registerType(op.getAccumulatorType());
  if (threads < 2 ||
      reductionBytes(threads, 1, accumulator) +
              reductionBytes(threads, 1, IntegerType::get(op.getContext(), 8)) >
          static_cast<int64_t>(device.limits.workgroupMemoryBytes))
    return failure();
  int64_t subgroup = shuffleSize(device);
  if (subgroup > threads)
    subgroup = 0;
  KernelEmitter emitter(
      source, context,
      Launch::grouped(op.getResultType().getNumElements(), threads, device));
  codegen::ContractionPoints points(emitter.builder, emitter.scalars,
                                    emitter.evaluator, op, std::move(*domain),
                                    arith::FastMathFlags::contract);
  SmallVector<unsigned> order;
  if (!orderForTeam(points, order) ||
      failed(emitTeam(emitter, points, order, threads, subgroup)))
    return failure();
  return emitter.finish(
      {emitter.named("kind", "team"), emitter.named("threads", threads)});
}

} // namespace polytile::gpu
