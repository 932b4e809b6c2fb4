"""What the earthquake engines are verified against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from math import log, log10, pi
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import shape

from anlan.hazards.plane import metres_per_degree
from anlan.hazards.seismic import aftershocks, field, gmpe, intensities, loss, moving, site
from anlan.hazards.seismic import attenuation as at
from anlan.hazards.seismic import kernels as ks
from anlan.hazards.seismic.rupture import Rupture, Sites, distances, estimated, of_corners
from anlan.hazards.seismic.shaking import ALIASES, YU_ALIASES, shaking, site_values
from anlan.hazards.verified import Verified

LIBRARY = "openquake-engine 3.26.2 (gmpe_openquake_dev.json)"
GB = "GB 18306-2015 in a public implementation (quake_gb18306_ellipse.json)"
RJ = "Reasenberg & Jones 1989, by numerical integration"


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from alxa()
    yield from closed_forms()
    yield from sequences()
    yield from grounds()
    yield from waves()
    if shared is not None:
        folder = shared / "verification/seismic"
        for event in read(folder / "gmpe_openquake_dev.json")["events"]:
            yield from of_event(event)
        yield from ellipses(read(folder / "quake_gb18306_ellipse.json")["cases"])
        yield from instruments(read(folder / "quake_gbt17742_intensity.json"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def alxa() -> Iterator[Verified]:
    """2015-04-15 阿左旗 M5.8."""
    source = "汪素云等 2000, closed form; observed 5030 km2 (中国地震局烈度图)"
    rupture = estimated(5.8, 106.3, 39.8, 10.0, 70.0)
    found = {degree: km2 for degree, _, km2 in field.isoseismals(field.field(rupture))}
    for degree in (6, 7):
        exact = pi * np.prod(at.isoseismal(5.8, degree))
        yield Verified(f"2015 Alxa M5.8: area of degree {degree} and above, contoured on the grid", source, float(exact),
                       found[degree], "km2", 0.01)  # fmt: skip
    yield Verified(
        "2015 Alxa M5.8: area of degree 6 and above against what was mapped",
        "中国地震局烈度图",
        5030,
        found[6],
        "km2",
        0.10,
    )


def grounds() -> Iterator[Verified]:
    """The site term of the Chinese ellipses: its table, and what it leaves alone."""
    table = "GB 18306-2015 appendix E table E.1 (as typed in, to be checked against the print)"
    for vs30, pga, expected in (
        (900, 0.05, 0.72),
        (600, 0.20, 0.85),
        (400, 0.40, 1.0),
        (200, 0.05, 1.3),
        (120, 0.40, 0.9),
        (200, 0.125, 1.2),
    ):
        ours = float(site.factor(np.array([float(vs30)]), np.array([pga]))[0])
        yield Verified(f"factor of PGA over class II, Vs30 {vs30} m/s, {pga:g} g", table, expected, ours, "", 1e-9)
    rupture, place = estimated(6.2, 106.3, 39.8), Sites.of([106.6], [39.7], 400.0)
    plain, moved = (shaking("wang2000-west", rupture, place, site=on) for on in (False, True))
    yield Verified(
        "class II: intensity of 汪素云等 2000 stays",
        "definition",
        float(plain.intensity[0]),
        float(moved.intensity[0]),
        "degree",
        1e-12,
    )
    soft = shaking("wang2000-west", rupture, Sites.of([106.6], [39.7], 200.0), site=True)
    over = float(site.factor(np.array([200.0]), plain.pga_g / site.factor(np.array([600.0]), plain.pga_g))[0])
    yield Verified("class III: intensity moves by 3.17 lg of the factor", "GB/T 17742-2020 appendix A", 3.17 * log10(over),
                   float(soft.intensity[0] - plain.intensity[0]), "degree", 1e-9, False)  # fmt: skip


def waves() -> Iterator[Verified]:
    """When the S wave comes up, and that the pictures end with the isoseismals they lead to."""
    rupture = estimated(5.8, 106.3, 39.8, 10.0)
    lat = 39.8 + 50_000 / metres_per_degree(39.8)[1]
    ours = float(moving.arrival_s(rupture, np.array([106.3]), np.array([lat]))[0])
    yield Verified(
        "S wave 50 km away from 10 km deep",
        "hypocentral distance over 3.5 km/s",
        (50**2 + 10**2) ** 0.5 / 3.5,
        ours,
        "s",
        1e-6,
    )
    drawn = field.isoseismals(field.field(rupture))
    found = moving.frames(rupture, drawn)
    last = max(row["minute"] for row in found if row["minute"] < 60)
    shown = sum(shape(row["geometry"]).area for row in found if row["minute"] == last and row["name"].startswith("6 "))
    whole = shape(
        {"type": "MultiPolygon", "coordinates": next(rings for degree, rings, _ in drawn if degree == 6)}
    ).area
    yield Verified("the last picture of the wave shows all of degree 6", "definition", whole, shown, "deg2", 1e-4)


def event_of(event: Any) -> tuple[Rupture, Sites]:
    return of_corners(event["mag"], event["hypo"], event["corners"], event["rake"]), Sites.of(
        event["lon"], event["lat"], event["vs30"]
    )


def of_event(event: Any) -> Iterator[Verified]:
    """Largest difference of ln over 40 sites: with the library's distances, and from the plane's corners."""
    rupture, sites = event_of(event)
    given = np.column_stack([event[name] for name in ("rrup", "rjb", "rx", "ry0")])
    exact = replace(rupture, dip_deg=event["dip"], width_km=event["width"])
    apart = float(np.abs(distances(rupture, sites)[:, ks.RRUP] - event["rrup"]).max())
    yield Verified(
        f"M{event['mag']}: distance to the plane, 40 sites up to 200 km", LIBRARY, 0, apart, "km", 0.01, False
    )
    for name, cases in event["gmm"].items():
        if name in ALIASES:
            near = gmpe.at_distances(ALIASES[name], exact, given, sites.vs30, gmpe.MEASURES)
            own = gmpe.motion(ALIASES[name], rupture, sites, gmpe.MEASURES)
            for measure, case in cases.items():
                what = f"M{event['mag']} {ALIASES[name]} {measure}"
                yield off(f"{what}, given distances: ln median", near.ln(measure), case["ln_mean"], 1e-3)
                yield off(f"{what}, given distances: standard deviation", near.std(measure), case["sigma"], 1e-3)
                yield off(f"{what}, own distances: ln median", own.ln(measure), case["ln_mean"], 5e-3)
        elif name in YU_ALIASES:
            found = shaking(name, rupture, sites)
            for measure, values in (("PGA", np.log(found.pga_g)), ("PGV", np.log(found.pgv_cm_s))):
                good = np.array(cases[measure]["valid"])
                ours, theirs = values[good], np.array(cases[measure]["ln_mean"])[good]
                note = "where the library's sign is right" if not good.all() else ""
                yield off(f"M{event['mag']} {name} {measure}, {good.sum()} sites: ln median", ours, theirs, 5e-3, note)


def off(case: str, ours: Any, theirs: Any, limit: float, note: str = "") -> Verified:
    return Verified(
        case, LIBRARY, 0, float(np.abs(np.asarray(ours) - np.asarray(theirs)).max()), "ln", limit, False, note
    )


def ellipses(cases: Any) -> Iterator[Verified]:
    for case in cases:
        angle, (x, y) = np.radians(case["strike_deg"]), (np.array(case[k]) for k in ("x_east_km", "y_north_km"))
        found = site_values(
            case["region"], case["Ms"], x * np.sin(angle) + y * np.cos(angle), x * np.cos(angle) - y * np.sin(angle)
        )
        what = f"{case['region']} Ms {case['Ms']}, 25 sites"
        yield Verified(f"{what}: intensity", GB, 0, float(np.abs(found[0] - case["I"]).max()), "degree", 1e-3, False)
        for row, name in ((1, "PGA_gal"), (2, "PGV_cm_s")):
            apart = float(np.abs(found[row] / np.array(case[name]) - 1).max())
            yield Verified(f"{what}: {name}", GB, 0, apart, "share", 1e-4, False)


def instruments(given: Any) -> Iterator[Verified]:
    for case in given["cases"]:
        value = intensities(case["PGA_m_s2"], case["PGV_m_s"])[2]
        name = f"instrumental intensity of {case['PGA_m_s2']} m/s2, {case['PGV_m_s']} m/s"
        yield Verified(name, "GB/T 17742-2020 appendix A", case["I"], value, "degree", 1e-6, False)
    for row in given["table_A1"]:
        value = intensities(row["PGA"], row["PGV"])[2]
        yield Verified(
            f"middle of degree {row['I']} in table A.1",
            "GB/T 17742-2020 table A.1",
            row["I"],
            value,
            "degree",
            0.06,
            False,
        )


def closed_forms() -> Iterator[Verified]:
    """Ellipse of a relation on its own axes, conditioning against the covariance written out, damage states."""
    for zone in at.YU_2013:
        rows_ = gmpe.kernel_rows(at.yu_axes(zone, 6.2), False, natural=True)
        out = np.empty((2, 2))
        ks.ellipses(0, 2, rows_, np.array([[30.0, 0.0], [0.0, 30.0]]), out)
        for k, axis in enumerate(("major", "minor")):
            yield Verified(f"{zone} M6.2 PGA 30 km along the {axis} axis", "俞言祥等 2013, closed form",
                           log(at.yu_2013(zone, axis, 6.2, 30.0)), float(out[0, k]), "ln", 1e-8, False)  # fmt: skip
    here, there = np.array([[0.0, 0.0], [50.0, 10.0]]), np.array([[10.0, 0.0], [0.0, 20.0]])
    sigma, noise, residual = np.array([0.6, 0.5]), np.array([0.1, 0.3]), np.array([0.7, -0.2])
    mean, spread, _ = field.posterior(here, np.full(2, 0.66), there, sigma, residual, noise)
    exact_mean, exact_spread = written_out(here, there, sigma, noise, residual)
    yield Verified("conditioning on two stations: mean", "Worden et al. 2018, covariance written out", exact_mean, float(mean[1]),
                   "degree", 1e-12, False)  # fmt: skip
    yield Verified("conditioning on two stations: standard deviation", "Worden et al. 2018, covariance written out", exact_spread,
                   float(spread[1]), "degree", 1e-12, False)  # fmt: skip
    for kind in loss.TYPES:
        shares = loss.states(kind, np.array([7.0]))[:, 0]
        yield Verified(f"type {kind} at degree 7: mean damage index of its states", "definition", float(loss.index_of(kind, np.array([7.0]))[0]),
                       float(shares @ np.arange(5) / 4), "", 1e-12, False)  # fmt: skip


def written_out(here: Any, there: Any, sigma: Any, noise: Any, residual: Any) -> tuple[float, float]:
    """(mean, standard deviation) at the second place, every entry of the joint covariance by hand."""
    places, sigmas = [*there, here[1]], [*sigma, 0.66]
    joint = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            h = float(np.hypot(*(places[i] - places[j])))
            joint[i, j] = (
                sigmas[i] * sigmas[j] * (field.BETWEEN + (1 - field.BETWEEN) * np.exp(-3 * h / field.RANGE_KM))
            )
    joint[0, 0] += noise[0] ** 2
    joint[1, 1] += noise[1] ** 2
    gain = np.linalg.solve(joint[:2, :2], joint[:2, 2])
    return float(gain @ residual), float(np.sqrt(joint[2, 2] - gain @ joint[:2, 2]))


def sequences() -> Iterator[Verified]:
    g = aftershocks.GENERIC
    for least, start, stop in ((5.0, 0.0, 7.0), (4.0, 1.0, 30.0)):
        t = np.linspace(start, stop, 2_000_001)
        rate = 10 ** (g.a + g.b * (6.2 - least)) * (t + g.c) ** -g.p
        number = float(np.sum((rate[1:] + rate[:-1]) / 2) * (t[1] - t[0]))
        ours = aftershocks.expected(g, 6.2, least, start, stop)
        yield Verified(
            f"M6.2: aftershocks of M{least} and above, day {start:g} to {stop:g}", RJ, number, ours, "", 1e-6
        )
    found = made_up(g.p, 0.9)
    yield Verified(
        "p of a made-up sequence of 3000 aftershocks",
        "Ogata 1983, sequence drawn with p 1.08",
        1.08,
        found.p,
        "",
        0.05,
        False,
    )
    yield Verified(
        "b of a made-up sequence of 3000 aftershocks",
        "Aki 1965, sequence drawn with b 0.9",
        0.9,
        found.b,
        "",
        0.05,
        False,
    )


def made_up(p: float, b: float) -> aftershocks.Omori:
    """A sequence drawn by inversion (30 days), fitted."""
    rng, c, until = np.random.default_rng(7), 0.05, 30.0
    u, end = rng.random(3000), (until + c) ** (1 - p)
    times = (c ** (1 - p) + u * (end - c ** (1 - p))) ** (1 / (1 - p)) - c
    sizes = 2.95 + rng.exponential(1 / (b * log(10)), 3000)
    return aftershocks.fit(6.2, 3.0, times.tolist(), np.round(sizes, 1).tolist(), until)
