//===- Passes.td - Passes that GPU targets share --------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_PASSES
#define POLYTILE_COMPILER_TARGET_GPU_PASSES

include "mlir/Pass/PassBase.td"

def GpuLowerKernels : Pass<"gpu-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns kernels of tile IR into kernels of threads and workgroups";
  let description = [{
    Each function with `program.kernel` becomes one `kernel.func` of the same name, by the first schedule that fits. Its
    bindings are the function's arguments, then its results. What the device can't compute is an error that names the
    device. `device` is a device description as JSON, or `generic-opencl` or `generic-vulkan`.

    ```mlir
    func.func @k(%a: tensor<100xf32>) -> tensor<100xf32> attributes {program.kernel} {
      %0 = tile.neg %a : (tensor<100xf32>) -> tensor<100xf32>
      return %0 : tensor<100xf32>
    }
    ==>
    kernel.func @k(%a: memref<100xf32> {kernel.access = "read"}, %r: memref<100xf32> {kernel.access = "write"})
        workgroup [64, 1, 1] grid [2, 1, 1] attributes {schedule = {kind = "elementwise", lanes = 1 : i64}, ...} {
      %group = gpu.block_id x
      %item = gpu.thread_id x
      ...
      scf.if %inside {
        %x = memref.load %a[%i] : memref<100xf32>
        %y = arith.negf %x : f32
        memref.store %y, %r[%i] : memref<100xf32>
      }
      kernel.return
    }
    ```
  }];
  let options = [Option<"device", "device", "std::string", "\"generic-opencl\"",
                        "A device description as JSON, or generic-opencl or generic-vulkan">];
  let dependentDialects = ["::polytile::kernel::KernelDialect"];
}

#endif // POLYTILE_COMPILER_TARGET_GPU_PASSES
