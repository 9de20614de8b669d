//===- Checker.cpp - Functions, statements and the call graph -------------===//
//
// Statements are checked in order, since a name may be used only after the
// statement that defines it. Inside a contraction the order is: output
// indices, body, constraints, sizes; so every index variable is known when a
// size or a value turns out to misuse one.
//
// After an error in a statement its target counts as defined, with an unknown
// rank, so that one mistake is told once.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Checker.h"

#include "lang/tile/CheckerImpl.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

using namespace polytile::lang;

std::string polytile::lang::countOf(size_t count, std::string_view noun) {
  if (count == 1)
    return fmt::format("1 {}", noun);
  if (noun == "index")
    return fmt::format("{} indices", count);
  return fmt::format("{} {}s", count, noun);
}

namespace {

/// True for parameters that a call may give a size to.
bool mayBeInteger(const Parameter &parameter) {
  bool isScalar = !parameter.hasDimensions || parameter.dimensions.empty();
  bool isInteger =
      !parameter.elementType || (*parameter.elementType >= ElementType::I8 &&
                                 *parameter.elementType <= ElementType::U64);
  return isScalar && isInteger;
}

} // namespace

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void FunctionChecker::run() {
  for (const Statement *statement : function.statements) {
    if (const auto *contraction = dyn_cast<Contraction>(statement))
      laterDefinitions.emplace(contraction->output.text,
                               contraction->output.range);
    else
      for (const Name &target : cast<Assignment>(statement)->targets)
        laterDefinitions.emplace(target.text, target.range);
  }
  defineParameters();
  for (Statement *statement : function.statements) {
    if (auto *contraction = dyn_cast<Contraction>(statement))
      checkContraction(*contraction);
    else
      checkAssignment(*cast<Assignment>(statement));
  }
  checkOutputs();
}

void FunctionChecker::defineParameters() {
  for (Parameter &parameter : function.parameters) {
    Symbol symbol;
    symbol.kind = NameKind::Parameter;
    symbol.range = parameter.name.range;
    symbol.parameter = &parameter;
    symbol.mayBeSize = mayBeInteger(parameter);
    if (parameter.hasDimensions)
      symbol.rank = static_cast<Rank>(parameter.dimensions.size());
    auto [place, isNew] = scope.emplace(parameter.name.text, symbol);
    if (!isNew)
      diagnostics
          .report(DiagnosticId::ParameterNamedTwice, parameter.name.range,
                  {parameter.name.text})
          .withNote(place->second.range, "the first one is here");
  }
  for (Parameter &parameter : function.parameters)
    for (size_t i = 0; i < parameter.dimensions.size(); ++i) {
      const Dimension &dimension = parameter.dimensions[i];
      if (dimension.isLiteral())
        continue;
      Symbol symbol;
      symbol.kind = NameKind::Size;
      symbol.range = dimension.range;
      symbol.parameter = &parameter;
      symbol.dimension = static_cast<unsigned>(i);
      symbol.rank = 0;
      symbol.isWeak = true;
      symbol.mayBeSize = true;
      auto [place, isNew] = scope.emplace(dimension.name, symbol);
      // The same size twice says that two dimensions are equal.
      if (!isNew && place->second.kind != NameKind::Size)
        diagnostics
            .report(DiagnosticId::DefinedTwice, dimension.range,
                    {dimension.name})
            .withNote(place->second.range, "it is a parameter here");
    }
}

void FunctionChecker::checkOutputs() {
  std::unordered_map<std::string_view, SourceRange> seen;
  for (const Name &output : function.outputs) {
    auto [place, isNew] = seen.emplace(output.text, output.range);
    if (!isNew) {
      diagnostics
          .report(DiagnosticId::OutputNamedTwice, output.range, {output.text})
          .withNote(place->second, "the first one is here");
      continue;
    }
    if (lookUp(output.text))
      continue;
    if (function.statements.empty()) {
      std::string what =
          function.isAnonymous()
              ? "the function"
              : fmt::format("the function '{}'", function.name.text);
      diagnostics.report(DiagnosticId::NoStatements, function.name.range,
                         {what, output.text});
      return;
    }
    Diagnostic &diagnostic = diagnostics.report(DiagnosticId::OutputNotDefined,
                                                output.range, {output.text});
    suggest(diagnostic, output.text, /*sizes=*/false);
  }
}

void FunctionChecker::define(const Name &name, Symbol symbol) {
  symbol.range = name.range;
  auto [place, isNew] = scope.emplace(name.text, symbol);
  if (!isNew)
    diagnostics.report(DiagnosticId::DefinedTwice, name.range, {name.text})
        .withNote(place->second.range, "the first definition is here");
}

