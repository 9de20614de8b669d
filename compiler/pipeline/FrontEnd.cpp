//===- FrontEnd.cpp - Source text and arguments to the tile dialect -------===//
//
// Everything that is wrong with the arguments is reported here, at the
// parameter, before anything is computed; ranks, types and sizes are the
// importer's and tile-specialize's.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/FrontEnd.h"

#include "lang/import/Import.h"
#include "lang/tile/Numbers.h"
#include "lang/tile/Parser.h"
#include "lang/tile/Suggestion.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

std::string quote(std::string_view name) {
  return "'" + std::string(name) + "'";
}

std::string str(std::string_view text) { return std::string(text); }

/// Adds "did you mean" when there is a near name, else the names there are.
template <typename Names>
void suggest(lang::Diagnostic &diagnostic, const std::string &misspelt,
             const Names &names) {
  lang::Suggestion suggestion(misspelt);
  std::string all;
  for (std::string_view name : names) {
    suggestion.consider(name);
    all += (all.empty() ? "" : ", ") + quote(name);
  }
  if (!suggestion.best().empty())
    diagnostic.withHint("did you mean " + quote(suggestion.best()) + "?");
  else if (!all.empty())
    diagnostic.withHint("there is " + all);
}

lang::SourceRange headOf(const lang::Function &function) {
  return function.name.range;
}

std::vector<std::string_view> parameterNames(const lang::Function &function) {
  std::vector<std::string_view> names;
  for (const lang::Parameter &parameter : function.parameters)
    names.push_back(parameter.name.text);
  return names;
}

/// Turns the text of a number into a scalar of the parameter's type.
bool resolveNumber(const lang::Parameter &parameter, Argument &argument,
                   std::vector<std::string> &numbers,
                   lang::DiagnosticEngine &diagnostics) {
  lang::ElementType type =
      parameter.elementType.value_or(lang::naturalType(argument.number));
  std::optional<std::string> bytes = lang::encodeNumber(argument.number, type);
  if (!bytes) {
    std::string declared = parameter.elementType
                               ? " is declared " + str(spelling(type)) +
                                     ", which can't hold " + argument.number
                               : ": " + argument.number + " doesn't fit into " +
                                     str(spelling(type));
    diagnostics.error(parameter.range, quote(parameter.name.text) + declared);
    return false;
  }
  numbers.push_back(std::move(*bytes));
  argument.elementType = type;
  argument.dims.clear();
  return true;
}

} // namespace

CheckedProgram pipeline::parseAndFind(lang::DiagnosticEngine &diagnostics,
                                      const std::string &name) {
  CheckedProgram checked;
  checked.program = lang::parseAndCheck(diagnostics);
  if (diagnostics.hasErrors())
    return checked;
  const std::vector<lang::Function *> &functions = checked.program->functions;
  if (name.empty()) {
    checked.function = functions.back();
    return checked;
  }
  checked.function = checked.program->find(name);
  if (!checked.function) {
    std::vector<std::string_view> names;
    for (const lang::Function *function : functions)
      names.push_back(function->name.text);
    suggest(diagnostics.error(headOf(*functions.back()),
                              "the file has no function " + quote(name)),
            name, names);
  }
  return checked;
}

std::optional<std::vector<Argument>>
pipeline::matchArguments(const lang::Function &function, const Request &request,
                         std::vector<std::string> &numbers,
                         lang::DiagnosticEngine &diagnostics) {
  llvm::StringMap<const Argument *> byName;
  llvm::StringMap<const lang::Parameter *> parameters;
  for (const lang::Parameter &parameter : function.parameters)
    parameters[StringRef(parameter.name.text)] = &parameter;
  for (const Argument &argument : request.arguments) {
    if (!parameters.count(argument.name))
      suggest(diagnostics.error(headOf(function), "the function has no input " +
                                                      quote(argument.name)),
              argument.name, parameterNames(function));
    else if (!byName.try_emplace(argument.name, &argument).second)
      diagnostics.error(parameters[argument.name]->range,
                        "two inputs are given for " + quote(argument.name));
  }
  std::vector<Argument> matched;
  // Addresses of the bytes must stay: short strings live inside the vector.
  numbers.reserve(function.parameters.size());
  for (const lang::Parameter &parameter : function.parameters) {
    const Argument *given = byName.lookup(StringRef(parameter.name.text));
    if (!given) {
      diagnostics.error(parameter.range,
                        "no input is given for " + quote(parameter.name.text));
      continue;
    }
    matched.push_back(*given);
    if (!given->number.empty() &&
        resolveNumber(parameter, matched.back(), numbers, diagnostics))
      matched.back().data = numbers.back().data();
  }
  if (diagnostics.hasErrors())
    return std::nullopt;
  return matched;
}

