"""引入: alerts of others become drafts on the warning desk, to be reviewed and signed like any other.

What the weather service signed with a key we know is relayed in its own name (气象灾害防御条例 art 30: only it issues such
signals; others pass them on unchanged); without that proof a weather signal stays 内部研判.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from anlan.gateways.captrust import key_of, refusal
from anlan.gateways.feeds.contract import MAX_BYTES
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError
from anlan.kernel.models import Area
from anlan.monitoring import actions, queries
from anlan.monitoring.rules.cap.model import Alert
from anlan.monitoring.rules.cap.reader import CapError, alert_elements, read_alert, root_of
from anlan.monitoring.rules.cap.taking import NotForUs, Taken, taken

log = logging.getLogger(__name__)


@dataclass
class Brought:
    """What became of the files: drafts, and what was refused as (which, why)."""

    drafts: list[Any] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """An alert that may become a draft. proven: signed by the owner of a key that we know."""

    where: str
    words: Taken
    proven: bool


def bring(by: Actor, files: Iterable[tuple[str, bytes]], event_code: str = "") -> Brought:
    """Every usable alert of the files as a draft, in one transaction; the others with their reasons."""
    done, now, wanted = Brought(), max(clock.now(), clock.real_now()), list[Wanted]()
    for name, data in files:
        wanted += read(name, data, event_code, now, done)
    fresh = without_known(wanted, done)
    places = Places(fresh)
    placed = [(one, places.of(by, one)) for one in fresh]
    done.refused += [(one.where, "范围：没有本市的区划代码，也没有图形") for one, ids in placed if ids is None]
    asked = [(one, words_of(one, ids)) for one, ids in placed if ids is not None]
    left_out: dict[int, AnlanError] = {}
    done.drafts = actions.draft_warnings(by, [words for _, words in asked], left_out)
    done.refused += [(asked[n][0].where, error.message) for n, error in left_out.items()]
    for where, why in done.refused:
        log.warning("alert refused for %s: %s: %s", by.name, where, why)
    return done


def read(name: str, data: bytes, event_code: str, now: datetime, done: Brought) -> list[Wanted]:
    """The alerts of one file that are sound, believed and not over."""
    try:
        if len(data) > MAX_BYTES:
            raise CapError(f"{len(data)} 字节，上限 {MAX_BYTES}")
        root = root_of(data)
    except CapError as error:
        done.refused.append((name, str(error)))
        return []
    elements, found = alert_elements(root), []
    if not elements:
        done.refused.append((name, "文件中没有 alert 元素"))
    for element in elements:
        alert = read_alert(element)
        where = f"{name} {alert.identifier}".strip()
        # An alert of its own is held against its signature byte by byte, as it came.
        why = refusal(alert, data if elements == [root] else element, now)
        try:
            if why:
                raise NotForUs(why)
            found.append(Wanted(where, taken(alert, now, event_code), proven(alert)))
        except NotForUs as error:
            done.refused.append((where, str(error)))
    return found


def proven(alert: Alert) -> bool:
    """`refusal` has checked the signature of whoever has a key here."""
    return key_of(alert.sender) is not None


def without_known(wanted: Sequence[Wanted], done: Brought) -> list[Wanted]:
    """Those that did not come before."""
    known = queries.drafted_as([one.words.key for one in wanted])
    fresh: dict[UUID, Wanted] = {}
    for one in wanted:
        if one.words.key in known or one.words.key in fresh:
            done.refused.append((one.where, "重复：同一报文已经引入过"))
        else:
            fresh[one.words.key] = one
    return list(fresh.values())


class Places:
    """The divisions that the alerts name, asked for once."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        codes = {short for one in wanted for code in one.words.codes for short in spellings(code)}
        self.known: dict[str, list[Area]] = {}
        for area in Area.objects.filter(code__in=codes).defer("geometry") if codes else []:
            self.known.setdefault(area.code, []).append(area)

    def of(self, by: Actor, one: Wanted) -> list[int] | None:
        """The areas of ours that it is for; [] = what its outline lies in; None = nothing of ours."""
        found = [
            area.pk
            for code in one.words.codes
            for area in next((self.known[short] for short in spellings(code) if short in self.known), [])
            if by.may("monitoring.warn_draft", area.path)
        ]
        return list(dict.fromkeys(found)) or ([] if one.words.geometry else None)


def spellings(code: str) -> list[str]:
    """150302000000 is 150302, too: the zeros behind mean the whole of it."""
    found = [code]
    for length in (12, 9, 6, 4):
        if len(code) > length and not code[length:].strip("0"):
            found.append(code[:length])
    return found + [short.ljust(length, "0") for short in found[-1:] for length in (6, 12) if len(short) < length]


def words_of(one: Wanted, area_ids: list[int]) -> actions.Words:
    said = one.words
    words: actions.Words = {
        "event_code": said.event_code, "level": said.level, "headline": said.headline, "description": said.description,
        "instruction": said.instruction, "area_ids": area_ids, "onset": said.onset, "expires": said.expires,
        "geometry": said.geometry, "correlation_id": said.key, "basis": "；".join([said.source, *said.notes]),
        "translations": said.translations, "exercise": said.exercise,
    }  # fmt: skip
    if one.proven:
        words["sender"] = said.origin[:80]
    return words
