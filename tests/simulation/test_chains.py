"""灾害链: what follows a hazard is found by place, judged by its criterion, and answered by people."""

from __future__ import annotations

import copy
import tomllib
from math import isclose, pi
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from anlan.hazards.chemical.substances import table
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.models import Event
from anlan.kernel.geo.exposed import EXPOSED
from anlan.kernel.models import Area
from anlan.monitoring.models import Catchment
from anlan.simulation import actions, layers, queries
from anlan.simulation.actions.chains import Reach, Trigger, follow
from anlan.simulation.models import Firing, Lead, Run
from anlan.simulation.rules import chains, criteria, drawing, risk, unusual
from anlan.supervision.models import Enterprise, HazardUnit
from tests.conftest import City, actor
from tests.simulation.test_runs import square
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
SOURCE = tomllib.loads((Path(chains.__file__).parent / "chains.toml").read_text(encoding="utf-8"))


def test_every_edge_of_the_declared_graph_looks_at_things_that_some_room_keeps() -> None:
    graph = chains.graph()
    assert {kind for edge in graph.edges for kind in edge.targets} <= EXPOSED.keys()
    assert {edge.source for edge in graph.edges} | {edge.target for edge in graph.edges} == graph.nodes.keys()
    assert all(edge.reason and edge.cites and edge.check for edge in graph.edges)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "locusts"}, "locusts"),
        ({"criterion": "guess"}, "guess"),
        ({"cites": ""}, "缺 cites"),
        ({"where": "zone", "targets": []}, "targets"),
    ],
)
def test_a_graph_that_contradicts_itself_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    data = copy.deepcopy(SOURCE)
    data["edge"][0] |= change
    with pytest.raises(chains.GraphError, match=said):
        chains.read(data)


@pytest.mark.parametrize(
    ("headline", "node"),
    [
        ("乌海市气象台发布暴雨红色预警", "rain"), ("山洪灾害气象风险橙色预警", "flash-flood"), ("黄河凌汛橙色预警", "ice-jam"),
        ("森林火险红色预警", "fire-danger"), ("今日无预警", None),
    ],
)  # fmt: skip
def test_a_warning_is_read_by_its_most_telling_word(headline: str, node: str | None) -> None:
    found = chains.graph().node_of_words(headline)
    assert (found.id if found else None) == node


def test_an_upright_tank_floats_when_the_water_it_displaces_outweighs_steel_and_content() -> None:
    of = criteria.vessel(2000, table()["methanol"].liquid_density, 0.102)
    fill = criteria.critical_fill(of, 2.0)
    weight = of.steel_kg + fill * of.volume_m3 * of.density
    assert isclose(weight, 1000 * pi / 4 * of.diameter_m**2 * 2.0, rel_tol=1e-9), "Archimedes"


def test_a_lying_vessel_wholly_under_water_displaces_its_volume() -> None:
    of = criteria.vessel(50, 1563, 0.75)
    assert isclose(criteria.displaced_m3(of, 50.0), pi / 4 * of.diameter_m**2 * of.long_m, rel_tol=1e-9)
    assert criteria.displaced_m3(of, criteria.SADDLE_M) == 0


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 5000), st.floats(400, 1600), st.floats(0.1, 2.0), st.floats(0, 10), st.floats(0, 5))
def test_deeper_water_never_lowers_the_level_below_which_a_tank_floats(
    quantity: float, density: float, pressure: float, depth: float, more: float
) -> None:
    of = criteria.vessel(quantity, density, pressure)
    assert criteria.critical_fill(of, depth + more) >= criteria.critical_fill(of, depth)


def test_what_hardly_ever_comes_together_is_told_unless_one_follows_the_other() -> None:
    counts = {"quake": 2, "heat": 12, "gale": 80, "dust": 60}
    found = unusual.beside("quake", {"heat", "gale"}, counts, 365, ())
    assert {one.nodes for one in found} == {frozenset({"quake", "heat"})}, "gales are too common to be a surprise"
    assert unusual.beside("dust", {"gale"}, {"dust": 0, "gale": 1}, 365, ()) == [], "dust follows gales in the graph"
    declared = chains.graph().combinations
    assert [one.nodes for one in unusual.beside("quake", {"ice-jam"}, {}, 365, declared)] == [
        frozenset({"quake", "ice-jam"})
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1e6)), max_size=5), st.integers(1, 4), st.floats(0, 1e6))
def test_one_more_zone_never_lowers_the_points_of_an_area(
    reached: list[tuple[int, float]], level: int, people: float
) -> None:
    less, more = (
        risk.rank([risk.Facts(1, "甲", 1000, reached=tuple(reached))]),
        risk.rank([risk.Facts(1, "甲", 1000, reached=(*reached, (level, people)))]),
    )
    assert 0 <= less[0].points <= more[0].points <= 100


