//===- TileSplitReductions.cpp - Long reductions in two steps -------------===//
//
// A reduction to few elements leaves most of a wide device idle: one workgroup
// for each element is all that can work. Here the index variables that are
// reduced and lie together in memory, of S points, become B blocks of L points,
// for a divisor L of S: the input is shown with one dimension more, a
// contraction reduces each block, and another the results of the blocks.
//
//   X : 8x3000000, sum of rows       S = 3000000 = 150 * 20000
//     Y = reshape X : 8x150x20000
//     P[m, b] = +(Y[m, b, l])        1200 rows
//     R[m]    = +(P[m, b])
//
//   X : 65536x64, sum of columns     S = 65536 = 1024 * 64
//     P[b, n] = +(Y[b, l, n])        65536 elements, neighbours in memory
//     R[n]    = +(P[b, n])
//
//   X : 32x64x56x56, sum of all but the second: what is reduced lies in two
//   places, and the last is reduced on its own first
//     P[n, c] = +(X[n, c, y, x])
//     R[c]    = +(P[n, c])
//
// Elementwise operations that compute the input for this contraction alone are
// shown with the dimension more, too, so that they still join it.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Transforms/Passes.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SmallBitVector.h"

#include <cmath>
#include <numeric>
#include <optional>

namespace polytile::tile {
#define GEN_PASS_DEF_TILESPLITREDUCTIONS
#include "dialects/tile/Transforms/Passes.h.inc"
} // namespace polytile::tile

#define DEBUG_TYPE "tile-split-reductions"

using namespace mlir;
using namespace polytile::tile;

namespace {

/// Reduced variables that lie together: positions [begin, end) of the input.
struct Run {
  unsigned begin = 0, end = 0;
};

/// A reduction of a whole box, seen through an input that has an element for
/// each point.
struct Reduction {
  /// The index variables in the order of that input's dimensions, and sizes.
  SmallVector<unsigned> order;
  SmallVector<int64_t> sizes;
  llvm::SmallBitVector isKept; ///< by position in `order`
  SmallVector<Run> runs;       ///< of reduced variables

  int64_t product(unsigned begin, unsigned end) const {
    return std::accumulate(sizes.begin() + begin, sizes.begin() + end,
                           int64_t(1), std::multiplies<int64_t>());
  }
  int64_t points() const { return product(0, sizes.size()); }
  int64_t outputs() const {
    int64_t reduced = 1;
    for (Run run : runs)
      reduced *= product(run.begin, run.end);
    return points() / reduced;
  }
};

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// The variables that the results of `map` are; numbers count as none. None
/// when a result is anything else or a variable occurs twice.
std::optional<SmallVector<std::optional<unsigned>>>
plainResults(AffineMap map) {
  SmallVector<std::optional<unsigned>> variables;
  llvm::SmallBitVector seen(map.getNumDims());
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim && !isa<AffineConstantExpr>(expr))
      return std::nullopt;
    variables.push_back(dim ? std::optional(dim.getPosition()) : std::nullopt);
    if (dim && seen.test(dim.getPosition()))
      return std::nullopt;
    if (dim)
      seen.set(dim.getPosition());
  }
  return variables;
}

bool isWholeBox(ContractOp op) {
  if (!op.isSpecialized() || !op.getLowerBounds() || !op.getUpperBounds() ||
      !op.getCovers() || op.getYield().getCondition() ||
      op.getAggregation() == Aggregation::assign)
    return false;
  return llvm::all_of(op.getDomainSet().getConstraints(), [](AffineExpr expr) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    return constant && constant.getValue() == 0;
  });
}

/// The order of the variables in an input whose dimensions they all are.
std::optional<SmallVector<unsigned>> findOrder(ContractOp op) {
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    auto results = plainResults(op.getInputMap(number));
    if (!results || results->size() != op.getNumIndices() ||
        llvm::is_contained(*results, std::nullopt))
      continue;
    SmallVector<unsigned> order;
    for (auto [variable, size] : llvm::zip_equal(*results, shapeOf(input)))
      if ((*op.getLowerBounds())[*variable] == 0 &&
          (*op.getUpperBounds())[*variable] == size - 1)
        order.push_back(*variable);
    if (order.size() == op.getNumIndices())
      return order;
  }
  return std::nullopt;
}

