"""Quantified risk: closed forms, what must hold for any park, and what is refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards import sketch
from anlan.hazards.chemical.qra import answer, contours, individual, judge, pictures
from anlan.hazards.chemical.qra.equipment import SETS, Equipment, Frequencies, proper_size, scenarios
from anlan.hazards.chemical.qra.individual import Steps, at_places, on_grid
from anlan.hazards.chemical.qra.inputs import read
from anlan.hazards.chemical.qra.model import Grid, People, Rose
from anlan.hazards.chemical.qra.scenario import Scenario, footprints, study
from anlan.hazards.chemical.qra.societal import societal
from anlan.hazards.chemical.qra.tree import Ignition
from anlan.hazards.chemical.tests import qra_cases
from anlan.hazards.contract import InputError
from conftest import library

EXAMPLE = answer.EXAMPLE
SMALL = Grid(-400.0, -400.0, 40.0, 20, 20)
CHLORINE = Equipment("V-101", "vessel", "chlorine", 0, 0, 50_000, 0.75, 20)
VCM = Equipment("V-201", "vessel", "vinyl_chloride", 120, 40, 100_000, 0.5, 20)
METHANOL = Equipment("V-6", "atmospheric", "methanol", -90, 60, 2e6, 0.102, 20)


def test_the_map_converges_to_the_footprints_with_the_square_of_the_step() -> None:
    errors = qra_cases.errors_by_step([Steps(1024 * k, 1 / (16 * k)) for k in (1, 2, 4)])
    assert errors[2] < 0.01
    assert errors[0] / errors[1] > 3
    assert errors[1] / errors[2] > 3
    assert qra_cases.errors_by_step([Steps()])[0] < 0.01, "as it is used"


def park(filled: bool = False) -> Any:
    made = [scenario for item in (CHLORINE, VCM, METHANOL) for scenario in scenarios(item)]
    rose = Rose.of(
        [(s, u, 22.5 * i, p / 16) for s, u, p in (("D", 4.0, 0.6), ("F", 1.5, 0.4)) for i in range(16)], filled
    )
    people = People(np.array([(300.0, 100.0), (-500.0, 0.0)]), np.array([200.0, 50.0]), np.array([150.0, 80.0]),
                    np.array([0.9, 0.8]), np.array([0.99, 0.9]))  # fmt: skip
    return study(made, rose, people)


@pytest.mark.parametrize("filled", [False, True])
def test_map_and_single_places_agree_where_fires_blasts_and_poison_meet(filled: bool) -> None:
    made = park(filled)
    x, y = SMALL.centres
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    exact = at_places(made, places)[0].reshape(SMALL.ny, SMALL.nx)
    found = on_grid(made, SMALL)
    assert np.isfinite(found).all()
    assert found.max() <= sum(scenario.frequency for item in (CHLORINE, VCM, METHANOL) for scenario in scenarios(item))
    apart = np.abs(found / exact - 1)[exact > 1e-9]
    assert np.median(apart) < 1e-3
    assert apart.max() < (0.03 if filled else 0.01), "a filled sector is read by rays at single places"


def test_threads_and_a_cluster_give_the_same_numbers_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = library("distributed", "cluster")
    made = park()
    alone = on_grid(made, SMALL, threads=1)
    assert np.array_equal(alone, on_grid(made, SMALL, threads=3))
    with (
        distributed.LocalCluster(1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert np.array_equal(alone, on_grid(made, SMALL, runner=individual.through_dask(client)))
        many = study([replace(qra_cases.LEAK, id=f"{i}", x=7.0 * i) for i in range(120)], qra_cases.rose(False))
        at_home = on_grid(many, SMALL, threads=2)
        monkeypatch.setattr(individual, "connected", lambda: client)
        assert np.array_equal(at_home, on_grid(many, SMALL)), "a configured cluster is used, and shows in no digit"


def test_the_map_agrees_with_a_sum_written_from_the_formulas_alone() -> None:
    """Briggs, AQ/T 3046 E.33, probit, summed over six leaks, 12 weather classes and 16 winds at cells drawn at random: within
    1 % wherever above 1e-9 a year. Nothing of the engine's tables or kernels is used."""
    found, exact = qra_cases.map_and_brute_force()
    seen = exact > 1e-9
    assert seen.sum() > 100
    assert np.abs(found[seen] / exact[seen] - 1).max() < 0.01
    assert found[exact == 0].max(initial=0.0) < 1e-9


