#!/bin/sh
# Prints what the project promises about speed: compile times, the cost of a dispatch, operations against the machine's
# peak, and dense contractions beside OpenBLAS.
#
#   run.sh BUILD-FOLDER
set -eu
build=$1
here=$(dirname "$0")
python=$here/../../build/venv/bin/python

echo "== Compiling, process start included"
"$python" "$here/compile_costs.py" --polytile "$build/bin/polytile"

echo "== An empty dispatch through the C API (bound 5 us)"
"$build/test/bin/conformance-test" "an empty dispatch through the API costs microseconds" -s |
  grep -o 'empty dispatch of .*' || true

# Runs one program of docs/examples on cpu:0; the other arguments are its shapes.
operation() {
  program=$1
  shift
  echo "== $program $*"
  for shape; do
    set -- "$@" --shape "$shape"
    shift
  done
  "$build/bin/polytile" bench "$here/../../docs/examples/$program.tile" --device cpu:0 "$@"
}
for n in 256 512 1024 2048; do
  operation matmul "A=${n}x$n:f32" "B=${n}x$n:f32"
done
operation matmul A=1000x1000:f32 B=1000x1000:f32
operation conv2d I=1x56x56x64:f32 K=3x3x64x64:f32
operation conv2d I=1x28x28x128:f32 K=3x3x128x128:f32
operation conv2d I=1x14x14x256:f32 K=3x3x256x256:f32
operation max_pool I=32x112x112x64:f32
operation softmax X=4096x4096:f32
operation row_sum X=4096x4096:f32
operation add X=4096x4096:f32 Y=4096x4096:f32

echo "== Dense contractions beside OpenBLAS (where it is installed)"
env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$build/test/bin/gemm-bench"
