#!/bin/sh
# The environment of the flood peer, apart from the project's: var/peers/itzi. itzi-core needs Python 3.12 or later:
# the one in PYTHON312, else the newest under ~/.pyenv, else whatever uv finds or fetches.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
own="$(ls -d "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python 2>/dev/null | tail -1)"
[ -x "$here/var/peers/itzi/bin/python" ] || uv venv -q --python "${PYTHON312:-${own:-3.13}}" "$here/var/peers/itzi"
uv pip install -q --python "$here/var/peers/itzi/bin/python" itzi-core==0.8.0
