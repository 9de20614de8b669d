//===- Passes.td - Passes from the program dialect to itself --------------===//

#ifndef POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES
#define POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ProgramPlanMemory : Pass<"program-plan-memory", "::polytile::program::EntryOp"> {
  let summary = "Gives every temporary its place in the arena";
  let description = [{
    A temporary lives from the first step that writes it to the last one that uses it or a view of it. Temporaries that live at
    the same time get disjoint ranges; others may share memory. Both orders in which a first fit is usually good (the
    largest first, and in the order of the schedule) are tried, and the smaller arena wins. Temporaries that no step uses are removed.

    ```mlir
    %a = program.temporary : memref<16xf32>
    %b = program.temporary : memref<16xf32>
    %c = program.temporary : memref<16xf32>
    program.dispatch @k reads(%X : memref<16xf32>) writes(%a : memref<16xf32>)
    program.dispatch @k reads(%a : memref<16xf32>) writes(%b : memref<16xf32>)
    program.dispatch @k reads(%b : memref<16xf32>) writes(%c : memref<16xf32>)
    ==>
    %a = program.temporary at 0 : memref<16xf32>
    %b = program.temporary at 64 : memref<16xf32>
    %c = program.temporary at 0 : memref<16xf32>
    ```
  }];
  let options = [
    Option<"alignment", "alignment", "int64_t", "bufferAlignment",
           "Offsets are multiples of this number of bytes, a power of two from 64 on">,
  ];
  let statistics = [
    Statistic<"arenaBytes", "arena-bytes", "Bytes of all arenas">,
    Statistic<"liveBytes", "live-bytes", "Bytes of the largest live sets: no plan takes less">,
  ];
}

#endif // POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES
