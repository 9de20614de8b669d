//===- ContractionImporter.cpp - One contraction on its way to tile.contract
//===//
//
// Steps: output indices and sizes, constraints, body (whose reads add inputs),
// then the operation. See ContractionImporter.h for how fractions go.
//
//===----------------------------------------------------------------------===//

#include "lang/import/ContractionImporter.h"

#include "lang/import/Promotion.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::lang;

ContractionImporter::ContractionImporter(FunctionImporter &importer,
                                         const Contraction &contraction)
    : importer(importer), contraction(contraction),
      loc(importer.location(contraction.range)),
      block(std::make_unique<Block>()), body(importer.context()) {
  body.setInsertionPointToEnd(block.get());
  for (const IndexVariable &variable : contraction.indexVariables)
    indexNames.push_back(std::string(variable.name));
}

Value ContractionImporter::run() {
  bool good = importOutput();
  for (const Constraint &constraint : contraction.constraints)
    good &= importConstraint(constraint);
  Value condition;
  Value value = importBody(condition);
  return good && value ? create(value, condition) : nullptr;
}

//===----------------------------------------------------------------------===//
// Index expressions
//===----------------------------------------------------------------------===//

/// A size is a number, or a symbol; equal values share a symbol.
ContractionImporter::Fraction
ContractionImporter::importSizeAsIndex(const Expr &expr) {
  MLIRContext *context = importer.context();
  Value size = importer.importSize(expr);
  if (!size)
    return {};
  AffineExpr one = getAffineConstantExpr(1, context);
  if (std::optional<int64_t> number = getConstantIntValue(size))
    return {getAffineConstantExpr(*number, context), one};
  auto *found = llvm::find(symbols, size);
  unsigned position = found - symbols.begin();
  if (found == symbols.end())
    symbols.push_back(size);
  return {getAffineSymbolExpr(position, context), one};
}

/// floordiv(e, s) is a fresh variable q with s * q <= e < s * (q + 1), and
/// mod(e, s) is e - s * q. For e = n / d this is d * s * q <= n < d * s * (q +
/// 1); sizes that are symbols are never negative.
ContractionImporter::Fraction
ContractionImporter::importFlooring(bool remainder, const Expr &dividend,
                                    const Expr &divisor, SourceRange range) {
  Fraction value = importIndex(dividend), size = importIndex(divisor);
  if (!value || !size)
    return {};
  AffineExpr numerator = value.numerator,
             scale = value.denominator * size.numerator;
  if (auto number = dyn_cast<AffineConstantExpr>(scale)) {
    if (number.getValue() == 0) {
      importer.diagnostics().error(range, "division by zero");
      return {};
    }
    if (number.getValue() < 0) {
      numerator = -numerator;
      scale = -scale;
    }
  }
  AffineExpr quotient = getAffineDimExpr(indexNames.size(), importer.context());
  indexNames.push_back(
      std::string(importer.diagnostics().source().text(range)));
  addConstraint(numerator - quotient * scale, /*isEquality=*/false);
  addConstraint(quotient * scale + scale - 1 - numerator,
                /*isEquality=*/false);
  if (!remainder)
    return {quotient, getAffineConstantExpr(1, importer.context())};
  return {value.numerator - quotient * size.numerator * value.denominator,
          value.denominator};
}

ContractionImporter::Fraction
ContractionImporter::importIndexBinary(const Binary &expr) {
  if (expr.op == BinaryOp::Mod)
    return importFlooring(/*remainder=*/true, *expr.lhs, *expr.rhs, expr.range);
  Fraction lhs = importIndex(*expr.lhs), rhs = importIndex(*expr.rhs);
  if (!lhs || !rhs)
    return {};
  auto common = [&](AffineExpr left, AffineExpr right) -> Fraction {
    return {left + right, lhs.denominator == rhs.denominator
                              ? lhs.denominator
                              : lhs.denominator * rhs.denominator};
  };
  bool sameDenominator = lhs.denominator == rhs.denominator;
  AffineExpr left =
      sameDenominator ? lhs.numerator : lhs.numerator * rhs.denominator;
  AffineExpr right =
      sameDenominator ? rhs.numerator : rhs.numerator * lhs.denominator;
  switch (expr.op) {
  case BinaryOp::Add:
    return common(left, right);
  case BinaryOp::Sub:
    return common(left, -right);
  case BinaryOp::Mul:
    return {lhs.numerator * rhs.numerator, lhs.denominator * rhs.denominator};
  case BinaryOp::Div:
    if (rhs.numerator == getAffineConstantExpr(0, importer.context())) {
      importer.diagnostics().error(expr.range, "division by zero");
      return {};
    }
    return {lhs.numerator * rhs.denominator, lhs.denominator * rhs.numerator};
  default:
    importer.diagnostics().error(expr.range,
                                 "an index expression is affine: sums, "
                                 "products with sizes, quotients by sizes");
    return {};
  }
}

