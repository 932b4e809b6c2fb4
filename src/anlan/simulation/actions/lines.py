"""Lines a commander draws, and the fire simulated again at once with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from anlan.hazards.contract import InputError, Track
from anlan.hazards.wildfire import HOURS
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
    last, now = newest_fire(by, correlation_id), clock.now()
    air = later(last.inputs, (now - began_at(last)).total_seconds() / 3600)
    return again(by, last, {**air, "perimeter": perimeter}, (f"火线来源：{source}",), begins=now)


@action("simulation.run")
def refresh_fire(by: Actor, correlation_id: UUID, changed: dict[str, Any], words: str) -> Run:
    """The newest run again with the weather of now (`words`: where from): what has burnt until now burnt with that of before."""
    last = newest_fire(by, correlation_id)
    passed = (clock.now() - began_at(last)).total_seconds() / 3600
    if not changed:
        return again(by, last, notes=("没有三小时内的实测气象，也没有预报：气象照上次推演",))
    if passed < HOURS[-1]:
        return again(by, last, joined(last.inputs, changed, passed), (words,), weather=words)
    origin = "上次的火线" if last.inputs.get("perimeter") else "起火点"
    late = f"上次推演已过 {HOURS[-1]} 小时，火现在到哪里不知道：从{origin}按现在的气象重新起算，请补画现在的火线"
    return again(by, last, {"change_after_h": 0.0, **changed}, (words, late), clock.now(), words)


#: What of a run's inputs is weather that may change on its way.
AIR = ("wind_m_s", "wind_from_deg", "moisture_pct")
#: Hours nearer to each other than this are one.
SOON_H = 0.02


def joined(before: dict[str, Any], changed: dict[str, Any], passed: float) -> dict[str, Any]:
    """Inputs of a run that began `passed` hours ago, whose weather from now on is `changed` (hours from now)."""
    if passed < SOON_H:
        return changed
    now = [changed.get(name, before[name]) for name in AIR]
    rows = [row for row in weather_rows(before) if row[0] < passed - SOON_H]
    rows += [
        [round(passed, 3), *now],
        *([round(passed + hour, 3), *air] for hour, *air in changed.get("forecast") or []),
    ]
    rest = {name: value for name, value in changed.items() if name not in AIR}
    return rest | {"forecast": rows, "change_after_h": 0.0}


def later(before: dict[str, Any], passed: float) -> dict[str, Any]:
    """Weather of a run as it is `passed` hours after its beginning: where a run that goes on from now begins."""
    rows = weather_rows(before)
    behind = [row for row in rows if row[0] <= passed + SOON_H]
    begin = dict(zip(AIR, behind[-1][1:], strict=True)) if behind else {}
    ahead = [[round(hour - passed, 3), *air] for hour, *air in rows if hour > passed + SOON_H]
    return begin | {"forecast": ahead or None, "change_after_h": 0.0}


def weather_rows(given: dict[str, Any]) -> list[list[float]]:
    """Changes of the weather of a run by the hour: its forecast, else the one change typed in by hand."""
    if given.get("forecast") or not given.get("change_after_h"):
        return [list(row) for row in given.get("forecast") or []]
    return [[given["change_after_h"], given["change_wind_m_s"], given["change_from_deg"], given["moisture_pct"]]]


def told(row: ControlLine, drawn: bool) -> ControlLineChanged:
    return ControlLineChanged(row.pk, drawn, row.note or "隔离线", *row.points[0])


def newest_fire(by: Actor, correlation_id: UUID) -> Run:
    found = runs(by, correlation_id).filter(kind="wildfire", because="").first()
    if found is None:
        raise Invalid("correlation_id", str(correlation_id), "已有火场推演的事件或火点", label="火场")
    return found


def again(
    by: Actor,
    last: Run,
    changed: dict[str, Any] | None = None,
    notes: tuple[str, ...] = (),
    begins: datetime | None = None,
    weather: str = "",
) -> Run:
    """The run once more; the time it began stays, unless `begins` says that it goes on from now; `weather`: where it is from."""
    given = last.inputs | (changed or {})
    given = {name: value for name, value in given.items() if value is not None}
    kept = ("fire_id", "pixels", "ignition", "weather")
    extra = {name: last.summary[name] for name in kept if name in last.summary}
    extra |= {"began_at": (begins or began_at(last)).isoformat()} | ({"weather": weather} if weather else {})
    return run(by, last.kind, given, last.lon, last.lat, last.correlation_id, last.title, "", extra, notes)
