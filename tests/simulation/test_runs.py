"""An engine run from the desk: result, people, scope."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from django.db import transaction
from django.test import Client

from anlan.command.events import IncidentClosed
from anlan.hazards.contract import Footprint, Zone
from anlan.hazards.raster import Raster
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import emit
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.models import ApiToken, Area, Level, User
from anlan.simulation import actions, layers, queries
from anlan.simulation.models import Run
from anlan.simulation.report import CHECK
from anlan.simulation.views import runs
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
CHLORINE = {"substance": "chlorine", "hole_mm": 25, "wind_m_s": 2.5, "wind_from_deg": 290, "uncertainty": "off"}


def square(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    east, north = west + side, south + side
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


@pytest.fixture
def lived_in(city: City) -> City:
    """The western district: two communities side by side of 3000 and 1000 people by their lists, 8000 by census."""
    Area.objects.filter(pk=city.west.pk).update(geometry=square(106.6, 39.4, 0.2), population=8000)
    for n, people in enumerate((3000, 1000)):
        Area.objects.create(
            code_system="mca", code=f"15030400100{n}", name=f"社区{n}", level=Level.COMMUNITY, parent=city.west,
            geometry=square(106.6 + n * 0.1, 39.4), population=people,
        )  # fmt: skip
    return city


def test_half_a_community_in_the_zone_counts_half_its_people_scaled_to_the_census(lived_in: City) -> None:
    half = square(106.6, 39.4)
    half["coordinates"][0][1][0] = half["coordinates"][0][2][0] = 106.65
    (found,) = queries.exposure([half])
    assert found["people"] == 3000, "half of 3000, times 8000/4000"
    assert [(row["name"], row["share"]) for row in found["communities"]] == [("社区0", 0.5)]


def test_the_whole_district_in_the_zone_has_exactly_the_people_of_the_census(lived_in: City) -> None:
    (found,) = queries.exposure([square(106.0, 39.0, 1.0)])
    assert found["people"] == 8000


def test_a_district_without_outlined_communities_is_counted_as_a_whole(city: City) -> None:
    Area.objects.filter(pk=city.east.pk).update(geometry=square(106.8, 39.6), population=10_000)
    (found,) = queries.exposure([square(106.8, 39.6, 0.05)])
    assert found["people"] == 2500


def test_without_any_outline_the_number_of_people_is_said_to_be_unknown(city: City) -> None:
    assert queries.exposure([square(106.6, 39.4)]) == [{"people": 0, "communities": [], "known": False}]


def test_a_run_keeps_inputs_model_assumptions_and_people_and_tells_the_house(lived_in: City) -> None:
    run = actions.run(actor(lived_in.city), "chemical", CHLORINE, 106.65, 39.45)
    kept = Run.everything.get()
    assert kept.inputs["hole_mm"] == 25
    assert kept.assumptions
    assert kept.limits
    assert kept.area == lived_in.west
    assert len(kept.exposure) == len(kept.zones) == 2
    assert kept.exposure[1]["people"] > 0
    event = Event.objects.get(name="simulation.SimulationFinished")
    assert (event.payload["run_id"], event.correlation_id) == (run.pk, kept.correlation_id)


@pytest.mark.parametrize(
    ("kind", "inputs", "field"),
    [
        ("chemical", {**CHLORINE, "hole_mm": -3}, "hole_mm"),
        ("chemical", {**CHLORINE, "speed": 3}, "speed"),
        ("locusts", {}, "kind"),
    ],
)
def test_wrong_inputs_are_refused_by_name(city: City, kind: str, inputs: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.run(actor(city.city), kind, inputs, 106.65, 39.45)
    assert refused.value.details["field"] == field
    assert Run.everything.count() == 0


def test_runs_of_another_district_can_be_neither_made_nor_seen(lived_in: City) -> None:
    Area.objects.filter(pk=lived_in.east.pk).update(geometry=square(106.9, 39.7))
    stranger = actor(lived_in.east)
    with pytest.raises(Forbidden):
        actions.run(stranger, "chemical", CHLORINE, 106.65, 39.45)
    run = actions.run(actor(lived_in.west), "chemical", CHLORINE, 106.65, 39.45)
    assert list(queries.runs(stranger)) == []
    with pytest.raises(NotFound):
        queries.runs(stranger).one(run.pk)
    assert layers.footprints(stranger, None)["features"] == []


def test_people_where_the_cloud_may_only_possibly_go_are_counted_apart(lived_in: City) -> None:
    run = actions.run(actor(lived_in.city), "chemical", {**CHLORINE, "uncertainty": "on"}, 106.65, 39.45)
    assert [zone["uncertain"] for zone in run.zones] == [False, False, True]
    assert run.exposure[2]["people"] > run.exposure[1]["people"]
    event = Event.objects.get(name="simulation.SimulationFinished")
    assert event.payload["people"] == run.exposure[1]["people"]


def test_the_map_shows_the_newest_run_of_an_event_worst_zone_last(lived_in: City) -> None:
    by = actor(lived_in.city)
    first = actions.run(by, "chemical", CHLORINE, 106.65, 39.45)
    second = actions.run(by, "chemical", {**CHLORINE, "hole_mm": 50}, 106.65, 39.45, first.correlation_id)
    shown = layers.footprints(by, None)["features"]
    assert [f["properties"]["id"] for f in shown] == [f"{second.pk}-1", f"{second.pk}-0"]
    assert [f["properties"]["level"] for f in shown] == [2, 1]


def test_when_the_event_is_closed_its_footprints_leave_the_map_and_the_run_stays(lived_in: City) -> None:
    by = actor(lived_in.city)
    ours, other = (actions.run(by, "chemical", CHLORINE, lon, 39.45) for lon in (106.65, 106.66))
    with transaction.atomic():
        emit(system("结案"), IncidentClosed(1), correlation_id=ours.correlation_id)
    dispatcher.drain()
    shown = {f["properties"]["run"] for f in layers.footprints(by, None)["features"]}
    assert shown == {other.pk}
    assert not {f["properties"]["run"] for f in layers.fire_fronts(by, None)["features"]} & {ours.pk}
    assert {run.pk for run in queries.runs(by)} == {ours.pk, other.pk}
    assert Event.objects.get(name="simulation.StoryEnded").payload == {"runs": 1, "leads": 0}
    assert actions.end_story(by, ours.correlation_id) == 0


@pytest.mark.parametrize("kind", sorted(queries.HAZARDS))
def test_every_engine_runs_from_its_form(lived_in: City, signed_in: SignIn, kind: str) -> None:
    browser, hazard = signed_in(), queries.HAZARDS[kind]
    form = browser.get(f"/simulation/new?kind={kind}&lon=106.65&lat=39.45").content.decode()
    assert all(item.title in form for item in hazard.inputs if not isinstance(item, runs.FILLED))
    sent = {"kind": kind, "lon": "106.65", "lat": "39.45", **hazard.example}
    answer = browser.post("/simulation/new", sent)
    assert answer.status_code == 302
    page = browser.get(answer["Location"]).content.decode()
    assert Run.everything.get().model in page
    assert "模型推算" in page
    assert browser.get("/simulation/").content.decode().count(answer["Location"]) == 1


def test_the_form_comes_back_with_the_reason_when_an_input_is_wrong(lived_in: City, signed_in: SignIn) -> None:
    sent = {"kind": "chemical", "lon": "106.65", "lat": "39.45", "hole_mm": "dick"}
    answer = signed_in().post("/simulation/new", sent)
    assert answer.status_code == 422
    assert "孔径的值“dick”不正确" in answer.content.decode()


def test_a_result_without_zones_is_kept_and_shown(lived_in: City, signed_in: SignIn) -> None:
    row = Run.everything.create(
        area=lived_in.west, kind="flood", title="无影响", lon=106.6, lat=39.4, inputs={}, model="m", zones=[],
        assumptions=[], limits=[], summary={}, exposure=[], at="2026-11-23T00:00:00Z", took_ms=1, by="王",
    )  # fmt: skip
    assert "没有超过阈值的范围" in signed_in().get(f"/simulation/{row.pk}/").content.decode()


def test_a_footprint_of_the_engines_is_plain_data() -> None:
    zone = Zone("区", 1, "", square(106, 39))
    assert Footprint("m", [zone], [], []).as_json()["zones"][0]["geometry"]["type"] == "Polygon"


def seen_perimeter() -> list[list[float]]:
    return [[106.70, 39.50], [106.71, 39.50], [106.71, 39.51], [106.70, 39.51]]


def test_a_forecast_goes_on_from_the_perimeter_that_a_commander_drew(lived_in: City) -> None:
    given = {"fuel": "GR2", "wind_m_s": 6, "wind_from_deg": 270, "perimeter": seen_perimeter()}
    run = actions.run(actor(lived_in.city), "wildfire", given, 106.705, 39.505)
    assert run.inputs["perimeter"] == seen_perimeter()
    assert run.summary["area_ha"]["1"] > 95
    assert run.summary["area_ha"]["1"] < run.summary["area_ha"]["6"]
    assert [zone["name"] for zone in run.zones] == ["1 小时火线", "2 小时火线", "3 小时火线", "6 小时火线"]
    assert any("已观测火线" in text for text in run.assumptions)


def test_an_ensemble_gives_zones_by_the_chance_of_burning(lived_in: City) -> None:
    run = actions.run(actor(lived_in.city), "wildfire", {"wind_m_s": 6, "members": 20}, 106.705, 39.505)
    assert [zone["value"] for zone in run.zones] == [90, 50, 10]
    people = [zone["people"] for zone in run.exposure]
    assert 0 < people[0] < people[1] < people[2]
    low, middle, high = run.summary["area_ha_p10_p50_p90"]
    assert low < middle < high


def test_a_perimeter_that_crosses_itself_is_refused_and_nothing_is_kept(lived_in: City) -> None:
    crossed = [[106.70, 39.50], [106.71, 39.51], [106.71, 39.50], [106.70, 39.51]]
    with pytest.raises(Invalid, match="自相交"):
        actions.run(actor(lived_in.city), "wildfire", {"perimeter": crossed}, 106.705, 39.505)
    assert not Run.everything.exists()


def test_the_map_gets_a_front_for_every_quarter_of_an_hour_of_the_newest_fire(lived_in: City) -> None:
    by = actor(lived_in.city)
    old = actions.run(by, "wildfire", {"wind_m_s": 3}, 106.705, 39.505)
    new = actions.run(by, "wildfire", {"wind_m_s": 6}, 106.705, 39.505, old.correlation_id)
    fronts = layers.fire_fronts(by, None)["features"]
    assert [front["properties"]["minute"] for front in fronts] == list(range(15, 361, 15))
    assert {front["properties"]["id"].split("-")[0] for front in fronts} == {str(new.pk)}


def test_the_map_gets_the_water_of_a_breach_hour_by_hour(lived_in: City) -> None:
    by = actor(lived_in.city)
    run = actions.run(by, "flood", {"scenario": "dike_breach", "hours": 6, "rise_m": 2}, 106.705, 39.505)
    fronts = layers.fire_fronts(by, None)["features"]
    assert sorted({front["properties"]["minute"] for front in fronts}) == [30.0 * k for k in range(1, 13)]
    assert {front["properties"]["name"] for front in fronts} >= {"水深 ≥ 0.15 m", "水深 ≥ 0.5 m"}
    assert {front["properties"]["id"].split("-")[0] for front in fronts} == {str(run.pk)}
    assert run.summary["peak_m3_s"] > 100


@pytest.mark.parametrize(
    "text",
    [
        "106.70, 39.50\n106.71, 39.50\n106.71, 39.51",
        '{"type": "LineString", "coordinates": [[106.70, 39.50], [106.71, 39.50], [106.71, 39.51]]}',
        '<gpx><trk><trkseg><trkpt lat="39.50" lon="106.70"><time>2026-03-02T08:00:00Z</time></trkpt>'
        '<trkpt lat="39.50" lon="106.71"/><trkpt lon="106.71" lat="39.51"/></trkseg></trk></gpx>',
    ],
)
def test_a_gps_track_is_read_as_it_was_saved(text: str) -> None:
    assert runs.track(text, "火线") == [[106.70, 39.50], [106.71, 39.50], [106.71, 39.51]]


def test_half_a_place_is_refused() -> None:
    with pytest.raises(Invalid, match="GPX"):
        runs.track("106.70, 39.50, 106.71", "火线")


def test_the_form_takes_a_perimeter_and_shows_how_many_points_it_had(lived_in: City, signed_in: SignIn) -> None:
    client = signed_in()
    text = " ".join(f"{lon},{lat}" for lon, lat in seen_perimeter())
    shown = client.get("/simulation/new", {"kind": "wildfire", "lon": "106.7", "lat": "39.5", "perimeter": text})
    assert "106.7, 39.5" in shown.content.decode()
    answer = client.post(
        "/simulation/new", {"kind": "wildfire", "lon": "106.705", "lat": "39.505", "perimeter": text}, follow=True
    )
    assert "4 个点" in answer.content.decode()


def test_the_population_layer_says_how_many_live_where_and_who_counted_them(lived_in: City) -> None:
    Area.objects.filter(pk=lived_in.west.pk).update(population_note="2021 年末常住人口（统计公报）")
    Area.objects.filter(parent=lived_in.west).update(population_note="模型推算：按名单分摊")
    found = layers.population(actor(lived_in.city, "simulation.view"), None)
    assert [feature["properties"]["people"] for feature in found["features"]] == [6000, 2000]
    assert all(feature["properties"]["modelled"] for feature in found["features"])
    assert found["source"] == "2021 年末常住人口（统计公报）"
    # 0.1 x 0.1 degrees at 39.45 N are 8.6 x 11.1 km.
    assert found["features"][0]["properties"]["per_km2"] == pytest.approx(6000 / 95.5, rel=0.02)


def test_without_figures_the_population_layer_is_empty_and_says_what_is_missing(city: City) -> None:
    assert layers.population(actor(city.city, "simulation.view"), None)["features"] == []
    assert "未载入人口数据" in LAYERS["population"].empty


def test_a_run_goes_on_paper_only_for_those_who_may_see_it(lived_in: City, signed_in: SignIn) -> None:
    Area.objects.filter(pk=lived_in.east.pk).update(geometry=square(106.9, 39.7))
    run = actions.run(actor(lived_in.city), "chemical", {**CHLORINE, "uncertainty": "on"}, 106.65, 39.45)
    browser = signed_in(lived_in.city)
    word, pdf, png = (browser.get(f"/simulation/{run.pk}/report.{kind}").content for kind in ("docx", "pdf", "png"))
    with ZipFile(BytesIO(word)) as opened:
        text = opened.read("word/document.xml").decode()
        assert sum(name.startswith("word/media/") for name in opened.namelist()) == 2, "map and axis"
    for said in (
        "模型推算",
        CHECK,
        "社区0",
        "毒性终点浓度-1",
        "可能影响范围",
        str(run.exposure[2]["people"]),
        run.limits[0],
    ):
        assert said in text, said
    assert (pdf[:5], png[:4]) == (b"%PDF-", b"\x89PNG")
    assert browser.get(f"/simulation/{run.pk}/report.xls").status_code == 404
    stranger = signed_in(lived_in.east, username="li")
    assert stranger.get(f"/simulation/{run.pk}/report.docx").status_code == 404


@pytest.mark.parametrize(
    ("kind", "inputs", "words"),
    [
        ("seismic", {"magnitude": 12}, ("震级", "12", "3 至 8.5 M")),
        ("seismic", {"magnitude": float("nan")}, ("震级", "3 至 8.5 M")),
        ("flood", {"scenario": "ponding", "rain": [[0, -5]]}, ("降雨过程", "雨强", "-5", "mm/h")),
        ("wildfire", {"fuel": "GR99"}, ("燃料", "GR99", "GR4")),
        ("wildfire", {"perimeter": [[106.7, 39.5]]}, ("已观测火线", "经度")),
    ],
)
def test_a_wrong_input_is_refused_by_its_own_name_before_any_work(
    city: City, kind: str, inputs: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.run(actor(city.city), kind, inputs, 106.7, 39.5)
    assert all(word in refused.value.message for word in words), refused.value.message
    assert not queries.runs(actor(city.city)).exists()


def kept(by: Any, kind: str, values: Any) -> None:
    """A raster round 106.65 E, 39.45 N: fuel of 0.4 degrees in cells of a kilometre, heights of 0.06 degrees in cells of 110 m."""
    grid, side = np.asarray(values, np.float32), 0.4 if kind == "fuel" else 0.06
    step = side / grid.shape[0]
    raster = Raster(106.65 - side / 2, 39.45 - side / 2, step, step, grid)
    actions.keep_raster(by, kind, raster, f"样例{kind}", "测试")


@pytest.mark.parametrize(
    ("kind", "inputs", "words"),
    [
        ("seismic", {"magnitude": 12}, ("震级", "12", "8.5")),
        ("flood", {"scenario": "ponding", "rain": [[0, -5], [1, 3]]}, ("降雨过程", "-5", "mm/h")),
        ("flood", {"scenario": "ponding", "rain": [[0, 5], [0, 3]]}, ("降雨过程", "分钟逐行递增")),
        ("flood", {"scenario": "dam_breach", "storage": [[1080, 3e7], [1070, 1e6]]}, ("水位", "递增")),
        ("wildfire", {"fuel": "GR99"}, ("燃料模型", "GR99", "GR4")),
        ("wildfire", {}, ("位置", "起火点", "可燃物", "水面")),
        ("wildfire", {"line": [[106.6, 39.4]]}, ("隔离线",)),
    ],
)
def test_page_and_api_refuse_what_cannot_be_before_any_work(
    lived_in: City, signed_in: SignIn, kind: str, inputs: dict[str, Any], words: tuple[str, ...]
) -> None:
    """Magnitude 12, rain below nought or of one hour twice, unknown fuel, a fire lit in the middle of a lake, half a line."""
    by, browser = actor(lived_in.city), signed_in()
    kept(by, "fuel", np.full((40, 40), 98.0))
    kept(by, "elevation_m", np.add.outer(np.zeros(60), np.linspace(1090.0, 1080.0, 60)))
    token = ApiToken.issue(User.objects.get(username="wang"), "测试", clock.real_now())
    asked = {"kind": kind, "lon": 106.65, "lat": 39.45, "inputs": inputs}
    by_api = Client().post(
        "/api/simulation/run", asked, content_type="application/json", headers={"authorization": f"Bearer {token}"}
    )
    form = {name: "\n".join(", ".join(map(str, row)) for row in value) if isinstance(value, list) else value
            for name, value in inputs.items()}  # fmt: skip
    by_page = browser.post("/simulation/new", {"kind": kind, "lon": "106.65", "lat": "39.45", **form})
    assert (by_api.status_code, by_page.status_code) == (422, 422), by_api.content.decode()
    for word in words:
        assert word in by_api.json()["error"], by_api.json()
        assert word in by_page.content.decode()
    assert not Run.everything.exists()


@pytest.mark.parametrize(("lon", "lat"), [(200.0, 39.45), (106.65, 91.0), (106.65, 1e9)])
@pytest.mark.parametrize("kind", sorted(queries.HAZARDS))
def test_a_place_that_is_not_on_earth_is_refused(city: City, kind: str, lon: float, lat: float) -> None:
    with pytest.raises(Invalid) as refused:
        actions.run(actor(city.city), kind, dict(queries.HAZARDS[kind].example), lon, lat)
    assert any(word in refused.value.message for word in ("经度", "纬度"))


def test_a_hole_in_the_imported_heights_is_named_with_its_place_and_its_neighbours_of_another_size_are_fine(
    lived_in: City,
) -> None:
    """Rasters of other cells and extents are read at the places of the run; what is missing there is said before any work."""
    by = actor(lived_in.city)
    heights = np.add.outer(np.zeros(60), np.linspace(1090.0, 1080.0, 60))
    kept(by, "fuel", np.full((40, 40), 102.0))
    kept(by, "elevation_m", heights)
    assert actions.run(by, "wildfire", {"change_after_h": 1}, 106.65, 39.45).zones
    heights[31, 31] = np.nan
    kept(by, "elevation_m", heights)
    with pytest.raises(Invalid, match="无高程"):
        actions.run(by, "flood", {"scenario": "ponding", "rain_mm_h": 40}, 106.65, 39.45)
