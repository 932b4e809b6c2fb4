"""The API of monitoring: alarms, values, warnings, hazard events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid, NotFound
from anlan.monitoring import actions, queries
from anlan.monitoring.models import Alarm, Warning

router = Router(tags=["监测预警"])
VIEW = "monitoring.view"


class AlarmOut(Schema):
    """One alarm; times are ISO 8601 with zone, `value` in `unit`."""

    id: int
    title: str
    priority: int
    state: str
    active: bool
    band: str
    value: float | None
    unit: str
    subject: str
    rule_id: int
    rule_kind: str
    rule_version: int
    station_id: int | None
    datastream_id: int | None
    area_id: int
    lon: float
    lat: float
    started_at: datetime
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    shelved_until: datetime | None
    retro: bool
    explanation: dict[str, Any]
    correlation_id: str

    @staticmethod
    def resolve_rule_kind(row: Alarm) -> str:
        return row.rule.kind

    @staticmethod
    def resolve_correlation_id(row: Alarm) -> str:
        return str(row.correlation_id)


class Reason(Schema):
    """Why (`note` says the same when acknowledging); `minutes` only for shelving."""

    reason: str = ""
    note: str = ""
    minutes: int = Field(60, description="搁置时长，分钟")


class LatestOut(Schema):
    datastream_id: int
    code: str
    station_id: int
    name: str
    value: float | None
    unit: str
    quality: int
    at: datetime


class SampleOut(Schema):
    at: datetime
    value: float | None
    quality: int
    revision: int


class WarningIn(Schema):
    """What a drafter gives; 突发事件应对法 art 64."""

    event_code: str
    level: str
    headline: str
    description: str
    instruction: str
    area_ids: list[int]
    onset: datetime
    expires: datetime
    geometry: dict[str, Any] | None = None
    basis: str = ""
    correlation_id: UUID | None = None
    translations: dict[str, dict[str, str]] = {}
    exercise: bool = False
    submit: bool = True


class WarningsIn(Schema):
    """Several drafts at once: all of them or none."""

    drafts: list[WarningIn] = Field(..., min_length=1, max_length=1000)


class Several(Schema):
    """Warnings that take one step together: all of them or none."""

    ids: list[int] = Field(..., min_length=1, max_length=1000)


class SeveralReviewed(Several):
    approve: bool
    reason: str = ""


class Redraft(Schema):
    """What may be changed of a draft, and why."""

    headline: str
    description: str
    instruction: str
    expires: datetime
    reason: str = ""
    translations: dict[str, dict[str, str]] | None = None


class Continuation(Schema):
    """续发: what is different now; what is not given stays."""

    level: str
    expires: datetime
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    area_ids: list[int] | None = None
    geometry: dict[str, Any] | None = None


class WarningOut(Schema):
    id: int
    identifier: str
    event_code: str
    event_name: str
    level: str
    headline: str
    description: str
    instruction: str
    state: str
    in_house: bool
    area_ids: list[int]
    onset: datetime
    expires: datetime
    sender: str
    drafted_by: str
    reviewed_by: str
    issued_by: str
    issued_at: datetime | None
    exercise: str
    references: str
    fast: bool
    review_due_at: datetime | None
    correlation_id: str

    @staticmethod
    def resolve_area_ids(row: Warning) -> list[int]:
        return [area.pk for area in row.areas.all()]

    @staticmethod
    def resolve_correlation_id(row: Warning) -> str:
        return str(row.correlation_id)


class Review(Schema):
    approve: bool
    reason: str = ""


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


@router.get("/alarms", response=list[AlarmOut])
def alarms(request: HttpRequest, all: bool = False, limit: int = 200) -> Any:
    """Open alarms by priority; `all=true` gives past ones too, newest first."""
    rows = queries.alarms(actor_of(request)).order_by("-raised_at") if all else queries.open_alarms(actor_of(request))
    return rows[: max(1, min(limit, 2000))]


@router.get("/alarms/{alarm_id}", response=AlarmOut)
def alarm(request: HttpRequest, alarm_id: int) -> Any:
    return queries.alarm(actor_of(request), alarm_id)


@router.post("/alarms/{alarm_id}/{verb}", response=AlarmOut)
def handle_alarm(request: HttpRequest, alarm_id: int, verb: str, given: Reason) -> Any:
    """acknowledge, shelve, unshelve, suppress, unsuppress, take-out-of-service, return-to-service, reset."""
    by = actor_of(request)
    if verb == "shelve":
        return actions.shelve_alarm(by, alarm_id, given.minutes, given.reason)
    verbs: dict[str, Callable[..., Alarm]] = {
        "acknowledge": actions.acknowledge_alarm, "unshelve": actions.unshelve_alarm,
        "suppress": actions.suppress_alarm, "unsuppress": actions.unsuppress_alarm,
        "take-out-of-service": actions.take_out_of_service, "return-to-service": actions.return_to_service,
        "reset": actions.reset_alarm,
    }  # fmt: skip
    if verb not in verbs:
        raise NotFound(f"告警没有“{verb}”这个动作，可用：shelve、{'、'.join(verbs)}")
    return verbs[verb](by, alarm_id, given.reason or given.note)


@router.get("/latest", response=list[LatestOut])
def latest(request: HttpRequest, station_id: int | None = None) -> Any:
    """The newest value of every datastream (of one station)."""
    return [
        {
            "datastream_id": row.datastream.pk, "code": row.datastream.code, "station_id": row.datastream.station_id,
            "name": row.datastream.name, "value": row.value, "unit": row.datastream.unit, "quality": row.quality,
            "at": row.at,
        }
        for row in queries.latest(actor_of(request), None if station_id is None else [station_id])
    ]  # fmt: skip


@router.get("/datastreams/{datastream_id}/series", response=list[SampleOut])
def series(request: HttpRequest, datastream_id: int, start: datetime | None = None, end: datetime | None = None) -> Any:
    """Readings in [start, end], by default the last 24 hours."""
    end = aware("end", end) or clock.now()
    start = aware("start", start) or end - timedelta(days=1)
    # Thousands of points: told as `SampleOut` says, without a check of each of them.
    rows = queries.series(actor_of(request), datastream_id, start, end)
    told = [{"at": row.at, "value": row.value, "quality": row.quality, "revision": row.revision} for row in rows]
    return HttpResponse(orjson.dumps(told, option=orjson.OPT_UTC_Z), "application/json")


def aware(field: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid(field, moment.isoformat(), "带时区的时间，如 2026-11-23T08:00:00+08:00")
    return moment


@router.get("/warnings", response=list[WarningOut])
def warnings(request: HttpRequest, active: bool = False, limit: int = 200) -> Any:
    by = actor_of(request)
    rows = queries.active_warnings(by) if active else queries.warnings(by)
    return rows[: max(1, min(limit, 2000))]


@router.post("/warnings", response={201: WarningOut})
def draft(request: HttpRequest, given: WarningIn) -> Any:
    aware("onset", given.onset), aware("expires", given.expires)
    return Status(201, actions.draft_warning(actor_of(request), **given.dict()))


@router.post("/warnings/draft-many", response={201: list[WarningOut]})
def draft_many(request: HttpRequest, given: WarningsIn) -> Any:
    """拟稿 of several, all of them or none."""
    for one in given.drafts:
        aware("onset", one.onset), aware("expires", one.expires)
    rows = actions.draft_warnings(actor_of(request), [cast(actions.Words, one.dict()) for one in given.drafts])
    return Status(201, with_areas(rows))


@router.post("/warnings/review-many", response=list[WarningOut])
def review_many(request: HttpRequest, given: SeveralReviewed) -> Any:
    """审核 of several with one word, all of them or none."""
    return with_areas(actions.review_warnings(actor_of(request), given.ids, given.approve, given.reason))


@router.post("/warnings/issue-many", response=list[WarningOut])
def issue_many(request: HttpRequest, given: Several) -> Any:
    """签发 of several with one signature: all of them go out, or none."""
    return with_areas(actions.issue_warnings(actor_of(request), given.ids))


def with_areas(rows: list[Warning]) -> list[Warning]:
    """The areas of all of them asked for at once."""
    prefetch_related_objects(rows, "areas")
    return rows


@router.get("/warnings/{warning_id}", response=WarningOut)
def warning(request: HttpRequest, warning_id: int) -> Any:
    return queries.warning(actor_of(request), warning_id)


@router.post("/warnings/{warning_id}/review", response=WarningOut)
def review(request: HttpRequest, warning_id: int, given: Review) -> Any:
    return actions.review_warning(actor_of(request), warning_id, given.approve, given.reason)


@router.post("/warnings/{warning_id}/submit", response=WarningOut)
def submit(request: HttpRequest, warning_id: int) -> Any:
    return actions.submit_warning(actor_of(request), warning_id)


@router.post("/warnings/{warning_id}/redraft", response=WarningOut)
def redraft(request: HttpRequest, warning_id: int, given: Redraft) -> Any:
    aware("expires", given.expires)
    return actions.redraft_warning(actor_of(request), warning_id, **given.dict())


@router.post("/warnings/{warning_id}/continue", response={201: WarningOut})
def continue_(request: HttpRequest, warning_id: int, given: Continuation) -> Any:
    aware("expires", given.expires)
    words = given.dict(exclude_none=True, exclude={"level", "expires"})
    made = actions.continue_warning(
        actor_of(request), warning_id, level=given.level, expires=given.expires, words=words
    )
    return Status(201, made)


@router.post("/warnings/{warning_id}/issue", response=WarningOut)
def issue(request: HttpRequest, warning_id: int) -> Any:
    return actions.issue_warning(actor_of(request), warning_id)


@router.post("/warnings/{warning_id}/issue-fast", response=WarningOut)
def issue_fast(request: HttpRequest, warning_id: int, given: Reason) -> Any:
    """红、橙 without review, with the reason; a review is owed afterwards."""
    return actions.issue_fast(actor_of(request), warning_id, given.reason)


@router.post("/warnings/{warning_id}/confirm", response=WarningOut)
def confirm(request: HttpRequest, warning_id: int, given: Review) -> Any:
    """The review owed of what was issued fast."""
    return actions.confirm_warning(actor_of(request), warning_id, given.approve, given.reason)


@router.post("/warnings/{warning_id}/cancel", response=WarningOut)
def cancel(request: HttpRequest, warning_id: int, given: Reason) -> Any:
    return actions.cancel_warning(actor_of(request), warning_id, given.reason)


@router.get("/hazard-events")
def hazard_events(request: HttpRequest, kind: str = "", limit: int = 200) -> list[dict[str, Any]]:
    """Hazard events of feeds, newest first."""
    rows = queries.hazard_events(actor_of(request))
    rows = rows.filter(kind=kind) if kind else rows
    names = (
        "id",
        "correlation_id",
        "kind",
        "natural_key",
        "title",
        "at",
        "lon",
        "lat",
        "magnitude",
        "source",
        "revision",
        "properties",
    )
    return [dict(row) for row in rows.values(*names)[: max(1, min(limit, 2000))]]
