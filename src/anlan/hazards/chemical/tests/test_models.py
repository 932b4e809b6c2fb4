"""Worked examples, published curves, and what must hold for any input."""

from __future__ import annotations

import json
from itertools import pairwise
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.chemical import (
    HAZARD,
    advice,
    blast,
    calm,
    cloud,
    fire,
    gb18218,
    indoor,
    inverse,
    plume,
    pool,
    puff,
    risk,
    source,
    stability,
    train,
    vessel,
)
from anlan.hazards.chemical.substances import find, table
from anlan.hazards.chemical.tests import verification
from anlan.hazards.contract import InputError


def examples(shared: Path) -> dict[str, Any]:
    rows = json.loads((shared / "verification/chemical/examples.json").read_text(encoding="utf-8"))
    return {row["id"]: row for row in rows}


def test_worked_examples_of_pool_evaporation(shared: Path) -> None:
    case = examples(shared)["D06"]
    methanol, chlorine = case["input"]["methanol"], case["input"]["chlorine"]
    off = source.mass_evaporation(methanol["p_Pa"], methanol["M"], methanol["T_K"], methanol["u"], 5, "F")
    assert off == pytest.approx(case["expected"]["methanol_Q3_kg_s"], rel=1e-3)
    flash = source.flash_fraction(25.0, -34.0, chlorine["Cp"], chlorine["Hv"])
    assert flash == pytest.approx(case["expected"]["chlorine_Fv"], rel=1e-3)
    boiled = source.heat_evaporation(100, 25.0, -34.0, chlorine["Hv"], 60)
    assert boiled == pytest.approx(case["expected"]["chlorine_Q2_kg_s"], rel=1e-3)


def test_every_verified_figure_is_within_its_limit(shared: Path) -> None:
    found = list(verification.rows(shared))
    assert len(found) > 140
    assert [row.case for row in found if not row.passes] == []


def test_puff_sigmas_of_ccps_page_101() -> None:
    assert puff.sigmas(500, "F") == pytest.approx((5.047929716825321, 2.214836678536473), rel=1e-9)


def test_puff_keeps_its_mass() -> None:
    sy, sz = puff.sigmas(300, "D")
    peak = puff.concentration(300, 0, 0, 100, 10.0, 0, 3.0, "D")
    assert peak == pytest.approx(10.0 / (2**0.5 * pi**1.5 * sy * sy * sz), rel=1e-9)


@given(st.sampled_from("ABCDEF"), st.floats(0.5, 20), st.floats(0, 50), st.floats(100, 5000))
def test_plume_carries_what_the_source_gives(cls: str, wind: float, height: float, x: float) -> None:
    """u times the integral of C over the cross-section is the source rate."""
    sy, sz = plume.sigmas(x, cls, "rural")
    steps = 81
    total = 0.0
    top = height + 6 * sz
    for i in range(steps):
        z = top * (i + 0.5) / steps
        total += plume.concentration(x, 0, z, 1.0, height, wind, cls) * top / steps
    assert total * wind * sy * (2 * pi) ** 0.5 == pytest.approx(1.0, rel=0.01)


@given(st.floats(0.2, 20), st.floats(1e5 + 2000, 1e7))
def test_gas_flow_is_continuous_where_it_chokes_and_never_negative(hole_mm: float, pressure: float) -> None:
    rate, _ = source.gas_rate(hole_mm / 1000, pressure, 293.15, 0.029, 1.4)
    assert rate >= 0
    at = source.critical_ratio(1.4)
    assert source.gas_factor(at * (1 - 1e-9), 1.4) == pytest.approx(source.gas_factor(at * (1 + 1e-9), 1.4), rel=1e-4)


def test_gb3840_sigmas_join_at_every_break() -> None:
    for cls, (sy, sz) in plume.GB3840.items():
        for bands, which in ((sy, 0), (sz, 1)):
            for top, *_ in bands[:-1]:
                below, above = plume.sigmas(top, cls, "gb3840")[which], plume.sigmas(top * 1.0001, cls, "gb3840")[which]
                assert above == pytest.approx(below, rel=2e-3)


