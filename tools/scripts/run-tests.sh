#!/bin/sh
# Runs the tests of several build folders as one ctest run, and ends with its closing line and the counts.
#
#   run-tests.sh build/release build/asan-ubsan [-- ctest-option...]
#
# One run over a small test file that includes the folders': so there is one summary, and a failure anywhere fails it.
set -eu
cd "$(dirname "$0")/../.."
folders=""
while [ "$#" -gt 0 ] && [ "$1" != "--" ]; do
  folders="$folders $1"
  shift
done
[ "$#" -eq 0 ] || shift
[ -n "$folders" ] || { echo "usage: $0 BUILD-FOLDER... [-- CTEST-OPTION...]" >&2; exit 2; }

all=build/all-tests
mkdir -p "$all"
for folder in $folders; do
  [ -f "$folder/CTestTestfile.cmake" ] || { echo "$folder is not a build folder with tests" >&2; exit 2; }
  echo "subdirs(\"$PWD/$folder\")"
done > "$all/CTestTestfile.cmake"

log="$all/ctest.log"
ctest --test-dir "$all" --output-on-failure --no-label-summary --no-tests=error -j "$(nproc)" "$@" 2>&1 | tee "$log" || true

# The closing line tells the outcome: without one ctest did not get to the end.
closing=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests? failed out of [0-9]+$' "$log" | tail -n 1)
[ -n "$closing" ] || { echo "ctest gave no closing line" >&2; exit 1; }
failed=$(echo "$closing" | sed -E 's/.*, ([0-9]+) tests? failed.*/\1/')
total=$(echo "$closing" | sed -E 's/.* out of ([0-9]+)$/\1/')
echo
# How many programs ran on each device: tests check that none was left out, and this shows it.
for folder in $folders; do
  if [ -d "$folder/test/counts" ] && grep -q 'devices: all ran everything' "$log"; then
    ctest --test-dir "$folder" -R '^devices: all ran everything$' -FA device-counts -V 2>/dev/null |
      sed -n 's/^[0-9]*: \(.* programs run, .*\)/\1/p'
  fi
done
echo "$closing"
echo "$((total - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