std::optional<Reduction> analyse(ContractOp op) {
  auto outputs = plainResults(op.getOutputMap());
  if (!outputs || !isWholeBox(op))
    return std::nullopt;
  auto order = findOrder(op);
  if (!order)
    return std::nullopt;
  Reduction reduction;
  reduction.order = *order;
  reduction.isKept.resize(order->size());
  for (auto [position, variable] : llvm::enumerate(*order)) {
    reduction.sizes.push_back((*op.getUpperBounds())[variable] + 1);
    bool isKept = llvm::is_contained(*outputs, std::optional(variable));
    reduction.isKept[position] = isKept;
    bool continues =
        !reduction.runs.empty() && reduction.runs.back().end == position;
    if (!isKept && continues)
      reduction.runs.back().end = position + 1;
    else if (!isKept)
      reduction.runs.push_back({unsigned(position), unsigned(position) + 1});
  }
  return reduction;
}

//===----------------------------------------------------------------------===//
// How many blocks
//===----------------------------------------------------------------------===//

/// The divisor of `size` nearest to `wanted`, by ratio, that leaves blocks of
/// at least `least` points; 1 when none is near.
int64_t chooseBlocks(int64_t size, int64_t wanted, int64_t least) {
  int64_t best = 1;
  double bestDistance = std::log(8.0);
  auto consider = [&](int64_t blocks) {
    if (blocks < 2 || size / blocks < least)
      return;
    double distance = std::abs(
        std::log(static_cast<double>(blocks) / static_cast<double>(wanted)));
    // Blocks whose length is no multiple of 4 are slow to load.
    if (size / blocks % 4 != 0)
      distance += std::log(4.0);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = blocks;
    }
  };
  for (int64_t divisor = 1; divisor <= size / divisor; ++divisor)
    if (size % divisor == 0) {
      consider(divisor);
      consider(size / divisor);
    }
  return best;
}

/// Where something is kept behind the run, a thread reduces one element, and
/// there have to be many; else a workgroup does.
int64_t chooseBlocks(const Reduction &reduction, int64_t units,
                     int64_t maxRowElements) {
  constexpr int64_t threadsPerUnit = 1024, rowsPerUnit = 4, leastRow = 4096,
                    leastColumn = 32;
  Run run = reduction.runs.front();
  int64_t size = reduction.product(run.begin, run.end);
  int64_t outputs = reduction.outputs();
  bool isRow = reduction.product(run.end, reduction.sizes.size()) == 1;
  if (isRow) {
    if (size <= maxRowElements || outputs >= rowsPerUnit * units / 2)
      return 1;
    return chooseBlocks(size, rowsPerUnit * units / outputs, leastRow);
  }
  int64_t wanted = threadsPerUnit * units / outputs;
  if (wanted < 4 || reduction.points() <= maxRowElements)
    return 1;
  return chooseBlocks(size, wanted, leastColumn);
}

//===----------------------------------------------------------------------===//
// The rewrite
//===----------------------------------------------------------------------===//

/// `shape` with the sizes from `begin` to `end` replaced by `parts`.
SmallVector<int64_t> replaceSizes(ArrayRef<int64_t> shape, unsigned begin,
                                  unsigned end, ArrayRef<int64_t> parts) {
  SmallVector<int64_t> result(shape.take_front(begin));
  llvm::append_range(result, parts);
  llvm::append_range(result, shape.drop_front(end));
  return result;
}

class Splitter {
public:
  Splitter(ContractOp op, Reduction reduction)
      : op(op), reduction(std::move(reduction)), builder(op) {}

