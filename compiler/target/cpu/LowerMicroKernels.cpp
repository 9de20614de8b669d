//===- LowerMicroKernels.cpp - The pass cpu-lower-micro-kernels -----------===//
//
// A register tile, C[m, n] += A[m, k...] * B[k..., n], becomes a function of
// its own that all tiles of its shape share (inlined, its accumulators would
// compete for registers with the loops around it):
//
//   acc[m][v] = 0
//   for k...                                   scf.for, acc as iter_args
//     b[v] = vector.load B[k..., v * lanes]
//     for each m (unrolled)
//       x = vector.splat (memref.load A[m, k...])
//       acc[m][v] = vector.fma x, b[v], acc[m][v]
//   C[m, v * lanes] = acc[m][v], or += where the tile doesn't start from zero
//
// What is left of the columns after whole vectors is loaded and stored masked.
//
// A copy becomes, likewise, a function: vector copies where both sides are
// contiguous in one dimension; where they are in different ones, blocks of
// lanes x lanes are transposed in registers; else a scalar loop nest.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/LowerMicroKernels.h"

#include "compiler/target/cpu/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace polytile::cpu {

#define GEN_PASS_DEF_CPULOWERMICROKERNELS
#include "compiler/target/cpu/Passes.h.inc"

namespace {

int64_t bitsOf(Type element) { return element.getIntOrFloatBitWidth(); }

/// What tiles and copies have in common: loops, vectors, masks.
class VectorEmitter {
public:
  VectorEmitter(OpBuilder &builder, Location loc, Type element,
                unsigned vectorBits)
      : builder(builder), loc(loc),
        lanes(vectorBits / element.getIntOrFloatBitWidth()), element(element),
        vector(VectorType::get({lanes}, element)) {}

  OpBuilder &builder;
  Location loc;
  int64_t lanes;
  Type element;
  VectorType vector;

  Value index(int64_t value) {
    Value &known = constants[{builder.getInsertionBlock(), value}];
    if (!known)
      known = builder.create<arith::ConstantIndexOp>(loc, value);
    return known;
  }
  Value zero() {
    return builder.create<arith::ConstantOp>(loc, builder.getZeroAttr(vector));
  }
  Value mask(int64_t valid) {
    auto type = VectorType::get({lanes}, builder.getI1Type());
    SmallVector<bool> bits(lanes, false);
    std::fill_n(bits.begin(), valid, true);
    return builder.create<arith::ConstantOp>(
        loc, DenseElementsAttr::get(type, bits));
  }
  /// Lanes from `valid` on are zero, and not read.
  Value load(Value buffer, ValueRange indices, int64_t valid) {
    if (valid >= lanes)
      return builder.create<vector::LoadOp>(loc, vector, buffer, indices);
    return builder.create<vector::MaskedLoadOp>(loc, vector, buffer, indices,
                                                mask(valid), zero());
  }
  void store(Value value, Value buffer, ValueRange indices, int64_t valid) {
    if (valid >= lanes)
      builder.create<vector::StoreOp>(loc, value, buffer, indices);
    else
      builder.create<vector::MaskedStoreOp>(loc, buffer, indices, mask(valid),
                                            value);
  }
  /// An scf.for from 0 to `size` that leaves the builder inside its body.
  Value enterLoop(int64_t size, int64_t step = 1) {
    auto loop =
        builder.create<scf::ForOp>(loc, index(0), index(size), index(step));
    builder.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  }
  Value add(Value base, int64_t offset) {
    return offset == 0
               ? base
               : builder.create<arith::AddIOp>(loc, base, index(offset));
  }

private:
  /// Constants by block: shared inside one, and always above their uses.
  llvm::DenseMap<std::pair<Block *, int64_t>, Value> constants;
};

/// The body of a register tile's function.
class TileEmitter {
public:
  TileEmitter(VectorEmitter &emit, linalg::GenericOp tile,
              ArrayRef<Value> arguments, bool fromZero, bool fuse)
      : emit(emit), builder(emit.builder), loc(emit.loc),
        maps(tile.getIndexingMapsArray()), sizes(tile.getStaticLoopRanges()),
        a(arguments[0]), b(arguments[1]), c(arguments[2]), fromZero(fromZero),
        fuse(fuse), rows(sizes.front()),
        vectors((sizes.back() + emit.lanes - 1) / emit.lanes) {}

