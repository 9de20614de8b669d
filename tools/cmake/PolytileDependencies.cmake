# Third-party packages that need no LLVM. Each is found here once, and linked by name where it is used:
#   fmt::fmt-header-only   formatting (header only: the shared libraries then depend on libc and libstdc++ alone)
#   CLI11::CLI11           options of the command line tool
#   flatbuffers::flatbuffers, POLYTILE_FLATC   the package format
#   ZLIB::ZLIB             reading .npz and .gz files, in tools and examples only
#   Catch2::Catch2WithMain unit tests
#   Polytile::OpenCLHeaders, Polytile::VulkanHeaders
#                          declarations for the drivers. Headers alone: nothing links the loaders, which are opened when
#                          a device is asked for, so that a machine without them runs everything else
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(FlatBuffers CONFIG REQUIRED)
find_program(POLYTILE_FLATC NAMES flatc REQUIRED)
find_package(ZLIB REQUIRED)

# polytile_find_headers(NAME header debian-package)
# Makes Polytile::NAME, an interface library with the folder of a header that needs nothing but C; says what to install.
function(polytile_find_headers name header package)
  string(TOUPPER "POLYTILE_${name}_DIR" variable)
  find_path(${variable} "${header}")
  mark_as_advanced(${variable})
  if(NOT ${variable})
    message(FATAL_ERROR "No header ${header}: the drivers need it to build, on a machine without such a device, too. "
      "Install ${package} (`make dependencies` does on Debian), or give its folder with -D${variable}=FOLDER.")
  endif()
  add_library(Polytile${name} INTERFACE)
  add_library(Polytile::${name} ALIAS Polytile${name})
  target_include_directories(Polytile${name} SYSTEM INTERFACE "${${variable}}")
endfunction()
polytile_find_headers(OpenCLHeaders CL/cl.h opencl-c-headers)
polytile_find_headers(VulkanHeaders vulkan/vulkan.h libvulkan-dev)

if(POLYTILE_BUILD_TESTS)
  find_package(Catch2 2 REQUIRED)
  include(Catch)
endif()
