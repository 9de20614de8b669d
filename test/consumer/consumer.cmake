# The steps of the consumer test, run by `cmake -P` with BUILD, SOURCE, WORK, LIBDIR, C_COMPILER and CXX_COMPILER.
#
# The environment is cleared of what could make the build folder's libraries be found instead of the installed ones.
set(prefix "${WORK}/prefix")
set(package "${WORK}/matmul.ptl")
unset(ENV{LD_LIBRARY_PATH})
unset(ENV{POLYTILE_DEVICE})
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# Runs a command and shows its output; the test ends here when the command fails.
function(run what)
  message(STATUS "${what}")
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what}: failed (${status}): ${ARGN}")
  endif()
endfunction()

# Configures and builds the project in SOURCE/NAME against the installed package.
function(build_project name)
  run("configure ${name}" "${CMAKE_COMMAND}" -G Ninja -S "${SOURCE}/${name}" -B "${WORK}/${name}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
    --log-level=WARNING)
  run("build ${name}" "${CMAKE_COMMAND}" --build "${WORK}/${name}" -- --quiet)
endfunction()

run("install" "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${prefix}")
run("compile" "${prefix}/bin/polytile" compile "${SOURCE}/matmul.tile"
  --shape A=2x3:f32 --shape B=3x4:f32 -o "${package}")

build_project(c)
run("run the C11 project" "${WORK}/c/consumer" "${package}")
build_project(cpp)
run("run the C++17 project" "${WORK}/cpp/consumer17" "${package}")
run("run the C++20 project" "${WORK}/cpp/consumer20" "${package}")

set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
execute_process(COMMAND pkg-config --cflags --libs polytile-runtime
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags NATIVE_COMMAND "${flags}")
run("build with pkg-config" "${C_COMPILER}" -std=c11 "${SOURCE}/c/main.c" -o consumer-pkg-config ${flags}
  "-Wl,-rpath,${prefix}/${LIBDIR}")
run("run the pkg-config build" "${WORK}/consumer-pkg-config" "${package}")
