"""CAP Composer's own settings, with what it needs beside itself left out in its favour: the cache and the queue of jobs are
memory of this process, where it wants Redis; nothing takes the jobs that make pictures and PDF. `PEER_DATABASE` is a URL."""

from __future__ import annotations

import os
from typing import Any

os.environ |= {"DATABASE_URL": os.environ["PEER_DATABASE"], "CAP_COMPOSER_LOG_LEVEL": "ERROR"}

from capcomposer.config.settings.base import *  # noqa: F403 - its settings are one module

SECRET_KEY = "bench"  # noqa: S105 - minutes on one machine
ALLOWED_HOSTS = ["*"]
CELERY_BROKER_URL = "memory://"
CELERY_SINGLETON_BACKEND_CLASS = "cap_composer_site.Locks"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = os.environ["PEER_MEDIA"]


class Locks:
    """What keeps one job from being queued twice."""

    def __init__(self, *given: Any, **more: Any) -> None:
        self.known: dict[str, str] = {}

    def lock(self, lock: str, task_id: str, expiry: int | None = None) -> bool:
        del expiry
        return self.known.setdefault(lock, task_id) == task_id

    def unlock(self, lock: str) -> None:
        self.known.pop(lock, None)

    def get(self, lock: str) -> str | None:
        return self.known.get(lock)

    def clear(self, key_prefix: str) -> None:
        del key_prefix
        self.known.clear()
