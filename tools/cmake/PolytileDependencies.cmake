# Third-party packages that need no LLVM. Each is found here once, and linked by name where it is used:
#   fmt::fmt-header-only   formatting (header only: the shared libraries then depend on libc and libstdc++ alone)
#   CLI11::CLI11           options of the command line tool
#   flatbuffers::flatbuffers, POLYTILE_FLATC   the package format
#   ZLIB::ZLIB             reading .npz and .gz files, in tools and examples only
#   Catch2::Catch2WithMain unit tests
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(FlatBuffers CONFIG REQUIRED)
find_program(POLYTILE_FLATC NAMES flatc REQUIRED)
find_package(ZLIB REQUIRED)
if(POLYTILE_BUILD_TESTS)
  find_package(Catch2 2 REQUIRED)
  include(Catch)
endif()
