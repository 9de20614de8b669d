/* The public header compiles as C11, and its structures can be filled there. */
#include <polytile/compiler.h>

int ptlc_header_is_c11(void) {
  int64_t dims[1] = {4};
  ptlc_tensor tensor = {
      sizeof(ptlc_tensor), "A", PTLC_ELEMENT_F32, 1, dims, 0, 0};
  ptlc_options options = {.struct_size = sizeof(ptlc_options)};
  return tensor.rank == 1 && options.emit == PTLC_EMIT_PACKAGE;
}
