//===- GemmPlan.cpp - A contraction as a matrix product -------------------===//
//
// Steps: find the two factors and their casts, sort the variables into groups,
// give each constraint to the operand that it guards, flatten each operand's
// variables, choose how to read them, choose the blocks.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GemmPlan.h"

#include "compiler/target/common/KernelTypes.h"

#include <algorithm>

using namespace mlir;

namespace polytile::gpu {

using codegen::LinearConstraint;
using codegen::LinearExpr;
using codegen::Range;

namespace {

/// lower <= expr <= upper became 0 <= expr <= upper.
struct Guard {
  LinearExpr expr;
  int64_t upper;
};

struct Candidate;

class Planner {
public:
  Planner(tile::ContractOp op, const schedule::DeviceDescription &device)
      : op(op), device(device) {}
  FailureOr<GemmPlan> plan();
  FailureOr<GemmPlan> planCooperative();

private:
  bool analyse();
  bool isWorthBlocks() const;
  bool findFactors();
  bool findFactor(Value value, GemmOperand &operand);
  bool findPositions();
  bool sortVariables();
  bool collectGuards();
  bool assignGuards();
  void flatten(GemmOperand &operand, const LinearExpr &position,
               ArrayRef<Guard> guards, ArrayRef<unsigned> own);
  GemmIndex indexOf(unsigned variable, const LinearExpr &position,
                    ArrayRef<Guard> guards) const;
  Type elementOf(const GemmOperand &operand);
  void chooseStaging(GemmOperand &operand);
  bool chooseTile();
  bool chooseCooperativeTile();
  bool chooseAmong(ArrayRef<Candidate> all,
                   llvm::function_ref<int64_t(const GemmTile &)> threads,
                   llvm::function_ref<int64_t(const GemmTile &)> memoryBytes,
                   llvm::function_ref<bool(const GemmTile &)> fits);
  bool dependsOn(const LinearExpr &expr, ArrayRef<unsigned> variables) const;

  tile::ContractOp op;
  const schedule::DeviceDescription &device;
  GemmPlan result;
  LinearExpr positionA, positionB;
  SmallVector<Guard> guards, guardsA, guardsB;
};

} // namespace

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

/// `value` is a block argument, seen through casts.
bool Planner::findFactor(Value value, GemmOperand &operand) {
  while (auto cast = value.getDefiningOp<tile::CastOp>()) {
    operand.casts.insert(operand.casts.begin(), cast);
    value = cast->getOperand(0);
  }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &op.getBody().front())
    return false;
  operand.input = argument.getArgNumber();
  return true;
}

bool Planner::findFactors() {
  tile::YieldOp yield = op.getYield();
  auto product = yield.getValue().getDefiningOp<tile::MulOp>();
  if (op.getAggregation() != tile::Aggregation::sum || yield.getCondition() ||
      !product || op.getInputs().size() != 2 ||
      op.getAccumulatorType().isInteger(1))
    return false;
  // Without full coverage a default value may show through.
  if (!op->hasAttr("covers") && op.getDefaultValue())
    return false;
  return findFactor(product->getOperand(0), result.a) &&
         findFactor(product->getOperand(1), result.b) &&
         result.a.input != result.b.input;
}

static LinearExpr flatPosition(Value input, ArrayRef<LinearExpr> subscripts,
                               unsigned variables) {
  LinearExpr position(variables + 1, 0);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(input.getType()).getShape();
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    for (auto [entry, part] : llvm::zip_equal(position, subscripts[d]))
      entry += stride * part;
  return position;
}

bool Planner::findPositions() {
  FailureOr<codegen::LinearDomain> domain = codegen::buildLinearDomain(op);
  if (failed(domain) || domain->isEmpty)
    return false;
  result.domain = std::move(*domain);
  auto position = [&](const GemmOperand &operand) {
    return flatPosition(op.getInputs()[operand.input],
                        result.domain.accesses[operand.input],
                        result.domain.numVariables());
  };
  positionA = position(result.a);
  positionB = position(result.b);
  return true;
}

