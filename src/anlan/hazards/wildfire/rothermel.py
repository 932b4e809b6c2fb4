"""Surface fire spread: Rothermel 1972 as restated by Andrews 2018 (RMRS-GTR-371); US units inside, SI outside.

Live grass of dynamic models cures into dead grass (Burgan 1979); wind and slope add as vectors on the slope plane; the
effective wind is limited to 0.9 times the reaction intensity (Rothermel 1972 eq. 87) unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, cos, degrees, exp, hypot, log, radians, sin, sqrt

from anlan.hazards.wildfire.fuels import Fuel

FT = 0.3048
#: Particle density lb/ft3, total and effective mineral content: the same in all standard models.
DENSITY, MINERAL, EFFECTIVE_MINERAL = 32.0, 0.0555, 0.010
SAV_10H, SAV_100H = 109.0, 30.0
#: Limits (1/ft) of the size classes over which loads are weighted; below the last, fuel does not carry the front.
SIZE_CLASSES = (1200.0, 192.0, 96.0, 48.0, 16.0)
KM_H_FT_MIN = 1000 / FT / 60
MPH_FT_MIN = 88.0
KW_M_PER_BTU_FT_S = 3.461


@dataclass(frozen=True)
class Moisture:
    """Water over dry weight, as fractions."""

    dead_1h: float
    dead_10h: float
    dead_100h: float
    live_herb: float
    live_woody: float


@dataclass(frozen=True)
class Particle:
    """One size class of the fuel bed: load lb/ft2, surface-to-volume 1/ft, moisture fraction."""

    load: float
    sav: float
    moisture: float

    @property
    def area(self) -> float:
        """Surface area per unit of ground."""
        return self.load * self.sav / DENSITY


@dataclass(frozen=True)
class Bed:
    """What does not depend on wind and slope. ros0 ft/min, reaction Btu/ft2/min; c, b: phi_w = c U^b; slope: phi_s = slope tan2."""

    ros0: float
    reaction: float
    residence: float
    c: float
    b: float
    slope: float
    depth: float


@dataclass(frozen=True)
class Behaviour:
    """The head of the fire: m/min, m, kW/m, degrees from north it runs to, length over width of the ellipse."""

    ros_m_min: float
    flame_length_m: float
    fireline_intensity_kw_m: float
    direction_deg: float
    length_to_width: float
    effective_wind_m_s: float


def cured(herb_moisture: float) -> float:
    """Share of the live herb load that is dead: all below 30 % moisture, none above 120 % (Burgan 1979).

    BehavePlus rounds the line to 1.333 - 1.11 M, which moves the spread rate by 0.04 %.
    """
    return min(1.0, max(0.0, (1.2 - herb_moisture) / 0.9))


def particles(fuel: Fuel, moisture: Moisture) -> tuple[list[Particle], list[Particle]]:
    """(dead, live) particles."""
    dead_herb = fuel.load_herb * cured(moisture.live_herb) if fuel.dynamic else 0.0
    dead = [
        Particle(fuel.load_1h, fuel.sav_1h, moisture.dead_1h),
        Particle(fuel.load_10h, SAV_10H, moisture.dead_10h),
        Particle(fuel.load_100h, SAV_100H, moisture.dead_100h),
        Particle(dead_herb, fuel.sav_herb, moisture.dead_1h),
    ]
    live = [
        Particle(fuel.load_herb - dead_herb, fuel.sav_herb, moisture.live_herb),
        Particle(fuel.load_woody, fuel.sav_woody, moisture.live_woody),
    ]
    return [p for p in dead if p.load > 0], [p for p in live if p.load > 0]


def mean(group: list[Particle], of: Callable[[Particle], float]) -> float:
    """Mean over a category, weighted by surface area."""
    total = sum(p.area for p in group)
    return sum(p.area * of(p) for p in group) / total if total else 0.0


def net_load(group: list[Particle]) -> float:
    """Load that carries the flame, weighted by size class (Albini 1976), less minerals; lb/ft2."""
    total = sum(p.area for p in group)
    classes: dict[int, float] = {}
    for p in group:
        classes[size_class(p)] = classes.get(size_class(p), 0.0) + p.area / total
    return sum(classes[size_class(p)] * p.load for p in group if size_class(p) < len(SIZE_CLASSES)) * (1 - MINERAL)


def size_class(particle: Particle) -> int:
    return next((i for i, limit in enumerate(SIZE_CLASSES) if particle.sav >= limit), len(SIZE_CLASSES))


def damping(moisture: float, extinction: float) -> float:
    """Share of the reaction left at this moisture: 1 dry, 0 at extinction."""
    ratio = min(1.0, moisture / extinction) if extinction > 0 else 1.0
    return max(0.0, 1 - 2.59 * ratio + 5.11 * ratio**2 - 3.52 * ratio**3)


def live_extinction(dead: list[Particle], live: list[Particle], dead_extinction: float) -> float:
    """Moisture at which live fuel stops burning, from the dead fuel that must dry it (Albini 1976)."""
    fine_live = sum(p.load * exp(-500 / p.sav) for p in live)
    if not fine_live:
        return dead_extinction
    heated = sum(p.load * exp(-138 / p.sav) for p in dead)
    wet = sum(p.load * exp(-138 / p.sav) * p.moisture for p in dead)
    ratio = heated / fine_live
    of_dead = wet / heated if heated else 0.0
    return max(dead_extinction, 2.9 * ratio * (1 - of_dead / dead_extinction) - 0.226)


def bed(fuel: Fuel, moisture: Moisture) -> Bed:
    """Reaction intensity, no-wind spread and the wind and slope coefficients of a fuel at a moisture."""
    dead, live = particles(fuel, moisture)
    area_dead, area_live = (sum(p.area for p in group) for group in (dead, live))
    share_dead = area_dead / (area_dead + area_live)
    share_live = 1 - share_dead
    sav = share_dead * mean(dead, lambda p: p.sav) + share_live * mean(live, lambda p: p.sav)
    load = sum(p.load for p in dead + live)
    packing = load / fuel.depth / DENSITY
    relative = packing / (3.348 * sav**-0.8189)
    a = 133 * sav**-0.7913
    velocity = sav**1.5 / (495 + 0.0594 * sav**1.5) * relative**a * exp(a * (1 - relative))
    mineral = min(1.0, 0.174 * EFFECTIVE_MINERAL**-0.19)
    burning = net_load(dead) * damping(mean(dead, lambda p: p.moisture), fuel.extinction)
    if live:
        limit = live_extinction(dead, live, fuel.extinction)
        burning += net_load(live) * damping(mean(live, lambda p: p.moisture), limit)
    reaction = velocity * fuel.heat * mineral * burning
    flux = exp((0.792 + 0.681 * sqrt(sav)) * (packing + 0.1)) / (192 + 0.2595 * sav)
    sink = share_dead * mean(dead, preheat) + share_live * mean(live, preheat)
    e = 0.715 * exp(-3.59e-4 * sav)
    return Bed(
        ros0=reaction * flux / (load / fuel.depth * sink),
        reaction=reaction,
        residence=384 / sav,
        c=7.47 * exp(-0.133 * sav**0.55) * relative**-e,
        b=0.02526 * sav**0.54,
        slope=5.275 * packing**-0.3,
        depth=fuel.depth,
    )


def preheat(particle: Particle) -> float:
    """Btu per lb of fuel to bring the part that heats to ignition."""
    return exp(-138 / particle.sav) * (250 + 1116 * particle.moisture)


def wind_adjustment(
    depth_ft: float, canopy_cover: float = 0.0, canopy_height_m: float = 0.0, crown_ratio: float = 1.0
) -> float:
    """Midflame wind over the wind 20 ft above vegetation (Albini & Baughman 1979); sheltered above 5 % crown fill.

    Crown fill = crown ratio x cover / 3 (Andrews 2012): a conical crown fills a third of its cylinder.
    """
    fill = crown_ratio * canopy_cover / 3
    height = canopy_height_m / FT
    if fill > 0.05 and height > 0:
        return 0.555 / (sqrt(fill * height) * log((20 + 0.36 * height) / (0.13 * height)))
    return 1.83 / log((20 + 0.36 * depth_ft) / (0.13 * depth_ft))


#: Length-over-width formulas, in the order of front.ANDERSON and its followers.
FORMULAS = ("anderson", "behave", "elmfire", "alexander")


def length_to_width(midflame_ft_min: float, formula: str = "anderson", over_midflame: float = 1.15 / 0.4) -> float:
    """Length over width of the burnt ellipse at an effective midflame wind; at most 8.

    "anderson": 1 + 0.25 U, U in mph (Rothermel 1991 eq. 9); "behave": 0.936 e^0.1147U + 0.461 e^-0.0692U - 0.397, as in
    BehavePlus (Anderson 1983 with U in mph; FARSITE writes it in m/s); "elmfire": the constants of m/s fed with mph, as
    ELMFIRE's tutorials set it; "alexander": 1 + 0.0012 V^2.154, V the 10 m wind in km/h that would give this midflame wind
    (Alexander 1985), `over_midflame` times it. The names are those of the tools' options; the areas differ up to twofold.
    """
    mph = midflame_ft_min / MPH_FT_MIN
    if formula == "behave":
        return min(8.0, 0.936 * exp(0.1147 * mph) + 0.461 * exp(-0.0692 * mph) - 0.397)
    if formula == "elmfire":
        return min(8.0, 0.936 * exp(0.2566 * mph) + 0.461 * exp(-0.1548 * mph) - 0.397)
    if formula == "alexander":
        return min(8.0, 1 + 0.0012 * (midflame_ft_min * over_midflame / KM_H_FT_MIN) ** 2.154)
    return min(8.0, 1 + 0.25 * mph)


def behaviour(
    fuel: Fuel,
    moisture: Moisture,
    wind_10m_km_h: float,
    wind_from_deg: float,
    slope: float = 0.0,
    aspect_deg: float = 0.0,
    canopy_cover: float = 0.0,
    canopy_height_m: float = 0.0,
    crown_ratio: float = 1.0,
    formula: str = "anderson",
    wind_limit: bool = True,
    lifted: bool = True,
) -> Behaviour:
    """The head of the fire. slope = rise over run, aspect = where the ground faces; angles in degrees from north.

    `lifted`: wind follows the slope plane, as in pyretechnics; False adds the factors on the level, as BehavePlus does.
    """
    of = bed(fuel, moisture)
    adjustment = wind_adjustment(of.depth, canopy_cover, canopy_height_m, crown_ratio)
    midflame = wind_10m_km_h * KM_H_FT_MIN / 1.15 * adjustment
    rise = slope if lifted else 0.0
    wind, up = (unit(towards + 180, rise, aspect_deg + 180) for towards in (wind_from_deg, aspect_deg))
    by_wind = of.c * (midflame * length(wind)) ** of.b if midflame > 0 else 0.0
    by_slope = of.slope * slope**2
    x, y, z = (
        by_wind * w / length(wind) + by_slope * s / length(up) for w, s in zip(wind, up, strict=True)
    )  # fmt: skip
    phi = sqrt(x * x + y * y + z * z)
    effective = (phi / of.c) ** (1 / of.b) if phi > 0 else 0.0
    limit = 0.9 * of.reaction
    if wind_limit and effective > limit:
        effective, phi = limit, of.c * limit**of.b
    ros = of.ros0 * (1 + phi)
    intensity = of.reaction * of.residence * ros / 60
    return Behaviour(
        ros_m_min=ros * FT,
        flame_length_m=0.0775 * (intensity * KW_M_PER_BTU_FT_S) ** 0.46 if intensity > 0 else 0.0,
        fireline_intensity_kw_m=intensity * KW_M_PER_BTU_FT_S,
        direction_deg=degrees(atan2(x, y)) % 360 if hypot(x, y) > 0 else 0.0,
        length_to_width=length_to_width(effective, formula, 1.15 / adjustment),
        effective_wind_m_s=effective * FT / 60,
    )


def unit(towards_deg: float, slope: float, upslope_deg: float) -> tuple[float, float, float]:
    """A step of one towards an azimuth, lifted onto the slope plane: (east, north, up)."""
    angle = radians(towards_deg)
    east, north = sin(angle), cos(angle)
    return east, north, slope * cos(angle - radians(upslope_deg))


def length(vector: tuple[float, float, float]) -> float:
    return sqrt(sum(part * part for part in vector))