  void run();

private:
  SmallVector<Value> reduce(unsigned dimension, SmallVector<Value> &indices,
                            SmallVector<Value> accumulators);
  SmallVector<Value> multiply(SmallVector<Value> &indices,
                              SmallVector<Value> accumulators);
  SmallVector<Value> select(AffineMap map, ArrayRef<Value> indices) {
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
      return indices[cast<AffineDimExpr>(expr).getPosition()];
    });
  }
  int64_t strideOfB() const;
  void prefetchColumns(ArrayRef<Value> indices);
  int64_t validLanes(int64_t v) { return sizes.back() - v * emit.lanes; }

  VectorEmitter &emit;
  OpBuilder &builder;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> sizes;
  Value a, b, c;
  bool fromZero, fuse;
  int64_t rows, vectors;
};

} // namespace

/// How far a step of the innermost depth moves in B.
int64_t TileEmitter::strideOfB() const {
  auto [strides, offset] = getStridesAndOffset(cast<MemRefType>(b.getType()));
  for (auto [result, stride] : llvm::zip(maps[1].getResults(), strides))
    if (cast<AffineDimExpr>(result).getPosition() == sizes.size() - 2)
      return stride;
  return 0;
}

/// Rows of B that are far apart are beyond what the hardware foresees: asks for
/// those that are needed some 200 cycles later. Past the end that is harmless.
void TileEmitter::prefetchColumns(ArrayRef<Value> indices) {
  int64_t perCycle = emit.lanes * bitsOf(emit.element) < 512 ? 2 : 1;
  int64_t stepsAhead = std::max<int64_t>(8, 200 * perCycle / (rows * vectors));
  SmallVector<Value> ahead(indices);
  Value &step = ahead[ahead.size() - 2];
  step = emit.add(step, stepsAhead);
  for (int64_t v = 0; v != vectors; ++v) {
    ahead.back() = emit.index(v * emit.lanes);
    builder.create<memref::PrefetchOp>(loc, b, select(maps[1], ahead),
                                       /*isWrite=*/false, /*localityHint=*/3,
                                       /*isDataCache=*/true);
  }
}

SmallVector<Value> TileEmitter::multiply(SmallVector<Value> &indices,
                                         SmallVector<Value> accumulators) {
  SmallVector<Value> columns;
  if (strideOfB() * bitsOf(emit.element) >= 8 * 1024)
    prefetchColumns(indices);
  for (int64_t v = 0; v != vectors; ++v) {
    indices.back() = emit.index(v * emit.lanes);
    columns.push_back(emit.load(b, select(maps[1], indices), validLanes(v)));
  }
  for (int64_t m = 0; m != rows; ++m) {
    indices.front() = emit.index(m);
    Value scalar =
        builder.create<memref::LoadOp>(loc, a, select(maps[0], indices));
    Value row = builder.create<vector::SplatOp>(loc, emit.vector, scalar);
    for (int64_t v = 0; v != vectors; ++v) {
      Value &sum = accumulators[m * vectors + v];
      if (fuse)
        sum = builder.create<vector::FMAOp>(loc, row, columns[v], sum);
      else
        sum = builder.create<arith::AddFOp>(
            loc, sum, builder.create<arith::MulFOp>(loc, row, columns[v]));
    }
  }
  return accumulators;
}

SmallVector<Value> TileEmitter::reduce(unsigned dimension,
                                       SmallVector<Value> &indices,
                                       SmallVector<Value> accumulators) {
  if (dimension + 1 == sizes.size())
    return multiply(indices, std::move(accumulators));
  if (sizes[dimension] == 1) {
    indices[dimension] = emit.index(0);
    return reduce(dimension + 1, indices, std::move(accumulators));
  }
  auto loop = builder.create<scf::ForOp>(loc, emit.index(0),
                                         emit.index(sizes[dimension]),
                                         emit.index(1), accumulators);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  indices[dimension] = loop.getInductionVar();
  SmallVector<Value> inner(loop.getRegionIterArgs());
  SmallVector<Value> sums = reduce(dimension + 1, indices, std::move(inner));
  builder.create<scf::YieldOp>(loc, sums);
  return SmallVector<Value>(loop.getResults());
}

