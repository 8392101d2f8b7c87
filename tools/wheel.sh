#!/bin/sh
# Builds the wheel, installs it into a fresh virtualenv and checks what arrived there.
set -eu

python=$1
source=$(pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

rm -rf build
"$python" -m build --wheel --outdir "$place" >"$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet "$place"/*.whl
cd "$place"  # not the sources: what is imported must be what was installed
"$place/venv/bin/python" "$source/tools/check_wheel.py" "$source/leaddistrib"
