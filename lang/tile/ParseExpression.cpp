//===- ParseExpression.cpp - Expressions ----------------------------------===//
//
// Precedence climbing over the operators of C, so that parentheses nest the
// parser's own calls but long chains of operators don't. Values, indices and
// sizes are parsed alike; what may stand where is the checker's business.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/ParserImpl.h"
#include "lang/tile/Precedence.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

using namespace polytile::lang;

namespace {

/// Tokens that are no operators bind like what stands around all of them.
constexpr unsigned NotAnOperator = SelectLevel;
unsigned precedenceOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::PipePipe:
    return LogicalOrLevel;
  case TokenKind::AmpersandAmpersand:
    return LogicalAndLevel;
  case TokenKind::Pipe:
    return BitOrLevel;
  case TokenKind::Caret:
    return BitXorLevel;
  case TokenKind::Ampersand:
    return BitAndLevel;
  case TokenKind::EqualEqual:
  case TokenKind::NotEqual:
    return EqualityLevel;
  case TokenKind::Less:
  case TokenKind::LessEqual:
  case TokenKind::Greater:
  case TokenKind::GreaterEqual:
    return RelationLevel;
  case TokenKind::ShiftLeft:
  case TokenKind::ShiftRight:
    return ShiftLevel;
  case TokenKind::Plus:
  case TokenKind::Minus:
    return SumLevel;
  case TokenKind::Star:
  case TokenKind::Slash:
  case TokenKind::Percent:
    return ProductLevel;
  default:
    return NotAnOperator;
  }
}

BinaryOp binaryOpOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::PipePipe:
    return BinaryOp::LogicalOr;
  case TokenKind::AmpersandAmpersand:
    return BinaryOp::LogicalAnd;
  case TokenKind::Pipe:
    return BinaryOp::BitOr;
  case TokenKind::Caret:
    return BinaryOp::BitXor;
  case TokenKind::Ampersand:
    return BinaryOp::BitAnd;
  case TokenKind::ShiftLeft:
    return BinaryOp::ShiftLeft;
  case TokenKind::ShiftRight:
    return BinaryOp::ShiftRight;
  case TokenKind::Plus:
    return BinaryOp::Add;
  case TokenKind::Minus:
    return BinaryOp::Sub;
  case TokenKind::Star:
    return BinaryOp::Mul;
  case TokenKind::Slash:
    return BinaryOp::Div;
  default:
    assert(kind == TokenKind::Percent && "not a binary operator");
    return BinaryOp::Mod;
  }
}

/// Counts nested calls of the parser.
class NestingScope {
public:
  explicit NestingScope(unsigned &nesting) : nesting(nesting) { ++nesting; }
  ~NestingScope() { --nesting; }
  NestingScope(const NestingScope &) = delete;
  NestingScope &operator=(const NestingScope &) = delete;

private:
  unsigned &nesting;
};

} // namespace

unsigned polytile::lang::constraintPrecedence() { return ShiftLevel; }

std::optional<Relation> polytile::lang::relationOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::Less:
    return Relation::Less;
  case TokenKind::LessEqual:
    return Relation::LessEqual;
  case TokenKind::Greater:
    return Relation::Greater;
  case TokenKind::GreaterEqual:
    return Relation::GreaterEqual;
  case TokenKind::EqualEqual:
    return Relation::Equal;
  case TokenKind::NotEqual:
    return Relation::NotEqual;
  default:
    return std::nullopt;
  }
}

bool Parser::tooDeep(SourceRange range) {
  diagnostics
      .report(DiagnosticId::ExpressionTooDeep, range,
              {fmt::to_string(maxExpressionDepth)})
      .withHint("split it into several statements");
  return false;
}

/// Sets the height of a new node; null, with an error, when that is too much.
template <typename T>
T *Parser::limitDepth(T *node, std::initializer_list<const Expr *> children) {
  unsigned depth = 0;
  for (const Expr *child : children)
    depth = std::max<unsigned>(depth, child->depth);
  if (depth >= maxExpressionDepth) {
    tooDeep(node->range);
    return nullptr;
  }
  node->depth = static_cast<uint16_t>(depth + 1);
  return node;
}

