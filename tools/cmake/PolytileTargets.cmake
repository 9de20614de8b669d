# Functions that make targets without LLVM: static and shared libraries, programs and unit tests.

# polytile_add_library(NAME src... [DEPENDS target...] [LINK target...])
# A static library in C++20. LINK is public: who uses the library sees the headers of what it stands on.
function(polytile_add_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  polytile_set_dependencies(${name})
endfunction()

# polytile_add_shared_library(NAME src... [PUBLIC_INCLUDE folder] [DEPENDS target...] [LINK target...]
#                             [PUBLIC_LINK target...])
# A shared library whose only exported symbols are those that the sources mark as visible; nothing of the static
# libraries inside leaks out (functions of the public API must stand in src, not in a library of LINK). The public
# headers in PUBLIC_INCLUDE are installed with it; polytile-runtime becomes target Polytile::runtime there.
function(polytile_add_shared_library name)
  cmake_parse_arguments(arg "" "PUBLIC_INCLUDE" "DEPENDS;LINK;PUBLIC_LINK" ${ARGN})
  add_library(${name} SHARED ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  string(REGEX REPLACE "^polytile-" "" export_name ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export_name})
  add_library(Polytile::${export_name} ALIAS ${name})
  if(arg_PUBLIC_INCLUDE)
    get_filename_component(include_folder "${arg_PUBLIC_INCLUDE}" ABSOLUTE)
    target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${include_folder}>")
    set_target_properties(${name} PROPERTIES POLYTILE_PUBLIC_INCLUDE "${include_folder}")
  endif()
  target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL)
  if(NOT POLYTILE_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LINK} PUBLIC ${arg_PUBLIC_LINK})
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
endfunction()

# polytile_add_executable(NAME src... [DEPENDS target...] [LINK target...])
# A program in build/<preset>/bin.
function(polytile_add_executable name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  polytile_set_dependencies(${name})
endfunction()

# polytile_add_unit_test(NAME src... [DEPENDS target...] [LINK target...] [LABELS label...])
# A Catch2 program in build/<preset>/test/bin; each of its test cases becomes one of ctest's. Made for tests without
# MLIR; those with MLIR headers use polytile_add_mlir_unit_test.
function(polytile_add_unit_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  polytile_set_dependencies(${name})
  polytile_register_unit_test(${name} ${arg_LABELS})
endfunction()

# Registers the test cases of the Catch2 program NAME with ctest; more arguments are labels beside "unit".
function(polytile_register_unit_test name)
  target_link_libraries(${name} PRIVATE Catch2::Catch2WithMain)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/test/bin"
    INSTALL_RPATH "$ORIGIN/../../lib;${POLYTILE_LLVM_LIBRARY_DIR}")
  set(prefix "${name}/")
  if(POLYTILE_SANITIZE)
    string(PREPEND prefix "sanitized-")
  endif()
  catch_discover_tests(${name} TEST_PREFIX "${prefix}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    PROPERTIES TIMEOUT 300 LABELS "unit;${ARGN}")
endfunction()

# Applies the DEPENDS and LINK lists that the calling function has parsed into arg_DEPENDS and arg_LINK.
macro(polytile_set_dependencies name)
  if(arg_LINK)
    target_link_libraries(${name} PUBLIC ${arg_LINK})
  endif()
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
endmacro()

# polytile_flatbuffers(TARGET schema.fbs)
# Generates <schema>_generated.h beside the schema's path in the build folder, with a verifier; TARGET is an interface
# library that makes users wait for it.
function(polytile_flatbuffers target schema)
  get_filename_component(schema_path "${schema}" ABSOLUTE)
  get_filename_component(stem "${schema}" NAME_WE)
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${schema_path}")
  get_filename_component(folder "${folder}" DIRECTORY)
  set(output "${PROJECT_BINARY_DIR}/${folder}/${stem}_generated.h")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${POLYTILE_FLATC}" --cpp --scoped-enums --cpp-std c++17
            -o "${PROJECT_BINARY_DIR}/${folder}" "${schema_path}"
    DEPENDS "${schema_path}" COMMENT "Generating ${folder}/${stem}_generated.h" VERBATIM)
  add_custom_target(${target}-generate DEPENDS "${output}")
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}-generate)
  target_link_libraries(${target} INTERFACE flatbuffers::flatbuffers)
endfunction()
