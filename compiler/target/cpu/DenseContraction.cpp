//===- DenseContraction.cpp - Loops around register tiles -----------------===//
//
// Emits what a DensePlan says. For each item of a box:
//
//   for each block of depth                      (first: tiles start from zero)
//     pack the item's columns of B               (packB)
//     for each block of rows
//       pack it, tile by tile                    (packA)
//       for each panel of columns
//         for each tile of rows
//           C[tile] += A[tile, block] * B[block, panel]
//
// All shapes are numbers: what is left over at the end of the rows, columns and
// depth has tiles of its own, and nothing is read or written out of bounds.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/DenseContraction.h"

#include "compiler/target/common/IndexMath.h"
#include "compiler/target/cpu/LowerMicroKernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::divideCeil;

namespace polytile::cpu {

using codegen::IndexMath;
namespace {

using Loop = llvm::function_ref<void(Value)>;

/// One operand of a tile: a buffer, where it starts, and a step for each
/// dimension of the tile (0: the operand doesn't have it).
struct Operand {
  Value buffer;
  Value offset;
  SmallVector<int64_t> steps;

  /// The dimensions that it has; one with contiguous elements comes last, as
  /// vector loads want it.
  SmallVector<unsigned> dimensions() const {
    SmallVector<unsigned> result;
    std::optional<unsigned> contiguous;
    for (auto [d, step] : llvm::enumerate(steps))
      if (step == 1)
        contiguous = d;
    for (auto [d, step] : llvm::enumerate(steps))
      if (step != 0 && d != contiguous)
        result.push_back(d);
    if (contiguous)
      result.push_back(*contiguous);
    return result;
  }
};

/// Where an item stands in A, B and C.
struct Position {
  Value a, b, c;
};

class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, const DensePlan &plan,
          const DenseFinish &finish)
      : builder(builder), loc(loc), math(builder, loc), plan(plan),
        finish(finish) {}

  void emit(ValueRange inputs, Value output, Value begin, Value end,
            Value workspace);

  /// Becomes failure when `finish` fails.
  LogicalResult status = success();

private:
  void emitBox(const DenseBox &box, Value item);
  void emitDepth(const DenseBox &box, unsigned axis, Position at, Value number);
  void emitBlock(const DenseBox &box, int64_t size, Position at, Value number);
  void emitRowBlock(Value block, Position at, Value number);
  void finishRows(Value begin, Value end, Position at, Value number);
  void emitPanels(llvm::function_ref<void(Value panel, int64_t width)> body);
  void emitTiles(Value begin, Value end,
                 llvm::function_ref<void(Value tile, int64_t height)> body);
  void packPanel(Value panel, int64_t width, Position at);
  void packTile(Value tile, int64_t height, Value slot, Position at);
  void emitTile(Value tile, int64_t height, Value slot, Value panel,
                int64_t width, Position at, Value number);
  void accumulate(ArrayRef<int64_t> sizes, const Operand &aTile,
                  const Operand &bTile, const Operand &cTile, Value number);
  void emitProduct(ArrayRef<int64_t> sizes, const Operand &a, const Operand &b,
                   const Operand &c, bool fromZero);
  void emitCopy(ArrayRef<int64_t> sizes, const Operand &from,
                const Operand &to);

  void loop(Value begin, Value end, Loop body);
  Value flat(Value buffer);
  Value view(const Operand &operand, ArrayRef<int64_t> sizes);
  void mark(Operation *op, StringRef name) {
    op->setAttr(name, builder.getI64IntegerAttr(plan.vectorBits));
  }
  Position move(Position at, const DenseAxis &axis, Value steps) {
    return {math.add(at.a, math.mul(steps, axis.a)),
            math.add(at.b, math.mul(steps, axis.b)),
            math.add(at.c, math.mul(steps, axis.c))};
  }
  /// The first row of a tile; the last tiles may be one row shorter.
  Value firstRow(Value tile);
  int64_t largeTiles() const;
  int64_t panelWidth(int64_t width) const {
    int64_t lanes = plan.vectorBits / plan.element.getIntOrFloatBitWidth();
    return divideCeil(width, lanes) * lanes;
  }

  OpBuilder &builder;
  Location loc;
  IndexMath math;
  const DensePlan &plan;
  const DenseFinish &finish;
  Value a, b, c, packedA, packedB;

  // The item and the block of depth that are being emitted.
  const DenseBox *box = nullptr;
  /// The axes of the block, with the block's own size.
  SmallVector<DenseAxis> depth;
  Value columnBlock, rowPart;
};

} // namespace

