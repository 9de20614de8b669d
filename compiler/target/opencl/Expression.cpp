//===- Expression.cpp - C expressions with their precedence ---------------===//
//
// One place knows where parentheses go.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/Expression.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;

namespace polytile::opencl {

namespace {

std::string inParentheses(const std::string &text) { return "(" + text + ")"; }

/// Whether an operand needs parentheses below a binary operator. Readers know
/// that products bind more than sums, sums more than relations and relations
/// more than `&&` and `||`; everything else gets parentheses.
bool needsParentheses(Level child, Level parent, bool isRight) {
  if (child >= Level::Unary)
    return false;
  switch (parent) {
  case Level::Product:
    return child != Level::Product || isRight;
  case Level::Sum:
    return child != Level::Product && (child != Level::Sum || isRight);
  case Level::Relation:
  case Level::Equality:
    return child != Level::Product && child != Level::Sum;
  case Level::And:
  case Level::Or:
    return child != parent && child != Level::Relation &&
           child != Level::Equality;
  case Level::BitAnd:
  case Level::BitOr:
  case Level::BitXor:
    return child != parent || isRight;
  default:
    return true;
  }
}

std::string operandText(const Expression &operand, Level parent, bool isRight) {
  return needsParentheses(operand.level, parent, isRight)
             ? inParentheses(operand.text)
             : operand.text;
}

} // namespace

Expression &Expression::dependOn(const Expression &part) {
  readsMemory |= part.readsMemory;
  for (unsigned variable : part.variables)
    if (!llvm::is_contained(variables, variable))
      variables.push_back(variable);
  return *this;
}

Expression makeBinary(StringRef op, Level level, const Expression &left,
                      const Expression &right) {
  Expression result;
  result.text = operandText(left, level, false) + " " + op.str() + " " +
                operandText(right, level, true);
  result.level = level;
  return result.dependOn(left).dependOn(right);
}

Expression makeUnary(StringRef op, const Expression &operand) {
  Expression result;
  // `- -x` must not become `--x`.
  bool wrap =
      operand.level < Level::Unary || StringRef(operand.text).starts_with(op);
  result.text = op.str() + (wrap ? inParentheses(operand.text) : operand.text);
  result.level = Level::Unary;
  return result.dependOn(operand);
}

Expression makeCall(const Twine &function, ArrayRef<Expression> arguments) {
  Expression result;
  result.text = function.str() + "(";
  for (auto [number, argument] : llvm::enumerate(arguments)) {
    result.text += (number ? ", " : "") + argument.text;
    result.dependOn(argument);
  }
  result.text += ")";
  return result;
}

Expression makeConditional(const Expression &condition, const Expression &yes,
                           const Expression &no) {
  Expression result;
  auto branch = [](const Expression &value) {
    return value.level == Level::Conditional ? inParentheses(value.text)
                                             : value.text;
  };
  result.text = branch(condition) + " ? " + branch(yes) + " : " + branch(no);
  result.level = Level::Conditional;
  return result.dependOn(condition).dependOn(yes).dependOn(no);
}

Expression makeElement(const Expression &array, const Expression &index) {
  Expression element =
      index.base.empty()
          ? makePostfix(array, "[" + index.text + "]")
          : makePostfix(array, " + " + index.base + ")[" + index.offset + "]");
  if (!index.base.empty())
    element.text = "(" + element.text;
  element.dependOn(index).readsMemory = true;
  return element;
}

Expression makePostfix(const Expression &base, const Twine &suffix) {
  Expression result;
  result.text =
      (base.level == Level::Primary ? base.text : inParentheses(base.text)) +
      suffix.str();
  return result.dependOn(base);
}

} // namespace polytile::opencl
