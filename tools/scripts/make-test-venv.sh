#!/bin/sh
# Makes build/venv, the Python environment with NumPy that end-to-end tests and benchmarks use; does nothing when it
# is there. NumPy comes from the Python package index, or from Debian's python3-numpy where the index can't be reached.
set -eu
cd "$(dirname "$0")/../.."
venv=build/venv

has_numpy() { "$venv/bin/python" -c 'import numpy' >/dev/null 2>&1; }

if has_numpy; then
  exit 0
fi
mkdir -p build
echo "Making $venv with NumPy for the tests"
rm -rf "$venv"
python3 -m venv "$venv"
if "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 numpy && has_numpy; then
  exit 0
fi

echo "The package index gave no NumPy; taking Debian's python3-numpy"
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
if ! /usr/bin/python3 -c 'import numpy' >/dev/null 2>&1; then
  $as_root apt-get install -q -y --no-install-recommends python3-numpy
fi
rm -rf "$venv"
/usr/bin/python3 -m venv --system-site-packages "$venv"
has_numpy || { echo "no NumPy for the tests: $venv/bin/python can't import it" >&2; exit 1; }
