#!/bin/sh
# The environment of the dense-gas peer (DEGADIS 2.1 in Python), apart from the project's: var/peers/degadisx.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/degadisx/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/degadisx"
uv pip install -q --python "$here/var/peers/degadisx/bin/python" degadisx==0.1.4
