//===- RowSpace.cpp - Operations that work row by row ---------------------===//
//
// All by the shapes and maps of operations: nothing is solved.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Analysis/RowSpace.h"

#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/SmallBitVector.h"

#include <numeric>

using namespace mlir;

namespace polytile::tile {

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t product(ArrayRef<int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

int64_t RowSpace::rows() const { return product(outer); }
int64_t RowSpace::columns() const { return product(inner); }

RowShape RowSpace::classify(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return RowShape::Other;
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() < outer.size() ||
      shape.take_front(outer.size()) != ArrayRef<int64_t>(outer))
    return RowShape::Other;
  ArrayRef<int64_t> rest = shape.drop_front(outer.size());
  if (rest.empty())
    return RowShape::ShortRow;
  if (rest == ArrayRef<int64_t>(inner))
    return RowShape::Full;
  bool isRow = rest.size() == inner.size() && product(rest) == 1;
  return isRow ? RowShape::Row : RowShape::Other;
}

/// True when the results of `map` are variables and numbers.
static bool isPlain(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr expr) {
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  });
}

std::optional<SmallVector<unsigned>> permutationOf(AffineMap map) {
  SmallVector<unsigned> variables;
  llvm::SmallBitVector seen(map.getNumDims());
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || seen.test(dim.getPosition()))
      return std::nullopt;
    seen.set(dim.getPosition());
    variables.push_back(dim.getPosition());
  }
  if (!seen.all())
    return std::nullopt;
  return variables;
}

/// True when `map` is the first variables of `order`, then zeros.
static bool isPrefix(AffineMap map, ArrayRef<unsigned> order) {
  unsigned count = 0;
  for (AffineExpr expr : map.getResults()) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0)
        return false;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    // After the zeros nothing but zeros.
    if (!dim || count >= order.size() || dim.getPosition() != order[count] ||
        map.getResult(count) != expr)
      return false;
    ++count;
  }
  return true;
}

static unsigned countVariables(AffineMap map) {
  return llvm::count_if(map.getResults(), [](AffineExpr expr) {
    return isa<AffineDimExpr>(expr);
  });
}

bool isWholeBox(ContractOp contract, ArrayRef<unsigned> order,
                ArrayRef<int64_t> sizes) {
  if (!contract.getLowerBounds() || !contract.getUpperBounds() ||
      !contract->hasAttr("covers"))
    return false;
  for (auto [variable, size] : llvm::zip_equal(order, sizes))
    if ((*contract.getLowerBounds())[variable] != 0 ||
        (*contract.getUpperBounds())[variable] != size - 1)
      return false;
  return llvm::all_of(contract.getDomainSet().getConstraints(),
                      [](AffineExpr expr) {
                        auto constant = dyn_cast<AffineConstantExpr>(expr);
                        return constant && constant.getValue() == 0;
                      });
}

std::optional<RowSpace> rowSpaceOf(ContractOp contract) {
  if (!contract.isSpecialized() || contract.getYield().getCondition() ||
      contract.getAggregation() == Aggregation::assign)
    return std::nullopt;
  for (unsigned i = 0, e = contract.getInputs().size(); i < e; ++i)
    if (!isPlain(contract.getInputMap(i)))
      return std::nullopt;
  AffineMap output = contract.getOutputMap();
  unsigned count = countVariables(output);
  for (auto [number, input] : llvm::enumerate(contract.getInputs())) {
    auto order = permutationOf(contract.getInputMap(number));
    if (!order || count >= order->size() || !isPrefix(output, *order) ||
        !isWholeBox(contract, *order, shapeOf(input)))
      continue;
    RowSpace space;
    space.outer = llvm::to_vector(shapeOf(input).take_front(count));
    space.inner = llvm::to_vector(shapeOf(input).drop_front(count));
    RowShape shape = space.classify(contract.getResult());
    if (space.columns() > 1 && space.rows() > 0 &&
        (shape == RowShape::Row || shape == RowShape::ShortRow))
      return space;
  }
  return std::nullopt;
}

bool readsFull(ContractOp contract, unsigned number, const RowSpace &space) {
  auto order = permutationOf(contract.getInputMap(number));
  return order &&
         space.classify(contract.getInputs()[number]) == RowShape::Full &&
         isPrefix(contract.getOutputMap(), *order);
}

static bool isRowwiseContraction(ContractOp contract, const RowSpace &space,
                                 llvm::function_ref<bool(Value)> isOwn) {
  std::optional<RowSpace> own = rowSpaceOf(contract);
  if (!own || !(*own == space))
    return false;
  // Two inputs of full shape may order the inner variables in different ways.
  std::optional<AffineMap> main;
  for (unsigned i = 0, e = contract.getInputs().size(); i < e; ++i) {
    if (!readsFull(contract, i, space))
      continue;
    if (main && *main != contract.getInputMap(i))
      return false;
    main = contract.getInputMap(i);
  }
  auto order = permutationOf(*main);
  for (auto [number, input] : llvm::enumerate(contract.getInputs())) {
    if (!isOwn(input) || readsFull(contract, number, space))
      continue;
    AffineMap map = contract.getInputMap(number);
    if (space.classify(input) == RowShape::Full || !isPrefix(map, *order) ||
        countVariables(map) != space.outer.size())
      return false;
  }
  return true;
}

bool isRowwise(Operation *op, const RowSpace &space,
               llvm::function_ref<bool(Value)> isOwn) {
  if (auto contract = dyn_cast<ContractOp>(op))
    return isRowwiseContraction(contract, space, isOwn);
  if (!op->hasTrait<Elementwise>() || op->getNumResults() != 1)
    return false;
  RowShape shape = space.classify(op->getResult(0));
  if (shape == RowShape::Other)
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    if (!isOwn(operand))
      return true;
    RowShape own = space.classify(operand);
    return own == shape || (shape == RowShape::Full && own == RowShape::Row);
  });
}

} // namespace polytile::tile