  /// Reduces the last run alone first; gives both contractions.
  SmallVector<ContractOp> splitRuns();
  /// Reduces blocks first; null when an input stands in the way.
  ContractOp splitBlocks(int64_t blocks);

private:
  Value show(Value value, unsigned begin, unsigned end);
  Value showElementwise(Operation *def, unsigned begin, unsigned end);
  std::optional<Value> showOperand(Value operand, ArrayRef<int64_t> shape,
                                   unsigned begin, unsigned end);
  Value reshape(Value value, ArrayRef<int64_t> shape);
  ContractOp create(RankedTensorType type, ValueRange inputs,
                    ArrayRef<AffineMap> maps, AffineMap output,
                    ArrayRef<int64_t> sizes);
  ContractOp combine(Value partial, ArrayRef<AffineExpr> outputs,
                     ArrayRef<int64_t> sizes);
  bool mapInput(unsigned number, ArrayRef<AffineExpr> variables,
                AffineExpr block, AffineExpr inner, Value &input,
                SmallVectorImpl<AffineExpr> &results);

  ContractOp op;
  Reduction reduction;
  OpBuilder builder;
  SmallVector<int64_t> parts; ///< blocks and their length
};

} // namespace

Value Splitter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  auto type = cast<RankedTensorType>(value.getType()).clone(shape);
  if (auto constant = value.getDefiningOp<ConstantOp>())
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
      return builder.create<ConstantOp>(constant.getLoc(),
                                        splat.resizeSplat(type));
  return builder.create<ReshapeOp>(op.getLoc(), type, value, ValueRange());
}

/// An operand of an elementwise operation of `shape`, as one of the operation
/// with a dimension more; none when it is broadcast in a part of the run.
std::optional<Value> Splitter::showOperand(Value operand,
                                           ArrayRef<int64_t> shape,
                                           unsigned begin, unsigned end) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  if (!type || type.getRank() == 0)
    return operand;
  if (type.getShape() == shape)
    return show(operand, begin, end);
  SmallVector<int64_t> padded(shape.size() - type.getRank(), 1);
  llvm::append_range(padded, type.getShape());
  ArrayRef<int64_t> run = ArrayRef(padded).slice(begin, end - begin);
  if (run == shape.slice(begin, end - begin))
    return reshape(operand, replaceSizes(padded, begin, end, parts));
  if (!llvm::all_of(run, [](int64_t size) { return size == 1; }))
    return std::nullopt;
  // What lies behind the run is aligned as before.
  if (type.getRank() <= static_cast<int64_t>(shape.size() - end))
    return operand;
  return reshape(operand, replaceSizes(padded, begin, end, {1, 1}));
}

Value Splitter::showElementwise(Operation *def, unsigned begin, unsigned end) {
  ArrayRef<int64_t> shape = shapeOf(def->getResult(0));
  SmallVector<Value> operands;
  for (Value operand : def->getOperands()) {
    std::optional<Value> shown = showOperand(operand, shape, begin, end);
    if (!shown)
      return {};
    operands.push_back(*shown);
  }
  Operation *clone = def->clone();
  clone->setOperands(operands);
  Value result = clone->getResult(0);
  result.setType(cast<RankedTensorType>(result.getType())
                     .clone(replaceSizes(shape, begin, end, parts)));
  builder.insert(clone);
  return result;
}

/// `value` with `parts` in place of the dimensions from `begin` to `end`.
Value Splitter::show(Value value, unsigned begin, unsigned end) {
  Operation *def = value.getDefiningOp();
  if (def && def->hasTrait<Elementwise>() && value.hasOneUse())
    if (Value shown = showElementwise(def, begin, end))
      return shown;
  return reshape(value, replaceSizes(shapeOf(value), begin, end, parts));
}

ContractOp Splitter::create(RankedTensorType type, ValueRange inputs,
                            ArrayRef<AffineMap> maps, AffineMap output,
                            ArrayRef<int64_t> sizes) {
  MLIRContext *context = op.getContext();
  SmallVector<StringRef> names;
  SmallVector<std::string> spelled;
  for (size_t i = 0; i < sizes.size(); ++i)
    spelled.push_back("d" + std::to_string(i));
  llvm::append_range(names, spelled);
  SmallVector<int64_t> lower(sizes.size(), 0), upper;
  for (int64_t size : sizes)
    upper.push_back(size - 1);
  IntegerSet all =
      IntegerSet::get(sizes.size(), 0, getAffineConstantExpr(0, context), true);
  return builder.create<ContractOp>(
      op.getLoc(), type, op.getAggregationAttr(), inputs, Value(), ValueRange(),
      ValueRange(), builder.getAffineMapArrayAttr(maps),
      AffineMapAttr::get(output), IntegerSetAttr::get(all),
      builder.getStrArrayAttr(names), UnitAttr(), UnitAttr(),
      builder.getDenseI64ArrayAttr(lower), builder.getDenseI64ArrayAttr(upper),
      builder.getUnitAttr());
}

/// The second step: `partial` has a dimension for each of `sizes`, and the
/// element at these variables goes to `outputs`.
ContractOp Splitter::combine(Value partial, ArrayRef<AffineExpr> outputs,
                             ArrayRef<int64_t> sizes) {
  MLIRContext *context = op.getContext();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(sizes.size(), context);
  ContractOp result =
      create(op.getResultType(), partial, identity,
             AffineMap::get(sizes.size(), 0, outputs, context), sizes);
  Block &body = result.getBody().emplaceBlock();
  Value element = body.addArgument(op.getAccumulatorType(), op.getLoc());
  OpBuilder::atBlockEnd(&body).create<YieldOp>(op.getLoc(), element, Value());
  op.getResult().replaceAllUsesWith(result.getResult());
  return result;
}

SmallVector<ContractOp> Splitter::splitRuns() {
  MLIRContext *context = op.getContext();
  unsigned end = reduction.runs.back().begin;
  SmallVector<int64_t> left;
  SmallVector<AffineExpr> partialOutputs;
  SmallVector<AffineExpr> variables(op.getNumIndices());
  for (unsigned position = 0; position < reduction.order.size(); ++position) {
    bool isLast = position >= end && !reduction.isKept[position];
    if (isLast)
      continue;
    unsigned variable = reduction.order[position];
    variables[variable] = getAffineDimExpr(left.size(), context);
    partialOutputs.push_back(getAffineDimExpr(variable, context));
    left.push_back(reduction.sizes[position]);
  }
  SmallVector<int64_t> sizes;
  ArrayRef<int64_t> upperBounds = *op.getUpperBounds();
  for (int64_t upper : upperBounds)
    sizes.push_back(upper + 1);
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < op.getInputs().size(); ++i)
    maps.push_back(op.getInputMap(i));
  ContractOp partial = create(
      RankedTensorType::get(left, op.getAccumulatorType()), op.getInputs(),
      maps, AffineMap::get(sizes.size(), 0, partialOutputs, context), sizes);
  SmallVector<AffineExpr> outputs;
  for (AffineExpr expr : op.getOutputMap().getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    outputs.push_back(dim ? variables[dim.getPosition()] : expr);
  }
  ContractOp result = combine(partial.getResult(), outputs, left);
  partial.getBody().takeBody(op.getBody());
  op.erase();
  return {partial, result};
}

