//===- AST.h - The syntax tree of a Tile program ----------------*- C++ -*-===//
//
// One tree serves the parser, the checker, the printers and the importer. The
// parser fills the fields of the first group of each node, the checker those
// under "set by the checker". Nodes live in the program's arena and are plain
// data: no node owns memory, names are views into the source text, and the
// whole tree is freed at once with its Program.
//
// Walk it with `switch (expr->kind)` and `cast<T>(expr)`. The height of every
// expression is limited (`maxExpressionDepth`), so walks may recurse.
//
// This header is also included by C++17 code (the importer).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_AST_H
#define POLYTILE_LANG_TILE_AST_H

#include "lang/tile/Arena.h"
#include "lang/tile/Builtins.h"
#include "lang/tile/Source.h"

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace polytile::lang {

struct Function;
struct Statement;
struct Parameter;

/// No expression is higher than this; deeper ones are a located error.
inline constexpr unsigned maxExpressionDepth = 1000;

/// An identifier where it stands. A `#` or `$` before it is not part of it,
/// primes after it are.
struct Name {
  std::string_view text;
  SourceRange range;

  bool empty() const { return text.empty(); }
};

enum class ElementType : uint8_t {
  Bool,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64
};

/// "f32", "bool", ...
std::string_view spelling(ElementType type);
/// The type of that name, if there is one.
std::optional<ElementType> elementTypeByName(std::string_view name);

//===----------------------------------------------------------------------===//
// Expressions: values, indices and sizes share one tree
//===----------------------------------------------------------------------===//

enum class ExprKind : uint8_t {
  IntLiteral,
  FloatLiteral,
  NameRef,
  IndexedRead,
  Unary,
  Binary,
  Compare,
  Select,
  Call,
};

struct Expr {
  ExprKind kind;
  SourceRange range;
  uint16_t depth = 1; ///< height of the tree below and with this node

  // Set by the checker.
  bool isSize = false; ///< sizes and integer literals alone: an integer known
                       ///< when shapes are
  bool mayBeSize = false; ///< isSize, or would be if certain arguments were
                          ///< integers known by then
  bool isWeak =
      false; ///< literals and sizes alone: takes the type of what it meets
  bool hasIndexVariable = false; ///< an index variable occurs below

protected:
  Expr(ExprKind kind, SourceRange range) : kind(kind), range(range) {}
};

/// An integer as written; at most 2^64 - 1. A minus sign is a Unary above it.
struct IntLiteral : Expr {
  static constexpr ExprKind classKind = ExprKind::IntLiteral;
  uint64_t value;

  IntLiteral(SourceRange range, uint64_t value)
      : Expr(classKind, range), value(value) {}
};

struct FloatLiteral : Expr {
  static constexpr ExprKind classKind = ExprKind::FloatLiteral;
  double value;              ///< the nearest double, finite
  std::string_view spelling; ///< as it stands in the source

  FloatLiteral(SourceRange range, double value, std::string_view spelling)
      : Expr(classKind, range), value(value), spelling(spelling) {}
};

/// What a name stands for.
///
/// Where a size is wanted, a Parameter or a Value may stand too: `function
/// pad(X[N], P) -> ...` may use P as a size, and a statement's `2 * P`. Then
/// the call has to give an integer that is known when shapes are.
enum class NameKind : uint8_t {
  Unresolved,
  Parameter, ///< `parameter`
  Value,     ///< result `resultIndex` of the statement `definition`
  Size, ///< dimension `dimension` of `parameter`, or the size-valued statement
        ///< `definition`
  IndexVariable, ///< `indexVariable` of the enclosing contraction
};

struct NameRef : Expr {
  static constexpr ExprKind classKind = ExprKind::NameRef;
  std::string_view name;

  // Set by the checker.
  NameKind resolved = NameKind::Unresolved;
  const Parameter *parameter = nullptr;
  unsigned dimension = 0;
  const Statement *definition = nullptr;
  unsigned resultIndex = 0;
  unsigned indexVariable = 0;

  NameRef(SourceRange range, std::string_view name)
      : Expr(classKind, range), name(name) {}
};

/// `A[i, j + 1]`: allowed inside a contraction only. `A[]` reads a scalar.
struct IndexedRead : Expr {
  static constexpr ExprKind classKind = ExprKind::IndexedRead;
  NameRef *tensor;
  List<Expr *> indices;

  IndexedRead(SourceRange range, NameRef *tensor, List<Expr *> indices)
      : Expr(classKind, range), tensor(tensor), indices(indices) {}
};

enum class UnaryOp : uint8_t { Negate, LogicalNot, BitNot };

struct Unary : Expr {
  static constexpr ExprKind classKind = ExprKind::Unary;
  UnaryOp op;
  Expr *operand;

  Unary(SourceRange range, UnaryOp op, Expr *operand)
      : Expr(classKind, range), op(op), operand(operand) {}
};

enum class BinaryOp : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  Mod,
  ShiftLeft,
  ShiftRight,
  BitAnd,
  BitXor,
  BitOr,
  LogicalAnd,
  LogicalOr,
};

