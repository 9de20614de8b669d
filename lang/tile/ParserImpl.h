//===- ParserImpl.h - The state of the parser -------------------*- C++ -*-===//
//
// Private to the parser: its class, shared by Parser.cpp (functions and
// statements) and ParseExpression.cpp.
//
// A function that parses something reports at most one error and then returns
// null or false; the caller gives up as well, until a statement or a function
// header ends: there the parser skips to a place where it can go on.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_PARSERIMPL_H
#define POLYTILE_LANG_TILE_PARSERIMPL_H

#include "lang/tile/AST.h"
#include "lang/tile/Diagnostics.h"
#include "lang/tile/Lexer.h"

#include <string>
#include <vector>

namespace polytile::lang {

class Parser {
public:
  Parser(DiagnosticEngine &diagnostics, Program &program);

  void parseProgram();

private:
  // Tokens.
  void advance();
  bool at(TokenKind kind) const { return current.is(kind); }
  bool accept(TokenKind kind);
  bool expect(TokenKind kind);
  bool expectListEnd(TokenKind end);
  bool expectName(Name &name);
  bool onNewLine() const;
  bool nothing(DiagnosticId id);
  std::string found() const;
  SourceRange errorPlace() const;
  SourceRange rangeFrom(uint32_t begin) const { return {begin, previous.end}; }
  Name takeName();

  // Functions.
  void parseFunction();
  bool parseFunctionHeader(Function &function);
  bool parseParameters(Function &function);
  bool parseParameter(Parameter &parameter);
  bool parseDimension(Dimension &dimension);
  bool parseOutputs(Function &function);
  bool parseBody(Function &function);
  bool rejectAngleParameters();
  void skipToFunction();

  // Statements.
  bool parseAttributes(List<Attribute> &attributes);
  bool parseAttribute(std::vector<Attribute> &attributes);
  Statement *parseStatement();
  Statement *parseAssignment();
  Statement *parseContraction();
  bool parseOutputAccess(Contraction &contraction);
  bool parseAggregation(Contraction &contraction);
  bool parseClauses(Contraction &contraction);
  bool parseConstraints(std::vector<Constraint> &constraints);
  bool parseDefault(Contraction &contraction);
  bool endStatement(Statement &statement, uint32_t begin);
  void skipStatement();

  // Expressions (ParseExpression.cpp).
  Expr *parseExpression();
  Expr *parseExpressionOrCondition(Expr *&openCondition);
  Expr *parseSelect(Expr *&openCondition, bool allowOpen);
  Expr *parseBinary(unsigned minPrecedence);
  Expr *parseOperator(Expr *lhs, Expr *rhs, TokenKind op, SourceRange opRange);
  Expr *parseUnary();
  Expr *parsePrimary();
  Expr *parseParentheses();
  Expr *parseNumber();
  Expr *parseInteger(const Token &token);
  Expr *parseFloat(const Token &token);
  Expr *parseNamed();
  bool parseExpressionList(TokenKind end, std::vector<Expr *> &expressions);
  template <typename T>
  T *limitDepth(T *node, std::initializer_list<const Expr *> children);
  bool tooDeep(SourceRange range);

  DiagnosticEngine &diagnostics;
  Program &program;
  Lexer lexer;
  Token current;
  Token following;
  SourceRange previous; ///< of the token before `current`
  unsigned nesting = 0;
};

/// Precedence of the operands of a constraint's relations: they end at `<`.
unsigned constraintPrecedence();

/// The relation that a token stands for, if it is one.
std::optional<Relation> relationOf(TokenKind kind);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_PARSERIMPL_H
