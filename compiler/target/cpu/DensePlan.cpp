//===- DensePlan.cpp - Shapes and schedules of dense contractions ---------===//
//
// Steps:
//   1. Match the sum of products of two inputs.
//   2. Split the output into boxes (DenseBoxes.h).
//   3. For each box, turn every variable into an axis with its strides in A, B
//      and C, merge axes that step through memory as one, and sort them into
//      outer, rows, columns and depth.
//   4. Choose register tiles, cache blocks, packing and items.
//
// Merging makes a 1x1 convolution O[y, x, f] = +(I[y, x, c] * K[c, f]) on
// 56 x 56 x 64 one matrix product of 3136 rows: y steps 56 * 64 elements of I,
// which is 56 steps of x.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/DenseBoxes.h"
#include "compiler/target/cpu/DenseContraction.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using llvm::divideCeil;

namespace polytile::cpu {

int64_t DenseBox::tiles() const {
  return divideCeil(rows.back().size, schedule.tileRows);
}

int64_t DenseBox::rowCombinations() const {
  int64_t count = 1;
  for (const DenseAxis &axis : ArrayRef(rows).drop_back())
    count *= axis.size;
  return count;
}

int64_t DenseBox::depthPoints() const {
  int64_t count = 1;
  for (const DenseAxis &axis : depth)
    count *= axis.size;
  return count;
}

int64_t DenseBox::blockPoints() const {
  int64_t count = schedule.blockDepth;
  for (const DenseAxis &axis :
       ArrayRef(depth).drop_front(schedule.splitDepth + 1))
    count *= axis.size;
  return count;
}

int64_t DenseBox::depthBlocks() const {
  int64_t count =
      divideCeil(depth[schedule.splitDepth].size, schedule.blockDepth);
  for (const DenseAxis &axis : ArrayRef(depth).take_front(schedule.splitDepth))
    count *= axis.size;
  return count;
}

int64_t DenseBox::packedA() const {
  return schedule.packA ? schedule.blockTiles * schedule.tileRows * packedRow()
                        : 0;
}

int64_t DenseBox::packedB() const {
  // What follows in the workspace is aligned to 64 bytes.
  return schedule.packB
             ? llvm::alignTo(schedule.blockColumns * blockPoints(), 16)
             : 0;
}

namespace {

/// The position of an access in row-major elements, as one linear expression.
LinearExpr flatten(ArrayRef<LinearExpr> subscripts, ArrayRef<int64_t> shape,
                   unsigned numVariables) {
  LinearExpr flat(numVariables + 1, 0);
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    for (auto [entry, coefficient] : llvm::zip_equal(flat, subscripts[d]))
      entry += stride * coefficient;
  return flat;
}

/// Builds the boxes of one contraction.
class Planner {
public:
  Planner(tile::ContractOp op, unsigned vectorBits, bool mergeColumns)
      : op(op), vectorBits(vectorBits), mergeColumns(mergeColumns) {}

  FailureOr<DensePlan> plan();

private:
  LogicalResult matchBody();
  LogicalResult findColumns();
  FailureOr<DenseBox> buildBox(const VariableBox &ranges) const;
  DenseAxis axisOf(unsigned variable, Range range) const;

  tile::ContractOp op;
  unsigned vectorBits;
  bool mergeColumns;
  LinearDomain domain;
  LinearExpr a, b, c;
  unsigned columnVariable = 0;
  DensePlan result;
};

/// Chooses the schedule of a box.
class Scheduler {
public:
  Scheduler(DenseBox &box, unsigned vectorBits, unsigned elementBits)
      : box(box), schedule(box.schedule), lanes(vectorBits / elementBits),
        bytes(elementBits / 8), accumulators(vectorBits == 512 ? 28 : 12) {}

  void run();
  double flops() const;

private:
  void chooseTile();
  void chooseDepth();
  void choosePacking();
  void chooseItems();
  int64_t countItems() const;

  DenseBox &box;
  DenseSchedule &schedule;
  int64_t lanes, bytes, accumulators;
};

} // namespace

/// +(A * B), with whole inputs of one float type.
LogicalResult Planner::matchBody() {
  if (op.getAggregation() != tile::Aggregation::sum ||
      op.getInputs().size() != 2)
    return failure();
  result.element = op.getAccumulatorType();
  if (!result.element.isF32() && !result.element.isF64())
    return failure();
  auto hasElements = [&](Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType() ==
           result.element;
  };
  if (!llvm::all_of(op.getInputs(), hasElements) ||
      !hasElements(op.getResult()))
    return failure();
  tile::YieldOp yield = op.getYield();
  auto product = yield.getValue().getDefiningOp<tile::MulOp>();
  if (yield.getCondition() || !product)
    return failure();
  Value x = product->getOperand(0), y = product->getOperand(1);
  Block &body = op.getBody().front();
  bool straight = x == body.getArgument(0) && y == body.getArgument(1);
  bool swapped = y == body.getArgument(0) && x == body.getArgument(1);
  return success(straight || swapped);
}

/// Columns are the output variable along which C is contiguous; the input that
/// stays along it is A.
LogicalResult Planner::findColumns() {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  unsigned n = domain.numVariables();
  SmallVector<LinearExpr> outputs(domain.numOutputs, LinearExpr(n + 1, 0));
  for (unsigned o = 0; o != domain.numOutputs; ++o)
    outputs[o][o] = 1;
  c = flatten(outputs, shape, n);
  a = flatten(domain.accesses[0],
              cast<RankedTensorType>(op.getInputs()[0].getType()).getShape(),
              n);
  b = flatten(domain.accesses[1],
              cast<RankedTensorType>(op.getInputs()[1].getType()).getShape(),
              n);
  int found = -1;
  for (unsigned o = 0; o != domain.numOutputs; ++o)
    if (shape[o] > 1)
      found = o;
  if (found < 0)
    return failure();
  columnVariable = found;
  if (b[found] == 0) {
    std::swap(a, b);
    std::swap(result.aInput, result.bInput);
  }
  return success(a[found] == 0 && b[found] != 0);
}

DenseAxis Planner::axisOf(unsigned variable, Range range) const {
  return {range.size(), a[variable], b[variable], c[variable]};
}

/// Makes one axis of neighbours that step through A, B and C as one does.
static void mergeAxes(SmallVectorImpl<DenseAxis> &axes) {
  for (size_t i = 0; i + 1 < axes.size();) {
    DenseAxis &outer = axes[i], inner = axes[i + 1];
    if (outer.a != inner.size * inner.a || outer.b != inner.size * inner.b ||
        outer.c != inner.size * inner.c) {
      ++i;
      continue;
    }
    inner.size *= outer.size;
    outer = inner;
    axes.erase(axes.begin() + i + 1);
  }
}

FailureOr<DenseBox> Planner::buildBox(const VariableBox &ranges) const {
  DenseBox box;
  box.aBase = a.back(), box.bBase = b.back(), box.cBase = c.back();
  SmallVector<DenseAxis> columns;
  for (unsigned v = 0; v != ranges.size(); ++v) {
    box.aBase += a[v] * ranges[v].lower;
    box.bBase += b[v] * ranges[v].lower;
    box.cBase += c[v] * ranges[v].lower;
    if (v == columnVariable)
      columns.push_back(axisOf(v, ranges[v]));
    if (v == columnVariable || ranges[v].size() == 1)
      continue;
    DenseAxis axis = axisOf(v, ranges[v]);
    if (v >= domain.numOutputs) {
      if (!llvm::is_contained(domain.reductions, v))
        continue;
      if (axis.a == 0 && axis.b == 0)
        return failure();
      box.depth.push_back(axis);
    } else if (axis.a != 0 && axis.b == 0) {
      box.rows.push_back(axis);
    } else {
      box.outer.push_back(axis);
    }
  }
  // The innermost outer axis may continue the columns: C[m, i, j] is C[m, ij].
  if (mergeColumns && !box.outer.empty()) {
    SmallVector<DenseAxis> pair = {box.outer.back(), columns.front()};
    mergeAxes(pair);
    if (pair.size() == 1) {
      box.outer.pop_back();
      columns = pair;
    }
  }
  box.columns = columns.front();
  mergeAxes(box.rows);
  if (box.rows.empty())
    box.rows.push_back({1, 0, 0, 1});
  // Rows of tiles run along the longest axis; among equals the innermost.
  auto longest = box.rows.begin();
  for (auto it = box.rows.begin(); it != box.rows.end(); ++it)
    if (it->size >= longest->size)
      longest = it;
  DenseAxis tiled = *longest;
  box.rows.erase(longest);
  box.rows.push_back(tiled);
  auto steps = [](const DenseAxis &axis) {
    return std::pair(std::abs(axis.a), std::abs(axis.b));
  };
  llvm::stable_sort(box.depth, [&](const DenseAxis &x, const DenseAxis &y) {
    return steps(x) > steps(y);
  });
  mergeAxes(box.depth);
  return box;
}

FailureOr<DensePlan> Planner::plan() {
  if (!op.isSpecialized() || !op.getLowerBounds() || failed(matchBody()))
    return failure();
  FailureOr<LinearDomain> linear = buildLinearDomain(op);
  if (failed(linear))
    return failure();
  domain = std::move(*linear);
  result.vectorBits = vectorBits;
  if (domain.isEmpty || failed(findColumns()))
    return failure();
  FailureOr<SmallVector<VariableBox, 0>> boxes = splitIntoBoxes(domain);
  if (failed(boxes))
    return failure();
  double flops = 0;
  for (const VariableBox &ranges : *boxes) {
    FailureOr<DenseBox> box = buildBox(ranges);
    if (failed(box) || box->depth.empty())
      return failure();
    // A few dot products are a job for row reductions: packing B would cost
    // more than the work.
    if (box->rows.back().size * box->rowCombinations() < 4 &&
        box->columns.b != 1)
      return failure();
    Scheduler scheduler(*box, vectorBits,
                        result.element.getIntOrFloatBitWidth());
    scheduler.run();
    result.items += box->items;
    result.packedA = std::max(result.packedA, box->packedA());
    result.packedB = std::max(result.packedB, box->packedB());
    flops += scheduler.flops();
    result.boxes.push_back(std::move(*box));
  }
  result.workspaceBytes = (result.packedA + result.packedB) *
                          (result.element.getIntOrFloatBitWidth() / 8);
  // 20 microseconds at 50 GFLOP/s.
  constexpr double grainFlops = 1e6;
  double itemFlops = std::max(1.0, flops / result.items);
  result.grain = std::clamp<int64_t>(
      static_cast<int64_t>(grainFlops / itemFlops), 1, result.items);
  return std::move(result);
}

void Scheduler::run() {
  chooseTile();
  chooseDepth();
  choosePacking();
  chooseItems();
}

double Scheduler::flops() const {
  double flops = 2.0 * box.columns.size * box.rows.back().size *
                 box.rowCombinations() * box.depthPoints();
  for (const DenseAxis &axis : box.outer)
    flops *= axis.size;
  return flops;
}

/// Two vectors wide and as tall as registers allow; narrow matrices take one
/// vector, flat ones more. Four where a few rows are all that each row of a
/// large B is read for: fewer, longer pieces of memory.
void Scheduler::chooseTile() {
  int64_t height = box.rows.back().size;
  int64_t needed = divideCeil(box.columns.size, lanes);
  int64_t vectors = std::min<int64_t>(needed, 2);
  if (height <= accumulators / 4)
    vectors = std::min<int64_t>(
        needed, std::min<int64_t>(
                    16, llvm::bit_floor<uint64_t>(accumulators / height)));
  else if (accumulators > 12 && box.columns.b == 1 &&
           height * box.rowCombinations() <= 64 &&
           box.depth.back().b * bytes >= 1024)
    vectors = std::min<int64_t>(needed, 4);
  int64_t most = std::min<int64_t>(
      accumulators / vectors - (vectors == 1 ? 2 : 0), height);
  schedule.panel = vectors * lanes;
  schedule.tileRows = divideCeil(height, divideCeil(height, most));
}

/// Blocks of about 4 KiB a row, of equal size; up to 6 KiB stay whole.
void Scheduler::chooseDepth() {
  int64_t most = 4096 / bytes, inner = 1;
  if (box.depthPoints() <= most + most / 2)
    most = box.depthPoints();
  unsigned split = box.depth.size();
  while (split > 0 && inner * box.depth[split - 1].size <= most)
    inner *= box.depth[--split].size;
  schedule.splitDepth = split == 0 ? 0 : split - 1;
  int64_t size = box.depth[schedule.splitDepth].size;
  if (split == 0) {
    schedule.blockDepth = size;
    return;
  }
  int64_t blocks = divideCeil(size, std::max<int64_t>(1, most / inner));
  schedule.blockDepth = divideCeil(size, blocks);
}

/// B is packed where it isn't contiguous along the columns, or too large for
/// the second level of cache and used often enough. A is packed where its depth
/// isn't contiguous, or rows fall on the same sets of the first level.
void Scheduler::choosePacking() {
  int64_t height = box.rows.back().size * box.rowCombinations();
  double bytesB =
      double(box.depthPoints()) * double(box.columns.size) * double(bytes);
  schedule.packB =
      box.columns.b != 1 || (height > 64 && bytesB > double(1 << 20));
  bool wide = box.columns.size >= 4 * schedule.panel;
  bool scattered = std::abs(box.depth.back().a) != 1;
  bool conflicts =
      schedule.tileRows > 4 && (box.rows.back().a * bytes) % 2048 == 0;
  schedule.packA = wide && (scattered || conflicts);
}

int64_t Scheduler::countItems() const {
  int64_t blocks =
      box.rowCombinations() * divideCeil(box.tiles(), schedule.blockTiles);
  int64_t items = divideCeil(blocks, schedule.blocksPerItem) *
                  divideCeil(box.columns.size, schedule.blockColumns);
  for (const DenseAxis &axis : box.outer)
    items *= axis.size;
  return items;
}

/// Starts from what suits the caches and halves until there is enough for many
/// threads, as long as packing stays a small part of the work.
void Scheduler::chooseItems() {
  auto balance = [](int64_t size, int64_t most) {
    return divideCeil(size, divideCeil(size, std::max<int64_t>(most, 1)));
  };
  auto setColumns = [&](int64_t columns) {
    schedule.blockColumns =
        balance(divideCeil(box.columns.size, schedule.panel),
                columns / schedule.panel) *
        schedule.panel;
  };
  // Half of a second level of 1 MiB for the rows of A.
  int64_t rowBytes = schedule.tileRows * box.blockPoints() * bytes;
  schedule.blockTiles = balance(box.tiles(), (int64_t(1) << 19) / rowBytes);
  setColumns(std::max<int64_t>(256, schedule.panel));
  int64_t blocks =
      box.rowCombinations() * divideCeil(box.tiles(), schedule.blockTiles);
  schedule.blocksPerItem = blocks;

  int64_t wanted = std::clamp<int64_t>(flops() / 2.5e6, 1, 32);
  int64_t fewestRows = schedule.packB ? 384 : 1;
  int64_t blockRows = schedule.blockTiles * schedule.tileRows;
  while (countItems() < wanted && schedule.blocksPerItem > 1 &&
         schedule.blocksPerItem * blockRows >= 2 * fewestRows)
    schedule.blocksPerItem = divideCeil(schedule.blocksPerItem, 2);
  while (countItems() < wanted && schedule.blocksPerItem == 1 &&
         schedule.blockTiles > 1 &&
         schedule.blockTiles * schedule.tileRows >=
             2 * std::max<int64_t>(fewestRows, 2 * schedule.tileRows))
    schedule.blockTiles =
        balance(box.tiles(), divideCeil(schedule.blockTiles, 2));
  while (countItems() < wanted && schedule.blockColumns >= 2 * schedule.panel &&
         (!schedule.packA || schedule.blockColumns >= 256))
    setColumns(schedule.blockColumns / 2);
  blocks = box.rowCombinations() * divideCeil(box.tiles(), schedule.blockTiles);
  schedule.blocksPerItem = balance(blocks, schedule.blocksPerItem);
  box.items = countItems();
}

FailureOr<DensePlan> planDenseContraction(tile::ContractOp op,
                                          unsigned vectorBits,
                                          bool mergeColumns) {
  return Planner(op, vectorBits, mergeColumns).plan();
}

} // namespace polytile::cpu