@pytest.fixture
def plant(city: City) -> City:
    """A district with people, a works with an empty-ish benzene tank and a carbide store at one place."""
    Area.objects.filter(pk=city.west.pk).update(geometry=square(106.6, 39.4, 0.2), population=8000)
    works = Enterprise.objects.create(code="E", name="样例厂", industry="化工", lon=106.7, lat=39.5, area=city.west)
    for code, substance, quantity in (("V-1", "benzene", 300.0), ("S-1", "calcium_carbide", 3000.0)):
        HazardUnit.objects.create(
            code=code, name=code, enterprise=works, kind="储罐" if code == "V-1" else "仓库", substance=substance,
            quantity_t=quantity, pressure_mpa=0.102, lon=106.7, lat=39.5, area=city.west, representative=True,
        )  # fmt: skip
    return city


def flooded(city: City, depth: float, heard: str = "run:1", **more: Any) -> Trigger:
    zone = Reach(shape(square(106.68, 39.48, 0.04)), 1, depth, "m")
    return Trigger("flood", "洪水推演", 106.7, 39.5, heard, 1, zones=(zone,), area=city.west, **more)


def test_a_flood_over_a_works_asks_for_tank_levels_and_shows_where_the_leak_would_go(plant: City) -> None:
    by = actor(plant.city)
    found = {lead.edge: lead for lead in follow(by, flooded(plant, 1.5))}
    tank = found["flood-afloat"].things[0]
    assert tank["name"] == "样例厂 V-1"
    of = criteria.vessel(300, table()["benzene"].liquid_density, 0.102)
    assert tank["figures"]["critical_fill"] == pytest.approx(criteria.critical_fill(of, 1.5), abs=1e-3)
    run = Run.everything.get(pk=tank["run"])
    assert (run.kind, run.inputs["substance"], bool(run.because)) == ("chemical", "benzene", True)
    assert found["flood-carbide"].verdict == criteria.LIKELY, "carbide and half a metre of water"
    assert run.pk not in {f["properties"]["id"] for f in layers.footprints(by, None)["features"]}
    assert layers.supposed(by, None)["features"][0]["properties"]["because"] == run.because
    told = Event.objects.get(name="simulation.LeadsFound").payload
    assert (told["count"], told["node"]) == (len(found), "flood")
    assert {f["properties"]["name"] for f in layers.leads(by, None)["features"]} >= {"样例厂 V-1", "样例厂 S-1"}


def test_shallow_water_floats_no_tank_and_one_fact_heard_twice_changes_nothing(plant: City) -> None:
    by = actor(plant.city)
    first = follow(by, flooded(plant, 0.15))
    assert "flood-afloat" not in {lead.edge for lead in first}
    assert follow(by, flooded(plant, 3.0)) == []
    assert Firing.everything.count() == 1


def test_a_run_fires_the_chain_by_itself_and_a_supposed_run_is_followed_as_supposed(plant: City) -> None:
    by = actor(plant.city)
    inputs = {"substance": "chlorine", "hole_mm": 50, "wind_m_s": 2.0, "wind_from_deg": 180}
    run = actions.run(by, "chemical", inputs, 106.7, 39.499)
    drain()
    edges = set(Lead.everything.filter(correlation_id=run.correlation_id).values_list("edge", flat=True))
    assert "leak-neighbour" in edges
    assert "leak-explosion" not in edges, "chlorine does not burn"
    follow(by, flooded(plant, 1.5, "run:9"))
    drain()
    assert Run.everything.exclude(because="").count() == 1
    assert Firing.everything.filter(heard__startswith="supposed:").exists()


def test_a_thing_that_is_answered_keeps_its_answer_and_is_seen_only_within_ones_districts(plant: City) -> None:
    by = actor(plant.city)
    lead = next(one for one in follow(by, flooded(plant, 1.5)) if one.edge == "flood-afloat")
    with pytest.raises(Invalid, match="核查结果"):
        actions.answer_lead(by, lead.pk, "cleared", " ")
    with pytest.raises(Forbidden):
        actions.answer_lead(actor(plant.city, "simulation.view"), lead.pk, "cleared", "电话")
    actions.answer_lead(by, lead.pk, "cleared", "企业电话：液位 80 %，已锚固")
    with pytest.raises(Conflict):
        actions.answer_lead(by, lead.pk, "confirmed", "再查")
    follow(by, flooded(plant, 2.5, "run:2", correlation_id=lead.correlation_id))
    assert Lead.everything.get(pk=lead.pk).answer.startswith("企业电话")
    assert list(queries.leads(actor(plant.east))) == []


