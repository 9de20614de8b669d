# MLIR, LLVM and LLD 19 as Debian packages them, and functions for targets that use them.
#
# Only the shared libMLIR and libLLVM are linked: static archives beside them would register every option twice. LLD
# comes as static archives, which only libpolytile-compiler links (targets lldELF and lldCommon).

set(POLYTILE_LLVM_DIR "/usr/lib/llvm-19" CACHE PATH "Where LLVM, MLIR and LLD 19 are installed")
list(PREPEND CMAKE_PREFIX_PATH "${POLYTILE_LLVM_DIR}")
find_package(MLIR 19.1 REQUIRED CONFIG)
find_package(LLD REQUIRED CONFIG)
set(POLYTILE_LLVM_LIBRARY_DIR "${LLVM_LIBRARY_DIR}")
find_program(POLYTILE_MLIR_TBLGEN NAMES mlir-tblgen HINTS "${LLVM_TOOLS_BINARY_DIR}" NO_DEFAULT_PATH REQUIRED)
mark_as_advanced(POLYTILE_MLIR_TBLGEN)
list(APPEND CMAKE_INSTALL_RPATH "${POLYTILE_LLVM_LIBRARY_DIR}")

# What every MLIR-facing target needs to compile and link.
separate_arguments(polytile_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_library(PolytileMlirBase INTERFACE)
target_include_directories(PolytileMlirBase SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_compile_options(PolytileMlirBase INTERFACE ${polytile_llvm_definitions}
  "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>"
  # Clang warns of what libstdc++ 12 uses inside its own std::stable_sort.
  -Wno-deprecated-declarations)
target_link_libraries(PolytileMlirBase INTERFACE MLIR LLVM)

# The precompiled header that all of them share: MLIR's headers are most of a translation unit's time (a dialect
# conversion takes 10 s to compile without it and 2.7 s with it). -fno-pch-timestamp lets ccache reuse objects.
add_library(PolytileMlirPch STATIC "${CMAKE_CURRENT_LIST_DIR}/MlirPch.cpp")
target_link_libraries(PolytileMlirPch PUBLIC PolytileMlirBase)
set_target_properties(PolytileMlirPch PROPERTIES CXX_STANDARD 17)
target_precompile_headers(PolytileMlirPch PRIVATE "${CMAKE_CURRENT_LIST_DIR}/MlirPch.h")

# Compiles NAME as MLIR-facing code: C++17, MLIR's headers, the shared precompiled header. The code of programs is
# compiled as position independent as that of libraries, since a precompiled header only fits equal flags.
function(polytile_use_mlir name)
  target_link_libraries(${name} PUBLIC PolytileMlirBase)
  set_target_properties(${name} PROPERTIES CXX_STANDARD 17 POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM PolytileMlirPch)
endfunction()
set_target_properties(PolytileMlirPch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(PolytileMlirPch PRIVATE -fPIC)

# polytile_add_mlir_library(NAME src... [DEPENDS target...] [LINK target...])
# A static library of MLIR-facing code. DEPENDS names the tablegen targets whose headers it includes; a library linked
# by LINK hands on its own.
function(polytile_add_mlir_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  polytile_use_mlir(${name})
  polytile_set_dependencies(${name})
endfunction()

# polytile_add_mlir_executable(NAME src... [DEPENDS target...] [LINK target...])
function(polytile_add_mlir_executable name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  polytile_use_mlir(${name})
  polytile_set_dependencies(${name})
endfunction()

# polytile_add_mlir_unit_test(NAME src... [DEPENDS target...] [LINK target...] [LABELS label...])
function(polytile_add_mlir_unit_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  polytile_use_mlir(${name})
  polytile_set_dependencies(${name})
  polytile_register_unit_test(${name} ${arg_LABELS})
endfunction()

# polytile_tablegen(TARGET file.td output.inc flag...)
# Runs mlir-tblgen with the flags on file.td; the output lies at the .td's path in the build folder, so that
# dialects/tile/IR/TileOps.td gives "dialects/tile/IR/TileOps.h.inc". TARGET is made on its first use; name it in the
# DEPENDS of the libraries that include the output.
function(polytile_tablegen target td output)
  get_filename_component(td_path "${td}" ABSOLUTE)
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${td_path}")
  get_filename_component(folder "${folder}" DIRECTORY)
  set(output_path "${PROJECT_BINARY_DIR}/${folder}/${output}")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/${folder}")
  add_custom_command(OUTPUT "${output_path}"
    COMMAND "${POLYTILE_MLIR_TBLGEN}" ${ARGN} -I "${MLIR_INCLUDE_DIRS}" -I "${PROJECT_SOURCE_DIR}"
            "${td_path}" -o "${output_path}" -d "${output_path}.d" --write-if-changed
    DEPENDS "${td_path}" DEPFILE "${output_path}.d"
    COMMENT "Generating ${folder}/${output}" VERBATIM)
  if(NOT TARGET ${target})
    add_custom_target(${target})
  endif()
  target_sources(${target} PRIVATE "${output_path}")
endfunction()

# polytile_tablegen_dialect(TARGET file.td DIALECT STEM): STEM.h.inc and STEM.cpp.inc, the dialect's class.
# By custom STEM is the dialect's name followed by "Dialect", as in TileDialect.
function(polytile_tablegen_dialect target td dialect stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-dialect-decls -dialect=${dialect})
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-dialect-defs -dialect=${dialect})
endfunction()

# polytile_tablegen_ops(TARGET file.td STEM [flag...]): STEM.h.inc and STEM.cpp.inc, the ops' classes.
function(polytile_tablegen_ops target td stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-op-decls ${ARGN})
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-op-defs ${ARGN})
endfunction()

# polytile_tablegen_enums(TARGET file.td STEM): STEM.h.inc and STEM.cpp.inc.
function(polytile_tablegen_enums target td stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-enum-decls)
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-enum-defs)
endfunction()

# polytile_tablegen_attrs(TARGET file.td STEM [flag...]): STEM.h.inc and STEM.cpp.inc, the attributes' classes.
function(polytile_tablegen_attrs target td stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-attrdef-decls ${ARGN})
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-attrdef-defs ${ARGN})
endfunction()

# polytile_tablegen_types(TARGET file.td STEM [flag...]): STEM.h.inc and STEM.cpp.inc, the types' classes.
function(polytile_tablegen_types target td stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-typedef-decls ${ARGN})
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-typedef-defs ${ARGN})
endfunction()

# polytile_tablegen_op_interfaces(TARGET file.td STEM): STEM.h.inc and STEM.cpp.inc.
function(polytile_tablegen_op_interfaces target td stem)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-op-interface-decls)
  polytile_tablegen(${target} ${td} ${stem}.cpp.inc -gen-op-interface-defs)
endfunction()

# polytile_tablegen_passes(TARGET file.td NAME): <file>.h.inc, the passes' base classes and registerNAMEPasses().
function(polytile_tablegen_passes target td name)
  get_filename_component(stem "${td}" NAME_WE)
  polytile_tablegen(${target} ${td} ${stem}.h.inc -gen-pass-decls -name=${name})
endfunction()
