#!/bin/sh
# The environment of the dam-break peer, apart from the project's: var/peers/anuga.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/anuga/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/anuga"
uv pip install -q --python "$here/var/peers/anuga/bin/python" anuga==4.1.0
