//===- Printer.cpp - Tile text from the tree ------------------------------===//
//
// Parentheses are printed only where the grammar needs them, so text, tree
// and text again is a fixed point.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Printer.h"
#include "lang/tile/Precedence.h"

#include <fmt/format.h>
#include <iterator>

using namespace polytile::lang;

namespace {

Precedence levelOf(BinaryOp op) {
  switch (op) {
  case BinaryOp::Add:
  case BinaryOp::Sub:
    return SumLevel;
  case BinaryOp::Mul:
  case BinaryOp::Div:
  case BinaryOp::Mod:
    return ProductLevel;
  case BinaryOp::ShiftLeft:
  case BinaryOp::ShiftRight:
    return ShiftLevel;
  case BinaryOp::BitAnd:
    return BitAndLevel;
  case BinaryOp::BitXor:
    return BitXorLevel;
  case BinaryOp::BitOr:
    return BitOrLevel;
  case BinaryOp::LogicalAnd:
    return LogicalAndLevel;
  case BinaryOp::LogicalOr:
    return LogicalOrLevel;
  }
  return PrimaryLevel;
}

Precedence levelOf(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Select:
    return SelectLevel;
  case ExprKind::Compare: {
    Relation relation = cast<Compare>(&expr)->relation;
    return relation == Relation::Equal || relation == Relation::NotEqual
               ? EqualityLevel
               : RelationLevel;
  }
  case ExprKind::Binary:
    return levelOf(cast<Binary>(&expr)->op);
  case ExprKind::Unary:
    return UnaryLevel;
  default:
    return PrimaryLevel;
  }
}

class SourcePrinter {
public:
  std::string out;

  void print(const Program &program) {
    for (const Function *function : program.functions) {
      if (function != program.functions.front())
        out += '\n';
      print(*function);
    }
  }

  void print(const Function &function) {
    print(function.attributes);
    out += "function ";
    out += function.name.text;
    out += '(';
    printList(function.parameters,
              [&](const Parameter &parameter) { print(parameter); });
    out += ") -> (";
    printList(function.outputs,
              [&](const Name &output) { out += output.text; });
    out += ") {\n";
    for (const Statement *statement : function.statements) {
      out += "  ";
      print(*statement);
      out += '\n';
    }
    out += "}\n";
  }

  void print(const Statement &statement) {
    print(statement.attributes);
    if (const auto *contraction = dyn_cast<Contraction>(&statement))
      print(*contraction);
    else
      print(*cast<Assignment>(&statement));
    out += ';';
  }

  /// Prints with parentheses when the expression binds looser than `level`.
  void print(const Expr &expr, Precedence level) {
    bool parenthesised = levelOf(expr) < level;
    if (parenthesised)
      out += '(';
    printPlain(expr);
    if (parenthesised)
      out += ')';
  }

private:
  template <typename T, typename Print>
  void printList(const List<T> &items, Print printItem) {
    for (const T &item : items) {
      if (&item != items.begin())
        out += ", ";
      printItem(item);
    }
  }

  void printExprs(const List<Expr *> &exprs) {
    printList(exprs, [&](const Expr *expr) { print(*expr, SelectLevel); });
  }

  void print(const List<Attribute> &attributes) {
    for (const Attribute &attribute : attributes) {
      fmt::format_to(std::back_inserter(out), "[[{}", attribute.name.text);
      if (!attribute.arguments.empty()) {
        out += '(';
        printList(attribute.arguments,
                  [&](std::string_view argument) { out += argument; });
        out += ')';
      }
      out += "]] ";
    }
  }

  void print(const Parameter &parameter) {
    out += parameter.name.text;
    if (parameter.elementType)
      fmt::format_to(std::back_inserter(out), ": {}",
                     spelling(*parameter.elementType));
    if (!parameter.hasDimensions)
      return;
    out += '[';
    printList(parameter.dimensions, [&](const Dimension &dimension) {
      if (dimension.isLiteral())
        fmt::format_to(std::back_inserter(out), "{}", dimension.value);
      else
        out += dimension.name;
    });
    out += ']';
  }

  void print(const Assignment &assignment) {
    printList(assignment.targets,
              [&](const Name &target) { out += target.text; });
    out += " = ";
    print(*assignment.value, SelectLevel);
  }

