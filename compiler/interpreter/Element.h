//===- Element.h - One element, as the interpreter holds it -----*- C++ -*-===//
//
// Private to the interpreter. Floats are doubles that were rounded to their
// element type; integers are kept in 64 bits, sign-extended or zero-extended
// from their width; a bool is 0 or 1.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_INTERPRETER_ELEMENT_H
#define POLYTILE_COMPILER_INTERPRETER_ELEMENT_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Types.h"

#include <cstdint>

namespace polytile::interpreter {

/// The value of one element; which member counts is decided by its type.
union Element {
  int64_t integer = 0;
  double number;

  static Element of(int64_t value) {
    Element element;
    element.integer = value;
    return element;
  }
  static Element of(double value) {
    Element element;
    element.number = value;
    return element;
  }
};

/// What the interpreter asks of an element type, without MLIR's indirection.
struct ElementKind {
  bool isFloat = false;
  bool isBFloat = false;
  bool isUnsigned = false;
  unsigned width = 0;

  static ElementKind get(mlir::Type type);
  bool isBool() const { return width == 1; }
};

/// Rounds to the nearest number of a floating-point type, halves to even.
double roundTo(double value, ElementKind kind);

/// The integer modulo 2^width, in the range of the type.
int64_t wrapTo(int64_t value, ElementKind kind);

/// Conversion as tile.cast describes it.
Element convert(Element value, ElementKind from, ElementKind to);

/// Reads or writes an element in the machine's format.
Element loadElement(const char *from, ElementKind kind);
void storeElement(char *to, Element value, ElementKind kind);

/// How to evaluate one elementwise operation.
struct ElementFunction {
  using Apply = Element (*)(const ElementFunction &, const Element *);
  Apply apply = nullptr;
  ElementKind operand; ///< of the last operand
  ElementKind result;
  bool rounds = true;     ///< false inside of a combination
  unsigned predicate = 0; ///< of tile.cmp

  explicit operator bool() const { return apply != nullptr; }
  Element operator()(const Element *operands) const {
    return apply(*this, operands);
  }
};

/// The function for an elementwise operation; none for any other operation.
ElementFunction getElementFunction(mlir::Operation *op);

} // namespace polytile::interpreter

#endif // POLYTILE_COMPILER_INTERPRETER_ELEMENT_H
