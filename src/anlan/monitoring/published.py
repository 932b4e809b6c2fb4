"""Warnings as the public may read them: nothing that was not issued, no drafts, no workflow. And as CAP alerts."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan.kernel import clock
from anlan.kernel.geo import GeoJson
from anlan.kernel.models import Area
from anlan.monitoring.models import Warning, WarningStep
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import national
from anlan.monitoring.rules.cap.compose import ENDED, Message, alert_of
from anlan.monitoring.rules.cap.compose import Area as CapArea
from anlan.monitoring.rules.cap.model import Alert, Method, Ring
from anlan.monitoring.rules.warnings import MANUAL_EXERCISE, Content, State

__all__ = [
    "ENDED",
    "PublicWarning",
    "alert",
    "alert_named",
    "alerts",
    "by_identifier",
    "cap",
    "current",
    "draft_alert",
    "national_alert",
    "version",
    "warning",
]

WHY = "an issued warning is public"
#: How long the end of a warning is still announced.
ENDED_SHOWN = timedelta(hours=24)
#: A public warning needs no finer outline, degrees (about 50 m).
SIMPLER = 0.0005
#: (identifier, when it was issued) of the alerts a warning continues, the first one first.
Chain = tuple[tuple[str, datetime], ...]


@dataclass(frozen=True)
class PublicWarning:
    """One issued warning. `ended_at` is set when it is in force no more."""

    pk: int
    identifier: str
    event_code: str
    event_name: str
    level: str
    headline: str
    description: str
    instruction: str
    onset: datetime
    expires: datetime
    issued_at: datetime | None
    ended_at: datetime | None
    cancelled: bool
    reason: str
    areas: tuple[Area, ...]
    geometry: GeoJson | None
    sender: str
    exercise: str = ""
    replaces: Chain = ()
    translations: dict[str, Any] = field(default_factory=dict)
    in_house: bool = False

    def in_force(self, at: datetime) -> bool:
        return self.ended_at is None and self.expires > at


def sender() -> str:
    """CAP: unique to the sender, as a domain name is (`ANLAN_CAP_SENDER`)."""
    return os.environ.get("ANLAN_CAP_SENDER", f"anlan.{Path(settings.CITY).name}")


def as_public(row: Warning, chain: Chain = ()) -> PublicWarning:
    return PublicWarning(
        row.pk, row.identifier, row.event_code, row.event_name, row.level, row.headline, row.description,
        row.instruction, row.onset, row.expires, row.issued_at, row.ended_at, row.state == State.CANCELLED.value,
        row.reason, tuple(sorted(row.areas.all(), key=lambda area: area.path)), row.geometry, row.sender, row.exercise,
        chain, row.translations, row.in_house,
    )  # fmt: skip


def all_public(rows: Iterable[Warning]) -> list[PublicWarning]:
    """With what each one continues; the chains of all of them are asked for at once."""
    rows = list(rows)
    chained = {row.chain for row in rows if row.references}
    links: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    if chained:
        known = (
            Warning.objects.unscoped(WHY).filter(chain__in=chained, issued_at__isnull=False).order_by("issued_at", "pk")
        )
        for chain, identifier, at in known.values_list("chain", "identifier", "issued_at"):
            if at is not None:
                links[chain].append((identifier, at))
    return [as_public(row, before(row, links[row.chain]) if row.references else ()) for row in rows]


def before(row: Warning, links: list[tuple[str, datetime]]) -> Chain:
    """The links of the chain up to the one that `row` continues."""
    names = [name for name, _ in links]
    return tuple(links[: names.index(row.references) + 1]) if row.references in names else ()


def issued() -> Any:
    return Warning.objects.unscoped(WHY).filter(issued_at__isnull=False).prefetch_related("areas")


def warning(warning_id: int) -> PublicWarning | None:
    """A warning that was issued at some time."""
    return next(iter(all_public(issued().filter(pk=warning_id))), None)


def by_identifier(identifier: str) -> PublicWarning | None:
    return next(iter(all_public(issued().filter(identifier=identifier))), None)


def current(at: datetime) -> list[PublicWarning]:
    """Warnings in force at `at`, and those cancelled within the last day, the newest first. Those of a drill only while
    it goes on."""
    drill = clock.scenario()
    shown = ["", MANUAL_EXERCISE, *([(drill.name or "情景推演")[:60]] if drill else [])]
    rows = issued().filter(exercise__in=shown).order_by("-issued_at")
    in_force = rows.filter(state=State.ISSUED.value, expires__gt=at)
    ended = rows.filter(state=State.CANCELLED.value, ended_at__gt=at - ENDED_SHOWN)
    return all_public([*in_force, *ended])


def version() -> str:
    """Changes with every step of any warning and with the drill; one small query. (The number of steps, too: a step may
    be numbered before another and be committed after it.)"""
    seen = WarningStep.objects.unscoped(WHY).aggregate(last=Max("pk"), count=Count("pk"))
    drill = clock.scenario()
    return f"{seen['last'] or 0}-{seen['count']}-{drill.name if drill else ''}"


def alerts(at: datetime) -> list[Alert]:
    """What `current` holds, as CAP: a cancelled one as its Cancel."""
    return [cap(one) for one in current(at)]


def alert(identifier: str) -> Alert | None:
    """One alert by its CAP identifier; `<identifier>.cancel` is the end of a cancelled one."""
    return alert_named(identifier, by_identifier(identifier.removesuffix(ENDED)))


def alert_named(identifier: str, found: PublicWarning | None) -> Alert | None:
    """What that name means of the warning it is about: the alert, or its end."""
    if found is None or (identifier.endswith(ENDED) and not found.cancelled):
        return None
    return cap(found, ended=identifier.endswith(ENDED))


def cap(found: PublicWarning, ended: bool | None = None, sent: datetime | None = None, status: str = "") -> Alert:
    """The alert, or (of a cancelled warning) the one that ends it."""
    over = found.cancelled if ended is None else ended
    at = sent or found.issued_at
    assert at is not None
    chain = [*found.replaces, *([(found.identifier, at)] if over else [])]
    return alert_of(
        Message(
            identifier=found.identifier + (ENDED if over else ""),
            sender=sender(),
            sent=found.ended_at or at if over else at,
            content=content(found),
            areas=areas_of(found),
            status=status or ("Exercise" if found.exercise else "Actual"),
            kind="Cancel" if over else "Update" if chain else "Alert",
            references=[(sender(), identifier, moment) for identifier, moment in chain],
            translations=found.translations,
            reason=found.reason,
        )
    )


def draft_alert(row: Warning) -> Alert:
    """The alert that the warning is, or would be."""
    found = all_public([row])[0]
    alert = cap(found, sent=row.issued_at or row.drafted_at, status="" if row.issued_at or row.exercise else "Draft")
    if row.in_house:
        alert.scope, alert.restriction = "Restricted", "内部研判，不对公众发布"
    return alert


def national_alert(row: Warning) -> Alert:
    """The warning as a message for the national platform (12379). The sender's code is the area's division code with the
    organisation type `ANLAN_12379_ORGANISATION` (GB/T 4657, three digits, 待核对 for each installation)."""
    alert, found = draft_alert(row), all_public([row])[0]
    code = national.sender_code(row.area.code, os.environ.get("ANLAN_12379_ORGANISATION", "000"))
    first = found.replaces[0][1] if found.replaces else row.issued_at
    words = rules.previews(content(found))
    means = [Method("SMS", words["短信"]), Method("SPEAKER", words["大喇叭"]), Method("WEB", row.description)]
    return national.from_cap(alert, code, (code, first) if first else None, means)


def content(found: PublicWarning) -> Content:
    return Content(
        found.event_code, found.level, found.headline, found.description, found.instruction,
        [area.name for area in found.areas], found.onset, found.expires, found.sender, found.issued_at,
        relayed=not found.in_house,
    )  # fmt: skip


def areas_of(found: PublicWarning) -> list[CapArea]:
    """The drawn outline where there is one, else the limits of the areas; sketched limits are not published."""
    drawn = rings(shape(found.geometry)) if found.geometry else []
    if drawn:
        codes = [(area.code_system, area.code) for area in found.areas]
        return [CapArea("、".join(area.name for area in found.areas), codes, drawn)]
    return [
        CapArea(
            area.name,
            [(area.code_system, area.code)],
            rings(shape(area.geometry)) if area.geometry and not area.sketch else [],
        )
        for area in found.areas
    ]


def rings(geometry: BaseGeometry) -> list[Ring]:
    simple = geometry.simplify(SIMPLER)
    parts = getattr(simple, "geoms", [simple])
    return [[(x, y) for x, y, *_ in part.exterior.coords] for part in parts if part.geom_type == "Polygon"]
