"""REST of the monitoring room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound
from anlan.monitoring import actions, queries
from anlan.monitoring.models import Alarm, HazardEvent, Warning

router = Router(tags=["monitoring 监测预警"])


class NoteIn(Schema):
    note: str = ""


class ReasonIn(Schema):
    reason: str = ""


class ShelveIn(Schema):
    minutes: int
    reason: str


class WarningIn(Schema):
    """What 突发事件应对法 art 64 asks of a warning."""

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


class ReviewIn(Schema):
    approve: bool
    reason: str = ""


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def alarm_out(row: Alarm) -> dict[str, Any]:
    names = "id title priority state value unit lon lat started_at raised_at recorded_at cleared_at acknowledged_at"
    more = "acknowledged_by shelved_until reason active explanation correlation_id station_id datastream_id rule_id area_id"
    return {name: getattr(row, name) for name in f"{names} {more}".split()}


def warning_out(row: Warning) -> dict[str, Any]:
    names = "id identifier event_code event_name level headline description instruction onset expires state basis"
    more = "drafted_by reviewed_by issued_by issued_at reason correlation_id"
    return {name: getattr(row, name) for name in f"{names} {more}".split()}


@router.get("/alarms", summary="未处理完的告警")
def alarms(request: HttpRequest) -> list[dict[str, Any]]:
    return [alarm_out(row) for row in queries.open_alarms(who(request))]


@router.get("/alarms/{pk}", summary="一条告警")
def alarm(request: HttpRequest, pk: int) -> dict[str, Any]:
    return alarm_out(Alarm.objects.visible_to(who(request)).one(pk))


@router.post("/alarms/{pk}/acknowledge", summary="确认告警")
def acknowledge(request: HttpRequest, pk: int, data: NoteIn) -> dict[str, Any]:
    return alarm_out(actions.acknowledge_alarm(who(request), pk, data.note))


@router.post("/alarms/{pk}/shelve", summary="搁置告警")
def shelve(request: HttpRequest, pk: int, data: ShelveIn) -> dict[str, Any]:
    return alarm_out(actions.shelve_alarm(who(request), pk, data.minutes, data.reason))


VERBS: dict[str, Any] = {
    "reset": actions.reset_alarm,
    "unshelve": actions.unshelve_alarm,
    "suppress": actions.suppress_alarm,
    "unsuppress": actions.unsuppress_alarm,
    "take-out-of-service": actions.take_out_of_service,
    "return-to-service": actions.return_to_service,
}


@router.post("/alarms/{pk}/{verb}", summary="复位、抑制、停用等")
def other_verb(request: HttpRequest, pk: int, verb: str, data: ReasonIn) -> dict[str, Any]:
    if verb not in VERBS:
        raise NotFound(f"没有动作 {verb}；可用：{'、'.join(VERBS)}")
    return alarm_out(VERBS[verb](who(request), pk, data.reason))


@router.get("/warnings", summary="预警")
def warnings(request: HttpRequest) -> list[dict[str, Any]]:
    return [warning_out(row) for row in Warning.objects.visible_to(who(request)).order_by("-drafted_at")[:200]]


@router.post("/warnings", summary="起草预警", response={201: dict[str, Any]})
def draft(request: HttpRequest, data: WarningIn) -> tuple[int, dict[str, Any]]:
    return 201, warning_out(actions.draft_warning(who(request), **data.dict()))


@router.post("/warnings/{pk}/review", summary="审核预警")
def review(request: HttpRequest, pk: int, data: ReviewIn) -> dict[str, Any]:
    return warning_out(actions.review_warning(who(request), pk, data.approve, data.reason))


@router.post("/warnings/{pk}/issue", summary="签发预警")
def issue(request: HttpRequest, pk: int) -> dict[str, Any]:
    return warning_out(actions.issue_warning(who(request), pk))


@router.post("/warnings/{pk}/cancel", summary="解除预警")
def cancel(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return warning_out(actions.cancel_warning(who(request), pk, data.reason))


@router.get("/hazard-events", summary="灾害信息")
def hazard_events(request: HttpRequest) -> list[dict[str, Any]]:
    names = "id kind natural_key source title at lon lat magnitude received_at correlation_id".split()
    rows = HazardEvent.objects.visible_to(who(request)).order_by("-at")[:200]
    return [{name: getattr(row, name) for name in names} for row in rows]


@router.get("/latest", summary="最新观测")
def latest(request: HttpRequest, station_id: int | None = None) -> list[dict[str, Any]]:
    found = queries.latest(who(request), None if station_id is None else [station_id])
    return [vars(reading) for reading in found]
