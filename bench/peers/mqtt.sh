#!/bin/sh
# A place of its own for the aiomqtt + asyncpg consumer.
set -eu
here=$(dirname "$0")/../../var/peers/mqtt
python=${PYTHON:-$(dirname "$0")/../../.venv/bin/python}
[ -x "$here/bin/python" ] || "$python" -m venv "$here"
"$here/bin/python" -m pip install -q aiomqtt asyncpg orjson