bool pipeline::checkOutputs(const lang::Function &function,
                            const std::vector<std::string> &outputs,
                            lang::DiagnosticEngine &diagnostics) {
  std::vector<std::string_view> names;
  for (const lang::Name &output : function.outputs)
    names.push_back(output.text);
  for (const std::string &wanted : outputs)
    if (!llvm::is_contained(names, wanted))
      suggest(diagnostics.error(headOf(function),
                                "the function has no output " + quote(wanted)),
              wanted, names);
  return !diagnostics.hasErrors();
}

FailureOr<OwningOpRef<ModuleOp>>
pipeline::importForShapes(MLIRContext &context, const CheckedProgram &checked,
                          const std::vector<Argument> &arguments,
                          lang::DiagnosticEngine &diagnostics) {
  SmallVector<lang::ArgumentType> types;
  SmallVector<Attribute> shapes;
  Builder builder(&context);
  for (const Argument &argument : arguments) {
    types.push_back(
        {argument.elementType, static_cast<unsigned>(argument.dims.size())});
    shapes.push_back(builder.getDenseI64ArrayAttr(argument.dims));
  }
  FailureOr<OwningOpRef<ModuleOp>> module = lang::importFunction(
      context, *checked.program, *checked.function, types, diagnostics);
  if (succeeded(module))
    for (auto function : (*module)->getOps<func::FuncOp>())
      function->setAttr("tile.argument_shapes", builder.getArrayAttr(shapes));
  return module;
}

std::string pipeline::describeSignature(const lang::Function &function) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  auto ref = [](std::string_view view) { return StringRef(view); };
  json.object([&] {
    json.attribute("name", ref(function.name.text));
    json.attributeArray("parameters", [&] {
      for (const lang::Parameter &parameter : function.parameters)
        json.object([&] {
          json.attribute("name", ref(parameter.name.text));
          if (parameter.elementType)
            json.attribute("type", ref(spelling(*parameter.elementType)));
          else
            json.attribute("type", nullptr);
          if (!parameter.hasDimensions)
            return json.attribute("dims", nullptr);
          json.attributeArray("dims", [&] {
            for (const lang::Dimension &dimension : parameter.dimensions)
              if (dimension.isLiteral())
                json.value(static_cast<int64_t>(dimension.value));
              else
                json.value(ref(dimension.name));
          });
        });
    });
    json.attributeArray("outputs", [&] {
      for (const lang::Name &output : function.outputs)
        json.value(ref(output.text));
    });
  });
  return text;
}

lang::ElementType pipeline::toElementType(Type type) {
  if (type.isF16())
    return lang::ElementType::F16;
  if (type.isBF16())
    return lang::ElementType::BF16;
  if (isa<FloatType>(type))
    return type.isF32() ? lang::ElementType::F32 : lang::ElementType::F64;
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return lang::ElementType::Bool;
  case 8:
    return isUnsigned ? lang::ElementType::U8 : lang::ElementType::I8;
  case 16:
    return isUnsigned ? lang::ElementType::U16 : lang::ElementType::I16;
  case 32:
    return isUnsigned ? lang::ElementType::U32 : lang::ElementType::I32;
  default:
    return isUnsigned ? lang::ElementType::U64 : lang::ElementType::I64;
  }
}