@pytest.mark.parametrize(
    ("wind", "cloud", "sun", "cls"),
    [(1.5, 0, 70, "A"), (1.5, 0, -5, "F"), (4.0, 0, -5, "E"), (2.5, 0, 50, "B"), (7.0, 0, 50, "D"), (3.0, 10, 50, "C"),
     (5.5, 6, -5, "D")],
)  # fmt: skip
def test_stability_by_wind_cloud_and_sun(wind: float, cloud: float, sun: float, cls: str) -> None:
    assert stability.pasquill(wind, cloud, sun) == cls


def test_the_sun_stands_74_degrees_high_over_wuhai_at_midsummer_noon() -> None:
    noon_beijing = 12 + (120 - 106.8) / 15
    assert stability.solar_height(172, noon_beijing, 106.8, 39.67) == pytest.approx(73.8, abs=0.2)


def test_graded_examples_of_gb18218(shared: Path) -> None:
    cases = examples(shared)
    for name in ("D01", "D02"):
        found = gb18218.major_hazard(cases[name]["input"]["items"], cases[name]["input"]["people_500m"])
        for key, value in cases[name]["expected"].items():
            assert found[key] == pytest.approx(value) if isinstance(value, float) else found[key] == value


def test_exactly_the_threshold_is_a_major_hazard() -> None:
    assert gb18218.major_hazard([{"name": "光气", "q_t": 0.3}], 35)["grade"] == "三级"
    parts = [{"name": "乙炔", "q_t": 0.1}] * 10
    assert gb18218.major_hazard(parts, 0)["is_major"]
    assert gb18218.major_hazard([{"name": "乙炔", "q_t": 0.999}], 10)["grade"] is None


def test_table_1_has_its_85_rows_and_knows_names_with_and_without_brackets() -> None:
    assert len(gb18218.rows()) == 85
    for name in ("氯化氢(无水)", "氯化氢（无水）", "氯化氢", "7647-01-0"):
        assert gb18218.identify({"name": name}, "x").beta == 3
    with pytest.raises(InputError, match="甲醇"):
        gb18218.identify({"name": "甲纯"}, "items[0]")


def test_thresholds_of_the_two_tables_agree() -> None:
    """The properties table and the standard's table name the same thresholds for what is in table 1."""
    by_cas = {row.cas: row for row in gb18218.rows() if row.cas}
    for substance in table().values():
        row = by_cas.get(substance.cas)
        if row and substance.key != "formalin":  # a solution has the number of what is dissolved in it
            assert (substance.threshold_t, substance.beta) == (row.threshold_t, row.beta), substance.key


def test_probits(shared: Path) -> None:
    expected = examples(shared)["D09"]["expected"]
    assert risk.toxic(*find("氯").probit, 500, 30) == pytest.approx(tuple(expected["cl2"].values()), rel=1e-3)
    assert risk.toxic(*find("氨").probit, 3000, 60) == pytest.approx(tuple(expected["nh3"].values()), rel=1e-3)
    assert risk.heat(12.5, 60) == pytest.approx((3.4887, 0.065356), rel=1e-3)
    assert risk.share(5) == 0.5


def test_fireballs_of_ccps(shared: Path) -> None:
    refs = json.loads((shared / "verification/chemical/consequence_refs.json").read_text())
    for row in refs["fireball"]:
        ball = fire.fireball(row["M_kg"], 46_000)
        assert (ball.diameter_m, ball.duration_s, ball.height_m) == pytest.approx((row["D_m"], row["t_s"], row["H_m"]))
    flame = refs["thomas_flame_height"]
    assert fire.flame_length(flame["D"], flame["mdot_kg_m2_s"]) == pytest.approx(flame["L"], rel=0.01)
    for z, ratio in refs["tnt_ps_over_pa"].items():
        assert blast.crowl(float(z)) / blast.AMBIENT_KPA == pytest.approx(ratio, rel=1e-9)


def test_pool_fire_of_nureg_1805(shared: Path) -> None:
    case = json.loads((shared / "verification/chemical/consequence_nureg1805_pool.json").read_text())
    given_ = case["inputs"]
    across = (4 * given_["A_m2"] / pi) ** 0.5
    heat = fire.pool_heat_kw(given_["A_m2"], given_["mdot"], given_["dHc_kJkg"])
    flux = fire.point_source(heat, given_["chi_r"], given_["L_m"] + across / 2)
    assert flux == pytest.approx(case["expect"]["q_kW_m2"], rel=1e-3)


