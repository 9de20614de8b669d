/* The kernel ABI: how the runtime calls a compiled CPU kernel.
 *
 * Standalone on purpose: it includes nothing but <stdint.h>, so that the code
 * generator, the runtime and a kernel written by hand in C agree on one page.
 * C11 and C++.
 *
 * A kernel is an exported symbol of type `ptl_kernel_fn` in a shared object
 * that needs no other library. The runtime calls it for disjoint ranges of the
 * dispatch's work items. A dispatch of 10 items on 2 threads:
 *
 *   thread 0: kernel(args0, 0, 5)
 *   thread 1: kernel(args1, 5, 10)
 *
 * Rules
 * - Items are independent. Any range [item_begin, item_end), with 0 <=
 *   item_begin < item_end <= items, may be asked for in one call; every item
 *   of the dispatch is asked for exactly once; calls may run at the same time
 *   and on any thread. A dispatch of 0 items calls nothing.
 * - `bindings[i]` is the address of the dispatch's i-th binding, in the order
 *   in which the package lists them: by convention first what is read, then
 *   what is written. Shapes are compiled in; tensors are dense, row-major.
 * - Alignment: each binding is aligned to what the package states for it, 64
 *   bytes unless it says less (a slice taken by a loop). A binding of zero
 *   bytes has an address that may not be read, but is never null.
 * - `workspace` is scratch for this call alone: `workspace_bytes` bytes, at
 *   least what the package states for the kernel, aligned to 64 bytes,
 *   uninitialised. It is null when the kernel asks for none.
 * - Outputs belong to the caller: the kernel writes every element that its
 *   items owe, and keeps no pointer after it returns. What an output held
 *   before the call is unspecified, unless the binding is declared readwrite.
 * - Aliasing: a written binding overlaps no other binding of the dispatch,
 *   unless the package marks it `may_alias`; then it may be exactly the same
 *   range as another one, and a kernel reads element i before the same item
 *   writes it. Bindings that are only read may overlap freely.
 * - A kernel touches no byte outside its bindings and its workspace.
 * - The kernel returns 0, or a code of its own that the runtime reports as
 *   PTL_STATUS_KERNEL_FAILED with the symbol and the source line; the results
 *   are then unspecified. It does not throw, exit, allocate, or use thread-
 *   local storage.
 * - Floating-point environment: round to nearest, denormals kept, exceptions
 *   masked (the thread's default). A kernel restores what it changes.
 */
#ifndef POLYTILE_KERNEL_ABI_H
#define POLYTILE_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this page. A package states the one its modules were compiled
 * for; the runtime refuses any other. */
#define PTL_KERNEL_ABI_VERSION 1u

/** What every binding and workspace is aligned to, in bytes, unless the package
 * states less. */
#define PTL_KERNEL_ALIGNMENT 64u

/** The arguments of one kernel call. Read only for the kernel; the layout is
 * fixed on 64-bit targets (40 bytes). */
typedef struct ptl_kernel_args {
  uint32_t abi_version; /**< offset  0: PTL_KERNEL_ABI_VERSION of the caller. */
  uint32_t binding_count;  /**< offset  4: how many entries `bindings` has. */
  void *const *bindings;   /**< offset  8: addresses, in the package's order. */
  void *workspace;         /**< offset 16: scratch of this call, or null. */
  int64_t workspace_bytes; /**< offset 24: its size. */
  int64_t items;           /**< offset 32: the items of the whole dispatch. */
} ptl_kernel_args;

/** A kernel's entry: work items [item_begin, item_end). Returns 0, or the
 * kernel's own error code. */
typedef int32_t (*ptl_kernel_fn)(const ptl_kernel_args *args,
                                 int64_t item_begin, int64_t item_end);

#ifdef __cplusplus
}
#endif

#endif /* POLYTILE_KERNEL_ABI_H */
