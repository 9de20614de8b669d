/* The C API of the Polytile compiler: Tile source and shapes in, a package in
 * memory out.
 *
 *   ptlc_tensor inputs[] = {
 *       {sizeof(ptlc_tensor), "A", PTLC_ELEMENT_F32, 2, a_dims},
 *       {sizeof(ptlc_tensor), "B", PTLC_ELEMENT_F32, 2, b_dims}};
 *   ptlc_options options = {sizeof(ptlc_options)};
 *   ptlc_result *result =
 *       ptlc_compile(source, length, "matmul.tile", inputs, 2, &options);
 *   if (ptlc_result_code(result) == PTLC_OK)
 *     load(ptlc_result_data(result), ptlc_result_size(result));
 *   fputs(ptlc_result_diagnostics(result), stderr);
 *   ptlc_result_destroy(result);
 *
 * Conventions
 * - Every function returns a result that the caller destroys; it is NULL only
 *   when memory ran out, and every getter accepts NULL. Nothing throws. A
 *   broken invariant inside the compiler ends the process by a signal.
 * - Thread rule: every function may be called from any thread at any time, but
 *   a result may be destroyed only when no other call uses it.
 * - Structures that the caller fills begin with `struct_size`: set it to sizeof
 *   and zero the rest, so that a newer library understands an older program.
 * - Tensors are dense and row-major; a bool takes one byte.
 *
 * C11 and C++.
 */
#ifndef POLYTILE_COMPILER_H
#define POLYTILE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#if defined(PTLC_BUILD)
#define PTLC_API __attribute__((visibility("default")))
#else
#define PTLC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header: 0x00MMmmpp. */
#define PTLC_VERSION 0x00000100

/** The version of the library that was loaded. Serves a program compiled with
 * the same major and minor version. Available since 0.1. */
PTLC_API uint32_t ptlc_version(void);

/** What became of a call. The values are the exit codes of the command line
 * tool. */
typedef enum ptlc_code {
  PTLC_OK = 0,
  PTLC_USER_ERROR = 1,       /**< the program or its inputs are wrong: see the
                                diagnostics */
  PTLC_INVALID_ARGUMENT = 2, /**< the call is wrong: the message says what is
                                allowed */
  PTLC_INTERNAL_ERROR = 70   /**< a bug of the compiler; the diagnostics say
                                where it gave up */
} ptlc_code;

/** Element types; the values are those of ptl_element_type. */
typedef enum ptlc_element_type {
  PTLC_ELEMENT_INVALID = 0,
  PTLC_ELEMENT_BOOL = 1,
  PTLC_ELEMENT_I8 = 2,
  PTLC_ELEMENT_I16 = 3,
  PTLC_ELEMENT_I32 = 4,
  PTLC_ELEMENT_I64 = 5,
  PTLC_ELEMENT_U8 = 6,
  PTLC_ELEMENT_U16 = 7,
  PTLC_ELEMENT_U32 = 8,
  PTLC_ELEMENT_U64 = 9,
  PTLC_ELEMENT_F16 = 10,
  PTLC_ELEMENT_BF16 = 11,
  PTLC_ELEMENT_F32 = 12,
  PTLC_ELEMENT_F64 = 13
} ptlc_element_type;

/** An input, or a result of ptlc_interpret. Inputs are matched to the
 * function's parameters by name, in any order. */
typedef struct ptlc_tensor {
  uint32_t struct_size;
  const char *name;
  ptlc_element_type element_type;
  uint32_t rank;
  const int64_t *dims; /**< rank entries */
  /** Elements, needed for ptlc_interpret alone. */
  const void *data;
  /** Not NULL: a scalar given as the text of a number. It takes the parameter's
   * declared type if that can hold it, else i32, or f32 with a '.', an 'e', inf
   * or nan; element_type, rank, dims and data are not read. */
  const char *number;
} ptlc_tensor;

