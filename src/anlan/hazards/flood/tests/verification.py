"""What the flood engines are verified against."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from anlan.hazards.flood import analytic, breach, flash, ice, ponding, routing
from anlan.hazards.flood.simulate import simulate
from anlan.hazards.flood.tests import cases
from anlan.hazards.verified import Verified

STOKER = "Stoker 1957 / Ritter 1892, closed form"
EA4 = "EA SC120002 test 4 as set up for the peers (hydrograph to be checked against the report)"


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from dam_breaks()
    yield from at_rest()
    yield from plain()
    yield from breaches()
    yield from river()
    yield from rain()
    if shared is not None:
        yield from gauge_years(shared / "wuhai/yellow_river_daily_yrcc_2001_2022.csv")
        folder = shared / "verification/flood"
        yield from of_files(
            json.loads((folder / "flood_dambreak_analytic.json").read_text(encoding="utf-8")),
            json.loads((folder / "flood_ea_test4.json").read_text(encoding="utf-8")),
        )


def dam_breaks() -> Iterator[Verified]:
    for name, ahead in (("wet bed, 10 m over 1 m", 1.0), ("dry bed, 10 m", 0.0)):
        error, flood = cases.dam_break_error(ahead), cases.dam_break(ahead)
        yield Verified(f"dam break, {name}: L1 of depth, 2 m cells", STOKER, 0.0, error, "share", 0.002, relative=False)
        yield Verified(
            f"dam break, {name}: balance of water", "definition", 0.0, flood.mass_error, "share", 1e-9, False
        )


def at_rest() -> Iterator[Verified]:
    terrain, forcing = cases.bumpy_lake()
    for solver in ("hllc", "inertial"):
        found = simulate(terrain, forcing, 0.2, solver)
        moved = float(np.abs(found.depth_m - forcing.depth_m).max())
        flow = float(np.hypot(found.qx_m2_s, found.qy_m2_s).max())
        yield Verified(f"lake at rest round islands, {solver}: depth", "definition", 0.0, moved, "m", 1e-12, False)
        yield Verified(f"lake at rest round islands, {solver}: flow", "definition", 0.0, flow, "m2/s", 1e-11, False)


def plain() -> Iterator[Verified]:
    flood = cases.ea4(hours=5.0)
    yield Verified("water spreading on a plain: volume after 5 h", EA4, 288_000.0, flood.volume_m3, "m3", 1e-9)
    yield Verified(
        "water spreading on a plain: balance of water", "definition", 0.0, flood.mass_error, "share", 1e-9, False
    )


def breaches() -> Iterator[Verified]:
    """Formulas by hand, and the balance of a pool that empties."""
    width, seconds = breach.froehlich(2.5e7, 17.0)
    yield Verified(
        "breach of 25 hm3 behind 17 m: mean width",
        "Froehlich 2008",
        0.27 * 1.3 * 2.5e7**0.32 * 17**0.04,
        width,
        "m",
        1e-9,
    )
    yield Verified(
        "breach of 25 hm3 behind 17 m: time",
        "Froehlich 2008",
        63.2 * sqrt(2.5e7 / (9.80665 * 17**2)),
        seconds,
        "s",
        1e-9,
    )
    yield Verified(
        "weir 80 m wide, 2 m of head, no sides",
        "Fread 1988 (DAMBRK)",
        1.71 * 80 * 2**1.5,
        breach.weir(2, 80, 0, 0),
        "m3/s",
        1e-9,
    )
    yield Verified("dam 200 m wide gone at once, breach 80 m, 10 m deep", "肖克利奇式", 8 / 27 * sqrt(9.80665) * 2.5**0.25 * 80 * 10**1.5,
                   breach.schoklitsch_peak(200, 80, 10), "m3/s", 1e-9)  # fmt: skip
    found = breach.dam(breach.Opening(width, 1081, 1, seconds, 1098), [1080, 1100], [0, 3e7], 1098, 24)
    yield Verified("dam that empties: balance of water", "definition", 0.0, found.mass_error, "share", 1e-9, False)
    yield Verified(
        "dam that empties: what left is what it held", "definition", 3e7 * 17 / 20, found.released_m3, "m3", 0.01
    )
    cubic = breach.froehlich_peak(2.55e7, 17)
    yield Verified("dam that empties: peak against the empirical one", "Froehlich 1995 (spread of cases: a factor of 2)", 0.0,
                   float(np.log2(found.peak_m3_s / cubic)), "log2", 1.0, False)  # fmt: skip


def river() -> Iterator[Verified]:
    """Muskingum: water is kept, a steady river stays steady, the textbook coefficients."""
    model = routing.Muskingum(2.0, 0.2, 3)
    flow = np.concatenate([np.full(5, 300.0), 300 + 400 * np.sin(np.linspace(0, np.pi, 12)), np.full(60, 300.0)])
    out = model.route(flow, 1.0)
    yield Verified(
        "Muskingum, three reaches: volume of a wave", "definition", float(flow.sum()), float(out.sum()), "m3/s h", 1e-9
    )
    c0, c1, c2 = model.coefficients(1.0)
    for name, expected, ours in (("c0", 0.2 / 4.2, c0), ("c1", 1.8 / 4.2, c1), ("c2", 2.2 / 4.2, c2)):
        yield Verified(f"Muskingum K 2 h, x 0.2, step 1 h: {name}", "by hand", expected, ours, "", 1e-12)
    known = routing.Muskingum(3.0, 0.25, 1)
    rng = np.random.default_rng(2012)
    wave = 500 + np.cumsum(rng.normal(0, 15, 240))
    fitted, gain = routing.calibrate(wave.tolist(), (known.route(wave, 3.0) + 40).tolist(), 3.0)
    yield Verified(
        "Muskingum of K 3 h found again from its own flows: travel time",
        "made up",
        3.0,
        fitted.k_h * fitted.reaches,
        "h",
        0.08,
    )
    yield Verified("... and the 40 m3/s that join on the way", "made up", 40.0, gain, "m3/s", 0.05)
    found = ice.backwater(700, 500, 0.00025)
    x = ((1.4**2 / (9.80665 * 0.00025)) ** (1 / 3)) / 0.125
    packed = 0.4 ** (1 / 3) * x
    depth = 0.125 * (0.63 * packed + 5.75 / 1.2 * (1 + sqrt(1 + 0.11 * 1.2 * packed)))
    yield Verified(
        "ice jam at 700 m3/s, 500 m wide, slope 0.00025: depth",
        "Beltaos 1983 by hand",
        depth,
        found.jam_depth_m,
        "m",
        1e-9,
    )
    yield Verified("depth under an even cover over open water, equal roughness", "Manning, two boundaries", 2**0.4,
                   (c := ice.backwater(700, 500, 0.00025, 0.025, 0.025, 0.0)).covered_depth_m / c.open_depth_m, "", 1e-9)  # fmt: skip


def rain() -> Iterator[Verified]:
    """Flash flood guidance there and back; a hollow by hand."""
    basin = flash.Catchment(25, 9, 0.03, 80, 40)
    for hours, mm in flash.guidance(basin).items():
        peak = flash.runoff_mm(mm, 80) * basin.peak_per_mm(hours)
        yield Verified(
            f"critical rain of {hours:g} h gives the flooding flow", "SCS NEH 4, closed form", 40.0, peak, "m3/s", 1e-9
        )
    filled = (0.85 * 58 - 22) * 80
    yield Verified("underpass of 8 hm2 after 58 mm in an hour, drains 22 mm/h", "volume by hand", sqrt(2 * filled / 1400),
                   ponding.hollow_depth([58.0], 8, 0.85, 22, 1400), "m", 1e-9)  # fmt: skip
    storm = ponding.design_storm(ponding.Formula(10.2, 0.8, 10, 0.75), 120, 20)
    total = ponding.Formula(10.2, 0.8, 10, 0.75).depth_mm(120, 20)
    steps = np.array(storm.values[:-1:2]) * 5 / 60
    yield Verified(
        "design storm of 2 h: all of the formula's rain", "Keifer & Chu 1957", total, float(steps.sum()), "mm", 1e-9
    )


#: Level at 巴彦高勒 that summer floods never reached and ice did.
ICE_ONLY_M = 1052.5
YEARS = "黄河水利委员会逐日水情 2001-2022"


def gauge_years(path: Path) -> Iterator[Verified]:
    """The real years of the gauges: alarms by stage, never by flow; routed flows with their skill."""
    days: dict[str, dict[date, tuple[float, float]]] = {}
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["level_m"] not in ("", "-") and row["flow_m3s"] not in ("", "-"):
                level = ice.whole_level(float(row["level_m"]))
                days.setdefault(row["station"], {})[date.fromisoformat(row["date"])] = (level, float(row["flow_m3s"]))
    bayan = days["巴彦高勒"]
    levels = ice.Levels(alert_m=ICE_ONLY_M)
    raised = {on: q for on, (h, q) in bayan.items() if ice.alarm([(0.0, h)], levels).colour == "黄"}
    high = sum(h >= ICE_ONLY_M for h, _ in bayan.values())
    yield Verified(
        "巴彦高勒, 22 years: days with an alarm by stage", YEARS, float(high), float(len(raised)), "days", 1e-9
    )
    out_of_season = sum(on.month not in ice.ICE_MONTHS for on in raised)
    yield Verified("... of them outside November to March", YEARS, 0.0, float(out_of_season), "days", 0.5, False)
    by_flow = sum(q >= 2500 for q in raised.values())
    yield Verified(
        "... of them that an alarm at 2500 m3/s would have raised", YEARS, 0.0, float(by_flow), "days", 0.5, False
    )
    mean = sum(raised.values()) / len(raised)
    yield Verified("... their mean flow", f"{YEARS} (RULES 2.4: near 500)", 495.0, mean, "m3/s", 0.03)
    yield from routed(days["石嘴山"], bayan)


def routed(above: dict[date, tuple[float, float]], below: dict[date, tuple[float, float]]) -> Iterator[Verified]:
    """Summer flows of 石嘴山 routed to 巴彦高勒, a day ahead, fitted on even years and scored on odd ones."""
    model, gain = None, 0.0
    seen, said, alone = [], [], []
    for year in range(2002, 2022):
        on = [d for d in sorted(below) if d.year == year and 6 <= d.month <= 10 and d in above]
        u, q = np.array([above[d][1] for d in on]), np.array([below[d][1] for d in on])
        if len(on) < 60:
            continue
        if year % 2 == 0 or model is None:
            model, gain = routing.calibrate(u.tolist(), q.tolist(), 24.0)
        if year % 2 == 1:
            plain, corrected = routing.hindcast(model, u, q, 1, 24.0, gain)
            seen += [*q.tolist(), float("nan")]
            said += [*corrected.tolist(), float("nan")]
            alone += [*plain.tolist(), float("nan")]
    found, without = routing.skill(seen, said, 1), routing.skill(seen, alone, 1)
    note = f"乙等 of GB/T 22482 is 0.70; {found.count} days of odd summers, {found.grade}, passed {found.passed:.0%}, RMSE {found.rmse:.0f} m3/s"
    yield Verified(
        "石嘴山 to 巴彦高勒, flow a day ahead, corrected: Nash-Sutcliffe", YEARS, 1.0, found.nse, "", 0.3, False, note
    )
    gain_words = f"routed alone {without.nse:.3f}"
    yield Verified(
        "... what updating gains", YEARS, 1.0, float(found.nse > without.nse), "yes", 1e-9, False, gain_words
    )


def of_files(breaks: Any, ea4: Any) -> Iterator[Verified]:
    for case in breaks["cases"]:
        ours = analytic.depth(np.array(case["x"], float), case["t"], case["h0"], case["h1"], case["g"])
        worst = float(np.abs(ours - np.array(case["h"])).max())
        yield Verified(f"exact {case['kind']} profile", STOKER, 0.0, worst, "m", 1e-6, False)
    flood, x = cases.ea4(), ea4["depth_1h_at_x"]
    for peer in ("itzi", "LISFLOOD_ACC"):
        for place, expected in zip(x, ea4[peer], strict=True):
            ours = cases.ea4_depth(place, flood)
            yield Verified(f"depth at {place:g} m after 1 h", f"{EA4}: {peer}", expected, ours, "m", 0.002, False)
    wet = float(np.count_nonzero(flood.depth_m > 0.01))
    yield Verified("cells deeper than 1 cm after 1 h", EA4, ea4["wet_cells_1h_gt1cm"]["itzi"], wet, "cells", 0.01)
    full = cases.ea4("hllc")
    for place, expected in zip(x, ea4["itzi"], strict=True):
        note = "full equations; LISFLOOD FV1, of first order, lies 3 to 6 mm lower"
        ours = cases.ea4_depth(place, full)
        yield Verified(f"depth at {place:g} m, HLLC", f"{EA4}: itzi", expected, ours, "m", 0.006, False, note)
