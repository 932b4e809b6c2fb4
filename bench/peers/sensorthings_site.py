"""The smallest site around django-ogc-sensorthings, as its README says, for bench/sensorthings.py. Its database is the
one that PEER_DATABASE (host, port, user, name) names."""

from __future__ import annotations

import os
from uuid import UUID

HOST, PORT, USER, NAME = os.environ["PEER_DATABASE"].split(" ")
SECRET_KEY = "bench"  # noqa: S105 - minutes on one machine
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "sensorthings_urls"
USE_TZ = True
INSTALLED_APPS = [
    "sensorthings.versions.v1_1",
    "sensorthings.versions.v1_1.backends.django",
    "sensorthings.versions.v1_1.extensions.dataarray",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql", "HOST": HOST, "PORT": PORT, "USER": USER, "NAME": NAME,
        "CONN_MAX_AGE": 600,
    }
}  # fmt: skip
SENSORTHINGS_V1_1_SERVICE_URL = f"http://127.0.0.1:{os.environ['PEER_PORT']}/sensorthings"
SENSORTHINGS_V1_1_BACKEND_ADAPTER = "sensorthings.versions.v1_1.backends.django.adapter.DjangoBackendAdapter"
SENSORTHINGS_V1_1_ID_TYPE = UUID
SENSORTHINGS_V1_1_ID_DELIMITER = "'"
