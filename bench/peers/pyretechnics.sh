#!/bin/sh
# The environment of the wildfire peer, apart from the project's: var/peers/pyretechnics. Builds from source: some minutes.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/pyretechnics/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/pyretechnics"
uv pip install -q --python "$here/var/peers/pyretechnics/bin/python" pyretechnics==2026.10.20
