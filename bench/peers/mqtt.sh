#!/bin/sh
# A place of its own for the aiomqtt + asyncpg consumer.
set -eu
here=$(dirname "$0")/../../var/peers/mqtt
uv venv -q --allow-existing "$here"
uv pip install -q --python "$here/bin/python" aiomqtt asyncpg orjson