/** What ptlc_compile makes. */
typedef enum ptlc_emit {
  PTLC_EMIT_PACKAGE = 0,  /**< the bytes of a .ptl file */
  PTLC_EMIT_AST = 1,      /**< the checked syntax tree; needs no inputs */
  PTLC_EMIT_TILE = 2,     /**< tile dialect, specialised, with bounds */
  PTLC_EMIT_PROGRAM = 3,  /**< program dialect, planned, with its kernels */
  PTLC_EMIT_LINALG = 4,   /**< kernels as loops and linalg on memrefs */
  PTLC_EMIT_LLVM = 5,     /**< kernels as optimised LLVM IR */
  PTLC_EMIT_ASSEMBLY = 6, /**< kernels as assembly */
  /** The function's parameters and outputs as JSON; needs no inputs:
   * {"name", "parameters": [{"name", "type" or null, "dims": [...] or null}],
   * "outputs": [names]}. */
  PTLC_EMIT_SIGNATURE = 7,
  PTLC_EMIT_KERNEL = 8, /**< opencl, vulkan: the kernel dialect */
  PTLC_EMIT_OPENCL = 9, /**< opencl: the text of OpenCL C */
  /** vulkan: SPIR-V modules of one kernel each, back to back. A module begins
   * with the magic number 0x07230203, which no instruction begins with, and its
   * only entry point has the kernel's name. */
  PTLC_EMIT_SPIRV = 10,
  PTLC_EMIT_SPIRV_TEXT = 11 /**< vulkan: the modules in MLIR's spirv dialect */
} ptlc_emit;

/** How to compile. A field of 0 or NULL takes the default. */
typedef struct ptlc_options {
  uint32_t struct_size;
  ptlc_emit emit;
  const char *function; /**< default: the last function of the file */
  /** A list of targets with commas between them; a package has code for all,
   * and `emit` of something that one kind of target has takes the first of that
   * kind. Default: that kind with a generic description, else "cpu".
   *   cpu, cpu=LEVEL         LEVEL as in `cpu_level`, which is the default
   *   opencl, vulkan         code that runs on any usable device of that kind
   *                          ("opencl=generic" is the same)
   *   opencl={...}           code for the device that the JSON text describes:
   *   vulkan={...}           what ptl_device_description gives
   * What the code needs of a device stands in the package: the features beyond
   * a generic one that the function's types take (f64, i64), and sizes. */
  const char *target;
  const char *cpu_level; /**< "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4",
                            or "native", the default */
  const char *dump_directory; /**< an existing folder: the IR after each phase
                                 is written there, in numbered files */
  const char *const *outputs; /**< names that must be outputs of the function */
  size_t output_count;
} ptlc_options;

typedef struct ptlc_result ptlc_result;

/** Compiles a function for the shapes and types of `inputs`. Equal calls are
 * answered from a cache in memory. Available since 0.1. */
PTLC_API ptlc_result *ptlc_compile(const char *source, size_t source_bytes,
                                   const char *file_name,
                                   const ptlc_tensor *inputs,
                                   size_t input_count,
                                   const ptlc_options *options);

/** Evaluates a function with the reference interpreter: slow, in double
 * precision. The results are the function's outputs. `options` may be NULL;
 * `emit`, `target` and `cpu_level` are not read. Available since 0.1. */
PTLC_API ptlc_result *ptlc_interpret(const char *source, size_t source_bytes,
                                     const char *file_name,
                                     const ptlc_tensor *inputs,
                                     size_t input_count,
                                     const ptlc_options *options);

/** Parses and checks a file without shapes; the diagnostics may hold warnings.
 * Available since 0.1. */
PTLC_API ptlc_result *ptlc_check(const char *source, size_t source_bytes,
                                 const char *file_name);

/** PTLC_INTERNAL_ERROR for NULL. Available since 0.1. */
PTLC_API ptlc_code ptlc_result_code(const ptlc_result *result);
/** Errors, warnings, notes and hints as text, with source lines and carets; ""
 * when there are none. Lives as long as the result. Available since 0.1. */
PTLC_API const char *ptlc_result_diagnostics(const ptlc_result *result);
/** What ptlc_compile made: bytes of a package, or text (a NUL follows it).
 * NULL after a failure. Lives as long as the result. Available since 0.1. */
PTLC_API const void *ptlc_result_data(const ptlc_result *result);
/** Its size in bytes. Available since 0.1. */
PTLC_API size_t ptlc_result_size(const ptlc_result *result);
/** How many tensors ptlc_interpret computed. Available since 0.1. */
PTLC_API size_t ptlc_result_output_count(const ptlc_result *result);
/** The tensor of that index, NULL when it is too large. Lives as long as the
 * result. Available since 0.1. */
PTLC_API const ptlc_tensor *ptlc_result_output(const ptlc_result *result,
                                               size_t index);
/** NULL is allowed. Available since 0.1. */
PTLC_API void ptlc_result_destroy(ptlc_result *result);

#ifdef __cplusplus
}
#endif

#endif /* POLYTILE_COMPILER_H */
