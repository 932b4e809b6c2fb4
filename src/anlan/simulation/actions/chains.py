"""灾害链: a hazard fires; what may follow it is found by place, judged, computed and put before people to check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical.substances import table
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.geo import circle
from anlan.kernel.geo.exposed import Thing, things_in
from anlan.simulation.actions.runs import district_at, run
from anlan.simulation.events import CombinationSeen, LeadAnswered, LeadsFound
from anlan.simulation.models import Firing, Lead, Run
from anlan.simulation.rules import chains, unusual
from anlan.simulation.rules.criteria import CRITERIA, LIKELY, POSSIBLE, Finding, Seen

#: Things kept in one lead, and hypothetical runs made for one firing: the worst first; for one that is itself only supposed.
MOST_THINGS, MOST_RUNS, RUNS_ON = 30, 3, 1
#: Steps that are computed on from what has happened: rain, torrent, tank afloat, cloud, who is in it.
MOST_STEPS = 4
#: Things of one lead that are carried on when people have found that it is so.
MOST_CONFIRMED = 3
#: Round a thing that has failed, as long as no engine has said how far it reaches, m.
ROUND_M = 300.0
#: Hole that a torn nozzle is taken as, mm (中孔, 待核对), and the weather where none came with the hazard.
HOLE_MM, CALM = 25.0, {"wind_m_s": 2.0, "stability": "D"}
#: Hazards within so long in one district count as together.
TOGETHER = timedelta(hours=24)
#: How far back firings tell how often each hazard comes.
HISTORY = timedelta(days=365)


@dataclass(frozen=True)
class Reach:
    """A zone of the hazard, worst first: level 1 to 4, value in its unit."""

    shape: BaseGeometry
    level: int
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Trigger:
    """A hazard that has fired: which node, where, how bad, how far, and by what it was heard (fact:id)."""

    node: str
    title: str
    lon: float
    lat: float
    heard: str
    level: int = 3
    colour: str = ""
    zones: tuple[Reach, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    area: Area | None = None
    correlation_id: UUID = field(default_factory=uuid4)
    #: What is only supposed.
    supposed: bool = False
    #: Edges by which it was computed from what has happened.
    path: tuple[str, ...] = ()
    #: The thing that failed itself, for edges that look at it.
    itself: Thing | None = None
    at: datetime = field(default_factory=clock.now)


@action("simulation.run")
def follow(by: Actor, trigger: Trigger) -> list[Lead]:
    """Keep the firing and what may follow it. A fact heard twice changes nothing."""
    area = trigger.area or district_at(trigger.lon, trigger.lat)
    by.require("simulation.run", area)
    heard = trigger.heard[:80]
    if Firing.objects.unscoped(HELD).filter(heard=heard, area=area).exists():
        return []
    trigger = replace(
        trigger, area=area, correlation_id=trigger.correlation_id or uuid4(), at=trigger.at or clock.now()
    )
    before = recent(area, trigger.at or clock.now())
    firing = Firing.objects.create(
        area=area, node=trigger.node, title=trigger.title[:200], level=trigger.level, lon=trigger.lon, lat=trigger.lat,
        at=trigger.at, heard=heard, correlation_id=trigger.correlation_id,
    )  # fmt: skip
    leads = list(leads_of(by, trigger, {one.node for one in before}))
    likely = sum(lead.verdict == LIKELY for lead in leads)
    node = chains.graph().nodes[trigger.node].title
    facts: list[Any] = []
    if leads:
        title = f"{node}：{len(leads)} 条次生灾害核查提示"
        facts.append(LeadsFound(trigger.node, title, trigger.title, len(leads), likely, trigger.lon, trigger.lat))
    if not trigger.supposed:
        facts += combinations(trigger, before)
    record(by, "灾害链研判", firing, *facts, correlation_id=trigger.correlation_id)
    return leads


def recent(area: Area, at: datetime) -> list[Firing]:
    """What fired in the district within a day before, supposed ones left out."""
    rows = Firing.objects.unscoped(HELD).filter(area=area, at__gt=at - TOGETHER, at__lte=at)
    return [row for row in rows if not row.heard.startswith("supposed:")]


def leads_of(by: Actor, trigger: Trigger, around: set[str]) -> Iterator[Lead]:
    """One lead for each edge that has something to look at."""
    runs_left = budget(trigger)
    for edge in chains.graph().after[trigger.node]:
        if edge.id in trigger.path:
            continue  # a chain that bites its tail says nothing new
        found = [(thing, finding) for thing, finding in judged(by, trigger, edge)]
        if edge.also and edge.also in around:
            found = [(thing, replace(finding, verdict=LIKELY)) for thing, finding in found]
        found.sort(key=lambda pair: (pair[1].verdict != LIKELY, -weight(pair[0])))
        if found:
            kept, runs_left = with_runs(by, trigger, edge, found[:MOST_THINGS], runs_left)
            yield keep(trigger, edge, kept)


def budget(trigger: Trigger) -> int:
    """Runs that a firing may cause: fewer where it is only supposed, none where somebody asked "what if" or the chain is long."""
    if not trigger.supposed:
        return MOST_RUNS
    return RUNS_ON if trigger.path and len(trigger.path) < MOST_STEPS else 0


def judged(by: Actor, trigger: Trigger, edge: chains.Edge) -> Iterator[tuple[Thing, Finding]]:
    """Things the edge looks at that meet its criterion, as far as the actor may see them."""
    test = CRITERIA[edge.criterion]
    for thing, zone in looked_at(by, trigger, edge):
        seen = Seen(trigger.node, zone.level, zone.value, zone.unit, trigger.colour, trigger.facts)
        facts = with_substance(thing.facts)
        finding = test(seen, facts)
        if finding:
            yield replace(thing, facts=facts), finding


def looked_at(by: Actor, trigger: Trigger, edge: chains.Edge) -> Iterator[tuple[Thing, Reach]]:
    """(thing, worst zone over it)."""
    worst = trigger.zones[0] if trigger.zones else Reach(Point(trigger.lon, trigger.lat), trigger.level)
    if edge.where == "area" and trigger.area:
        # a judgement of ice or water says where in the district it would be
        lon, lat = trigger.facts.get("reach_lon", trigger.lon), trigger.facts.get("reach_lat", trigger.lat)
        yield Thing("area", trigger.area.pk, trigger.area.name, lon, lat), worst
    elif edge.where == "self" and (trigger.itself or trigger.facts):
        itself = trigger.itself or Thing("place", 0, trigger.title, trigger.lon, trigger.lat, facts=trigger.facts)
        yield itself, worst
    elif edge.where == "zone":
        done: set[tuple[str, int]] = set()
        for zone in sorted(trigger.zones, key=lambda one: one.level):
            for thing in things_in(by, zone.shape, edge.targets):
                if (thing.kind, thing.key) not in done and not is_itself(trigger, thing):
                    done.add((thing.kind, thing.key))
                    yield thing, zone


def is_itself(trigger: Trigger, thing: Thing) -> bool:
    """The unit that failed, or its own works, is no neighbour of itself."""
    own = trigger.itself
    if own is None:
        return False
    return (thing.kind, thing.key) in {(own.kind, own.key), ("enterprise", own.facts.get("enterprise_id"))}


def with_substance(facts: Any) -> dict[str, Any]:
    """A unit's facts with what the table of substances knows."""
    row = table().get(facts.get("substance", ""))
    if row is None:
        return dict(facts)
    return {
        **facts, "liquid_density": row.liquid_density, "lfl_pct": row.lfl_pct, "threshold_t": row.threshold_t,
        "toxic": row.endpoint_2 is not None,
    }  # fmt: skip