void TileEmitter::run() {
  SmallVector<Value> indices(sizes.size());
  auto forEach = [&](llvm::function_ref<void(int64_t, int64_t)> body) {
    for (int64_t m = 0; m != rows; ++m)
      for (int64_t v = 0; v != vectors; ++v) {
        indices.front() = emit.index(m);
        indices.back() = emit.index(v * emit.lanes);
        body(m, v);
      }
  };
  // C is on its way while the products are computed.
  forEach([&](int64_t, int64_t) {
    builder.create<memref::PrefetchOp>(loc, c, select(maps[2], indices),
                                       /*isWrite=*/true, /*localityHint=*/3,
                                       /*isDataCache=*/true);
  });
  SmallVector<Value> accumulators(rows * vectors, emit.zero());
  SmallVector<Value> sums = reduce(1, indices, std::move(accumulators));
  forEach([&](int64_t m, int64_t v) {
    SmallVector<Value> place = select(maps[2], indices);
    Value sum = sums[m * vectors + v];
    if (!fromZero)
      sum = builder.create<arith::AddFOp>(
          loc, emit.load(c, place, validLanes(v)), sum);
    emit.store(sum, c, place, validLanes(v));
  });
}

namespace {

/// The body of a copy.
class CopyEmitter {
public:
  CopyEmitter(VectorEmitter &emit, linalg::GenericOp copy,
              ArrayRef<Value> arguments)
      : emit(emit), builder(emit.builder), loc(emit.loc),
        maps(copy.getIndexingMapsArray()), sizes(copy.getStaticLoopRanges()),
        from(arguments[0]), to(arguments[1]) {}

  void run();

private:
  void copyRows();
  void transposeBlocks(unsigned across);
  void transposeBlock(unsigned across, Value first, int64_t count, Value start,
                      int64_t width);
  /// Calls body on blocks of at most `step` indices of a dimension: in a loop
  /// where there are many.
  void forBlocks(int64_t size, int64_t step,
                 llvm::function_ref<void(Value, int64_t)> body);
  void enterOthers(ArrayRef<unsigned> without);
  SmallVector<Value> select(AffineMap map) {
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
      return indices[cast<AffineDimExpr>(expr).getPosition()];
    });
  }

  VectorEmitter &emit;
  OpBuilder &builder;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> sizes;
  Value from, to;
  SmallVector<Value> indices;
};

} // namespace

void CopyEmitter::forBlocks(int64_t size, int64_t step,
                            llvm::function_ref<void(Value, int64_t)> body) {
  int64_t whole = size / step;
  if (whole > 2) {
    OpBuilder::InsertionGuard guard(builder);
    Value start = emit.enterLoop(whole * step, step);
    body(start, step);
  } else {
    for (int64_t i = 0; i != whole; ++i)
      body(emit.index(i * step), step);
  }
  if (size % step != 0)
    body(emit.index(whole * step), size % step);
}

/// Loops over all dimensions but `without`; the builder ends inside them.
void CopyEmitter::enterOthers(ArrayRef<unsigned> without) {
  indices.assign(sizes.size(), Value());
  for (auto [d, size] : llvm::enumerate(sizes))
    if (!llvm::is_contained(without, d))
      indices[d] = size == 1 ? emit.index(0) : emit.enterLoop(size);
}

void CopyEmitter::copyRows() {
  unsigned last = sizes.size() - 1;
  enterOthers(last);
  forBlocks(sizes[last], emit.lanes, [&](Value start, int64_t valid) {
    indices[last] = start;
    Value row = emit.load(from, select(maps[0]), valid);
    emit.store(row, to, select(maps[1]), valid);
  });
}

/// Interleaves in units of `unit` elements: within each group of `group`
/// elements the low (or high) half of x and y, a unit of each in turn.
static Value interleave(VectorEmitter &emit, Value x, Value y, int64_t group,
                        int64_t unit, bool high) {
  SmallVector<int64_t> order;
  for (int64_t base = 0; base != emit.lanes; base += group)
    for (int64_t i = 0; i != group / 2; i += unit)
      for (int64_t side : {int64_t(0), emit.lanes})
        for (int64_t e = 0; e != unit; ++e)
          order.push_back(side + base + (high ? group / 2 : 0) + i + e);
  return emit.builder.create<vector::ShuffleOp>(emit.loc, x, y, order);
}

