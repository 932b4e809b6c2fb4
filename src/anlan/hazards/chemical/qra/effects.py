"""Footprints of outcomes: who dies where, in every weather at once. Source terms and models are those of this family.

Poison: Pr = a + b ln(dose) - along the axis, falling with the square of the distance aside; a puff's dose is the integral of C^n
over its passage, C0^n sqrt(2 pi / n) sx / u. Heavy releases by the dense layer and the slumping puff of this family.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from math import exp, pi, sqrt
from threading import Lock

import numpy as np
from scipy.special import ndtr

from anlan.hazards.chemical import blast, dense, fire, layer, lift, plume, puff, risk
from anlan.hazards.chemical.cloud import WARM_K, Source
from anlan.hazards.chemical.heavy_puff import HeavyPuff, slump
from anlan.hazards.chemical.mixing import Mixture
from anlan.hazards.chemical.qra.model import AXIS_X, Disc, Floats, Outline, Plume, Rose, Yes
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.chemical.surface import surface

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
    #: Share of it that is droplets at the source.
    droplets: float = 0.0


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


#: level kg/m3, core m, sigma m, seconds at the nodes of the axis, in one weather.
Parts = tuple[Floats, Floats, Floats, Floats]


def cloud_of(release: Release, rose: Rose) -> Cloud:
    heavy = heavy_plumes(release, rose)
    parts = [
        heavy[m] if m in heavy else one(release, m, stability, max(LEAST_WIND, wind))
        for m, (stability, wind) in enumerate(rose.classes)
    ]
    return Cloud(*(np.array(column) for column in zip(*parts, strict=True)))


def rises(release: Release) -> bool:
    """A light gas that only burns leaves the ground. Poisons are kept on it, as HJ 169-2018 G does: on the safe side."""
    return not release.substance.probit and not release.droplets and lift.is_light(density_of(release))


def density_of(release: Release) -> float:
    """kg/m3 of the gas as it comes out."""
    return release.substance.vapour_density(release.temperature_c)


def one(release: Release, m: int, stability: str, wind: float) -> Parts:
    """A light release in one weather: Gaussian plume, or puff."""
    if release.rate is None:
        return one_puff(release, stability, wind)
    rate = float(release.rate[m])
    sy, sz = spread_of(stability, False)
    carried, height = plume.carrying(release.height_m, wind, stability), np.full_like(AXIS_X, release.height_m)
    if rises(release) and rate > 0:
        up, wider = lift.plume(rate, density_of(release), carried, stability, AXIS_X)
        height, sy, sz = height + up, np.hypot(sy, wider), np.hypot(sz, wider)
    level = rate / (pi * carried * sy * sz) * np.exp(-0.5 * (height / sz) ** 2)
    return np.minimum(level, pure(release.substance)), np.zeros_like(AXIS_X), sy, np.full_like(AXIS_X, release.seconds)


def one_puff(release: Release, stability: str, wind: float) -> Parts:
    """A burst: first a slumping cloud when it is heavy (HJ 169-2018 G), a thermal when it is light and burns, else a Gaussian puff."""
    heavy = heavy_puff(release, stability, wind)
    if heavy is not None:
        return heavy
    sy, sz = spread_of(stability, True)
    height, first = np.full_like(AXIS_X, release.height_m), 0.0
    if rises(release):
        up, wider = lift.thermal(release.mass, density_of(release), wind, stability, AXIS_X)
        height, sy, sz = height + up, np.hypot(sy, wider), np.hypot(sz, wider)
        first = lift.first_radius(release.mass, density_of(release))
    volume = (2 * pi) ** 1.5 * sy * sy * sz / 2 * np.exp(np.minimum(0.5 * (height / sz) ** 2, 200.0))
    level = np.where(
        first >= AXIS_X, pure(release.substance), np.minimum(release.mass / volume, pure(release.substance))
    )
    return level, np.zeros_like(AXIS_X), np.maximum(sy, 1.0), sy / wind


def pure(substance: Substance) -> float:
    """kg/m3 of the gas alone at the temperature of the air."""
    return substance.vapour_density(20.0)


@lru_cache(maxsize=256)
def mixture_of(key: str, temperature_c: float, droplets: float) -> Mixture:
    return Source(find(key), 1.0, temperature_c + 273.15, droplets).mixture(WARM_K)


def blend(release: Release) -> Mixture:
    return mixture_of(release.substance.key, round(release.temperature_c, 1), round(release.droplets, 2))


#: One dense layer: substance, degC, droplets, kg/s, stability, m/s. Rows of a batch do not know each other, so that a layer is the
#: same to the last bit whatever it was solved with: what is kept from an earlier calculation changes no digit of the next.
LayerKey = tuple[str, float, float, float, str, float]
LAYERS: OrderedDict[LayerKey, tuple[Floats, Floats, Floats]] = OrderedDict()
#: Layers kept; each is three axes, 15 kB.
MOST_LAYERS = 2048
KEEPING = Lock()


def layer_keys(release: Release, rose: Rose) -> dict[int, LayerKey]:
    """Weather -> the layer it asks for, where the Richardson number says that the cloud lies on the ground (HJ 169-2018 G)."""
    if release.rate is None or release.height_m > GROUND_M or not release.rate.any():
        return {}
    density = float(blend(release).density[-1])
    found = {}
    for m, (stability, wind) in enumerate(rose.classes):
        rate, speed = float(release.rate[m]), max(LEAST_WIND, wind)
        if rate <= 0:
            continue
        size = max(0.01, sqrt(rate / density / speed))
        if dense.richardson_continuous(rate, density, size, speed) >= dense.CONTINUOUS_LIMIT:
            state = round(release.temperature_c, 1), round(release.droplets, 2)
            found[m] = (release.substance.key, *state, rate, stability, speed)
    return found


def solved(keys: Iterable[LayerKey]) -> dict[LayerKey, tuple[Floats, Floats, Floats]]:
    """Level, core and sigma of every layer asked for: those that are kept, the others one batch a mixture (which costs as much
    as one layer)."""
    asked = list(dict.fromkeys(keys))
    with KEEPING:
        found = {key: LAYERS[key] for key in asked if key in LAYERS}
    for mixture in dict.fromkeys(key[:3] for key in asked):
        rows = [key for key in asked if key[:3] == mixture and key not in found]
        if rows:
            surfaces = [surface(key[5], key[4]) for key in rows]
            batch = layer.solve(np.array([key[3] for key in rows]), mixture_of(*mixture), surfaces)
            found |= {key: of_layer(batch, i, find(key[0])) for i, key in enumerate(rows)}
    with KEEPING:
        LAYERS.update(found)
        while len(LAYERS) > MOST_LAYERS:
            LAYERS.popitem(last=False)
    return found


def heavy_plumes(release: Release, rose: Rose) -> dict[int, Parts]:
    """Weather -> the dense layer's plateau with its Gaussian rim: level, core, sigma, seconds."""
    keys = layer_keys(release, rose)
    layers = solved(keys.values())
    return {m: (*layers[key], np.full_like(AXIS_X, release.seconds)) for m, key in keys.items()}


