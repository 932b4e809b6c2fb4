#!/bin/sh
# A place of its own for django-ogc-sensorthings, behind gunicorn.
set -eu
here=$(dirname "$0")/../../var/peers/sensorthings
python=${PYTHON:-$(dirname "$0")/../../.venv/bin/python}
[ -x "$here/bin/python" ] || "$python" -m venv "$here"
"$here/bin/python" -m pip install -q django-ogc-sensorthings gunicorn "psycopg[binary]"
