"""Files waiting for their import to be confirmed: kept an hour below ANLAN_VAR, named by a signed token."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core import signing

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound

KEPT_S = 3600
SALT = "anlan.register.uploads"


@dataclass(frozen=True)
class Upload:
    """A file somebody sent, and the token by which only they get back to it."""

    token: str
    name: str
    content: bytes


def folder() -> Path:
    found: Path = settings.VAR / "uploads"
    found.mkdir(parents=True, exist_ok=True)
    return found


def keep(by: Actor, name: str, content: bytes) -> Upload:
    for old in folder().iterdir():
        if time.time() - old.stat().st_mtime > KEPT_S:
            old.unlink(missing_ok=True)
    file = secrets.token_hex(16)
    (folder() / file).write_bytes(content)
    token = signing.dumps({"user": by.user_id, "file": file, "name": name}, salt=SALT)
    return Upload(token, name, content)


def fetch(by: Actor, token: str) -> Upload:
    """The file of this token; only for the one who sent it, only within the hour."""
    try:
        said = signing.loads(token, salt=SALT, max_age=KEPT_S)
        if said["user"] != by.user_id:
            raise NotFound("这份上传文件不是您的")
        return Upload(token, said["name"], (folder() / said["file"]).read_bytes())
    except (signing.BadSignature, FileNotFoundError):
        raise NotFound("上传的文件已过期，请重新上传") from None
