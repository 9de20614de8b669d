//===- CheckExpression.cpp - Values, indices and sizes --------------------===//
//
// Values may be anything that an element can be computed from. Indices are
// affine in the index variables, with sizes as coefficients: at most one
// factor of a product, and no divisor, contains an index variable. Sizes are
// indices without index variables.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/CheckerImpl.h"
#include "lang/tile/Suggestion.h"

#include <algorithm>
#include <fmt/format.h>

using namespace polytile::lang;

namespace {

/// A name that may be an index variable: its first letter is lowercase.
bool looksLikeIndexVariable(std::string_view name) {
  size_t letter = name.find_first_not_of('_');
  return letter == std::string_view::npos ||
         !(name[letter] >= 'A' && name[letter] <= 'Z');
}

bool isArithmetic(BinaryOp op) {
  return op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul ||
         op == BinaryOp::Div || op == BinaryOp::Mod;
}

bool isZero(const Expr *expr) {
  const auto *literal = dyn_cast<IntLiteral>(expr);
  return literal && literal->value == 0;
}

bool fitsSize(const IntLiteral &literal) {
  return literal.value <= static_cast<uint64_t>(INT64_MAX);
}

Rank broadcastRank(Rank a, Rank b) {
  return a == unknownRank || b == unknownRank ? unknownRank : std::max(a, b);
}

std::string given(size_t count, std::string_view noun) {
  return fmt::format("{} {} given", countOf(count, noun),
                     count == 1 ? "is" : "are");
}

std::string argumentRange(const BuiltinInfo &info) {
  if (info.maxArguments == anyNumber)
    return fmt::format("{} or more arguments", info.minArguments);
  if (info.maxArguments == info.minArguments)
    return countOf(info.minArguments, "argument");
  return fmt::format("{} to {} arguments", info.minArguments,
                     info.maxArguments);
}

/// The first index variable below an expression, to name it in a message.
std::string_view firstIndexVariable(const Expr *expr) {
  if (!expr->hasIndexVariable)
    return "";
  switch (expr->kind) {
  case ExprKind::NameRef:
    return cast<NameRef>(expr)->name;
  case ExprKind::Unary:
    return firstIndexVariable(cast<Unary>(expr)->operand);
  case ExprKind::Binary: {
    const auto *binary = cast<Binary>(expr);
    return firstIndexVariable(binary->lhs->hasIndexVariable ? binary->lhs
                                                            : binary->rhs);
  }
  case ExprKind::Call:
    for (const Expr *argument : cast<Call>(expr)->arguments)
      if (argument->hasIndexVariable)
        return firstIndexVariable(argument);
    return "";
  default:
    return "";
  }
}

} // namespace

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

const FunctionChecker::Symbol *
FunctionChecker::lookUp(std::string_view name) const {
  auto found = scope.find(name);
  return found == scope.end() ? nullptr : &found->second;
}

void FunctionChecker::resolve(NameRef &ref, const Symbol &symbol) {
  ref.resolved = symbol.kind;
  ref.parameter = symbol.parameter;
  ref.dimension = symbol.dimension;
  ref.definition = symbol.definition;
  ref.resultIndex = symbol.resultIndex;
  ref.isSize = symbol.kind == NameKind::Size;
  ref.mayBeSize = symbol.mayBeSize;
  ref.isWeak = symbol.isWeak;
}

/// A name stands where a size is wanted; what it stands for remembers that.
void FunctionChecker::useAsSize(NameRef &ref, const Symbol &symbol) {
  ref.isSize = true;
  if (symbol.parameter)
    symbol.parameter->usedAsSize = true;
  else
    cast<Assignment>(symbol.definition)->usedAsSize = true;
}

/// Adds "did you mean" with the nearest name in scope.
void FunctionChecker::suggest(Diagnostic &diagnostic, std::string_view name,
                              bool sizes) const {
  if (diagnostics.isFull())
    return;
  // The map has no order of its own: the first in the text wins a tie.
  std::vector<std::pair<uint32_t, std::string_view>> candidates;
  for (const auto &[candidate, symbol] : scope)
    if (!sizes || symbol.kind == NameKind::Size)
      candidates.emplace_back(symbol.range.begin, candidate);
  std::sort(candidates.begin(), candidates.end());
  Suggestion suggestion(name);
  for (const auto &candidate : candidates)
    suggestion.consider(candidate.second);
  if (!suggestion.best().empty())
    diagnostic.withHint(fmt::format("did you mean '{}'?", suggestion.best()));
}