ContractionImporter::Fraction
ContractionImporter::importIndex(const Expr &expr) {
  if (!expr.hasIndexVariable)
    return importSizeAsIndex(expr);
  if (auto *name = dyn_cast<NameRef>(&expr))
    return {getAffineDimExpr(name->indexVariable, importer.context()),
            getAffineConstantExpr(1, importer.context())};
  if (auto *unary = dyn_cast<Unary>(&expr);
      unary && unary->op == UnaryOp::Negate) {
    Fraction operand = importIndex(*unary->operand);
    return operand ? Fraction{-operand.numerator, operand.denominator}
                   : Fraction{};
  }
  if (auto *binary = dyn_cast<Binary>(&expr))
    return importIndexBinary(*binary);
  if (auto *call = dyn_cast<Call>(&expr);
      call &&
      (call->builtin == Builtin::FloorDiv || call->builtin == Builtin::Mod))
    return importFlooring(call->builtin == Builtin::Mod, *call->arguments[0],
                          *call->arguments[1], expr.range);
  importer.diagnostics().error(expr.range,
                               "an index expression is affine: sums, products "
                               "with sizes, quotients by sizes");
  return {};
}

AffineExpr ContractionImporter::importWhole(const Expr &expr) {
  Fraction fraction = importIndex(expr);
  if (!fraction)
    return nullptr;
  if (fraction.denominator == getAffineConstantExpr(1, importer.context()))
    return fraction.numerator;
  AffineExpr whole = getAffineDimExpr(indexNames.size(), importer.context());
  indexNames.push_back(
      std::string(importer.diagnostics().source().text(expr.range)));
  addConstraint(whole * fraction.denominator - fraction.numerator,
                /*isEquality=*/true);
  return whole;
}

void ContractionImporter::addConstraint(AffineExpr expr, bool isEquality) {
  constraints.push_back(expr);
  equalities.push_back(isEquality);
}

/// d != 0 is two half-spaces; a fresh variable s tells which: 0 for d >= 1, 1
/// for d <= -1. Each point of d has one s, so no point counts twice.
///
///   0 <= s <= 1,   d - 1 + far * s >= 0,   -d - 1 + far * (1 - s) >= 0
///
/// With far = 2^50 no d that lies between two places of tensors is cut off:
/// those have at most 2^48 bytes.
void ContractionImporter::addNotEqual(AffineExpr difference,
                                      SourceRange range) {
  constexpr int64_t far = int64_t(1) << 50;
  AffineExpr side = getAffineDimExpr(indexNames.size(), importer.context());
  indexNames.push_back(
      std::string(importer.diagnostics().source().text(range)));
  addConstraint(side, /*isEquality=*/false);
  addConstraint(1 - side, /*isEquality=*/false);
  addConstraint(difference - 1 + side * far, /*isEquality=*/false);
  addConstraint(-difference - 1 + (1 - side) * far, /*isEquality=*/false);
}

bool ContractionImporter::importConstraint(const Constraint &constraint) {
  AffineExpr lhs = importWhole(*constraint.lhs),
             rhs = importWhole(*constraint.rhs);
  if (!lhs || !rhs)
    return false;
  switch (constraint.relation) {
  case Relation::Less:
    addConstraint(rhs - lhs - 1, false);
    break;
  case Relation::LessEqual:
    addConstraint(rhs - lhs, false);
    break;
  case Relation::Greater:
    addConstraint(lhs - rhs - 1, false);
    break;
  case Relation::GreaterEqual:
    addConstraint(lhs - rhs, false);
    break;
  case Relation::Equal:
    addConstraint(lhs - rhs, true);
    break;
  case Relation::NotEqual:
    addNotEqual(lhs - rhs, constraint.range);
    break;
  }
  if (constraint.impliesNonNegative)
    addConstraint(lhs, false);
  return true;
}

bool ContractionImporter::importOutput() {
  bool good = true;
  for (const Expr *index : contraction.outputIndices) {
    outputIndices.push_back(importWhole(*index));
    good &= bool(outputIndices.back());
  }
  for (const Expr *size : contraction.outputSizes) {
    outputSizes.push_back(importer.importSize(*size));
    good &= bool(outputSizes.back());
  }
  return good;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

Value ContractionImporter::addInput(Value tensor,
                                    ArrayRef<AffineExpr> indices) {
  for (unsigned i = 0, e = inputs.size(); i != e; ++i)
    if (inputs[i] == tensor && ArrayRef<AffineExpr>(inputIndices[i]) == indices)
      return block->getArgument(i);
  inputs.push_back(tensor);
  inputIndices.emplace_back(indices);
  return block->addArgument(getElementTypeOrSelf(tensor.getType()), loc);
}

Value ContractionImporter::readScalar(Value tensor) {
  return addInput(tensor, {});
}

Value ContractionImporter::importRead(const IndexedRead &read) {
  Term term = importer.lookUp(*read.tensor);
  if (!term)
    return nullptr;
  StringRef name(read.tensor->name);
  if (term.isWeak()) {
    Value value = importer.materialize(term, importer.commonType(term),
                                       read.range, nullptr);
    term = value ? Term::tensor(value) : Term();
  }
  if (term.kind != Term::Kind::Value) {
    if (term)
      importer.diagnostics().error(
          read.range,
          llvm::formatv("'{0}' is a group of values, not a tensor", name));
    return nullptr;
  }
  int64_t rank = cast<RankedTensorType>(term.value.getType()).getRank();
  if (rank != static_cast<int64_t>(read.indices.size())) {
    importer.diagnostics().error(
        read.range,
        llvm::formatv("'{0}' has {1} dimension{2}, but {3} {4} given", name,
                      rank, rank == 1 ? "" : "s", read.indices.size(),
                      read.indices.size() == 1 ? "index is" : "indices are"));
    return nullptr;
  }
  SmallVector<AffineExpr> indices;
  for (const Expr *index : read.indices) {
    indices.push_back(importWhole(*index));
    if (!indices.back())
      return nullptr;
  }
  return addInput(term.value, indices);
}

/// The chain of sums and products at the top of the body is the combination;
/// what hangs below it is elementwise.
bool ContractionImporter::gatherLeaves(const Expr &expr) {
  auto *binary = dyn_cast<Binary>(&expr);
  if (binary && !expr.isWeak &&
      (binary->op == BinaryOp::Add || binary->op == BinaryOp::Mul))
    return gatherLeaves(*binary->lhs) && gatherLeaves(*binary->rhs);
  leaves.push_back({&expr, importer.importValue(expr, this)});
  return bool(leaves.back().second);
}

/// Builds what gatherLeaves has walked, in the type of the accumulation.
Value ContractionImporter::importCombination(Type accumulator,
                                             const Expr &expr) {
  for (auto &[leaf, term] : leaves)
    if (leaf == &expr)
      return importer.materialize(term, accumulator, expr.range, this);
  auto &binary = *cast<Binary>(&expr);
  Value lhs = importCombination(accumulator, *binary.lhs),
        rhs = importCombination(accumulator, *binary.rhs);
  if (!lhs || !rhs)
    return nullptr;
  Location where = importer.location(expr.range);
  if (binary.op == BinaryOp::Add)
    return body.create<tile::AddOp>(where, accumulator, lhs, rhs);
  return body.create<tile::MulOp>(where, accumulator, lhs, rhs);
}

Value ContractionImporter::importBody(Value &condition) {
  if (contraction.condition) {
    Term holds = importer.importValue(*contraction.condition, this);
    if (!holds)
      return nullptr;
    condition = importer.materialize(holds, body.getI1Type(),
                                     contraction.condition->range, this);
    if (!condition)
      return nullptr;
  }
  if (!gatherLeaves(*contraction.body))
    return nullptr;
  SmallVector<Term> terms;
  for (auto &[leaf, term] : leaves)
    terms.push_back(term);
  Type type = importer.commonType(terms);
  bool adds = contraction.aggregation == Aggregation::Sum ||
              contraction.aggregation == Aggregation::Product;
  return importCombination(adds ? widenForSum(type) : type, *contraction.body);
}

//===----------------------------------------------------------------------===//
// The operation
//===----------------------------------------------------------------------===//

static tile::Aggregation convert(Aggregation aggregation) {
  switch (aggregation) {
  case Aggregation::Sum:
    return tile::Aggregation::sum;
  case Aggregation::Product:
    return tile::Aggregation::product;
  case Aggregation::Maximum:
    return tile::Aggregation::max;
  case Aggregation::Minimum:
    return tile::Aggregation::min;
  case Aggregation::Assign:
    return tile::Aggregation::assign;
  }
  llvm_unreachable("no other aggregation");
}

/// f16 and bf16 accumulate in f32 and are rounded to themselves; narrow
/// integers stay wide.
static Type resultElementType(Type accumulator,
                              ArrayRef<std::pair<const Expr *, Term>> leaves,
                              const FunctionImporter &importer) {
  SmallVector<Term> terms;
  for (auto &leaf : leaves)
    terms.push_back(leaf.second);
  Type type = importer.commonType(terms);
  return isa<FloatType>(type) ? type : accumulator;
}

Value ContractionImporter::create(Value value, Value condition) {
  body.create<tile::YieldOp>(loc, value, condition);
  OpBuilder &builder = importer.builder();
  unsigned dims = indexNames.size(), numSymbols = symbols.size();
  MLIRContext *context = importer.context();
  auto map = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(dims, numSymbols, results, context);
  };
  SmallVector<AffineMap> maps;
  for (auto &indices : inputIndices)
    maps.push_back(map(indices));
  if (constraints.empty())
    addConstraint(getAffineConstantExpr(0, context), /*isEquality=*/true);
  IntegerSet domain =
      IntegerSet::get(dims, numSymbols, constraints, equalities);

  SmallVector<int64_t> shape(outputIndices.size(), ShapedType::kDynamic);
  SmallVector<Value> dynamicSizes;
  for (auto [i, size] : llvm::enumerate(outputSizes)) {
    if (std::optional<int64_t> number = getConstantIntValue(size);
        number && *number >= 0)
      shape[i] = *number;
    else
      dynamicSizes.push_back(size);
  }
  auto type = RankedTensorType::get(
      shape, resultElementType(value.getType(), leaves, importer));
  Value fallback;
  if (contraction.defaultTensor) {
    Term term = importer.lookUp(*contraction.defaultTensor);
    fallback =
        term ? importer.materialize(term, type.getElementType(),
                                    contraction.defaultTensor->range, nullptr)
             : nullptr;
    if (!fallback)
      return nullptr;
    if (cast<RankedTensorType>(fallback.getType()).getRank() !=
        type.getRank()) {
      importer.diagnostics().error(
          contraction.defaultTensor->range,
          llvm::formatv("the default '{0}' has rank {1}, but '{2}' has {3}",
                        StringRef(contraction.defaultTensor->name),
                        cast<RankedTensorType>(fallback.getType()).getRank(),
                        StringRef(contraction.output.text), type.getRank()));
      return nullptr;
    }
  }
  SmallVector<StringRef> names(indexNames.begin(), indexNames.end());
  bool inferSizes = !contraction.hasSizes && !outputIndices.empty();
  auto op = builder.create<tile::ContractOp>(
      loc, type,
      tile::AggregationAttr::get(context, convert(contraction.aggregation)),
      inputs, fallback, dynamicSizes, symbols,
      builder.getAffineMapArrayAttr(maps),
      AffineMapAttr::get(map(outputIndices)), IntegerSetAttr::get(domain),
      builder.getStrArrayAttr(names),
      inferSizes ? builder.getUnitAttr() : UnitAttr(),
      contraction.noDefract ? builder.getUnitAttr() : UnitAttr(),
      DenseI64ArrayAttr(), DenseI64ArrayAttr(), UnitAttr());
  op.getBody().push_back(block.release());
  op->setAttr("tile.name",
              builder.getStringAttr(StringRef(contraction.output.text)));
  return op.getResult();
}
