"""Footprints of outcomes: who dies where, in every weather at once. Source terms and models are those of this family.

Poison: Pr = a + b ln(dose) - along the axis, falling with the square of the distance aside; a puff's dose is the integral of C^n
over its passage, C0^n sqrt(2 pi / n) sx / u. Heavy releases by the workbook of `dense`, flat to half its width with a Gaussian rim.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, pi, sqrt

import numpy as np
from scipy.special import ndtr

from anlan.hazards.chemical import blast, dense, fire, plume, puff, risk
from anlan.hazards.chemical.qra.model import AXIS_X, Disc, Floats, Outline, Plume, Rose, Yes
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.chemical.substances import Substance

MG = 1e6
#: Calm is read as this wind, m/s: steady plumes do not hold below (said in the notes).
LEAST_WIND = 0.5
#: Probit less 5 below which a footprint ends (1e-9).
END = -6.0
NODES = 129
GROUND_M = 10.0


@dataclass(frozen=True)
class Release:
    """What gets into the air: kg/s by weather class for `seconds`, or kg at once (rate None); temperature degC; height m."""

    substance: Substance
    rate: Floats | None
    mass: float
    seconds: float
    temperature_c: float
    height_m: float = 1.0


@dataclass(frozen=True)
class Cloud:
    """Along the axis, [weather, node]: greatest concentration kg/m3, core m and sigma m aside; seconds a place lies in it."""

    level: Floats
    core: Floats
    sigma: Floats
    seconds: Floats


@cache
def spread_of(stability: str, of_puff: bool) -> tuple[Floats, Floats]:
    """(sigma y, sigma z) at the nodes of the axis."""
    pairs = [puff.sigmas(x, stability) if of_puff else plume.sigmas(x, stability, "rural") for x in AXIS_X]
    table = np.array(pairs)
    return table[:, 0], table[:, 1]


def cloud_of(release: Release, rose: Rose) -> Cloud:
    parts = [one(release, m, stability, max(LEAST_WIND, wind)) for m, (stability, wind) in enumerate(rose.classes)]
    return Cloud(*(np.array(column) for column in zip(*parts, strict=True)))


def one(release: Release, m: int, stability: str, wind: float) -> tuple[Floats, Floats, Floats, Floats]:
    """(level, core, sigma, seconds) in one weather."""
    if release.rate is None:
        return one_puff(release, stability, wind)
    rate = float(release.rate[m])
    heavy = heavy_cloud(release, rate, wind)
    lasting = np.full_like(AXIS_X, release.seconds)
    if heavy is not None:
        return (*heavy, lasting)
    sy, sz = spread_of(stability, False)
    level = rate / (pi * wind * sy * sz) * np.exp(-0.5 * (release.height_m / sz) ** 2)
    return np.minimum(level, pure(release)), np.zeros_like(AXIS_X), sy, lasting


def one_puff(release: Release, stability: str, wind: float) -> tuple[Floats, Floats, Floats, Floats]:
    """A burst: a Gaussian puff, or first a slumping one when it is heavy (HJ 169-2018 G)."""
    sy, sz = spread_of(stability, True)
    volume = (2 * pi) ** 1.5 * sy * sy * sz / 2 * np.exp(np.minimum(0.5 * (release.height_m / sz) ** 2, 200.0))
    wide = sy
    density = release.substance.vapour_density(release.temperature_c)
    if dense.richardson_instant(release.mass, density, wind) > dense.INSTANT_LIMIT:
        slumped, radius = slump(release.mass / density, density, AXIS_X / wind)
        volume, wide = volume + slumped, np.hypot(sy, radius / 2)
    level = np.minimum(release.mass / volume, pure(release))
    return level, np.zeros_like(AXIS_X), np.maximum(wide, 1.0), wide / wind


#: Air that a burst draws in at once, volumes of gas; share of the area swept by its front that mixes in (box model, Britter 1979;
#: van Ulden 1974): both 待核对, within the spread of the trials.
DRAWN_IN, FRONT_MIXING, FRONT_SPEED = 10.0, 0.6, 1.1


def slump(gas: float, density: float, seconds: Floats) -> tuple[Floats, Floats]:
    """(volume m3, radius m) of a heavy cloud that spreads under its weight: r2 = r0^2 + 2.2 sqrt(B / pi) t, V ~ r^(2 x 0.6)."""
    first = gas * (1 + DRAWN_IN)
    start = (first / pi) ** (1 / 3)
    buoyancy = dense.G * gas * (density - dense.AIR) / dense.AIR
    radius = np.sqrt(start**2 + 2 * FRONT_SPEED * sqrt(buoyancy / pi) * seconds)
    return first * (radius / start) ** (2 * FRONT_MIXING), radius


def pure(release: Release) -> float:
    """kg/m3 of the gas alone at the temperature of the air."""
    return release.substance.vapour_density(20.0)


def heavy_cloud(release: Release, rate: float, wind: float) -> tuple[Floats, Floats, Floats] | None:
    """(level, core, sigma) when the Richardson number says that the cloud lies on the ground (HJ 169-2018 G)."""
    if rate <= 0 or release.height_m > GROUND_M:
        return None
    density = release.substance.vapour_density(release.temperature_c)
    cloud = dense.DensePlume(rate, density, release.temperature_c + 273.15, wind, release.substance.molar_mass)
    if dense.richardson_continuous(rate, density, max(0.01, cloud.scale), wind) < dense.CONTINUOUS_LIMIT:
        return None
    some = AXIS_X[::20]
    axis = np.exp(np.interp(np.log(AXIS_X), np.log(some), np.log([cloud.axis_kg_m3(float(x)) for x in some])))
    wide = np.interp(AXIS_X, some, [cloud.half_width(float(x)) for x in some])
    return np.minimum(axis, pure(release)), wide / 2, np.maximum(wide / 4, 0.1)


def poison(cloud: Cloud, release: Release, scenario: int, x: float, y: float, weight: Floats) -> Plume:
    """Who is poisoned; exposure at most 30 min (AQ/T 3046)."""
    a, b, n = release.substance.probit
    effective = cloud.seconds * (sqrt(2 * pi / n) if release.rate is None else 1.0)
    minutes = np.minimum(effective / 60, risk.TOXIC_CAP_MIN)
    level = a + b * (n * np.log(np.maximum(cloud.level, 1e-30) * MG) + np.log(np.maximum(minutes, 1e-9))) - 5
    return Plume(
        scenario, "中毒", x, y, weight, level, cloud.core, b * n / 2 * (AXIS_X / cloud.sigma) ** 2, last(level > END),
        indoors=parameters()["effects"]["toxic_indoors"],
    )  # fmt: skip


def last(inside: Yes) -> Floats:
    """m of the farthest node that holds, by weather; 0 when none does."""
    far = inside.shape[1] - 1 - np.argmax(inside[:, ::-1], axis=1)
    return np.where(inside.any(axis=1), AXIS_X[far], 0.0)


def lower_limit(substance: Substance) -> float:
    """kg/m3."""
    return substance.need("lfl_pct") / 100 * substance.vapour_density(20.0)


def flammable(cloud: Cloud, substance: Substance) -> tuple[Floats, Floats]:
    """(half angle [weather, node], reach m): where the greatest concentration lies above the lower explosive limit."""
    ratio = cloud.level / lower_limit(substance)
    reach = last(ratio >= 1)
    half = np.zeros((len(ratio), NODES))
    for m in range(len(ratio)):
        inside = ratio[m] >= 1
        if not inside.any():
            continue
        x = AXIS_X[inside]
        aside = cloud.core[m][inside] + cloud.sigma[m][inside] * np.sqrt(2 * np.log(ratio[m][inside]))
        r, angle = np.hypot(x, aside), np.arctan2(aside, x)
        rising = np.maximum.accumulate(r) <= r
        at = np.linspace(0, reach[m], NODES)
        half[m] = np.interp(at, r[rising], angle[rising], right=0.0)
        half[m, -1] = min(half[m, -1], 1e-6)
    return half, reach


def circle(ahead: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """(half angle [weather, node], reach m) of a circle whose middle lies `ahead` m down the wind."""
    reach = np.where(radius > 0, ahead + radius, 0.0)
    r = reach[:, None] * np.linspace(0, 1, NODES)[None, :]
    d, far = np.maximum(ahead, 1e-6)[:, None], radius[:, None]
    cosine = (r**2 + d**2 - far**2) / np.maximum(2 * r * d, 1e-9)
    half = np.arccos(np.clip(cosine, -1, 1))
    half = np.where(r < far - d, pi, np.where((r < d - far) | (far <= 0), 0.0, half))
    return half, reach


def explosion(
    cloud: Cloud, release: Release, reach: Floats, rose: Rose, scenario: int, x: float, y: float, weight: Floats
) -> list[Outline]:
    """Blast of the flammable part of a cloud, its middle half way to the lower limit; TNT equivalent."""
    given = parameters()["effects"]
    wind = np.array([max(LEAST_WIND, speed) for _stability, speed in rose.classes])
    mass = (
        np.full(len(wind), release.mass)
        if release.rate is None
        else release.rate * np.minimum(reach / wind, release.seconds)
    )
    heat = release.substance.need("combustion_mj_kg") * 1000
    counts = (mass >= given["least_explosive_kg"]) & (reach > 0)
    tnt = np.where(counts, [blast.tnt_kg(float(m), heat, given["tnt_share"]) for m in mass], 0.0)
    found = []
    radii = {}
    for kpa in (given["blast_certain_kpa"], given["blast_indoors_kpa"]):
        radii[kpa] = np.array([blast.distance(float(w), kpa) if w > 0 else 0.0 for w in tnt])
    for kpa, shares in (
        (given["blast_certain_kpa"], (1.0, 1.0, 1.0 - given["blast_indoors_share"])),
        (given["blast_indoors_kpa"], (0.0, 0.0, given["blast_indoors_share"])),
    ):
        half, far = circle(np.where(counts, reach / 2, 0.0), radii[kpa])
        found.append(Outline(scenario, "蒸气云爆炸", x, y, weight, half, far, *shares))
    return found


def burnt(
    flux: Floats, seconds: float, certain: Yes, reach: float, scenario: int, outcome: str, place: tuple[float, float], weight: Floats
) -> Disc:  # fmt: skip
    """A fire: bare skin for the individual; clothes and walls for people (AQ/T 3046 table 10). Flux kW/m2 at equal steps."""
    given = parameters()["effects"]
    dose = np.maximum((flux * 1000) ** (4 / 3) * min(seconds, risk.HEAT_CAP_S), 1e-9)
    share = ndtr(-36.38 + 2.56 * np.log(dose) - 5)
    sure = certain | (flux >= given["heat_certain_kw_m2"])
    shares = np.array(
        [np.where(sure, 1.0, share), np.where(sure, 1.0, given["heat_outdoors"] * share), np.where(sure, 1.0, 0.0)]
    )
    return Disc(scenario, outcome, *place, weight, reach, shares)


#: kW/m2 at which fewer than 1e-6 die in 20 s: where a fire's footprint ends.
COOL = 1.6


def jet_fire(rate: float, substance: Substance, scenario: int, place: tuple[float, float], weight: Floats) -> Disc:
    """Round, as nobody knows where a leak will point: heat from the middle of a flame that lies towards the place."""
    heat = substance.need("combustion_mj_kg") * 1000
    length, radiated = fire.jet_length(rate, heat), parameters()["effects"]["jet_radiated"]
    reach = length + sqrt(radiated * heat * rate / (4 * pi * COOL))
    r = np.linspace(0, reach, NODES)
    away = np.maximum(np.abs(r - length / 2), 0.5)
    through = np.array([fire.jet_transmissivity(float(d)) for d in away])
    flux = through * radiated * heat * rate / (4 * pi * away**2)
    return burnt(flux, 20.0, r <= length, reach, scenario, "喷射火", place, weight)


def pool_fire(area: float, substance: Substance, scenario: int, place: tuple[float, float], weight: Floats) -> Disc:
    heat = substance.need("combustion_mj_kg") * 1000
    speed = fire.burning_rate(
        heat, substance.latent_kj_kg or 400.0, substance.cp_kj_kg_k or 2.0, substance.boiling_c, 20.0
    )
    radius, radiated = sqrt(area / pi), parameters()["effects"]["pool_radiated"]
    power = fire.pool_heat_kw(area, speed, heat)
    reach = radius + sqrt(radiated * power / (4 * pi * COOL))
    r = np.linspace(0, reach, NODES)
    away = np.maximum(r, radius)
    flux = fire.point_source(power, radiated, 1.0) / away**2
    return burnt(flux, 20.0, r <= radius, reach, scenario, "池火", place, weight)


def fireball(mass: float, substance: Substance, scenario: int, place: tuple[float, float], weight: Floats) -> Disc:
    ball = fire.fireball(mass, substance.need("combustion_mj_kg") * 1000, parameters()["effects"]["fireball_radiated"])
    reach = ball.diameter_m
    while ball.flux(reach) > COOL and reach < 20_000:
        reach *= 1.15
    r = np.linspace(0, reach, NODES)
    flux = np.array([ball.flux(float(d)) for d in r])
    return burnt(flux, ball.duration_s, r <= ball.diameter_m / 2, reach, scenario, "火球", place, weight)


def vapour_pressure(substance: Substance, temperature_c: float) -> float:
    """Pa: Clausius-Clapeyron from the boiling point; latent heat 400 kJ/kg where it is not tabled."""
    latent = (substance.latent_kj_kg or 400.0) * 1000
    return float(101_325 * exp(-latent * substance.molar_mass / 8.314
                               * (1 / (temperature_c + 273.15) - 1 / (substance.boiling_c + 273.15))))  # fmt: skip
