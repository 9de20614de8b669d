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

def CpuLowerMicroKernels : Pass<"cpu-lower-micro-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns tagged register tiles and copies into functions of vector code";
  let description = [{
    A linalg.generic with `polytile.micro_kernel` becomes a call of a function that all tiles of its shape share. Its
    accumulators are vectors in registers; what is left of the columns after whole vectors is loaded and stored masked.

    ```mlir
    linalg.fill ins(%zero : f32) outs(%c : memref<6x16xf32, strided<[64, 1], offset: ?>>)
    linalg.generic {iterator_types = ["parallel", "reduction", "parallel"], ...} ins(%a, %b) outs(%c)
        attrs = {polytile.micro_kernel = 256 : i64} { multiply, add }
    ==>
    call @micro_kernel_1_6x16(%A, %i, %B, %j, %C, %k) : (memref<4096xf32>, index, ...) -> ()

    func.func private @micro_kernel_1_6x16(...) {
      %sums:12 = scf.for %k = %c0 to %c96 step %c1 iter_args(%s0 = %zeros, ...) -> (vector<8xf32>, ...) {
        %b0 = vector.load ..., %b1 = vector.load ...
        %x = memref.load ..., %r = vector.splat %x
        vector.fma %r, %b0, %s0 ...
      }
      vector.store %sums#0, ...
    ```

    A linalg.generic with `polytile.pack` becomes a function of vector copies where both sides are contiguous in the
    same dimension, of transpositions in registers where they are in different ones, else of scalar copies.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect"];
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
