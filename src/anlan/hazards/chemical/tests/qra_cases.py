"""Cases of quantified risk with an answer in closed form: rows for docs/verification and for the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import erf, exp, log, pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr

from anlan.hazards.chemical import criteria, fire, risk
from anlan.hazards.chemical.plume import RURAL, sigmas
from anlan.hazards.chemical.qra.individual import Steps, at_places, on_grid
from anlan.hazards.chemical.qra.model import Grid, People, Rose, Study
from anlan.hazards.chemical.qra.scenario import Scenario, study
from anlan.hazards.chemical.qra.societal import societal
from anlan.hazards.chemical.substances import find
from anlan.hazards.verified import Verified

#: Ammonia's constants of the TNO table (HJ 169-2018 I.2), and one steady leak.
A, B, N = -15.6, 1.0, 2.0
RATE, WIND, SECONDS, OFTEN = 5.0, 3.0, 1800.0, 2e-5
LEAK = Scenario("A", 0.0, 0.0, OFTEN, "toxic", "ammonia", height_m=0.0, rate_kg_s=RATE, duration_s=SECONDS, phase="gas")
CLOSED = "closed form: AQ/T 3046 E.33, table E.7, wind at 2 m by GB/T 3840, probit of TNO"
#: Exponents of the wind's profile in open country, GB/T 3840-91.
POWER = {"A": 0.07, "B": 0.07, "C": 0.10, "D": 0.15, "E": 0.25, "F": 0.25}


def expected(x: float, y: float, chance: float = 1.0, stability: str = "D") -> float:
    """1/y at a place down (x) and across (y) one wind, by hand."""
    if x <= 0:
        return 0.0
    sy, sz = sigmas(x, stability, "rural")
    mg = RATE / (pi * WIND * 0.2 ** POWER[stability] * sy * sz) * exp(-(y**2) / (2 * sy**2)) * 1e6
    probit = A + B * log(max(mg, 1e-30) ** N * SECONDS / 60)
    return OFTEN * chance * 0.5 * (1 + erf((probit - 5) / sqrt(2)))


def one_wind(stability: str = "D") -> Study:
    return study([LEAK], Rose.of([(stability, WIND, 270.0, 1.0)]))


def rose(filled: bool = True, stability: str = "D") -> Rose:
    return Rose.of([(stability, WIND, 22.5 * i, 1 / 16) for i in range(16)], filled)


def rows(shared: Path | None) -> Iterator[Verified]:
    yield from single()
    yield from on_a_map()
    yield from all_round()
    yield from beside_brute_force()
    yield from others()
    if shared is not None:
        path = shared / "verification/chemical/examples.json"
        yield from integration(next(r for r in json.loads(path.read_text(encoding="utf-8")) if r["id"] == "D10"))


def single() -> Iterator[Verified]:
    for x, y in ((200.0, 0.0), (300.0, 0.0), (300.0, 30.0), (400.0, 20.0)):
        found = at_places(one_wind(), np.array([(x, y)]))[0][0]
        yield Verified(
            f"QRA, one scenario, one wind: individual risk {x:g} m down, {y:g} m across",
            CLOSED,
            expected(x, y),
            found,
            "1/y",
            2e-3,
        )


def on_a_map() -> Iterator[Verified]:
    grid = Grid(-5.0, -105.0, 10.0, 60, 21)
    found = on_grid(one_wind(), grid)
    for i, j in ((20, 10), (30, 10), (30, 13)):
        x, y = grid.centres[0][i], grid.centres[1][j]
        yield Verified(
            f"QRA on a grid: individual risk {x:g} m down, {y:g} m across",
            CLOSED,
            expected(x, y),
            float(found[j, i]),
            "1/y",
            0.01,
        )


def all_round() -> Iterator[Verified]:
    """Winds from everywhere alike: risk depends on distance only, the mean of the footprint over the circle."""
    r = 250.0
    angles = (np.arange(20_000) + 0.5) * 2 * pi / 20_000
    mean = float(np.mean([expected(r * np.cos(a), r * np.sin(a)) for a in angles]))
    for bearing in (0.0, 0.3):
        place = np.array([(r * np.cos(bearing), r * np.sin(bearing))])
        yield Verified(
            f"QRA, even rose of 16 filled sectors, bearing {bearing:g} rad", "mean of the closed form over the circle", mean,
            float(at_places(study([LEAK], rose()), place)[0][0]), "1/y", 5e-3,
        )  # fmt: skip


#: (stability, m/s) of the comparison with brute force; leaks: (x, y, substance, kg/s).
WEATHER = (("A", 2.0), ("B", 2.0), ("B", 4.0), ("C", 3.0), ("C", 5.0), ("D", 2.0), ("D", 4.0), ("D", 7.0), ("E", 2.0), ("E", 4.0),
           ("F", 1.5), ("F", 2.5))  # fmt: skip
LEAKS = (
    (0.0, 0.0, "ammonia", 5.0), (240.0, 90.0, "chlorine", 0.5), (-160.0, 310.0, "hydrogen_sulphide", 2.0),
    (60.0, -280.0, "phosgene", 0.2), (-420.0, -130.0, "sulphur_dioxide", 3.0), (390.0, -340.0, "hydrogen_chloride", 4.0),
)  # fmt: skip
HIGH = 12.0


def map_and_brute_force(cells: int = 400) -> tuple[Any, Any]:
    """(the map, the sum) at cells drawn at random: the sum straight from Briggs, AQ/T 3046 E.33 and the probits."""
    draw = np.random.default_rng(36894)
    share = draw.dirichlet(np.full(len(WEATHER) * 16, 3.0)).reshape(len(WEATHER), 16)
    wind = Rose.of([(s, u, 22.5 * d, share[m, d]) for m, (s, u) in enumerate(WEATHER) for d in range(16)])
    grid = Grid(-1500.0, -1500.0, 10.0, 300, 300)
    ix, iy = draw.integers(0, 300, cells), draw.integers(0, 300, cells)
    places = np.stack([grid.centres[0][ix], grid.centres[1][iy]], axis=1)
    exact, scenarios = np.zeros(cells), []
    for n, (x, y, substance, rate) in enumerate(LEAKS):
        often = 10.0 ** (-4 - n % 3)
        scenarios.append(
            Scenario(
                f"S{n}", x, y, often, "toxic", substance, height_m=HIGH, rate_kg_s=rate, duration_s=SECONDS, phase="gas"
            )
        )
        for m, (stability, speed) in enumerate(WEATHER):
            for d in range(16):
                towards = np.radians(270.0 - 22.5 * d)
                along = (places - [x, y]) @ np.array(
                    [[np.cos(towards), -np.sin(towards)], [np.sin(towards), np.cos(towards)]]
                )
                exact += often * share[m, d] * died_by_hand(along, stability, speed, substance, rate)
    return on_grid(study(scenarios, wind), grid)[iy, ix], exact


def died_by_hand(places: Any, stability: str, speed: float, substance: str, rate: float) -> Any:
    """Who dies at places [n, 2] down and across the wind, as long as the release lasts."""
    (ay, by), (az, bz, power) = RURAL[stability]
    a, b, n = find(substance).probit
    x = np.maximum(places[:, 0], 1e-3)
    sy, sz = ay * x / np.sqrt(1 + by * x), az * x * (1 + bz * x) ** power
    carried = speed * (HIGH / 10) ** POWER[stability]
    level = np.log(rate / (pi * carried * sy * sz) * 1e6) - places[:, 1] ** 2 / (2 * sy**2) - HIGH**2 / (2 * sz**2)
    return np.where(places[:, 0] > 0, ndtr(a + b * (n * level + log(SECONDS / 60)) - 5), 0.0)


def beside_brute_force() -> Iterator[Verified]:
    found, exact = map_and_brute_force()
    seen = exact > 1e-9
    yield Verified(
        f"QRA, 6 leaks, 12 weather classes, 16 winds: map over brute force, worst of {int(seen.sum())} cells above 1e-9",
        "sum of the closed forms, no table of the engine", 1.0, float(1 + np.abs(found[seen] / exact[seen] - 1).max()), "ratio", 0.01,
    )  # fmt: skip
    yield Verified(
        "QRA map as it is used, narrow plume of class F: map over its footprints, worst cell above 1e-9",
        "the same footprints without the polar table", 1.0, 1 + errors_by_step([Steps()])[0], "ratio", 0.01,
    )  # fmt: skip
    errors = errors_by_step([Steps(768 * k, 1 / (8 * k)) for k in (1, 2, 4, 8)])
    for k, error in zip((1, 2, 4, 8), errors, strict=True):
        yield Verified(
            f"QRA map, {768 * k} bearings and ln r in steps of 1/{8 * k}: map over its footprints, worst cell",
            "the same footprints without the polar table", 1.0, 1 + error, "ratio", 0.32 / k**2,
        )  # fmt: skip


def others() -> Iterator[Verified]:
    ball = Scenario("B", 0.0, 0.0, 1e-6, "fireball", "propane", mass_kg=20_000.0, phase="liquid")
    far = 200.0
    of = fire.fireball(20_000.0, 46_350.0, 0.3)
    died = risk.heat(of.flux(far), of.duration_s)[1]
    found = at_places(study([ball], rose(False)), np.array([(far, 0.0)]))[0][0]
    yield Verified(
        "QRA, fireball of 20 t propane, 200 m", "CCPS fireball, AQ/T 3046 eq. 6", 1e-6 * died, float(found), "1/y", 0.02
    )
    people = People(np.array([(250.0, 0.0)]), np.array([100.0]), np.array([100.0]), np.zeros(1), np.zeros(1))
    with_people = Study(("A",), one_wind().footprints, one_wind().rose, people)
    group = societal(with_people)
    share = expected(250.0, 0.0) / OFTEN
    yield Verified("QRA, 100 people on the axis: deaths a year", "f N P", OFTEN * 100 * share, group.pll, "1/y", 2e-3)
    yield Verified("QRA, the same: F of the greatest N", "f", OFTEN, group.curve[-1][1], "1/y", 1e-9)
    yield Verified("QRA, the same: greatest N", "100 P", 100 * share, group.curve[-1][0], "people", 2e-3)


def integration(case: dict[str, Any]) -> Iterator[Verified]:
    given, wanted = case["input"], case["expected"]
    found = criteria.individual_risk(
        [(row["f"], row["P_branch"], row["P_death"]) for row in given["scenarios"]],
        [(row["P"], row["P_dir"]) for row in given["weather"]],
    )
    yield Verified("D10: integration of individual risk", case["basis"], wanted["IR"], found, "1/y", 1e-6)
    zones = [criteria.societal_zone(n, f) for n, f in given["fn_points"]]
    for i, (zone, right) in enumerate(zip(zones, wanted["fn_zone"], strict=True)):
        yield Verified(
            f"D10: F-N zone of point {i + 1} ({right})", case["basis"], 1.0, float(zone == right), "agrees", 0.0
        )
    for name, existing in (("pass_new", False), ("pass_existing", True)):
        for target, right in zip(given["targets"], wanted[name], strict=True):
            ours = criteria.acceptable(found, target, existing)
            yield Verified(
                f"D10: {name} {target}", case["basis"], float(right), float(ours), "1 = passes", 0.0, relative=False
            )


def errors_by_step(steps: list[Steps]) -> list[float]:
    """Greatest error of the grid against the footprints themselves where the risk exceeds 1e-9, by resolution."""
    made = study(
        [LEAK, Scenario(**{**vars(LEAK), "id": "C", "x": 313.0, "y": 127.0, "rate_kg_s": 20.0})], rose(False, "F")
    )
    grid = Grid(-600.0, -600.0, 25.0, 48, 48)
    x, y = grid.centres
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    exact = at_places(made, places)[0].reshape(grid.ny, grid.nx)
    seen = (exact > 1e-9) & (np.hypot(*np.meshgrid(x, y)) > 30)
    return [float(np.abs(on_grid(made, grid, one)[seen] / exact[seen] - 1).max()) for one in steps]
