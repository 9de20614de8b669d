/* Kernels by hand, so that the runtime is tested without the compiler: each one
 * shows or checks one rule of the ABI page.
 *
 * Built as a shared object without libc, like the compiler's own output.
 */
#include "runtime/abi/polytile_kernel_abi.h"

#define EXPORT __attribute__((visibility("default")))

/* What is wrong with how it was called, or 0: codes begin at 100. */
static int32_t check_call(const ptl_kernel_args *args, int64_t begin,
                          int64_t end, uint32_t bindings) {
  if (args->abi_version != PTL_KERNEL_ABI_VERSION)
    return 100;
  if (args->binding_count != bindings)
    return 101;
  if (begin < 0 || begin >= end || end > args->items)
    return 102;
  for (uint32_t i = 0; i < bindings; ++i)
    if (!args->bindings[i])
      return 103;
  return 0;
}

/* C[i] = A[i] + B[i]; an item is one element. */
EXPORT int32_t add_f32(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  int32_t wrong = check_call(args, begin, end, 3);
  if (wrong)
    return wrong;
  for (uint32_t i = 0; i < 3; ++i)
    if ((uintptr_t)args->bindings[i] % PTL_KERNEL_ALIGNMENT)
      return 104;
  const float *a = args->bindings[0], *b = args->bindings[1];
  float *c = args->bindings[2];
  for (int64_t i = begin; i < end; ++i)
    c[i] = a[i] + b[i];
  return 0;
}

/* Adds 1 to each item's counter, so that an item that runs twice or never is
 * seen. */
EXPORT int32_t count_i32(const ptl_kernel_args *args, int64_t begin,
                         int64_t end) {
  int32_t wrong = check_call(args, begin, end, 1);
  int32_t *counters = args->bindings[0];
  for (int64_t i = begin; !wrong && i < end; ++i)
    ++counters[i];
  return wrong;
}

/* Fills its workspace with a pattern of its own and reads it back: threads that
 * share one would disturb each other. */
EXPORT int32_t use_workspace(const ptl_kernel_args *args, int64_t begin,
                             int64_t end) {
  int32_t wrong = check_call(args, begin, end, 1);
  if (wrong)
    return wrong;
  volatile unsigned char *space = args->workspace;
  if (!space || args->workspace_bytes < 1000 ||
      (uintptr_t)args->workspace % PTL_KERNEL_ALIGNMENT)
    return 105;
  int32_t *out = args->bindings[0];
  for (int64_t item = begin; item < end; ++item) {
    for (int64_t i = 0; i < args->workspace_bytes; ++i)
      space[i] = (unsigned char)(item + i);
    out[item] = 1;
    for (int64_t i = 0; i < args->workspace_bytes; ++i)
      if (space[i] != (unsigned char)(item + i))
        out[item] = 0;
  }
  return 0;
}

/* Fails for item 3, with a code. */
EXPORT int32_t fail_at_three(const ptl_kernel_args *args, int64_t begin,
                             int64_t end) {
  (void)args;
  return begin <= 3 && 3 < end ? 42 : 0;
}

/* Nothing at all: what a dispatch costs. */
EXPORT int32_t nothing(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  (void)args;
  (void)begin;
  (void)end;
  return 0;
}

/* One step of a running sum: Y = X + S over 16 floats; bindings X, S, Y may be
 * slices without alignment. */
EXPORT int32_t scan_step(const ptl_kernel_args *args, int64_t begin,
                         int64_t end) {
  int32_t wrong = check_call(args, begin, end, 3);
  const float *x = args->bindings[0], *s = args->bindings[1];
  float *y = args->bindings[2];
  for (int64_t i = begin; !wrong && i < end; ++i)
    y[i] = x[i] + s[i];
  return wrong;
}

/* X[i] = 2 * X[i], in place: reads binding 0 and writes binding 1, which may be
 * the same. */
EXPORT int32_t double_f32(const ptl_kernel_args *args, int64_t begin,
                          int64_t end) {
  int32_t wrong = check_call(args, begin, end, 2);
  const float *x = args->bindings[0];
  float *y = args->bindings[1];
  for (int64_t i = begin; !wrong && i < end; ++i)
    y[i] = 2 * x[i];
  return wrong;
}

/* Tells which variant runs. */
static int32_t write_level(const ptl_kernel_args *args, int32_t level) {
  *(int32_t *)args->bindings[0] = level;
  return 0;
}
EXPORT int32_t level_1(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  (void)begin, (void)end;
  return write_level(args, 1);
}
EXPORT int32_t level_2(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  (void)begin, (void)end;
  return write_level(args, 2);
}
EXPORT int32_t level_3(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  (void)begin, (void)end;
  return write_level(args, 3);
}
EXPORT int32_t level_4(const ptl_kernel_args *args, int64_t begin,
                       int64_t end) {
  (void)begin, (void)end;
  return write_level(args, 4);
}
