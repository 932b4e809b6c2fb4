#!/bin/sh
# The environment of the earthquake peer, apart from the project's: var/peers/openquake. The engine's own list of
# requirements asks for GDAL's headers, which the hazard library does not use: it is installed without it.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/openquake/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/openquake"
python="$here/var/peers/openquake/bin/python"
uv pip install -q --python "$python" --no-deps openquake-engine==3.26.2
uv pip install -q --python "$python" numpy scipy pandas h5py "django<5" psutil requests pyzmq h3 decorator pillow toml \
  "numba~=0.61.2" alpha_shapes "docutils~=0.19.0" django_cors_headers "pyproj~=3.7.2" geopandas fiona shapely setuptools
