//===- Passes.td - Passes of the CPU target -------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_PASSES
#define POLYTILE_COMPILER_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def CpuLowerKernels : Pass<"cpu-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns kernels of tile IR into loops over buffers";
  let description = [{
    Each function with `program.kernel` becomes one on memrefs: its arguments, its results, the range of work items and the
    workspace. Constraints and reads outside of an input become loop bounds. Sums of products over dense boxes become
    loops over cache blocks around linalg operations tagged for `cpu-lower-micro-kernels`.

    ```mlir
    func.func @k(%a: tensor<8xf32>) -> tensor<8xf32> attributes {program.kernel} {
      %0 = tile.neg %a : (tensor<8xf32>) -> tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    ==>
    func.func @k(%a: memref<8xf32>, %r: memref<8xf32>, %begin: index, %end: index,
                 %workspace: memref<1xi8>)
        attributes {cpu.kernel = {items = 1, ...}} {
      scf.for %item = %begin to %end step %c1 {
        scf.for %i = %c0 to %c8 step %c1 { ... arith.negf ... }
    ```
  }];
  let options = [Option<"level", "level", "std::string", "\"x86-64-v3\"",
                        "Instruction set: x86-64, x86-64-v2, x86-64-v3 or x86-64-v4">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
}

def CpuConvertToLLVM : Pass<"cpu-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Turns lowered kernels into LLVM's dialect, each with its entry";
  let description = [{
    Buffers become bare pointers that don't alias. For each kernel `@k` the body becomes the private `@k.body`, and `@k` the
    exported entry of the kernel ABI, which loads the bindings and calls it.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}

#endif // POLYTILE_COMPILER_TARGET_CPU_PASSES
