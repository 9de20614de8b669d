//===- Execution.cpp - A package's entry, ready to run --------------------===//
//
// A package has lost the source, so its errors name tensors, not lines.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Execution.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

using namespace polytile;
using namespace polytile::tool;

void tool::require(const Status &status) {
  if (status)
    return;
  switch (status.code()) {
  case PTL_STATUS_INTERNAL:
    throw Failure(fmt::format("{} ({})", status.message(), status.place()),
                  ExitBug);
  case PTL_STATUS_OUT_OF_MEMORY:
  case PTL_STATUS_KERNEL_FAILED:
  case PTL_STATUS_DEVICE_LOST:
    throw Failure(status.message(), ExitDevice);
  default:
    throw Failure(status.message());
  }
}

bool tool::isPackagePath(const std::string &path) {
  return std::filesystem::path(path).extension() == ".ptl";
}

std::string tool::resolveDevice(const DeviceChoice &choice) {
  char name[256];
  ptl_status *raw =
      ptl_device_resolve(choice.name.empty() ? nullptr : choice.name.c_str(),
                         name, sizeof(name), nullptr);
  require(Status(raw));
  return name;
}

Device tool::openDevice(const DeviceChoice &choice,
                        const std::string &cpuLevel) {
  DeviceOptions options;
  options.threadCount = choice.threads;
  options.cpuLevel = cpuLevel == "native" ? "" : cpuLevel;
  auto device = Device::open(choice.name, options);
  if (!device)
    throw Failure(device.status().message(), ExitDevice);
  return std::move(*device);
}

static const Argument *findArgument(const std::vector<Argument> &arguments,
                                    const std::string &name) {
  for (const Argument &argument : arguments)
    if (argument.name == name)
      return &argument;
  return nullptr;
}

/// Why the entry can't take the arguments; "" when it can.
static std::string mismatch(const Package &package, size_t entry,
                            const std::vector<Argument> &arguments) {
  std::vector<std::string> names;
  for (const TensorInfo &input : package.inputs(entry)) {
    names.push_back(input.name);
    const Argument *argument = findArgument(arguments, input.name);
    if (!argument)
      return fmt::format("no input is given for '{}', {}", input.name,
                         spellShape(input.elementType, input.dims));
    bool same = argument->number.empty()
                    ? argument->elementType == input.elementType &&
                          argument->dims == input.dims
                    : input.dims.empty();
    if (!same)
      return fmt::format("'{}' is {} in the package, but the input is {}",
                         input.name, spellShape(input.elementType, input.dims),
                         argument->number.empty()
                             ? spellShape(argument->elementType, argument->dims)
                             : "the number " + argument->number);
  }
  for (const Argument &argument : arguments)
    if (std::find(names.begin(), names.end(), argument.name) == names.end())
      return fmt::format("there is no input '{}'{}; there is: {}",
                         argument.name, suggestion(argument.name, names),
                         fmt::join(names, ", "));
  return "";
}

size_t tool::chooseEntry(const Package &package, const std::string &function,
                         const std::vector<Argument> &arguments) {
  std::string name = function;
  if (name.empty() && package.entryCount() > 0)
    name = package.entryName(package.entryCount() - 1);
  std::string reason;
  std::vector<std::string> names;
  for (size_t entry = 0; entry < package.entryCount(); ++entry) {
    names.push_back(package.entryName(entry));
    if (names.back() != name)
      continue;
    reason = mismatch(package, entry, arguments);
    if (reason.empty())
      return entry;
  }
  if (reason.empty())
    reason = fmt::format("there is no function '{}' in the package{}; there "
                         "is: {}",
                         name, suggestion(name, names), fmt::join(names, ", "));
  throw Failure(reason);
}

std::vector<Buffer> tool::makeInputs(const Device &device,
                                     const Package &package, size_t entry,
                                     const std::vector<Argument> &arguments) {
  std::vector<Buffer> buffers;
  for (const TensorInfo &input : package.inputs(entry)) {
    const Argument *argument = findArgument(arguments, input.name);
    if (argument->number.empty()) {
      // The runtime only reads inputs; the buffer's type doesn't say so.
      buffers.push_back(require(Buffer::wrap(
          device, const_cast<void *>(argument->data), input.byteSize)));
      continue;
    }
    uint64_t element = 0;
    storeNumber(*argument, input.elementType, &element);
    buffers.push_back(require(Buffer::create(device, input.byteSize)));
    require(buffers.back().write(&element, input.byteSize));
  }
  return buffers;
}

std::vector<std::string> tool::outputNames(const Package &package,
                                           size_t entry) {
  std::vector<std::string> names;
  for (const TensorInfo &output : package.outputs(entry))
    names.push_back(output.name);
  return names;
}

BufferList tool::listOf(const std::vector<Buffer> &buffers) {
  BufferList list;
  for (const Buffer &buffer : buffers)
    list.push_back(&buffer);
  return list;
}