bool FunctionChecker::reportUsedBeforeDefinition(const NameRef &ref) {
  auto later = laterDefinitions.find(ref.name);
  if (later == laterDefinitions.end())
    return false;
  Diagnostic &diagnostic = diagnostics.report(
      DiagnosticId::UsedBeforeDefinition, ref.range, {ref.name});
  diagnostic.withNote(later->second, "it is defined here");
  return true;
}

void FunctionChecker::reportUnknownValue(const NameRef &ref, DiagnosticId id) {
  if (!reportUsedBeforeDefinition(ref))
    suggest(diagnostics.report(id, ref.range, {ref.name}), ref.name,
            /*sizes=*/false);
}

void FunctionChecker::reportUnknownSize(const NameRef &ref, bool inIndex) {
  if (reportUsedBeforeDefinition(ref))
    return;
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownSize, ref.range, {ref.name});
  suggest(diagnostic, ref.name, /*sizes=*/true);
  if (inIndex && diagnostic.hints.empty())
    diagnostic.withHint("index variables begin with a lowercase letter");
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Checks an expression whose value is wanted; returns its rank.
Rank FunctionChecker::checkValue(Expr *expr) {
  switch (expr->kind) {
  case ExprKind::IntLiteral:
    expr->isSize = expr->mayBeSize = fitsSize(*cast<IntLiteral>(expr));
    expr->isWeak = true;
    return 0;
  case ExprKind::FloatLiteral:
    expr->isWeak = true;
    return 0;
  case ExprKind::NameRef:
    return checkValueName(*cast<NameRef>(expr));
  case ExprKind::IndexedRead:
    return checkRead(*cast<IndexedRead>(expr));
  case ExprKind::Unary:
    return checkUnary(*cast<Unary>(expr));
  case ExprKind::Binary:
    return checkBinary(*cast<Binary>(expr));
  case ExprKind::Compare:
    return checkCompare(*cast<Compare>(expr));
  case ExprKind::Select:
    return checkSelect(*cast<Select>(expr));
  case ExprKind::Call: {
    auto &call = *cast<Call>(expr);
    Rank rank = checkCall(call);
    if (call.resultCount != 1)
      diagnostics
          .report(DiagnosticId::SeveralResultsInExpression, call.callee.range,
                  {call.callee.text, fmt::to_string(call.resultCount)})
          .withHint(fmt::format(
              "give the results names first, as in 'P, Q = {}(...);'",
              call.callee.text));
    return rank;
  }
  }
  return unknownRank;
}

Rank FunctionChecker::checkValueName(NameRef &ref) {
  const Symbol *symbol = lookUp(ref.name);
  if (!symbol) {
    if (inContraction)
      deferredNames.push_back(&ref);
    else
      reportUnknownValue(ref, DiagnosticId::UnknownName);
    return unknownRank;
  }
  resolve(ref, *symbol);
  if (inContraction && symbol->rank > 0)
    diagnostics.report(
        DiagnosticId::TensorWithoutIndices, ref.range,
        {ref.name, countOf(static_cast<size_t>(symbol->rank), "dimension")});
  return symbol->rank;
}

/// Names in a contraction's body that nothing defines: by now all its index
/// variables are known.
void FunctionChecker::resolveDeferredNames() {
  for (NameRef *ref : deferredNames) {
    bool isVariable = std::any_of(
        variables.begin(), variables.end(),
        [&](const VariableUse &use) { return use.variable.name == ref->name; });
    if (isVariable)
      diagnostics
          .report(DiagnosticId::IndexVariableAsValue, ref->range, {ref->name})
          .withHint("'index(T, axis)' gives a tensor of the indices along an "
                    "axis of T");
    else
      reportUnknownValue(*ref, DiagnosticId::UnknownName);
  }
}

