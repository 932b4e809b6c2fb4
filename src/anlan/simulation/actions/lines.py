"""Lines a commander draws, and the fire simulated again at once with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from anlan.hazards.contract import InputError, Track
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Invalid
from anlan.simulation.actions.runs import began_at, district_at, run
from anlan.simulation.events import ControlLineChanged
from anlan.simulation.models import ControlLine, Run
from anlan.simulation.queries import runs

#: A line is drawn for work of the next hours, not of the next week.
LATEST = timedelta(hours=48)


@action("simulation.run")
def draw_line(
    by: Actor, correlation_id: UUID, points: list[list[float]], stands_at: datetime | None = None, note: str = ""
) -> Run:
    """Keep a line of a fire's story and simulate the newest run of it again; returns the new run."""
    last = newest_fire(by, correlation_id)
    try:
        places = Track("points", "隔离线").read({"points": points})
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label="隔离线") from error
    if places is None:
        raise Invalid("points", points, "至少两个 [经度, 纬度]", label="隔离线")
    now = clock.now()
    stands = stands_at or now
    if abs(stands - now) > LATEST:
        raise Invalid("stands_at", stands.isoformat(), "现在前后 48 小时内", label="建成时间")
    area = district_at(*places[0])
    by.require("simulation.run", area)
    row = ControlLine.objects.create(
        area=area, points=places, stands_at=stands, note=note[:80], at=now, by=by.name, correlation_id=correlation_id
    )
    record(by, "绘制隔离线", row, told(row, drawn=True), correlation_id=correlation_id)
    return again(by, last)


@action("simulation.run")
def drop_line(by: Actor, line_id: int, reason: str) -> Run:
    """A line does not hold (any more): the fire is simulated again without it."""
    row = ControlLine.objects.visible_to(by, "simulation.run").one(line_id, lock=True)
    if row.dropped_at:
        raise Invalid("line_id", line_id, "未撤销的隔离线", label="隔离线")
    row.dropped_at = clock.now()
    row.save()
    record(by, "撤销隔离线", row, told(row, drawn=False), reason=reason[:200], correlation_id=row.correlation_id)
    return again(by, newest_fire(by, row.correlation_id))


@action("simulation.run")
def redraw_fire(by: Actor, correlation_id: UUID, perimeter: list[list[float]], source: str) -> Run:
    """Go on from a perimeter as it is now: drawn by hand, or walked or driven with a GPS (`source`)."""
    return again(by, newest_fire(by, correlation_id), {"perimeter": perimeter}, (f"火线来源：{source}",))


@action("simulation.run")
def refresh_fire(by: Actor, correlation_id: UUID, changed: dict[str, Any], notes: tuple[str, ...] = ()) -> Run:
    """The newest run again with other weather or fuel."""
    return again(by, newest_fire(by, correlation_id), changed, notes)


def told(row: ControlLine, drawn: bool) -> ControlLineChanged:
    return ControlLineChanged(row.pk, drawn, row.note or "隔离线", *row.points[0])


def newest_fire(by: Actor, correlation_id: UUID) -> Run:
    found = runs(by, correlation_id).filter(kind="wildfire", because="").first()
    if found is None:
        raise Invalid("correlation_id", str(correlation_id), "已有火场推演的事件或火点", label="火场")
    return found


def again(by: Actor, last: Run, changed: dict[str, Any] | None = None, notes: tuple[str, ...] = ()) -> Run:
    """The run once more; the time it began stays, unless it goes on from a perimeter seen now."""
    given = {name: value for name, value in last.inputs.items() if value is not None} | (changed or {})
    begins = clock.now() if changed and "perimeter" in changed else began_at(last)
    kept = ("fire_id", "pixels", "ignition", "weather")
    extra = {name: last.summary[name] for name in kept if name in last.summary} | {"began_at": begins.isoformat()}
    return run(by, last.kind, given, last.lon, last.lat, last.correlation_id, last.title, "", extra, notes)
