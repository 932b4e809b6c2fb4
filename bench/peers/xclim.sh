#!/bin/sh
# The environment of the fire-weather and drought peer, apart from the project's: var/peers/xclim.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/xclim/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/xclim"
uv pip install -q --python "$here/var/peers/xclim/bin/python" xclim==0.62.0
