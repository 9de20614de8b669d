# Checks the shared library LIBRARY as it is shipped: it shows the C API alone,
# needs no library of LLVM's, and stays under 1 MB stripped. Run by `cmake -P`
# with LIBRARY, NM, STRIP, READELF and WORK.
execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}"
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n ]+\n" names "${symbols}")
list(FILTER names EXCLUDE REGEX "^ptl_")
if(names)
  message(FATAL_ERROR "shown beside the C API: ${names}")
endif()

execute_process(COMMAND "${READELF}" -d "${LIBRARY}"
  OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
if(dynamic MATCHES "NEEDED[^\n]*(LLVM|MLIR|lld)")
  message(FATAL_ERROR "the runtime needs a library of LLVM's:\n${dynamic}")
endif()

execute_process(COMMAND "${STRIP}" -o "${WORK}/stripped.so" "${LIBRARY}"
  COMMAND_ERROR_IS_FATAL ANY)
file(SIZE "${WORK}/stripped.so" bytes)
message(STATUS "stripped: ${bytes} bytes")
if(bytes GREATER_EQUAL 1000000)
  message(FATAL_ERROR "the stripped runtime has ${bytes} bytes; allowed are under 1000000")
endif()
