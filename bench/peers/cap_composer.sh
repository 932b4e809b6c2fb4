#!/bin/sh
# CAP Composer of the WMO in a place of its own: var/peers/cap-composer. It is built on PostGIS and GDAL, which packages of
# Python alone do not bring: on Debian `apt-get install --no-install-recommends postgresql-15-postgis-3 libgdal32` does.
set -eu
here="$(cd "$(dirname "$0")/../.." && pwd)"
PATH="$here/.uv/bin:$PATH"
ldconfig -p | grep -q libgdal || { echo "no libgdal: apt-get install libgdal32" >&2; exit 1; }
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null || { echo "no PostGIS for a PostgreSQL of the system" >&2; exit 1; }
mkdir -p "$here/var/peers"
[ -x "$here/var/peers/cap-composer/bin/python" ] || uv venv -q --python 3.11 "$here/var/peers/cap-composer"
uv pip install -q --python "$here/var/peers/cap-composer/bin/python" cap-composer==1.3.6 wagtail==7.3.1 celery==5.5.3 \
  celery-singleton==0.3.1 channels==4.3.1 dj-database-url==3.0.1 django==5.2.12 django-axes==8.0.0 django-celery-beat==2.8.1 \
  django-countries django-dbbackup==5.0.0 django-deep-translator==1.5.2 django-environ==0.12.0 django-redis==6.0.0 fiona \
  psycopg2-binary wagtail-2fa-v6==1.0.7 wagtail-modeladmin==2.2.0 opentelemetry-sdk==1.40.0 opentelemetry-exporter-otlp==1.40.0 \
  opentelemetry-instrumentation-asgi==0.61b0 opentelemetry-instrumentation-celery==0.61b0 opentelemetry-instrumentation-django==0.61b0 \
  opentelemetry-instrumentation-logging==0.61b0 opentelemetry-instrumentation-psycopg2==0.61b0 opentelemetry-instrumentation-redis==0.61b0 \
  opentelemetry-instrumentation-requests==0.61b0 opentelemetry-instrumentation-wsgi==0.61b0
