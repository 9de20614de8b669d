//===- Interpreter.cpp - The reference evaluator of tile IR ---------------===//
//
// Evaluates the operations of a function in order. A tensor's elements are kept
// until its last use.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpreter/Interpreter.h"

#include "compiler/interpreter/ContractionEvaluator.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <unistd.h>

using namespace mlir;
using namespace polytile;
using namespace polytile::interpreter;

int64_t polytile::interpreter::getElementSize(Type elementType) {
  return std::max(1u, elementType.getIntOrFloatBitWidth() / 8);
}

namespace {

class Evaluation {
public:
  Evaluation(func::FuncOp function, int64_t memoryLimit)
      : function(function), memoryLimit(memoryLimit) {}

  FailureOr<SmallVector<Tensor>> run(ArrayRef<Tensor> arguments);

private:
  LogicalResult bind(BlockArgument argument, const Tensor &tensor);
  LogicalResult evaluate(Operation *op);
  LogicalResult evaluateElementwise(Operation *op, ElementFunction function);
  LogicalResult contract(tile::ContractOp op);
  LogicalResult constant(tile::ConstantOp op);
  LogicalResult index(tile::IndexOp op);
  LogicalResult gather(tile::GatherOp op);
  LogicalResult scatter(tile::ScatterOp op);
  LogicalResult prngStep(tile::PrngStepOp op);
  LogicalResult reserve(Operation *op, Value result);
  void release(Operation *op);
  Tensor store(Value value) const;

  const Elements &elements(Value value) const {
    return values.find(value)->second;
  }

  func::FuncOp function;
  int64_t memoryLimit, memoryInUse = 0;
  DenseMap<Value, Elements> values;
  DenseMap<Value, unsigned> usesLeft;
};

} // namespace

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}
static ElementKind kindOf(Value value) {
  return ElementKind::get(getElementTypeOrSelf(value));
}

//===----------------------------------------------------------------------===//
// Values and memory
//===----------------------------------------------------------------------===//

/// An element takes 8 bytes here, and as many again while it is aggregated.
LogicalResult Evaluation::reserve(Operation *op, Value result) {
  int64_t bytes =
      typeOf(result).getNumElements() * static_cast<int64_t>(sizeof(Element));
  int64_t needed = isa<tile::ContractOp>(op) ? 2 * bytes : bytes;
  if (memoryInUse + needed > memoryLimit)
    return op->emitError("the interpreter would need ")
           << memoryInUse + needed << " bytes here, and may use "
           << memoryLimit;
  memoryInUse += bytes;
  return success();
}

void Evaluation::release(Operation *op) {
  for (Value operand : op->getOperands()) {
    unsigned &left = usesLeft[operand];
    if (--left != 0)
      continue;
    memoryInUse -=
        static_cast<int64_t>(values[operand].size() * sizeof(Element));
    values.erase(operand);
  }
}

LogicalResult Evaluation::bind(BlockArgument argument, const Tensor &tensor) {
  auto type = typeOf(argument);
  int64_t count = type.getNumElements();
  int64_t size = getElementSize(type.getElementType());
  if (tensor.type != type ||
      static_cast<int64_t>(tensor.data.size()) != count * size)
    return function.emitError("argument ")
           << argument.getArgNumber() << " is " << type << ", but "
           << tensor.type << " with " << tensor.data.size()
           << " bytes is given";
  if (failed(reserve(function, argument)))
    return failure();
  ElementKind kind = kindOf(argument);
  Elements loaded(count);
  for (int64_t i = 0; i < count; ++i)
    loaded[i] = loadElement(tensor.data.data() + i * size, kind);
  values[argument] = std::move(loaded);
  return success();
}