struct Binary : Expr {
  static constexpr ExprKind classKind = ExprKind::Binary;
  BinaryOp op;
  SourceRange opRange;
  Expr *lhs;
  Expr *rhs;

  Binary(SourceRange range, BinaryOp op, SourceRange opRange, Expr *lhs,
         Expr *rhs)
      : Expr(classKind, range), op(op), opRange(opRange), lhs(lhs), rhs(rhs) {}
};

enum class Relation : uint8_t {
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Equal,
  NotEqual
};

struct Compare : Expr {
  static constexpr ExprKind classKind = ExprKind::Compare;
  Relation relation;
  SourceRange opRange;
  Expr *lhs;
  Expr *rhs;

  Compare(SourceRange range, Relation relation, SourceRange opRange, Expr *lhs,
          Expr *rhs)
      : Expr(classKind, range), relation(relation), opRange(opRange), lhs(lhs),
        rhs(rhs) {}
};

/// `C ? A : B`. The form without `: B` is no Select: it is the condition of a
/// contraction.
struct Select : Expr {
  static constexpr ExprKind classKind = ExprKind::Select;
  Expr *condition;
  Expr *trueValue;
  Expr *falseValue;

  Select(SourceRange range, Expr *condition, Expr *trueValue, Expr *falseValue)
      : Expr(classKind, range), condition(condition), trueValue(trueValue),
        falseValue(falseValue) {}
};

/// A call to a function of the program or to a built-in one.
struct Call : Expr {
  static constexpr ExprKind classKind = ExprKind::Call;
  Name callee;
  List<Expr *> arguments;

  // Set by the checker: exactly one of `function` and `builtin`.
  const Function *function = nullptr;
  Builtin builtin = Builtin::None;
  unsigned resultCount = 1;

  Call(SourceRange range, Name callee, List<Expr *> arguments)
      : Expr(classKind, range), callee(callee), arguments(arguments) {}
};

template <typename T> bool isa(const Expr *expr) {
  return expr->kind == T::classKind;
}
template <typename T> T *cast(Expr *expr) {
  assert(isa<T>(expr) && "expression of another kind");
  return static_cast<T *>(expr);
}
template <typename T> const T *cast(const Expr *expr) {
  assert(isa<T>(expr) && "expression of another kind");
  return static_cast<const T *>(expr);
}
template <typename T> T *dyn_cast(Expr *expr) {
  return expr && isa<T>(expr) ? static_cast<T *>(expr) : nullptr;
}
template <typename T> const T *dyn_cast(const Expr *expr) {
  return expr && isa<T>(expr) ? static_cast<const T *>(expr) : nullptr;
}

std::string_view spelling(UnaryOp op);
std::string_view spelling(BinaryOp op);
std::string_view spelling(Relation relation);

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// `[[name(argument, ...)]]`; arguments are kept as written.
struct Attribute {
  Name name;
  List<std::string_view> arguments;
  SourceRange range;
};

enum class StatementKind : uint8_t { Contraction, Assignment };

struct Statement {
  StatementKind kind;
  SourceRange range; ///< without the attributes, with the semicolon
  List<Attribute> attributes;

protected:
  explicit Statement(StatementKind kind) : kind(kind) {}
};

enum class Aggregation : uint8_t { Sum, Product, Maximum, Minimum, Assign };

/// "+", "*", ">", "<", "=".
std::string_view spelling(Aggregation aggregation);