//===----------------------------------------------------------------------===//
// Variables and constraints
//===----------------------------------------------------------------------===//

bool Planner::dependsOn(const LinearExpr &expr,
                        ArrayRef<unsigned> variables) const {
  return llvm::any_of(variables, [&](unsigned v) {
    return expr[v] != 0 && result.domain.ranges[v].size() > 1;
  });
}

/// The second operand is the one along which the output is contiguous.
bool Planner::sortVariables() {
  unsigned count = result.domain.numOutputs, inner = count;
  for (unsigned v = 0; v < count; ++v)
    if (result.domain.ranges[v].size() > 1)
      inner = v;
  if (inner == count)
    return false;
  if (positionA[inner] != 0) {
    std::swap(positionA, positionB);
    std::swap(result.a, result.b);
  }
  if (positionA[inner] != 0 || positionB[inner] == 0)
    return false;
  for (unsigned v = 0; v < count; ++v) {
    int64_t size = result.domain.ranges[v].size();
    bool inA = positionA[v] != 0, inB = positionB[v] != 0;
    if (inA && !inB && size > 1) {
      result.mVariables.push_back(v);
      result.m *= size;
    } else if (inB && !inA && size > 1) {
      result.nVariables.push_back(v);
      result.n *= size;
    } else {
      result.batchVariables.push_back(v);
      result.batch *= size;
    }
  }
  result.k = result.domain.reductionPoints();
  return true;
}

/// Joins e >= 0 and c - e >= 0 to one comparison.
bool Planner::collectGuards() {
  SmallVector<LinearExpr> rest;
  for (const LinearConstraint &constraint : result.domain.constraints) {
    if (constraint.isEquality)
      return false;
    rest.push_back(constraint.expr);
  }
  auto isOpposite = [](const LinearExpr &a, const LinearExpr &b) {
    for (size_t i = 0; i + 1 < a.size(); ++i)
      if (a[i] != -b[i])
        return false;
    return true;
  };
  while (!rest.empty()) {
    LinearExpr expr = rest.front();
    rest.erase(rest.begin());
    auto *other = llvm::find_if(
        rest, [&](const LinearExpr &e) { return isOpposite(expr, e); });
    if (other == rest.end()) {
      guards.push_back({expr, result.domain.rangeOf(expr).upper});
      continue;
    }
    guards.push_back({expr, expr.back() + other->back()});
    rest.erase(other);
  }
  return llvm::all_of(guards, [](const Guard &guard) {
    return guard.upper >= 0 && guard.upper < INT32_MAX;
  });
}

