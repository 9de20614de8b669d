// Packages for tests, described with the writer's structs around kernels by
// hand: in C, OpenCL C and SPIR-V.
#pragma once

#include "runtime/package/PackageWriter.h"

namespace polytile::test {

/// The shared object that kernels.c was built into. Read from the file that the
/// build made.
package::ModuleDesc kernelModule();

/// A package with this entry, and the modules that its variants' kernels name:
/// that one, then kernels.cl, then one of SPIR-V for each kernel.
package::PackageDesc packageOf(package::EntryDesc entry);

/// Adds variants for OpenCL and Vulkan to an entry that has one for the CPU
/// alone, if there are kernels for them.
package::EntryDesc onEveryDevice(package::EntryDesc entry);

package::TensorDesc f32(std::string name, std::vector<int64_t> dims);
package::TensorDesc i32(std::string name, std::vector<int64_t> dims);
package::BindingDesc reads(uint32_t buffer, uint64_t size);
package::BindingDesc writes(uint32_t buffer, uint64_t size);
package::KernelDesc kernel(std::string symbol);
package::StepDesc dispatch(uint32_t kernel,
                           std::vector<package::BindingDesc> bindings,
                           uint64_t items);

/// add(A[n], B[n]) -> C[n] by one dispatch of n items.
package::EntryDesc addEntry(int64_t n);
/// twice(A[n]) -> C[n] = 2 * A + 2 * A, through a temporary of the arena; C may
/// be updated in place of A.
package::EntryDesc twiceEntry(int64_t n);
/// scan(X[steps, 16]) -> Y[steps, 16]: running sums, by a loop whose bindings
/// move along.
package::EntryDesc scanEntry(int64_t steps);
/// Only fills and copies, in loops: out[4, 6, 32] from in[6, 32], a constant
/// and patterns. No kernels.
package::EntryDesc moveEntry();
/// One variant for each CPU level; the output says which one ran.
package::EntryDesc levelsEntry();
/// A dispatch of `items` of a kernel without any binding.
package::EntryDesc emptyEntry(uint64_t items);
/// reverse(X[64 * groups]) -> Y: each 64 items in reverse order, by memory that
/// a workgroup shares. For OpenCL and Vulkan alone.
package::EntryDesc reverseEntry(uint32_t groups);
/// count(), useWorkspace() and fail() -> out[items], by one dispatch of the
/// kernel.
package::EntryDesc itemsEntry(std::string name, std::string symbol,
                              int64_t items, uint64_t workspaceBytes = 0);

} // namespace polytile::test
