"""Reactions: when an incident is closed its release is no longer followed; an endpoint that reaches people is an alarm."""

from __future__ import annotations

from anlan.command import queries as command
from anlan.hazards.chemical.substances import find
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Invalid
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.monitoring import actions as monitoring
from anlan.monitoring import queries as readings
from anlan.simulation import actions as simulation
from anlan.situation import queries
from anlan.situation.actions import end_release, propose_release
from anlan.situation.models import Origin, ReleaseWatch

DESK = system("泄漏研判")
REACHED = monitoring.Criterion(
    code="CALC-RELEASE-ENDPOINT",
    title="泄漏毒性终点浓度波及保护目标",
    priority=1,
    basis="HJ 169-2018 附录 H 大气毒性终点浓度-1、-2（模型推算）",
    advice="核对风向与泄漏条件，按泄漏研判页的建议通知就地掩蔽或撤离",
)
#: No more alarms than people can read (ISA-18.2: a flood begins at ten); the worst and nearest come first.
MOST = 10


@on("command.IncidentClosed")
def incident_closed(event: Event) -> None:
    """The releases of the incident are over."""
    if event.correlation_id is None:
        return
    running = ReleaseWatch.objects.unscoped("what hangs on an incident ends with it").filter(
        correlation_id=event.correlation_id, ended_at__isnull=True
    )
    for pk in list(running.values_list("pk", flat=True)):
        end_release(DESK, pk, "事件已结束")


@on("situation.ReleaseAssessed")
def release_assessed(event: Event) -> None:
    """Communities and protection targets inside an endpoint are alarms; those the wind has left return to normal."""
    watch = ReleaseWatch.objects.unscoped("alarms are raised everywhere").filter(pk=event.payload["watch_id"]).first()
    if (
        watch is None
        or watch.run is None
        or watch.run_id != event.payload["run_id"]
        or watch.ended_at
        or watch.unconfirmed
    ):
        return
    figures = [figure(watch, one) for one in queries.reached(DESK, watch.run)[:MOST]]
    monitoring.judge_figures(DESK, REACHED, f"release:{watch.pk}", figures, event.at)


@on("monitoring.AlarmRaised")
def gas_alarm(event: Event) -> None:
    """Detectors at a hazard unit start its release, for an officer to confirm. What cannot be computed waits for people."""
    p = event.payload
    if p["hazard_unit_id"] is None or p["datastream_id"] is None:
        return
    try:
        propose_release(DESK, p["hazard_unit_id"], p["station_id"], event.correlation_id, p["title"])
    except Invalid:
        return


@on("monitoring.AlarmCleared")
def gas_gone(event: Event) -> None:
    """What only detectors told of ends with their alarms, and what might have followed from it too, where no incident goes
    on with it; what an officer stands for is ended by people."""
    unit = readings.quiet_unit(event.payload["alarm_id"])
    rows = ReleaseWatch.objects.unscoped("what detectors began they end").filter(
        unit=unit, origin=Origin.DETECTORS, confirmed_at=None, ended_at=None
    )
    for row in list(rows) if unit else ():
        end_release(DESK, row.pk, "该处报警均已恢复，自动研判结束")
        if not command.is_open(row.correlation_id):
            simulation.end_story(DESK, row.correlation_id)


@on("situation.ReleaseEnded")
def release_ended(event: Event) -> None:
    monitoring.judge_figures(DESK, REACHED, f"release:{event.payload['watch_id']}", [], event.at)


def figure(watch: ReleaseWatch, one: queries.Reached) -> monitoring.Figure:
    """The endpoint that reaches a place, in mg/m3."""
    of = find(watch.given["substance"])
    outer, inner = of.endpoint_2 or 0.0, of.endpoint_1 or 0.0
    value = inner if one.level == 1 else outer
    when = f"，约 {one.arrives_min:g} min 到达" if one.arrives_min is not None else ""
    return monitoring.Figure(
        subject=one.key, title=f"{one.name}在{of.name}毒性终点浓度-{one.level} 范围内{when}", value=value, unit="mg/m³",
        limits={"hi": outer, "hihi": inner}, area=watch.area, lon=one.lon, lat=one.lat, data_class=watch.data_class,
        why=f"第 {watch.rounds} 次研判（{watch.advice['because']}）", url=f"/situation/releases/{watch.pk}/",
        source=watch.title, correlation_id=watch.correlation_id,
    )  # fmt: skip
