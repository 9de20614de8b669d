/* The C API of the Polytile runtime: load a package, bind buffers, run it on a
 * device.
 *
 *   ptl_device *device = NULL;
 *   ptl_package *package = NULL;
 *   ptl_executable *matmul = NULL;
 *   ptl_status *status = ptl_device_open(NULL, NULL, &device);
 *   if (!status)
 *     status = ptl_package_load_file("matmul.ptl", &package);
 *   if (!status)
 *     status = ptl_executable_create(device, package, 0, &matmul);
 *   if (!status)
 *     status = ptl_executable_run(matmul, inputs, 2, outputs, 1);
 *   if (status)
 *     fprintf(stderr, "%s\n", ptl_status_message(status));
 *
 * Conventions
 * - A function that can fail returns `ptl_status *`: NULL is success, anything
 *   else is owned by the caller and freed with ptl_status_destroy. Results
 *   come through the last parameter, which is set to NULL on failure. Nothing
 *   throws, nothing aborts; a NULL handle is PTL_STATUS_INVALID_ARGUMENT, and
 *   every destroy function accepts NULL.
 * - Handles are counted inside: a device may be destroyed before its buffers
 *   and executables, and lives until the last of them.
 * - Pointers that a getter returns live as long as the handle they came from,
 *   unless the text says otherwise.
 * - Thread rule. "Any thread": may be called from any thread at any time.
 *   "Handle": from any thread, but not two at the same time on the same
 *   handle, unless both only read. A handle may be destroyed only when no
 *   other call uses it.
 * - Structures that the caller fills begin with `struct_size`: set it to
 *   sizeof and zero the rest, so that a newer library understands an older
 *   program.
 * - Tensors are dense and row-major. A scalar is a tensor of rank 0; a size of
 *   0 is legal everywhere.
 *
 * C11 and C++.
 */
#ifndef POLYTILE_RUNTIME_H
#define POLYTILE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(PTL_RUNTIME_BUILD)
#define PTL_API __attribute__((visibility("default")))
#else
#define PTL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*===--- Version -------------------------------------------------------===*/

#define PTL_VERSION_MAJOR 0
#define PTL_VERSION_MINOR 1
#define PTL_VERSION_PATCH 0
/** The version of this header, as ptl_version returns it: 0x00MMmmpp. */
#define PTL_VERSION                                                            \
  ((PTL_VERSION_MAJOR << 16) | (PTL_VERSION_MINOR << 8) | PTL_VERSION_PATCH)

typedef struct ptl_status ptl_status;
typedef struct ptl_device ptl_device;
typedef struct ptl_device_list ptl_device_list;
typedef struct ptl_buffer ptl_buffer;
typedef struct ptl_package ptl_package;
typedef struct ptl_executable ptl_executable;
typedef struct ptl_stream ptl_stream;
typedef struct ptl_event ptl_event;
typedef struct ptl_profile ptl_profile;
typedef struct ptl_tensor_file ptl_tensor_file;

/** The version of the library that was loaded. Available since 0.1. Thread
 * rule: any thread. */
PTL_API uint32_t ptl_version(void);

/** The same as text, "0.1.0". Available since 0.1. Thread rule: any thread. */
PTL_API const char *ptl_version_string(void);

/** Call with PTL_VERSION: PTL_STATUS_INCOMPATIBLE when the loaded library can't
 * serve a program compiled with that header (another major version; before 1.0
 * another minor version; or an older library). Available since 0.1. Any thread.
 */
PTL_API ptl_status *ptl_version_check(uint32_t header_version);

/*===--- Status --------------------------------------------------------===*/

/** What went wrong, in kinds that a program can react to. Values are never
 * reused. */