def test_wind_in_a_drought_makes_fire_likely(plant: City) -> None:
    by = actor(plant.city)
    dry = Trigger("drought", "干旱橙色", 106.7, 39.5, "judgement:1", 2, "黄", area=plant.west)
    wind = Trigger("gale", "大风蓝色", 106.7, 39.5, "judgement:2", 4, "蓝", area=plant.west)
    assert [lead.verdict for lead in follow(by, dry) if lead.edge == "drought-fire"] == [criteria.POSSIBLE]
    assert [lead.verdict for lead in follow(by, wind) if lead.edge == "gale-fire"] == [criteria.LIKELY]


def test_a_quake_in_the_ice_season_is_told_as_an_unusual_combination(plant: City) -> None:
    by = actor(plant.city)
    follow(by, Trigger("ice-jam", "凌汛橙色", 106.7, 39.5, "judgement:1", 2, "橙", area=plant.west))
    follow(by, Trigger("quake", "地震推演", 106.7, 39.5, "run:3", 2, area=plant.west))
    told = Event.objects.get(name="simulation.CombinationSeen")
    assert told.payload["nodes"] == ["ice-jam", "quake"]
    assert len(queries.combinations(by, told.at)) == 1
    assert queries.combinations(actor(plant.east), told.at) == []


def test_the_district_where_something_happens_is_ranked_first_and_shown(plant: City, signed_in: SignIn) -> None:
    Area.objects.filter(pk=plant.east.pk).update(geometry=square(106.9, 39.7), population=9000)
    by = actor(plant.city)
    follow(by, flooded(plant, 1.5))
    first, second = queries.ranking(by, Firing.everything.get().at)
    assert (first.name, second.name) == ("乌达区", "海勃湾区")
    assert first.parts["goods"] > 0 == second.parts["goods"]
    browser = signed_in()
    assert "乌达区" in browser.get("/simulation/ranking/").content.decode()
    page = browser.get("/simulation/leads/").content.decode()
    assert "储罐进水漂浮" in page
    assert "Landucci" in page
    assert "Butler" in browser.get("/simulation/chains/").content.decode()
    lead = Lead.everything.get(edge="flood-afloat")
    browser.post(f"/simulation/leads/{lead.pk}/answer", {"state": "confirmed", "answer": "罐已浮起"})
    assert Lead.everything.get(pk=lead.pk).state == "confirmed"


def test_an_earthquake_counts_in_every_district_it_shakes_and_what_is_only_supposed_in_none(plant: City) -> None:
    Area.objects.filter(pk=plant.east.pk).update(geometry=square(106.9, 39.7), population=9000)
    by = actor(plant.city)
    run = actions.run(by, "seismic", {"magnitude": 6.5, "depth_km": 10}, 105.9, 39.5)
    drain()
    follow(by, Trigger("leak", "若储罐泄漏", 106.7, 39.5, "supposed:99", 1, area=plant.west, supposed=True))
    found = {one.name: one.nodes for one in queries.ranking(by, run.at)}
    assert run.area == plant.city, "the epicentre lies outside all districts"
    assert found == {"乌达区": ("quake",), "海勃湾区": ("quake",)}


def torrential(city: City, colour: str = "红") -> Trigger:
    outline = shape(square(106.6, 39.4, 0.2))
    return Trigger(
        "rain", "暴雨红色预警", 106.7, 39.5, "warning:1", 1, colour, zones=(Reach(outline, 1),), area=city.west
    )


def test_rain_is_followed_to_the_torrent_the_tank_and_the_cloud_each_with_people_and_reason(plant: City) -> None:
    """强降雨 → 山洪出沟 → 储罐漂浮 → 泄漏 → 谁在影响范围内: every step computed from the one before."""
    Catchment.objects.create(
        code="XLY", name="样例沟", lon=106.7, lat=39.502, area_km2=120, length_km=9, slope=0.04, curve_number=84,
        flood_flow_m3_s=45, upstream_deg=0, fan_slope=0.004, people=120, area=plant.west, representative=True,
    )  # fmt: skip
    HazardUnit.everything.filter(code="V-1").update(substance="benzene", quantity_t=40.0)
    story = torrential(plant)
    found = {lead.edge: lead for lead in follow(actor(plant.city), story)}
    catchment = found["rain-catchment"]
    assert catchment.things[0]["figures"]["peak_m3_s"] > 45
    assert (catchment.step, catchment.verdict, catchment.at_things) == (1, criteria.LIKELY, 120)
    drain()
    leads = {lead.edge: lead for lead in Lead.everything.filter(correlation_id=story.correlation_id)}
    afloat = leads["flood-afloat"]
    assert afloat.path == ["rain-catchment", "flood-afloat"]
    assert afloat.things[0]["name"] == "样例厂 V-1"
    cloud = Run.everything.get(pk=afloat.things[0]["run"])
    assert cloud.summary["chain"]["path"] == afloat.path
    assert leads["leak-explosion"].path == [*afloat.path, "leak-explosion"]
    assert all(lead.reason and lead.cites for lead in leads.values())
    assert Run.everything.filter(because="").count() == 0, "nothing of it has happened"


