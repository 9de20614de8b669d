// The kernels of kernels.c for OpenCL devices, so that drivers are tested
// without the compiler. The last binding of each holds how many items there
// are: workgroups have 64, and the last one is seldom full.
#define KERNEL __kernel __attribute__((reqd_work_group_size(64, 1, 1)))

KERNEL void add_f32(__global const float *a, __global const float *b,
                    __global float *c, __global const uint *count) {
  uint i = get_global_id(0);
  if (i < *count)
    c[i] = a[i] + b[i];
}

KERNEL void scan_step(__global const float *x, __global const float *s,
                      __global float *y, __global const uint *count) {
  uint i = get_global_id(0);
  if (i < *count)
    y[i] = x[i] + s[i];
}

/* Both may be the same memory. */
KERNEL void double_f32(__global const float *x, __global float *y,
                       __global const uint *count) {
  uint i = get_global_id(0);
  if (i < *count)
    y[i] = 2.0f * x[i];
}

KERNEL void count_i32(__global int *counters, __global const uint *count) {
  uint i = get_global_id(0);
  if (i < *count)
    ++counters[i];
}

/* Puts the items of each workgroup in reverse order, through the memory that
 * they share. */
KERNEL void reverse_f32(__global const float *x, __global float *y,
                        __global const uint *count) {
  __local float shared[64];
  uint i = get_global_id(0);
  shared[get_local_id(0)] = x[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  y[i] = shared[63 - get_local_id(0)];
}

KERNEL void nothing(__global const uint *count) {}