typedef enum ptl_status_code {
  PTL_STATUS_OK = 0,
  /** the call is wrong: a null handle, a size that doesn't match, ... */
  PTL_STATUS_INVALID_ARGUMENT = 1,
  /** no such file, device, entry or tensor */
  PTL_STATUS_NOT_FOUND = 2,
  /** a package or tensor file is damaged, truncated or none at all */
  PTL_STATUS_CORRUPT = 3,
  /** made for another version of the runtime, or for hardware that isn't
   * here */
  PTL_STATUS_INCOMPATIBLE = 4,
  /** memory, or the device's limit, ran out; smaller work succeeds
   * afterwards */
  PTL_STATUS_OUT_OF_MEMORY = 5,
  /** a legal request that this runtime or device can't serve */
  PTL_STATUS_UNSUPPORTED = 6,
  /** a kernel returned an error, or can't be built for the device */
  PTL_STATUS_KERNEL_FAILED = 7,
  /** the device stopped answering; open it again */
  PTL_STATUS_DEVICE_LOST = 8,
  /** the system refused to read or write a file */
  PTL_STATUS_IO = 9,
  /** in use: a mapped buffer, a file being written */
  PTL_STATUS_BUSY = 10,
  /** a bug of ours */
  PTL_STATUS_INTERNAL = 11
} ptl_status_code;

/** The code; PTL_STATUS_OK for NULL. Available since 0.1. Any thread. */
PTL_API ptl_status_code ptl_status_get_code(const ptl_status *status);

/** One line: what was found and what was expected; "ok" for NULL. Available
 * since 0.1. Any thread. */
PTL_API const char *ptl_status_message(const ptl_status *status);

/** Where in the runtime it arose, "runtime/core/PackageLoader.cpp:120"; "" for
 * NULL. Available since 0.1. Any thread. */
PTL_API const char *ptl_status_place(const ptl_status *status);

/** "not-found" for PTL_STATUS_NOT_FOUND; "unknown" for a value that isn't a
 * code. Available since 0.1. Any thread. */
PTL_API const char *ptl_status_code_name(ptl_status_code code);

/** Frees a status; NULL is allowed. Available since 0.1. Thread rule: handle.
 */
PTL_API void ptl_status_destroy(ptl_status *status);

/*===--- Types ---------------------------------------------------------===*/

typedef enum ptl_element_type {
  PTL_ELEMENT_INVALID = 0,
  PTL_ELEMENT_BOOL = 1, /**< one byte, 0 or 1 */
  PTL_ELEMENT_I8 = 2,
  PTL_ELEMENT_I16 = 3,
  PTL_ELEMENT_I32 = 4,
  PTL_ELEMENT_I64 = 5,
  PTL_ELEMENT_U8 = 6,
  PTL_ELEMENT_U16 = 7,
  PTL_ELEMENT_U32 = 8,
  PTL_ELEMENT_U64 = 9,
  PTL_ELEMENT_F16 = 10,
  PTL_ELEMENT_BF16 = 11,
  PTL_ELEMENT_F32 = 12,
  PTL_ELEMENT_F64 = 13
} ptl_element_type;

/** Tile's name of the type, "f32"; "invalid" otherwise. Available since 0.1.
 * Any thread. */
PTL_API const char *ptl_element_type_name(ptl_element_type type);

/** PTL_ELEMENT_INVALID when the name is none. Available since 0.1. Any thread.
 */
PTL_API ptl_element_type ptl_element_type_from_name(const char *name);

/** Bytes of one element; 0 for PTL_ELEMENT_INVALID. Available since 0.1. Any
 * thread. */
PTL_API size_t ptl_element_type_size(ptl_element_type type);

/** A tensor's name, type and shape, and where it applies its contents. The
 * library fills it; pointers live as long as the handle that it was asked of.
 */
typedef struct ptl_tensor_info {
  const char *name;
  ptl_element_type element_type;
  int32_t rank;
  const int64_t *dims; /**< rank entries */
  uint64_t byte_size;
  const void *data; /**< of a tensor file: aligned to 64 bytes, never NULL; of a
                       package: NULL */
} ptl_tensor_info;

/*===--- Devices -------------------------------------------------------===*/

/** How to open a device. A NULL pointer, or a field of 0 or NULL, takes the
 * default. */
typedef struct ptl_device_options {
  uint32_t struct_size;
  /** cpu: by default POLYTILE_NUM_THREADS, else the cores this process may
   * use. */
  uint32_t thread_count;
  /** For all buffers and arenas of the device together; by default none. */
  uint64_t memory_limit_bytes;
  /** cpu: at most this level, "x86-64-v3"; by default POLYTILE_CPU, else what
   * the machine has. */
  const char *cpu_level;
} ptl_device_options;