/// Transposes lanes x lanes elements. First inside the 128-bit parts of a
/// register, where shuffles are cheap; for four elements a part:
///   rows a b c d ==> unit 1: a0 b0 a1 b1 | a2 b2 a3 b3 | c0 d0 c1 d1 | ...
///                ==> unit 2: a0 b0 c0 d0 | a1 b1 c1 d1 | ...
/// then the parts themselves, in the same way over the whole register.
static void transpose(VectorEmitter &emit, SmallVectorImpl<Value> &rows) {
  int64_t lanes = emit.lanes;
  int64_t part = 128 / emit.element.getIntOrFloatBitWidth();
  // rows[g * part + j] holds column j of each part, of rows g * part and on.
  for (int64_t g = 0; g != lanes; g += part) {
    for (int64_t unit = 1; unit != part; unit *= 2) {
      SmallVector<Value> next(part);
      for (int64_t base = 0; base != part; base += 2 * unit)
        for (int64_t i = 0; i != unit; ++i) {
          Value x = rows[g + base + i], y = rows[g + base + unit + i];
          next[base + 2 * i] = interleave(emit, x, y, part, unit, false);
          next[base + 2 * i + 1] = interleave(emit, x, y, part, unit, true);
        }
      std::copy(next.begin(), next.end(), rows.begin() + g);
    }
  }
  int64_t parts = lanes / part;
  for (int64_t unit = 1; unit != parts; unit *= 2) {
    SmallVector<Value> next(lanes);
    for (int64_t base = 0; base != parts; base += 2 * unit)
      for (int64_t i = 0; i != unit; ++i)
        for (int64_t j = 0; j != part; ++j) {
          Value x = rows[(base + i) * part + j];
          Value y = rows[(base + unit + i) * part + j];
          next[(base + 2 * i) * part + j] =
              interleave(emit, x, y, lanes, unit * part, false);
          next[(base + 2 * i + 1) * part + j] =
              interleave(emit, x, y, lanes, unit * part, true);
        }
    rows = next;
  }
}

/// `count` vectors along `across`, read at indices first... of the last
/// dimension, become `width` vectors along the last dimension.
void CopyEmitter::transposeBlock(unsigned across, Value first, int64_t count,
                                 Value start, int64_t width) {
  unsigned last = sizes.size() - 1;
  SmallVector<Value> rows;
  indices[across] = start;
  for (int64_t i = 0; i != emit.lanes; ++i) {
    if (i >= count) {
      rows.push_back(emit.zero());
      continue;
    }
    indices[last] = emit.add(first, i);
    rows.push_back(emit.load(from, select(maps[0]), width));
  }
  transpose(emit, rows);
  indices[last] = first;
  for (int64_t i = 0; i != width; ++i) {
    indices[across] = emit.add(start, i);
    emit.store(rows[i], to, select(maps[1]), count);
  }
}

void CopyEmitter::transposeBlocks(unsigned across) {
  unsigned last = sizes.size() - 1;
  enterOthers({across, last});
  forBlocks(sizes[across], emit.lanes, [&](Value start, int64_t width) {
    forBlocks(sizes[last], emit.lanes, [&](Value first, int64_t count) {
      transposeBlock(across, first, count, start, width);
    });
  });
}

void CopyEmitter::run() {
  OpBuilder::InsertionGuard guard(builder);
  auto contiguous = [](Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    auto [strides, offset] = getStridesAndOffset(type);
    return !strides.empty() && strides.back() == 1;
  };
  auto lastDimension = [](AffineMap map) {
    return cast<AffineDimExpr>(map.getResults().back()).getPosition();
  };
  unsigned last = sizes.size() - 1;
  if (contiguous(from) && contiguous(to) && lastDimension(maps[1]) == last) {
    unsigned across = lastDimension(maps[0]);
    return across == last ? copyRows() : transposeBlocks(across);
  }
  enterOthers({});
  Value element = builder.create<memref::LoadOp>(loc, from, select(maps[0]));
  builder.create<memref::StoreOp>(loc, element, to, select(maps[1]));
}

namespace {

/// Lowers the tagged operations of a module to calls of functions, which
/// operations of one shape share.
class Lowering {
public:
  explicit Lowering(ModuleOp module) : module(module) {}

  LogicalResult run();

private:
  LogicalResult lower(linalg::GenericOp op, bool isTile);
  func::FuncOp functionFor(linalg::GenericOp op, bool isTile, bool fromZero,
                           ArrayRef<memref::ReinterpretCastOp> views);

  ModuleOp module;
  llvm::StringMap<func::FuncOp> functions;
};

} // namespace

