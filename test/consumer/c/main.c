/* Loads a compiled matrix product, runs it on the CPU and checks every number:
 * what a C program of a user looks like. */
#include <polytile/runtime.h>
#include <stdio.h>
#include <string.h>

enum { M = 2, K = 3, N = 4 };

/* Prints and frees a failed status; true when there was one. */
static bool failed(const char *what, ptl_status *status) {
  if (!status)
    return false;
  fprintf(stderr, "%s: %s: %s\n", what,
          ptl_status_code_name(ptl_status_get_code(status)),
          ptl_status_message(status));
  ptl_status_destroy(status);
  return true;
}

/* Compares the result with a plain triple loop; small integers are exact in
 * f32. */
static int count_wrong(const float *a, const float *b, const float *c) {
  int wrong = 0;
  for (int m = 0; m < M; ++m) {
    for (int n = 0; n < N; ++n) {
      float sum = 0;
      for (int k = 0; k < K; ++k)
        sum += a[m * K + k] * b[k * N + n];
      wrong += c[m * N + n] != sum;
    }
  }
  return wrong;
}

/* A buffer of the device that holds a copy of the data. */
static ptl_buffer *upload(ptl_device *device, const void *data, size_t bytes) {
  ptl_buffer *buffer = NULL;
  if (failed("allocate", ptl_buffer_create(device, bytes, &buffer)))
    return NULL;
  if (failed("write", ptl_buffer_write(buffer, 0, data, bytes))) {
    ptl_buffer_destroy(buffer);
    return NULL;
  }
  return buffer;
}

/* Runs entry 0 of the package; the number of wrong elements, or -1. */
static int run(ptl_device *device, ptl_package *package) {
  float a[M * K], b[K * N], c[M * N];
  for (int i = 0; i < M * K; ++i)
    a[i] = (float)(i + 1);
  for (int i = 0; i < K * N; ++i)
    b[i] = (float)(7 - i);
  memset(c, 0x7f, sizeof(c));

  ptl_executable *matmul = NULL;
  ptl_buffer *inputs[2] = {upload(device, a, sizeof(a)),
                           upload(device, b, sizeof(b))};
  ptl_buffer *output = upload(device, c, sizeof(c));
  int wrong = -1;
  if (inputs[0] && inputs[1] && output &&
      !failed("prepare", ptl_executable_create(device, package, 0, &matmul)) &&
      !failed("run", ptl_executable_run(matmul, inputs, 2, &output, 1)) &&
      !failed("read", ptl_buffer_read(output, 0, c, sizeof(c))))
    wrong = count_wrong(a, b, c);
  ptl_executable_destroy(matmul);
  ptl_buffer_destroy(output);
  ptl_buffer_destroy(inputs[1]);
  ptl_buffer_destroy(inputs[0]);
  return wrong;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s matmul.ptl\n", argv[0]);
    return 2;
  }
  ptl_device *device = NULL;
  ptl_package *package = NULL;
  int wrong = -1;
  if (!failed("version", ptl_version_check(PTL_VERSION)) &&
      !failed("open", ptl_device_open("cpu:0", NULL, &device)) &&
      !failed("load", ptl_package_load_file(argv[1], &package)))
    wrong = run(device, package);
  ptl_package_destroy(package);
  ptl_device_destroy(device);
  if (wrong == 0)
    printf("Polytile %s: %d elements, all right\n", ptl_version_string(),
           M * N);
  else
    fprintf(stderr, "%d wrong elements\n", wrong);
  return wrong == 0 ? 0 : 1;
}