void Emitter::loop(Value begin, Value end, Loop body) {
  auto first = IndexMath::isConstant(begin), last = IndexMath::isConstant(end);
  if (first && last && *last - *first <= 1) {
    if (*last > *first)
      body(begin);
    return;
  }
  auto op = builder.create<scf::ForOp>(loc, begin, end, math.constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

/// A dense memref as one dimension.
Value Emitter::flat(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  int64_t size = type.getNumElements();
  return builder.create<memref::ReinterpretCastOp>(
      loc, MemRefType::get({size}, type.getElementType()), buffer, 0,
      ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1});
}

/// The strided memref of `operand` over the dimensions that it has.
Value Emitter::view(const Operand &operand, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> shape, strides;
  for (unsigned d : operand.dimensions()) {
    shape.push_back(sizes[d]);
    strides.push_back(operand.steps[d]);
  }
  auto layout = StridedLayoutAttr::get(builder.getContext(),
                                       ShapedType::kDynamic, strides);
  auto type = MemRefType::get(shape, plan.element, layout);
  auto attributes = [&](ArrayRef<int64_t> values) {
    return llvm::map_to_vector(values, [&](int64_t value) -> OpFoldResult {
      return builder.getIndexAttr(value);
    });
  };
  return builder.create<memref::ReinterpretCastOp>(
      loc, type, operand.buffer, OpFoldResult(operand.offset),
      attributes(shape), attributes(strides));
}

static AffineMap mapOf(const Operand &operand, MLIRContext *context) {
  SmallVector<AffineExpr> results;
  for (unsigned d : operand.dimensions())
    results.push_back(getAffineDimExpr(d, context));
  return AffineMap::get(operand.steps.size(), 0, results, context);
}

/// Dimensions: row, depth..., column.
void Emitter::emitProduct(ArrayRef<int64_t> sizes, const Operand &aTile,
                          const Operand &bTile, const Operand &cTile,
                          bool fromZero) {
  MLIRContext *context = builder.getContext();
  Value target = view(cTile, sizes);
  if (fromZero) {
    Value zero = builder.create<arith::ConstantOp>(
        loc, builder.getZeroAttr(plan.element));
    builder.create<linalg::FillOp>(loc, zero, target);
  }
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::reduction);
  iterators.front() = iterators.back() = utils::IteratorType::parallel;
  auto generic = builder.create<linalg::GenericOp>(
      loc, ValueRange{view(aTile, sizes), view(bTile, sizes)},
      ValueRange{target},
      ArrayRef<AffineMap>{mapOf(aTile, context), mapOf(bTile, context),
                          mapOf(cTile, context)},
      iterators, [](OpBuilder &nested, Location at, ValueRange args) {
        Value product = nested.create<arith::MulFOp>(at, args[0], args[1]);
        Value sum = nested.create<arith::AddFOp>(at, args[2], product);
        nested.create<linalg::YieldOp>(at, sum);
      });
  mark(generic, kMicroKernelAttr);
}

void Emitter::emitCopy(ArrayRef<int64_t> sizes, const Operand &from,
                       const Operand &to) {
  MLIRContext *context = builder.getContext();
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::parallel);
  auto generic = builder.create<linalg::GenericOp>(
      loc, ValueRange{view(from, sizes)}, ValueRange{view(to, sizes)},
      ArrayRef<AffineMap>{mapOf(from, context), mapOf(to, context)}, iterators,
      [](OpBuilder &nested, Location at, ValueRange args) {
        nested.create<linalg::YieldOp>(at, args[0]);
      });
  mark(generic, kPackAttr);
}

int64_t Emitter::largeTiles() const {
  return box->rows.back().size - box->tiles() * (box->schedule.tileRows - 1);
}

/// 40 rows in tiles of 14, 13 and 13 start at 0, 14 and 27: 13 * tile +
/// min(tile, 1).
Value Emitter::firstRow(Value tile) {
  int64_t large = largeTiles(), height = box->schedule.tileRows;
  if (large == box->tiles())
    return math.mul(tile, height);
  return math.add(math.mul(tile, height - 1),
                  math.min(tile, math.constant(large)));
}