/// The fill that clears `tile`'s output right before it, or null.
static linalg::FillOp fillBefore(linalg::GenericOp tile) {
  for (Operation *before = tile->getPrevNode(); before;
       before = before->getPrevNode()) {
    auto fill = dyn_cast<linalg::FillOp>(before);
    if (fill && fill.getOutputs()[0] == tile.getDpsInits()[0])
      return fill;
    if (!isMemoryEffectFree(before))
      return nullptr;
  }
  return nullptr;
}

/// Takes each operand as a flat buffer and an offset: as pointers without
/// descriptors few registers carry them, whatever the convention for calls.
func::FuncOp Lowering::functionFor(linalg::GenericOp op, bool isTile,
                                   bool fromZero,
                                   ArrayRef<memref::ReinterpretCastOp> views) {
  int64_t bits =
      cast<IntegerAttr>(op->getAttr(isTile ? kMicroKernelAttr : kPackAttr))
          .getInt();
  std::string key;
  llvm::raw_string_ostream text(key);
  for (memref::ReinterpretCastOp view : views)
    text << view.getSource().getType() << view.getType();
  text << op.getIndexingMaps() << isTile << fromZero << bits;
  func::FuncOp &function = functions[text.str()];
  if (function)
    return function;

  MLIRContext *context = module.getContext();
  Location loc = op.getLoc();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  std::string name =
      llvm::formatv("{0}_{1}_{2}x{3}", isTile ? "micro_kernel" : "pack",
                    functions.size(), sizes.front(), sizes.back());
  SmallVector<Type> types;
  for (memref::ReinterpretCastOp view : views)
    types.append({view.getSource().getType(), builder.getIndexType()});
  function = builder.create<func::FuncOp>(loc, name,
                                          builder.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("passthrough", builder.getStrArrayAttr(
                                       {"noinline", "polytile-scheduled"}));
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  SmallVector<Value> operands;
  for (size_t i = 0; i < views.size(); ++i) {
    memref::ReinterpretCastOp view = views[i];
    operands.push_back(builder.create<memref::ReinterpretCastOp>(
        loc, view.getType(), entry->getArgument(2 * i),
        OpFoldResult(entry->getArgument(2 * i + 1)), view.getMixedSizes(),
        view.getMixedStrides()));
  }
  Type element =
      cast<MemRefType>(op.getDpsInits()[0].getType()).getElementType();
  VectorEmitter emit(builder, loc, element, bits);
  // Vectors of 128 bits are for machines without fused multiply-add.
  if (isTile)
    TileEmitter(emit, op, operands, fromZero, /*fuse=*/bits > 128).run();
  else
    CopyEmitter(emit, op, operands).run();
  builder.setInsertionPointToEnd(entry);
  builder.create<func::ReturnOp>(loc);
  return function;
}

LogicalResult Lowering::lower(linalg::GenericOp op, bool isTile) {
  if (llvm::any_of(op.getStaticLoopRanges(), ShapedType::isDynamic))
    return op.emitOpError("is tagged for the vector lowering but has a size "
                          "that isn't static");
  OpBuilder builder(op);
  SmallVector<memref::ReinterpretCastOp> views;
  SmallVector<Value> arguments;
  for (Value operand : op->getOperands()) {
    auto view = operand.getDefiningOp<memref::ReinterpretCastOp>();
    if (!view || view.getOffsets().size() != 1)
      return op.emitOpError("is tagged for the vector lowering but has an "
                            "operand that is no memref.reinterpret_cast");
    views.push_back(view);
    arguments.append({view.getSource(), view.getOffsets()[0]});
  }
  linalg::FillOp fill = isTile ? fillBefore(op) : nullptr;
  func::FuncOp function = functionFor(op, isTile, fill != nullptr, views);
  builder.create<func::CallOp>(op.getLoc(), function, arguments);
  op.erase();
  if (fill)
    fill.erase();
  for (memref::ReinterpretCastOp view : views)
    if (view->use_empty())
      view.erase();
  return success();
}

LogicalResult Lowering::run() {
  SmallVector<linalg::GenericOp> tagged;
  module.walk([&](linalg::GenericOp op) {
    if (op->hasAttr(kMicroKernelAttr) || op->hasAttr(kPackAttr))
      tagged.push_back(op);
  });
  for (linalg::GenericOp op : tagged)
    if (failed(lower(op, op->hasAttr(kMicroKernelAttr))))
      return failure();
  return success();
}

namespace {
struct LowerMicroKernels : impl::CpuLowerMicroKernelsBase<LowerMicroKernels> {
  void runOnOperation() override {
    if (failed(Lowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace

} // namespace polytile::cpu
