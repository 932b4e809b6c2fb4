"""Field trials, and the scores by which dispersion models are judged (Chang & Hanna 2004).

Every observed figure is typed in from the source named with it. The reports themselves could not be had, so each source is a
published tabulation of them, and is named as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from anlan.hazards.chemical import layer, plume
from anlan.hazards.chemical.mixing import SHARES, Material, Mixture, mixture
from anlan.hazards.chemical.surface import OBUKHOV, psi, surface
from anlan.hazards.verified import Verified

FloatArray = np.ndarray
ARCS = (50, 100, 200, 400, 800)


@dataclass(frozen=True)
class Run:
    """Sulphur dioxide let go at 0.46 m for ten minutes: g/s, m/s at 2 m, arc maxima at 1.5 m in mg/m3 over ARCS, and how stable the
    air was: Obukhov length m, or the class where the source gives that alone."""

    number: int
    grams: float
    wind_2m: float
    air: float | str
    mg_m3: tuple[float, ...]

    @property
    def stability(self) -> str:
        """The class whose Obukhov length the engine has nearest to the measured one (Golder 1972)."""
        if isinstance(self.air, str):
            return self.air
        known = {name: 1 / (a * ROUGHNESS**b) for name, (a, b) in OBUKHOV.items()} | {"D": 0.0}
        return min(known, key=lambda name: abs(1 / self.air - known[name]))  # type: ignore[operator]


BARAD = (
    "Barad 1958 (Project Prairie Grass): arc readings, source and Obukhov length as in GuBij/dataAssimLangevin Data/inputFiles/PGARCS.txt "
    "and modelParamList.txt; 7, 29, 35 as in DisperSim3D benchmarks prairie-grass-*.dsbench"
)
#: O'Neill, Nebraska, 1956: roughness, m.
ROUGHNESS = 0.006
#: The greatest reading of each arc, read off the whole arcs. Runs 11, 22 and 35 stand in both sources and agree there; of 29 only the
#: 50 m arc was compared, the others are as the second source has them. Left out: run 10 (800 m: 0.900 between
#: 0.050 and 0.110 is a slip), 39, 40, 52 (readings of an arc's middle are missing), 65 to 68 (let go at 1.5 m; no wind and no Obukhov length in
#: the source), and runs whose arcs were not looked at.
PRAIRIE_GRASS = (
    Run(7, 89.9, 4.44, -9.8, (97.8, 23.3, 5.1, 0.8, 0.1)),
    Run(9, 92.0, 7.00, -31.0, (200.0, 56.1, 14.2, 2.90, 0.520)),
    Run(11, 95.9, 7.61, -66.0, (273.0, 89.3, 29.5, 7.61, 1.72)),
    Run(12, 99.1, 7.99, -47.0, (218.0, 61.5, 20.6, 5.46, 1.58)),
    Run(17, 56.5, 3.41, 48.0, (645.0, 269.0, 86.2, 26.9, 9.74)),
    Run(18, 57.6, 3.22, 25.0, (620.0, 257.0, 95.0, 32.3, 14.0)),
    Run(19, 101.8, 5.33, -28.0, (218.0, 54.8, 13.4, 2.30, 0.370)),
    Run(20, 101.2, 9.38, -62.0, (171.0, 52.2, 15.9, 3.42, 0.795)),
    Run(21, 50.9, 6.11, 172.0, (310.0, 96.6, 29.6, 9.03, 3.26)),
    Run(22, 48.4, 7.39, 204.0, (224.0, 81.8, 27.7, 8.64, 2.51)),
    Run(23, 40.9, 6.05, 193.0, (176.0, 61.7, 19.5, 6.36, 2.09)),
    Run(27, 98.8, 6.13, -30.0, (221.0, 73.1, 19.7, 4.73, 0.980)),
    Run(28, 41.7, 2.55, 24.0, (488.0, 192.0, 59.5, 21.1, 10.1)),
    Run(29, 41.5, 3.94, 36.0, (248.0, 87.8, 27.6, 9.2, 2.6)),
    Run(32, 41.4, 2.13, 8.3, (729.0, 624.0, 285.0, 121.0, 58.6)),
    Run(33, 94.7, 7.56, -51.0, (207.0, 63.6, 19.1, 3.95, 0.740)),
    Run(34, 97.4, 9.20, -76.0, (201.0, 68.7, 20.0, 5.10, 1.30)),
    Run(35, 38.8, 1.80, "E", (660.0, 575.0, 253.0, 76.2, 13.8)),
    Run(37, 40.3, 4.59, 95.0, (224.0, 78.0, 22.9, 7.39, 2.08)),
    Run(41, 39.9, 3.69, 35.0, (450.0, 189.0, 67.8, 25.0, 9.92)),
    Run(42, 56.4, 5.94, 120.0, (276.0, 100.0, 31.5, 7.77, 2.13)),
    Run(48, 104.1, 7.84, -63.0, (224.0, 65.6, 17.1, 4.68, 1.31)),
    Run(49, 102.0, 6.74, -28.0, (209.0, 66.8, 18.7, 3.32, 0.625)),
    Run(50, 102.8, 6.73, -26.0, (243.0, 77.0, 18.3, 3.83, 0.600)),
    Run(51, 102.4, 6.82, -40.0, (267.0, 71.0, 18.6, 3.12, 0.500)),
    Run(53, 45.2, 2.28, 10.0, (923.0, 534.0, 233.0, 86.2, 34.2)),
    Run(54, 43.4, 3.94, 40.0, (422.0, 171.0, 62.0, 22.3, 9.51)),
    Run(55, 45.3, 5.94, 124.0, (219.0, 84.2, 27.2, 7.83, 2.83)),
    Run(56, 45.9, 4.75, 76.0, (308.0, 110.0, 36.3, 12.6, 4.74)),
    Run(57, 101.5, 7.20, -194.0, (282.0, 79.4, 30.0, 8.82, 2.27)),
    Run(58, 40.5, 2.24, 6.4, (1000.0, 660.0, 311.0, 140.0, 59.4)),
    Run(59, 40.2, 2.61, 11.0, (723.0, 524.0, 239.0, 101.0, 39.4)),
    Run(60, 38.5, 4.57, 58.0, (302.0, 118.0, 43.6, 15.1, 6.07)),
    Run(61, 102.1, 7.82, -38.0, (201.0, 55.7, 17.3, 4.33, 0.965)),
    Run(62, 102.1, 5.18, -30.0, (378.0, 115.0, 33.8, 8.08, 1.93)),
    Run(70, 41.8, 3.73, 53.0, (387.0, 136.0, 45.0, 14.7, 5.29)),
)


@dataclass(frozen=True)
class Spill:
    """LNG on a pond: kg/s, m/s at 3 m, class, averaging s, m to 5 % by volume as PHMSA and as Witlox et al. processed the same trial."""

    name: str
    rate: float
    wind_3m: float
    stability: str
    averaging_s: float
    phmsa_m: float
    witlox_m: float


PHMSA = "PHMSA 2023, Final EA Phast 8.4, table 9 (49 CFR 193), as quoted in slabx 1.0.7 lng_pools"
WITLOX = "Witlox, Harper & Pitblado 2013 (CET 31), 5 % read between arcs, as quoted in slabx 1.0.7 lng_pools"
#: Koopman et al. 1982, China Lake 1980. Vaporisation 0.167 kg/(m2 s) (FERC); the roughness that 49 CFR 193.2059 prescribes.
BURRO = (
    Spill("Burro 7", 99.46, 8.8, "D", 140.0, 264.0, 127.0),
    Spill("Burro 8", 116.93, 1.94, "E", 80.0, 455.0, 314.0),
    Spill("Burro 9", 135.98, 5.9, "D", 50.0, 406.0, 194.0),
)
FLUX, POND_ROUGHNESS, FLAMMABLE = 0.167, 0.03, 0.05

GOLDWIRE = "Goldwire 1985 by EPA 1999 (ammonia), table 2-1, as tabulated in DisperSim3D desert-tortoise-04.dsbench"
#: Desert Tortoise 4: m -> kg/m3 at 1 m; 113.4 kg/s, 4.51 m/s at 2 m, class E, 305 K, roughness 3 mm.
TORTOISE_4 = {100: 0.0494, 800: 0.0133, 2800: 0.0038}

NOTES = """
## Field trials: what was looked for

