// Failures: making them, and the names of their codes.
#include "runtime/core/Status.h"

namespace polytile::runtime {

ptl_status *outOfMemoryStatus() {
  static ptl_status status{PTL_STATUS_OUT_OF_MEMORY, "out of memory", ""};
  return &status;
}

void destroyStatus(ptl_status *status) {
  if (status != outOfMemoryStatus())
    delete status;
}

const std::string &Status::message() const {
  static const std::string ok = "ok";
  return raw ? raw->message : ok;
}

Status Status::clone() const {
  return raw ? Status(new ptl_status(*raw)) : Status();
}

Status Status::within(const std::string &context) && {
  if (raw && raw.get() != outOfMemoryStatus())
    raw->message = context + ": " + raw->message;
  return std::move(*this);
}

Status makeFailure(const CodeAt &at, std::string message) {
  std::string place =
      std::string(at.place.file_name()) + ":" + std::to_string(at.place.line());
  return Status(new ptl_status{at.code, std::move(message), std::move(place)});
}

std::string inQuotes(std::string_view text) {
  constexpr size_t longest = 80;
  std::string result = "'";
  for (char c : text.substr(0, longest)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      result += '?';
    else
      result += c;
  }
  return result + (text.size() > longest ? "...'" : "'");
}

const char *codeName(ptl_status_code code) {
  switch (code) {
  case PTL_STATUS_OK:
    return "ok";
  case PTL_STATUS_INVALID_ARGUMENT:
    return "invalid-argument";
  case PTL_STATUS_NOT_FOUND:
    return "not-found";
  case PTL_STATUS_CORRUPT:
    return "corrupt";
  case PTL_STATUS_INCOMPATIBLE:
    return "incompatible";
  case PTL_STATUS_OUT_OF_MEMORY:
    return "out-of-memory";
  case PTL_STATUS_UNSUPPORTED:
    return "unsupported";
  case PTL_STATUS_KERNEL_FAILED:
    return "kernel-failed";
  case PTL_STATUS_DEVICE_LOST:
    return "device-lost";
  case PTL_STATUS_IO:
    return "io";
  case PTL_STATUS_BUSY:
    return "busy";
  case PTL_STATUS_INTERNAL:
    return "internal";
  }
  return "unknown";
}

} // namespace polytile::runtime
