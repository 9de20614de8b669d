//===- CheckerImpl.h - The state of the checker -----------------*- C++ -*-===//
//
// Private to the checker: what it knows of one function while it walks its
// statements. Checker.cpp has functions, statements and the call graph,
// CheckExpression.cpp values, indices and sizes.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_CHECKERIMPL_H
#define POLYTILE_LANG_TILE_CHECKERIMPL_H

#include "lang/tile/AST.h"
#include "lang/tile/Diagnostics.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace polytile::lang {

using FunctionTable = std::unordered_map<std::string_view, const Function *>;

/// A call from one function to another, for the search for recursion.
struct CallSite {
  const Function *callee;
  SourceRange range;
};

/// Number of dimensions; unknown until shapes are where it is negative.
using Rank = int;
inline constexpr Rank unknownRank = -1;

class FunctionChecker {
public:
  FunctionChecker(Function &function, const FunctionTable &functions,
                  Arena &arena, DiagnosticEngine &diagnostics)
      : function(function), functions(functions), arena(arena),
        diagnostics(diagnostics) {}

  void run();

  std::vector<CallSite> calls;

private:
  /// What a defined name stands for.
  struct Symbol {
    NameKind kind = NameKind::Unresolved;
    SourceRange range;
    Parameter *parameter = nullptr;
    unsigned dimension = 0;
    Statement *definition = nullptr;
    unsigned resultIndex = 0;
    Rank rank = unknownRank;
    bool isWeak = false;
    bool mayBeSize = false;
  };

  /// What an index variable of the contraction at hand is used for.
  struct VariableUse {
    IndexVariable variable;
    bool inConstraint = false;
    bool besideOutputOnly =
        true; ///< in reads: always in one sum with a variable of the output
    NameRef *windowTensor = nullptr; ///< the first tensor read with it
    SourceRange windowRange;
  };

  enum class IndexPlace : uint8_t { OutputIndex, ReadIndex, Constraint };

  // Functions and statements (Checker.cpp).
  void defineParameters();
  void checkOutputs();
  void define(const Name &name, Symbol symbol);
  void checkAssignment(Assignment &assignment);
  Rank checkTupleAssignment(Assignment &assignment);
  void checkContraction(Contraction &contraction);
  void checkOutputSizes(Contraction &contraction);
  void checkConstraints(Contraction &contraction);
  void checkDefault(Contraction &contraction);
  void warnAboutWindows();

  // Values (CheckExpression.cpp). Each returns the value's rank.
  Rank checkValue(Expr *expr);
  Rank checkValueName(NameRef &ref);
  Rank checkRead(IndexedRead &read);
  Rank checkUnary(Unary &unary);
  Rank checkBinary(Binary &binary);
  Rank checkCompare(Compare &compare);
  Rank checkSelect(Select &select);
  Rank checkCall(Call &call);
  Rank checkUserCall(Call &call, const Function &callee);
  Rank checkBuiltinCall(Call &call, const BuiltinInfo &info);
  Rank rankOfBuiltin(const Call &call, const BuiltinInfo &info,
                     const std::vector<Rank> &ranks) const;
  void checkBroadcast(const Call &call);
  void reportUnknownFunction(const Call &call);
  void resolveDeferredNames();

  // Indices and sizes (CheckExpression.cpp).
  void checkIndex(Expr *expr, IndexPlace place);
  void checkSize(Expr *expr);
  void checkIndexExpr(Expr *expr);
  void checkIndexName(NameRef &ref);
  void checkIndexUnary(Unary &unary);
  void checkIndexBinary(Binary &binary);
  void checkIndexCall(Call &call);
  void useVariable(NameRef &ref);
  void recordVariables(IndexPlace place, NameRef *tensor, SourceRange range);

  // Names.
  const Symbol *lookUp(std::string_view name) const;
  void resolve(NameRef &ref, const Symbol &symbol);
  void useAsSize(NameRef &ref, const Symbol &symbol);
  bool reportUsedBeforeDefinition(const NameRef &ref);
  void reportUnknownValue(const NameRef &ref, DiagnosticId id);
  void reportUnknownSize(const NameRef &ref, bool inIndex);
  void suggest(Diagnostic &diagnostic, std::string_view name, bool sizes) const;

  Function &function;
  const FunctionTable &functions;
  Arena &arena;
  DiagnosticEngine &diagnostics;
  std::unordered_map<std::string_view, Symbol> scope;
  std::unordered_map<std::string_view, SourceRange> laterDefinitions;

  // The contraction at hand.
  bool inContraction = false;
  bool sizesOnly = false; ///< checkIndexExpr: no index variables here
  std::vector<VariableUse> variables;
  std::vector<NameRef *>
      deferredNames; ///< values that may turn out to be index variables
  std::vector<unsigned> indexVariables; ///< of the index expression at hand
};

/// "1 dimension", "3 dimensions".
std::string countOf(size_t count, std::string_view noun);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_CHECKERIMPL_H