def test_one_source_under_an_even_rose_makes_a_map_of_the_same_symmetry() -> None:
    """Eight even winds and a grid centred on the source: the map is that of the square it lies in, turned and mirrored."""
    rose = Rose.of([(s, u, 45.0 * i, p / 8) for s, u, p in (("D", 3.0, 0.7), ("F", 1.5, 0.3)) for i in range(8)])
    leak = replace(qra_cases.LEAK, rate_kg_s=20.0)
    found = on_grid(study([leak], rose), Grid(-610.0, -610.0, 20.0, 61, 61))
    seen = found > 1e-9
    for other in (np.rot90(found), found.T, found[::-1], found[:, ::-1]):
        assert np.abs(other[seen] / found[seen] - 1).max() < 2e-3


def test_a_turned_rose_turns_the_map_and_more_frequency_never_lowers_it() -> None:
    rows = [(s, u, 22.5 * i, (1 + i % 5) / 48 * p) for s, u, p in (("D", 3.0, 0.7), ("F", 1.5, 0.3)) for i in range(16)]
    grid = Grid(-610.0, -610.0, 20.0, 61, 61)
    scenarios = [
        replace(qra_cases.LEAK, rate_kg_s=20.0),
        Scenario("B", 0, 0, 1e-6, "fireball", "propane", mass_kg=20_000),
    ]

    def mapped(turn: float, factor: float = 1.0) -> Any:
        rose = Rose.of([(s, u, (wind_from + turn) % 360, p) for s, u, wind_from, p in rows])
        return on_grid(study([replace(scenarios[0], frequency=2e-5 * factor), scenarios[1]], rose), grid)

    here, turned, more = mapped(0.0), mapped(90.0), mapped(0.0, 1.5)
    seen = here > 1e-9
    seen[30, 30] = False  # the source itself lies in no direction
    # row 0 lies in the south, so that `rot90` turns the other way round than its name says
    assert np.abs(np.rot90(turned, -1)[seen] / here[seen] - 1).max() < 2e-3
    assert (more >= here * (1 - 1e-12)).all()
    assert (more > here)[seen].any()


def test_branches_of_every_tree_add_up_to_one() -> None:
    rose = qra_cases.rose()
    sources = [Ignition(100, 0, 0.9), Ignition(0, 200, 0.4, 0.5)]
    for item in (
        CHLORINE,
        VCM,
        METHANOL,
        replace(CHLORINE, substance="ammonia"),
        replace(VCM, substance="hydrogen", phase="gas"),
    ):
        for chosen in SETS:
            for one in scenarios(item, Frequencies(chosen)):
                for near in ([], sources):
                    assert sum(footprints(0, one, rose, near)[1].values()) == pytest.approx(1)


def test_a_park_s_own_frequencies_take_the_place_of_its_set_for_their_type_alone() -> None:
    own = Frequencies(
        "api581", {"vessel": {"25": 3e-6, "rupture": 1e-7}, "pipe": {"50%": 2e-7}}, {"vessel": "AQ/T 3046-2013 附录"}
    )
    assert {(one.id.split("/")[1], one.frequency) for one in scenarios(CHLORINE, own)} == {
        ("25", 3e-6),
        ("rupture", 1e-7),
    }
    pipe = replace(CHLORINE, type="pipe", connection_mm=80.0, length_m=300.0, phase="gas")
    (half,) = scenarios(pipe, own)
    assert (half.frequency, half.hole_mm) == (pytest.approx(6e-5), pytest.approx(40.0))
    assert [own.source(kind) for kind in ("vessel", "pipe", "process")] == [
        "AQ/T 3046-2013 附录",
        "园区自定",
        "API 581 第 2 版通用失效频率",
    ]
    sums = {name: sum(one.frequency for one in scenarios(CHLORINE, Frequencies(name))) for name in SETS}
    assert sums == {"hj169": pytest.approx(1.1e-4), "purple": pytest.approx(1.1e-5), "api581": pytest.approx(3.06e-5)}


@pytest.mark.parametrize(
    ("size", "right"),
    [("10", True), ("6.4", True), ("1000", True), ("10%", True), ("100%", True), ("10min", True), ("rupture", True), ("0", False),
     ("1001", False), ("101%", False), ("0%", False), ("-5", False), ("nan", False), ("破裂", False), ("", False), ("1e3", False)],
)  # fmt: skip
def test_a_size_of_release_is_a_hole_a_share_ten_minutes_or_a_rupture(size: str, right: bool) -> None:
    assert proper_size(size) is right


