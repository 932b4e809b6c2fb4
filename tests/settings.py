"""Settings of the test run: the product's own, with data below var/test and cheap password hashing."""

import os
import pathlib

os.environ.setdefault("ANLAN_VAR", str(pathlib.Path(__file__).resolve().parent.parent / "var" / "test"))

from anlan.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A pool keeps sessions open behind the back of the test database's end.
DATABASES["default"]["OPTIONS"].pop("pool")  # noqa: F405
