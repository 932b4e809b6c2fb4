"""Worked examples, published curves, and what must hold for any input."""

from __future__ import annotations

import json
from math import pi
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.hazards.chemical import HAZARD, blast, fire, gb18218, plume, puff, risk, source, stability
from anlan.hazards.chemical.dense import DensePlume
from anlan.hazards.chemical.substances import find, table
from anlan.hazards.contract import InputError

MOLE_KG_M3 = 101_325 / (8.314 * 293.15)


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


def test_dense_plume_lies_within_a_factor_of_two_of_degadis(shared: Path) -> None:
    case = json.loads((shared / "verification/chemical/dispersion_degadis_cl2.json").read_text())["case"]
    cloud = DensePlume(5.0, 2.948, 293.15, 5.0, 0.070906)
    for x, share in case["yc"].items():
        if float(x) >= 100:
            assert share / 2 <= cloud.share(float(x)) <= share * 2
            gaussian = plume.concentration(float(x), 0, 0, 5.0, 0, 5.0, "D") / (MOLE_KG_M3 * 0.070906)
            assert gaussian < share / 4, "a passive plume would tell people that they are safe"


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
        if row:
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
    assert "Britter" in chlorine.model
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