def weight(thing: Thing) -> float:
    """What goes first: the ratio of GB 18218 for units, people for the rest."""
    facts = thing.facts
    if facts.get("quantity_t"):
        return float(facts["quantity_t"]) / float(facts.get("threshold_t") or 50.0)
    return float(thing.people or 0)


def with_runs(
    by: Actor, trigger: Trigger, edge: chains.Edge, found: list[tuple[Thing, Finding]], runs_left: int
) -> tuple[list[dict[str, Any]], int]:
    """The things as they are kept, those that an engine can follow with a supposed run."""
    kept = []
    for thing, finding in found:
        row = {
            "kind": thing.kind, "key": thing.key, "name": thing.name, "lon": thing.lon, "lat": thing.lat,
            "people": thing.people, "phone": thing.phone, "verdict": finding.verdict, "why": finding.why,
            "figures": finding.figures, "representative": thing.representative, "run": None, "affected": None,
        }  # fmt: skip
        inputs = engine_inputs(trigger, edge, thing, finding.figures) if runs_left and edge.engine else None
        if inputs:
            made = suppose(by, trigger, edge, thing, inputs)
            if made:
                runs_left -= 1
                row |= made
        kept.append(row)
    return kept, runs_left


def engine_inputs(
    trigger: Trigger, edge: chains.Edge, thing: Thing, figures: Mapping[str, float]
) -> dict[str, Any] | None:
    """What the engine of the next hazard is asked; None where the thing is none of its kind."""
    facts = thing.facts
    if edge.engine == "flood" and thing.kind == "catchment":
        way = {name: facts[name] for name in ("upstream_deg", "fan_slope")}
        return {"scenario": "torrent", "reach_km": 3.0, "hours": 6.0, **way,
                "peak_m3_s": figures["peak_m3_s"], "peak_h": figures["peak_h"]}  # fmt: skip
    if edge.engine == "flood":
        given: dict[str, Any] = {"scenario": "ice_jam" if trigger.node == "ice-jam" else "dike_breach"}
        over = trigger.facts.get("over_bank_m")
        if over is not None:
            # where the bank's level is known, the water over it counts, a rise alone does not
            trigger = replace(trigger, facts={**trigger.facts, "rise_m": min(20.0, max(0.1, float(over)))})
        return {**given, **known(trigger, "rise_m", "upstream_deg", "bank"), **facts.get("breach", {})}
    if edge.engine != "chemical" or not facts.get("toxic"):
        return None
    weather = known(trigger, "wind_m_s", "wind_from_deg")
    return {
        "substance": facts["substance"], "phase": facts["phase"], "hole_mm": HOLE_MM, "height_m": facts["height_m"],
        "pressure_mpa": max(0.1013, facts["pressure_mpa"]), "temperature_c": facts["temperature_c"], **CALM, **weather,
    }  # fmt: skip