/// Tiles [begin, end): the large ones, then those that are a row shorter.
void Emitter::emitTiles(Value begin, Value end,
                        llvm::function_ref<void(Value, int64_t)> body) {
  int64_t large = largeTiles(), height = box->schedule.tileRows;
  if (large == box->tiles())
    return loop(begin, end, [&](Value tile) { body(tile, height); });
  Value border = math.constant(large);
  loop(begin, math.min(end, border), [&](Value tile) { body(tile, height); });
  loop(math.max(begin, border), end,
       [&](Value tile) { body(tile, height - 1); });
}

/// The panels of the item's columns; the last of the last item may be narrow.
void Emitter::emitPanels(llvm::function_ref<void(Value, int64_t)> body) {
  const DenseSchedule &schedule = box->schedule;
  int64_t columns = box->columns.size;
  int64_t whole = columns / schedule.panel, rest = columns % schedule.panel;
  int64_t perItem = schedule.blockColumns / schedule.panel;
  Value before = math.mul(columnBlock, perItem);
  Value count =
      math.min(math.constant(perItem), math.sub(math.constant(whole), before));
  loop(math.constant(0), count,
       [&](Value panel) { body(panel, schedule.panel); });
  if (rest == 0)
    return;
  int64_t lastBlock = (columns - 1) / schedule.blockColumns;
  Value panel = math.constant(whole - lastBlock * perItem);
  if (auto block = IndexMath::isConstant(columnBlock)) {
    if (*block == lastBlock)
      body(panel, rest);
    return;
  }
  Value isLast = math.equal(columnBlock, math.constant(lastBlock));
  auto branch = builder.create<scf::IfOp>(loc, isLast, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body(panel, rest);
}

/// Packs B[depth..., panel] row by row, each as wide as its vectors.
void Emitter::packPanel(Value panel, int64_t width, Position at) {
  SmallVector<int64_t> sizes;
  Operand from{
      b,
      math.add(at.b, math.mul(panel, box->schedule.panel * box->columns.b)),
      {}};
  int64_t points = 1;
  for (const DenseAxis &axis : depth)
    points *= axis.size;
  Operand to{packedB, math.mul(panel, box->schedule.panel * points), {}};
  int64_t step = panelWidth(width) * points;
  for (const DenseAxis &axis : depth) {
    sizes.push_back(axis.size);
    from.steps.push_back(axis.b);
    to.steps.push_back(step /= axis.size);
  }
  sizes.push_back(width);
  from.steps.push_back(box->columns.b);
  to.steps.push_back(1);
  emitCopy(sizes, from, to);
}

/// Packs the rows of a tile of A one after the other.
void Emitter::packTile(Value tile, int64_t height, Value slot, Position at) {
  SmallVector<int64_t> sizes = {height};
  const DenseAxis &rows = box->rows.back();
  int64_t row = box->packedRow();
  Operand from{a, math.add(at.a, math.mul(firstRow(tile), rows.a)), {rows.a}};
  Operand to{packedA, math.mul(slot, box->schedule.tileRows * row), {row}};
  int64_t step = 1;
  for (const DenseAxis &axis : depth)
    step *= axis.size;
  for (const DenseAxis &axis : depth) {
    sizes.push_back(axis.size);
    from.steps.push_back(axis.a);
    to.steps.push_back(step /= axis.size);
  }
  emitCopy(sizes, from, to);
}

/// One register tile.
void Emitter::emitTile(Value tile, int64_t height, Value slot, Value panel,
                       int64_t width, Position at, Value number) {
  const DenseSchedule &schedule = box->schedule;
  const DenseAxis &rows = box->rows.back();
  Value row = firstRow(tile);
  SmallVector<int64_t> sizes = {height};
  int64_t points = 1;
  for (const DenseAxis &axis : depth)
    points *= axis.size;
  Operand aTile{a, math.add(at.a, math.mul(row, rows.a)), {rows.a}};
  Operand bTile{
      b, math.add(at.b, math.mul(panel, schedule.panel * box->columns.b)), {0}};
  if (schedule.packA)
    aTile = {packedA,
             math.mul(slot, schedule.tileRows * box->packedRow()),
             {box->packedRow()}};
  if (schedule.packB)
    bTile = {packedB, math.mul(panel, schedule.panel * points), {0}};
  int64_t aStep = points, bStep = points * panelWidth(width);
  for (const DenseAxis &axis : depth) {
    sizes.push_back(axis.size);
    aTile.steps.push_back(schedule.packA ? aStep /= axis.size : axis.a);
    bTile.steps.push_back(schedule.packB ? bStep /= axis.size : axis.b);
  }
  sizes.push_back(width);
  aTile.steps.push_back(0);
  bTile.steps.push_back(schedule.packB ? 1 : box->columns.b);
  Operand cTile{c,
                math.add(math.add(at.c, math.mul(row, rows.c)),
                         math.mul(panel, schedule.panel)),
                {std::max<int64_t>(rows.c, 1)}};
  cTile.steps.append(depth.size(), 0);
  cTile.steps.push_back(1);
  accumulate(sizes, aTile, bTile, cTile, number);
}

/// The product starts from zero in the first block of depth.
void Emitter::accumulate(ArrayRef<int64_t> sizes, const Operand &aTile,
                         const Operand &bTile, const Operand &cTile,
                         Value number) {
  if (!number)
    return emitProduct(sizes, aTile, bTile, cTile, /*fromZero=*/true);
  if (auto known = IndexMath::isConstant(number))
    return emitProduct(sizes, aTile, bTile, cTile, *known == 0);
  Value isFirst = math.equal(number, math.constant(0));
  auto branch = builder.create<scf::IfOp>(loc, isFirst, /*withElse=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitProduct(sizes, aTile, bTile, cTile, /*fromZero=*/true);
  builder.setInsertionPointToStart(branch.elseBlock());
  emitProduct(sizes, aTile, bTile, cTile, /*fromZero=*/false);
}

/// A block of rows: some combination of the outer row axes, and tiles of the
/// last.
void Emitter::emitRowBlock(Value block, Position at, Value number) {
  const DenseSchedule &schedule = box->schedule;
  int64_t tiles = box->tiles();
  int64_t blocks = divideCeil(tiles, schedule.blockTiles);
  Value combination = math.div(block, blocks);
  SmallVector<int64_t> shape;
  for (const DenseAxis &axis : ArrayRef(box->rows).drop_back())
    shape.push_back(axis.size);
  if (!shape.empty())
    for (auto [index, axis] :
         llvm::zip(math.delinearize(combination, shape), box->rows))
      at = move(at, axis, index);
  Value begin = math.mul(math.mod(block, blocks), schedule.blockTiles);
  Value end = math.add(begin, schedule.blockTiles);
  if (tiles % schedule.blockTiles != 0)
    end = math.min(end, math.constant(tiles));
  auto slot = [&](Value tile) { return math.sub(tile, begin); };
  if (schedule.packA)
    emitTiles(begin, end, [&](Value tile, int64_t height) {
      packTile(tile, height, slot(tile), at);
    });
  emitPanels([&](Value panel, int64_t width) {
    emitTiles(begin, end, [&](Value tile, int64_t height) {
      emitTile(tile, height, slot(tile), panel, width, at, number);
    });
  });
  if (finish)
    finishRows(begin, end, at, number);
}

/// What follows from the rows of tiles [begin, end), after the last block of
/// depth.
void Emitter::finishRows(Value begin, Value end, Position at, Value number) {
  OpBuilder::InsertionGuard guard(builder);
  if (number) {
    Value isLast = math.equal(number, math.constant(box->depthBlocks() - 1));
    auto branch = builder.create<scf::IfOp>(loc, isLast, /*withElse=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
  }
  int64_t columns = box->columns.size;
  int64_t perItem = box->schedule.blockColumns;
  Value width = math.min(
      math.constant(perItem),
      math.sub(math.constant(columns), math.mul(columnBlock, perItem)));
  const DenseAxis &rows = box->rows.back();
  loop(firstRow(begin), firstRow(end), [&](Value row) {
    Value position = math.add(at.c, math.mul(row, rows.c));
    if (failed(finish(position, width)))
      status = failure();
  });
}

/// One block of depth, `size` steps of the split axis.
void Emitter::emitBlock(const DenseBox &current, int64_t size, Position at,
                        Value number) {
  const DenseSchedule &schedule = current.schedule;
  depth.assign(current.depth.begin() + schedule.splitDepth,
               current.depth.end());
  depth.front().size = size;
  if (schedule.packB)
    emitPanels(
        [&](Value panel, int64_t width) { packPanel(panel, width, at); });
  int64_t blocks = current.rowCombinations() *
                   divideCeil(current.tiles(), schedule.blockTiles);
  Value begin = math.mul(rowPart, schedule.blocksPerItem);
  Value end = math.add(begin, schedule.blocksPerItem);
  if (blocks % schedule.blocksPerItem != 0)
    end = math.min(end, math.constant(blocks));
  loop(begin, end, [&](Value block) { emitRowBlock(block, at, number); });
}

/// The loops over blocks of depth; `number` counts them, and is null while
/// there is one only.
void Emitter::emitDepth(const DenseBox &current, unsigned axis, Position at,
                        Value number) {
  const DenseSchedule &schedule = current.schedule;
  const DenseAxis &split = current.depth[axis];
  auto counted = [&](Value step, int64_t steps) {
    return number ? math.add(math.mul(number, steps), step) : step;
  };
  if (axis < schedule.splitDepth)
    return loop(math.constant(0), math.constant(split.size), [&](Value step) {
      emitDepth(current, axis + 1, move(at, split, step),
                counted(step, split.size));
    });
  if (split.size == schedule.blockDepth)
    return emitBlock(current, split.size, at, number);
  int64_t whole = split.size / schedule.blockDepth;
  int64_t blocks = divideCeil(split.size, schedule.blockDepth);
  loop(math.constant(0), math.constant(whole), [&](Value block) {
    Value step = math.mul(block, schedule.blockDepth);
    emitBlock(current, schedule.blockDepth, move(at, split, step),
              counted(block, blocks));
  });
  if (int64_t rest = split.size % schedule.blockDepth)
    emitBlock(current, rest,
              move(at, split, math.constant(whole * schedule.blockDepth)),
              counted(math.constant(whole), blocks));
}

/// item = ((outer..., block of columns), part of the rows).
void Emitter::emitBox(const DenseBox &current, Value item) {
  box = &current;
  const DenseSchedule &schedule = current.schedule;
  int64_t blocks = current.rowCombinations() *
                   divideCeil(current.tiles(), schedule.blockTiles);
  SmallVector<int64_t> shape;
  for (const DenseAxis &axis : current.outer)
    shape.push_back(axis.size);
  shape.push_back(divideCeil(current.columns.size, schedule.blockColumns));
  shape.push_back(divideCeil(blocks, schedule.blocksPerItem));
  SmallVector<Value> indices;
  for (auto [index, size] : llvm::zip(math.delinearize(item, shape), shape))
    indices.push_back(size == 1 ? math.constant(0) : index);
  Position at{math.constant(current.aBase), math.constant(current.bBase),
              math.constant(current.cBase)};
  for (auto [axis, index] : llvm::zip(current.outer, indices))
    at = move(at, axis, index);
  columnBlock = indices[indices.size() - 2];
  rowPart = indices.back();
  at = move(at, current.columns, math.mul(columnBlock, schedule.blockColumns));
  emitDepth(current, 0, at, Value());
}

void Emitter::emit(ValueRange inputs, Value output, Value begin, Value end,
                   Value workspace) {
  a = flat(inputs[plan.aInput]);
  b = flat(inputs[plan.bInput]);
  c = flat(output);
  int64_t bytes = plan.element.getIntOrFloatBitWidth() / 8;
  auto carve = [&](int64_t elements, int64_t offset) -> Value {
    if (elements == 0)
      return {};
    return builder.create<memref::ViewOp>(
        loc, MemRefType::get({elements}, plan.element), workspace,
        math.constant(offset * bytes), ValueRange{});
  };
  packedB = carve(plan.packedB, 0);
  packedA = carve(plan.packedA, plan.packedB);
  loop(begin, end, [&](Value item) {
    // A chain of ifs over the boxes; the insertion point ends inside it.
    OpBuilder::InsertionGuard guard(builder);
    Value local = item;
    for (const DenseBox &each : plan.boxes) {
      if (&each == &plan.boxes.back()) {
        emitBox(each, local);
        continue;
      }
      Value inside = math.less(local, math.constant(each.items));
      auto branch = builder.create<scf::IfOp>(loc, inside, /*withElse=*/true);
      builder.setInsertionPointToStart(branch.thenBlock());
      emitBox(each, local);
      builder.setInsertionPointToStart(branch.elseBlock());
      local = math.sub(local, math.constant(each.items));
    }
  });
}

LogicalResult emitDenseContraction(OpBuilder &builder, Location loc,
                                   const DensePlan &plan, ValueRange inputs,
                                   Value output, Value begin, Value end,
                                   Value workspace, const DenseFinish &finish) {
  if (inputs.size() != 2)
    return emitError(loc, "a dense contraction has two inputs");
  Emitter emitter(builder, loc, plan, finish);
  emitter.emit(inputs, output, begin, end, workspace);
  return emitter.status;
}

} // namespace polytile::cpu
