/* The public header in C11: it must compile with every warning on, and each
 * function must exist in the library. */
#include <polytile/runtime.h>

typedef void (*any_function)(void);

#define FUNCTION(name) (any_function) name
static const any_function functions[] = {
    FUNCTION(ptl_version),
    FUNCTION(ptl_version_string),
    FUNCTION(ptl_version_check),
    FUNCTION(ptl_status_get_code),
    FUNCTION(ptl_status_message),
    FUNCTION(ptl_status_place),
    FUNCTION(ptl_status_code_name),
    FUNCTION(ptl_status_destroy),
    FUNCTION(ptl_element_type_name),
    FUNCTION(ptl_element_type_from_name),
    FUNCTION(ptl_element_type_size),
    FUNCTION(ptl_device_list_create),
    FUNCTION(ptl_device_list_count),
    FUNCTION(ptl_device_list_name),
    FUNCTION(ptl_device_list_description),
    FUNCTION(ptl_device_list_destroy),
    FUNCTION(ptl_device_resolve),
    FUNCTION(ptl_device_save_choice),
    FUNCTION(ptl_device_open),
    FUNCTION(ptl_device_name),
    FUNCTION(ptl_device_description),
    FUNCTION(ptl_device_cpu_level),
    FUNCTION(ptl_device_thread_count),
    FUNCTION(ptl_device_memory_usage),
    FUNCTION(ptl_device_set_memory_limit),
    FUNCTION(ptl_device_measure_peak),
    FUNCTION(ptl_device_destroy),
    FUNCTION(ptl_buffer_create),
    FUNCTION(ptl_buffer_wrap),
    FUNCTION(ptl_buffer_size),
    FUNCTION(ptl_buffer_read),
    FUNCTION(ptl_buffer_write),
    FUNCTION(ptl_buffer_map),
    FUNCTION(ptl_buffer_unmap),
    FUNCTION(ptl_buffer_import_dlpack),
    FUNCTION(ptl_buffer_export_dlpack),
    FUNCTION(ptl_buffer_destroy),
    FUNCTION(ptl_package_load_file),
    FUNCTION(ptl_package_load_memory),
    FUNCTION(ptl_package_producer),
    FUNCTION(ptl_package_entry_count),
    FUNCTION(ptl_package_entry_name),
    FUNCTION(ptl_package_find_entry),
    FUNCTION(ptl_package_input_count),
    FUNCTION(ptl_package_output_count),
    FUNCTION(ptl_package_input),
    FUNCTION(ptl_package_output),
    FUNCTION(ptl_package_description),
    FUNCTION(ptl_package_destroy),
    FUNCTION(ptl_executable_create),
    FUNCTION(ptl_executable_run),
    FUNCTION(ptl_executable_scratch_bytes),
    FUNCTION(ptl_executable_variant),
    FUNCTION(ptl_executable_trim),
    FUNCTION(ptl_executable_destroy),
    FUNCTION(ptl_stream_create),
    FUNCTION(ptl_stream_run),
    FUNCTION(ptl_stream_record),
    FUNCTION(ptl_stream_wait),
    FUNCTION(ptl_stream_synchronize),
    FUNCTION(ptl_stream_destroy),
    FUNCTION(ptl_event_create),
    FUNCTION(ptl_event_synchronize),
    FUNCTION(ptl_event_is_reached),
    FUNCTION(ptl_event_elapsed),
    FUNCTION(ptl_event_destroy),
    FUNCTION(ptl_executable_set_profiling),
    FUNCTION(ptl_profile_create),
    FUNCTION(ptl_profile_count),
    FUNCTION(ptl_profile_get),
    FUNCTION(ptl_profile_destroy),
    FUNCTION(ptl_tensor_file_create),
    FUNCTION(ptl_tensor_file_load),
    FUNCTION(ptl_tensor_file_count),
    FUNCTION(ptl_tensor_file_get),
    FUNCTION(ptl_tensor_file_find),
    FUNCTION(ptl_tensor_file_add),
    FUNCTION(ptl_tensor_file_save),
    FUNCTION(ptl_tensor_file_destroy),
};

int checkHeaderInC11(void);
int checkHeaderInC11(void) {
  ptl_device_options options = {sizeof(options), 0, 0, 0};
  ptl_device *device = 0;
  ptl_status *status;
  size_t i;
  for (i = 0; i < sizeof(functions) / sizeof(functions[0]); ++i)
    if (!functions[i])
      return 1;
  if (ptl_version() != PTL_VERSION || ptl_version_check(PTL_VERSION))
    return 2;
  status = ptl_device_open("null:0", &options, &device);
  if (status || !device)
    return 3;
  ptl_device_destroy(device);
  status = ptl_device_open("no such device", 0, &device);
  if (ptl_status_get_code(status) != PTL_STATUS_NOT_FOUND || device)
    return 4;
  ptl_status_destroy(status);
  ptl_status_destroy(0);
  return 0;
}