/// One relation; `0 <= i - k < N` is two of them, which share the middle
/// expression.
struct Constraint {
  Expr *lhs;
  Relation relation;
  Expr *rhs;
  SourceRange range;
  bool isUnchained = true;

  // Set by the checker.
  bool impliesNonNegative =
      false; ///< `e < c` alone, no index variable in c: 0 <= e as well
};

struct IndexVariable {
  std::string_view name;
  SourceRange firstUse;
  bool inOutput = false; ///< occurs in an output index
};

/// `O[i, j : I, J] = +(body), constraints default D;`
struct Contraction : Statement {
  static constexpr StatementKind classKind = StatementKind::Contraction;
  Name output;
  List<Expr *> outputIndices; ///< empty for `O[]` and `O[:]`: a scalar
  bool hasSizes = false;      ///< false: each size is one more than the largest
                              ///< value of its index
  List<Expr *> outputSizes;   ///< as many as indices when hasSizes
  Aggregation aggregation = Aggregation::Sum;
  SourceRange aggregationRange;
  Expr *condition =
      nullptr; ///< `condition ? body`: points where it fails contribute nothing
  Expr *body =
      nullptr; ///< a value expression whose tensor reads are IndexedRead
  List<Constraint> constraints;
  NameRef *defaultTensor = nullptr;
  bool noDefract = false;

  // Set by the checker: output indices first, each in order of appearance.
  List<IndexVariable> indexVariables;

  Contraction() : Statement(classKind) {}
};

/// `O = expression;` and `A, B = f(X);`
struct Assignment : Statement {
  static constexpr StatementKind classKind = StatementKind::Assignment;
  List<Name> targets; ///< one, or as many as the call on the right has results
  Expr *value = nullptr;

  // Set by the checker.
  bool isSizeValued = false; ///< the target is an integer known when shapes
                             ///< are; usable as a size
  bool usedAsSize = false; ///< the target stands where a size is wanted, so it
                           ///< has to turn out as one
  bool isWeak =
      false; ///< the target is an expression of literals and sizes alone

  Assignment() : Statement(classKind) {}
};

template <typename T> bool isa(const Statement *statement) {
  return statement->kind == T::classKind;
}
template <typename T> T *cast(Statement *statement) {
  assert(isa<T>(statement) && "statement of another kind");
  return static_cast<T *>(statement);
}
template <typename T> const T *cast(const Statement *statement) {
  assert(isa<T>(statement) && "statement of another kind");
  return static_cast<const T *>(statement);
}
template <typename T> T *dyn_cast(Statement *statement) {
  return statement && isa<T>(statement) ? static_cast<T *>(statement) : nullptr;
}
template <typename T> const T *dyn_cast(const Statement *statement) {
  return statement && isa<T>(statement) ? static_cast<const T *>(statement)
                                        : nullptr;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A dimension of a parameter: a size's name, or a number it must be equal to.
struct Dimension {
  std::string_view name; ///< empty: `value` holds
  uint64_t value = 0;
  SourceRange range;

  bool isLiteral() const { return name.empty(); }
};

/// `A`, `A[M, K]`, `A: f16`, `A: f16[M, K]`.
struct Parameter {
  Name name;
  SourceRange range;
  std::optional<ElementType> elementType;
  bool hasDimensions = false; ///< false: any rank
  List<Dimension> dimensions; ///< empty with hasDimensions: a scalar
  unsigned index = 0;         ///< position in the parameter list

  // Set by the checker.
  bool usedAsSize = false; ///< stands where a size is wanted: the argument must
                           ///< be a known integer
};

struct Function {
  Name name; ///< empty text for an anonymous function (its range is the
             ///< keyword's)
  SourceRange range;
  List<Attribute> attributes;
  List<Parameter> parameters;
  List<Name> outputs;
  List<Statement *> statements;

  bool isAnonymous() const { return name.empty(); }
};

/// One source file. Owns everything below it.
class Program {
public:
  explicit Program(std::shared_ptr<const SourceFile> source)
      : source(std::move(source)) {}
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  /// The function of that name, or null. The first one where a name is
  /// (wrongly) defined twice.
  const Function *find(std::string_view name) const;

  std::shared_ptr<const SourceFile> source;
  std::vector<Function *> functions; ///< in order of the text
  /// Set by the checker: every function after all functions that it calls.
  std::vector<const Function *> calleesFirst;
  Arena arena;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_AST_H
