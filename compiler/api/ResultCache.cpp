//===- ResultCache.cpp - What was compiled, by content --------------------===//
//
// The key is the request itself, written out: there is nothing to collide.
//
//===----------------------------------------------------------------------===//

#include "compiler/api/ResultCache.h"

using namespace polytile;

namespace {

/// Every field with its length, so that no two requests give the same text.
std::string keyOf(const pipeline::Request &request) {
  std::string key;
  auto add = [&](std::string_view text) {
    key += std::to_string(text.size());
    key += ':';
    key += text;
  };
  add(std::to_string(static_cast<int>(request.stop)));
  for (const pipeline::TargetName &target : request.targets) {
    add(target.kind);
    add(target.description);
  }
  add("");
  add(request.cpuLevel);
  add(request.function);
  for (const pipeline::Argument &argument : request.arguments) {
    add(argument.name);
    add(argument.number);
    add(std::to_string(static_cast<int>(argument.elementType)));
    std::string dims;
    for (int64_t dim : argument.dims)
      dims += std::to_string(dim) + ",";
    add(dims);
  }
  add("");
  for (const std::string &output : request.outputs)
    add(output);
  add("");
  add(request.source->name());
  add(request.source->text());
  return key;
}

} // namespace

std::shared_ptr<const pipeline::Response>
ResultCache::get(const pipeline::Request &request, Compute compute) {
  std::string key = keyOf(request);
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = byKey.find(key);
    if (found != byKey.end()) {
      entries.splice(entries.begin(), entries, found->second);
      return found->second->response;
    }
  }
  auto response = std::make_shared<const pipeline::Response>(compute(request));
  if (response->outcome != pipeline::Outcome::Success)
    return response;
  std::lock_guard<std::mutex> lock(mutex);
  if (byKey.count(key))
    return response;
  bytes += key.size() + response->data.size();
  entries.push_front({std::move(key), response});
  byKey[entries.front().key] = entries.begin();
  trim();
  return response;
}

void ResultCache::trim() {
  while (bytes > byteLimit && entries.size() > 1) {
    const Entry &last = entries.back();
    bytes -= last.key.size() + last.response->data.size();
    byKey.erase(last.key);
    entries.pop_back();
  }
}