/// The input with its run in two dimensions, and its subscripts in the new
/// variables. False when it reads only a part of the run.
bool Splitter::mapInput(unsigned number, ArrayRef<AffineExpr> variables,
                        AffineExpr block, AffineExpr inner, Value &input,
                        SmallVectorImpl<AffineExpr> &results) {
  auto plain = plainResults(op.getInputMap(number));
  if (!plain)
    return false;
  Run run = reduction.runs.front();
  ArrayRef<unsigned> wanted =
      ArrayRef(reduction.order).slice(run.begin, run.end - run.begin);
  input = op.getInputs()[number];
  AffineMap map = op.getInputMap(number);
  for (unsigned i = 0; i < plain->size(); ++i) {
    if (!(*plain)[i] || variables[*(*plain)[i]]) {
      results.push_back((*plain)[i] ? variables[*(*plain)[i]]
                                    : map.getResult(i));
      continue;
    }
    unsigned last = i + wanted.size();
    if (last > plain->size())
      return false;
    for (unsigned k = 0; k < wanted.size(); ++k)
      if ((*plain)[i + k] != std::optional(wanted[k]) ||
          shapeOf(input)[i + k] != reduction.sizes[run.begin + k])
        return false;
    results.append({block, inner});
    input = show(input, i, last);
    i = last - 1;
  }
  return true;
}

ContractOp Splitter::splitBlocks(int64_t blocks) {
  MLIRContext *context = op.getContext();
  Run run = reduction.runs.front();
  parts = {blocks, reduction.product(run.begin, run.end) / blocks};
  // Variables of the first step: kept ones in order, with the block and the
  // point in it where the run was. Of the second: the same without the point.
  SmallVector<AffineExpr> variables(op.getNumIndices()), later = variables;
  SmallVector<int64_t> sizes, left;
  unsigned block = run.begin, inner = run.begin + 1;
  for (unsigned position = 0; position < reduction.order.size(); ++position) {
    if (position == run.begin) {
      llvm::append_range(sizes, parts);
      left.push_back(blocks);
    }
    if (position >= run.begin && position < run.end)
      continue;
    unsigned variable = reduction.order[position];
    variables[variable] = getAffineDimExpr(sizes.size(), context);
    later[variable] = getAffineDimExpr(left.size(), context);
    sizes.push_back(reduction.sizes[position]);
    left.push_back(reduction.sizes[position]);
  }
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (unsigned i = 0; i < op.getInputs().size(); ++i) {
    SmallVector<AffineExpr> results;
    if (!mapInput(i, variables, getAffineDimExpr(block, context),
                  getAffineDimExpr(inner, context), inputs.emplace_back(),
                  results))
      return {};
    maps.push_back(AffineMap::get(sizes.size(), 0, results, context));
  }
  SmallVector<AffineExpr> partialOutputs, outputs;
  for (unsigned i = 0; i < sizes.size(); ++i)
    if (i != inner)
      partialOutputs.push_back(getAffineDimExpr(i, context));
  for (AffineExpr expr : op.getOutputMap().getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    outputs.push_back(dim ? later[dim.getPosition()] : expr);
  }
  ContractOp partial =
      create(RankedTensorType::get(left, op.getAccumulatorType()), inputs, maps,
             AffineMap::get(sizes.size(), 0, partialOutputs, context), sizes);
  ContractOp result = combine(partial.getResult(), outputs, left);
  partial.getBody().takeBody(op.getBody());
  op.erase();
  return result;
}

namespace {

struct TileSplitReductions
    : polytile::tile::impl::TileSplitReductionsBase<TileSplitReductions> {
  using TileSplitReductionsBase::TileSplitReductionsBase;

  void runOnOperation() override {
    SmallVector<ContractOp> worklist(getOperation().getOps<ContractOp>());
    while (!worklist.empty()) {
      ContractOp op = worklist.pop_back_val();
      std::optional<Reduction> reduction = analyse(op);
      if (!reduction || reduction->runs.empty() ||
          reduction->points() <= maxRowElements)
        continue;
      Splitter splitter(op, *reduction);
      if (reduction->runs.size() == 1) {
        int64_t blocks = chooseBlocks(*reduction, computeUnits, maxRowElements);
        if (blocks > 1)
          splitter.splitBlocks(blocks);
      } else if (reduction->outputs() < 1024 * computeUnits &&
                 reduction->runs.back().end == reduction->sizes.size()) {
        llvm::append_range(worklist, splitter.splitRuns());
      }
    }
  }
};

} // namespace
