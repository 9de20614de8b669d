//===- Passes.td - Passes of the OpenCL target ----------------------------===//
//
// Printing is a function of the library; the pass lets tests call it.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_PASSES
#define POLYTILE_COMPILER_TARGET_OPENCL_PASSES

include "mlir/Pass/PassBase.td"

def OpenCLPrint : Pass<"opencl-print", "::mlir::ModuleOp"> {
  let summary = "Print the kernels of a module as one OpenCL C program";
  let description = [{
    Writes the program to standard output and leaves the module as it is; for tests and debugging.

    ```mlir
    kernel.func @twice(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"},
                       %Y: memref<64xf32> {kernel.access = "write", kernel.name = "Y"})
        workgroup [64, 1, 1] grid [1, 1, 1] attributes {source = "Y = X + X;"} {
      %i = gpu.thread_id x
      %x = memref.load %X[%i] : memref<64xf32>
      %y = arith.addf %x, %x : f32
      memref.store %y, %Y[%i] : memref<64xf32>
      kernel.return
    }
    ```
    ==>
    ```c
    // Y = X + X;
    // schedule: grid 1 x 1 x 1
    kernel __attribute__((reqd_work_group_size(64, 1, 1)))
    void twice(const global float *restrict X, global float *restrict Y)
    {
      const uint tid = get_local_id(0);
      const float x = X[tid];
      Y[tid] = x + x;
    }
    ```
  }];
  let options = [
    Option<"device", "device", "std::string", /*default=*/"\"generic\"",
           "'generic', or a file with a device description">
  ];
}

#endif // POLYTILE_COMPILER_TARGET_OPENCL_PASSES
