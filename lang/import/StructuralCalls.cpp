//===- StructuralCalls.cpp - Built-in functions of whole tensors ----------===//
//
// Shapes, reshapes, broadcasts, gathers, groups, random numbers, and the
// composites of PlaidML v0 (softmax and its relatives).
//
//===----------------------------------------------------------------------===//

#include "lang/import/FunctionImporter.h"
#include "lang/import/Promotion.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::lang;

Value FunctionImporter::importTensor(const Expr &expr) {
  Term term = importValue(expr);
  return term ? materialize(term,
                            term.kind == Term::Kind::Tuple ? Type()
                                                           : commonType(term),
                            expr.range, nullptr)
              : nullptr;
}

/// A tensor type with a static size where the size is a number, and the sizes
/// that are left over.
static RankedTensorType typeFor(ArrayRef<Value> sizes, Type elementType,
                                SmallVectorImpl<Value> &dynamicSizes) {
  SmallVector<int64_t> shape;
  for (Value size : sizes) {
    std::optional<int64_t> number = getConstantIntValue(size);
    bool isStatic = number && *number >= 0;
    shape.push_back(isStatic ? *number : ShapedType::kDynamic);
    if (!isStatic)
      dynamicSizes.push_back(size);
  }
  return RankedTensorType::get(shape, elementType);
}

static ArrayRef<Expr *> argumentsFrom(const Call &call, unsigned first) {
  return ArrayRef<Expr *>(call.arguments.begin(), call.arguments.size())
      .drop_front(first);
}

Term FunctionImporter::importReshape(const Call &call) {
  Value tensor = importTensor(*call.arguments[0]);
  std::optional<SmallVector<Value>> sizes = importSizes(argumentsFrom(call, 1));
  if (!tensor || !sizes)
    return {};
  SmallVector<Value> dynamicSizes;
  RankedTensorType type =
      typeFor(*sizes, getElementTypeOrSelf(tensor.getType()), dynamicSizes);
  auto from = cast<RankedTensorType>(tensor.getType());
  if (from.hasStaticShape() && type.hasStaticShape() &&
      from.getNumElements() != type.getNumElements()) {
    engine.error(
        call.range,
        llvm::formatv(
            "a tensor of {0} elements cannot be reshaped to {1} elements",
            from.getNumElements(), type.getNumElements()));
    return {};
  }
  return Term::tensor(build.create<tile::ReshapeOp>(location(call.range), type,
                                                    tensor, dynamicSizes));
}

/// The sizes after the first argument, or those of the tensor there.
std::optional<SmallVector<Value>>
FunctionImporter::importBroadcastSizes(const Call &call) {
  if (call.arguments.size() != 2 || call.arguments[1]->isSize)
    return importSizes(argumentsFrom(call, 1));
  Term term = importValue(*call.arguments[1]);
  if (term.isSize())
    return SmallVector<Value>{term.value};
  Value like = importTensor(*call.arguments[1]);
  if (!like)
    return std::nullopt;
  SmallVector<Value> sizes;
  int64_t rank = cast<RankedTensorType>(like.getType()).getRank();
  for (int64_t i = 0; i < rank; ++i)
    sizes.push_back(dimension(like, i, location(call.range)));
  return sizes;
}

Term FunctionImporter::importBroadcast(const Call &call) {
  Value tensor = importTensor(*call.arguments[0]);
  std::optional<SmallVector<Value>> sizes = importBroadcastSizes(call);
  if (!tensor || !sizes)
    return {};
  SmallVector<Value> dynamicSizes;
  RankedTensorType type =
      typeFor(*sizes, getElementTypeOrSelf(tensor.getType()), dynamicSizes);
  return Term::tensor(build.create<tile::BroadcastOp>(
      location(call.range), type, tensor, dynamicSizes));
}

Term FunctionImporter::importSimpleReduce(const Call &call) {
  Value tensor = importTensor(*call.arguments[0]),
        like = importTensor(*call.arguments[1]);
  if (!tensor || !like)
    return {};
  auto from = cast<RankedTensorType>(tensor.getType()),
       to = cast<RankedTensorType>(like.getType());
  if (to.getRank() > from.getRank()) {
    engine.error(
        call.range,
        llvm::formatv("a tensor of rank {0} cannot be reduced to rank {1}",
                      from.getRank(), to.getRank()));
    return {};
  }
  return Term::tensor(build.create<tile::ReduceToOp>(
      location(call.range), to.clone(from.getElementType()), tensor, like));
}

Term FunctionImporter::importIndex(const Call &call) {
  Value tensor = importTensor(*call.arguments[0]);
  std::optional<int64_t> axis =
      importKnownInteger(*call.arguments[1], "an axis");
  if (!tensor || !axis)
    return {};
  auto type = cast<RankedTensorType>(tensor.getType());
  if (*axis < 0 || *axis >= type.getRank()) {
    engine.error(call.arguments[1]->range,
                 llvm::formatv("axis {0} of a tensor with {1} dimensions",
                               *axis, type.getRank()));
    return {};
  }
  Location loc = location(call.range);
  SmallVector<Value> dynamicSizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      dynamicSizes.push_back(dimension(tensor, i, loc));
  return Term::tensor(build.create<tile::IndexOp>(
      loc, type.clone(build.getI32Type()), dynamicSizes,
      build.getI64IntegerAttr(*axis)));
}

Term FunctionImporter::importGather(const Call &call) {
  Value tensor = importTensor(*call.arguments[0]),
        indices = importTensor(*call.arguments[1]);
  if (!tensor || !indices)
    return {};
  if (!requireIndexed(tensor, indices, call))
    return {};
  auto mode = tile::IndexModeAttr::get(context(), tile::IndexMode::clip);
  return Term::tensor(build.create<tile::GatherOp>(location(call.range), mode,
                                                   tensor, indices));
}

Term FunctionImporter::importScatter(const Call &call) {
  Value updates = importTensor(*call.arguments[0]),
        indices = importTensor(*call.arguments[1]);
  Value like = importTensor(*call.arguments[2]);
  if (!updates || !indices || !like || !requireIndexed(like, indices, call))
    return {};
  auto rank = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getRank();
  };
  if (rank(updates) != rank(indices) + rank(like) - 1) {
    engine.error(call.range,
                 llvm::formatv("updates of rank {0} for indices of rank {1} "
                               "into a tensor of rank {2}; {3} is "
                               "expected",
                               rank(updates), rank(indices), rank(like),
                               rank(indices) + rank(like) - 1));
    return {};
  }
  auto mode = tile::IndexModeAttr::get(context(), tile::IndexMode::clip);
  return Term::tensor(build.create<tile::ScatterOp>(location(call.range), mode,
                                                    updates, indices, like));
}

bool FunctionImporter::requireIndexed(Value tensor, Value indices,
                                      const Call &call) {
  Type type = getElementTypeOrSelf(indices.getType());
  if (!isa<IntegerType>(type) || type.isInteger(1)) {
    engine.error(call.arguments[1]->range,
                 llvm::formatv("indices must be integers, not {0}",
                               tile::spellElementType(type)));
    return false;
  }
  if (cast<RankedTensorType>(tensor.getType()).getRank() == 0) {
    engine.error(call.range,
                 "a tensor with at least one dimension is expected");
    return false;
  }
  return true;
}

Term FunctionImporter::importElement(const Call &call) {
  Term group = importValue(*call.arguments[0]);
  std::optional<int64_t> number =
      importKnownInteger(*call.arguments[1], "the number of an element");
  if (!group || !number)
    return {};
  if (group.kind != Term::Kind::Tuple || *number < 0 ||
      *number >= static_cast<int64_t>(group.elements.size())) {
    size_t count = group.kind == Term::Kind::Tuple ? group.elements.size() : 0;
    engine.error(
        call.range,
        llvm::formatv("element {0} of a group of {1} values", *number, count));
    return {};
  }
  return group.elements[*number];
}

/// The state of the generator and the values of a step are the elements of a
/// group.
Term FunctionImporter::importPrngStep(const Call &call) {
  Value state = importTensor(*call.arguments[0]);
  std::optional<SmallVector<Value>> sizes = importSizes(argumentsFrom(call, 1));
  if (!state || !sizes)
    return {};
  Type word = convertElementType(*context(), ElementType::U32);
  auto type = cast<RankedTensorType>(state.getType());
  if (type.getElementType() != word || type.getRank() != 2) {
    engine.error(call.arguments[0]->range,
                 "the state of the generator is u32[3, 2048]");
    return {};
  }
  Location loc = location(call.range);
  SmallVector<Value> dynamicSizes;
  RankedTensorType values = typeFor(*sizes, build.getF32Type(), dynamicSizes);
  auto op = build.create<tile::PrngStepOp>(loc, TypeRange{type, values}, state,
                                           dynamicSizes);
  return Term::tuple(
      {Term::tensor(op.getNextState()), Term::tensor(op.getValues())});
}

//===----------------------------------------------------------------------===//
// Composites
//===----------------------------------------------------------------------===//

/// max or sum over the last dimension, which stays with size 1.
Value FunctionImporter::reduceLastDimension(Value tensor, bool maximum,
                                            Location loc) {
  auto type = cast<RankedTensorType>(tensor.getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = 1;
  SmallVector<Value> dynamicSizes;
  SmallVector<AffineExpr> output;
  SmallVector<std::string> names;
  for (unsigned i = 0; i < rank; ++i) {
    names.push_back("i" + std::to_string(i));
    output.push_back(i + 1 < rank ? getAffineDimExpr(i, context())
                                  : getAffineConstantExpr(0, context()));
    if (i + 1 < rank && type.isDynamicDim(i))
      dynamicSizes.push_back(dimension(tensor, i, loc));
  }
  Type element = type.getElementType();
  Type accumulator = maximum ? element : widenForSum(element);
  auto block = std::make_unique<Block>();
  OpBuilder body(context());
  body.setInsertionPointToEnd(block.get());
  Value value = block->addArgument(element, loc);
  if (accumulator != element)
    value = body.create<tile::CastOp>(loc, value, accumulator);
  body.create<tile::YieldOp>(loc, value, Value());
  SmallVector<StringRef> spelled(names.begin(), names.end());
  auto aggregation = maximum ? tile::Aggregation::max : tile::Aggregation::sum;
  auto op = build.create<tile::ContractOp>(
      loc, RankedTensorType::get(shape, element),
      tile::AggregationAttr::get(context(), aggregation), tensor, Value(),
      dynamicSizes, ValueRange(),
      build.getAffineMapArrayAttr(
          AffineMap::getMultiDimIdentityMap(rank, context())),
      AffineMapAttr::get(AffineMap::get(rank, 0, output, context())),
      IntegerSetAttr::get(
          IntegerSet::get(rank, 0, getAffineConstantExpr(0, context()), true)),
      build.getStrArrayAttr(spelled), UnitAttr(), UnitAttr(),
      DenseI64ArrayAttr(), DenseI64ArrayAttr(), UnitAttr());
  op.getBody().push_back(block.release());
  return op.getResult();
}

/// exp(x - max) / sum(exp(x - max)), or its logarithm x - max - log(sum(exp(x -
/// max))), over the last dimension.
Term FunctionImporter::importSoftmax(const Call &call, bool logarithm) {
  Value tensor = importTensor(*call.arguments[0]);
  if (!tensor)
    return {};
  Location loc = location(call.range);
  if (!isa<FloatType>(getElementTypeOrSelf(tensor.getType())))
    tensor = build.create<tile::CastOp>(loc, tensor, build.getF32Type());
  if (cast<RankedTensorType>(tensor.getType()).getRank() == 0) {
    engine.error(call.range,
                 "softmax needs a tensor with at least one dimension");
    return {};
  }
  Value shifted = build.create<tile::SubOp>(
      loc, tensor, reduceLastDimension(tensor, /*maximum=*/true, loc));
  Value exponential = build.create<tile::ExpOp>(loc, shifted);
  Value sum = reduceLastDimension(exponential, /*maximum=*/false, loc);
  if (logarithm)
    return Term::tensor(build.create<tile::SubOp>(
        loc, shifted, build.create<tile::LogOp>(loc, sum)));
  return Term::tensor(build.create<tile::DivOp>(loc, exponential, sum));
}

/// -T*log(O) - (1 - T)*log(1 - O)
Term FunctionImporter::importBinaryCrossentropy(const Call &call) {
  Term output = importValue(*call.arguments[0]),
       target = importValue(*call.arguments[1]);
  if (!output || !target)
    return {};
  auto log = [&](const Term &term) {
    return term ? floatFunction(Builtin::Log, term, call, nullptr) : Term();
  };
  auto apply = [&](Builtin op, const Term &a, const Term &b) {
    return binary(op, a, b, call, nullptr);
  };
  Term one = Term::constant(1);
  Term first = apply(Builtin::Mul, target, log(output));
  Term second = apply(Builtin::Mul, apply(Builtin::Sub, one, target),
                      log(apply(Builtin::Sub, one, output)));
  return first && second
             ? unary(Builtin::Neg, apply(Builtin::Add, first, second), call,
                     nullptr)
             : Term();
}

Term FunctionImporter::importStructural(const Call &call) {
  switch (call.builtin) {
  case Builtin::Shape: {
    Value tensor = importTensor(*call.arguments[0]);
    if (!tensor)
      return {};
    SmallVector<Value> sizes;
    int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
    for (int64_t i = 0; i < rank; ++i)
      sizes.push_back(dimension(tensor, i, location(call.range)));
    auto type = RankedTensorType::get({rank}, build.getI32Type());
    return Term::tensor(
        build.create<tile::FromSizesOp>(location(call.range), type, sizes));
  }
  case Builtin::Reshape:
    return importReshape(call);
  case Builtin::Index:
    return importIndex(call);
  case Builtin::Broadcast:
    return importBroadcast(call);
  case Builtin::SimpleReduce:
    return importSimpleReduce(call);
  case Builtin::Tuple: {
    std::vector<Term> elements;
    for (const Expr *argument : call.arguments) {
      elements.push_back(importValue(*argument));
      if (!elements.back())
        return {};
    }
    return Term::tuple(std::move(elements));
  }
  case Builtin::Element:
    return importElement(call);
  case Builtin::Gather:
    return importGather(call);
  case Builtin::Scatter:
    return importScatter(call);
  case Builtin::Softmax:
  case Builtin::LogSoftmax:
    return importSoftmax(call, call.builtin == Builtin::LogSoftmax);
  case Builtin::BinaryCrossentropy:
    return importBinaryCrossentropy(call);
  case Builtin::PrngStep:
    return importPrngStep(call);
  case Builtin::PrngState:
  case Builtin::PrngValue: {
    Term group = importValue(*call.arguments[0]);
    if (group.kind == Term::Kind::Tuple && group.elements.size() == 2)
      return group.elements[call.builtin == Builtin::PrngValue];
    if (group)
      engine.error(call.range, "the result of prng_step is expected here");
    return {};
  }
  default:
    llvm_unreachable("not a function of whole tensors");
  }
}
