"""From issued warnings to CAP alerts."""

from __future__ import annotations

import os
from datetime import datetime

from django.conf import settings
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan.gateways.alerts.cap_feed.writer import CapAlert, CapArea, Ring
from anlan.kernel import clock
from anlan.kernel.models import Area
from anlan.monitoring import published
from anlan.monitoring.published import PublicWarning

#: Suffix of the alert that ends another: CAP asks for an identifier of its own.
ENDED = ".cancel"
#: A public warning needs no finer outline, degrees (about 50 m).
SIMPLER = 0.0005


def sender() -> str:
    """CAP: unique to the sender, as a domain name is (`ANLAN_CAP_SENDER`)."""
    return os.environ.get("ANLAN_CAP_SENDER", f"anlan.{settings.CITY}")


def sender_name() -> str:
    return os.environ.get("ANLAN_CAP_SENDER_NAME", "乌海市应急管理局")


def status() -> str:
    """A warning of a drill is never `Actual`."""
    return "Exercise" if clock.scenario() else "Actual"


def current(at: datetime) -> list[CapAlert]:
    return [alert_of(warning) for warning in published.current(at)]


def by_identifier(identifier: str) -> CapAlert | None:
    warning = published.by_identifier(identifier.removesuffix(ENDED))
    if warning is None or (identifier.endswith(ENDED) and not warning.cancelled):
        return None
    return alert_of(warning, ended=identifier.endswith(ENDED))


def alert_of(warning: PublicWarning, ended: bool | None = None) -> CapAlert:
    """The alert, or (a cancelled warning) the one that ends it."""
    assert warning.issued_at is not None
    over = warning.cancelled if ended is None else ended
    references = [(sender(), *warning.replaces)] if warning.replaces else []
    kind, sent, description = ("Update" if references else "Alert"), warning.issued_at, warning.description
    if over:
        assert warning.ended_at is not None
        references = [(sender(), warning.identifier, warning.issued_at)]
        kind, sent, description = "Cancel", warning.ended_at, f"解除：{warning.reason}"
    return CapAlert(
        identifier=warning.identifier + (ENDED if over else ""), sender=sender(),
        sender_name=warning.sender or sender_name(), sent=sent,
        status=status(), message_type=kind, event=warning.event_name, event_code=warning.event_code,
        level=warning.level, headline=warning.headline, description=description, instruction=warning.instruction,
        onset=warning.onset, expires=warning.expires, areas=areas_of(warning), references=references,
    )  # fmt: skip


def areas_of(warning: PublicWarning) -> list[CapArea]:
    """The drawn outline where there is one, else the limits of the areas; sketched limits are not published."""
    drawn = rings(shape(warning.geometry)) if warning.geometry else []
    codes = [code for area in warning.areas for code in codes_of(area)]
    if drawn:
        return [CapArea("、".join(area.name for area in warning.areas), drawn, codes)]
    return [
        CapArea(area.name, rings(shape(area.geometry)) if area.geometry and not area.sketch else [], codes_of(area))
        for area in warning.areas
    ]


def codes_of(area: Area) -> list[tuple[str, str]]:
    return [(area.code_system, area.code)]


def rings(geometry: BaseGeometry) -> list[Ring]:
    simple = geometry.simplify(SIMPLER)
    parts = getattr(simple, "geoms", [simple])
    return [[(x, y) for x, y, *_ in part.exterior.coords] for part in parts if part.geom_type == "Polygon"]
