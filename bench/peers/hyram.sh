#!/bin/sh
# The environment of the hydrogen and methane consequence peer, apart from the project's: var/peers/hyram.
# HyRAM+ 6.1 does not run with SciPy 1.15 or later (its jet solver breaks).
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/hyram/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/hyram"
uv pip install -q --python "$here/var/peers/hyram/bin/python" hyram==6.1 "scipy<1.15" "numpy<2.3"
