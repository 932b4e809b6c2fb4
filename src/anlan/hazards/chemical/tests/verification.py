"""What the chemical engines are verified against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import erf, log, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.chemical import (
    HAZARD,
    blast,
    calm,
    criteria,
    dense,
    fire,
    gb18218,
    heavy_puff,
    indoor,
    layer,
    plume,
    puff,
    risk,
    source,
    train,
    vessel,
)
from anlan.hazards.chemical.mixing import Material, Mixture, mixture
from anlan.hazards.chemical.substances import find
from anlan.hazards.chemical.surface import surface
from anlan.hazards.chemical.tests import qra_cases, trials
from anlan.hazards.chemical.tests.trials import share_at
from anlan.hazards.verified import Verified

EXAMPLES = "worked examples of the shared reference data ({})"
CCPS, TURNER = "CCPS 1999", "EPA AP-26 (Turner), recalled"
#: What stands below the table of the page.
NOTES = trials.NOTES
MOLE_KG_M3 = 101_325 / (8.314 * 293.15)


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from own_cases()
    yield from sources()
    yield from clouds()
    yield from fires()
    yield from chances()
    yield from degadis()
    yield from trials.rows()
    yield from qra_cases.rows(shared)
    if shared is not None:
        folder = shared / "verification/chemical"
        yield from worked(json.loads((folder / "examples.json").read_text(encoding="utf-8")))
        yield from references(json.loads((folder / "dispersion_refs.json").read_text(encoding="utf-8")))
        yield from consequences(folder)
        yield from degadis_file(json.loads((folder / "dispersion_degadis_cl2.json").read_text(encoding="utf-8")))
        yield from slab(folder / "slab_inpr2_desert_tortoise_nh3_hjet.txt")


def own_cases() -> Iterator[Verified]:
    for case in HAZARD.cases:
        yield Verified(
            case.title, case.source, case.expected, float(case.function(**case.arguments)), "", case.tolerance
        )


def sources() -> Iterator[Verified]:
    """Vessels that empty have exact answers."""
    history = vessel.blow_down(10, 1.1e6, 293.15, 0.01604, 1.31, 0.025)
    for i in (20, 60, 100):
        t, first = float(history.seconds[i]), float(history.left_kg[0])
        exact = first * (1 + 0.31 / 2 * t * float(history.rate[0]) / first) ** (-2 / 0.31)
        yield Verified(f"methane blow-down, kg left after {t:.0f} s", "isentropic choked flow, exact", exact,
                       float(history.left_kg[i]), "kg", 1e-4)  # fmt: skip
    empty = vessel.drain(5, 3, 0.05, 800, last_s=1e5)
    exact = 5 / (0.65 * source.hole_area(0.05)) * sqrt(2 * 3 / 9.81)
    yield Verified("tank of 5 m2, 3 m of liquid, 50 mm hole: emptying", "Torricelli, exact", exact,
                   float(empty.seconds[-1]), "s", 1e-6)  # fmt: skip
    gas = mixture(Material(0.01703, 2190.0, 239.57, 0.81, 1.371e6, 239.72, 682.0), 306.0)
    yield Verified("ammonia at its boiling point, 81 % droplets: density", "SLAB, Desert Tortoise 4, first row", 4.53203,
                   float(gas.density[-1]), "kg/m3", 0.005)  # fmt: skip


def clouds() -> Iterator[Verified]:
    steady = train.steady(1.0, 3600, puffs=600)
    found = train.concentration(
        steady, [train.Wind(0, 3, 270)], np.array([[500.0, 0, 0]]), np.array([1800.0]), "D", "rural"
    )
    yield Verified("600 puffs in a row against the plume, 500 m", "limit of many puffs",
                   plume.concentration(500, 0, 0, 1, 0, 3, "D"), float(found[0, 0]), "kg/m3", 0.01)  # fmt: skip
    still = 2 / ((2 * pi) ** 1.5 * 0.12 * 100**2)
    yield Verified("calm, 1 kg/s, class D, 100 m", "HJ/T 2.2-93, closed form", still,
                   calm.concentration(0, 100, 1, 0, 0, "D"), "kg/m3", 1e-9)  # fmt: skip
    passive = layer.solve(np.array([1.0]), neutral(), [surface(5, "D")], radius=1.0)
    i = int(np.searchsorted(passive.x[0], 500))
    slope = log(float(passive.sz[0, i + 20] / passive.sz[0, i])) / log(float(passive.x[0, i + 20] / passive.x[0, i]))
    yield Verified("layer without excess density: power of Sz over x", "exact solution, 1/(1+a)",
                   1 / (1 + float(passive.power[0])), slope, "", 0.02)  # fmt: skip
    yield Verified("indoors after one air change", "1 - 1/e", 0.6321205588, indoor.after(1.0, 3600, 1.0), "", 1e-9)
    cold = mixture(Material(0.07091, 487, 239.15, 0.5, 288e3, 239.15, 1563), 293.15)
    cloud = heavy_puff.slump(10_000, cold, surface(3, "D"))
    last = int((cloud.edge == 0).sum()) - 1
    for what, at in (("first frayed cloud", last + 1), ("last one", -1)):
        core, edge = float(cloud.core[at]), float(cloud.edge[at])
        r = np.linspace(0, core + 8 * edge, 20_001)
        aside = np.where(r < core, 1.0, np.exp(-(((r - core) / edge) ** 2) / 2))
        kg = float(np.trapezoid(2 * pi * r * aside, r)) * float(cloud.peak[at]) * float(cloud.high[at]) * sqrt(pi / 2)
        yield Verified(
            f"10 t of chlorine at once: mass of the {what}, integrated", "conservation", 10_000.0, kg, "kg", 1e-4
        )
    for what, column in (
        ("peak", cloud.peak),
        ("speed", cloud.speed),
        ("outline at a tenth of the peak", cloud.radii(float(cloud.peak[last]) / 10)),
    ):
        yield Verified(f"10 t of chlorine at once: {what} a second after slumping over that at its end", "continuity", 1.0,
                       float(column[last + 1] / column[last]), "", 0.15)  # fmt: skip


def neutral() -> Mixture:
    """Air mixing with air."""
    return mixture(Material(0.02896, 1006.0, 293.15), 293.15)


def fires() -> Iterator[Verified]:
    for z, kpa in ((3, 115.73), (5, 43.23), (15, 8.76), (50, 1.735)):
        yield Verified(
            f"Kingery-Bulmash at Z = {z}", "Swisdak 1994, computed by hand", kpa, blast.kingery(z), "kPa", 0.003
        )
    for z, kpa in ((3, 164.69), (15, 12.13)):
        yield Verified(f"Crowl & Louvar at Z = {z}", "computed by hand", kpa, blast.crowl(z), "kPa", 0.001)
    for z, kpa in ((3, 88.96), (50, 2.13)):
        yield Verified(f"Mills at Z = {z}", "computed by hand", kpa, blast.mills(z), "kPa", 0.003)
    yield Verified(
        "1 kg of TNT at 30 m",
        "Crowl & Louvar, example (0.81 psi)",
        5.6,
        blast.overpressure(1, 30, "crowl"),
        "kPa",
        0.03,
    )
    for strength, value in ((3, 0.05), (5, 0.2), (7, 1.0), (10, 10.0)):
        yield Verified(f"multi-energy plateau of strength {strength}", "van den Berg 1985, definition", value,
                       blast.multi_energy_scaled(0.01, strength), "p/p0", 1e-9)  # fmt: skip
    far = fire.cylinder_view(1000, 5, 15)
    yield Verified(
        "view factor of a cylinder far away",
        "2 r h / (pi x^2), first order",
        2 * 5 * 15 / (pi * 1000**2),
        far,
        "",
        0.01,
    )
    yield Verified("propane fireball of 1 t: diameter", CCPS, 58.0, fire.fireball(1000, 46_350).diameter_m, "m", 1e-6)


def chances() -> Iterator[Verified]:
    share = fire_share()
    yield Verified("Eisenberg: 15.80 kW/m2 for 60 s kill half", "Eisenberg 1975", 0.5, share, "", 0.002)
    yield Verified("probit 5", "definition", 0.5, risk.share(5.0), "", 1e-12)


def fire_share() -> float:
    return risk.share(-14.9 + 2.56 * log(60 * 15796.170691 ** (4 / 3) / 1e4))


def worked(cases: list[dict[str, Any]]) -> Iterator[Verified]:
    """Every number of the shared worked examples."""
    by_id = {case["id"]: case for case in cases}
    for name in ("D01", "D02"):
        case = by_id[name]
        found = gb18218.major_hazard(case["input"]["items"], case["input"]["people_500m"])
        for key in ("S", "R", "alpha"):
            yield Verified(f"{case['title']}: {key}", case["basis"], case["expected"][key], found[key], "", 1e-9)
        yield same_word(
            f"{case['title']}: grade {case['expected']['grade']}",
            case["basis"],
            case["expected"]["grade"],
            found["grade"],
        )
    for given, expected in zip(by_id["D03"]["input"]["cases"], by_id["D03"]["expected"]["cases"], strict=True):
        found = gb18218.major_hazard(given["items"], given["people_500m"])
        yield Verified("S at and below the threshold", by_id["D03"]["basis"], expected["S"], found["S"], "", 1e-9)
        yield same_word(f"grade {expected['grade']}", by_id["D03"]["basis"], expected["grade"], found["grade"])
    yield from worked_clouds(by_id)
    yield from worked_chances(by_id)


def same_word(case: str, basis: str, expected: Any, ours: Any) -> Verified:
    return Verified(case, basis, 1.0, float(expected == ours), "", 0.0, False)


def worked_clouds(by_id: dict[str, Any]) -> Iterator[Verified]:
    pool, basis = by_id["D06"]["input"], by_id["D06"]["basis"]
    expected, methanol, chlorine = by_id["D06"]["expected"], pool["methanol"], pool["chlorine"]
    yield Verified("methanol pool, wind", basis, expected["methanol_Q3_kg_s"],
                   source.mass_evaporation(methanol["p_Pa"], methanol["M"], methanol["T_K"], methanol["u"], 5, "F"), "kg/s", 0.005)  # fmt: skip
    yield Verified("chlorine flash", basis, expected["chlorine_Fv"],
                   source.flash_fraction(25.0, -34.0, chlorine["Cp"], chlorine["Hv"]), "", 0.005)  # fmt: skip
    yield Verified("chlorine pool on concrete after 60 s", basis, expected["chlorine_Q2_kg_s"],
                   source.heat_evaporation(100, 25.0, -34.0, chlorine["Hv"], 60), "kg/s", 0.005)  # fmt: skip
    case = by_id["D07"]
    sy, sz = plume.sigmas(500, "D", "rural")
    for what, value in (("sigma_y", sy), ("sigma_z", sz)):
        yield Verified(f"Briggs rural D at 500 m, {what}", case["basis"], case["expected"][what], value, "m", 0.001)
    half = plume.half_width(500, 110e-6, 1, 0, 3, "D", "rural")
    yield Verified("half-width of 110 mg/m3 at 500 m", case["basis"], case["expected"]["halfwidth_m"], half, "m", 0.01)
    given = by_id["D08"]["input"]
    number = dense.richardson_instant(given["instant"]["Qt_kg"], given["rho_rel"], given["U_r"], given["rho_a"])
    yield Verified("2 t of chlorine at once: Richardson number", by_id["D08"]["basis"], by_id["D08"]["expected"]["instant"]["Ri"],
                   number, "", 0.01)  # fmt: skip


def worked_chances(by_id: dict[str, Any]) -> Iterator[Verified]:
    case = by_id["D09"]
    expected = case["expected"]
    for name, poison, (level, minutes) in (("cl2", "氯", (500, 30)), ("nh3", "氨", (3000, 60))):
        value, share = risk.toxic(*find(poison).probit, level, minutes)
        yield Verified(f"{name}: probit", case["basis"], expected[name]["Pr"], value, "", 0.01)
        yield Verified(f"{name}: share", case["basis"], expected[name]["P"], share, "", 0.01)
    yield Verified(
        "12.5 kW/m2 for 60 s, capped at 20 s", case["basis"], expected["thermal"]["P"], risk.heat(12.5, 60)[1], "", 0.01
    )
    case = by_id["D10"]
    scenarios = [(s["f"], s["P_branch"], s["P_death"]) for s in case["input"]["scenarios"]]
    weather = [(w["P"], w["P_dir"]) for w in case["input"]["weather"]]
    yield Verified("individual risk of two scenarios", case["basis"], case["expected"]["IR"],
                   criteria.individual_risk(scenarios, weather), "1/y", 1e-6)  # fmt: skip


def references(refs: dict[str, Any]) -> Iterator[Verified]:
    case = refs["gaussian_plume_ccps_p97"]
    yield Verified("plume, class F, 500 m", f"{CCPS} p. 97", case["expect_kg_m3"],
                   plume.concentration(500, 0, 0, case["Q"], 0, case["u"], "F"), "kg/m3", 0.15, note="the reference reads Pasquill-Gifford curves, ours are Briggs")  # fmt: skip
    sy, sz = puff.sigmas(500, "F")
    yield Verified(
        "puff sigma y, class F, 500 m", f"{CCPS} p. 101", refs["puff_sigma_ccps_p101"]["sigma_y"], sy, "m", 1e-6
    )
    yield Verified(
        "puff sigma z, class F, 500 m",
        f"{CCPS} p. 101 (misprint corrected)",
        refs["puff_sigma_ccps_p101"]["sigma_z"],
        sz,
        "m",
        1e-6,
    )
    for stability, pair in refs["briggs_rural_sy_sz_x1p2"].items():
        for which, ours, expected in zip("yz", plume.sigmas(1.2, stability, "rural"), pair, strict=True):
            yield Verified(
                f"Briggs rural {stability}, sigma {which} at 1.2 m", "Briggs 1973", expected, ours, "m", 1e-6
            )
    lng = dense.DensePlume(97.888, 1.76, 111.6, 10.9, 0.01604, 298.0)
    for x in ("367", "1200"):
        yield Verified(f"LNG, {x} m, Britter-McQuaid workbook", f"{CCPS} p. 122", refs["britter_mcquaid_lng_ccps_p122"]["conc"][x],
                       lng.share(float(x)), "", 0.03)  # fmt: skip
    for name in ("turner_problem1", "turner_problem2"):
        case = refs[name]
        ours = (
            case["Q_g_s"]
            / (pi * case["u"] * case["sy"] * case["sz"])
            * float(np.exp(-((case["H"] / case["sz"]) ** 2) / 2))
        )
        yield Verified(name.replace("_", " "), TURNER, case["expect_g_m3"], ours, "g/m3", 0.001, note="its own sigmas")


def consequences(folder: Path) -> Iterator[Verified]:
    refs = json.loads((folder / "consequence_refs.json").read_text(encoding="utf-8"))
    for ball in refs["fireball"]:
        ours = fire.fireball(ball["M_kg"], 46_000)
        for name, value in (("D_m", ours.diameter_m), ("t_s", ours.duration_s), ("H_m", ours.height_m)):
            yield Verified(f"fireball of {ball['M_kg']} kg: {name}", CCPS, ball[name], value, "", 1e-6)
    for z, ratio in refs["tnt_ps_over_pa"].items():
        yield Verified(
            f"TNT, Z = {z}",
            "Kinney & Graham in Crowl & Louvar",
            ratio,
            blast.crowl(float(z)) / blast.AMBIENT_KPA,
            "p/pa",
            1e-6,
        )
    flame = refs["thomas_flame_height"]
    yield Verified(
        "flame of a 10 m pool",
        "Thomas 1963",
        flame["L"],
        fire.flame_length(flame["D"], flame["mdot_kg_m2_s"]),
        "m",
        0.01,
    )
    jet = refs["hyram_h2_35MPa_5mm"]["jet"]["mass_flow_rate"]
    ours, _ = source.gas_rate(0.005, 35e6, 288.0, 0.002016, 1.41)
    yield Verified(
        "hydrogen, 35 MPa, 5 mm",
        "HyRAM+ 6.1 (real gas)",
        jet,
        ours,
        "kg/s",
        0.15,
        note="ours is an ideal gas: 10 % high at 35 MPa",
    )
    case = json.loads((folder / "consequence_nureg1805_pool.json").read_text(encoding="utf-8"))
    given = case["inputs"]
    across = sqrt(4 * given["A_m2"] / pi)
    heat = fire.pool_heat_kw(given["A_m2"], given["mdot"], given["dHc_kJkg"])
    flux = fire.point_source(heat, given["chi_r"], given["L_m"] + across / 2)
    yield Verified(
        "pool fire of NUREG-1805: heat flux", "NUREG-1805 sheet 05.1", case["expect"]["q_kW_m2"], flux, "kW/m2", 0.001
    )


#: degadisx 0.1.4, steady source on the ground, roughness 0.03 m, 293.15 K: kg/m3 on the axis. (name, gas kg/mol, density,
#: rate kg/s, radius m, wind, class, averaging s, {x: kg/m3})
DEGADIS: tuple[tuple[str, float, float, float, float, float, str, float, dict[int, float]], ...] = (
    ("Cl2 5 kg/s, D, 5 m/s", 0.070906, 2.948, 5.0, 3.0, 5.0, "D", 60.0,
     {100: 0.012278, 200: 0.003935, 400: 0.00132, 800: 0.000456, 1500: 0.000176}),
    ("Cl2 5 kg/s, D, 3 m/s", 0.070906, 2.948, 5.0, 3.0, 3.0, "D", 60.0,
     {100: 0.015973, 200: 0.004601, 400: 0.001447, 800: 0.00048, 1500: 0.000182, 3000: 0.000063}),
    ("Cl2 5 kg/s, F, 2 m/s", 0.070906, 2.948, 5.0, 3.0, 2.0, "F", 60.0,
     {200: 0.009271, 400: 0.002123, 800: 0.000608, 1500: 0.000218, 3000: 0.000076}),
    ("Cl2 50 kg/s, D, 5 m/s", 0.070906, 2.948, 50.0, 8.0, 5.0, "D", 60.0,
     {50: 0.479569, 100: 0.109785, 200: 0.027434, 400: 0.007836, 800: 0.002442, 1500: 0.000891, 3000: 0.000304}),
    ("SO2 10 kg/s, E, 3 m/s", 0.06406, 2.663, 10.0, 5.0, 3.0, "E", 60.0,
     {50: 0.199014, 100: 0.038572, 200: 0.009405, 400: 0.002699, 800: 0.000858, 1500: 0.00032, 3000: 0.000112}),
)  # fmt: skip


def degadis() -> Iterator[Verified]:
    """The dense layer against DEGADIS, as run for this page."""
    for name, molar, _density, rate, radius, wind, stability, averaging, values in DEGADIS:
        mix = mixture(Material(molar, 487.0, 293.15), 293.15)
        ours = layer.solve(np.array([rate]), mix, [surface(wind, stability)], radius=radius, averaging_s=averaging)
        for x, expected in values.items():
            yield Verified(
                f"{name}, axis at {x} m", "degadisx 0.1.4 (DEGADIS 2.1)", expected, ours.axis_at(x), "kg/m3", 0.15
            )


def degadis_file(data: dict[str, Any]) -> Iterator[Verified]:
    """The shared run. Its column "yc" holds kg/m3, not mole fractions: run again from its own deck, degadisx gives these figures as
    the concentration, and its distances d_upper and d_lower belong to mole fractions of the deck, 3e-4 and 2e-5."""
    mix = mixture(Material(0.070906, 487.0, 293.15), 293.15)
    ours = layer.solve(np.array([5.0]), mix, [surface(5.0, "D")], radius=3.0, averaging_s=60.0)
    for x, expected in data["case"]["yc"].items():
        if 100 <= float(x) <= 1500:
            yield Verified(f"shared DEGADIS run, axis at {x} m", "dispersion_degadis_cl2.json", expected, ours.axis_at(float(x)),
                           "kg/m3", 0.15, note="the file calls the column yc; it is kg/m3")  # fmt: skip
    for name, share in (("d_upper", 3e-4), ("d_lower", 2e-5)):
        reach = ours.reach(share * MOLE_KG_M3 * 0.070906)
        yield Verified(
            f"shared DEGADIS run, distance to mole fraction {share:g}",
            "dispersion_degadis_cl2.json",
            data["case"][name],
            reach,
            "m",
            0.15,
        )


def slab(path: Path) -> Iterator[Verified]:
    """The SLAB run of Desert Tortoise 4 (ammonia jet): ground-level axis from its cloud averages and profiles, factors of two.

    Its wind grows with the power 0.15 over the smooth ground: near neutral, so our class is D.
    """
    table = np.array(
        [[float(value) for value in line.split()] for line in path.read_text().splitlines() if line.strip()]
    )
    x, half, plateau, mean = table[:, 0], table[:, 3], table[:, 4], table[:, 7]
    beta = np.sqrt(np.maximum((half**2 - plateau**2) / 3, 1e-9))
    edges = np.array([erf(b / (sqrt(2) * s)) for b, s in zip(plateau, beta, strict=True)])
    axis = half / plateau * edges * mean * 2 * sqrt(3) / sqrt(2 * pi)
    mix = mixture(Material(0.01703, 2190.0, 239.57, 0.81, 1.371e6, 239.72, 682.0), 306.0)
    ours = layer.solve(
        np.array([107.87]), mix, [surface(5.64, "D", 0.003)], jet=layer.Jet(25.6, 4.53), averaging_s=10.0
    )
    for far in (200, 300, 400, 600, 800, 1000, 1500, 2000, 2500):
        expected, got = float(np.interp(far, x, axis)), share_at(ours, mix, far, 0.0)
        yield Verified(f"SLAB, Desert Tortoise 4 jet, axis at {far} m", "slab_inpr2 (LLNL SLAB)", 0.0, log(got / expected) / log(2),
                       "doublings", 1.0, False, note=f"SLAB {expected:.4f}, ours {got:.4f}")  # fmt: skip
