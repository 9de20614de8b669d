//===- PrintTree.cpp - The tree as S-expressions --------------------------===//
//
// Shows the structure and, after the checker, what it found out: this is what
// `polytile compile --emit=ast` prints, and what tests compare.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Printer.h"

#include <fmt/format.h>
#include <iterator>

using namespace polytile::lang;

namespace {

class TreePrinter {
public:
  std::string out;

  void print(const Program &program) {
    out += "(program";
    for (const Function *function : program.functions)
      print(*function);
    out += ")\n";
  }

private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(std::back_inserter(out), format,
                   std::forward<Args>(args)...);
  }

  void print(const Function &function) {
    add("\n  (function {}",
        function.isAnonymous() ? "<anonymous>" : function.name.text);
    print(function.attributes, "\n    ");
    for (const Parameter &parameter : function.parameters)
      print(parameter);
    for (const Name &output : function.outputs)
      add("\n    (output {})", output.text);
    for (const Statement *statement : function.statements) {
      if (const auto *contraction = dyn_cast<Contraction>(statement))
        print(*contraction);
      else
        print(*cast<Assignment>(statement));
    }
    out += ')';
  }

  void print(const List<Attribute> &attributes, std::string_view lead) {
    for (const Attribute &attribute : attributes) {
      add("{}(attribute {}", lead, attribute.name.text);
      for (std::string_view argument : attribute.arguments)
        add(" {}", argument);
      out += ')';
    }
  }

  void print(const Parameter &parameter) {
    add("\n    (parameter {}", parameter.name.text);
    if (parameter.elementType)
      add(" {}", spelling(*parameter.elementType));
    if (parameter.hasDimensions) {
      out += " [";
      for (const Dimension &dimension : parameter.dimensions) {
        if (&dimension != parameter.dimensions.begin())
          out += ' ';
        if (dimension.isLiteral())
          add("{}", dimension.value);
        else
          out += dimension.name;
      }
      out += ']';
    }
    if (parameter.usedAsSize)
      out += " used-as-size";
    out += ')';
  }

  void print(const Assignment &assignment) {
    out += "\n    (assign";
    print(assignment.attributes, " ");
    for (const Name &target : assignment.targets)
      add(" {}", target.text);
    if (assignment.isSizeValued)
      out += " size";
    else if (assignment.isWeak)
      out += " weak";
    if (assignment.usedAsSize)
      out += " used-as-size";
    out += ' ';
    print(*assignment.value);
    out += ')';
  }

  void print(const Contraction &contraction) {
    add("\n    (contract {} {}", contraction.output.text,
        spelling(contraction.aggregation));
    print(contraction.attributes, " ");
    print(contraction.outputIndices, "indices");
    if (!contraction.outputSizes.empty())
      print(contraction.outputSizes, "sizes");
    if (!contraction.indexVariables.empty()) {
      out += "\n      (variables";
      for (const IndexVariable &variable : contraction.indexVariables)
        add(" {}{}", variable.name, variable.inOutput ? "" : ":reduced");
      out += ')';
    }
    if (contraction.condition) {
      out += "\n      (condition ";
      print(*contraction.condition);
      out += ')';
    }
    out += "\n      (body ";
    print(*contraction.body);
    out += ')';
    for (const Constraint &constraint : contraction.constraints)
      print(constraint);
    if (contraction.defaultTensor) {
      out += "\n      (default ";
      print(*contraction.defaultTensor);
      out += ')';
    }
    if (contraction.noDefract)
      out += "\n      (no_defract)";
    out += ')';
  }

  void print(const List<Expr *> &exprs, std::string_view what) {
    add("\n      ({}", what);
    for (const Expr *expr : exprs) {
      out += ' ';
      print(*expr);
    }
    out += ')';
  }

  void print(const Constraint &constraint) {
    add("\n      (constraint ({} ", spelling(constraint.relation));
    print(*constraint.lhs);
    out += ' ';
    print(*constraint.rhs);
    out += ')';
    if (!constraint.isUnchained)
      out += " chained";
    if (constraint.impliesNonNegative)
      out += " and-not-negative";
    out += ')';
  }

  void print(const Expr &expr) {
    switch (expr.kind) {
    case ExprKind::IntLiteral:
      add("{}", cast<IntLiteral>(&expr)->value);
      return;
    case ExprKind::FloatLiteral:
      out += cast<FloatLiteral>(&expr)->spelling;
      return;
    case ExprKind::NameRef:
      print(*cast<NameRef>(&expr));
      return;
    case ExprKind::IndexedRead: {
      const auto *read = cast<IndexedRead>(&expr);
      out += "(read ";
      print(*read->tensor);
      printAll(read->indices);
      return;
    }
    case ExprKind::Unary:
      add("({} ", spelling(cast<Unary>(&expr)->op));
      print(*cast<Unary>(&expr)->operand);
      out += ')';
      return;
    case ExprKind::Binary:
      printTwo(spelling(cast<Binary>(&expr)->op), *cast<Binary>(&expr)->lhs,
               *cast<Binary>(&expr)->rhs);
      return;
    case ExprKind::Compare:
      printTwo(spelling(cast<Compare>(&expr)->relation),
               *cast<Compare>(&expr)->lhs, *cast<Compare>(&expr)->rhs);
      return;
    case ExprKind::Select: {
      const auto *select = cast<Select>(&expr);
      out += "(? ";
      print(*select->condition);
      out += ' ';
      print(*select->trueValue);
      out += ' ';
      print(*select->falseValue);
      out += ')';
      return;
    }
    case ExprKind::Call: {
      const auto *call = cast<Call>(&expr);
      add("(call {}", call->callee.text);
      if (call->function)
        out += ":function";
      printAll(call->arguments);
      return;
    }
    }
  }

  void printAll(const List<Expr *> &exprs) {
    for (const Expr *expr : exprs) {
      out += ' ';
      print(*expr);
    }
    out += ')';
  }

  void printTwo(std::string_view op, const Expr &lhs, const Expr &rhs) {
    add("({} ", op);
    print(lhs);
    out += ' ';
    print(rhs);
    out += ')';
  }

  void print(const NameRef &ref) {
    out += ref.name;
    switch (ref.resolved) {
    case NameKind::Unresolved:
      return;
    case NameKind::Parameter:
      out += ":param";
      return;
    case NameKind::Value:
      out += ":value";
      return;
    case NameKind::Size:
      out += ":size";
      return;
    case NameKind::IndexVariable:
      out += ":index";
      return;
    }
  }
};

} // namespace

std::string polytile::lang::printTree(const Program &program) {
  TreePrinter printer;
  printer.print(program);
  return std::move(printer.out);
}