/** Lists the devices that can be opened, in a stable order: "cpu:0", then
 * "opencl:0", "opencl:1", ..., then "vulkan:0", ... "null:0" isn't listed.
 * Finds out what each can do, which takes a while the first time. Available
 * since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_list_create(ptl_device_list **list);
/** How many. Available since 0.1. Any thread. */
PTL_API size_t ptl_device_list_count(const ptl_device_list *list);
/** The name to open it by, "cpu:0"; NULL when index is too large. Available
 * since 0.1. Any thread. */
PTL_API const char *ptl_device_list_name(const ptl_device_list *list,
                                         size_t index);
/** Its description as ptl_device_description gives it. Available since 0.1. Any
 * thread. */
PTL_API const char *ptl_device_list_description(const ptl_device_list *list,
                                                size_t index);
/** How many devices, drivers or loaders should have been offered and are not: a
 * missing or broken loader, a device that lacks what every kernel needs. They
 * are not counted by ptl_device_list_count. Available since 0.1. Any thread. */
PTL_API size_t ptl_device_list_refused_count(const ptl_device_list *list);
/** The driver and, where it is known, the hardware: "vulkan (llvmpipe)"; NULL
 * when index is too large. Available since 0.1. Any thread. */
PTL_API const char *ptl_device_list_refused_name(const ptl_device_list *list,
                                                 size_t index);
/** Why it isn't offered and what helps, for the user; NULL when index is too
 * large. Available since 0.1. Any thread. */
PTL_API const char *ptl_device_list_refused_reason(const ptl_device_list *list,
                                                   size_t index);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_device_list_destroy(ptl_device_list *list);

/** Which device a program uses: `argument` if it isn't NULL or empty, else
 * $POLYTILE_DEVICE, else the saved setting, else "cpu:0". Writes the name (cut
 * to `capacity`, always terminated) and, when `origin` isn't NULL, where it
 * came from ("argument", "POLYTILE_DEVICE", "settings", "default"). Available
 * since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_resolve(const char *argument, char *name,
                                       size_t capacity, const char **origin);

/** Saves the choice for this user in $XDG_CONFIG_HOME/polytile/device (or
 * ~/.config); NULL removes it. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_save_choice(const char *name);

/** Opens "cpu:0", "opencl:N", "vulkan:N" or "null:0" (which accepts everything
 * and runs nothing); ":0" may be left out. NULL goes through
 * ptl_device_resolve. NOT_FOUND names the devices there are, and says why
 * others are not offered. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_open(const char *name,
                                    const ptl_device_options *options,
                                    ptl_device **device);
/** The name it was opened by. Available since 0.1. Any thread. */
PTL_API const char *ptl_device_name(const ptl_device *device);
/** The device description as JSON, versioned: {"version": 1, "name", "kind",
 * "driver", "hardware", "features", "limits", ...}; of CPUs also "cpu_level",
 * "threads", "cache_bytes", "memory_bytes", of others "api", "device_type",
 * "subgroup", "cooperative_matrices". What the compiler takes as its target.
 * Available since 0.1. Any thread. */
PTL_API const char *ptl_device_description(const ptl_device *device);
/** cpu: the level in force, "x86-64-v4"; "" for others. Available since 0.1.
 * Any thread. */
PTL_API const char *ptl_device_cpu_level(const ptl_device *device);
/** How many threads work on one dispatch. Available since 0.1. Any thread. */
PTL_API uint32_t ptl_device_thread_count(const ptl_device *device);

/** Memory of a device: bytes in buffers, arenas and workspaces now, at most so
 * far, and the limit (0: none). */
typedef struct ptl_memory_usage {
  uint64_t in_use_bytes;
  uint64_t peak_bytes;
  uint64_t limit_bytes;
} ptl_memory_usage;
/** Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_memory_usage(const ptl_device *device,
                                            ptl_memory_usage *usage);
/** Changes the limit (0: none); what is allocated stays. Available since 0.1.
 * Any thread. */
PTL_API ptl_status *ptl_device_set_memory_limit(ptl_device *device,
                                                uint64_t limit_bytes);

/** What the device reaches at best, measured now with all its threads (about
 * 0.3 s). */
