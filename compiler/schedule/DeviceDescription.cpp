//===- DeviceDescription.cpp - All that the compiler knows of a device ----===//
//
// Reading is strict where a wrong number would make wrong code (limits), and
// lenient where a newer runtime may say more than this compiler knows.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/DeviceDescription.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace polytile::schedule {

namespace {

/// Reads members of one JSON object; the first problem is kept.
class Reader {
public:
  Reader(const json::Object &object, std::string place, std::string &problem)
      : object(object), place(std::move(place)), problem(problem) {}

  void text(StringRef key, std::string &value) {
    if (const json::Value *member = object.get(key)) {
      if (auto string = member->getAsString())
        value = string->str();
      else
        report("'" + where(key) + "' must be a string");
    }
  }

  /// A whole number from `least` on; `isRequired` without one is a problem.
  template <typename Integer>
  void number(StringRef key, Integer &value, bool isRequired = false,
              uint64_t least = 0) {
    const json::Value *member = object.get(key);
    if (!member) {
      if (isRequired)
        report("'" + where(key) + "' is missing");
      return;
    }
    toInteger(*member, where(key), value, least);
  }

  void triple(StringRef key, std::array<uint32_t, 3> &value) {
    const json::Array *array = object.getArray(key);
    if (!array || array->size() != 3) {
      report("'" + where(key) + "' " +
             (object.get(key) ? "must be three whole numbers" : "is missing"));
      return;
    }
    for (size_t i = 0; i < 3; ++i)
      toInteger((*array)[i], where(key), value[i], 1);
  }

  void real(StringRef key, double &value) {
    const json::Value *member = object.get(key);
    if (!member)
      return;
    std::optional<double> number = member->getAsNumber();
    if (number && *number >= 0)
      value = *number;
    else
      report("'" + where(key) + "' must be a number from 0 on");
  }

  void report(const Twine &text) {
    if (problem.empty())
      problem = text.str();
  }

  std::string where(StringRef key) const {
    return place.empty() ? key.str() : place + "." + key.str();
  }

private:
  template <typename Integer>
  void toInteger(const json::Value &member, const std::string &name,
                 Integer &value, uint64_t least) {
    std::optional<uint64_t> number = member.getAsUINT64();
    // A limit that is larger than the type is no limit to us.
    if (number && *number >= least)
      value = static_cast<Integer>(
          std::min<uint64_t>(*number, std::numeric_limits<Integer>::max()));
    else
      report("'" + name + "' must be a whole number from " + Twine(least) +
             " on");
  }

  const json::Object &object;
  std::string place;
  std::string &problem;
};

void readFeatures(const json::Object &object, Reader &reader,
                  std::vector<std::string> &features) {
  const json::Value *member = object.get("features");
  if (!member)
    return;
  const json::Array *array = member->getAsArray();
  if (!array) {
    reader.report("'features' must be a list of names");
    return;
  }
  for (const json::Value &value : *array) {
    if (auto name = value.getAsString())
      features.push_back(name->str());
    else
      reader.report("'features' must be a list of names");
  }
}

void readLimits(const json::Object &object, std::string &problem,
                Limits &limits) {
  Reader reader(object, "limits", problem);
  reader.number("workgroup_size", limits.workgroupSize, /*isRequired=*/true, 1);
  reader.triple("workgroup_sizes", limits.workgroupSizes);
  reader.triple("grid", limits.grid);
  reader.number("workgroup_memory_bytes", limits.workgroupMemoryBytes, true);
  reader.number("binding_bytes", limits.bindingBytes, true, 1);
  reader.number("bindings", limits.bindings, false, 1);
  reader.number("buffer_bytes", limits.bufferBytes);
  reader.number("memory_bytes", limits.memoryBytes);
  reader.number("offset_alignment", limits.offsetAlignment, false, 1);
  reader.number("compute_units", limits.computeUnits);
}

void readMatrices(const json::Object &object, std::string &problem,
                  std::vector<CooperativeMatrix> &matrices) {
  const json::Array *array = object.getArray("cooperative_matrices");
  if (!array)
    return;
  for (const json::Value &value : *array) {
    const json::Object *entry = value.getAsObject();
    if (!entry) {
      problem = "'cooperative_matrices' must be a list of objects";
      return;
    }
    CooperativeMatrix matrix;
    Reader reader(*entry, "cooperative_matrices", problem);
    reader.number("m", matrix.m, true, 1);
    reader.number("n", matrix.n, true, 1);
    reader.number("k", matrix.k, true, 1);
    reader.text("a", matrix.a);
    reader.text("b", matrix.b);
    reader.text("c", matrix.c);
    reader.text("result", matrix.result);
    matrices.push_back(std::move(matrix));
  }
}

/// The version must be ours: a later one may give a known name a new meaning.
bool checkVersion(const json::Object &object, std::string &problem) {
  auto version = object.getInteger("version");
  if (!version)
    problem = "'version' is missing: a device description starts with "
              "{\"version\": " +
              std::to_string(DeviceDescription::Version) + ", ...}";
  else if (*version != DeviceDescription::Version)
    problem = "it has version " + std::to_string(*version) +
              ", this compiler reads version " +
              std::to_string(DeviceDescription::Version);
  return problem.empty();
}

void readAll(const json::Object &object, std::string &problem,
             DeviceDescription &device) {
  Reader reader(object, "", problem);
  reader.text("name", device.name);
  reader.text("kind", device.kind);
  reader.text("hardware", device.hardware);
  reader.text("driver", device.driver);
  reader.text("api", device.api);
  reader.text("device_type", device.deviceType);
  readFeatures(object, reader, device.features);
  if (device.kind.empty())
    reader.report("'kind' is missing: \"opencl\", \"vulkan\" or \"cpu\"");
  else if (!is_contained({kind::Cpu, kind::OpenCL, kind::Vulkan}, device.kind))
    reader.report("'kind' is \"" + device.kind +
                  "\": \"opencl\", \"vulkan\" and \"cpu\" are known");
  // Code for the CPU depends on its level alone.
  const json::Object *limits = object.getObject("limits");
  if (limits && device.kind != kind::Cpu)
    readLimits(*limits, problem, device.limits);
  else if (!limits && device.kind != kind::Cpu)
    reader.report("'limits' is missing");
  if (const json::Object *subgroup = object.getObject("subgroup")) {
    Reader sizes(*subgroup, "subgroup", problem);
    sizes.number("size", device.subgroup.size);
    sizes.number("min", device.subgroup.min);
    sizes.number("max", device.subgroup.max);
  }
  readMatrices(object, problem, device.cooperativeMatrices);
  if (const json::Object *measured = object.getObject("rates")) {
    Rates rates;
    Reader values(*measured, "rates", problem);
    values.real("copy_bytes_per_second", rates.copyBytesPerSecond);
    values.real("f32_flops_per_second", rates.f32FlopsPerSecond);
    values.real("launch_seconds", rates.launchSeconds);
    device.rates = rates;
  }
}

void writeLimits(const Limits &limits, json::OStream &out) {
  auto triple = [&](StringRef key, const std::array<uint32_t, 3> &values) {
    out.attributeArray(key, [&] {
      for (uint32_t value : values)
        out.value(value);
    });
  };
  out.attribute("workgroup_size", limits.workgroupSize);
  triple("workgroup_sizes", limits.workgroupSizes);
  triple("grid", limits.grid);
  out.attribute("workgroup_memory_bytes", limits.workgroupMemoryBytes);
  out.attribute("binding_bytes", limits.bindingBytes);
  out.attribute("bindings", limits.bindings);
  out.attribute("buffer_bytes", limits.bufferBytes);
  out.attribute("memory_bytes", limits.memoryBytes);
  out.attribute("offset_alignment", limits.offsetAlignment);
  out.attribute("compute_units", limits.computeUnits);
}

void writeMatrix(const CooperativeMatrix &matrix, json::OStream &out) {
  out.attribute("m", matrix.m);
  out.attribute("n", matrix.n);
  out.attribute("k", matrix.k);
  out.attribute("a", matrix.a);
  out.attribute("b", matrix.b);
  out.attribute("c", matrix.c);
  out.attribute("result", matrix.result);
}

} // namespace

