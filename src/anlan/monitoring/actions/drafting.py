"""A warning's beginning: what is drafted, for whom, inside which limits. One or many at once, by the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID, uuid4

from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan import sandbox
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import Done, action, record_all
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.audit.journal import along
from anlan.kernel.errors import AnlanError, Invalid
from anlan.kernel.geo import GeoJson, as_geojson, parse
from anlan.kernel.models import Organisation
from anlan.monitoring.events import WarningDrafted
from anlan.monitoring.models import Warning, WarningStep
from anlan.monitoring.rules import polygons
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.warnings import DRAFT, State


class Words(TypedDict):
    """Everything article 64 demands, and where it comes from. What is drafted while a scenario sets the clock, or as an
    exercise, is one for ever. snap: the outline is widened to the limits of the divisions in it; without areas, those that it
    lies in are meant. sender: whose words they are, where they are relayed; only who has checked that may say so."""

    event_code: str
    level: str
    headline: str
    description: str
    instruction: str
    area_ids: list[int]
    onset: datetime
    expires: datetime
    geometry: NotRequired[GeoJson | None]
    correlation_id: NotRequired[UUID | None]
    basis: NotRequired[str]
    translations: NotRequired[dict[str, dict[str, str]] | None]
    exercise: NotRequired[bool]
    submit: NotRequired[bool]
    snap: NotRequired[bool]
    sender: NotRequired[str]


def draft_warning(by: Actor, **words: Unpack[Words]) -> Warning:
    """拟稿."""
    return draft_warnings(by, [words])[0]


@action(DRAFT)
def draft_warnings(by: Actor, drafts: Sequence[Words], left_out: dict[int, AnlanError] | None = None) -> list[Warning]:
    """拟稿 of many, all of them or none; where `left_out` is given, those that cannot be drafted are told there by their
    place in the row, and the others are. What stands in the registers is asked for once."""
    desk = Desk(by, drafts)
    begun = []
    for n, words in enumerate(drafts):
        try:
            begun.append(desk.begin(words))
        except AnlanError as error:
            if left_out is None:
                raise
            left_out[n] = error
    rows = Warning.objects.bulk_create([row for row, _ in begun], batch_size=500)
    link = Warning.areas.through
    link.objects.bulk_create([link(warning=row, area=area) for row, areas in begun for area in areas], batch_size=5000)
    along([step_of(by, row, "拟稿") for row in rows])
    facts = [WarningDrafted(row.pk, row.level, row.headline) for row in rows]
    done = [Done(row, [fact], correlation_id=row.correlation_id) for row, fact in zip(rows, facts, strict=True)]
    record_all(by, "拟写预警", done)
    return rows


class Desk:
    """What one drafter needs to know of the registers, asked for once for all the drafts."""

    def __init__(self, by: Actor, drafts: Sequence[Words]) -> None:
        self.by, self.now, self.senders = by, clock.now(), dict[str, str]()
        wanted = {pk for words in drafts for pk in words["area_ids"]}
        self.known = {area.pk: area for area in Area.objects.filter(pk__in=wanted)}

    @cached_property
    def scope(self) -> BaseGeometry | None:
        """Where the drafter answers for, as far as limits are known."""
        mine = Area.objects.filter(geometry__isnull=False, sketch=False, level__lte=Level.DISTRICT)
        return polygons.union(shape(area.geometry or {}) for area in mine if self.by.may(DRAFT, area.path))

    @cached_property
    def outlines(self) -> dict[Area, BaseGeometry]:
        return {area: shape(area.geometry or {}) for area in finest(self.by)}

    def begin(self, words: Words) -> tuple[Warning, list[Area]]:
        """The row, not yet kept, and the areas it is for."""
        check(words["event_code"], words["level"], words["onset"], words["expires"])
        geometry, areas, notes = self.placed(words)
        owner, drill = common_area(areas), exercise_name(words.get("exercise", False))
        identifier = f"{owner.code}-{self.now:%Y%m%d%H%M%S}-{uuid4().hex[:6]}"
        row = Warning(
            identifier=identifier,
            chain=identifier,
            event_code=words["event_code"],
            event_name=rules.event_name(words["event_code"])[:40],
            level=words["level"],
            headline=rules.marked(need("headline", "标题", words["headline"]), bool(drill))[:160],
            description=need("description", "内容", words["description"]),
            instruction=need("instruction", "防范措施", words["instruction"]),
            basis="；".join(part for part in [words.get("basis", ""), *notes] if part)[:300],
            geometry=geometry,
            onset=words["onset"],
            expires=words["expires"],
            sender=words.get("sender") or self.sender(owner),
            in_house=rules.is_internal(words["event_code"]) and not words.get("sender"),
            exercise=drill,
            translations=words.get("translations") or {},
            state=(State.DRAFT if words.get("submit", True) else State.EDITING).value,
            drafted_at=self.now,
            drafted_by=self.by.name,
            drafter_id=self.by.user_id,
            authors=[self.by.user_id],
            area=owner,
            correlation_id=words.get("correlation_id") or uuid4(),
        )
        return row, areas

    def placed(self, words: Words) -> tuple[GeoJson | None, list[Area], list[str]]:
        """(outline that may be published, areas, what was done to the outline)."""
        geometry, area_ids = words.get("geometry"), words["area_ids"]
        notes: list[str] = []
        if geometry is not None and (words.get("snap") or not area_ids):
            found = self.survey(geometry)
            geometry = found.snapped if words.get("snap") else geometry
            self.known |= {area.pk: area for area in found.areas}
            area_ids = area_ids or [area.pk for area in found.areas]
        areas = sorted((self.known[pk] for pk in set(area_ids) & self.known.keys()), key=lambda area: area.path)
        if not areas or len(areas) != len(set(area_ids)):
            raise Invalid("area_ids", area_ids, "至少一个已登记的区划", label="影响区域")
        for area in areas:
            self.by.require(DRAFT, area)
        if geometry is not None:
            geometry, notes = self.legal(geometry)
        return geometry, areas, notes

    def legal(self, geometry: GeoJson) -> tuple[GeoJson, list[str]]:
        """(outline that may be published, what was done to it), inside what the drafter answers for."""
        try:
            made, done = polygons.legal(parse(geometry), self.scope)
        except polygons.ShapeError as error:
            wrong = Invalid("geometry", geometry.get("type", ""), str(error), label="影响范围")
            wrong.message = (
                f"影响范围：{str(error).removeprefix('影响范围')}"  # the outline itself tells nobody anything
            )
            raise wrong from error
        return as_geojson(made), done

    def survey(self, geometry: GeoJson) -> Survey:
        """Raises `Invalid` for what may not be published."""
        made, notes = self.legal(geometry)
        drawn = shape(made)
        chosen = polygons.snapped(drawn, ((area.pk, outline) for area, outline in self.outlines.items()))
        inside = [area for area in self.outlines if area.pk in chosen]
        areas = inside or [area for area, outline in self.outlines.items() if outline.intersects(drawn)]
        wide = polygons.union([drawn, *(self.outlines[area] for area in inside)])
        return Survey(made, notes, areas, as_geojson(polygons.legal(wide)[0]) if wide is not None else made)

    def sender(self, area: Area) -> str:
        if area.path not in self.senders:
            self.senders[area.path] = sender_of(area)
        return self.senders[area.path]


@dataclass(frozen=True)
class Survey:
    """What a drawn outline is: as it may be published, what was done to it, the divisions it is about, and the outline
    widened to their limits."""

    legal: GeoJson
    notes: list[str]
    areas: list[Area]
    snapped: GeoJson


def survey(by: Actor, geometry: GeoJson) -> Survey:
    """Raises `Invalid` for what may not be published."""
    return Desk(by, []).survey(geometry)


def finest(by: Actor) -> list[Area]:
    """The smallest divisions with known limits that the drafter answers for, none inside another."""
    rows = Area.objects.filter(geometry__isnull=False, sketch=False, level__lte=Level.COMMUNITY).order_by("path")
    mine = [area for area in rows if by.may(DRAFT, area.path)]
    parents = {area.path[: n + 1] for area in mine for n, letter in enumerate(area.path[:-1]) if letter == "/" and n}
    return [area for area in mine if area.path not in parents]


def common_area(areas: list[Area]) -> Area:
    """The area that owns the warning: the deepest one that contains all that are affected."""
    first, *others = areas
    path = first.path
    while not all(other.path.startswith(path) for other in others):
        path = path.rstrip("/").rsplit("/", 1)[0] + "/"
    return Area.objects.get(path=path) if path not in ("/", first.path) else first


def sender_of(area: Area) -> str:
    """Who issues: the emergency bureau of the area or of one above it."""
    paths = [area.path[: at + 1] for at, letter in enumerate(area.path) if letter == "/" and at]
    bureaus = Organisation.objects.unscoped("the sender is public").filter(area__path__in=paths, name__contains="应急")
    found = bureaus.order_by("-area__level", "code").first()
    return found.name if found else f"{area.name}应急管理局"


def need(field: str, label: str, value: str) -> str:
    if not value.strip():
        raise Invalid(field, value, "不能为空", label=label)
    return value.strip()


def check(event_code: str, level: str, onset: datetime, expires: datetime) -> None:
    if not rules.is_code(event_code):
        raise Invalid("event_code", event_code, "五位事件类型码，如 12D02", label="事件类型码")
    if level not in rules.COLOURS:
        raise Invalid("level", level, "红、橙、黄、蓝", label="级别")
    if expires <= onset:
        raise Invalid("expires", expires.isoformat(), f"晚于起始时间 {onset.isoformat()}", label="截止时间")


def exercise_name(asked: bool) -> str:
    """Which drill this belongs to; "" for the real thing."""
    scenario = clock.scenario()
    if sandbox.name():
        return f"沙盒 {sandbox.name()}"
    return (scenario.name or "情景推演")[:60] if scenario else rules.MANUAL_EXERCISE if asked else ""


def step_of(
    by: Actor, warning: Warning, verb: str, before: str = "", reason: str = "", changes: dict[str, Any] | None = None
) -> WarningStep:
    """A line of the warning's own history."""
    return WarningStep(
        warning=warning, at=clock.now(), verb=verb, by=by.name, by_id=by.user_id, before=before, after=warning.state,
        reason=reason[:200], changes=changes or {},
    )  # fmt: skip