Rank FunctionChecker::checkRead(IndexedRead &read) {
  NameRef &tensor = *read.tensor;
  if (!inContraction) {
    diagnostics
        .report(DiagnosticId::IndexedOutsideContraction, read.range,
                {tensor.name})
        .withHint("a contraction has output indices and an aggregation: 'O[i : "
                  "N] = =(A[i]);'");
    return unknownRank;
  }
  const Symbol *symbol = lookUp(tensor.name);
  if (!symbol)
    reportUnknownValue(tensor, DiagnosticId::UnknownTensor);
  else
    resolve(tensor, *symbol);
  for (Expr *index : read.indices) {
    checkIndex(index, IndexPlace::ReadIndex);
    recordVariables(IndexPlace::ReadIndex, &tensor, index->range);
    read.hasIndexVariable |= index->hasIndexVariable;
  }
  if (!symbol)
    return 0;
  if (symbol->kind == NameKind::Size) {
    diagnostics.report(DiagnosticId::SizeIsIndexed, read.range, {tensor.name})
        .withNote(symbol->range, "it is defined here");
    return 0;
  }
  size_t count = read.indices.size();
  if (symbol->rank != unknownRank && static_cast<size_t>(symbol->rank) != count)
    diagnostics
        .report(DiagnosticId::WrongIndexCount, read.range,
                {tensor.name,
                 countOf(static_cast<size_t>(symbol->rank), "dimension"),
                 given(count, "index")})
        .withNote(symbol->range, "it is defined here");
  return 0;
}

Rank FunctionChecker::checkUnary(Unary &unary) {
  Rank rank = checkValue(unary.operand);
  unary.isSize = unary.op == UnaryOp::Negate && unary.operand->isSize;
  unary.mayBeSize = unary.op == UnaryOp::Negate && unary.operand->mayBeSize;
  unary.isWeak = unary.op != UnaryOp::LogicalNot && unary.operand->isWeak;
  unary.hasIndexVariable = unary.operand->hasIndexVariable;
  return rank;
}

Rank FunctionChecker::checkBinary(Binary &binary) {
  Rank left = checkValue(binary.lhs);
  Rank right = checkValue(binary.rhs);
  bool bothSizes = binary.lhs->isSize && binary.rhs->isSize;
  bool isLogical =
      binary.op == BinaryOp::LogicalAnd || binary.op == BinaryOp::LogicalOr;
  binary.isSize = bothSizes && isArithmetic(binary.op);
  binary.mayBeSize =
      binary.lhs->mayBeSize && binary.rhs->mayBeSize && isArithmetic(binary.op);
  binary.isWeak = !isLogical && binary.lhs->isWeak && binary.rhs->isWeak;
  binary.hasIndexVariable =
      binary.lhs->hasIndexVariable || binary.rhs->hasIndexVariable;
  bool divides = binary.op == BinaryOp::Div || binary.op == BinaryOp::Mod;
  if (bothSizes && divides && isZero(binary.rhs))
    diagnostics.report(DiagnosticId::DivisionByZero, binary.rhs->range);
  return broadcastRank(left, right);
}

Rank FunctionChecker::checkCompare(Compare &compare) {
  Rank left = checkValue(compare.lhs);
  Rank right = checkValue(compare.rhs);
  compare.hasIndexVariable =
      compare.lhs->hasIndexVariable || compare.rhs->hasIndexVariable;
  return broadcastRank(left, right);
}