//===----------------------------------------------------------------------===//
// Assignments
//===----------------------------------------------------------------------===//

void FunctionChecker::checkAssignment(Assignment &assignment) {
  Rank rank = checkTupleAssignment(assignment);
  const Expr &value = *assignment.value;
  bool isSingle = assignment.targets.size() == 1;
  assignment.isSizeValued = isSingle && value.isSize;
  assignment.isWeak = isSingle && value.isWeak;
  for (size_t i = 0; i < assignment.targets.size(); ++i) {
    Symbol symbol;
    symbol.kind = assignment.isSizeValued ? NameKind::Size : NameKind::Value;
    symbol.definition = &assignment;
    symbol.resultIndex = static_cast<unsigned>(i);
    symbol.rank = isSingle ? rank : unknownRank;
    symbol.isWeak = assignment.isWeak;
    symbol.mayBeSize = isSingle && value.mayBeSize;
    define(assignment.targets[i], symbol);
  }
}

/// Checks the value, and that it has as many results as there are targets.
Rank FunctionChecker::checkTupleAssignment(Assignment &assignment) {
  size_t count = assignment.targets.size();
  auto *call = dyn_cast<Call>(assignment.value);
  // Inside an expression several results are an error; on their own not.
  Rank rank = call ? checkCall(*call) : checkValue(assignment.value);
  if (call && call->resultCount != count) {
    std::string given = fmt::format(
        "{} given",
        count == 1 ? "1 name is" : fmt::format("{} names are", count));
    Diagnostic &diagnostic = diagnostics.report(
        DiagnosticId::WrongResultCount, call->callee.range,
        {call->callee.text, countOf(call->resultCount, "result"), given});
    if (call->function)
      diagnostic.withNote(call->function->name.range,
                          "the function is defined here");
    return unknownRank;
  }
  if (!call && count != 1)
    diagnostics.report(DiagnosticId::SeveralNamesForOneValue,
                       assignment.value->range, {fmt::to_string(count)});
  return rank;
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

void FunctionChecker::checkContraction(Contraction &contraction) {
  unsigned errorsBefore = diagnostics.errorCount();
  inContraction = true;
  variables.clear();
  deferredNames.clear();
  for (Expr *index : contraction.outputIndices)
    checkIndex(index, IndexPlace::OutputIndex);
  if (contraction.condition)
    checkValue(contraction.condition);
  checkValue(contraction.body);
  checkConstraints(contraction);
  resolveDeferredNames();
  checkOutputSizes(contraction);
  checkDefault(contraction);
  if (diagnostics.errorCount() == errorsBefore)
    warnAboutWindows();
  inContraction = false;

  std::vector<IndexVariable> list;
  for (const VariableUse &use : variables)
    list.push_back(use.variable);
  contraction.indexVariables = arena.copy(list);

  Symbol symbol;
  symbol.kind = NameKind::Value;
  symbol.definition = &contraction;
  symbol.rank = static_cast<Rank>(contraction.outputIndices.size());
  define(contraction.output, symbol);
}

void FunctionChecker::checkOutputSizes(Contraction &contraction) {
  for (Expr *size : contraction.outputSizes)
    checkSize(size);
  size_t indices = contraction.outputIndices.size();
  size_t sizes = contraction.outputSizes.size();
  if (contraction.hasSizes && indices != sizes)
    diagnostics.report(DiagnosticId::WrongSizeCount, contraction.output.range,
                       {contraction.output.text, countOf(indices, "index"),
                        fmt::format("{} {} given", countOf(sizes, "size"),
                                    sizes == 1 ? "is" : "are")});
}

void FunctionChecker::checkConstraints(Contraction &contraction) {
  const Expr *checked = nullptr;
  for (Constraint &constraint : contraction.constraints) {
    // The sides inside a chain belong to two relations.
    if (constraint.lhs != checked)
      checkIndex(constraint.lhs, IndexPlace::Constraint);
    checkIndex(constraint.rhs, IndexPlace::Constraint);
    checked = constraint.rhs;
    bool left = constraint.lhs->hasIndexVariable;
    bool right = constraint.rhs->hasIndexVariable;
    constraint.impliesNonNegative = constraint.isUnchained &&
                                    constraint.relation == Relation::Less &&
                                    left && !right;
    if (!left && !right)
      diagnostics
          .report(DiagnosticId::ConstraintWithoutIndexVariable,
                  constraint.range)
          .withHint("a constraint limits index variables, as in 'i < 3' or '0 "
                    "<= i - j < N'");
  }
}

void FunctionChecker::checkDefault(Contraction &contraction) {
  NameRef *tensor = contraction.defaultTensor;
  if (!tensor)
    return;
  const Symbol *symbol = lookUp(tensor->name);
  if (!symbol) {
    reportUnknownValue(*tensor, DiagnosticId::UnknownTensor);
    return;
  }
  resolve(*tensor, *symbol);
  if (symbol->kind == NameKind::Size) {
    diagnostics
        .report(DiagnosticId::DefaultIsSize, tensor->range, {tensor->name})
        .withNote(symbol->range, "it is defined here");
    return;
  }
  size_t indices = contraction.outputIndices.size();
  if (symbol->rank != unknownRank &&
      static_cast<size_t>(symbol->rank) != indices)
    diagnostics.report(DiagnosticId::WrongIndexCount, tensor->range,
                       {tensor->name,
                        countOf(static_cast<size_t>(symbol->rank), "dimension"),
                        fmt::format("the output '{}' has {}",
                                    contraction.output.text, indices)});
}

/// A window whose constraint was forgotten: `O[n] = +(I[n + i])` sums all of
/// I from n on, and before it. Legal, but seldom meant.
void FunctionChecker::warnAboutWindows() {
  for (const VariableUse &use : variables) {
    bool widens = !use.variable.inOutput && !use.inConstraint &&
                  use.windowTensor && use.besideOutputOnly;
    if (widens)
      diagnostics
          .report(DiagnosticId::WindowWidens, use.windowRange,
                  {use.variable.name, use.windowTensor->name})
          .withHint(
              fmt::format("add a constraint such as '{} < 3' after the ')'",
                          use.variable.name));
  }
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

namespace {

/// Orders functions so that callees come first, and reports recursion. Its
/// own stack instead of recursion: call chains may be long.
class CallGraph {
public:
  CallGraph(Program &program, DiagnosticEngine &diagnostics)
      : program(program), diagnostics(diagnostics) {}

  void add(const Function *function, std::vector<CallSite> calls) {
    edges.emplace(function, std::move(calls));
  }

  void visit(const Function *root) {
    if (states[root] != State::New)
      return;
    push(root);
    while (!stack.empty()) {
      Frame &frame = stack.back();
      const std::vector<CallSite> &calls = edges[frame.function];
      if (frame.next == calls.size()) {
        states[frame.function] = State::Done;
        program.calleesFirst.push_back(frame.function);
        stack.pop_back();
        continue;
      }
      const CallSite &site = calls[frame.next++];
      State state = states[site.callee];
      if (state == State::New)
        push(site.callee);
      else if (state == State::Open)
        report(site);
    }
  }

private:
  enum class State { New, Open, Done };
  struct Frame {
    const Function *function;
    size_t next;
  };

  void push(const Function *function) {
    states[function] = State::Open;
    stack.push_back({function, 0});
  }

  void report(const CallSite &site) {
    std::string path = fmt::format("'{}' calls ", site.callee->name.text);
    auto first = std::find_if(stack.begin(), stack.end(), [&](const Frame &f) {
      return f.function == site.callee;
    });
    for (auto frame = first + 1; frame != stack.end(); ++frame)
      path += fmt::format("'{}', which calls ", frame->function->name.text);
    path += first + 1 == stack.end()
                ? "itself"
                : fmt::format("'{}'", site.callee->name.text);
    diagnostics.report(DiagnosticId::Recursion, site.range, {path});
  }

  Program &program;
  DiagnosticEngine &diagnostics;
  std::unordered_map<const Function *, std::vector<CallSite>> edges;
  std::unordered_map<const Function *, State> states;
  std::vector<Frame> stack;
};

FunctionTable tabulate(Program &program, DiagnosticEngine &diagnostics) {
  FunctionTable functions;
  for (const Function *function : program.functions) {
    if (function->isAnonymous())
      continue;
    auto [place, isNew] = functions.emplace(function->name.text, function);
    if (!isNew)
      diagnostics
          .report(DiagnosticId::FunctionDefinedTwice, function->name.range,
                  {function->name.text})
          .withNote(place->second->name.range, "the first definition is here");
  }
  return functions;
}

} // namespace

bool polytile::lang::check(Program &program, DiagnosticEngine &diagnostics) {
  unsigned errorsBefore = diagnostics.errorCount();
  program.calleesFirst.clear();
  FunctionTable functions = tabulate(program, diagnostics);
  CallGraph graph(program, diagnostics);
  for (Function *function : program.functions) {
    FunctionChecker checker(*function, functions, program.arena, diagnostics);
    checker.run();
    graph.add(function, std::move(checker.calls));
  }
  for (const Function *function : program.functions)
    graph.visit(function);
  return diagnostics.errorCount() == errorsBefore;
}
