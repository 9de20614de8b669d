//===- Contraction.h - Contractions for tests, written in pieces -*- C++
//-*-===//
//
// The tests state shapes, maps and constraints; this puts the IR around them.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_TILE_CONTRACTION_H
#define POLYTILE_TEST_UNIT_TILE_CONTRACTION_H

#include "dialects/tile/Analysis/IterationDomain.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <string>
#include <utility>
#include <vector>

/// A contraction of f32 tensors that was parsed from its pieces.
class Contraction {
public:
  /// The shape of a tensor, as "3x5x", and its subscripts, as "i, j".
  using Access = std::pair<std::string, std::string>;

  /// `names` as "i, j"; `domain` as "i >= 0, i - j == 0", or nothing.
  /// A condition makes the yield depend on data. An output shape of "?x" asks
  /// for sizes to be found.
  Contraction(const std::string &names, const std::vector<Access> &inputs,
              const Access &output, const std::string &domain = "",
              bool hasCondition = false)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          message = diagnostic.str();
        }) {
    context.loadDialect<polytile::tile::TileDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(
        text(names, inputs, output, domain, hasCondition), &context);
    if (module)
      module->walk([&](polytile::tile::ContractOp found) { op = found; });
  }

  polytile::tile::ContractOp op;
  std::string message; ///< of the last diagnostic

private:
  static std::string text(const std::string &names,
                          const std::vector<Access> &inputs,
                          const Access &output, const std::string &domain,
                          bool hasCondition) {
    std::string arguments, operands, maps, types, elements, quoted;
    auto add = [](std::string &list, const std::string &item) {
      list += (list.empty() ? "" : ", ") + item;
    };
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::string number = std::to_string(i),
                  type = "tensor<" + inputs[i].first + "f32>";
      add(arguments, "%A" + number + ": " + type);
      add(operands, "%A" + number);
      add(maps, map(names, inputs[i].second));
      add(types, type);
      add(elements, "%a" + number + ": f32");
    }
    for (size_t from = 0; from < names.size();) {
      size_t to = std::min(names.find(", ", from), names.size());
      add(quoted, "\"" + names.substr(from, to - from) + "\"");
      from = to + 2;
    }
    std::string block = inputs.empty() ? "" : "^bb0(" + elements + "):\n";
    bool infers = output.first.find('?') != std::string::npos;
    return "func.func @f(" + arguments + ") {\n%0 = tile.contract sum ins(" +
           operands + ") maps [" + maps + "] into " +
           map(names, output.second) + " domain affine_set<(" + names +
           ") : (" + (domain.empty() ? "0 == 0" : domain) + ")> names [" +
           quoted + "] {\n" + block +
           "%v = tile.scalar 1.0 : f32\n%c = tile.scalar true\ntile.yield %v" +
           (hasCondition ? " if %c" : "") + " : f32\n}" +
           (infers ? " {infer_sizes}" : "") + " : (" + types + ") -> tensor<" +
           output.first + "f32>\nreturn\n}\n";
  }
  static std::string map(const std::string &names,
                         const std::string &subscripts) {
    return "affine_map<(" + names + ") -> (" + subscripts + ")>";
  }

  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

#endif // POLYTILE_TEST_UNIT_TILE_CONTRACTION_H
