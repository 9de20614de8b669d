// What a package holds, as JSON.
#include "runtime/core/PackageDescription.h"

#include "runtime/core/Json.h"

namespace polytile::runtime {
namespace {

void describe(JsonWriter &json, const char *key,
              const std::vector<Tensor> &tensors) {
  json.key(key).beginArray();
  for (const Tensor &tensor : tensors) {
    json.beginObject()
        .member("name", tensor.name)
        .member("type", elementTypeName(tensor.type))
        .key("dims")
        .beginArray();
    for (int64_t dim : tensor.dims)
      json.value(dim);
    json.endArray().endObject();
  }
  json.endArray();
}

uint64_t countDispatches(const std::vector<Step> &steps) {
  uint64_t count = 0;
  for (const Step &step : steps) {
    if (const Loop *loop = std::get_if<Loop>(&step.operation))
      count += countDispatches(loop->body);
    else
      ++count;
  }
  return count;
}

/// What only kernels for GPUs have.
void describeGpuKernel(JsonWriter &json, const Kernel &kernel) {
  json.key("workgroup_size").beginArray();
  for (uint32_t size : kernel.workgroupSize)
    json.value(uint64_t(size));
  json.endArray()
      .member("workgroup_memory_bytes", kernel.workgroupMemoryBytes)
      .member("subgroup_size", uint64_t(kernel.subgroupSize))
      .member("build_options", kernel.buildOptions);
}

void describe(JsonWriter &json, const Variant &variant) {
  json.beginObject()
      .member("target", variant.target)
      .key("requirements")
      .beginArray();
  for (const std::string &requirement : variant.requirements)
    json.value(std::string_view(requirement));
  json.endArray()
      .member("arena_bytes", variant.arenaBytes)
      .member("steps", countDispatches(variant.steps));
  json.member("constants", uint64_t(variant.constants.size()))
      .key("kernels")
      .beginArray();
  for (const Kernel &kernel : variant.kernels) {
    json.beginObject()
        .member("symbol", kernel.symbol)
        .member("source", kernel.source)
        .member("file", kernel.file)
        .member("line", uint64_t(kernel.line))
        .member("workspace_bytes", kernel.workspaceBytes)
        .member("flops", kernel.flops)
        .member("bytes", kernel.bytes);
    if (variant.isForGpu())
      describeGpuKernel(json, kernel);
    json.endObject();
  }
  json.endArray().endObject();
}

} // namespace

std::string describePackage(const Package &package) {
  JsonWriter json;
  json.beginObject()
      .member("version", uint64_t(1))
      .member("producer", package.producer)
      .key("modules")
      .beginArray();
  for (const Module &module : package.modules)
    json.beginObject()
        .member("format", module.format)
        .member("bytes", uint64_t(module.bytes.size()))
        .endObject();
  json.endArray().key("entries").beginArray();
  for (const Entry &entry : package.entries) {
    json.beginObject().member("name", entry.name);
    describe(json, "inputs", entry.inputs);
    describe(json, "outputs", entry.outputs);
    json.key("variants").beginArray();
    for (const Variant &variant : entry.variants)
      describe(json, variant);
    json.endArray().endObject();
  }
  json.endArray().endObject();
  return json.text();
}

} // namespace polytile::runtime
