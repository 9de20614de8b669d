//===- Passes.td - Passes from the kernel dialect to itself ---------------===//

#ifndef POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES
#define POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def KernelSplitBindings : Pass<"kernel-split-bindings", "::mlir::ModuleOp"> {
  let summary = "Shows buffers that are larger than a binding may be through several bindings";
  let description = [{
    Devices limit how much of a buffer a kernel sees through one binding (to 128 MiB on some). A larger one becomes several
    windows on the same buffer, and each access picks its window. Window `i` begins at `i` times the window's size, the
    largest multiple of the device's offset alignment, and of 64 bytes, that a binding may have. Every argument of a kernel that was
    changed says which binding it was (`kernel.binding`) and where in it the window begins (`kernel.offset`, in bytes).
    A kernel that would need more bindings than there are is an error.

    ```mlir
    kernel.func @k(%X: memref<300xf32> {kernel.access = "read"}, ...) {
      %x = memref.load %X[%i] : memref<300xf32>
    ==>  (binding-bytes=1024)
    kernel.func @k(%X: memref<256xf32> {kernel.access = "read", kernel.binding = 0, kernel.offset = 0},
                   %X1: memref<44xf32> {kernel.access = "read", kernel.binding = 0, kernel.offset = 1024}, ...) {
      %c256 = arith.constant 256 : index
      %0 = arith.cmpi ult, %i, %c256 : index
      %x = scf.if %0 -> (f32) {
        %1 = memref.load %X[%i] : memref<256xf32>
        scf.yield %1 : f32
      } else {
        %1 = arith.subi %i, %c256 : index
        %2 = memref.load %X1[%1] : memref<44xf32>
        scf.yield %2 : f32
      }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect"];
  let options = [
    Option<"bindingBytes", "binding-bytes", "uint64_t", "134217728", "The most bytes of a binding">,
    Option<"offsetAlignment", "offset-alignment", "uint64_t", "256",
           "What offsets of bindings are multiples of, in bytes">,
    Option<"maxBindings", "max-bindings", "unsigned", "16", "The most bindings of a kernel">,
    Option<"device", "device", "std::string", "\"the device\"", "What messages call the device">,
  ];
}

#endif // POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES
