// The runtime's own status: success costs a null pointer, a failure says what
// was found, what was allowed, and where.
//
// Inside the runtime failures travel as values; the C API hands the same object
// out.
#pragma once

#include "polytile/runtime.h"

#include <memory>
#include <source_location>
#include <sstream>
#include <string>
#include <utility>

/// What the C API's handle points to.
struct ptl_status {
  ptl_status_code code;
  std::string message;
  std::string place;
};

namespace polytile::runtime {

/// Frees a status, unless it is the one below.
void destroyStatus(ptl_status *status);

/// A status that needs no memory of its own, for when there is none.
ptl_status *outOfMemoryStatus();

/// Success (null) or a failure.
class [[nodiscard]] Status {
public:
  Status() = default;
  explicit Status(ptl_status *raw) : raw(raw) {}

  bool ok() const { return !raw; }
  ptl_status_code code() const { return raw ? raw->code : PTL_STATUS_OK; }
  const std::string &message() const;
  /// Gives the object to the C API's caller; null for success.
  ptl_status *release() { return raw.release(); }
  /// The same failure again, for a second reader.
  Status clone() const;
  /// Puts "context: " before the message.
  Status within(const std::string &context) &&;

private:
  struct Destroy {
    void operator()(ptl_status *status) const { destroyStatus(status); }
  };
  std::unique_ptr<ptl_status, Destroy> raw;
};

/// A code together with the place that names it.
struct CodeAt {
  ptl_status_code code;
  std::source_location place;
  CodeAt(ptl_status_code code,
         std::source_location place = std::source_location::current())
      : code(code), place(place) {}
};

/// Makes a failure; never fails itself (falls back to a fixed message without
/// memory).
Status makeFailure(const CodeAt &at, std::string message);

/// fail(PTL_STATUS_NOT_FOUND, "no entry ", 3, "; there are ", 2)
template <typename... Parts> Status fail(CodeAt at, const Parts &...parts) {
  std::ostringstream message;
  (message << ... << parts);
  return makeFailure(at, std::move(message).str());
}

/// Text in quotes, cut to a sane length, control characters escaped: for names
/// that come from files.
std::string inQuotes(std::string_view text);

const char *codeName(ptl_status_code code);

} // namespace polytile::runtime

/// Returns a failure of `expression` to the caller.
#define PTL_TRY(expression)                                                    \
  do {                                                                         \
    if (::polytile::runtime::Status ptlTried = (expression); !ptlTried.ok())   \
      return ptlTried;                                                         \
  } while (false)
