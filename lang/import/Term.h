//===- Term.h - What an expression of Tile stands for -----------*- C++ -*-===//
//
// Literals and sizes are weak: they take the type of what they meet, so an
// expression isn't always a value of MLIR with an element type.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_IMPORT_TERM_H
#define POLYTILE_LANG_IMPORT_TERM_H

#include "mlir/IR/Value.h"

#include <vector>

namespace polytile::lang {

/// The meaning of an expression: a size, a weak number, a tensor or element, or
/// a group of these.
struct Term {
  enum class Kind {
    Invalid, ///< an error has been reported
    Size,    ///< `value` of type `index`: an exact integer, weak
    Number,  ///< `number`: a weak floating-point number known now
    Weak,    ///< `value` of element type f64: a weak floating-point number that
             ///< depends on sizes
    Value,   ///< `value`: a tensor, or in the body of a contraction an element
    Tuple,   ///< `elements`
  };

  Kind kind = Kind::Invalid;
  mlir::Value value;
  double number = 0;
  std::vector<Term> elements;

  static Term size(mlir::Value value) { return make(Kind::Size, value); }
  static Term weak(mlir::Value value) { return make(Kind::Weak, value); }
  static Term tensor(mlir::Value value) { return make(Kind::Value, value); }
  static Term constant(double number) {
    Term term = make(Kind::Number, nullptr);
    term.number = number;
    return term;
  }
  static Term tuple(std::vector<Term> elements) {
    Term term = make(Kind::Tuple, nullptr);
    term.elements = std::move(elements);
    return term;
  }

  explicit operator bool() const { return kind != Kind::Invalid; }
  bool isSize() const { return kind == Kind::Size; }
  bool isWeakFloat() const {
    return kind == Kind::Number || kind == Kind::Weak;
  }
  bool isWeak() const { return isSize() || isWeakFloat(); }

private:
  static Term make(Kind kind, mlir::Value value) {
    Term term;
    term.kind = kind;
    term.value = value;
    return term;
  }
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_IMPORT_TERM_H
