"""封存: the head of the journal as it stood, kept beside the database, one line a day.

Who can write to the database can cut off the newest rows and put the head back. The seals lie in a file of the
installation (`var/journal-seals.jsonl`), each with an HMAC-SHA-256 (RFC 2104) by a key derived from the installation's
secret. Whoever has the whole machine can make them anew; a copy of the file elsewhere proves against that, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from anlan.kernel.audit.models import JournalEntry

FILE = "journal-seals.jsonl"
EVERY = timedelta(days=1)
SALT = "anlan.kernel.audit.seals"


@dataclass(frozen=True)
class Seal:
    """Row `seq` had `hash` at the time `at`."""

    seq: int
    hash: str
    at: str
    hmac: str = ""

    def signature(self) -> str:
        return str(salted_hmac(SALT, f"{self.seq}\n{self.hash}\n{self.at}", algorithm="sha256").hexdigest())

    @property
    def genuine(self) -> bool:
        return bool(constant_time_compare(self.hmac, self.signature()))


def file() -> Path:
    return Path(settings.VAR) / FILE


def kept() -> Iterator[Seal | None]:
    """All seals, oldest first; None for a line that is no seal of ours."""
    if not file().exists():
        return
    for line in file().read_text(encoding="utf-8").splitlines():
        try:
            seal = Seal(**json.loads(line))
            yield seal if seal.genuine else None
        except (ValueError, TypeError):
            yield None


def seal(now: datetime) -> Seal | None:
    """Seal the newest row; None when there is none, or the last seal is younger than a day."""
    last = [one for one in kept() if one is not None]
    if last and now - datetime.fromisoformat(last[-1].at) < EVERY:
        return None
    newest = JournalEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    if newest is None:
        return None
    made = Seal(*newest, now.isoformat())
    made = Seal(made.seq, made.hash, made.at, made.signature())
    with file().open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(made)) + "\n")
    file().chmod(0o600)
    return made
