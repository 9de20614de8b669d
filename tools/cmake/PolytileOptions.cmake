# Options and flags that hold for every target.

option(POLYTILE_BUILD_COMPILER "Build the compiler; OFF builds only what needs no LLVM" ON)
option(POLYTILE_BUILD_TESTS "Build the tests" ON)
option(POLYTILE_WERROR "Treat warnings as errors" OFF)
option(POLYTILE_BUILD_FUZZERS "Build the libFuzzer targets (needs clang)" OFF)
set(POLYTILE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
# Assertions stay on in releases: a broken invariant is reported where it breaks, and costs little here.
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_RELEASE "-O2 -UNDEBUG")
endforeach()

include(GNUInstallDirs)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Programs and libraries find each other relative to themselves: in the build folder, and wherever they are installed.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib;$ORIGIN")

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(POLYTILE_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fcolor-diagnostics)
endif()

# lld of the same version as the compiler: links libMLIR users in a fraction of the time that GNU ld takes.
find_program(POLYTILE_LLD NAMES ld.lld-19 ld.lld)
mark_as_advanced(POLYTILE_LLD)
if(POLYTILE_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options("--ld-path=${POLYTILE_LLD}")
endif()

if(POLYTILE_SANITIZE)
  add_compile_options("-fsanitize=${POLYTILE_SANITIZE}" -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options("-fsanitize=${POLYTILE_SANITIZE}")
endif()
if(POLYTILE_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# ccache, when there is one. The sloppiness is what lets it see through precompiled headers; it is given on the command
# line so that it holds for everybody who builds, without settings of their own.
find_program(POLYTILE_CCACHE NAMES ccache)
mark_as_advanced(POLYTILE_CCACHE)
if(POLYTILE_CCACHE)
  foreach(language C CXX)
    if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER
          "env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;${POLYTILE_CCACHE}")
    endif()
  endforeach()
endif()