@pytest.mark.parametrize(("z", "kpa"), [(3, 115.73), (5, 43.23), (15, 8.76), (50, 1.735)])
def test_kingery_bulmash_as_simplified_by_swisdak(z: float, kpa: float) -> None:
    assert blast.kingery(z) == pytest.approx(kpa, rel=2e-3)


@given(st.sampled_from(sorted(blast.CURVES)), st.floats(1, 1e5), st.floats(0.5, 60))
def test_blast_falls_with_distance(curve: str, tnt: float, kpa: float) -> None:
    far = blast.distance(tnt, kpa, curve)
    assert blast.overpressure(tnt, far * 1.5, curve) <= blast.overpressure(tnt, far, curve) * 1.001


def test_a_heavy_gas_is_drawn_by_the_dense_model_and_says_so() -> None:
    chlorine = HAZARD.run(106.7, 39.46, HAZARD.example)
    methane = HAZARD.run(106.7, 39.46, {**HAZARD.example, "substance": "ammonia", "phase": "gas"})
    assert chlorine.summary["dense"] is True
    assert "重气浅层" in chlorine.model
    assert methane.summary["dense"] is False
    assert any("理查森" in line for line in chlorine.assumptions)


def test_an_unknown_substance_is_refused_with_near_names() -> None:
    with pytest.raises(InputError, match="氯"):
        find("氯气体")


def test_more_comes_out_of_a_bigger_hole_and_goes_farther() -> None:
    def reach(hole: float) -> float:
        return float(
            HAZARD.run(106.7, 39.46, {**HAZARD.example, "hole_mm": hole}).summary["distance_m"]["毒性终点浓度-2"]
        )

    assert reach(10) < reach(25) < reach(50)


def cloud_source(name: str, rate: float, droplets: float = 0.0) -> cloud.Source:
    of = find(name)
    return cloud.Source(of, rate, max(of.boiling_c + 273.15, 280.0), droplets)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["氯", "二氧化硫", "硫化氢", "丙烷"]), st.floats(0.1, 200), st.floats(1, 12), st.sampled_from("ABCDEF"),
    st.floats(0, 0.8),
)  # fmt: skip
def test_the_dense_layer_keeps_its_mass_thins_out_and_never_says_nan(
    name: str, rate: float, wind: float, cls: str, droplets: float
) -> None:
    plume_ = cloud.Batch(cloud.DENSE, (cloud_source(name, rate, droplets),), (cloud.Air(wind, cls),)).solved
    assert np.isfinite(plume_.axis).all()
    mixed = plume_.axis[0] < 0.9 * plume_.axis[0, 0]  # the first metres are held at pure gas
    assert plume_.flux()[mixed] == pytest.approx(np.full(int(mixed.sum()), rate), rel=0.02)
    assert (np.diff(plume_.axis[0]) <= 1e-9).all()
    assert plume_.at(300, 40, 0) == plume_.at(300, -40, 0)


def test_a_batch_says_what_each_member_says_alone() -> None:
    both = cloud.Batch(
        cloud.DENSE, (cloud_source("氯", 2), cloud_source("氯", 20)), (cloud.Air(2, "D"), cloud.Air(5, "C"))
    )
    alone = cloud.Batch(cloud.DENSE, (cloud_source("氯", 20),), (cloud.Air(5, "C"),))
    assert both.axis(700, 1) == pytest.approx(alone.axis(700), rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 100), st.floats(2e5, 5e6), st.floats(2, 80), st.floats(0.001, 0.05))
def test_a_blow_down_ends_at_ambient_pressure_and_loses_nothing(
    volume: float, pascal: float, molar: float, hole: float
) -> None:
    history = vessel.blow_down(volume, pascal, 293.15, molar / 1000, 1.3, hole, last_s=1e7)
    assert (np.diff(history.pressure_pa) <= 0).all()
    assert history.pressure_pa[-1] >= source.AMBIENT_PA * 0.999
    rates = (history.rate[1:] + history.rate[:-1]) / 2
    assert float((rates * np.diff(history.seconds)).sum()) == pytest.approx(history.released_kg, rel=0.01)


@settings(max_examples=15, deadline=None)
@given(
    st.floats(-60, 60),
    st.floats(0.1, 30),
    st.sampled_from(sorted(pool.GROUND)),
    st.one_of(st.none(), st.floats(10, 2000)),
)
def test_what_is_spilled_evaporates_or_lies_in_the_bund(
    above_k: float, feed: float, ground: str, bund: float | None
) -> None:
    liquid = pool.Liquid(900.0, 4e5, 0.05, 3e4, above_k)
    lying = pool.spread(liquid, pool.Site(ground, bund), lambda _s: feed, 600.0)
    assert lying.evaporated_kg + lying.mass[-1] == pytest.approx(feed * 600, rel=1e-6)
    assert (lying.mass >= -1e-9).all()
    assert bund is None or lying.radius[-1] <= (bund / pi) ** 0.5 + 1e-9


@given(st.floats(0, 0.999), st.sampled_from("ABCDEF"), st.floats(0.01, 100), st.floats(0, 6.28), st.floats(20, 5000))
def test_in_calm_the_cloud_is_the_same_on_both_sides_and_never_stronger_upwind(
    wind: float, cls: str, rate: float, angle: float, far: float
) -> None:
    x, y = far * cos(angle), far * sin(angle)
    here = calm.concentration(x, y, rate, 0, wind, cls)
    assert here == pytest.approx(calm.concentration(x, -y, rate, 0, wind, cls))
    assert here >= 0
    assert calm.concentration(-abs(x), y, rate, 0, wind, cls) <= calm.concentration(abs(x), y, rate, 0, wind, cls) * (
        1 + 1e-9
    )


def test_puffs_follow_a_wind_that_turns_and_stop_where_it_dies() -> None:
    release = train.steady(1.0, 60, puffs=12)
    winds = [train.Wind(0, 4, 270), train.Wind(300, 4, 180), train.Wind(600, 0, 0)]
    places = np.array([[1080.0, 1200, 0], [2280.0, 0, 0]])
    found = train.concentration(release, winds, places, np.array([620.0, 1800.0]), "D")
    assert found[0, 0] > 100 * found[1, 0], "north-east of the source, not where the first wind pointed"
    assert found[0, 1] < found[0, 0], "in still air it stays and thins"


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 1e5), st.integers(1, 9), st.floats(1, 2000))
def test_multi_energy_falls_with_distance_and_rises_with_strength(volume: float, strength: int, far: float) -> None:
    assert blast.multi_energy(volume, far, strength) >= blast.multi_energy(volume, far * 1.3, strength)
    assert blast.multi_energy(volume, far, strength) <= blast.multi_energy(volume, far, strength + 1)


@given(st.floats(5.5, 500), st.floats(1, 60))
def test_a_flame_is_seen_less_the_farther_away(far: float, high: float) -> None:
    assert 0 < fire.cylinder_view(far * 1.1, 5, high) <= fire.cylinder_view(far, 5, high) <= 1


def test_what_is_possible_holds_the_best_estimate_and_grows_with_doubt() -> None:
    batch, weights = cloud.with_members(cloud_source("氯", 5), cloud.Air(3, "D"), cloud.Doubt(), cloud.DENSE)
    edges = batch.edges([5.8e-6])[0]
    chance = cloud.probability(edges, weights, 15.0, np.array([300.0, 300.0, -50.0]), np.array([0.0, 400.0, 0.0]))
    assert chance[0] > 0.9
    assert 0 <= chance[1] < 0.2
    assert chance[2] == 0
    sure, unsure = (area_of(cloud.possible(edges, weights, sd, 0.1)) for sd in (2.0, 15.0))
    assert sure < unsure


def area_of(ring: list[tuple[float, float]]) -> float:
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]]))) / 2


def test_a_plant_is_graded_unit_by_unit_and_a_park_counts_its_units() -> None:
    tank = {"name": "罐区", "items": [{"name": "氯", "q_t": 4}]}
    store = {"name": "仓库", "items": [{"name": "氯", "q_t": 60}]}
    plant = gb18218.enterprise([tank, tank, store], 120)
    assert [unit["is_major"] for unit in plant["units"]] == [False, False, True], (
        "two halves of a threshold never make one"
    )
    assert (plant["worst_grade"], plant["major_count"]) == ("二级", 1)
    park = gb18218.park(
        [{"name": "甲", "people_500m": 120, "units": [store]}, {"name": "乙", "people_500m": 0, "units": [store]}]
    )
    assert park["by_grade"] == {"一级": 0, "二级": 1, "三级": 1, "四级": 0}
    with pytest.raises(InputError, match="甲醇"):
        gb18218.park(
            [{"name": "甲", "people_500m": 1, "units": [{"name": "u", "items": [{"name": "甲纯", "q_t": 1}]}]}]
        )


