"""Warnings as the public may read them: nothing that was not issued, no drafts, no workflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from anlan.kernel.geo import GeoJson
from anlan.kernel.models import Area
from anlan.monitoring.models import Warning
from anlan.monitoring.rules.warnings import State

WHY = "an issued warning is public"
#: How long the end of a warning is still announced.
ENDED_SHOWN = timedelta(hours=24)


@dataclass(frozen=True)
class PublicWarning:
    """One issued warning. `ended_at` is set when it was cancelled or has expired; `replaces`: (identifier, issued_at)."""

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
    replaces: tuple[str, datetime] | None = None


def as_public(row: Warning) -> PublicWarning:
    before = None
    if row.references:
        known = Warning.objects.unscoped(WHY).filter(identifier=row.references, issued_at__isnull=False).first()
        before = (known.identifier, known.issued_at) if known and known.issued_at else None
    return PublicWarning(
        row.pk, row.identifier, row.event_code, row.event_name, row.level, row.headline, row.description,
        row.instruction, row.onset, row.expires, row.issued_at, row.ended_at,
        row.state == State.CANCELLED.value, row.reason, tuple(row.areas.order_by("path")), row.geometry, row.sender, before,
    )  # fmt: skip


def warning(warning_id: int) -> PublicWarning | None:
    """A warning that was issued at some time."""
    row = Warning.objects.unscoped(WHY).filter(pk=warning_id, issued_at__isnull=False).first()
    return as_public(row) if row else None


def by_identifier(identifier: str) -> PublicWarning | None:
    row = Warning.objects.unscoped(WHY).filter(identifier=identifier, issued_at__isnull=False).first()
    return as_public(row) if row else None


def current(at: datetime) -> list[PublicWarning]:
    """Warnings in force at `at`, and those cancelled within the last day, the newest first."""
    rows = (
        Warning.objects.unscoped(WHY).filter(issued_at__isnull=False).order_by("-issued_at").prefetch_related("areas")
    )
    in_force = rows.filter(state=State.ISSUED.value, expires__gt=at)
    ended = rows.filter(state=State.CANCELLED.value, ended_at__gt=at - ENDED_SHOWN)
    return [as_public(row) for row in [*in_force, *ended]]
