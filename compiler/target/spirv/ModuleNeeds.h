//===- ModuleNeeds.h - What a SPIR-V module uses beyond the baseline ------===//
//
// Capabilities, extensions and features of one module, gathered while it is
// emitted: a module declares exactly what it uses, and the package records what
// a device must have. Upstream's spirv-update-vce does the first part after the
// fact and drops GroupNonUniform.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_MODULENEEDS_H
#define POLYTILE_COMPILER_TARGET_SPIRV_MODULENEEDS_H

#include "compiler/schedule/DeviceDescription.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVEnums.h"
#include "llvm/ADT/StringRef.h"

#include <set>
#include <string>
#include <vector>

namespace polytile::spirv_target {

class ModuleNeeds {
public:
  explicit ModuleNeeds(const schedule::DeviceDescription &device)
      : device(device) {}

  const schedule::DeviceDescription &getDevice() const { return device; }

  bool has(llvm::StringRef feature) const { return device.has(feature); }

  /// Notes that the module uses a feature of the device. False, with nothing
  /// noted, when the device doesn't have it.
  bool use(llvm::StringRef feature);

  /// Notes a capability that every device of the baseline has.
  void use(mlir::spirv::Capability capability);

  /// True when the module follows the Vulkan memory model: a matter of one
  /// module, so say it before anything is emitted.
  bool usesVulkanMemoryModel() const;

  /// The version, the capabilities and the extensions to declare.
  mlir::spirv::VerCapExtAttr getTriple(mlir::MLIRContext *context) const;

  /// The features used, sorted.
  std::vector<std::string> getFeatures() const;

private:
  const schedule::DeviceDescription &device;
  std::set<std::string> features;
  std::set<mlir::spirv::Capability> capabilities{
      mlir::spirv::Capability::Shader};
  std::set<mlir::spirv::Extension> extensions;
};

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_MODULENEEDS_H