Expr *Parser::parseExpression() {
  Expr *noCondition = nullptr;
  return parseSelect(noCondition, /*allowOpen=*/false);
}

/// As parseExpression, but `C ? A` without `: B` is allowed, too: it gives A,
/// and C in `openCondition`.
Expr *Parser::parseExpressionOrCondition(Expr *&openCondition) {
  return parseSelect(openCondition, /*allowOpen=*/true);
}

Expr *Parser::parseSelect(Expr *&openCondition, bool allowOpen) {
  NestingScope scope(nesting);
  if (nesting > maxExpressionDepth) {
    tooDeep(current.range);
    return nullptr;
  }
  Expr *condition = parseBinary(LogicalOrLevel);
  if (!condition || !accept(TokenKind::Question))
    return condition;
  Expr *trueValue = parseExpression();
  if (!trueValue)
    return nullptr;
  if (!accept(TokenKind::Colon)) {
    if (!allowOpen) {
      nothing(DiagnosticId::MissingElse);
      return nullptr;
    }
    openCondition = condition;
    return trueValue;
  }
  Expr *falseValue = parseExpression();
  if (!falseValue)
    return nullptr;
  SourceRange range = SourceRange::join(condition->range, falseValue->range);
  return limitDepth(
      program.arena.create<Select>(range, condition, trueValue, falseValue),
      {condition, trueValue, falseValue});
}

Expr *Parser::parseBinary(unsigned minPrecedence) {
  Expr *lhs = parseUnary();
  bool wasRelation = false;
  unsigned lastPrecedence = NotAnOperator;
  while (lhs) {
    unsigned precedence = precedenceOf(current.kind);
    if (precedence == NotAnOperator || precedence < minPrecedence)
      return lhs;
    TokenKind op = current.kind;
    SourceRange opRange = current.range;
    if (wasRelation && precedence == lastPrecedence) {
      diagnostics.report(DiagnosticId::ChainedComparison, opRange)
          .withHint("compare twice and join with '&&', as in 'A < B && B < C'");
      return nullptr;
    }
    advance();
    Expr *rhs = parseBinary(precedence + 1);
    if (!rhs)
      return nullptr;
    lhs = parseOperator(lhs, rhs, op, opRange);
    wasRelation = relationOf(op).has_value();
    lastPrecedence = precedence;
  }
  return nullptr;
}

Expr *Parser::parseOperator(Expr *lhs, Expr *rhs, TokenKind op,
                            SourceRange opRange) {
  SourceRange range = SourceRange::join(lhs->range, rhs->range);
  if (std::optional<Relation> relation = relationOf(op))
    return limitDepth(
        program.arena.create<Compare>(range, *relation, opRange, lhs, rhs),
        {lhs, rhs});
  return limitDepth(
      program.arena.create<Binary>(range, binaryOpOf(op), opRange, lhs, rhs),
      {lhs, rhs});
}

Expr *Parser::parseUnary() {
  UnaryOp op;
  if (at(TokenKind::Minus))
    op = UnaryOp::Negate;
  else if (at(TokenKind::Exclaim))
    op = UnaryOp::LogicalNot;
  else if (at(TokenKind::Tilde))
    op = UnaryOp::BitNot;
  else
    return parsePrimary();
  NestingScope scope(nesting);
  if (nesting > maxExpressionDepth) {
    tooDeep(current.range);
    return nullptr;
  }
  uint32_t begin = current.range.begin;
  advance();
  Expr *operand = parseUnary();
  if (!operand)
    return nullptr;
  SourceRange range = SourceRange::join({begin, begin}, operand->range);
  return limitDepth(program.arena.create<Unary>(range, op, operand), {operand});
}

Expr *Parser::parsePrimary() {
  switch (current.kind) {
  case TokenKind::Integer:
  case TokenKind::Float:
    return parseNumber();
  case TokenKind::Identifier:
    return parseNamed();
  case TokenKind::LeftParen:
    return parseParentheses();
  case TokenKind::Ellipsis:
    diagnostics.report(DiagnosticId::NotYetRankPolymorphic, current.range);
    return nullptr;
  default:
    nothing(DiagnosticId::ExpectedExpression);
    return nullptr;
  }
}