typedef struct ptl_device_peak {
  double f32_flops_per_second;  /**< fused multiply-adds count as two */
  double copy_bytes_per_second; /**< read plus written, arrays larger than the
                                   caches */
  double launch_seconds; /**< of one small dispatch in a long row of them */
} ptl_device_peak;
/** UNSUPPORTED on the null device. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_device_measure_peak(ptl_device *device,
                                            ptl_device_peak *peak);

/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_device_destroy(ptl_device *device);

/*===--- Buffers -------------------------------------------------------===*/

/** Allocates `bytes` (0 is legal), aligned to 64, zeroed. OUT_OF_MEMORY at the
 * limit. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_buffer_create(ptl_device *device, uint64_t bytes,
                                      ptl_buffer **buffer);
/** Uses the caller's memory; `release(user)` is called once when the buffer is
 * destroyed, and may be NULL. Memory that isn't aligned to 64 bytes, or on a
 * device whose memory isn't the host's, works through a copy in each run.
 * `data` may be NULL if bytes is 0. On failure release is not called. Available
 * since 0.1. Any thread. */
PTL_API ptl_status *ptl_buffer_wrap(ptl_device *device, void *data,
                                    uint64_t bytes, void (*release)(void *user),
                                    void *user, ptl_buffer **buffer);
/** Available since 0.1. Any thread. */
PTL_API uint64_t ptl_buffer_size(const ptl_buffer *buffer);
/** Copies out of or into the buffer. INVALID_ARGUMENT when the range leaves it.
 * The caller orders this after streams that use the buffer. Available since
 * 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_buffer_read(const ptl_buffer *buffer, uint64_t offset,
                                    void *data, uint64_t bytes);
/** See ptl_buffer_read. Available since 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_buffer_write(ptl_buffer *buffer, uint64_t offset,
                                     const void *data, uint64_t bytes);

typedef enum ptl_map_access {
  PTL_MAP_READ = 1,
  PTL_MAP_WRITE = 2,
  PTL_MAP_READ_WRITE = 3
} ptl_map_access;
/** Gives the host a pointer to a range until ptl_buffer_unmap; maps nest, and a
 * run on a mapped buffer is BUSY on devices whose memory isn't the host's.
 * Available since 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_buffer_map(ptl_buffer *buffer, ptl_map_access access,
                                   uint64_t offset, uint64_t bytes,
                                   void **data);
/** Ends the latest map; what was written is then visible to the device.
 * Available since 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_buffer_unmap(ptl_buffer *buffer);

/** DLPack, version 0 structure (as in dlpack.h; declare or include it). */
struct DLManagedTensor;
/** Takes over a dense host tensor without copying: on success the buffer owns
 * it and calls its deleter. `info` (may be NULL) gets type and shape, valid
 * while the buffer lives. UNSUPPORTED for strided, device or vector types.
 * Since 0.1. Any thread. */
PTL_API ptl_status *ptl_buffer_import_dlpack(ptl_device *device,
                                             struct DLManagedTensor *tensor,
                                             ptl_tensor_info *info,
                                             ptl_buffer **buffer);
/** Shows the buffer as a dense tensor; the memory lives until the consumer
 * calls the tensor's deleter. The byte sizes must agree. UNSUPPORTED for memory
 * that isn't the host's. Available since 0.1.
 * Thread rule: handle. */
PTL_API ptl_status *ptl_buffer_export_dlpack(ptl_buffer *buffer,
                                             ptl_element_type type,
                                             int32_t rank, const int64_t *dims,
                                             struct DLManagedTensor **tensor);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_buffer_destroy(ptl_buffer *buffer);

/*===--- Packages ------------------------------------------------------===*/

/** Reads and verifies a .ptl file. CORRUPT: damaged, truncated or foreign.
 * INCOMPATIBLE: another format version. A package is code: checksums detect
 * damage, not malice; load only what you would execute. Available since 0.1.
 * Any thread. */
PTL_API ptl_status *ptl_package_load_file(const char *path,
                                          ptl_package **package);
/** The same from memory, which is copied. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_package_load_memory(const void *data, size_t bytes,
                                            ptl_package **package);
/** Who wrote it, "polytile 0.1.0". Available since 0.1. Any thread. */
PTL_API const char *ptl_package_producer(const ptl_package *package);
/** How many entries: one for each function, types and shapes compiled.
 * Available since 0.1. Any thread. */
