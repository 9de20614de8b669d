//===- Passes.td - Passes of the SPIR-V target ----------------------------===//
//
// Compiling is a function of the library; the pass lets tests call it.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_PASSES
#define POLYTILE_COMPILER_TARGET_SPIRV_PASSES

include "mlir/Pass/PassBase.td"

def SpirvPrint : Pass<"spirv-print", "::mlir::ModuleOp"> {
  let summary = "Print the kernels of a module as modules of the spirv dialect";
  let description = [{
    Writes one `spirv.module` for each kernel to standard output, with a comment that names the features of the device
    that it uses, and leaves the module as it is; for tests and debugging. The words are made and checked as well;
    `binaries` names a folder that takes them as files `KERNEL.spv`.

    ```mlir
    kernel.func @first(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"})
        workgroup [64, 1, 1] grid [1, 1, 1] {
      %i = gpu.thread_id x
      %x = memref.load %X[%i] : memref<64xf32>
      kernel.return
    }
    ```
    ==>
    ```mlir
    spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader], []> {
      spirv.GlobalVariable @LocalInvocationId built_in("LocalInvocationId") : !spirv.ptr<vector<3xi32>, Input>
      spirv.GlobalVariable @X bind(0, 0) {non_writable} :
          !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
      spirv.func @first() "None" {
        ...
      }
      spirv.EntryPoint "GLCompute" @first, @LocalInvocationId
      spirv.ExecutionMode @first "LocalSize", 64, 1, 1
    }
    ```
  }];
  let options = [
    Option<"device", "device", "std::string", /*default=*/"\"generic\"",
           "'generic', or a file with a device description">,
    Option<"binaries", "binaries", "std::string", /*default=*/"", "Folder for the words of each kernel">
  ];
}

#endif // POLYTILE_COMPILER_TARGET_SPIRV_PASSES
