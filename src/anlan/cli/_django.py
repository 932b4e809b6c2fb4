"""Django for commands that need the database, set up only when they run."""

from __future__ import annotations

import os

import django


def start() -> None:
    """Load settings and rooms; the embedded PostgreSQL starts if it is the one in use."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
    django.setup()
