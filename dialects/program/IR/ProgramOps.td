//===- ProgramOps.td - The program dialect --------------------------------===//
//
// What the host does: buffers, the order of dispatches, and where temporaries
// lie. A package's schedule is printed from this dialect, one step for each
// operation.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS
#define POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Program_Dialect : Dialect {
  let name = "program";
  let cppNamespace = "::polytile::program";
  let summary = "Buffers, dispatches and the host's schedule";
  let description = [{
    A module holds one `program.entry` for each compiled function and the kernels that the entries dispatch: functions
    with the attribute `program.kernel`, whose arguments are the tensors that they read and whose results are those that
    they write. The operations of an entry run in the order of the text, each after the one before it has finished.

    ```mlir
    program.entry @relu arena(64) {
      %X = program.input 0 "X" : memref<16xf32>
      %Y = program.output 0 "Y" : memref<16xf32>
      %t = program.temporary at 0 : memref<16xf32>
      program.dispatch @k0 reads(%X : memref<16xf32>) writes(%t : memref<16xf32>)
      program.dispatch @k1 reads(%t : memref<16xf32>) writes(%Y : memref<16xf32>)
    }
    func.func @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {program.kernel} { ... }
    ```

    A buffer is a dense row-major memref. Buffers are declared anywhere before their use; only `program.view` makes two
    values share memory.
  }];
}

class Program_Op<string mnemonic, list<Trait> traits = []> : Op<Program_Dialect, mnemonic, traits>;

def Program_Buffer : MemRefRankOf<[AnyType], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]>;

def Program_EntryOp : Program_Op<"entry", [IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments, Symbol]> {
  let summary = "A function that the runtime can run: its buffers and its steps";
  let description = [{
    `arena_bytes` is the size of the memory in which the temporaries lie; `program-plan-memory` sets it.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<I64Attr>:$arena_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name (`arena` `(` $arena_bytes^ `)`)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

class Program_TensorBufferOp<string mnemonic, string text> : Program_Op<mnemonic> {
  let summary = text;
  let arguments = (ins I64Attr:$index, StrAttr:$tensor);
  let results = (outs Program_Buffer:$result);
  let assemblyFormat = "$index $tensor attr-dict `:` type($result)";
}
def Program_InputOp : Program_TensorBufferOp<"input", "The caller's buffer of an input; read only">;
def Program_OutputOp : Program_TensorBufferOp<"output", "The caller's buffer of an output">;

def Program_TemporaryOp : Program_Op<"temporary"> {
  let summary = "Memory of one run, at an offset in the arena once that is planned";
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Program_Buffer:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
}

def Program_ConstantOp : Program_Op<"constant"> {
  let summary = "Bytes of the package; read only";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Program_Buffer:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Program_ViewOp : Program_Op<"view", [Pure]> {
  let summary = "The same memory under another shape";
  let arguments = (ins Program_Buffer:$source);
  let results = (outs Program_Buffer:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

def Program_DispatchOp : Program_Op<"dispatch", [AttrSizedOperandSegments,
                                                 DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel over its work items";
  let description = [{ Every element of the written buffers is written; they overlap neither each other nor what is read. }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Program_Buffer>:$reads, Variadic<Program_Buffer>:$writes);
  let assemblyFormat = [{
    $kernel (`reads` `(` $reads^ `:` type($reads) `)`)? `writes` `(` $writes `:` type($writes) `)` attr-dict
  }];
}

def Program_CopyOp : Program_Op<"copy", [AllTypesMatch<["source", "target"]>]> {
  let summary = "Copies a whole buffer";
  let arguments = (ins Program_Buffer:$source, Program_Buffer:$target);
  let assemblyFormat = "$source `to` $target attr-dict `:` type($source)";
}

def Program_FillOp : Program_Op<"fill"> {
  let summary = "Sets every element of a buffer to one value";
  let arguments = (ins TypedAttrInterface:$value, Program_Buffer:$target);
  let assemblyFormat = "$target `with` $value attr-dict `:` type($target)";
  let hasVerifier = 1;
}

#endif // POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS
