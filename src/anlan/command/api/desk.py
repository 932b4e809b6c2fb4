"""REST of the duty desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from anlan.command import actions
from anlan.command.models import CallRecord, Incident
from anlan.kernel.accounts.actor import Actor

router = Router(tags=["command 值班席"])


class CallIn(Schema):
    """A call; `outcome`: opened, joined (with `incident_id`) or noted."""

    outcome: str
    caller: str
    text: str
    caller_kind: str = "public"
    event_code: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    area_id: int | None = None
    occurred_at: datetime | None = None
    figures: dict[str, int] = {}
    incident_id: int | None = None


class MergeIncidentIn(Schema):
    into_id: int
    reason: str
    version: int | None = None


class SplitIn(Schema):
    title: str
    event_code: str
    reason: str
    lon: float | None = None
    lat: float | None = None
    place: str = ""
    lines: list[int] = []
    version: int | None = None


class WhyIn(Schema):
    reason: str


class ReceiptIn(Schema):
    """When another party knew and when it reported."""

    party: str
    proof: str
    known_at: datetime | None = None
    met_at: datetime | None = None


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def call_out(row: CallRecord) -> dict[str, Any]:
    names = (
        "id", "received_at", "saved_at", "took_s", "officer", "caller_kind", "caller", "event_code", "place", "lon", "lat",
        "occurred_at", "text", "figures", "outcome", "incident_id", "shown",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def short(row: Incident) -> dict[str, Any]:
    names = ("id", "number", "title", "status", "version", "merged_into_id", "split_from_id")
    return {name: getattr(row, name) for name in names}


@router.get("/calls", summary="接报记录")
def list_calls(request: HttpRequest) -> list[dict[str, Any]]:
    return [call_out(row) for row in CallRecord.objects.visible_to(who(request), "command.view")[:200]]


@router.post("/calls", summary="登记来电", response={201: dict[str, Any]})
def take_call(request: HttpRequest, data: CallIn) -> dict[str, Any]:
    return call_out(actions.take_call(who(request), **data.dict()))


@router.post("/incidents/{pk}/merge", summary="并入另一事件")
def merge(request: HttpRequest, pk: int, data: MergeIncidentIn) -> dict[str, Any]:
    return short(actions.merge_incident(who(request), pk, data.into_id, data.reason, version=data.version))


@router.post("/incidents/{pk}/restore", summary="取消合并")
def restore(request: HttpRequest, pk: int, data: WhyIn) -> dict[str, Any]:
    return short(actions.restore_incident(who(request), pk, data.reason))


@router.post("/incidents/{pk}/split", summary="拆分", response={201: dict[str, Any]})
def split(request: HttpRequest, pk: int, data: SplitIn) -> dict[str, Any]:
    return short(actions.split_incident(who(request), pk, **data.dict()))


@router.post("/incidents/{pk}/receipt", summary="登记他方报告")
def receipt(request: HttpRequest, pk: int, data: ReceiptIn) -> dict[str, Any]:
    return short(actions.note_receipt(who(request), pk, **data.dict()))