def test_a_source_of_ignition_in_the_cloud_burns_it_before_it_gets_further() -> None:
    one, rose = scenarios(VCM)[1], Rose.of([("D", 3.0, 270.0, 1.0)])
    with_it = footprints(0, one, rose, [Ignition(one.x + 150, one.y, 1.0)])[1]
    aside = footprints(0, one, rose, [Ignition(one.x - 500, one.y, 1.0)])[1]
    assert with_it["闪火"] == pytest.approx(0.3 * 0.6)
    assert aside["闪火"] == 0


@settings(max_examples=15, deadline=None)
@given(st.floats(0.1, 5), st.floats(0, 360), st.sampled_from("ABCDEF"), st.floats(0, 15))
def test_risk_is_finite_and_linear_in_frequency_and_turns_with_the_wind(
    factor: float, wind_from: float, stability: str, wind: float
) -> None:
    leak = replace(qra_cases.LEAK, rate_kg_s=20.0)
    towards = np.radians(270 - wind_from)
    places = np.array([(150.0, 10.0), (400.0, -30.0)])
    turned = places @ np.array([[np.cos(towards), np.sin(towards)], [-np.sin(towards), np.cos(towards)]])
    here = at_places(study([leak], Rose.of([(stability, wind, 270.0, 1.0)])), places)[0]
    there = at_places(
        study([replace(leak, frequency=leak.frequency * factor)], Rose.of([(stability, wind, wind_from, 1.0)])), turned
    )[0]
    assert np.isfinite(here).all()
    assert there == pytest.approx(here * factor, rel=1e-6, abs=1e-18)


def test_deaths_a_year_are_the_area_under_the_curve_which_never_rises() -> None:
    found = societal(park())
    numbers, often = (np.array(column) for column in zip(*found.curve, strict=True))
    assert (np.diff(often) <= 0).all()
    below_one = found.pll - float(np.sum(np.diff(np.append(0.0, numbers)) * often))
    assert 0 <= below_one + 1e-3 * found.pll < 0.2 * found.pll
    assert sum(found.by_scenario.values()) == pytest.approx(found.pll)


def test_people_of_the_day_meet_the_weather_of_the_day() -> None:
    """A wind by day only, and people who are there only by night: nobody dies; the map is that of the whole year all the same."""
    leak = replace(qra_cases.LEAK, rate_kg_s=20.0)
    people = People(np.array([(250.0, 0.0)]), np.array([0.0]), np.array([100.0]), np.zeros(1), np.zeros(1))
    rows = [("D", 3.0, 270.0, 0.6), ("F", 1.5, 90.0, 0.4)]
    by_day = study([leak], Rose.of(rows, by_day=[1.0, 0.0]), people)
    by_night = study([leak], Rose.of(rows, by_day=[0.0, 1.0]), people)
    both = study([leak], Rose.of(rows, by_day=[0.3, 0.3]), people)
    assert societal(by_day).pll == 0
    assert societal(by_night).pll > 0
    assert societal(both).pll == pytest.approx(0.7 * societal(by_night).pll)
    place = np.array([(200.0, 0.0)])
    assert at_places(by_day, place)[0] == pytest.approx(at_places(by_night, place)[0])


def test_rows_of_the_input_may_be_of_the_day_or_the_night() -> None:
    given = json.loads(json.dumps(EXAMPLE))
    for row in given["weather"]:
        row["period"] = "day" if row["stability"] == "D" else "night"
    rose = read(given).rose
    assert rose.by_day is not None
    assert rose.by_day[rose.classes.index(("D", 3.0))].tolist() == [1.0] * 8
    assert float((rose.probability * rose.by_day).sum()) == pytest.approx(0.6)


def test_a_contour_of_a_round_footprint_is_a_circle_with_its_area() -> None:
    grid = Grid(-1000.0, -1000.0, 20.0, 100, 100)
    x, y = np.meshgrid(*grid.centres)
    found = contours.contour(np.exp(-np.hypot(x, y) / 100) * 1e-4, grid, 1e-6)
    radius = 100 * np.log(100)
    assert found.area_m2 == pytest.approx(np.pi * radius**2, rel=0.005)
    assert not found.cut
    assert contours.contour(np.full((3, 3), 1e-5), Grid(0, 0, 1, 3, 3), 1e-6).cut


def test_capacity_shrinks_as_the_place_comes_nearer_to_people() -> None:
    rose = qra_cases.rose()
    target = judge.Target(0.0, 0.0, "一类", "学校")
    base = judge.Base(rose, (target,), False, np.zeros(1), judge.Societal([], 0, {}), None)
    most = [
        judge.room_for(base, replace(CHLORINE, x=float(x)), Frequencies("purple"))["most_t"] for x in (300, 1500, 6000)
    ]
    assert most == sorted(most)
    assert most[0] < most[2]


