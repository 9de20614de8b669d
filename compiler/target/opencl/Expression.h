//===- Expression.h - C expressions with their precedence -------*- C++ -*-===//
//
// What a value is while its text grows: the text, how tightly it binds, and
// what its evaluation depends on. Parentheses are put where C needs them and
// where a reader, or -Wparentheses, wants them.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_EXPRESSION_H
#define POLYTILE_COMPILER_TARGET_OPENCL_EXPRESSION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace polytile::opencl {

/// How tightly the outermost operator binds, the loosest first.
enum class Level {
  Conditional,
  Or,
  And,
  BitOr,
  BitXor,
  BitAnd,
  Equality,
  Relation,
  Shift,
  Sum,
  Product,
  Unary,
  Primary
};

struct Expression {
  std::string text;
  Level level = Level::Primary;
  /// Evaluation reads memory that a store, a barrier or a loop may change.
  bool readsMemory = false;
  /// Of a cast of a signed integer to unsigned: what is cast.
  std::string signedOperand;
  /// Of a sum with a constant that is known not to wrap: both sides. In
  /// `(p + base)[offset]` the offset becomes a part of the instruction, in
  /// `p[base + offset]` it can't, since unsigned sums may wrap.
  std::string base, offset;
  /// The loop variables in it, by number: they change when the loop goes on.
  llvm::SmallVector<unsigned, 2> variables;

  /// Takes over what the evaluation of `part` depends on.
  Expression &dependOn(const Expression &part);
};

/// `left op right`.
Expression makeBinary(llvm::StringRef op, Level level, const Expression &left,
                      const Expression &right);

/// `op operand`: a prefix operator, or a cast with its parentheses.
Expression makeUnary(llvm::StringRef op, const Expression &operand);

/// `function(arguments...)`.
Expression makeCall(const llvm::Twine &function,
                    llvm::ArrayRef<Expression> arguments);

/// `condition ? yes : no`.
Expression makeConditional(const Expression &condition, const Expression &yes,
                           const Expression &no);

/// The element of `array` at `index`.
Expression makeElement(const Expression &array, const Expression &index);

/// `base suffix`, as in `a[i]` or `v.x`: what the suffix depends on is the
/// caller's to add.
Expression makePostfix(const Expression &base, const llvm::Twine &suffix);

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_EXPRESSION_H