PTL_API size_t ptl_package_entry_count(const ptl_package *package);
/** The function's name; NULL when entry is too large. Available since 0.1. Any
 * thread. */
PTL_API const char *ptl_package_entry_name(const ptl_package *package,
                                           size_t entry);
/** Finds an entry. `name` NULL: the last function of the package. `inputs` (may
 * be NULL with count 0: don't compare) are matched by type and shape, in order.
 * NOT_FOUND lists what there is; several matches are INVALID_ARGUMENT. Since
 * 0.1. Any thread. */
PTL_API ptl_status *ptl_package_find_entry(const ptl_package *package,
                                           const char *name,
                                           const ptl_tensor_info *inputs,
                                           size_t input_count, size_t *entry);
/** Available since 0.1. Any thread. */
PTL_API size_t ptl_package_input_count(const ptl_package *package,
                                       size_t entry);
/** Available since 0.1. Any thread. */
PTL_API size_t ptl_package_output_count(const ptl_package *package,
                                        size_t entry);
/** Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_package_input(const ptl_package *package, size_t entry,
                                      size_t index, ptl_tensor_info *info);
/** Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_package_output(const ptl_package *package, size_t entry,
                                       size_t index, ptl_tensor_info *info);
/** The whole contents as JSON: entries, variants with requirements, kernels,
 * arena sizes. Available since 0.1. Any thread. */
PTL_API const char *ptl_package_description(const ptl_package *package);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_package_destroy(ptl_package *package);

/*===--- Executables ---------------------------------------------------===*/

/** Prepares an entry on a device: takes the best variant that the device
 * satisfies and loads its kernels. INCOMPATIBLE names what each variant
 * requires. Keeps what it needs of the package alive. Available since 0.1. Any
 * thread. */
PTL_API ptl_status *ptl_executable_create(ptl_device *device,
                                          const ptl_package *package,
                                          size_t entry,
                                          ptl_executable **executable);
/** Runs and waits. Buffers in the entry's order, of exactly its byte sizes;
 * outputs are overwritten and may overlap neither inputs nor each other, unless
 * the package declares that output an update in place of that input. Scratch
 * memory is kept for the next run. Several threads may run one executable at
 * once, each with its own scratch. After a failure the outputs are unspecified.
 * Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_executable_run(ptl_executable *executable,
                                       ptl_buffer *const *inputs,
                                       size_t input_count,
                                       ptl_buffer *const *outputs,
                                       size_t output_count);
/** Scratch of one run in bytes: the arena and the workspaces. Available since
 * 0.1. Any thread. */
PTL_API uint64_t ptl_executable_scratch_bytes(const ptl_executable *executable);
/** Which variant was taken, "cpu x86-64-v4". Available since 0.1. Any thread.
 */
PTL_API const char *ptl_executable_variant(const ptl_executable *executable);
/** Frees the scratch that idle runs left. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_executable_trim(ptl_executable *executable);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_executable_destroy(ptl_executable *executable);

/*===--- Streams and events --------------------------------------------===*/

/** An asynchronous queue that runs in order. Available since 0.1. Any thread.
 */
PTL_API ptl_status *ptl_stream_create(ptl_device *device, ptl_stream **stream);
/** Queues a run; arguments are checked now, and kept alive until it has run.
 * Available since 0.1. Any thread. */
PTL_API ptl_status *
ptl_stream_run(ptl_stream *stream, ptl_executable *executable,
               ptl_buffer *const *inputs, size_t input_count,
               ptl_buffer *const *outputs, size_t output_count);
/** Queues: set the event when everything queued before has run. Available since
 * 0.1. Any thread. */
PTL_API ptl_status *ptl_stream_record(ptl_stream *stream, ptl_event *event);
/** Queues: go on only when the event's latest record has been reached.
 * Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_stream_wait(ptl_stream *stream, ptl_event *event);
/** Waits until the queue is empty. Returns the first failure since the last
 * call; what was queued after a failure was skipped (records still happen).
 * Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_stream_synchronize(ptl_stream *stream);
/** Waits for the queue, then frees; an unreported failure is dropped. Available
 * since 0.1. Thread rule: handle. */
