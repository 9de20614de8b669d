//===- KernelOps.td - The kernel dialect: one kernel for one device -------===//
//
// The level that both OpenCL C and SPIR-V are printed from: every decision about
// workgroups, memory and index width has been made, nothing is bound to an API.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS
#define POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::polytile::kernel";
  let summary = "One kernel for one class of device";
  let description = [{
    A module holds `kernel.func`s and the private `func.func`s that they call. A kernel runs once for each work item of
    a grid of workgroups; what its bindings hold afterwards is its result.

    ```mlir
    kernel.func @scale(%X: memref<1024xf32> {kernel.access = "read", kernel.name = "X"},
                       %Y: memref<1024xf32> {kernel.access = "write", kernel.name = "Y"})
        workgroup [64, 1, 1] grid [4, 1, 1] attributes {source = "Y = 2 * X;"} {
      %X4 = kernel.vector_view %X : memref<1024xf32> to memref<256xvector<4xf32>>
      %Y4 = kernel.vector_view %Y : memref<1024xf32> to memref<256xvector<4xf32>>
      %group = gpu.block_id x
      %item = gpu.thread_id x
      %c64 = arith.constant 64 : index
      %first = arith.muli %group, %c64 : index
      %i = arith.addi %first, %item : index
      %x = memref.load %X4[%i] : memref<256xvector<4xf32>>
      %y = arith.addf %x, %x : vector<4xf32>
      memref.store %y, %Y4[%i] : memref<256xvector<4xf32>>
      kernel.return
    }
    ```

    Types. Memory holds i8, i16, i32, i64, f32 and f64; a bool takes an i8, and f16 and bf16 are the bits of an i16.
    Registers hold these, i1, `index`, and vectors of 2 or 4 of them; f16 and bf16 are computed in f32. f16 itself
    occurs only in cooperative matrices. `index` is an unsigned integer of 32 bits, or of 64 where the function says so,
    that wraps; the operations carry the sign.

    Legal operations, beside those of this dialect:

    - `arith`: all on the types above, but no `maximumf`, `minimumf`, `maxnumf`, `minnumf`; a float that is converted to
      an integer is in that integer's range. With `fastmath<contract>` on a product and the sum that takes it they may
      be fused; without it they may not.
    - `math`: `absf`, `ceil`, `floor`, `fma`, `roundeven`, `sqrt`
    - `scf`: `for`, `if`, `while`, `condition`, `yield`; a `for` counts upwards, its bounds are compared as signed
    - `memref`: `load`, `store`, and `alloca` of static size in private memory
    - `vector`: `extract`, `insert`, `splat`, `broadcast`, `from_elements`, `bitcast`, with static positions
    - `gpu`: `block_id`, `thread_id`, `lane_id`, `subgroup_id`, `subgroup_size`, `barrier`, `shuffle`, `subgroup_mma_*`
    - `func`: `call` of a private function of the module
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

def Kernel_Memory : MemRefRankOf<[AnyType], [1]>;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Kernel_FuncOp : Kernel_Op<"func", [FunctionOpInterface, IsolatedFromAbove, AutomaticAllocationScope, Symbol]> {
  let summary = "A kernel: its bindings, its workgroups and its grid";
  let description = [{
    `workgroup` is the number of work items of a workgroup in each dimension, `grid` the number of workgroups.

    Arguments are the bindings, in the order in which the host binds them. `kernel.access` of an argument is "read",
    "write" or "read_write", `kernel.name` the tensor's name in the source. Two bindings share memory only where
    `kernel.may_alias` of the written one is the number of the read one, and then element for element.

    Attributes:

    - `schedule`: a dictionary that says what was chosen and with which parameters; for readers
    - `source`: the Tile statements that the kernel computes
    - `subgroup_size`: the kernel is right only with this size of subgroup
    - `index_bits`: 32 where missing, or 64
    - `requires`: features of the device that the kernel needs (compiler/schedule/DeviceDescription.h)
    - `flops`, `bytes`: arithmetic operations, and bytes read and written, of a whole dispatch
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
    DenseI64ArrayAttr:$workgroup_size, DenseI64ArrayAttr:$grid,
    OptionalAttr<DictionaryAttr>:$schedule, OptionalAttr<StrAttr>:$source, OptionalAttr<I32Attr>:$subgroup_size,
    OptionalAttr<I32Attr>:$index_bits, OptionalAttr<StrArrayAttr>:$requires, OptionalAttr<I64Attr>:$flops,
    OptionalAttr<I64Attr>:$bytes, OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs
  );
  let regions = (region SizedRegion<1>:$body);
  let skipDefaultBuilders = 1;
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::TypeRange":$bindings, "::llvm::ArrayRef<int64_t>":$workgroupSize,
                   "::llvm::ArrayRef<int64_t>":$grid)>
  ];
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }

    /// Work items of a workgroup.
    int64_t getWorkgroupItems();
    /// Workgroups of a dispatch.
    int64_t getGridItems();
    /// Bytes of workgroup memory that the kernel.workgroup_memory operations declare.
    int64_t getWorkgroupMemoryBytes();
    unsigned getIndexBitWidth() { return getIndexBits().value_or(32); }
    /// The name of binding `number` in the source, or "".
    ::llvm::StringRef getBindingName(unsigned number);
    bool isRead(unsigned number);
    bool isWritten(unsigned number);
  }];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Kernel_ReturnOp : Kernel_Op<"return", [Pure, Terminator, HasParent<"FuncOp">]> {
  let summary = "Ends a work item";
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

def Kernel_WorkgroupMemoryOp : Kernel_Op<"workgroup_memory", [HasParent<"FuncOp">,
                                         MemoryEffects<[MemAlloc]>]> {
  let summary = "Memory that the work items of a workgroup share; undefined at first";
  let description = [{
    ```mlir
    %tile = kernel.workgroup_memory : memref<2048xf32, #gpu.address_space<workgroup>>
    ```
    `name` is a hint for readers of the printed kernel.
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name);
  let results = (outs Kernel_Memory:$result);
  let assemblyFormat = "($name^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kernel_VectorViewOp : Kernel_Op<"vector_view", [Pure]> {
  let summary = "The same memory as an array of vectors, for wide accesses";
  let description = [{
    ```mlir
    %v = kernel.vector_view %a : memref<1024xf32> to memref<256xvector<4xf32>>
    %h = kernel.vector_view %b : memref<1024xi16> to memref<128xvector<4xi32>>
    ```
    Memory is aligned to 16 bytes, and a binding's last vector may reach into padding: reads there give anything, writes
    there are lost.
  }];
  let arguments = (ins Kernel_Memory:$source);
  let results = (outs Kernel_Memory:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

def Kernel_HalfBits : AnyTypeOf<[I16, VectorOfLengthAndType<[2, 4], [I16]>], "the bits of one or more halves">;
def Kernel_Single : AnyTypeOf<[F32, VectorOfLengthAndType<[2, 4], [F32]>], "one or more f32">;

def Kernel_HalfToFloatOp : Kernel_Op<"half_to_float", [Pure, SameOperandsAndResultShape]> {
  let summary = "The f32 that has the value of an f16";
  let description = [{ Exact, subnormals included; a NaN stays one. Devices without arithmetic on halves have it. }];
  let arguments = (ins Kernel_HalfBits:$bits);
  let results = (outs Kernel_Single:$result);
  let assemblyFormat = "$bits attr-dict `:` type($bits) `to` type($result)";
}

def Kernel_FloatToHalfOp : Kernel_Op<"float_to_half", [Pure, SameOperandsAndResultShape]> {
  let summary = "The f16 nearest to an f32, as bits";
  let description = [{ Ties go to even, beyond the largest f16 it is infinity, subnormals are kept, a NaN stays one. }];
  let arguments = (ins Kernel_Single:$value);
  let results = (outs Kernel_HalfBits:$result);
  let assemblyFormat = "$value attr-dict `:` type($value) `to` type($result)";
}

#endif // POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS
