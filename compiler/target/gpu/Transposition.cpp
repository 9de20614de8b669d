//===- Transposition.cpp - Permuted copies through workgroup memory -------===//
//
// A copy whose innermost dimensions differ would read or write one element of
// each cache line. A workgroup reads a square along the input's innermost
// dimension, keeps it in workgroup memory, and writes it along the output's:
//
//   O[n, c, h, w] = X[n, h, w, c]: h and w go together (hw), so squares of
//   (hw, c), one for each n and place:
//     tile[hw][c] = X4[n, hw, c/4]      wide, along c
//     O4[n, c, hw/4] = tile[hw..][c]    wide, along hw
//
// Rows of the square are one element longer than it, so that neither direction
// meets one bank of the memory only.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/Schedule.h"
#include "dialects/tile/Analysis/RowSpace.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace polytile::gpu {

namespace {

/// Shorter sides leave too much of a square empty.
constexpr int64_t minSide = 16;

/// Dimensions that stand together in the input and in the output, in the
/// output's order.
struct Group {
  SmallVector<int64_t> sizes;
  int64_t size = 1;
  int64_t inStride = 0, outStride = 0; ///< of its last dimension
};

struct Plan {
  tile::ContractOp contract;
  SmallVector<Group> groups; ///< in the output's order
  unsigned in = 0, out = 0;  ///< the groups that are innermost
  int64_t side = 64;         ///< of the square
  int64_t inLanes = 1, outLanes = 1;
  int64_t threads = 256;
};

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

class Transposition {
public:
  Transposition(KernelEmitter &emitter, Plan plan)
      : emitter(emitter), builder(emitter.builder), loc(emitter.loc),
        math(emitter.math()), plan(std::move(plan)) {}
  LogicalResult emit();

private:
  void findSquare();
  LogicalResult readSquare(Value memory);
  LogicalResult writeSquare(Value memory);
  Value sharedPlace(Value row, Value column) {
    return math.add(math.mul(row, plan.side + 1), column);
  }
  Value position(bool isInput);
  SmallVector<Value> outputIndices();
  void enterIf(Value row, Value column, const Group &rows,
               const Group &columns);
  LogicalResult storeChunk(ArrayRef<Value> shared, const Store &store,
                           Value first);

  KernelEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  codegen::IndexMath math;
  Plan plan;
  SmallVector<Value> indices; ///< of the groups; of the square its corner
  Value cornerIn, cornerOut;
};

} // namespace

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

/// Of the dimensions of `shape`, the distances of neighbours in memory.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

/// Groups of the output's dimensions. `inOrder` and `outOrder` name the index
/// variable of each dimension.
static void groupDimensions(Plan &plan, ArrayRef<unsigned> inOrder,
                            ArrayRef<unsigned> outOrder) {
  ArrayRef<int64_t> inShape =
      tensorType(plan.contract.getInputs().front()).getShape();
  ArrayRef<int64_t> outShape = plan.contract.getResultType().getShape();
  SmallVector<int64_t> inStrides = stridesOf(inShape),
                       outStrides = stridesOf(outShape);
  unsigned before = 0;
  for (auto [d, variable] : llvm::enumerate(outOrder)) {
    unsigned place = llvm::find(inOrder, variable) - inOrder.begin();
    if (d == 0 || place != before + 1)
      plan.groups.emplace_back();
    Group &group = plan.groups.back();
    group.sizes.push_back(outShape[d]);
    group.size *= outShape[d];
    group.inStride = inStrides[place];
    group.outStride = outStrides[d];
    if (place + 1 == inShape.size())
      plan.in = plan.groups.size() - 1;
    before = place;
  }
  plan.out = plan.groups.size() - 1;
}

static bool isPlainCopy(tile::ContractOp contract) {
  tile::YieldOp yield = contract.getYield();
  Block &body = contract.getBody().front();
  return contract.getInputs().size() == 1 && !yield.getCondition() &&
         yield.getValue() == body.getArgument(0) &&
         tensorType(contract.getInputs().front()).getElementType() ==
             contract.getResultType().getElementType();
}

static std::optional<Plan>
planTransposition(tile::ContractOp contract,
                  const schedule::DeviceDescription &device) {
  if (!contract.isSpecialized() || !isPlainCopy(contract))
    return std::nullopt;
  auto inOrder = tile::permutationOf(contract.getInputMap(0));
  auto outOrder = tile::permutationOf(contract.getOutputMap());
  if (!inOrder || !outOrder || outOrder->empty() ||
      !tile::isWholeBox(contract, *outOrder,
                        contract.getResultType().getShape()))
    return std::nullopt;
  Plan plan;
  plan.contract = contract;
  groupDimensions(plan, *inOrder, *outOrder);
  int64_t columns = plan.groups[plan.in].size,
          rows = plan.groups[plan.out].size;
  if (plan.in == plan.out || std::min(columns, rows) < minSide)
    return std::nullopt;
  int64_t bytes =
      codegen::memoryBytes(contract.getResultType().getElementType());
  int64_t lanes = bytes == 8 ? 2 : 4;
  plan.inLanes = columns % lanes == 0 ? lanes : 1;
  plan.outLanes = rows % lanes == 0 ? lanes : 1;
  int64_t memory = device.limits.workgroupMemoryBytes;
  while (plan.side * (plan.side + 1) * bytes > memory ||
         (plan.side > 32 && std::min(columns, rows) <= 32))
    plan.side /= 2;
  int64_t most =
      std::min(device.limits.workgroupSize, device.limits.workgroupSizes[0]);
  plan.threads = std::min<int64_t>(
      plan.threads, llvm::bit_floor<uint64_t>(std::max<int64_t>(most, 1)));
  // All of them read the square at once, four elements each: no more of them
  // than a small square has room for.
  plan.threads = std::min(plan.threads, plan.side * plan.side / 4);
  return plan.side < minSide || plan.threads < plan.side
             ? std::nullopt
             : std::optional<Plan>(plan);
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

static int64_t squaresAlong(const Plan &plan, unsigned group) {
  int64_t size = plan.groups[group].size;
  return group == plan.in || group == plan.out
             ? llvm::divideCeilSigned(size, plan.side)
             : size;
}

/// The place of the workgroup: squares that are neighbours along the input come
/// first.
void Transposition::findSquare() {
  Value rest = emitter.beginGroups();
  indices.resize(plan.groups.size());
  auto take = [&](unsigned group, bool isLast) {
    int64_t count = squaresAlong(plan, group);
    Value number = isLast ? rest : math.mod(rest, count);
    rest = isLast ? rest : math.div(rest, count);
    bool isSide = group == plan.in || group == plan.out;
    indices[group] = isSide ? math.mul(number, plan.side) : number;
  };
  take(plan.in, false);
  SmallVector<unsigned> others;
  for (unsigned group = plan.groups.size(); group-- > 0;)
    if (group != plan.in)
      others.push_back(group);
  for (unsigned group : others)
    take(group, group == others.back());
  cornerIn = indices[plan.in];
  cornerOut = indices[plan.out];
}

/// Of the element at `indices`, in elements.
Value Transposition::position(bool isInput) {
  Value sum = math.constant(0);
  for (auto [group, index] : llvm::zip_equal(plan.groups, indices))
    sum = math.add(sum,
                   math.mul(index, isInput ? group.inStride : group.outStride));
  return sum;
}

SmallVector<Value> Transposition::outputIndices() {
  SmallVector<Value> result;
  for (auto [group, index] : llvm::zip_equal(plan.groups, indices))
    llvm::append_range(result, math.delinearize(index, group.sizes));
  return result;
}

/// What follows happens where the square has an element there.
void Transposition::enterIf(Value row, Value column, const Group &rows,
                            const Group &columns) {
  Value isInside;
  auto bound = [&](Value index, const Group &group) {
    if (group.size % plan.side != 0)
      isInside = math.both(isInside, builder.create<arith::CmpIOp>(
                                         loc, arith::CmpIPredicate::ult, index,
                                         math.constant(group.size)));
  };
  bound(row, rows);
  bound(column, columns);
  if (isInside)
    builder.setInsertionPoint(
        builder.create<scf::IfOp>(loc, isInside, false).thenYield());
}

LogicalResult Transposition::readSquare(Value memory) {
  Value input = plan.contract.getInputs().front();
  bool isBound = emitter.evaluator.isBound(input);
  int64_t lanes = isBound ? plan.inLanes : 1;
  int64_t across = plan.side / lanes, perPass = plan.threads / across;
  Value row = math.div(emitter.threadId(), across),
        column = math.mul(math.mod(emitter.threadId(), across), lanes);
  Value buffer = emitter.evaluator.bufferOf(input);
  if (lanes > 1)
    buffer = emitter.vectorView(buffer, lanes);
  for (int64_t pass = 0; pass < plan.side; pass += perPass) {
    OpBuilder::InsertionGuard restore(builder);
    Value here = math.add(row, pass);
    indices[plan.in] = math.add(cornerIn, column);
    indices[plan.out] = math.add(cornerOut, here);
    enterIf(indices[plan.out], indices[plan.in], plan.groups[plan.out],
            plan.groups[plan.in]);
    Value shared = sharedPlace(here, column);
    if (!isBound) {
      emitter.evaluator.startScope();
      SmallVector<Value> where;
      AffineMap in = plan.contract.getInputMap(0),
                out = plan.contract.getOutputMap();
      SmallVector<Value> outputs = outputIndices();
      for (AffineExpr expr : in.getResults())
        where.push_back(outputs[llvm::find(out.getResults(), expr) -
                                out.getResults().begin()]);
      FailureOr<Value> element = emitter.evaluator.evaluate(input, where);
      if (failed(element))
        return failure();
      emitter.evaluator.store(loc, *element, memory, shared,
                              tensorType(input).getElementType());
      emitter.evaluator.startScope();
      continue;
    }
    Value loaded = builder.create<memref::LoadOp>(
        loc, buffer, math.div(position(true), lanes));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value element =
          lanes > 1
              ? builder.create<vector::ExtractOp>(loc, loaded, lane).getResult()
              : loaded;
      builder.create<memref::StoreOp>(loc, element, memory,
                                      math.add(shared, lane));
    }
  }
  return success();
}

