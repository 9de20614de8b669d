//===- FunctionImporter.cpp - Statements, calls, parameters and results ---===//
//
// Walks the statements of a function in order and keeps the term that each
// name stands for. See FunctionImporter.h for the other files.
//
//===----------------------------------------------------------------------===//

#include "lang/import/FunctionImporter.h"

#include "dialects/tile/IR/TileOps.h"
#include "lang/import/ContractionImporter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::lang;

Type lang::convertElementType(MLIRContext &context, ElementType type) {
  auto unsignedType = [&](unsigned width) {
    return IntegerType::get(&context, width, IntegerType::Unsigned);
  };
  switch (type) {
  case ElementType::Bool:
    return IntegerType::get(&context, 1);
  case ElementType::I8:
    return IntegerType::get(&context, 8);
  case ElementType::I16:
    return IntegerType::get(&context, 16);
  case ElementType::I32:
    return IntegerType::get(&context, 32);
  case ElementType::I64:
    return IntegerType::get(&context, 64);
  case ElementType::U8:
    return unsignedType(8);
  case ElementType::U16:
    return unsignedType(16);
  case ElementType::U32:
    return unsignedType(32);
  case ElementType::U64:
    return unsignedType(64);
  case ElementType::F16:
    return FloatType::getF16(&context);
  case ElementType::BF16:
    return FloatType::getBF16(&context);
  case ElementType::F32:
    return FloatType::getF32(&context);
  case ElementType::F64:
    return FloatType::getF64(&context);
  }
  llvm_unreachable("no other element type");
}

Location FunctionImporter::location(SourceRange range) const {
  const SourceFile &source = engine.source();
  auto at = [&](uint32_t offset) -> Location {
    LineColumn position = source.lineColumn(offset);
    return FileLineColLoc::get(
        context(), StringRef(source.name().data(), source.name().size()),
        position.line, position.column);
  };
  Location own = FusedLoc::get(context(), {at(range.begin), at(range.end)});
  return caller ? Location(CallSiteLoc::get(own, *caller)) : own;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

Value FunctionImporter::dimension(Value tensor, int64_t dimension,
                                  Location loc) {
  Value &size = dimensions[{tensor, dimension}];
  if (!size) {
    Value position = build.create<arith::ConstantIndexOp>(loc, dimension);
    size = build.createOrFold<tensor::DimOp>(loc, tensor, position);
  }
  return size;
}

/// Sizes that a parameter shares with an earlier one, or states as a number,
/// are checked when shapes are known.
bool FunctionImporter::requireDimensions(const Parameter &parameter,
                                         Value tensor) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  if (rank != static_cast<int64_t>(parameter.dimensions.size())) {
    engine.error(
        parameter.range,
        llvm::formatv(
            "'{0}' has {1} dimension{2}, but the argument has rank {3}",
            StringRef(parameter.name.text), parameter.dimensions.size(),
            parameter.dimensions.size() == 1 ? "" : "s", rank));
    return false;
  }
  for (unsigned i = 0, e = parameter.dimensions.size(); i != e; ++i) {
    const Dimension &declared = parameter.dimensions[i];
    Location loc = location(declared.range);
    StringRef name(parameter.name.text);
    if (declared.isLiteral()) {
      Value expected =
          build.create<arith::ConstantIndexOp>(loc, declared.value);
      std::string message = llvm::formatv(
          "dimension {0} of '{1}' is {{0}, but {{1} is declared", i, name);
      build.create<tile::RequireEqualOp>(loc, dimension(tensor, i, loc),
                                         expected, message);
      continue;
    }
    for (unsigned p = 0; p <= parameter.index; ++p)
      for (unsigned d = 0, n = function.parameters[p].dimensions.size(); d != n;
           ++d) {
        const Parameter &other = function.parameters[p];
        if (other.dimensions[d].name != declared.name ||
            (p == parameter.index && d >= i))
          continue;
        StringRef size(declared.name), otherName(other.name.text);
        std::string message = llvm::formatv(
            "'{0}' is {{0} in '{1}' and {{1} in '{2}'", size, otherName, name);
        Value first = dimension(parameters[p].value, d, loc);
        build.create<tile::RequireEqualOp>(loc, first,
                                           dimension(tensor, i, loc), message);
        p = parameter.index; // the first occurrence is enough
        break;
      }
  }
  return true;
}

bool FunctionImporter::bindParameter(const Parameter &parameter,
                                     Term &argument) {
  if (parameter.usedAsSize && !argument.isSize()) {
    engine.error(parameter.range,
                 llvm::formatv("'{0}' is used as a size, so its argument must "
                               "be an integer known at compile time",
                               StringRef(parameter.name.text)));
    return false;
  }
  if (parameter.usedAsSize ||
      (argument.isWeak() && !parameter.elementType &&
       !parameter.hasDimensions) ||
      argument.kind == Term::Kind::Tuple)
    return true;
  Type declared = parameter.elementType
                      ? convertElementType(*context(), *parameter.elementType)
                      : Type();
  if (argument.isWeak()) {
    Value value =
        materialize(argument, declared ? declared : commonType(argument),
                    parameter.range, nullptr);
    if (!value)
      return false;
    argument = Term::tensor(value);
  }
  Type actual = getElementTypeOrSelf(argument.value.getType());
  if (declared && actual != declared) {
    engine.error(parameter.range,
                 llvm::formatv("'{0}' is declared {1}, but the argument is {2}",
                               StringRef(parameter.name.text),
                               tile::spellElementType(declared),
                               tile::spellElementType(actual)));
    return false;
  }
  parameters[parameter.index] = argument;
  return !parameter.hasDimensions ||
         requireDimensions(parameter, argument.value);
}