/// A guard on K alone makes both factors 0, and 0 * 0 is harmless.
bool Planner::assignGuards() {
  for (const Guard &guard : guards) {
    bool onM = dependsOn(guard.expr, result.mVariables),
         onN = dependsOn(guard.expr, result.nVariables),
         onBatch = dependsOn(guard.expr, result.batchVariables),
         onK = dependsOn(guard.expr, result.domain.reductions);
    if (!onK || (onM && onN))
      return false;
    if (!onN)
      guardsA.push_back(guard);
    if (!onM)
      guardsB.push_back(guard);
    result.checksNaN |= onM || onN;
    (void)onBatch; // the same for both factors
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

GemmIndex Planner::indexOf(unsigned variable, const LinearExpr &position,
                           ArrayRef<Guard> guards) const {
  GemmIndex index;
  index.extent = result.domain.ranges[variable].size();
  index.stride = position[variable];
  for (const Guard &guard : guards)
    index.boundSteps.push_back(guard.expr[variable]);
  return index;
}

/// True when (outer, inner) together step through positions and bounds evenly.
static bool isLinear(const GemmIndex &outer, const GemmIndex &inner) {
  if (outer.stride != inner.stride * inner.extent)
    return false;
  for (auto [o, i] : llvm::zip_equal(outer.boundSteps, inner.boundSteps))
    if (o != i * inner.extent)
      return false;
  return true;
}

void Planner::flatten(GemmOperand &operand, const LinearExpr &position,
                      ArrayRef<Guard> guards, ArrayRef<unsigned> own) {
  operand.offset = position.back();
  for (const Guard &guard : guards)
    operand.bounds.push_back({guard.expr.back(), guard.upper});
  auto group = [&](ArrayRef<unsigned> variables,
                   SmallVector<GemmIndex> &indices) {
    for (unsigned variable : variables) {
      GemmIndex index = indexOf(variable, position, guards);
      int64_t lower = result.domain.ranges[variable].lower;
      operand.offset += lower * index.stride;
      for (auto [bound, step] : llvm::zip(operand.bounds, index.boundSteps))
        bound.constant += lower * step;
      if (index.extent == 1)
        continue;
      if (!indices.empty() && isLinear(indices.back(), index)) {
        indices.back().extent *= index.extent;
        indices.back().stride = index.stride;
        indices.back().boundSteps = index.boundSteps;
      } else {
        indices.push_back(index);
      }
    }
    if (indices.empty()) {
      indices.emplace_back();
      indices.back().boundSteps.assign(guards.size(), 0);
    }
  };
  group(result.batchVariables, operand.batch);
  group(own, operand.own);
  group(result.domain.reductions, operand.reduction);
}

static const GemmIndex &fastIndex(const GemmOperand &operand,
                                  StagingOrder order) {
  return order == StagingOrder::AlongOwn ? operand.own.back()
                                         : operand.reduction.back();
}

/// Neighbours can be read at once when every position that a thread starts from
/// is a multiple of their number, and no bound separates them.
static bool readsWide(const GemmOperand &operand, StagingOrder order,
                      int64_t lanes) {
  const GemmIndex &fast = fastIndex(operand, order);
  bool isWide = fast.stride == 1 && fast.extent % lanes == 0 &&
                operand.offset % lanes == 0;
  for (int64_t step : fast.boundSteps)
    isWide &= step == 0;
  for (const auto *indices : {&operand.batch, &operand.own, &operand.reduction})
    for (const GemmIndex &index : *indices)
      isWide &= &index == &fast || index.stride % lanes == 0;
  return isWide;
}

Type Planner::elementOf(const GemmOperand &operand) {
  Value input = op.getInputs()[operand.input];
  return cast<RankedTensorType>(input.getType()).getElementType();
}

void Planner::chooseStaging(GemmOperand &operand) {
  bool isOwn = fastIndex(operand, StagingOrder::AlongOwn).stride == 1 &&
               fastIndex(operand, StagingOrder::AlongK).stride != 1;
  operand.order = isOwn ? StagingOrder::AlongOwn : StagingOrder::AlongK;
  operand.lanes = codegen::memoryBytes(elementOf(operand)) <= 4 &&
                          readsWide(operand, operand.order, 4)
                      ? 4
                      : 1;
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

namespace {

/// A choice of blocks with what is known of it.
struct Candidate {
  GemmTile tile;
  /// Of a unit's peak that it would reach with very many subgroups on it, as
  /// SPIR-V and as OpenCL C: drivers have a compiler for each.
  double asSpirv, asOpenCL;
  /// Workgroups that share a unit, as registers and workgroup memory allow.
  int64_t resident;
};

/// Efficiencies are fits to measurements on an NVIDIA H200
/// (docs/performance.md, "Blocks of matrix products"); small blocks keep more
/// units busy.
constexpr Candidate candidates[] = {
    {{128, 256, 16, 64, 64, 8, 16}, 0.78, 0.77, 1},
    {{128, 256, 8, 64, 64, 8, 16}, 0.73, 0.74, 1},
    {{128, 128, 16, 32, 64, 8, 8}, 0.70, 0.70, 2},
    {{128, 128, 8, 32, 64, 8, 8}, 0.68, 0.70, 2},
    {{64, 128, 16, 32, 64, 8, 8}, 0.73, 0.725, 4},
    {{128, 64, 16, 64, 32, 8, 8}, 0.735, 0.72, 4},
    {{64, 64, 32, 32, 32, 8, 4}, 0.72, 0.60, 4},
    {{64, 64, 16, 32, 32, 8, 4}, 0.705, 0.65, 5},
    {{64, 32, 16, 32, 16, 4, 4}, 0.60, 0.58, 8},
    {{32, 64, 16, 16, 32, 4, 4}, 0.62, 0.60, 8},
    {{32, 32, 16, 16, 32, 4, 4}, 0.50, 0.50, 12},
    {{32, 32, 8, 16, 32, 4, 4}, 0.45, 0.45, 12},
};

/// For cooperative matrices: the threads' shares are not ours to choose.
constexpr Candidate cooperativeCandidates[] = {
    {{128, 256, 32, 64, 64, 0, 0}, 1.00, 0, 1},
    {{128, 128, 32, 64, 64, 0, 0}, 0.95, 0, 2},
    {{64, 128, 32, 32, 64, 0, 0}, 0.75, 0, 2},
    {{64, 64, 32, 32, 32, 0, 0}, 0.60, 0, 4},
};

} // namespace

/// How many accumulators a thread can keep in registers: devices with narrow
/// subgroups have small register files.
static int64_t accumulatorLimit(const schedule::DeviceDescription &device) {
  return device.subgroup.size >= 32 ? 128 : 32;
}

/// How many products of vectors a step along K may be written out to: the
/// compilers of CPUs' drivers take minutes for long kernels, and those of
/// devices with few registers load all of a step first and spill (`make
/// vendors` shows it).
static int64_t unrollingLimit(const schedule::DeviceDescription &device) {
  if (device.deviceType == "cpu")
    return 32;
  return device.subgroup.size >= 32 ? 1024 : 128;
}

/// The part of its efficiency that a unit reaches with so many subgroups on it:
/// fewer can't hide the latencies of each other. 4: 0.8, 8: 0.89, 16: 0.94.
static double occupancyFactor(int64_t subgroups) {
  return static_cast<double>(subgroups) / static_cast<double>(subgroups + 1);
}

/// The time of all rounds of workgroups that the units compute together; the
/// last round is as long as its fullest unit takes.
static double roundsCost(const Candidate &candidate, const GemmPlan &plan,
                         const schedule::DeviceDescription &device) {
  int64_t units = std::max<int64_t>(device.limits.computeUnits, 1);
  double efficiency = device.kind == schedule::kind::OpenCL ? candidate.asOpenCL
                                                            : candidate.asSpirv;
  const GemmTile &tile = candidate.tile;
  int64_t groups = llvm::divideCeilSigned(plan.m, tile.m) *
                   llvm::divideCeilSigned(plan.n, tile.n) * plan.batch;
  auto round = [&](int64_t resident) {
    double work = static_cast<double>(resident * tile.m * tile.n);
    return work /
           (efficiency * occupancyFactor(resident * tile.threads() / 32));
  };
  int64_t together = units * candidate.resident;
  double cost =
      static_cast<double>(groups / together) * round(candidate.resident);
  if (int64_t left = groups % together)
    cost += round(llvm::divideCeilSigned(left, units));
  return cost;
}

/// Blocks of less than 8 x 8 would mostly compute what is dropped.
bool Planner::isWorthBlocks() const {
  return result.m >= 8 && result.n >= 8 && result.k >= 8 &&
         result.m * result.n * result.k >= (int64_t(1) << 15);
}

/// Takes the candidate of least cost among those that `fits` allows; `threads`
/// gives the size of their workgroups.
bool Planner::chooseAmong(
    ArrayRef<Candidate> all,
    llvm::function_ref<int64_t(const GemmTile &)> threads,
    llvm::function_ref<int64_t(const GemmTile &)> memoryBytes,
    llvm::function_ref<bool(const GemmTile &)> fits) {
  int64_t mostThreads = std::min<int64_t>(device.limits.workgroupSize,
                                          device.limits.workgroupSizes[0]);
  auto mostBytes = static_cast<int64_t>(device.limits.workgroupMemoryBytes);
  double best = 0;
  for (const Candidate &candidate : all) {
    const GemmTile &tile = candidate.tile;
    if (memoryBytes(tile) > mostBytes || threads(tile) > mostThreads ||
        !fits(tile))
      continue;
    double cost = roundsCost(candidate, result, device);
    if (result.tile.m == 0 || cost < best) {
      best = cost;
      result.tile = tile;
    }
  }
  return result.tile.m != 0;
}

bool Planner::chooseTile() {
  Type accumulator = codegen::registerType(op.getAccumulatorType());
  int64_t bytes = accumulator.getIntOrFloatBitWidth() / 8;
  return chooseAmong(
      candidates, [](const GemmTile &tile) { return tile.threads(); },
      [&](const GemmTile &tile) {
        return 2 * tile.k * (tile.m + tile.n) * bytes;
      },
      [&](const GemmTile &tile) {
        int64_t held = tile.threadM * tile.threadN;
        return held * bytes / 4 <= accumulatorLimit(device) &&
               tile.k * held / 4 <= unrollingLimit(device);
      });
}

/// Of two factors of which one is kept in workgroup memory, with padded rows,
/// and a strip of 16 x 32 sums for each subgroup.
static int64_t cooperativeBytes(const GemmTile &tile) {
  int64_t subgroups = tile.m / tile.warpM * (tile.n / tile.warpN);
  return 2 * (tile.m * (tile.k + 8) + tile.k * (tile.n + 8)) +
         subgroups * 16 * 32 * 4;
}

bool Planner::chooseCooperativeTile() {
  return chooseAmong(
      cooperativeCandidates,
      [&](const GemmTile &tile) {
        return tile.m / tile.warpM * (tile.n / tile.warpN) *
               device.subgroup.size;
      },
      cooperativeBytes, [](const GemmTile &) { return true; });
}

bool Planner::analyse() {
  if (!findFactors() || !findPositions() || !sortVariables() ||
      !collectGuards() || !assignGuards() || !isWorthBlocks())
    return false;
  flatten(result.a, positionA, guardsA, result.mVariables);
  flatten(result.b, positionB, guardsB, result.nVariables);
  return true;
}

FailureOr<GemmPlan> Planner::plan() {
  if (!analyse() || !chooseTile())
    return failure();
  chooseStaging(result.a);
  chooseStaging(result.b);
  return std::move(result);
}

static bool multipliesHalves(const schedule::DeviceDescription &device) {
  return device.has(schedule::feature::CooperativeMatrix) &&
         device.has(schedule::feature::VulkanMemoryModel) &&
         device.has(schedule::feature::F16) && device.subgroup.size >= 8 &&
         llvm::any_of(device.cooperativeMatrices,
                      [](const schedule::CooperativeMatrix &matrix) {
                        return matrix.m == 16 && matrix.n == 16 &&
                               matrix.k == 16 && matrix.a == "f16" &&
                               matrix.b == "f16" && matrix.c == "f32" &&
                               matrix.result == "f32";
                      });
}

FailureOr<GemmPlan> Planner::planCooperative() {
  if (!multipliesHalves(device) || !op.getAccumulatorType().isF32() ||
      !analyse() || !elementOf(result.a).isF16() ||
      !elementOf(result.b).isF16() ||
      !readsWide(result.a, StagingOrder::AlongK, 8) ||
      !readsWide(result.b, StagingOrder::AlongOwn, 8) ||
      !chooseCooperativeTile())
    return failure();
  result.a.order = StagingOrder::AlongK;
  result.b.order = StagingOrder::AlongOwn;
  result.a.lanes = result.b.lanes = 8;
  return std::move(result);
}

FailureOr<GemmPlan> planGemm(tile::ContractOp op,
                             const schedule::DeviceDescription &device) {
  return Planner(op, device).plan();
}

FailureOr<GemmPlan>
planCooperativeGemm(tile::ContractOp op,
                    const schedule::DeviceDescription &device) {
  return Planner(op, device).planCooperative();
}

} // namespace polytile::gpu