/// Writes the elements `shared`, in memory form, with what follows from them.
LogicalResult Transposition::storeChunk(ArrayRef<Value> shared,
                                        const Store &store, Value first) {
  tile::ContractOp contract = plan.contract;
  Type from = contract.getResultType().getElementType(),
       to = tensorType(store.tensor).getElementType();
  SmallVector<Value> elements;
  for (auto [lane, element] : llvm::enumerate(shared)) {
    if (store.tensor == contract.getResult()) {
      elements.push_back(element);
      continue;
    }
    indices[plan.out] = math.add(first, lane);
    emitter.evaluator.startScope();
    emitter.evaluator.setElement(
        contract.getResult(), emitter.scalars.fromMemory(loc, element, from));
    FailureOr<Value> value =
        emitter.evaluator.evaluate(store.tensor, outputIndices());
    if (failed(value))
      return failure();
    elements.push_back(emitter.scalars.toMemory(loc, *value, to));
  }
  emitter.evaluator.startScope();
  indices[plan.out] = first;
  int64_t lanes = elements.size();
  Value buffer = store.buffer, stored = elements.front();
  if (lanes > 1) {
    buffer = emitter.vectorView(buffer, lanes);
    stored = builder.create<vector::FromElementsOp>(
        loc, VectorType::get({lanes}, stored.getType()), elements);
  }
  builder.create<memref::StoreOp>(loc, stored, buffer,
                                  math.div(position(false), lanes));
  return success();
}

LogicalResult Transposition::writeSquare(Value memory) {
  int64_t lanes = plan.outLanes, across = plan.side / lanes,
          perPass = plan.threads / across;
  Value row = math.div(emitter.threadId(), across),
        column = math.mul(math.mod(emitter.threadId(), across), lanes);
  for (int64_t pass = 0; pass < plan.side; pass += perPass) {
    OpBuilder::InsertionGuard restore(builder);
    Value here = math.add(row, pass);
    Value first = math.add(cornerOut, column);
    indices[plan.in] = math.add(cornerIn, here);
    indices[plan.out] = first;
    enterIf(indices[plan.in], first, plan.groups[plan.in],
            plan.groups[plan.out]);
    SmallVector<Value> shared;
    for (int64_t lane = 0; lane < lanes; ++lane)
      shared.push_back(builder.create<memref::LoadOp>(
          loc, memory, sharedPlace(math.add(column, lane), here)));
    for (const Store &store : emitter.stores)
      if (failed(storeChunk(shared, store, first)))
        return failure();
  }
  return success();
}

LogicalResult Transposition::emit() {
  Type element = bindingType(plan.contract.getResultType().getElementType());
  Value memory =
      emitter.workgroupMemory(plan.side * (plan.side + 1), element, "square");
  findSquare();
  if (failed(readSquare(memory)))
    return failure();
  emitter.barrier();
  return writeSquare(memory);
}

FailureOr<kernel::FuncOp> tryTransposition(func::FuncOp source,
                                           LoweringContext &context) {
  tile::ContractOp contract = onlyContraction(source);
  if (!contract || !isEpilogueOf(contract, source))
    return failure();
  auto plan = planTransposition(contract, context.device);
  if (!plan)
    return failure();
  int64_t groups = 1;
  for (unsigned group = 0; group < plan->groups.size(); ++group)
    groups *= squaresAlong(*plan, group);
  KernelEmitter emitter(source, context,
                        Launch::grouped(groups, plan->threads, context.device));
  if (failed(Transposition(emitter, *plan).emit()))
    return failure();
  return emitter.finish({emitter.named("kind", "transposition"),
                         emitter.named("side", plan->side),
                         emitter.named("read_lanes", plan->inLanes),
                         emitter.named("write_lanes", plan->outLanes)});
}

} // namespace polytile::gpu
