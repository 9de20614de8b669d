//===- ModuleNeeds.cpp - Features, capabilities and extensions ------------===//
//
// One table says what each feature of a device is in SPIR-V.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/ModuleNeeds.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;
using spirv::Capability;
using spirv::Extension;

namespace {
struct FeatureRow {
  llvm::StringRef feature;
  Capability capability;
  std::optional<Extension> extension;
};
} // namespace

/// The extensions are those that SPIR-V 1.3 needs; SPIR-V 1.6 has most of them
/// built in, and naming them there is allowed.
static llvm::ArrayRef<FeatureRow> getTable() {
  namespace f = schedule::feature;
  static const FeatureRow rows[] = {
      {f::F16, Capability::Float16, std::nullopt},
      {f::F64, Capability::Float64, std::nullopt},
      {f::I64, Capability::Int64, std::nullopt},
      {f::I8, Capability::Int8, std::nullopt},
      {f::I16, Capability::Int16, std::nullopt},
      {f::Storage8, Capability::StorageBuffer8BitAccess,
       Extension::SPV_KHR_8bit_storage},
      {f::Storage16, Capability::StorageBuffer16BitAccess,
       Extension::SPV_KHR_16bit_storage},
      {f::SubgroupShuffle, Capability::GroupNonUniformShuffle, std::nullopt},
      {f::CooperativeMatrix, Capability::CooperativeMatrixKHR,
       Extension::SPV_KHR_cooperative_matrix},
      {f::VulkanMemoryModel, Capability::VulkanMemoryModel,
       Extension::SPV_KHR_vulkan_memory_model},
  };
  return rows;
}

/// The capability of a float control such as "rounding_rte_f32".
static std::optional<Capability> getFloatControl(llvm::StringRef feature) {
  if (feature.starts_with(schedule::feature::NanPreserve))
    return Capability::SignedZeroInfNanPreserve;
  if (feature.starts_with(schedule::feature::DenormPreserve))
    return Capability::DenormPreserve;
  if (feature.starts_with(schedule::feature::RoundingRte))
    return Capability::RoundingModeRTE;
  return std::nullopt;
}

bool ModuleNeeds::use(llvm::StringRef feature) {
  if (!device.has(feature))
    return false;
  features.insert(feature.str());
  if (std::optional<Capability> control = getFloatControl(feature)) {
    capabilities.insert(*control);
    extensions.insert(Extension::SPV_KHR_float_controls);
    return true;
  }
  for (const FeatureRow &row : getTable()) {
    if (row.feature != feature)
      continue;
    use(row.capability);
    if (row.extension)
      extensions.insert(*row.extension);
  }
  return true;
}

void ModuleNeeds::use(Capability capability) {
  // Declared as well, although the shuffles' capability implies it.
  if (capability == Capability::GroupNonUniformShuffle)
    capabilities.insert(Capability::GroupNonUniform);
  capabilities.insert(capability);
}

bool ModuleNeeds::usesVulkanMemoryModel() const {
  return capabilities.count(Capability::VulkanMemoryModel) != 0;
}

spirv::VerCapExtAttr ModuleNeeds::getTriple(MLIRContext *context) const {
  // Cooperative matrices are specified on top of 1.6; all else is in 1.3.
  spirv::Version version = capabilities.count(Capability::CooperativeMatrixKHR)
                               ? spirv::Version::V_1_6
                               : spirv::Version::V_1_3;
  SmallVector<Capability> declared(capabilities.begin(), capabilities.end());
  SmallVector<Extension> named(extensions.begin(), extensions.end());
  return spirv::VerCapExtAttr::get(version, declared, named, context);
}

std::vector<std::string> ModuleNeeds::getFeatures() const {
  return {features.begin(), features.end()};
}