def test_blue_rain_moves_no_catchment_and_a_catchment_of_the_far_bank_is_not_asked(plant: City) -> None:
    Catchment.objects.create(
        code="XLY", name="样例沟", lon=106.7, lat=39.502, area_km2=4, length_km=9, slope=0.04, curve_number=70,
        flood_flow_m3_s=450, area=plant.west, representative=True,
    )  # fmt: skip
    assert "rain-catchment" not in {lead.edge for lead in follow(actor(plant.city), torrential(plant, "蓝"))}


def test_what_people_confirm_fires_the_next_hazard_where_it_is(plant: City) -> None:
    by = actor(plant.city)
    lead = next(one for one in follow(by, flooded(plant, 1.5)) if one.edge == "flood-afloat")
    with pytest.raises(Invalid, match="涉及对象"):
        actions.answer_lead(by, lead.pk, "confirmed", "罐已浮起", [7])
    actions.answer_lead(by, lead.pk, "confirmed", "罐已浮起，管线断")
    drain()
    run = Run.everything.get(because="")
    assert (run.kind, run.title, run.correlation_id) == (
        "chemical",
        "样例厂 V-1：储罐进水漂浮、管线拉断泄漏（核查属实）",
        lead.correlation_id,
    )
    leak = Firing.everything.get(heard=f"run:{run.pk}")
    assert leak.node == "leak"
    after = Lead.everything.get(correlation_id=lead.correlation_id, edge="leak-explosion")
    assert after.step == 1, "it follows what has happened"
    carbide = Lead.everything.get(correlation_id=lead.correlation_id, edge="flood-carbide")
    actions.answer_lead(by, carbide.pk, "confirmed", "库内进水，有乙炔味")
    drain()
    assert Firing.everything.filter(node="explosion", heard__startswith=f"lead:{carbide.pk}:").exists()


def test_what_nobody_checked_lapses_when_the_event_is_over_and_what_was_answered_stays(plant: City) -> None:
    by = actor(plant.city)
    leads = follow(by, flooded(plant, 1.5))
    actions.answer_lead(by, leads[0].pk, "cleared", "看过，没有")
    assert actions.end_story(by, leads[0].correlation_id) >= len(leads) - 1
    states = dict(Lead.everything.filter(correlation_id=leads[0].correlation_id).values_list("pk", "state"))
    assert states.pop(leads[0].pk) == "cleared"
    assert set(states.values()) == {"lapsed"}
    with pytest.raises(Conflict, match="事件结束时未核查"):
        actions.answer_lead(by, leads[-1].pk, "confirmed", "晚了")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_a_drawing_has_every_box_apart_and_runs_forward_wherever_no_circle_forbids(
    pairs: list[tuple[int, int]],
) -> None:
    nodes, edges = [str(n) for n in range(8)], [(str(a), str(b)) for a, b in pairs]
    found = drawing.draw(nodes, edges)
    places = {one.id: one for one in found.nodes}
    assert len({(one.x, one.y) for one in found.nodes}) == len(nodes)
    assert len(found.paths) == len(edges)
    assert all(0 <= one.x <= found.width and 0 <= one.y <= found.height for one in found.nodes)
    if all(a < b for a, b in pairs):
        assert all(places[str(a)].x < places[str(b)].x for a, b in pairs)


def test_the_story_of_a_chain_is_drawn_with_what_fired_and_what_was_found(plant: City, signed_in: SignIn) -> None:
    by = actor(plant.city)
    lead = next(one for one in follow(by, flooded(plant, 1.5)) if one.edge == "flood-carbide")
    actions.answer_lead(by, lead.pk, "cleared", "门槛高，未进水")
    browser = signed_in()
    page = browser.get(f"/simulation/story/{lead.correlation_id}/").content.decode()
    assert 'class="node fired"' in page
    assert 'class="edge cleared"' in page
    assert 'class="edge possible"' in page
    assert browser.get("/simulation/story/00000000-0000-0000-0000-000000000000/").status_code == 404
