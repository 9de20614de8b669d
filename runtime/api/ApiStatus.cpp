// C API: versions, statuses, element types.
#include "runtime/api/Handles.h"

using namespace polytile::runtime;

uint32_t ptl_version(void) { return PTL_VERSION; }

#define PTL_TEXT(x) #x
#define PTL_VERSION_TEXT(major, minor, patch)                                  \
  PTL_TEXT(major) "." PTL_TEXT(minor) "." PTL_TEXT(patch)

const char *ptl_version_string(void) {
  return PTL_VERSION_TEXT(PTL_VERSION_MAJOR, PTL_VERSION_MINOR,
                          PTL_VERSION_PATCH);
}

ptl_status *ptl_version_check(uint32_t header_version) {
  return guarded([&]() -> Status {
    uint32_t major = header_version >> 16, minor = header_version >> 8 & 255;
    bool compatible =
        major == PTL_VERSION_MAJOR &&
        (major == 0 ? minor == PTL_VERSION_MINOR : minor <= PTL_VERSION_MINOR);
    if (compatible)
      return {};
    return fail(PTL_STATUS_INCOMPATIBLE,
                "the program was compiled for runtime ", major, ".", minor,
                "; the library that was loaded is ", ptl_version_string());
  });
}

ptl_status_code ptl_status_get_code(const ptl_status *status) {
  return status ? status->code : PTL_STATUS_OK;
}

const char *ptl_status_message(const ptl_status *status) {
  return status ? status->message.c_str() : "ok";
}

const char *ptl_status_place(const ptl_status *status) {
  return status ? status->place.c_str() : "";
}

const char *ptl_status_code_name(ptl_status_code code) {
  return codeName(code);
}

void ptl_status_destroy(ptl_status *status) { destroyStatus(status); }

const char *ptl_element_type_name(ptl_element_type type) {
  return elementTypeName(type);
}

ptl_element_type ptl_element_type_from_name(const char *name) {
  return elementTypeFromName(name);
}

size_t ptl_element_type_size(ptl_element_type type) {
  return elementTypeSize(type);
}
