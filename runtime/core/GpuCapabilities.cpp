// Capabilities of GPU devices: requirements, limits, and their description.
#include "runtime/core/GpuCapabilities.h"

#include "runtime/core/Json.h"

#include <algorithm>
#include <charconv>

namespace polytile::runtime {
namespace {

/// The whole of text as a number.
bool parse(std::string_view text, uint64_t &number) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename Numbers>
void describe(JsonWriter &json, const char *key, const Numbers &numbers) {
  json.key(key).beginArray();
  for (uint64_t number : numbers)
    json.value(number);
  json.endArray();
}

} // namespace

bool GpuCapabilities::has(std::string_view feature) const {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

const uint64_t *GpuCapabilities::limitCalled(std::string_view limit) const {
  const std::pair<std::string_view, const uint64_t *> limits[] = {
      {"workgroup_size", &workgroupSize},
      {"workgroup_memory_bytes", &workgroupMemoryBytes},
      {"binding_bytes", &bindingBytes},
      {"bindings", &bindings},
      {"buffer_bytes", &bufferBytes},
      {"memory_bytes", &memoryBytes},
      {"compute_units", &computeUnits},
  };
  for (const auto &[name, value] : limits)
    if (name == limit)
      return value;
  return nullptr;
}

bool GpuCapabilities::satisfies(std::string_view requirement) const {
  uint64_t number = 0;
  if (size_t at = requirement.find(">="); at != requirement.npos) {
    const uint64_t *limit = limitCalled(requirement.substr(0, at));
    return limit && parse(requirement.substr(at + 2), number) &&
           *limit >= number;
  }
  constexpr std::string_view subgroup = "subgroup_size=";
  if (requirement.starts_with(subgroup)) {
    if (!parse(requirement.substr(subgroup.size()), number) || number == 0)
      return false;
    bool fixed = subgroupMin == subgroupMax && subgroupSize == number;
    return fixed || (has("subgroup_size_control") && number >= subgroupMin &&
                     number <= subgroupMax);
  }
  return has(requirement);
}

std::string GpuCapabilities::describe() const {
  JsonWriter json;
  json.beginObject()
      .member("version", uint64_t(1))
      .member("name", name)
      .member("kind", kind)
      .member("hardware", hardware)
      .member("driver", driver)
      .member("api", api)
      .member("device_type", deviceType)
      .key("features")
      .beginArray();
  for (const std::string &feature : features)
    json.value(std::string_view(feature));
  json.endArray().key("limits").beginObject().member("workgroup_size",
                                                     workgroupSize);
  runtime::describe(json, "workgroup_sizes", workgroupSizes);
  runtime::describe(json, "grid", grid);
  json.member("workgroup_memory_bytes", workgroupMemoryBytes)
      .member("binding_bytes", bindingBytes)
      .member("bindings", bindings)
      .member("buffer_bytes", bufferBytes)
      .member("memory_bytes", memoryBytes)
      .member("offset_alignment", offsetAlignment)
      .member("compute_units", computeUnits)
      .endObject()
      .key("subgroup")
      .beginObject()
      .member("size", uint64_t(subgroupSize))
      .member("min", uint64_t(subgroupMin))
      .member("max", uint64_t(subgroupMax))
      .endObject()
      .key("cooperative_matrices")
      .beginArray();
  for (const CooperativeMatrix &matrix : cooperativeMatrices)
    json.beginObject()
        .member("m", uint64_t(matrix.m))
        .member("n", uint64_t(matrix.n))
        .member("k", uint64_t(matrix.k))
        .member("a", matrix.a)
        .member("b", matrix.b)
        .member("c", matrix.c)
        .member("result", matrix.result)
        .endObject();
  json.endArray().endObject();
  return json.text();
}

Status GpuCapabilities::checkKernel(const Kernel &kernel) const {
  auto refuse = [&](const auto &...parts) {
    return fail(PTL_STATUS_UNSUPPORTED, "kernel ", inQuotes(kernel.symbol), " ",
                parts..., " (", name, ", ", hardware, ")");
  };
  uint64_t items = 1;
  for (size_t i = 0; i < 3; ++i) {
    items *= kernel.workgroupSize[i];
    if (kernel.workgroupSize[i] > workgroupSizes[i])
      return refuse("has workgroups of ", kernel.workgroupSize[i],
                    " items in dimension ", i, "; the device's limit is ",
                    workgroupSizes[i]);
  }
  if (items > workgroupSize)
    return refuse("has workgroups of ", items, " items; the device's limit is ",
                  workgroupSize);
  if (kernel.workgroupMemoryBytes > workgroupMemoryBytes)
    return refuse("uses ", kernel.workgroupMemoryBytes,
                  " bytes of workgroup memory; the device has ",
                  workgroupMemoryBytes);
  if (kernel.subgroupSize &&
      !satisfies("subgroup_size=" + std::to_string(kernel.subgroupSize)))
    return refuse("needs subgroups of ", kernel.subgroupSize,
                  " items; the device's have ", subgroupMin, " to ",
                  subgroupMax);
  return {};
}

Status GpuCapabilities::checkDispatch(const Kernel &kernel,
                                      const Dispatch &dispatch) const {
  auto refuse = [&](const auto &...parts) {
    return fail(PTL_STATUS_UNSUPPORTED, "kernel ", inQuotes(kernel.symbol), " ",
                parts..., " (", name, ", ", hardware, ")");
  };
  for (size_t i = 0; i < 3; ++i)
    if (dispatch.grid[i] > grid[i])
      return refuse("runs ", dispatch.grid[i], " workgroups in dimension ", i,
                    "; the device's limit is ", grid[i]);
  if (dispatch.bindings.size() > bindings)
    return refuse("binds ", dispatch.bindings.size(),
                  " buffers; the device's limit is ", bindings);
  for (size_t i = 0; i < dispatch.bindings.size(); ++i)
    if (static_cast<uint64_t>(dispatch.bindings[i].size) > bindingBytes)
      return refuse("binds ", dispatch.bindings[i].size,
                    " bytes as its buffer ", i, "; the device's limit is ",
                    bindingBytes);
  return {};
}

Status GpuCapabilities::checkSteps(const Variant &variant,
                                   const std::vector<Step> &steps) const {
  for (const Step &step : steps) {
    if (const auto *dispatch = std::get_if<Dispatch>(&step.operation))
      PTL_TRY(checkDispatch(variant.kernels[dispatch->kernel], *dispatch));
    else if (const auto *loop = std::get_if<Loop>(&step.operation))
      PTL_TRY(checkSteps(variant, loop->body));
  }
  return {};
}

Status GpuCapabilities::checkFits(const Variant &variant) const {
  for (const Kernel &kernel : variant.kernels)
    PTL_TRY(checkKernel(kernel));
  if (variant.arenaBytes > bufferBytes)
    return fail(PTL_STATUS_UNSUPPORTED, "the temporaries take ",
                variant.arenaBytes, " bytes; ", name, " (", hardware,
                ") allows buffers of ", bufferBytes);
  return checkSteps(variant, variant.steps);
}

} // namespace polytile::runtime
