//===- Program.h - Functions as text, for the interpreter's tests -*- C++
//-*-===//
//
// Parses a function, finds its bounds, and evaluates it on vectors.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_INTERPRETER_PROGRAM_H
#define POLYTILE_TEST_UNIT_INTERPRETER_PROGRAM_H

#include "compiler/interpreter/Interpreter.h"
#include "dialects/tile/IR/TileOps.h"
#include "dialects/tile/Transforms/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

/// Evaluates the function in `text` on arguments of type T; the results' bytes
/// are read as elements of type R.
class Program {
public:
  explicit Program(const std::string &text) {
    context
        .loadDialect<polytile::tile::TileDialect, mlir::func::FuncDialect,
                     mlir::arith::ArithDialect, mlir::tensor::TensorDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    REQUIRE(module);
    mlir::PassManager passes(&context);
    passes.addNestedPass<mlir::func::FuncOp>(
        polytile::tile::createTileInferBounds());
    REQUIRE(mlir::succeeded(passes.run(*module)));
    function = *module->getOps<mlir::func::FuncOp>().begin();
  }

  template <typename T> Program &argument(const std::vector<T> &elements) {
    polytile::interpreter::Tensor tensor;
    tensor.type = mlir::cast<mlir::RankedTensorType>(
        function.getArgumentTypes()[arguments.size()]);
    tensor.data.resize(elements.size() * sizeof(T));
    std::memcpy(tensor.data.data(), elements.data(), tensor.data.size());
    arguments.push_back(std::move(tensor));
    return *this;
  }

  template <typename R>
  std::vector<R>
  run(const polytile::interpreter::EvaluationOptions &options = {}) {
    mlir::ScopedDiagnosticHandler handler(&context,
                                          [&](mlir::Diagnostic &diagnostic) {
                                            error = diagnostic.str();
                                            return mlir::success();
                                          });
    auto results =
        polytile::interpreter::evaluate(function, arguments, options);
    if (mlir::failed(results))
      return {};
    std::vector<R> elements((*results)[0].data.size() / sizeof(R));
    std::memcpy(elements.data(), (*results)[0].data.data(),
                (*results)[0].data.size());
    return elements;
  }

  std::string error;

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  std::vector<polytile::interpreter::Tensor> arguments;
};

#endif // POLYTILE_TEST_UNIT_INTERPRETER_PROGRAM_H