Expr *Parser::parseParentheses() {
  uint32_t begin = current.range.begin;
  advance();
  Expr *inner = parseExpression();
  if (!inner || !expect(TokenKind::RightParen))
    return nullptr;
  // Carets under an operand show its parentheses, too.
  inner->range = rangeFrom(begin);
  return inner;
}

Expr *Parser::parseNumber() {
  Token token = current;
  advance();
  Expr *number =
      token.is(TokenKind::Integer) ? parseInteger(token) : parseFloat(token);
  bool touches = current.range.begin == token.range.end;
  if (!number || !touches)
    return number;
  if (at(TokenKind::LeftParen)) {
    diagnostics
        .report(DiagnosticId::ImpliedProduct, current.range,
                {fmt::format("'{}'", token.text), "'('"})
        .withHint(fmt::format("write '{} * (...)'", token.text));
    return nullptr;
  }
  if (!at(TokenKind::Identifier))
    return number;
  SourceRange opRange = {token.range.end, token.range.end};
  Expr *factor = parseNamed();
  return factor ? parseOperator(number, factor, TokenKind::Star, opRange)
                : nullptr;
}

Expr *Parser::parseInteger(const Token &token) {
  std::string_view digits = token.text;
  int base = 10;
  if (digits.size() > 2 && (digits[1] == 'x' || digits[1] == 'X')) {
    digits.remove_prefix(2);
    base = 16;
  }
  uint64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value, base)
          .ec != std::errc()) {
    diagnostics.report(DiagnosticId::IntegerTooLarge, token.range, {token.text})
        .withHint("the largest integer is 18446744073709551615; a number with "
                  "'.' or 'e' may be larger");
    return nullptr;
  }
  return program.arena.create<IntLiteral>(token.range, value);
}

Expr *Parser::parseFloat(const Token &token) {
  double value = 0;
  std::string_view text = token.text;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec !=
      std::errc()) {
    // Out of range: too small rounds to 0, too large has no nearest f64.
    size_t exponent = text.find_first_of("eE");
    bool isTiny = exponent != std::string_view::npos
                      ? text[exponent + 1] == '-'
                      : text[0] == '0' || text[0] == '.';
    if (!isTiny) {
      diagnostics.report(DiagnosticId::FloatTooLarge, token.range, {text});
      return nullptr;
    }
    value = 0;
  }
  return program.arena.create<FloatLiteral>(token.range, value, text);
}

/// A name, a call or an indexed read.
Expr *Parser::parseNamed() {
  Name name = takeName();
  bool isCall = at(TokenKind::LeftParen);
  bool isRead = at(TokenKind::LeftBracket);
  if (!isCall && !isRead)
    return program.arena.create<NameRef>(name.range, name.text);
  NestingScope scope(nesting);
  advance();
  std::vector<Expr *> items;
  if (!parseExpressionList(
          isCall ? TokenKind::RightParen : TokenKind::RightBracket, items))
    return nullptr;
  SourceRange range = rangeFrom(name.range.begin);
  List<Expr *> list = program.arena.copy(items);
  Expr *node;
  if (isCall)
    node = program.arena.create<Call>(range, name, list);
  else
    node = program.arena.create<IndexedRead>(
        range, program.arena.create<NameRef>(name.range, name.text), list);
  unsigned depth = 1;
  for (const Expr *item : items)
    depth = std::max<unsigned>(depth, item->depth + 1u);
  if (depth > maxExpressionDepth) {
    tooDeep(range);
    return nullptr;
  }
  node->depth = static_cast<uint16_t>(depth);
  return node;
}

/// Expressions with commas between them, up to and with `end`.
bool Parser::parseExpressionList(TokenKind end,
                                 std::vector<Expr *> &expressions) {
  if (accept(end))
    return true;
  do {
    Expr *expr = parseExpression();
    if (!expr)
      return false;
    expressions.push_back(expr);
  } while (accept(TokenKind::Comma));
  return expectListEnd(end);
}