Observed tables were searched in public repositories and pages by "Prairie Grass arc maximum", "Project Prairie Grass", "Burro 3", "Burro 8",
"Desert Tortoise 2", "Desert Tortoise 100 m 800 m", the authors' names (Barad, Koopman, Goldwire, Hanna, Witlox) and known figures of the Modelers
Data Archive. Found and used: arc maxima of 36 Prairie Grass runs (classes B to F; the arcs themselves, sampler by sampler, were read), three arcs of
Desert Tortoise 4, distances to the lower flammable limit of Burro 7, 8, 9 (two processings of the same trials that differ by a factor of 1.4
to 2.1). They are second-hand: the reports themselves could not be compared (待核对); four runs of Prairie Grass stand in two collections and
agree in all figures.
Not found as a table: Burro concentrations by arc (one collection holds model baselines in their place, another does not pass its tables
on), Desert Tortoise 1 to 3, Coyote and Thorney Island (one collection has figures read off pictures, not used), Kit Fox. The other runs of
Prairie Grass are in the same file: some have gaps or no weather (39, 40, 52, 65 to 68), the rest were not read. Figures remembered from the Modelers Data Archive were taken out.

What the trials say of the models: the Gaussian plume is unbiased over classes B to F when it is given the wind at 2 m, at which its
curves were fitted; with the wind at 10 m it gives a release at the ground about two thirds of what was measured, most in neutral
air. Its classes are steps: on the stable side of neutral (Obukhov length about 50 to 200 m) it thins out too fast, at 800 m to a third of
what was measured, on the unstable side of B it is too rich there.
So the engine brings the wind from 10 m to the height of the release, not below 2 m, by the power law of GB/T 3840-91 (as ISC3
does, EPA-454/B-95-003b eq. 1-6). The wind at the middle of the plume (0.6 of its mean height, van Ulden 1978), which grows with
distance, was tried and does worse with these curves (FAC2 0.44). The command `plume` puts the wind it is given
into the formula as it is. The outer zone of a footprint (source and wind
uncertain) is there for errors of that size.
"""


@dataclass(frozen=True)
class Scores:
    """Share within a factor of two, fractional bias, normalised mean square error."""

    fac2: float
    fb: float
    nmse: float


def scores(observed: FloatArray, predicted: FloatArray) -> Scores:
    ratio = predicted / observed
    mean_o, mean_p = float(observed.mean()), float(predicted.mean())
    return Scores(
        float(((ratio >= 0.5) & (ratio <= 2)).mean()),
        (mean_o - mean_p) / (0.5 * (mean_o + mean_p)),
        float(((observed - predicted) ** 2).mean()) / (mean_o * mean_p),
    )


#: (FAC2 at least, |FB| at most, NMSE at most): good (Chang & Hanna 2004), and what is still accepted (Hanna & Chang 2012).
GOOD = ("Chang & Hanna 2004, good", 0.5, 0.3, 1.5)
ACCEPTED = ("Hanna & Chang 2012, accepted", 0.3, 0.67, 6.0)


def judged(
    what: str, observed: Sequence[float], predicted: Sequence[float], bar: tuple[str, float, float, float] = GOOD
) -> Iterator[Verified]:
    """The three scores of one set against a bar."""
    found, (source, fac2, fb, nmse) = scores(np.array(observed), np.array(predicted)), bar
    yield Verified(f"{what}: FAC2", f"{source}: above {fac2:g}", 1.0, found.fac2, "", 1 - fac2, False)
    yield Verified(f"{what}: FB", f"{source}: within {fb:g}", 0.0, found.fb, "", fb, False)
    yield Verified(f"{what}: NMSE", f"{source}: below {nmse:g}", 0.0, found.nmse, "", nmse, False)


def at_ten(wind: float, height: float, stability: str, roughness: float) -> float:
    """m/s at 10 m of a wind at `height` m."""
    length = surface(1.0, stability, roughness).length
    up = log(10 / roughness) - psi(10, length)
    return wind * up / (log(height / roughness) - psi(height, length))


def share_at(ours: layer.DenseLayer, mix: Mixture, x: float, z: float) -> float:
    """Volume share of all of the substance."""
    return float(np.interp(np.interp(ours.at(x, 0, z), SHARES * mix.density, SHARES), SHARES, mix.volume_share))


#: Sides of neutral air by which the trials are judged as well.
SIDES = {"unstable (B, C)": "ABC", "neutral (D)": "D", "stable (E, F)": "EF"}


def at_arcs(run: Run) -> dict[str, list[float]]:
    """mg/m3 over ARCS by the wind that is put into the plume: as the engine does, as measured at 2 m, as it would be at 10 m."""
    ten = at_ten(run.wind_2m, 2.0, run.stability, ROUGHNESS)
    winds = {"ours": plume.carrying(0.46, ten, run.stability), "two": run.wind_2m, "ten": ten}
    return {
        name: [plume.concentration(x, 0, 1.5, run.grams / 1000, 0.46, u, run.stability) * 1e6 for x in ARCS]
        for name, u in winds.items()
    }


def prairie_grass() -> Iterator[Verified]:
    """A passive gas near the ground, classes B to F, five arcs."""
    told = {run.number: at_arcs(run) for run in PRAIRIE_GRASS}
    for run in PRAIRIE_GRASS:
        ours = told[run.number]["ours"]
        off = float(np.log2(np.array(ours) / run.mg_m3).mean())
        said = "; ".join(f"{x} m {o:g}/{p:.3g}" for x, o, p in zip(ARCS, run.mg_m3, ours, strict=True))
        yield Verified(f"Prairie Grass {run.number} (class {run.stability}), mean over five arcs", BARAD, 0.0, off, "doublings", 1.5,
                       False, note=f"observed/ours mg/m³: {said}")  # fmt: skip

    def of(runs: Sequence[Run], name: str) -> tuple[list[float], list[float]]:
        return [c for run in runs for c in run.mg_m3], [c for run in runs for c in told[run.number][name]]

    many = f"Prairie Grass, {5 * len(PRAIRIE_GRASS)} arcs"
    yield from judged(f"{many}, wind at 10 m brought to the release as the engine does", *of(PRAIRIE_GRASS, "ours"))
    for side, classes in SIDES.items():
        runs = [run for run in PRAIRIE_GRASS if run.stability in classes]
        yield from judged(f"Prairie Grass, {side}, {5 * len(runs)} arcs", *of(runs, "ours"))
    yield from judged(f"{many}, wind measured at 2 m", *of(PRAIRIE_GRASS, "two"))
    yield from judged(f"{many}, wind at 10 m as it is (not done by the engine)", *of(PRAIRIE_GRASS, "ten"), ACCEPTED)


def flammable_m(spill: Spill) -> float:
    """m to 5 % by volume on the ground."""
    mix = mixture(Material(0.016043, 2238.0, 111.7, 0.0, 509_900.0, 111.7, 424.1), 290.0)
    wind = surface(
        at_ten(spill.wind_3m, 3.0, spill.stability, POND_ROUGHNESS), spill.stability, POND_ROUGHNESS
    )  # fmt: skip
    ours = layer.solve(
        np.array([spill.rate]), mix, [wind], radius=sqrt(spill.rate / FLUX / pi), averaging_s=spill.averaging_s
    )
    far = np.geomspace(30.0, 3000.0, 400)
    return max((float(x) for x in far if share_at(ours, mix, float(x), 0.0) >= FLAMMABLE), default=0.0)


def burro() -> Iterator[Verified]:
    """A cold heavy gas from a pool, windy and neutral to still and stable."""
    ours = [flammable_m(spill) for spill in BURRO]
    for spill, found in zip(BURRO, ours, strict=True):
        yield Verified(f"{spill.name}, m to the lower flammable limit", f"{PHMSA}; {WITLOX}", 0.0, log(found / spill.phmsa_m) / log(2), "doublings",
                       1.0, False, note=f"observed {spill.phmsa_m:g} m or {spill.witlox_m:g} m, ours {found:.0f} m")  # fmt: skip
    yield from judged("Burro 7, 8, 9, distances of PHMSA", [spill.phmsa_m for spill in BURRO], ours)
    yield from judged("Burro 7, 8, 9, distances of Witlox et al.", [spill.witlox_m for spill in BURRO], ours, ACCEPTED)


def desert_tortoise() -> Iterator[Verified]:
    """Pressurised ammonia along the wind."""
    mix = mixture(Material(0.01703, 2190.0, 239.57, 0.81, 1.371e6, 239.72, 682.0), 305.0)
    wind = surface(at_ten(4.51, 2.0, "E", 0.003), "E", 0.003)
    ours = layer.solve(np.array([113.4]), mix, [wind], jet=layer.Jet(25.6, 4.53), averaging_s=10.0)
    found = {x: float(ours.at(x, 0, 1.0)) for x in TORTOISE_4}
    for x, kg in TORTOISE_4.items():
        yield Verified(f"Desert Tortoise 4, {x} m", GOLDWIRE, 0.0, log(found[x] / kg) / log(2), "doublings", 1.0 if x < 1000 else 2.0,
                       False, note=f"observed {kg:g} kg/m³, ours {found[x]:.3g}")  # fmt: skip
    yield from judged("Desert Tortoise 4, three arcs", list(TORTOISE_4.values()), list(found.values()))


def rows() -> Iterator[Verified]:
    yield from prairie_grass()
    yield from burro()
    yield from desert_tortoise()