bool FunctionImporter::bindParameters(ArrayRef<Term> arguments) {
  parameters.assign(arguments.begin(), arguments.end());
  bool good = true;
  for (const Parameter &parameter : function.parameters)
    good &= bindParameter(parameter, parameters[parameter.index]);
  return good;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

std::optional<std::vector<Term>>
FunctionImporter::run(ArrayRef<Term> arguments) {
  if (!bindParameters(arguments))
    return std::nullopt;
  bool good = true;
  for (const Statement *statement : function.statements)
    good &= importStatement(*statement);
  if (!good)
    return std::nullopt;
  std::vector<Term> outputs;
  for (const Name &output : function.outputs) {
    Term found;
    for (const Parameter &parameter : function.parameters)
      if (parameter.name.text == output.text)
        found = parameters[parameter.index];
    for (const Statement *statement : function.statements) {
      if (auto *contraction = dyn_cast<Contraction>(statement)) {
        if (contraction->output.text == output.text)
          found = results[statement][0];
        continue;
      }
      auto *assignment = cast<Assignment>(statement);
      for (unsigned i = 0, e = assignment->targets.size(); i != e; ++i)
        if (assignment->targets[i].text == output.text)
          found = results[statement][i];
    }
    outputs.push_back(found);
  }
  return outputs;
}

/// A statement that depends on one that failed has no term to stand on; it is
/// skipped without a message of its own.
bool FunctionImporter::importStatement(const Statement &statement) {
  if (auto *assignment = dyn_cast<Assignment>(&statement))
    return importAssignment(*assignment);
  auto &contraction = *cast<Contraction>(&statement);
  Value value = ContractionImporter(*this, contraction).run();
  results[&statement] = {value ? Term::tensor(value) : Term()};
  return value != nullptr;
}

bool FunctionImporter::importAssignment(const Assignment &assignment) {
  std::vector<Term> terms;
  Term term = assignment.isSizeValued ? Term() : importValue(*assignment.value);
  if (assignment.isSizeValued) {
    Value size = importSize(*assignment.value);
    if (size)
      term = Term::size(size);
  }
  if (assignment.targets.size() == 1)
    terms.push_back(term);
  else if (term.kind == Term::Kind::Tuple &&
           term.elements.size() == assignment.targets.size())
    terms = term.elements;
  else if (term)
    engine.error(
        assignment.range,
        llvm::formatv(
            "{0} names are given for {1} values", assignment.targets.size(),
            term.kind == Term::Kind::Tuple ? term.elements.size() : 1));
  terms.resize(assignment.targets.size());
  if (term.kind == Term::Kind::Value && assignment.targets.size() == 1)
    if (Operation *op = term.value.getDefiningOp();
        op && !op->hasAttr("tile.name"))
      op->setAttr("tile.name",
                  build.getStringAttr(StringRef(assignment.targets[0].text)));
  bool good = llvm::all_of(terms, [](const Term &each) { return bool(each); });
  results[&assignment] = std::move(terms);
  return good;
}

Term FunctionImporter::importUserCall(const Call &call,
                                      ContractionImporter *body) {
  if (body) {
    engine
        .error(
            call.range,
            llvm::formatv("the call to '{0}' cannot stand inside a contraction",
                          StringRef(call.callee.text)))
        .withHint(
            "give its result a name in a statement before, and read that");
    return {};
  }
  std::vector<Term> arguments;
  for (const Expr *argument : call.arguments) {
    arguments.push_back(importValue(*argument));
    if (!arguments.back())
      return {};
  }
  FunctionImporter callee(build, *call.function, engine, location(call.range));
  std::optional<std::vector<Term>> outputs = callee.run(arguments);
  if (!outputs)
    return {};
  return outputs->size() == 1 ? outputs->front()
                              : Term::tuple(std::move(*outputs));
}

Term FunctionImporter::lookUp(const NameRef &name) {
  switch (name.resolved) {
  case NameKind::Parameter:
    return parameters[name.parameter->index];
  case NameKind::Value:
    return results[name.definition][name.resultIndex];
  case NameKind::Size:
    if (name.definition)
      return results[name.definition][name.resultIndex];
    return Term::size(dimension(parameters[name.parameter->index].value,
                                name.dimension, location(name.range)));
  case NameKind::IndexVariable:
    engine
        .error(name.range,
               llvm::formatv("index variable '{0}' is used as a value",
                             StringRef(name.name)))
        .withHint("index(T, axis) gives a tensor of index values");
    return {};
  case NameKind::Unresolved:
    break;
  }
  llvm_unreachable("the checker resolves every name");
}

//===----------------------------------------------------------------------===//
// The function that the user asked for
//===----------------------------------------------------------------------===//

static func::FuncOp createFunction(OpBuilder &builder, Location loc,
                                   const Function &function,
                                   ArrayRef<ArgumentType> arguments) {
  SmallVector<Type> types;
  for (const ArgumentType &argument : arguments)
    types.push_back(RankedTensorType::get(
        SmallVector<int64_t>(argument.rank, ShapedType::kDynamic),
        convertElementType(*builder.getContext(), argument.elementType)));
  StringRef name = function.isAnonymous() ? StringRef("main")
                                          : StringRef(function.name.text);
  auto func = builder.create<func::FuncOp>(loc, name,
                                           builder.getFunctionType(types, {}));
  func.addEntryBlock();
  for (const Parameter &parameter : function.parameters)
    func.setArgAttr(parameter.index, "tile.name",
                    builder.getStringAttr(StringRef(parameter.name.text)));
  return func;
}

FailureOr<OwningOpRef<ModuleOp>>
lang::importFunction(MLIRContext &context, const Program &program,
                     const Function &function, ArrayRef<ArgumentType> arguments,
                     DiagnosticEngine &diagnostics) {
  assert(arguments.size() == function.parameters.size() &&
         "one argument for each parameter");
  context.loadDialect<tile::TileDialect, func::FuncDialect, arith::ArithDialect,
                      tensor::TensorDialect>();
  OpBuilder builder(&context);
  FunctionImporter importer(builder, function, diagnostics);
  Location loc = importer.location(function.name.range);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  func::FuncOp func = createFunction(builder, loc, function, arguments);
  builder.setInsertionPointToEnd(&func.getBody().front());

  std::vector<Term> terms;
  for (BlockArgument argument : func.getArguments())
    terms.push_back(Term::tensor(argument));
  std::optional<std::vector<Term>> outputs = importer.run(terms);
  if (!outputs)
    return failure();
  SmallVector<Value> values;
  for (auto [term, name] : llvm::zip(*outputs, function.outputs)) {
    if (term.kind == Term::Kind::Tuple) {
      diagnostics
          .error(name.range, llvm::formatv("output '{0}' is a group of values",
                                           StringRef(name.text)))
          .withHint("element(G, number) takes one of them");
      return failure();
    }
    Type type = term.isWeak() ? importer.commonType(term)
                              : getElementTypeOrSelf(term.value.getType());
    values.push_back(importer.materialize(term, type, name.range, nullptr));
    if (!values.back())
      return failure();
  }
  builder.create<func::ReturnOp>(loc, values);
  func.setFunctionType(builder.getFunctionType(func.getArgumentTypes(),
                                               TypeRange(ValueRange(values))));
  for (unsigned i = 0, e = values.size(); i != e; ++i)
    func.setResultAttr(
        i, "tile.name",
        builder.getStringAttr(StringRef(function.outputs[i].text)));
  return module;
}