def of_layer(batch: layer.DenseLayer, i: int, substance: Substance) -> tuple[Floats, Floats, Floats]:
    """At the nodes of the axis; beyond the layer's last distance as x^-1.5, the slowest that plumes fall there."""
    x, far = np.maximum(batch.x[i], 1e-3), float(batch.x[i][-1])
    level = np.exp(np.interp(np.log(AXIS_X), np.log(x), np.log(np.maximum(batch.axis[i], 1e-30))))
    level = level * np.minimum(1.0, far / AXIS_X) ** 1.5
    core, edge = np.interp(AXIS_X, x, batch.plateau[i]), np.interp(AXIS_X, x, batch.edge[i])
    return np.minimum(level, pure(substance)), core, np.maximum(edge / sqrt(2), 0.1)


@lru_cache(maxsize=1024)
def slumped(key: str, temperature_c: float, droplets: float, mass: float, stability: str, wind: float) -> HeavyPuff:
    return slump(mass, mixture_of(key, temperature_c, droplets), surface(wind, stability))


def heavy_puff(release: Release, stability: str, wind: float) -> Parts | None:
    """A burst that slumps: peaks and radii by where its middle has come; None when it is light."""
    density = float(blend(release).density[-1])
    if dense.richardson_instant(release.mass, density, wind) <= dense.INSTANT_LIMIT:
        return None
    place = round(release.temperature_c, 1), round(release.droplets, 2)
    found = slumped(release.substance.key, *place, release.mass, stability, wind)
    x = np.maximum(found.x, 1e-3) + np.arange(len(found.x)) * 1e-6  # ascending, as interpolation asks
    level = np.exp(np.interp(np.log(AXIS_X), np.log(x), np.log(np.maximum(found.peak, 1e-30))))
    level = level * np.minimum(1.0, x[-1] / AXIS_X) ** 2.5
    core, edge = np.interp(AXIS_X, x, found.core), np.interp(AXIS_X, x, found.edge)
    sigma = np.maximum(edge, np.maximum(core / 10, 1.0))  # a slumping cloud's edge is not a knife's
    # `poison` counts sqrt(2 pi / n) of these seconds: all of the edge's, but of the plateau only the time it takes to pass
    counted = sqrt(2 * pi / release.substance.probit[2]) if release.substance.probit else sqrt(2 * pi)
    passing = (edge + 2 * core / counted) / np.interp(AXIS_X, x, np.maximum(found.speed, 0.1))
    return np.minimum(level, pure(release.substance)), core, sigma, passing


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