bool DeviceDescription::has(StringRef name) const {
  return is_contained(features, name);
}

std::string DeviceDescription::describe() const {
  return hardware.empty() ? name : name + " (" + hardware + ")";
}

std::optional<DeviceDescription>
DeviceDescription::parse(StringRef text, std::string &problem) {
  problem.clear();
  Expected<json::Value> value = json::parse(text);
  if (!value) {
    problem = "it is no JSON: " + toString(value.takeError());
    return std::nullopt;
  }
  const json::Object *object = value->getAsObject();
  if (!object) {
    problem = "it is no JSON object";
    return std::nullopt;
  }
  DeviceDescription device;
  if (checkVersion(*object, problem))
    readAll(*object, problem, device);
  if (!problem.empty())
    return std::nullopt;
  if (device.name.empty())
    device.name = device.kind;
  return device;
}

std::optional<DeviceDescription> DeviceDescription::generic(StringRef kind) {
  if (kind != kind::OpenCL && kind != kind::Vulkan)
    return std::nullopt;
  bool isVulkan = kind == kind::Vulkan;
  DeviceDescription device;
  device.name = kind.str() + " generic";
  device.kind = kind.str();
  device.api = isVulkan ? "Vulkan 1.1" : "OpenCL 1.2";
  device.deviceType = "other";
  if (isVulkan)
    device.features = {feature::Storage8.str(), feature::Storage16.str()};
  else
    device.features = {feature::I64.str(), feature::Storage8.str(),
                       feature::Storage16.str()};
  uint32_t threads = isVulkan ? 128 : 256;
  device.limits.workgroupSize = threads;
  device.limits.workgroupSizes = {threads, threads, isVulkan ? 64 : threads};
  device.limits.grid = {65535, 65535, 65535};
  device.limits.workgroupMemoryBytes = 16 << 10;
  device.limits.bindingBytes = uint64_t(128) << 20;
  device.limits.offsetAlignment = 256;
  return device;
}

std::string DeviceDescription::toJson() const {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream);
  out.object([&] {
    out.attribute("version", Version);
    out.attribute("name", name);
    out.attribute("kind", kind);
    out.attribute("hardware", hardware);
    out.attribute("driver", driver);
    out.attribute("api", api);
    out.attribute("device_type", deviceType);
    out.attributeArray("features", [&] {
      for (const std::string &feature : features)
        out.value(feature);
    });
    out.attributeObject("limits", [&] { writeLimits(limits, out); });
    out.attributeObject("subgroup", [&] {
      out.attribute("size", subgroup.size);
      out.attribute("min", subgroup.min);
      out.attribute("max", subgroup.max);
    });
    out.attributeArray("cooperative_matrices", [&] {
      for (const CooperativeMatrix &matrix : cooperativeMatrices)
        out.object([&] { writeMatrix(matrix, out); });
    });
    if (rates)
      out.attributeObject("rates", [&] {
        out.attribute("copy_bytes_per_second", rates->copyBytesPerSecond);
        out.attribute("f32_flops_per_second", rates->f32FlopsPerSecond);
        out.attribute("launch_seconds", rates->launchSeconds);
      });
  });
  return text;
}

} // namespace polytile::schedule
