//===- Passes.td - From the tile dialect to the program dialect -----------===//

#ifndef POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PASSES
#define POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PASSES

include "mlir/Pass/PassBase.td"

def TileToProgram : Pass<"tile-to-program", "::mlir::ModuleOp"> {
  let summary = "Partitions functions of tile operations into kernels and a schedule";
  let description = [{
    Each function becomes a `program.entry` of the same name and kernels in the same module. A contraction starts a kernel, and
    takes along the elementwise
    operations that are computed for it alone, unless it sums products; elementwise operations of its shape join it behind; other elementwise operations of one shape join in chains.
    Every operation belongs to exactly one kernel, so a value that reaches a comparison is the value that was
    stored; only constants and `tile.index` are repeated where they are used. Reshapes become views, and kernels that
    differ in nothing but names and locations are emitted once. Tensors without elements, and contractions over no point, need
    no kernel. Takes linear time.

    With `max-row-elements`, for targets that hold rows in registers, kernels that reduce the same rows, or work on them
    element by element, are joined: softmax becomes one kernel.

    ```mlir
    func.func @f(%X: tensor<4x8xf32> {tile.name = "X"}) -> (tensor<4xf32> {tile.name = "Y"}) {
      %0 = tile.contract max ins(%X) ... : (tensor<4x8xf32>) -> tensor<4xf32>
      %1 = tile.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
    ==>
    program.entry @f {
      %0 = program.input 0 "X" : memref<4x8xf32>
      %1 = program.output 0 "Y" : memref<4xf32>
      program.dispatch @kernel_0 reads(%0 : memref<4x8xf32>) writes(%1 : memref<4xf32>)
    }
    func.func @kernel_0(%arg0: tensor<4x8xf32>) -> tensor<4xf32> attributes {program.kernel} {
      %0 = tile.contract max ins(%arg0) ... : (tensor<4x8xf32>) -> tensor<4xf32>
      %1 = tile.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
      return %1 : tensor<4xf32>
    }
    ```
  }];
  let dependentDialects = ["::polytile::program::ProgramDialect", "::mlir::func::FuncDialect"];
  let options = [
    Option<"maxKernelOperations", "max-kernel-operations", "unsigned", "64",
           "No kernel takes more operations than these, so that compile time stays linear">,
    Option<"maxRowElements", "max-row-elements", "int64_t", "0",
           "Chains of reductions of rows of up to so many elements become one kernel each; 0: none">,
    Option<"maxTensors", "max-tensors", "unsigned", "0",
           "Kernels that read and write more tensors than these together are cut; 0: none">,
  ];
}

#endif // POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PASSES