  void print(const Contraction &contraction) {
    out += contraction.output.text;
    out += '[';
    printExprs(contraction.outputIndices);
    if (!contraction.outputSizes.empty()) {
      out += " : ";
      printExprs(contraction.outputSizes);
    }
    fmt::format_to(std::back_inserter(out), "] = {}(",
                   spelling(contraction.aggregation));
    if (contraction.condition) {
      print(*contraction.condition, LogicalOrLevel);
      out += " ? ";
    }
    print(*contraction.body, SelectLevel);
    out += ')';
    printConstraints(contraction.constraints);
    if (contraction.defaultTensor)
      fmt::format_to(std::back_inserter(out), " default {}",
                     contraction.defaultTensor->name);
    if (contraction.noDefract)
      out += " no_defract";
  }

  /// Links of a chain share the expression between them.
  void printConstraints(const List<Constraint> &constraints) {
    const Constraint *before = nullptr;
    for (const Constraint &constraint : constraints) {
      bool continues = before && !constraint.isUnchained &&
                       !before->isUnchained && before->rhs == constraint.lhs;
      if (!continues) {
        out += ", ";
        print(*constraint.lhs, ShiftLevel);
      }
      fmt::format_to(std::back_inserter(out), " {} ",
                     spelling(constraint.relation));
      print(*constraint.rhs, ShiftLevel);
      before = &constraint;
    }
  }

  void printPlain(const Expr &expr) {
    switch (expr.kind) {
    case ExprKind::IntLiteral:
      fmt::format_to(std::back_inserter(out), "{}",
                     cast<IntLiteral>(&expr)->value);
      return;
    case ExprKind::FloatLiteral:
      out += cast<FloatLiteral>(&expr)->spelling;
      return;
    case ExprKind::NameRef:
      out += cast<NameRef>(&expr)->name;
      return;
    case ExprKind::IndexedRead:
      out += cast<IndexedRead>(&expr)->tensor->name;
      out += '[';
      printExprs(cast<IndexedRead>(&expr)->indices);
      out += ']';
      return;
    case ExprKind::Call:
      out += cast<Call>(&expr)->callee.text;
      out += '(';
      printExprs(cast<Call>(&expr)->arguments);
      out += ')';
      return;
    case ExprKind::Unary:
      out += spelling(cast<Unary>(&expr)->op);
      print(*cast<Unary>(&expr)->operand, UnaryLevel);
      return;
    case ExprKind::Binary: {
      const auto *binary = cast<Binary>(&expr);
      printInfix(*binary->lhs, spelling(binary->op), *binary->rhs,
                 levelOf(expr), levelOf(expr));
      return;
    }
    case ExprKind::Compare: {
      // Comparisons don't chain, so neither side may be one of the same level.
      const auto *compare = cast<Compare>(&expr);
      auto above = static_cast<Precedence>(levelOf(expr) + 1);
      printInfix(*compare->lhs, spelling(compare->relation), *compare->rhs,
                 above, levelOf(expr));
      return;
    }
    case ExprKind::Select: {
      const auto *select = cast<Select>(&expr);
      print(*select->condition, LogicalOrLevel);
      out += " ? ";
      print(*select->trueValue, SelectLevel);
      out += " : ";
      print(*select->falseValue, SelectLevel);
      return;
    }
    }
  }

  void printInfix(const Expr &lhs, std::string_view op, const Expr &rhs,
                  Precedence leftLevel, Precedence level) {
    print(lhs, leftLevel);
    fmt::format_to(std::back_inserter(out), " {} ", op);
    print(rhs, static_cast<Precedence>(level + 1));
  }
};

} // namespace

std::string polytile::lang::printSource(const Program &program) {
  SourcePrinter printer;
  printer.print(program);
  return std::move(printer.out);
}

std::string polytile::lang::printSource(const Function &function) {
  SourcePrinter printer;
  printer.print(function);
  return std::move(printer.out);
}

std::string polytile::lang::printSource(const Statement &statement) {
  SourcePrinter printer;
  printer.print(statement);
  return std::move(printer.out);
}

std::string polytile::lang::printSource(const Expr &expr) {
  SourcePrinter printer;
  printer.print(expr, SelectLevel);
  return std::move(printer.out);
}