def test_choice_of_method_follows_gbt37243() -> None:
    assert judge.method(True, False, 0) == "事故后果法"
    assert judge.method(False, True, 1.0) == "定量风险评价法"
    assert judge.method(False, True, 0.99).startswith("执行")
    assert "取大者" in judge.method(True, True, 2)


def test_a_park_is_judged_and_says_what_brings_the_risk() -> None:
    found = answer.run(EXAMPLE)
    assert found["acceptable"] is False
    assert len(found["individual_risk"]) == len(EXAMPLE["receptors"])
    assert found["targets"][0]["contributors"][0]["scenario"] == "V-101/25mm"
    assert sum(c["share"] for c in found["targets"][0]["contributors"]) == pytest.approx(1, abs=0.01)
    assert json.loads(json.dumps(found, allow_nan=False))["grade"]["colour"] == "红"


def wrong(path: str, value: Any) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(json.dumps(EXAMPLE))
    at: Any = given
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        at = at[part]
    at[last] = value
    return given


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("grid.nx", 100_000_000, "grid.nx"),
        ("grid.cell_m", 0, "grid.cell_m"),
        ("grid.ny", 2.5, "grid.ny"),
        ("scenarios", [], "scenarios"),
        ("scenarios.0.frequency_per_y", -1e-5, "scenarios[0].frequency_per_y"),
        ("scenarios.0.frequency_per_y", float("nan"), "scenarios[0].frequency_per_y"),
        ("scenarios.0.substance", "氯气体", "scenarios[0].substance"),
        ("scenarios.0.kind", "explode", "scenarios[0].kind"),
        ("scenarios.0.hole_mm", -3, "scenarios[0].hole_mm"),
        ("scenarios.0.vessel_diameter_m", 0.02, "scenarios[0].hole_mm"),
        ("scenarios.1.inventory_kg", None, "scenarios[1].inventory_kg"),
        ("weather.0.probability", 0.9, "weather[].probability"),
        ("weather.0.probability", -0.1, "weather[0].probability"),
        ("weather.0.stability", "G", "weather[0].stability"),
        ("weather.0.period", "dusk", "weather[0].period"),
        ("weather.3.wind_m_s", float("inf"), "weather[3].wind_m_s"),
        ("population.0.indoor_fraction", 1.2, "population[0].indoor_fraction"),
        ("targets.0.class", "四类", "targets[0].class"),
        ("receptors.0", [1], "receptors[0]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_name_before_any_work(path: str, value: Any, field: str) -> None:
    with pytest.raises(InputError) as refused:
        read(wrong(path, value))
    assert refused.value.field == field
    assert refused.value.allowed


def test_calm_is_handled() -> None:
    given = json.loads(json.dumps(EXAMPLE))
    for row in given["weather"]:
        row["wind_m_s"] = 0
    found = answer.run(given)
    assert np.isfinite(found["max_risk"])
    assert any("静风" in text for text in found["assumptions"])


def test_a_scenario_may_name_its_outcome() -> None:
    burst = Scenario("B", 0, 0, 1e-6, "fireball", "propane", mass_kg=20_000)
    assert footprints(0, burst, qra_cases.rose())[1] == pytest.approx({"火球": 1.0})


def test_names_on_a_map_stand_on_their_places_and_never_on_each_other() -> None:
    """Two in one place part by a line, a third steps to the other side, one outside the window is not written."""
    with pictures.figure(6, 6) as made:
        axes = made.subplots()
        axes.set_xlim(0, 1000)
        axes.set_ylim(0, 1000)
        sketch.names(
            axes, [("甲村", 500, 500), ("乙村", 505, 500), ("丙村", 495, 500), ("丁村", 5000, 500), ("戊村", 2, 100)]
        )
        written = {text.get_text(): text for text in axes.texts}
    assert set(written) == {"甲村", "乙村", "丙村", "戊村"}
    heights = sorted(written[name].xyann[1] for name in ("甲村", "乙村", "丙村"))
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 7 * 1.1
    assert written["戊村"].xyann[0] > 6, "moved inwards, so that it is not cut"


def test_the_name_of_a_zone_keeps_clear_of_the_curve() -> None:
    curve = [(1.0, 2e-4), (4.0, 1.9e-4), (200.0, 2e-5)]
    best = max(pictures.ZONE_NAMES[1], key=lambda place: pictures.clear_of(curve, place))
    assert pictures.clear_of(curve, best) > pictures.clear_of(curve, pictures.ZONE_NAMES[1][0])
    assert [pictures.power(value) for value in (3e-7, 1e-5)] == [r"$3\times10^{-7}$", "$10^{-5}$"]
