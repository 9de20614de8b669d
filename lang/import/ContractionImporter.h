//===- ContractionImporter.h - One contraction on its way to tile.contract -*-
// C++ -*-===//
//
// Private to lang/import. Gathers index variables, symbols, constraints, reads
// and the body, and builds the operation at the end.
//
// Fractions are removed here: an index expression (or a side of a constraint)
// with a denominator becomes a fresh index variable and an equality, since
// affine maps hold integers only.
//
//   O[i : 2*N] = +(A[i / 2])     ==>   index variables (i, q), 2*q == i, read A
//   at (q)
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_IMPORT_CONTRACTIONIMPORTER_H
#define POLYTILE_LANG_IMPORT_CONTRACTIONIMPORTER_H

#include "lang/import/FunctionImporter.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Block.h"

namespace polytile::lang {

class ContractionImporter {
public:
  ContractionImporter(FunctionImporter &importer,
                      const Contraction &contraction);

  /// Builds the operation and gives its result; null after an error.
  mlir::Value run();

  /// The element of a tensor at the given index expressions, as an argument of
  /// the body.
  mlir::Value importRead(const IndexedRead &read);

  /// The element of a tensor of rank 0, as an argument of the body.
  mlir::Value readScalar(mlir::Value tensor);

  /// Where operations of the body are built.
  mlir::OpBuilder &bodyBuilder() { return body; }

private:
  /// numerator / denominator; the denominator holds no index variable.
  struct Fraction {
    mlir::AffineExpr numerator, denominator;
    explicit operator bool() const { return bool(numerator); }
  };

  bool importOutput();
  bool importConstraint(const Constraint &constraint);
  mlir::Value importBody(mlir::Value &condition);
  mlir::Value importCombination(mlir::Type accumulator, const Expr &expr);
  bool gatherLeaves(const Expr &expr);
  mlir::Value create(mlir::Value value, mlir::Value condition);

  /// The expression as an integer affine expression of index variables and
  /// symbols; null after an error.
  mlir::AffineExpr importWhole(const Expr &expr);
  Fraction importIndex(const Expr &expr);
  Fraction importIndexBinary(const Binary &expr);
  Fraction importSizeAsIndex(const Expr &expr);
  Fraction importFlooring(bool remainder, const Expr &dividend,
                          const Expr &divisor, SourceRange range);
  mlir::Value addInput(mlir::Value tensor,
                       llvm::ArrayRef<mlir::AffineExpr> indices);
  void addConstraint(mlir::AffineExpr expr, bool isEquality);
  void addNotEqual(mlir::AffineExpr difference, SourceRange range);

  FunctionImporter &importer;
  const Contraction &contraction;
  mlir::Location loc;
  std::unique_ptr<mlir::Block> block;
  mlir::OpBuilder body;

  llvm::SmallVector<std::string> indexNames;
  llvm::SmallVector<mlir::Value> symbols;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<llvm::SmallVector<mlir::AffineExpr>> inputIndices;
  llvm::SmallVector<mlir::AffineExpr> outputIndices;
  llvm::SmallVector<mlir::Value> outputSizes;
  llvm::SmallVector<mlir::AffineExpr> constraints;
  llvm::SmallVector<bool> equalities;
  llvm::SmallVector<std::pair<const Expr *, Term>> leaves;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_IMPORT_CONTRACTIONIMPORTER_H
