"""What tells that a hazard of the declared graph has fired: runs, warnings, judgements, alarms."""

from __future__ import annotations

from uuid import uuid4

from shapely.geometry import shape

from anlan.kernel.accounts.actor import system
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.kernel.geo import circle
from anlan.kernel.geo.exposed import things_in
from anlan.simulation import actions
from anlan.simulation.actions.chains import Reach, zones_of
from anlan.simulation.models import Lead, Run
from anlan.simulation.rules import chains

CHAIN = system("灾害链")
LEVELS = {"红": 1, "橙": 2, "黄": 3, "蓝": 4}
#: How far from an alarm at a hazard unit its neighbours are looked at before anybody has run an engine, m.
ALARM_REACH_M = 300.0


@on("simulation.SimulationFinished")
def run_finished(event: Event) -> None:
    """A footprint is known: what lies in it."""
    run = Run.objects.unscoped(HELD).filter(pk=event.payload["run_id"]).first()
    node = chains.graph().node_of_run(run.kind) if run else None
    if run is None or node is None or not run.zones:
        return
    facts = dict(run.inputs) if run.kind == "chemical" else {}
    if facts:
        facts |= actions.chains.with_substance(facts)
    sure = [zone for zone in run.zones if not zone.get("uncertain")]
    trigger = actions.Trigger(
        node.id, run.title, run.lon, run.lat, f"{'supposed' if run.because else 'run'}:{run.pk}",
        level=min(zone["level"] for zone in run.zones), zones=zones_of(sure), facts=facts, area=run.area,
        correlation_id=run.correlation_id, supposed=bool(run.because), at=run.at,
        path=tuple(run.summary.get("chain", {}).get("path", ())),
    )  # fmt: skip
    actions.follow(CHAIN, trigger)


@on("simulation.LeadAnswered")
def lead_answered(event: Event) -> None:
    """People have found that it is so: the next hazard has fired."""
    if event.payload["state"] == Lead.State.CONFIRMED:
        actions.carry_on(CHAIN, event.payload["lead_id"])


@on("command.IncidentClosed")
def incident_closed(event: Event) -> None:
    """What was computed for it is history."""
    if event.correlation_id:
        actions.end_story(CHAIN, event.correlation_id)


@on("monitoring.WarningIssued")
def warning_issued(event: Event) -> None:
    """A warning for districts: each of them as a whole."""
    p = event.payload
    node = chains.graph().node_of_words(p["headline"])
    if node:
        for area in Area.objects.filter(pk__in=p["area_ids"]):
            fire_in(event, node.id, area, p["level"], p["headline"], f"warning:{p['warning_id']}")


@on("monitoring.JudgementChanged")
def judged(event: Event) -> None:
    """This platform's own judgement (内部研判) of weather, ice, floods: yellow and worse."""
    p = event.payload
    node = chains.graph().node_of_words(p["name"])
    if node is None or LEVELS.get(p["colour"], 9) > LEVELS["黄"]:
        return
    area = Area.objects.filter(pk=p["area_id"]).first()
    if area:
        heard = f"judgement:{p['judgement_id']}:{p['colour']}"
        fire_in(event, node.id, area, p["colour"], p["title"], heard, (p["lon"], p["lat"]), p.get("figures"))


def fire_in(
    event: Event,
    node: str,
    area: Area,
    colour: str,
    title: str,
    heard: str,
    place: tuple[float, float] | None = None,
    facts: dict[str, object] | None = None,
) -> None:
    """The hazard has fired in a whole district."""
    outline = shape(area.geometry) if area.geometry else None
    if place is None and outline is None:
        return
    at = outline.representative_point() if outline is not None else None
    lon, lat = place or (at.x, at.y)  # type: ignore[union-attr]
    level = LEVELS.get(colour, 3)
    zones: tuple[Reach, ...] = (Reach(outline, level),) if outline is not None else ()
    depth = (facts or {}).get("depth_m")
    if isinstance(depth, float):
        # standing water is known where it stands, not all over the district
        zones = (Reach(circle(lon, lat, actions.chains.ROUND_M), level, depth, "m"),)
    trigger = actions.Trigger(
        node,
        title,
        lon,
        lat,
        heard,
        level,
        colour,
        zones,
        dict(facts or {}),
        area,
        event.correlation_id or uuid4(),
        at=event.at,
    )
    actions.follow(CHAIN, trigger)


@on("monitoring.AlarmRaised")
def alarm_raised(event: Event) -> None:
    """An alarm of the two highest priorities at a hazard unit: a leak, or a fire by its words."""
    p = event.payload
    if p["hazard_unit_id"] is None or p["priority"] > 2:
        return
    near = circle(p["lon"], p["lat"], ALARM_REACH_M)
    units = things_in(CHAIN, near, ["hazard-unit"])
    itself = next((unit for unit in units if unit.key == p["hazard_unit_id"]), None)
    burning = any(word in p["title"] for word in ("火", "爆"))
    trigger = actions.Trigger(
        "explosion" if burning else "leak", p["title"], p["lon"], p["lat"], f"alarm:{p['alarm_id']}", p["priority"],
        zones=(Reach(near, 2),), correlation_id=event.correlation_id or uuid4(), itself=itself, at=event.at,
    )  # fmt: skip
    actions.follow(CHAIN, trigger)