PTL_API void ptl_stream_destroy(ptl_stream *stream);

/** An event that has not been recorded counts as reached. Available since 0.1.
 * Any thread. */
PTL_API ptl_status *ptl_event_create(ptl_device *device, ptl_event **event);
/** Waits for the latest record that was queued. Available since 0.1. Any
 * thread.
 */
PTL_API ptl_status *ptl_event_synchronize(ptl_event *event);
/** Whether it has been reached. Available since 0.1. Any thread. */
PTL_API bool ptl_event_is_reached(const ptl_event *event);
/** Seconds between two reached events. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_event_elapsed(const ptl_event *from,
                                      const ptl_event *to, double *seconds);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_event_destroy(ptl_event *event);

/*===--- Profiles ------------------------------------------------------===*/

/** One kernel's share of all profiled runs. */
typedef struct ptl_kernel_profile {
  const char *symbol;
  const char *source; /**< the Tile statement, or "" */
  const char *file;   /**< or "" */
  uint32_t line;
  uint64_t calls; /**< dispatches */
  double seconds; /**< time of all of them: wall time on CPUs, the device's own
                     clock on others */
  uint64_t flops; /**< of all of them; 0 when unknown */
  uint64_t bytes; /**< of all of them; 0 when unknown */
} ptl_kernel_profile;

/** Turns timing of each dispatch on or off (off at first; costs about 50 ns a
 * dispatch). Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_executable_set_profiling(ptl_executable *executable,
                                                 bool enabled);
/** A copy of the times so far; `reset` clears them. Strings live as long as the
 * executable. Since 0.1. Any thread. */
PTL_API ptl_status *ptl_profile_create(ptl_executable *executable, bool reset,
                                       ptl_profile **profile);
/** How many kernels. Available since 0.1. Any thread. */
PTL_API size_t ptl_profile_count(const ptl_profile *profile);
/** Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_profile_get(const ptl_profile *profile, size_t index,
                                    ptl_kernel_profile *kernel);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_profile_destroy(ptl_profile *profile);

/*===--- Tensor files --------------------------------------------------===*/

/** A list of named tensors in memory, read from or written to NumPy's .npy (one
 * tensor) and .npz (several) formats. bf16, which NumPy lacks, is written as
 * '<V2' (what ml_dtypes writes) and '|V2' and '<V2' are read as bf16. Big-
 * endian and Fortran-ordered arrays are converted when read. Complex, string,
 * object and structured types are UNSUPPORTED. */
PTL_API ptl_status *ptl_tensor_file_create(ptl_tensor_file **file);
/** Reads by content, not by name: an .npy has one tensor named "". `only` (may
 * be NULL) reads one array of an .npz. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_tensor_file_load(const char *path, const char *only,
                                         ptl_tensor_file **file);
/** Available since 0.1. Any thread. */
PTL_API size_t ptl_tensor_file_count(const ptl_tensor_file *file);
/** Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_tensor_file_get(const ptl_tensor_file *file,
                                        size_t index, ptl_tensor_info *tensor);
/** NOT_FOUND lists the names there are. Available since 0.1. Any thread. */
PTL_API ptl_status *ptl_tensor_file_find(const ptl_tensor_file *file,
                                         const char *name,
                                         ptl_tensor_info *tensor);
/** Appends a tensor, zeroed, and gives its memory to fill (aligned to 64, alive
 * as long as the file), or copies `data` when that isn't NULL. `memory` may be
 * NULL. Available since 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_tensor_file_add(ptl_tensor_file *file, const char *name,
                                        ptl_element_type type, int32_t rank,
                                        const int64_t *dims, const void *data,
                                        void **memory);
/** Writes .npz when the path ends so (stored, not deflated), else .npy, which
 * takes exactly one tensor. The file appears whole or not at all (written
 * beside it, then renamed). Available since 0.1. Thread rule: handle. */
PTL_API ptl_status *ptl_tensor_file_save(const ptl_tensor_file *file,
                                         const char *path);
/** Available since 0.1. Thread rule: handle. */
PTL_API void ptl_tensor_file_destroy(ptl_tensor_file *file);

#ifdef __cplusplus
}
#endif

#endif /* POLYTILE_RUNTIME_H */
