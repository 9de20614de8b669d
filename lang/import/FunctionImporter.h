//===- FunctionImporter.h - The state of importing one function -*- C++ -*-===//
//
// Private to lang/import. One importer stands for one call: it maps the names
// of one function body to terms. A call to a function of the program makes a
// nested importer, so that calls are inlined.
//
// The work is split by what an expression is for:
//   FunctionImporter.cpp      statements, calls, parameters and results
//   SizeExpressions.cpp       sizes:   arithmetic on `index` values
//   ValueExpressions.cpp      values:  operators, promotion, materialisation
//   ElementwiseCalls.cpp      values:  built-in functions of elements
//   StructuralCalls.cpp       values:  built-in functions of whole tensors
//   ContractionImporter.cpp   contractions: index expressions, domain, body
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_IMPORT_FUNCTIONIMPORTER_H
#define POLYTILE_LANG_IMPORT_FUNCTIONIMPORTER_H

#include "lang/import/Import.h"
#include "lang/import/Term.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace polytile::lang {

class ContractionImporter;

/// The built-in function that an operator is another spelling of; None for `&&`
/// and `||`.
Builtin builtinFor(BinaryOp op);

class FunctionImporter {
public:
  /// `caller` is the location of the call that is being inlined, or none for
  /// the function that the user asked for.
  FunctionImporter(mlir::OpBuilder &builder, const Function &function,
                   DiagnosticEngine &diagnostics,
                   std::optional<mlir::Location> caller = std::nullopt)
      : build(builder), function(function), engine(diagnostics),
        caller(caller) {}

  /// Imports all statements, given one term for each parameter. The terms of
  /// the outputs, in order; none after an error.
  std::optional<std::vector<Term>> run(llvm::ArrayRef<Term> arguments);

  //===--- Expressions: each reports its errors and then gives an invalid term,
  // a null value or std::nullopt -------===//

  /// The value of an expression outside of a contraction; with `body`, of one
  /// inside the body of that contraction, where tensor reads become arguments
  /// and operations act on elements.
  Term importValue(const Expr &expr, ContractionImporter *body = nullptr);

  /// An expression of sizes and integer literals, as an `index` value.
  mlir::Value importSize(const Expr &expr);

  /// An expression that has to be a number before shapes are known (a width in
  /// bits, an axis).
  std::optional<int64_t> importKnownInteger(const Expr &expr,
                                            llvm::StringRef what);

  /// The term that a name stands for.
  Term lookUp(const NameRef &name);

  //===--- Pieces that several of the files use
  //--------------------------------------------------------------------===//

  /// The range as MLIR carries it: the fused locations of its begin and its
  /// end.
  mlir::Location location(SourceRange range) const;
  DiagnosticEngine &diagnostics() const { return engine; }
  mlir::OpBuilder &builder() const { return build; }
  mlir::MLIRContext *context() const { return build.getContext(); }

  /// `term` as a tensor (in a body: an element) of `elementType`: weak terms
  /// are materialised, others cast.
  mlir::Value materialize(const Term &term, mlir::Type elementType,
                          SourceRange range, ContractionImporter *body);

  /// The element type to which terms promote when they meet; weak terms alone
  /// give i32, or f32 when one is a float.
  mlir::Type commonType(llvm::ArrayRef<Term> terms) const;

  /// Applies a binary built-in function (an operator by its name) with
  /// promotion.
  Term binary(Builtin op, const Term &lhs, const Term &rhs, const Expr &expr,
              ContractionImporter *body);
  Term compare(Relation relation, const Term &lhs, const Term &rhs,
               const Expr &expr, ContractionImporter *body);

private:
  bool bindParameters(llvm::ArrayRef<Term> arguments);
  bool bindParameter(const Parameter &parameter, Term &argument);
  bool requireDimensions(const Parameter &parameter, mlir::Value tensor);
  bool importStatement(const Statement &statement);
  bool importAssignment(const Assignment &assignment);
  Term importUserCall(const Call &call, ContractionImporter *body);
  mlir::Value dimension(mlir::Value tensor, int64_t dimension,
                        mlir::Location loc);

  mlir::Value binarySize(Builtin op, mlir::Value lhs, mlir::Value rhs,
                         const Expr &expr);
  std::optional<llvm::SmallVector<mlir::Value>>
  importSizes(llvm::ArrayRef<Expr *> exprs);

  Term importUnary(const Unary &unary, ContractionImporter *body);
  Term importBinary(const Binary &expr, ContractionImporter *body);
  Term importName(const NameRef &name, ContractionImporter *body);
  Term binaryNumbers(Builtin op, const Term &lhs, const Term &rhs,
                     const Expr &expr);
  Term select(const Term &condition, const Term &onTrue, const Term &onFalse,
              const Expr &expr, ContractionImporter *body);
  bool requireBroadcast(llvm::ArrayRef<mlir::Value> operands, const Expr &expr);
  mlir::Value truth(const Term &term, const Expr &expr,
                    ContractionImporter *body);
  mlir::Value materializeSize(mlir::Value size, mlir::Type elementType,
                              SourceRange range, ContractionImporter *body);
  mlir::Value constant(mlir::TypedAttr value, SourceRange range,
                       ContractionImporter *body);

  Term importBuiltin(const Call &call, ContractionImporter *body);
  Term importElementwise(const Call &call, llvm::ArrayRef<Term> operands,
                         ContractionImporter *body);
  Term importZero(mlir::Location loc);
  Term unary(Builtin op, const Term &operand, const Expr &expr,
             ContractionImporter *body);
  Term floatFunction(Builtin op, const Term &operand, const Expr &expr,
                     ContractionImporter *body);
  Term importConversion(const Call &call, ContractionImporter *body);

  Term importStructural(const Call &call);
  Term importReshape(const Call &call);
  Term importBroadcast(const Call &call);
  std::optional<llvm::SmallVector<mlir::Value>>
  importBroadcastSizes(const Call &call);
  Term importSimpleReduce(const Call &call);
  Term importIndex(const Call &call);
  Term importGather(const Call &call);
  Term importScatter(const Call &call);
  Term importElement(const Call &call);
  Term importSoftmax(const Call &call, bool logarithm);
  Term importBinaryCrossentropy(const Call &call);
  Term importPrngStep(const Call &call);
  mlir::Value importTensor(const Expr &expr);
  bool requireIndexed(mlir::Value tensor, mlir::Value indices,
                      const Call &call);
  mlir::Value reduceLastDimension(mlir::Value tensor, bool maximum,
                                  mlir::Location loc);

  mlir::OpBuilder &build;
  const Function &function;
  DiagnosticEngine &engine;
  std::optional<mlir::Location> caller;
  std::vector<Term> parameters;
  /// One value for each dimension that is asked for, so that equal sizes share
  /// a symbol.
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> dimensions;
  llvm::DenseMap<const Statement *, std::vector<Term>> results;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_IMPORT_FUNCTIONIMPORTER_H
