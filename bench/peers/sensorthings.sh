#!/bin/sh
# A place of its own for django-ogc-sensorthings, behind gunicorn.
set -eu
here=$(dirname "$0")/../../var/peers/sensorthings
uv venv -q --allow-existing "$here"
uv pip install -q --python "$here/bin/python" django-ogc-sensorthings gunicorn "psycopg[binary]"
