//===- DeviceDescription.h - All that the compiler knows of a device ------===//
//
// Limits, features and measured rates of one device, as JSON that the runtime
// writes (`polytile devices --json`) and the compiler reads: the only way in
// which a device reaches a schedule or a printer, so that code for a device can
// be compiled anywhere.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_SCHEDULE_DEVICEDESCRIPTION_H
#define POLYTILE_COMPILER_SCHEDULE_DEVICEDESCRIPTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace polytile::schedule {

/// The names of features. A feature that a device lists allows something;
/// without it the compiler takes another way, or refuses with its name.
namespace feature {
/// Arithmetic on f16 compiles (loads and stores of f16 bits always do).
inline constexpr llvm::StringLiteral F16 = "f16";
inline constexpr llvm::StringLiteral F64 = "f64";
/// Arithmetic on 64-bit integers.
inline constexpr llvm::StringLiteral I64 = "i64";
/// Loads and stores of 8 and of 16 bits in storage buffers.
inline constexpr llvm::StringLiteral Storage8 = "storage8";
inline constexpr llvm::StringLiteral Storage16 = "storage16";
/// Shuffles within a subgroup: xor, up, down and by index.
inline constexpr llvm::StringLiteral SubgroupShuffle = "subgroup_shuffle";
/// f32 division and square root are correctly rounded.
inline constexpr llvm::StringLiteral ExactDivision = "exact_division";
inline constexpr llvm::StringLiteral CooperativeMatrix = "cooperative_matrix";
inline constexpr llvm::StringLiteral VulkanMemoryModel = "vulkan_memory_model";
/// A pipeline may ask for one subgroup size.
inline constexpr llvm::StringLiteral SubgroupSizeControl =
    "subgroup_size_control";
/// Arrays of 8- and of 16-bit integers in workgroup memory (Vulkan: shaderInt8,
/// shaderInt16).
inline constexpr llvm::StringLiteral I8 = "i8";
inline constexpr llvm::StringLiteral I16 = "i16";
/// Vulkan's float controls, for each width: "nan_preserve_f32" (signed zeros,
/// infinities and NaN are kept), "denorm_preserve_f16", "rounding_rte_f64". A
/// kernel asks for all that the device lists, so a driver lists only what may
/// be asked for together (see the limits on the independence of the widths).
inline constexpr llvm::StringLiteral NanPreserve = "nan_preserve_f";
inline constexpr llvm::StringLiteral DenormPreserve = "denorm_preserve_f";
inline constexpr llvm::StringLiteral RoundingRte = "rounding_rte_f";
} // namespace feature

/// The names of kinds of devices, which are the names of targets as well.
namespace kind {
inline constexpr llvm::StringLiteral Cpu = "cpu";
inline constexpr llvm::StringLiteral OpenCL = "opencl";
inline constexpr llvm::StringLiteral Vulkan = "vulkan";
} // namespace kind

struct Limits {
  /// Threads of a workgroup: in all, and along x, y, z.
  uint32_t workgroupSize = 0;
  std::array<uint32_t, 3> workgroupSizes = {0, 0, 0};
  /// Workgroups of a dispatch along x, y, z.
  std::array<uint32_t, 3> grid = {0, 0, 0};
  uint64_t workgroupMemoryBytes = 0;
  /// The most bytes that a kernel sees through one binding.
  uint64_t bindingBytes = 0;
  /// Bindings of one kernel.
  uint32_t bindings = 16;
  /// The largest buffer; 0: not known.
  uint64_t bufferBytes = 0;
  uint64_t memoryBytes = 0; ///< 0: not known
  /// What the offset of a binding in a buffer must be a multiple of.
  uint64_t offsetAlignment = 256;
  /// Multiprocessors, cores; 0: not known.
  uint32_t computeUnits = 0;
};

/// The threads that run in step. All 0: not known.
struct Subgroup {
  uint32_t size = 0; ///< what a kernel gets that asks for nothing
  uint32_t min = 0;
  uint32_t max = 0;
};

/// D = A * B + C that the threads of a subgroup compute together: A is m x k,
/// B is k x n. Types by their names: "f16", "f32", "i8", ...
struct CooperativeMatrix {
  uint32_t m = 0, n = 0, k = 0;
  std::string a, b, c, result;
};

/// Measured by `polytile setup`.
struct Rates {
  double copyBytesPerSecond = 0; ///< read plus written
  double f32FlopsPerSecond = 0;
  double launchSeconds = 0;
};

struct DeviceDescription {
  /// The version of the JSON that this compiler reads and writes.
  static constexpr int64_t Version = 1;

  std::string name; ///< "vulkan:0", or "vulkan generic"
  std::string kind; ///< one of `kind`
  std::string hardware;
  std::string driver;
  std::string api;
  std::string deviceType; ///< "gpu", "integrated", "cpu" or "other"
  std::vector<std::string> features;
  Limits limits;
  Subgroup subgroup;
  std::vector<CooperativeMatrix> cooperativeMatrices;
  std::optional<Rates> rates;

  /// Whether the device lists the feature (one of `feature`).
  bool has(llvm::StringRef name) const;

  /// For messages: "vulkan:0 (NVIDIA H200)".
  std::string describe() const;

  /// One line of JSON that `parse` reads back to the same description.
  std::string toJson() const;

  /// Reads a description. On a text that is none, none is returned and
  /// `problem` says what is missing or wrong, and what is allowed. A name of a
  /// feature that this compiler doesn't know is kept and means nothing.
  static std::optional<DeviceDescription> parse(llvm::StringRef json,
                                                std::string &problem);

  /// What every usable device of a kind ("opencl" or "vulkan") has: code for it
  /// runs anywhere. None for other kinds.
  static std::optional<DeviceDescription> generic(llvm::StringRef kind);
};

} // namespace polytile::schedule

#endif // POLYTILE_COMPILER_SCHEDULE_DEVICEDESCRIPTION_H