Rank FunctionChecker::checkSelect(Select &select) {
  Rank condition = checkValue(select.condition);
  Rank left = checkValue(select.trueValue);
  Rank right = checkValue(select.falseValue);
  select.hasIndexVariable = select.condition->hasIndexVariable ||
                            select.trueValue->hasIndexVariable ||
                            select.falseValue->hasIndexVariable;
  return broadcastRank(condition, broadcastRank(left, right));
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

Rank FunctionChecker::checkCall(Call &call) {
  // A user's function shadows a built-in one.
  auto user = functions.find(call.callee.text);
  if (user != functions.end())
    return checkUserCall(call, *user->second);
  call.builtin = builtinByName(call.callee.text);
  if (call.builtin != Builtin::None)
    return checkBuiltinCall(call, builtinInfo(call.builtin));
  reportUnknownFunction(call);
  for (Expr *argument : call.arguments)
    checkValue(argument);
  return unknownRank;
}

void FunctionChecker::reportUnknownFunction(const Call &call) {
  Diagnostic &diagnostic = diagnostics.report(
      DiagnosticId::UnknownFunction, call.callee.range, {call.callee.text});
  if (lookUp(call.callee.text)) {
    diagnostic.withHint(
        fmt::format("'{}' is a tensor: its elements are read with '[...]'",
                    call.callee.text));
    return;
  }
  if (diagnostics.isFull())
    return;
  Suggestion suggestion(call.callee.text);
  std::vector<std::pair<uint32_t, std::string_view>> names;
  for (const auto &[name, candidate] : functions)
    names.emplace_back(candidate->name.range.begin, name);
  std::sort(names.begin(), names.end());
  for (const auto &name : names)
    suggestion.consider(name.second);
  for (const BuiltinInfo *info = builtinsBegin(); info != builtinsEnd(); ++info)
    suggestion.consider(info->name);
  if (!suggestion.best().empty())
    diagnostic.withHint(fmt::format("did you mean '{}'?", suggestion.best()));
}

Rank FunctionChecker::checkUserCall(Call &call, const Function &callee) {
  call.function = &callee;
  call.resultCount = static_cast<unsigned>(callee.outputs.size());
  calls.push_back({&callee, call.callee.range});
  for (Expr *argument : call.arguments)
    checkValue(argument);
  if (call.arguments.size() != callee.parameters.size())
    diagnostics
        .report(DiagnosticId::WrongArgumentCount, call.range,
                {call.callee.text,
                 countOf(callee.parameters.size(), "argument"),
                 given(call.arguments.size(), "argument")})
        .withNote(callee.name.range, "the function is defined here");
  if (inContraction)
    diagnostics
        .report(DiagnosticId::FunctionInContraction, call.callee.range,
                {call.callee.text})
        .withHint(
            "call it in a statement of its own, and read the result here");
  return unknownRank;
}

Rank FunctionChecker::checkBuiltinCall(Call &call, const BuiltinInfo &info) {
  size_t count = call.arguments.size();
  bool fits = count >= info.minArguments && count <= info.maxArguments;
  if (!fits)
    diagnostics.report(
        DiagnosticId::WrongArgumentCount, call.range,
        {call.callee.text, argumentRange(info), given(count, "argument")});
  bool isElementwise = info.kind == BuiltinKind::Elementwise ||
                       info.kind == BuiltinKind::Conversion;
  if (inContraction && !isElementwise) {
    diagnostics
        .report(DiagnosticId::CallInContraction, call.callee.range,
                {call.callee.text})
        .withHint(
            "call it in a statement of its own, and read the result here");
    return unknownRank;
  }
  std::vector<Rank> ranks;
  bool allSizes = true;
  bool allMayBeSizes = true;
  bool allWeak = true;
  for (unsigned i = 0; i < count; ++i) {
    Expr *argument = call.arguments[i];
    if (wantsSize(info.id, i)) {
      checkSize(argument);
      ranks.push_back(0);
    } else {
      ranks.push_back(checkValue(argument));
    }
    allSizes &= argument->isSize;
    allMayBeSizes &= argument->mayBeSize;
    allWeak &= argument->isWeak;
    call.hasIndexVariable |= argument->hasIndexVariable;
  }
  if (!fits)
    return unknownRank;
  call.isSize = allSizes && givesSizes(info.id);
  call.mayBeSize = allMayBeSizes && givesSizes(info.id);
  call.isWeak = allWeak && info.kind == BuiltinKind::Elementwise;
  if (info.id == Builtin::Broadcast)
    checkBroadcast(call);
  return rankOfBuiltin(call, info, ranks);
}

/// `broadcast(T, 3, N)`, or PlaidML's `broadcast(T, U)` for the shape of U.
void FunctionChecker::checkBroadcast(const Call &call) {
  for (size_t i = 1; i < call.arguments.size(); ++i)
    if (!call.arguments[i]->isSize && call.arguments.size() > 2) {
      diagnostics.report(DiagnosticId::BroadcastMixesSizes,
                         call.arguments[i]->range);
      return;
    }
}

Rank FunctionChecker::rankOfBuiltin(const Call &call, const BuiltinInfo &info,
                                    const std::vector<Rank> &ranks) const {
  switch (info.id) {
  case Builtin::Shape:
    return 1;
  case Builtin::Index:
    return ranks[0];
  case Builtin::Reshape:
    return static_cast<Rank>(ranks.size()) - 1;
  case Builtin::SimpleReduce:
    return ranks[1];
  case Builtin::Broadcast:
    if (ranks.size() == 2 && !call.arguments[1]->isSize)
      return ranks[1];
    return static_cast<Rank>(ranks.size()) - 1;
  default:
    break;
  }
  bool isElementwise = info.kind == BuiltinKind::Elementwise ||
                       info.kind == BuiltinKind::Conversion;
  if (!isElementwise)
    return unknownRank;
  Rank rank = 0;
  for (Rank other : ranks)
    rank = broadcastRank(rank, other);
  return rank;
}

//===----------------------------------------------------------------------===//
// Indices and sizes
//===----------------------------------------------------------------------===//

/// Checks an index expression or a side of a constraint.
void FunctionChecker::checkIndex(Expr *expr, IndexPlace place) {
  indexVariables.clear();
  sizesOnly = false;
  checkIndexExpr(expr);
  if (place != IndexPlace::ReadIndex)
    recordVariables(place, nullptr, expr->range);
}

/// Checks a size: an index expression without index variables.
void FunctionChecker::checkSize(Expr *expr) {
  // Arguments that are sizes may stand inside an operand of a contraction.
  bool wasSizesOnly = sizesOnly;
  sizesOnly = true;
  checkIndexExpr(expr);
  sizesOnly = wasSizesOnly;
}

/// Remembers where the index variables of the last index expression stand.
void FunctionChecker::recordVariables(IndexPlace place, NameRef *tensor,
                                      SourceRange range) {
  bool withOutput =
      std::any_of(indexVariables.begin(), indexVariables.end(),
                  [&](unsigned i) { return variables[i].variable.inOutput; });
  for (unsigned i : indexVariables) {
    VariableUse &use = variables[i];
    switch (place) {
    case IndexPlace::OutputIndex:
      use.variable.inOutput = true;
      break;
    case IndexPlace::Constraint:
      use.inConstraint = true;
      break;
    case IndexPlace::ReadIndex:
      use.besideOutputOnly &= withOutput;
      if (!use.windowTensor) {
        use.windowTensor = tensor;
        use.windowRange = range;
      }
      break;
    }
  }
}

void FunctionChecker::checkIndexExpr(Expr *expr) {
  switch (expr->kind) {
  case ExprKind::IntLiteral:
    expr->isSize = expr->isWeak = true;
    if (!fitsSize(*cast<IntLiteral>(expr)))
      diagnostics.report(DiagnosticId::IndexTooLarge, expr->range,
                         {diagnostics.source().text(expr->range)});
    return;
  case ExprKind::NameRef:
    checkIndexName(*cast<NameRef>(expr));
    return;
  case ExprKind::Unary:
    checkIndexUnary(*cast<Unary>(expr));
    return;
  case ExprKind::Binary:
    checkIndexBinary(*cast<Binary>(expr));
    return;
  case ExprKind::Call:
    checkIndexCall(*cast<Call>(expr));
    return;
  case ExprKind::FloatLiteral:
    diagnostics.report(
        DiagnosticId::NotInIndex, expr->range,
        {fmt::format("the fraction '{}'", cast<FloatLiteral>(expr)->spelling)});
    return;
  case ExprKind::IndexedRead:
    diagnostics
        .report(DiagnosticId::NotInIndex, expr->range,
                {"an element of a tensor"})
        .withHint("'gather(T, I)' reads T at the integers of the tensor I");
    return;
  case ExprKind::Compare:
    diagnostics.report(DiagnosticId::NotInIndex, expr->range, {"a comparison"});
    return;
  case ExprKind::Select:
    diagnostics.report(DiagnosticId::NotInIndex, expr->range,
                       {"a choice with '?'"});
    return;
  }
}

void FunctionChecker::checkIndexName(NameRef &ref) {
  const Symbol *symbol = lookUp(ref.name);
  if (!symbol) {
    if (!sizesOnly && looksLikeIndexVariable(ref.name))
      useVariable(ref);
    else if (std::any_of(variables.begin(), variables.end(),
                         [&](const VariableUse &use) {
                           return inContraction &&
                                  use.variable.name == ref.name;
                         }))
      diagnostics.report(DiagnosticId::IndexVariableInSize, ref.range,
                         {ref.name});
    else
      reportUnknownSize(ref, !sizesOnly);
    return;
  }
  resolve(ref, *symbol);
  if (symbol->kind == NameKind::Size)
    return;
  if (symbol->mayBeSize) {
    useAsSize(ref, *symbol);
    return;
  }
  diagnostics
      .report(sizesOnly ? DiagnosticId::NotASize : DiagnosticId::TensorInIndex,
              ref.range, {ref.name})
      .withNote(symbol->range, "it is defined here");
}

void FunctionChecker::useVariable(NameRef &ref) {
  auto found = std::find_if(
      variables.begin(), variables.end(),
      [&](const VariableUse &use) { return use.variable.name == ref.name; });
  auto number = static_cast<unsigned>(found - variables.begin());
  if (found == variables.end()) {
    VariableUse use;
    use.variable.name = ref.name;
    use.variable.firstUse = ref.range;
    variables.push_back(use);
  }
  indexVariables.push_back(number);
  ref.resolved = NameKind::IndexVariable;
  ref.indexVariable = number;
  ref.hasIndexVariable = true;
}

void FunctionChecker::checkIndexUnary(Unary &unary) {
  checkIndexExpr(unary.operand);
  unary.hasIndexVariable = unary.operand->hasIndexVariable;
  unary.isSize = unary.isWeak = unary.operand->isSize;
  if (unary.op != UnaryOp::Negate)
    diagnostics.report(DiagnosticId::NotInIndex, unary.range,
                       {fmt::format("'{}'", spelling(unary.op))});
}

void FunctionChecker::checkIndexBinary(Binary &binary) {
  checkIndexExpr(binary.lhs);
  checkIndexExpr(binary.rhs);
  bool left = binary.lhs->hasIndexVariable;
  bool right = binary.rhs->hasIndexVariable;
  binary.hasIndexVariable = left || right;
  binary.isSize = binary.isWeak = binary.lhs->isSize && binary.rhs->isSize;
  if (!isArithmetic(binary.op)) {
    binary.isSize = binary.isWeak = false;
    diagnostics.report(DiagnosticId::NotInIndex, binary.opRange,
                       {fmt::format("'{}'", spelling(binary.op))});
    return;
  }
  if (binary.op == BinaryOp::Mul && left && right)
    diagnostics.report(
        DiagnosticId::NotAffineProduct, binary.range,
        {firstIndexVariable(binary.lhs), firstIndexVariable(binary.rhs)});
  bool divides = binary.op == BinaryOp::Div || binary.op == BinaryOp::Mod;
  if (divides && right)
    diagnostics.report(DiagnosticId::NotAffineDivisor, binary.range,
                       {firstIndexVariable(binary.rhs)});
  if (divides && isZero(binary.rhs))
    diagnostics.report(DiagnosticId::DivisionByZero, binary.rhs->range);
}

void FunctionChecker::checkIndexCall(Call &call) {
  if (functions.count(call.callee.text) != 0) {
    diagnostics.report(DiagnosticId::NotInIndex, call.range,
                       {fmt::format("the function '{}'", call.callee.text)});
    return;
  }
  call.builtin = builtinByName(call.callee.text);
  if (call.builtin == Builtin::None) {
    reportUnknownFunction(call);
    return;
  }
  if (!givesSizes(call.builtin)) {
    diagnostics.report(DiagnosticId::NotInIndex, call.range,
                       {fmt::format("'{}'", call.callee.text)});
    return;
  }
  const BuiltinInfo &info = builtinInfo(call.builtin);
  if (call.arguments.size() != info.minArguments) {
    diagnostics.report(DiagnosticId::WrongArgumentCount, call.range,
                       {call.callee.text, argumentRange(info),
                        given(call.arguments.size(), "argument")});
    return;
  }
  call.isSize = true;
  for (Expr *argument : call.arguments) {
    checkIndexExpr(argument);
    call.isSize &= argument->isSize;
    call.hasIndexVariable |= argument->hasIndexVariable;
  }
  call.isWeak = call.isSize;
  bool divides = call.builtin == Builtin::FloorDiv ||
                 call.builtin == Builtin::Mod || call.builtin == Builtin::Div;
  if (divides && isZero(call.arguments[1]))
    diagnostics.report(DiagnosticId::DivisionByZero, call.arguments[1]->range);
  if (!call.hasIndexVariable)
    return;
  bool quasiAffine =
      call.builtin == Builtin::FloorDiv || call.builtin == Builtin::Mod;
  if (!quasiAffine)
    diagnostics.report(DiagnosticId::NotAffineOperation, call.range,
                       {call.callee.text});
  else if (call.arguments[1]->hasIndexVariable)
    diagnostics.report(DiagnosticId::NotAffineDivisor, call.range,
                       {firstIndexVariable(call.arguments[1])});
}