def known(trigger: Trigger, *names: str) -> dict[str, Any]:
    """Those of the facts that came with the hazard."""
    return {name: trigger.facts[name] for name in names if name in trigger.facts}


def suppose(by: Actor, trigger: Trigger, edge: chains.Edge, thing: Thing, inputs: dict[str, Any]) -> dict[str, Any]:
    """Run the next hazard as if it had come; {} where the engine refuses the inputs."""
    title, because = f"若{thing.name}：{edge.title}", f"{trigger.title} → {edge.title}"
    try:
        extra = {"chain": {"path": [*trigger.path, edge.id]}}
        made = run(by, edge.engine, inputs, thing.lon, thing.lat, trigger.correlation_id, title, because, extra)
    except Invalid:
        return {}
    people = [zone["people"] for zone in made.exposure if zone.get("known", True)]
    return {"run": made.pk, "affected": max(people, default=None)}


def keep(trigger: Trigger, edge: chains.Edge, things: list[dict[str, Any]]) -> Lead:
    """The lead of this edge in this district and story: new, or brought up to date while nobody has answered."""
    assert trigger.area is not None
    verdict = LIKELY if any(row["verdict"] == LIKELY for row in things) else POSSIBLE
    affected = [row["affected"] for row in things if row["affected"] is not None]
    values = {
        "source": edge.source, "target": edge.target, "title": edge.title, "because": trigger.title[:200],
        "verdict": verdict, "ask": edge.check, "reason": edge.reason, "cites": edge.cites, "to_check": edge.to_check,
        "things": things, "people": max(affected, default=None), "at": trigger.at, "lon": things[0]["lon"],
        "lat": things[0]["lat"], "path": [*trigger.path, edge.id],
    }  # fmt: skip
    lead, new = Lead.objects.unscoped(HELD).get_or_create(
        correlation_id=trigger.correlation_id, edge=edge.id, area=trigger.area, defaults=values
    )
    nearer = not trigger.supposed or len(values["path"]) <= lead.step
    if not new and lead.state == Lead.State.OPEN and nearer:
        for name, value in values.items():
            setattr(lead, name, value)
        lead.save()
    return lead


