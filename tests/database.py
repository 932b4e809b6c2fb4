"""The database of a test process: a copy of one that was migrated once.

Migrating an empty database takes half a minute of a processor and every test process needs one of its own. So the first
migrates, the others and later runs copy. The copy is named after what made it: a change of a migration or a model makes a new one.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection

import anlan

PREFIX = "test_template_"
#: Two processes do not make the same template at once. Any number that nobody else locks.
LOCK = 7_243_901


def template_name() -> str:
    """Named by the content of all migrations and models."""
    made_by = blake2b(django.get_version().encode(), digest_size=8)
    for file in sorted(Path(anlan.__file__).parent.rglob("*.py")):
        if file.name == "models.py" or file.parent.name in ("models", "migrations"):
            made_by.update(file.name.encode() + file.read_bytes())
    return PREFIX + made_by.hexdigest()


def create() -> None:
    """Make the test database of this process and connect to it; migrate only when nobody has."""
    creation: Any = connection.creation
    template, name = template_name(), creation._get_test_db_name()
    with creation._nodb_cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [LOCK])
        try:
            cursor.execute("select datname from pg_database where starts_with(datname, %s)", [PREFIX])
            there = {row[0] for row in cursor.fetchall()}
            if template in there:
                cursor.execute(f'drop database if exists "{name}" with (force)')
                cursor.execute(f'create database "{name}" template "{template}"')
                connect(name)
                return
            creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            with connection.cursor() as inside:
                # Tests that commit are cleaned up by TRUNCATE, which the journal otherwise refuses.
                inside.execute("drop trigger if exists journal_no_truncate on kernel_journalentry")
            connection.close()
            for old in there:
                cursor.execute(f'drop database if exists "{old}" with (force)')
            cursor.execute(f'create database "{template}" template "{name}"')
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def connect(name: str) -> None:
    """As Django's own `create_test_db` leaves it."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