def test_a_substance_of_several_classes_counts_with_the_least_threshold() -> None:
    assert gb18218.identify({"category": "W5.3、J5"}, "x").threshold_t == 500


def test_the_table_has_59_substances_that_boil_where_they_should_and_agree_with_the_standard() -> None:
    assert len(table()) == 59
    assert find("UN1017") is find("Cl2") is find("Chlorine") is find("7782-50-5")
    for of in table().values():
        if of.antoine or of.latent_kj_kg:
            assert of.saturated_pa(of.boiling_c) == pytest.approx(101_325, rel=0.05), of.key
        assert of.lfl_pct is None or of.ufl_pct is None or of.lfl_pct < of.ufl_pct
        if of.category and of.category in gb18218.CLASSES:
            assert gb18218.CLASSES[of.category] == (of.threshold_t, of.beta), of.key


def test_a_calm_and_a_rupture_and_a_hole_too_large_are_each_said() -> None:
    still = HAZARD.run(106.7, 39.46, {**HAZARD.example, "wind_m_s": 0})
    assert any("静风" in line for line in still.limits)
    burst = HAZARD.run(106.7, 39.46, {**HAZARD.example, "phase": "rupture", "inventory_t": 20})
    assert "箱式" in burst.model
    with pytest.raises(InputError, match="不大于容器"):
        HAZARD.run(106.7, 39.46, {**HAZARD.example, "phase": "liquid", "inventory_t": 0.2, "hole_mm": 900})
    with pytest.raises(InputError, match="inventory_t"):
        HAZARD.run(106.7, 39.46, {**HAZARD.example, "phase": "rupture"})


def test_stayers_indoors_get_less_while_the_cloud_passes_and_more_if_they_do_not_air_afterwards() -> None:
    seconds = np.linspace(0, 7200, 721)
    outside = np.where(seconds < 1800, 100.0, 0.0)
    inside = indoor.inside(seconds, outside, 1.0)
    assert inside.max() == pytest.approx(indoor.after(100.0, 1800, 1.0), rel=0.01)
    assert indoor.load(seconds, inside, 2.75) < indoor.load(seconds, outside, 2.75)
    aired = indoor.load(seconds[:181], inside[:181], 2.75)
    assert aired < indoor.load(seconds, inside, 2.75)


@settings(max_examples=40, deadline=None)
@given(st.floats(60, 7200), st.floats(0.5, 12), st.floats(30, 20_000), st.floats(0, 2000), st.floats(1, 1e4))
def test_people_go_when_they_can_be_out_in_time_and_stay_when_the_cloud_is_gone_before_they_are_ready(
    lasts: float, wind: float, away: float, side: float, level: float
) -> None:
    cloud_ = advice.Cloud(((10.0, level), (30_000.0, level)), lasts, wind, 2.75, 5.8)
    said = advice.advise(cloud_, advice.Spot(away, side))
    if level < 5.8:
        assert said.what == advice.READY
    elif said.arrives_s >= said.leaves_s:
        assert said.what == advice.LEAVE
    elif said.arrives_s + lasts <= advice.READY_MIN * 60:
        assert said.what == advice.SHELTER
    assert said.indoor_mg_m3 <= said.outdoor_mg_m3 * (1 + 1e-9)


def test_detectors_find_the_rate_that_made_their_readings() -> None:
    of, air = cloud_source("氯", 6.0), cloud.Air(2.5, "D")
    truth = cloud.Batch(cloud.DENSE, (of,), (air,)).solved
    places = ((120.0, 10.0), (300.0, 60.0), (500.0, -90.0))
    read = [inverse.Detector(x, y, truth.at(x, abs(y), 1.5) * 1e6) for x, y in places]
    found = inverse.estimate(of, air, cloud.DENSE, read)
    assert found is not None
    assert found.low < 6.0 < found.high
    assert found.median == pytest.approx(6.0, rel=0.5)
    assert inverse.estimate(of, air, cloud.DENSE, [inverse.Detector(100.0, 0.0, 0.0)]) is None