def combinations(trigger: Trigger, before: list[Firing]) -> list[CombinationSeen]:
    """What is unusual about this hazard beside those of the last day."""
    at = trigger.at
    history = Firing.objects.unscoped(HELD).filter(area=trigger.area, at__gt=at - HISTORY, at__lte=at - TOGETHER)
    counts: dict[str, int] = {}
    for node in history.values_list("node", flat=True):
        counts[node] = counts.get(node, 0) + 1
    names = {key: node.title for key, node in chains.graph().nodes.items()}
    found = unusual.beside(
        trigger.node, {one.node for one in before}, counts, HISTORY.days, chains.graph().combinations
    )
    return [
        CombinationSeen(
            sorted(one.nodes), "＋".join(names[node] for node in sorted(one.nodes)), one.why, trigger.lon, trigger.lat
        )
        for one in found
    ]


@action("simulation.run")
def answer_lead(by: Actor, lead_id: int, state: str, answer: str, things: Sequence[int] = ()) -> Lead:
    """People have looked: it is so (at these of its things, else the first), or it is not."""
    lead = Lead.objects.visible_to(by, "simulation.run").one(lead_id, lock=True)
    if state not in {Lead.State.CONFIRMED.value, Lead.State.CLEARED.value}:
        raise Invalid("state", state, "confirmed（已发生或存在）、cleared（已排除）", label="核查结论")
    if not answer.strip():
        raise Invalid("answer", answer, "一句话写明谁、怎样核查的", label="核查结果")
    if lead.state != Lead.State.OPEN:
        raise Conflict(f"{lead}：{lead.get_state_display()}", rule="提示只核查一次，事件结束后不再核查")
    before = snapshot(lead)
    if state == Lead.State.CONFIRMED:
        lead.things = confirmed(lead.things, things or (0,))
    lead.state, lead.answer, lead.answered_by, lead.answered_at = state, answer.strip()[:400], by.name, clock.now()
    lead.save()
    fact = LeadAnswered(lead.pk, lead.title, state, lead.answer, lead.lon, lead.lat)
    record(by, "核查灾害链提示", lead, fact, before=before, correlation_id=lead.correlation_id)
    return lead


def confirmed(rows: list[dict[str, Any]], chosen: Sequence[int]) -> list[dict[str, Any]]:
    """The things, those marked at which it is so."""
    wrong = [number for number in chosen if not 0 <= number < len(rows)]
    if wrong or len(set(chosen)) > MOST_CONFIRMED:
        raise Invalid("things", list(chosen), f"0 至 {len(rows) - 1}，至多 {MOST_CONFIRMED} 处", label="涉及对象")
    return [{**row, "confirmed": number in chosen} for number, row in enumerate(rows)]


@action("simulation.run")
def carry_on(by: Actor, lead_id: int) -> None:
    """What people found is so fires the next node: by its engine at the thing where there is one, else round the thing."""
    lead = Lead.objects.visible_to(by, "simulation.run").one(lead_id)
    edge = next((one for one in chains.graph().edges if one.id == lead.edge), None)
    if edge is None or lead.state != Lead.State.CONFIRMED:
        return
    for row in lead.things:
        if row.get("confirmed"):
            fire_at(by, lead, edge, row)


def fire_at(by: Actor, lead: Lead, edge: chains.Edge, row: dict[str, Any]) -> None:
    title = f"{row['name']}：{edge.title}（核查属实）"
    guess = Run.objects.visible_to(by).filter(pk=row["run"]).first() if row["run"] else None
    if guess is not None:
        # the run itself fires the node when it is finished
        run(by, guess.kind, guess.inputs, guess.lon, guess.lat, lead.correlation_id, title)
        return
    here = circle(row["lon"], row["lat"], ROUND_M)
    itself = next((one for one in things_in(by, here, [row["kind"]]) if one.key == row["key"]), None)
    if itself is not None:
        itself = replace(itself, facts=with_substance(itself.facts))
    outline = shape(lead.area.geometry) if row["kind"] == "area" and lead.area.geometry else here
    follow(
        by,
        Trigger(
            lead.target, title, row["lon"], row["lat"], f"lead:{lead.pk}:{row['kind']}:{row['key']}", 2,
            zones=(Reach(outline, 2),), facts=dict(itself.facts) if itself else {}, area=lead.area,
            correlation_id=lead.correlation_id, itself=itself,
        ),
    )  # fmt: skip


def zones_of(rows: list[dict[str, Any]]) -> tuple[Reach, ...]:
    """Zones as a run keeps them."""
    return tuple(Reach(shape(row["geometry"]), row["level"], row.get("value"), row.get("unit", "")) for row in rows)
