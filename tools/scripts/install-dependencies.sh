#!/bin/sh
# Installs the Debian packages that building, testing and the demo need, and says what and why.
#
# It asks dpkg first: when everything is there it changes nothing and needs no privilege. Otherwise it calls apt-get,
# through sudo when the caller is not root. Written for a minimal Debian 12 in plain sh, since such a system has neither
# sudo nor Python. On another system it prints what to look for, and leaves the rest to the configure step.
set -eu

# One package a line, and what it is for. `make` and `git` are what the reader already has.
needed_packages() {
  cat <<'LIST'
ca-certificates          downloads over https
cmake                    configures the build
ninja-build              runs the build
g++                      the C++ standard library that clang uses
clang-19                 the compiler
lld-19                   the linker
libclang-rt-19-dev       sanitizer runtimes for the tests
llvm-19-dev              LLVM: optimiser and code generator
llvm-19-tools            FileCheck and lit for the tests
libmlir-19-dev           MLIR: the compiler's intermediate representation
mlir-19-tools            mlir-tblgen: generates the dialects' classes
liblld-19-dev            LLD as a library: links compiled kernels
ccache                   makes the second build fast
libfmt-dev               text formatting
libcli11-dev             command line options
libflatbuffers-dev       package file format
flatbuffers-compiler     package file format: generates its readers
zlib1g-dev               compressed .npz and data set files
catch2                   unit tests
pkg-config               tests the installed package
python3                  runs lit and the end-to-end tests
python3-venv             keeps the tests' NumPy under build/
dataset-fashion-mnist    the demo's data: 70,000 labelled images
opencl-c-headers         the OpenCL driver's declarations (the library itself is opened at run time)
libvulkan-dev            the Vulkan driver's declarations (the library itself is opened at run time)
ocl-icd-libopencl1       the OpenCL loader, for the tests
pocl-opencl-icd          an OpenCL device that is this machine's CPU, for the tests
mesa-opencl-icd          a second OpenCL implementation that runs here, rusticl on llvmpipe, for the tests
libclc-15                the OpenCL library that mesa-opencl-icd links kernels with, and clang those for AMD
libvulkan1               the Vulkan loader, for the tests
mesa-vulkan-drivers      Vulkan on this machine's CPU (lavapipe) and AMD's compiler without hardware, for the tests
vulkan-validationlayers  say what a Vulkan program does wrong, for the tests
spirv-tools              spirv-val and spirv-as: check and assemble kernels for the tests
spirv-cross              translates SPIR-V to Metal, for the report on vendors' compilers
intel-opencl-icd         ocloc, Intel's compiler without its hardware, for the report on vendors' compilers
oclgrind                 finds races and wrong accesses in OpenCL kernels, for the tests
LIST
}

if [ "$#" -gt 0 ]; then
  echo "usage: $0   (no arguments; it lists and installs missing Debian packages)" >&2
  exit 2
fi

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system: nothing is installed. What the build needs, by its Debian name:" >&2
  needed_packages >&2
  exit 0
fi

missing=""
while read -r package reason; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$state" != installed ]; then
    [ -n "$missing" ] || echo "Installing Debian packages:"
    printf '  %-24s %s\n' "$package" "$reason"
    missing="$missing $package"
  fi
done <<LIST
$(needed_packages)
LIST
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "These packages need root, and there is no sudo. As root run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi
$as_root apt-get update -q
# shellcheck disable=SC2086  # the list is meant to be split into words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
