//===- Parser.cpp - Functions and statements ------------------------------===//
//
// The grammar, in the order of the functions below (`{}` repeats, `[]` may be
// left out, quoted text stands as it is):
//
//   program     := { attributes function }
//   function    := 'function' [name] '(' [parameter {',' parameter}] ')' '->'
//                  '(' name {',' name} ')' '{' {statement} '}'
//   parameter   := name [':' type] ['[' [dimension {',' dimension}] ']']
//   statement   := attributes (assignment | contraction) ';'
//   attributes  := { '[[' attribute {',' attribute} ']]' }
//   attribute   := name ['(' word {',' word} ')']
//   assignment  := name {',' name} '=' expression
//   contraction := name '[' access ']' '=' aggregation '(' body ')' clauses
//   access      := [':'] | index {',' index} [':' size {',' size}]
//   aggregation := '+' | '*' | '>' | '<' | '='
//   body        := expression | condition '?' expression
//   clauses     := { ',' constraint | 'default' name | 'no_defract' }
//   constraint  := side relation side { relation side }
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Parser.h"

#include "lang/tile/Checker.h"
#include "lang/tile/ParserImpl.h"
#include "lang/tile/Suggestion.h"

#include <fmt/format.h>

using namespace polytile::lang;

namespace {

std::optional<Aggregation> aggregationOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::Plus:
    return Aggregation::Sum;
  case TokenKind::Star:
    return Aggregation::Product;
  case TokenKind::Greater:
    return Aggregation::Maximum;
  case TokenKind::Less:
    return Aggregation::Minimum;
  case TokenKind::Assign:
    return Aggregation::Assign;
  default:
    return std::nullopt;
  }
}

} // namespace

std::unique_ptr<Program> polytile::lang::parse(DiagnosticEngine &diagnostics,
                                               size_t largestFile) {
  auto program = std::make_unique<Program>(diagnostics.sharedSource());
  size_t size = diagnostics.source().text().size();
  if (size > largestFile)
    diagnostics.report(DiagnosticId::FileTooLarge, {0, 0},
                       {fmt::to_string(size), fmt::to_string(largestFile)});
  else
    Parser(diagnostics, *program).parseProgram();
  return program;
}

std::unique_ptr<Program>
polytile::lang::parseAndCheck(DiagnosticEngine &diagnostics) {
  std::unique_ptr<Program> program = parse(diagnostics);
  if (!diagnostics.hasErrors())
    check(*program, diagnostics);
  return program;
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

Parser::Parser(DiagnosticEngine &diagnostics, Program &program)
    : diagnostics(diagnostics), program(program), lexer(diagnostics) {
  current = lexer.next();
  following = lexer.next();
}

void Parser::advance() {
  previous = current.range;
  current = following;
  following = lexer.next();
}

bool Parser::accept(TokenKind kind) {
  if (!at(kind))
    return false;
  advance();
  return true;
}

/// What stands at the current place, for messages.
std::string Parser::found() const {
  if (at(TokenKind::EndOfFile))
    return std::string(describe(TokenKind::EndOfFile));
  constexpr size_t longest = 40;
  if (current.text.size() <= longest)
    return fmt::format("'{}'", current.text);
  return fmt::format("'{}...'", current.text.substr(0, longest));
}

bool Parser::onNewLine() const {
  SourceRange between{previous.end, current.range.begin};
  return diagnostics.source().text(between).find('\n') !=
         std::string_view::npos;
}

/// Where something is missing: after the last token when the line ends there.
SourceRange Parser::errorPlace() const {
  bool lineEnded =
      previous.end > 0 && (at(TokenKind::EndOfFile) || onNewLine());
  return lineEnded ? SourceRange{previous.end, previous.end} : current.range;
}

/// Reports a message about the current token; the lexer did when it is none.
bool Parser::nothing(DiagnosticId id) {
  if (!at(TokenKind::Invalid))
    diagnostics.report(id, current.range, {found()});
  return false;
}

bool Parser::expect(TokenKind kind) {
  if (accept(kind))
    return true;
  if (!at(TokenKind::Invalid))
    diagnostics.report(DiagnosticId::ExpectedToken, errorPlace(),
                       {describe(kind), found()});
  return false;
}

/// The end of a list, or else the comma that would go on with it.
bool Parser::expectListEnd(TokenKind end) {
  if (accept(end))
    return true;
  if (!at(TokenKind::Invalid))
    diagnostics.report(DiagnosticId::ExpectedToken, errorPlace(),
                       {fmt::format("',' or {}", describe(end)), found()});
  return false;
}

Name Parser::takeName() {
  Name name{current.text, current.range};
  advance();
  return name;
}

bool Parser::expectName(Name &name) {
  if (!at(TokenKind::Identifier)) {
    if (at(TokenKind::Ellipsis)) {
      diagnostics.report(DiagnosticId::NotYetRankPolymorphic, current.range);
      return false;
    }
    return expect(TokenKind::Identifier);
  }
  name = takeName();
  return true;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void Parser::parseProgram() {
  while (!at(TokenKind::EndOfFile)) {
    if (at(TokenKind::Function) || at(TokenKind::LeftBracket)) {
      parseFunction();
      continue;
    }
    if (at(TokenKind::Import))
      diagnostics.report(DiagnosticId::NotYetImport, current.range)
          .withHint("write the functions into the same file");
    else
      nothing(DiagnosticId::ExpectedFunction);
    advance();
    skipToFunction();
  }
  if (program.functions.empty() && !diagnostics.hasErrors())
    diagnostics.report(DiagnosticId::NoFunction, current.range)
        .withHint(
            "a program looks like 'function f(A[N]) -> (O) { O = A + 1; }'");
}

void Parser::skipToFunction() {
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::Function) &&
         !at(TokenKind::Import))
    advance();
}

void Parser::parseFunction() {
  auto *function = program.arena.create<Function>();
  uint32_t begin = current.range.begin;
  bool good =
      parseAttributes(function->attributes) && parseFunctionHeader(*function);
  if (!good) {
    // The statements may hold more errors worth telling.
    while (!at(TokenKind::EndOfFile) && !at(TokenKind::LeftBrace) &&
           !at(TokenKind::Function))
      advance();
    if (!at(TokenKind::LeftBrace))
      return;
  }
  good = parseBody(*function) && good;
  function->range = rangeFrom(begin);
  if (good)
    program.functions.push_back(function);
}

bool Parser::parseFunctionHeader(Function &function) {
  if (!at(TokenKind::Function)) {
    nothing(DiagnosticId::ExpectedFunction);
    return false;
  }
  function.name.range = current.range;
  advance();
  if (at(TokenKind::Identifier))
    function.name = takeName();
  if (at(TokenKind::Less))
    return rejectAngleParameters();
  return parseParameters(function) && expect(TokenKind::Arrow) &&
         parseOutputs(function);
}

bool Parser::rejectAngleParameters() {
  uint32_t begin = current.range.begin;
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::Greater) &&
         !at(TokenKind::LeftParen) && !at(TokenKind::LeftBrace))
    advance();
  accept(TokenKind::Greater);
  diagnostics.report(DiagnosticId::NotYetAngleParameters, rangeFrom(begin))
      .withHint(
          "a size may be an ordinary parameter: a call gives it an integer");
  return false;
}

bool Parser::parseParameters(Function &function) {
  if (!expect(TokenKind::LeftParen))
    return false;
  std::vector<Parameter> parameters;
  if (!at(TokenKind::RightParen)) {
    do {
      Parameter parameter;
      parameter.index = static_cast<unsigned>(parameters.size());
      if (!parseParameter(parameter))
        return false;
      parameters.push_back(parameter);
    } while (accept(TokenKind::Comma));
  }
  function.parameters = program.arena.copy(parameters);
  return expectListEnd(TokenKind::RightParen);
}

bool Parser::parseParameter(Parameter &parameter) {
  uint32_t begin = current.range.begin;
  if (!expectName(parameter.name))
    return false;
  if (accept(TokenKind::Colon)) {
    Name type;
    if (!expectName(type))
      return false;
    parameter.elementType = elementTypeByName(type.text);
    if (!parameter.elementType) {
      diagnostics.report(DiagnosticId::UnknownType, type.range, {type.text})
          .withHint("the element types are bool, i8, i16, i32, i64, u8, u16, "
                    "u32, u64, f16, bf16, f32 and f64");
      return false;
    }
  }
  if (accept(TokenKind::LeftBracket)) {
    parameter.hasDimensions = true;
    std::vector<Dimension> dimensions;
    if (!at(TokenKind::RightBracket)) {
      do {
        Dimension dimension;
        if (!parseDimension(dimension))
          return false;
        dimensions.push_back(dimension);
      } while (accept(TokenKind::Comma));
    }
    if (!expectListEnd(TokenKind::RightBracket))
      return false;
    parameter.dimensions = program.arena.copy(dimensions);
  }
  parameter.range = rangeFrom(begin);
  return true;
}

bool Parser::parseDimension(Dimension &dimension) {
  dimension.range = current.range;
  if (at(TokenKind::Identifier)) {
    dimension.name = takeName().text;
    return true;
  }
  if (at(TokenKind::Ellipsis)) {
    diagnostics.report(DiagnosticId::NotYetRankPolymorphic, current.range);
    return false;
  }
  if (!at(TokenKind::Integer))
    return nothing(DiagnosticId::ExpectedDimension);
  Token token = current;
  advance();
  const Expr *literal = parseInteger(token);
  if (!literal)
    return false;
  dimension.value = cast<IntLiteral>(literal)->value;
  return true;
}

bool Parser::parseOutputs(Function &function) {
  if (!expect(TokenKind::LeftParen))
    return false;
  if (at(TokenKind::RightParen)) {
    diagnostics.report(DiagnosticId::NoOutputs, current.range);
    return false;
  }
  std::vector<Name> outputs;
  do {
    Name output;
    if (!expectName(output))
      return false;
    if (at(TokenKind::LeftBracket) || at(TokenKind::Colon)) {
      diagnostics.report(DiagnosticId::OutputWithShape, current.range,
                         {output.text});
      return false;
    }
    outputs.push_back(output);
  } while (accept(TokenKind::Comma));
  function.outputs = program.arena.copy(outputs);
  return expectListEnd(TokenKind::RightParen);
}

bool Parser::parseBody(Function &function) {
  if (!expect(TokenKind::LeftBrace))
    return false;
  std::vector<Statement *> statements;
  while (!at(TokenKind::RightBrace)) {
    if (at(TokenKind::EndOfFile) || at(TokenKind::Function)) {
      expect(TokenKind::RightBrace);
      return false;
    }
    if (Statement *statement = parseStatement())
      statements.push_back(statement);
    else
      skipStatement();
  }
  advance();
  function.statements = program.arena.copy(statements);
  return true;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// Goes on behind the next ';', or at what ends the function.
void Parser::skipStatement() {
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::RightBrace) &&
         !at(TokenKind::Function))
    if (accept(TokenKind::Semicolon))
      return;
    else
      advance();
}

bool Parser::parseAttributes(List<Attribute> &attributes) {
  std::vector<Attribute> all;
  while (at(TokenKind::LeftBracket)) {
    advance();
    if (!expect(TokenKind::LeftBracket))
      return false;
    do {
      if (!parseAttribute(all))
        return false;
    } while (accept(TokenKind::Comma));
    if (!expect(TokenKind::RightBracket) || !expect(TokenKind::RightBracket))
      return false;
  }
  attributes = program.arena.copy(all);
  return true;
}

bool Parser::parseAttribute(std::vector<Attribute> &attributes) {
  Attribute attribute;
  if (!expectName(attribute.name))
    return false;
  std::vector<std::string_view> arguments;
  if (accept(TokenKind::LeftParen) && !accept(TokenKind::RightParen)) {
    do {
      bool isWord = at(TokenKind::Identifier) || at(TokenKind::Integer) ||
                    at(TokenKind::Float) || at(TokenKind::String);
      if (!isWord)
        return expect(TokenKind::Identifier);
      arguments.push_back(current.text);
      advance();
    } while (accept(TokenKind::Comma));
    if (!expect(TokenKind::RightParen))
      return false;
  }
  attribute.arguments = program.arena.copy(arguments);
  attribute.range = rangeFrom(attribute.name.range.begin);
  attributes.push_back(attribute);
  return true;
}

Statement *Parser::parseStatement() {
  List<Attribute> attributes;
  if (!parseAttributes(attributes))
    return nullptr;
  if (at(TokenKind::Scan)) {
    diagnostics.report(DiagnosticId::NotYetScan, current.range);
    return nullptr;
  }
  if (!at(TokenKind::Identifier)) {
    nothing(DiagnosticId::ExpectedStatement);
    return nullptr;
  }
  Statement *statement = following.is(TokenKind::LeftBracket)
                             ? parseContraction()
                             : parseAssignment();
  if (statement)
    statement->attributes = attributes;
  return statement;
}

/// The ';'. Where the line ends without one the statement counts as ended,
/// so that the next line is read as what it is.
bool Parser::endStatement(Statement &statement, uint32_t begin) {
  bool goesOn =
      at(TokenKind::Semicolon) || (at(TokenKind::Identifier) && onNewLine());
  expect(TokenKind::Semicolon);
  statement.range = rangeFrom(begin);
  return goesOn;
}

Statement *Parser::parseAssignment() {
  auto *assignment = program.arena.create<Assignment>();
  uint32_t begin = current.range.begin;
  std::vector<Name> targets;
  do {
    Name target;
    if (!expectName(target))
      return nullptr;
    targets.push_back(target);
  } while (accept(TokenKind::Comma));
  assignment->targets = program.arena.copy(targets);
  if (!expect(TokenKind::Assign))
    return nullptr;
  bool isAggregation =
      aggregationOf(current.kind) && following.is(TokenKind::LeftParen);
  if (isAggregation) {
    diagnostics.report(DiagnosticId::AggregationWithoutIndices, current.range,
                       {current.text, targets[0].text});
    return nullptr;
  }
  assignment->value = parseExpression();
  if (!assignment->value || !endStatement(*assignment, begin))
    return nullptr;
  return assignment;
}

Statement *Parser::parseContraction() {
  auto *contraction = program.arena.create<Contraction>();
  uint32_t begin = current.range.begin;
  contraction->output = takeName();
  if (!parseOutputAccess(*contraction) || !parseAggregation(*contraction))
    return nullptr;
  contraction->body = parseExpressionOrCondition(contraction->condition);
  if (!contraction->body || !expect(TokenKind::RightParen))
    return nullptr;
  if (!parseClauses(*contraction) || !endStatement(*contraction, begin))
    return nullptr;
  return contraction;
}

/// `[i, j : M, N]`, `[i, j]`, `[]`, `[:]`.
bool Parser::parseOutputAccess(Contraction &contraction) {
  advance();
  std::vector<Expr *> indices;
  if (!at(TokenKind::RightBracket) && !at(TokenKind::Colon)) {
    do {
      Expr *index = parseExpression();
      if (!index)
        return false;
      indices.push_back(index);
    } while (accept(TokenKind::Comma));
  }
  contraction.outputIndices = program.arena.copy(indices);
  contraction.hasSizes = indices.empty();
  if (!accept(TokenKind::Colon))
    return expect(TokenKind::RightBracket);
  contraction.hasSizes = true;
  std::vector<Expr *> sizes;
  if (!parseExpressionList(TokenKind::RightBracket, sizes))
    return false;
  contraction.outputSizes = program.arena.copy(sizes);
  return true;
}

/// `= +(`; PlaidML also takes `==(` for `= =(`.
bool Parser::parseAggregation(Contraction &contraction) {
  if (at(TokenKind::EqualEqual) && following.is(TokenKind::LeftParen)) {
    contraction.aggregation = Aggregation::Assign;
    contraction.aggregationRange = {current.range.begin + 1, current.range.end};
  } else {
    if (!expect(TokenKind::Assign))
      return false;
    std::optional<Aggregation> aggregation = aggregationOf(current.kind);
    if (!aggregation || !following.is(TokenKind::LeftParen)) {
      if (at(TokenKind::Invalid))
        return false;
      diagnostics
          .report(DiagnosticId::ExpectedAggregation, current.range, {found()})
          .withHint(fmt::format("'{}[...] = =(...)' copies elements",
                                contraction.output.text));
      return false;
    }
    contraction.aggregation = *aggregation;
    contraction.aggregationRange = current.range;
  }
  advance();
  advance();
  return true;
}

bool Parser::parseClauses(Contraction &contraction) {
  std::vector<Constraint> constraints;
  while (true) {
    if (accept(TokenKind::Comma)) {
      if (!parseConstraints(constraints))
        return false;
    } else if (at(TokenKind::Default)) {
      if (!parseDefault(contraction))
        return false;
    } else if (at(TokenKind::NoDefract)) {
      if (contraction.noDefract) {
        diagnostics.report(DiagnosticId::RepeatedClause, current.range,
                           {current.text});
        return false;
      }
      contraction.noDefract = true;
      advance();
    } else {
      break;
    }
  }
  contraction.constraints = program.arena.copy(constraints);
  return true;
}

/// One relation, or a chain: `0 <= i - k < N` becomes two that share `i - k`.
bool Parser::parseConstraints(std::vector<Constraint> &constraints) {
  Expr *lhs = parseBinary(constraintPrecedence());
  if (!lhs)
    return false;
  if (!relationOf(current.kind))
    return nothing(DiagnosticId::ExpectedRelation);
  size_t first = constraints.size();
  while (std::optional<Relation> relation = relationOf(current.kind)) {
    advance();
    Expr *rhs = parseBinary(constraintPrecedence());
    if (!rhs)
      return false;
    constraints.push_back(
        {lhs, *relation, rhs, SourceRange::join(lhs->range, rhs->range)});
    lhs = rhs;
  }
  bool isChain = constraints.size() - first > 1;
  for (size_t i = first; i < constraints.size(); ++i)
    constraints[i].isUnchained = !isChain;
  return true;
}

bool Parser::parseDefault(Contraction &contraction) {
  if (contraction.defaultTensor) {
    diagnostics.report(DiagnosticId::RepeatedClause, current.range,
                       {current.text});
    return false;
  }
  advance();
  Name name;
  if (!expectName(name))
    return false;
  contraction.defaultTensor =
      program.arena.create<NameRef>(name.range, name.text);
  return true;
}