Tensor Evaluation::store(Value value) const {
  Tensor tensor;
  tensor.type = typeOf(value);
  ElementKind kind = kindOf(value);
  int64_t size = getElementSize(tensor.type.getElementType());
  const Elements &source = elements(value);
  tensor.data.resize(source.size() * size);
  for (size_t i = 0; i < source.size(); ++i)
    storeElement(tensor.data.data() + i * size, source[i], kind);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

namespace {
/// Walks an operand beside a result of larger shape: dimensions that the
/// operand lacks, or that have size 1 in it, have stride 0.
struct BroadcastWalk {
  SmallVector<int64_t> strides;

  BroadcastWalk(ArrayRef<int64_t> operand, ArrayRef<int64_t> result) {
    strides.assign(result.size(), 0);
    int64_t stride = 1;
    for (size_t i = 0; i < operand.size(); ++i) {
      size_t from = operand.size() - 1 - i, to = result.size() - 1 - i;
      if (operand[from] != 1)
        strides[to] = stride;
      stride *= operand[from];
    }
  }
};
} // namespace

LogicalResult Evaluation::evaluateElementwise(Operation *op,
                                              ElementFunction function) {
  auto type = typeOf(op->getResult(0));
  ArrayRef<int64_t> shape = type.getShape();
  SmallVector<BroadcastWalk, 3> walks;
  SmallVector<const Elements *, 3> operands;
  for (Value operand : op->getOperands()) {
    walks.emplace_back(typeOf(operand).getShape(), shape);
    operands.push_back(&elements(operand));
  }
  Elements result(type.getNumElements());
  SmallVector<int64_t> position(shape.size(), 0);
  SmallVector<int64_t, 3> offsets(operands.size(), 0);
  for (Element &element : result) {
    Element arguments[3];
    for (size_t i = 0; i < operands.size(); ++i)
      arguments[i] = (*operands[i])[offsets[i]];
    element = function(arguments);
    for (int d = static_cast<int>(shape.size()) - 1; d >= 0; --d) {
      bool carries = ++position[d] == shape[d];
      for (size_t i = 0; i < operands.size(); ++i)
        offsets[i] += carries ? -walks[i].strides[d] * (shape[d] - 1)
                              : walks[i].strides[d];
      if (!carries)
        break;
      position[d] = 0;
    }
  }
  values[op->getResult(0)] = std::move(result);
  return success();
}

//===----------------------------------------------------------------------===//
// Contractions and structural operations
//===----------------------------------------------------------------------===//

LogicalResult Evaluation::contract(tile::ContractOp op) {
  SmallVector<const Elements *> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(&elements(input));
  const Elements *fallback =
      op.getDefaultValue() ? &elements(op.getDefaultValue()) : nullptr;
  FailureOr<Elements> result = evaluateContraction(op, inputs, fallback);
  if (failed(result))
    return failure();
  values[op.getResult()] = std::move(*result);
  return success();
}

LogicalResult Evaluation::constant(tile::ConstantOp op) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense)
    return op.emitError("the interpreter reads dense constants only");
  ElementKind kind = kindOf(op.getResult());
  Elements result;
  result.reserve(dense.getNumElements());
  if (kind.isFloat)
    for (APFloat number : dense.getValues<APFloat>()) {
      bool inexact;
      number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                     &inexact);
      result.push_back(Element::of(number.convertToDouble()));
    }
  else
    for (const APInt &number : dense.getValues<APInt>())
      result.push_back(Element::of(
          wrapTo(static_cast<int64_t>(number.getZExtValue()), kind)));
  values[op.getResult()] = std::move(result);
  return success();
}

LogicalResult Evaluation::index(tile::IndexOp op) {
  auto type = typeOf(op.getResult());
  ElementKind integer;
  integer.width = 64;
  ElementKind kind = kindOf(op.getResult());
  int64_t size = type.getDimSize(op.getDimension()), inner = 1;
  for (int64_t i = op.getDimension() + 1; i < type.getRank(); ++i)
    inner *= type.getDimSize(i);
  Elements result(type.getNumElements());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = convert(Element::of(static_cast<int64_t>(i) / inner % size),
                        integer, kind);
  values[op.getResult()] = std::move(result);
  return success();
}

/// The row that an index means, or -1 for none.
static int64_t rowFor(Element index, ElementKind kind, int64_t rows,
                      tile::IndexMode mode) {
  int64_t row = index.integer;
  bool beyond = kind.isUnsigned
                    ? static_cast<uint64_t>(row) >= static_cast<uint64_t>(rows)
                    : row >= rows;
  bool before = !kind.isUnsigned && row < 0;
  if (rows == 0)
    return -1;
  if (!beyond && !before)
    return row;
  if (mode == tile::IndexMode::clip)
    return beyond ? rows - 1 : 0;
  if (mode == tile::IndexMode::fill)
    return -1;
  if (kind.isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(row) %
                                static_cast<uint64_t>(rows));
  return (row % rows + rows) % rows;
}

static int64_t rowSize(RankedTensorType type) {
  int64_t size = 1;
  for (int64_t dim : type.getShape().drop_front())
    size *= dim;
  return size;
}

LogicalResult Evaluation::gather(tile::GatherOp op) {
  auto type = typeOf(op.getOperand());
  int64_t size = rowSize(type);
  const Elements &source = elements(op.getOperand());
  ElementKind indexKind = kindOf(op.getIndices());
  bool isFloat = kindOf(op.getResult()).isFloat;
  Elements result(typeOf(op.getResult()).getNumElements(),
                  isFloat ? Element::of(0.0) : Element::of(int64_t(0)));
  int64_t at = 0;
  for (Element index : elements(op.getIndices())) {
    int64_t row = rowFor(index, indexKind, type.getDimSize(0), op.getMode());
    if (row >= 0)
      std::copy_n(source.begin() + row * size, size, result.begin() + at);
    at += size;
  }
  values[op.getResult()] = std::move(result);
  return success();
}

