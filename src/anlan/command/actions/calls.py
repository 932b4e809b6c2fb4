"""接报: one call, one record, and in the same moment what becomes of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.command import event_codes
from anlan.command.actions.incidents import checked_figures, open_incident
from anlan.command.common import Kind, hm, hold_open, required, tell
from anlan.command.events import CallTaken
from anlan.command.models import CallRecord, Incident
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Invalid

#: Whose report it is, when the caller is a party with a duty of its own.
PARTY = {"enterprise": "enterprise", "district": "district"}


@action("command.incident")
def take_call(
    by: Actor, /, *, outcome: str, caller: str, text: str, caller_kind: str = "public", event_code: str = "",
    place: str = "", lon: float | None = None, lat: float | None = None, area_id: int | None = None,
    occurred_at: datetime | None = None, figures: dict[str, int] | None = None, began_at: datetime | None = None,
    incident_id: int | None = None, shown: list[dict[str, Any]] | None = None, title: str = "",
) -> CallRecord:  # fmt: skip
    """登记来电. `outcome`: opened = a new incident, joined = a line of `incident_id`, noted = kept and nothing more.

    `began_at`: when the form was opened, that is when the telephone was taken up; the legal clock starts there.
    """
    now = clock.now()
    began = min(began_at or now, now)
    if outcome not in CallRecord.Outcome.values or caller_kind not in CallRecord.Caller.values:
        raise Invalid("outcome", outcome, " / ".join(CallRecord.Outcome.labels), label="处理")
    caller, text = required("caller", caller, "报告人及电话", 80), required("text", text, "情况", 1000)
    figures = checked_figures(dict(figures or {}))
    call = CallRecord(
        received_at=began, saved_at=now, took_s=round((now - began).total_seconds(), 1), officer=by.name,
        caller_kind=caller_kind, caller=caller, event_code=event_code, place=place[:120], lon=lon, lat=lat,
        occurred_at=occurred_at, text=text, figures=figures, outcome=outcome, shown=shown or [],
    )  # fmt: skip
    if outcome == CallRecord.Outcome.OPENED:
        call.incident = opened(by, call, area_id, title)
    elif outcome == CallRecord.Outcome.JOINED:
        call.incident = joined(by, call, incident_id)
    call.area = call.incident.area if call.incident else area_of(by, area_id)
    call.save()
    fact = CallTaken(call.pk, outcome, call.incident_id)
    correlation_id = call.incident.correlation_id if call.incident else None
    record(by, "登记来电", call, fact, correlation_id=correlation_id)
    return call


def area_of(by: Actor, area_id: int | None) -> Area:
    area = (Area.objects.filter(pk=area_id).first() if area_id else None) or Area.objects.order_by(
        "level", "path"
    ).first()
    if area is None:
        raise Invalid("area_id", area_id, "已登记的区划", label="所属区划")
    mine = [path for path, _ in by.scopes("command.incident")]
    if not area.path.startswith(tuple(mine)):  # a district's desk keeps what it cannot place as its own
        area = Area.objects.filter(path__in=mine).order_by("path").first() or area
    by.require("command.incident", area)
    return area


def opened(by: Actor, call: CallRecord, area_id: int | None, title: str) -> Incident:
    if call.lon is None or call.lat is None or area_id is None:
        raise Invalid("place", call.place, "登记簿中的名称、区划名或“经度,纬度”", label="地点")
    return open_incident(
        by,
        event_code=event_codes.checked(call.event_code),
        title=title or f"{call.place}{event_codes.name(call.event_code)}"[:120],
        lon=call.lon,
        lat=call.lat,
        area_id=area_id,
        place=call.place,
        occurred_at=call.occurred_at,
        received_at=call.received_at,
        reported_by=call.caller,
        source=f"{call.get_caller_kind_display()}来电",
        description=call.text,
        from_party=PARTY.get(call.caller_kind, ""),
        **call.figures,
    )


def joined(by: Actor, call: CallRecord, incident_id: int | None) -> Incident:
    """A further word of a known event: a line of its timeline. Figures are updated by a person, not by a call."""
    if incident_id is None:
        raise Invalid("incident_id", incident_id, "已有事件", label="并入事件")
    incident = hold_open(by, "command.incident", incident_id)
    kind = CallRecord.Caller(call.caller_kind).label
    text = f"{kind}来电（{call.caller}，{hm(call.received_at)}）：{call.text}"
    if call.figures:
        label = Incident._meta.get_field
        counts = "，".join(f"{label(name).verbose_name} {value}" for name, value in call.figures.items())  # type: ignore[union-attr]
        text += f"；来电所称伤亡：{counts}"
    tell(incident, Kind.NOTE, text, by.name, at=call.received_at, lon=call.lon, lat=call.lat)
    return incident