/// Sums in double precision and rounds once, as a contraction does.
LogicalResult Evaluation::scatter(tile::ScatterOp op) {
  auto type = typeOf(op.getResult());
  int64_t size = rowSize(type);
  ElementKind kind = kindOf(op.getResult()),
              indexKind = kindOf(op.getIndices());
  const Elements &updates = elements(op.getUpdates());
  Elements result(type.getNumElements(),
                  kind.isFloat ? Element::of(0.0) : Element::of(int64_t(0)));
  int64_t at = 0;
  for (Element index : elements(op.getIndices())) {
    int64_t row = rowFor(index, indexKind, type.getDimSize(0), op.getMode());
    for (int64_t i = 0; row >= 0 && i < size; ++i) {
      Element &sum = result[row * size + i];
      if (kind.isFloat)
        sum.number += updates[at + i].number;
      else
        sum.integer =
            wrapTo(static_cast<int64_t>(
                       static_cast<uint64_t>(sum.integer) +
                       static_cast<uint64_t>(updates[at + i].integer)),
                   kind);
    }
    at += size;
  }
  if (kind.isFloat)
    for (Element &sum : result)
      sum.number = roundTo(sum.number, kind);
  values[op.getResult()] = std::move(result);
  return success();
}

/// The three components of L'Ecuyer's generator; each keeps its upper bits.
static uint32_t draw(uint32_t &a, uint32_t &b, uint32_t &c) {
  a = ((a & 0xfffffffeu) << 12) ^ (((a << 13) ^ a) >> 19);
  b = ((b & 0xfffffff8u) << 4) ^ (((b << 2) ^ b) >> 25);
  c = ((c & 0xfffffff0u) << 17) ^ (((c << 3) ^ c) >> 11);
  return a ^ b ^ c;
}

LogicalResult Evaluation::prngStep(tile::PrngStepOp op) {
  constexpr int64_t streams = 2048;
  Elements state = elements(op.getState());
  Elements drawn(typeOf(op.getValues()).getNumElements());
  for (size_t i = 0; i < drawn.size(); ++i) {
    size_t stream = i % streams;
    uint32_t parts[3];
    for (size_t p = 0; p < 3; ++p)
      parts[p] = static_cast<uint32_t>(state[p * streams + stream].integer);
    // 24 bits, which f32 holds exactly: 1 is never reached.
    uint32_t bits = draw(parts[0], parts[1], parts[2]) >> 8;
    drawn[i] = Element::of(static_cast<double>(bits) * 0x1p-24);
    for (size_t p = 0; p < 3; ++p)
      state[p * streams + stream] = Element::of(int64_t(parts[p]));
  }
  values[op.getNextState()] = std::move(state);
  values[op.getValues()] = std::move(drawn);
  return success();
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult Evaluation::evaluate(Operation *op) {
  for (Value result : op->getResults())
    if (failed(reserve(op, result)))
      return failure();
  if (op->hasTrait<tile::Elementwise>())
    if (ElementFunction function = getElementFunction(op))
      return evaluateElementwise(op, function);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<tile::ContractOp>([&](auto op) { return contract(op); })
      .Case<tile::ConstantOp>([&](auto op) { return constant(op); })
      .Case<tile::IndexOp>([&](auto op) { return index(op); })
      .Case<tile::GatherOp>([&](auto op) { return gather(op); })
      .Case<tile::ScatterOp>([&](auto op) { return scatter(op); })
      .Case<tile::PrngStepOp>([&](auto op) { return prngStep(op); })
      .Case<tile::ReshapeOp>([&](auto op) {
        Elements copy = elements(op.getOperand());
        values[op.getResult()] = std::move(copy);
        return success();
      })
      .Default([](Operation *op) {
        return op->emitError("the interpreter has no definition of '")
               << op->getName() << "'";
      });
}

FailureOr<SmallVector<Tensor>> Evaluation::run(ArrayRef<Tensor> arguments) {
  Block &body = function.getBody().front();
  if (arguments.size() != body.getNumArguments())
    return function.emitError("takes ")
           << body.getNumArguments() << " arguments, but " << arguments.size()
           << " are given";
  auto countUses = [&](Value value) {
    usesLeft[value] = static_cast<unsigned>(
        std::distance(value.use_begin(), value.use_end()));
  };
  for (auto [argument, tensor] : llvm::zip(body.getArguments(), arguments)) {
    countUses(argument);
    if (failed(bind(argument, tensor)))
      return failure();
  }
  for (Operation &op : body.without_terminator()) {
    for (Value result : op.getResults())
      countUses(result);
    if (failed(evaluate(&op)))
      return failure();
    release(&op);
  }
  SmallVector<Tensor> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(store(result));
  return results;
}

FailureOr<SmallVector<Tensor>>
polytile::interpreter::evaluate(func::FuncOp function,
                                ArrayRef<Tensor> arguments,
                                const EvaluationOptions &options) {
  int64_t limit = options.memoryLimitBytes;
  if (limit == 0)
    limit = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE) / 2;
  return Evaluation(function, limit).run(arguments);
}
