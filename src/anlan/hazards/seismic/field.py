"""A field of intensity round an epicentre: a grid, its isoseismals, and what station readings and felt reports make of it.

Conditioning is that of Worden et al. 2018 (BSSA 108(2)): residuals about the relation are one term of the whole event and a
Gaussian field of correlated ones; observations fix both, the more the nearer. A station counts with little noise of its own, felt
reports with much.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, cos, radians, sqrt
from typing import Any

import numpy as np
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.seismic import attenuation as at
from anlan.hazards.seismic import gmpe
from anlan.hazards.seismic.rupture import Rupture, Sites, checked
from anlan.hazards.seismic.shaking import REGION, Shaking, shaking
from anlan.hazards.seismic.site import PLAIN, SiteMap

Floats = NDArray[np.float64]
#: Share of the variance about a relation that is the event's own (the rest is of places): NGA-West2 models have 0.2 to 0.4.
BETWEEN = 1 / 3
#: Distance (km) b of exp(-3 h / b), by which residuals of PGA forget each other: Jayaram & Baker 2009 case 2 (clustered Vs30).
RANGE_KM = 40.7
#: Noise of one observation, degrees of intensity: an instrument, one person's report (待核对).
INSTRUMENT, REPORT = 0.1, 0.8
#: Cells along a side of the grid, and the faintest degree drawn.
CELLS, FAINTEST = 161, 5
#: A degree that spans fewer cells than this is drawn on a grid of its own.
FINE_CELLS = 72
#: Grid cells hold at least this much (km).
LEAST_CELL_KM = 0.25
#: The grid ends here (half a side).
FARTHEST_DRAWN_KM = 1100.0
#: The grid reaches so much farther than the faintest degree of the relation; soft ground carries it up to 0.36 degree, 22 % of the way.
REACH, SOFT_REACH = 1.15, 1.4


@dataclass(frozen=True)
class Observation:
    """Intensity seen at a place: by an instrument, or the mean of `reports` people."""

    lon: float
    lat: float
    intensity: float
    noise: float = INSTRUMENT
    name: str = ""


@dataclass(frozen=True)
class Field:
    """Intensity (degrees) on a grid: rows from south to north, columns from west to east."""

    lon: Floats
    lat: Floats
    intensity: Floats
    sigma: Floats
    shaking: Shaking
    #: The same field on another grid.
    on: Callable[[Floats, Floats], Field]
    #: The event's own residual (degrees) that the observations gave, and how many they were.
    bias: float = 0.0
    used: int = 0

    def at(self, lon: float, lat: float) -> float:
        """Intensity of the nearest cell."""
        i, j = int(np.abs(self.lat - lat).argmin()), int(np.abs(self.lon - lon).argmin())
        return float(self.intensity[i, j])


def station(lon: float, lat: float, pga_m_s2: float | None, pgv_m_s: float | None, name: str = "") -> Observation:
    """What a strong-motion station read, as instrumental intensity; PGA alone where PGV is not known (and says less)."""
    pga = None if pga_m_s2 is None else checked("pga_m_s2", pga_m_s2, 1e-6, 50, "m/s²")
    pgv = None if pgv_m_s is None else checked("pgv_m_s", pgv_m_s, 1e-7, 10, "m/s")
    if pga is None and pgv is None:
        raise InputError("pga_m_s2", None, "PGA 或 PGV 至少一项")
    values = [3.17 * np.log10(pga) + 6.59] if pga is not None else []
    values += [3.00 * np.log10(pgv) + 9.77] if pgv is not None else []
    strong = len(values) == 2 and min(values) >= 6
    value = float(np.clip(values[-1] if strong else np.mean(values), 1, 12))
    return Observation(lon, lat, value, INSTRUMENT if len(values) == 2 else 3 * INSTRUMENT, name)


def sites_on(ground: SiteMap, lon: Any, lat: Any) -> Sites:
    """Places with the Vs30 of the ground below them."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    return Sites.of(x, y, ground.at(x, y))


def reach_km(magnitude: float, region: str = "西部", degree: int = FAINTEST) -> float:
    """How far from the epicentre a degree may be met."""
    return min(max(at.isoseismal(magnitude, degree, region)[0], 5.0), FARTHEST_DRAWN_KM)


def grid(rupture: Rupture, reach: float, cells: int = CELLS) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of a square round the epicentre."""
    east, north = metres_per_degree(rupture.lat)
    step = max(2 * reach / (cells - 1), LEAST_CELL_KM)
    half = ceil(reach / step) * step
    side = np.linspace(-half, half, 2 * round(half / step) + 1)
    return rupture.lon + side * 1000 / east, rupture.lat + side * 1000 / north


def field(
    rupture: Rupture, model: str = "auto", seen: Sequence[Observation] = (), region: str = REGION, cells: int = CELLS,
    ground: SiteMap = PLAIN,
) -> Field:  # fmt: skip
    """The field of a model, conditioned on what was seen."""

    def on(lon: Floats, lat: Floats) -> Field:
        x, y = np.meshgrid(lon, lat)
        sites = sites_on(ground, x.ravel(), y.ravel())
        base = shaking(model, rupture, sites, region, site=True)
        if not seen:
            return Field(lon, lat, base.intensity.reshape(y.shape), base.sigma.reshape(y.shape), base, on)
        mean, sigma, bias = conditioned(rupture, model, seen, sites, base, region, ground)
        moved = replace(base, intensity=mean, sigma=sigma)
        return Field(lon, lat, mean.reshape(y.shape), sigma.reshape(y.shape), moved, on, bias, len(seen))

    return on(*grid(rupture, reach_km(rupture.magnitude) * (SOFT_REACH if ground.soft else REACH), cells))


def conditioned(
    rupture: Rupture,
    model: str,
    seen: Sequence[Observation],
    sites: Sites,
    base: Shaking,
    region: str = REGION,
    ground: SiteMap = PLAIN,
) -> tuple[Floats, Floats, float]:
    """(intensity, its standard deviation, the event's own residual) at sites, given what was seen."""
    places = sites_on(ground, [o.lon for o in seen], [o.lat for o in seen])
    expected = shaking(model, rupture, places, region, site=True)
    residual = np.array([checked(f"observations[{i}].intensity", o.intensity, 1, 12, "度") for i, o in enumerate(seen)])
    residual = residual - expected.intensity
    noise = np.array([max(o.noise, 1e-3) for o in seen])
    here, there = gmpe.offsets(rupture, sites), gmpe.offsets(rupture, places)
    moved, left, bias = posterior(here, base.sigma, there, expected.sigma, residual, noise)
    return np.clip(base.intensity + moved, 1, 12), left, bias


def posterior(
    here: Floats, sigma: Floats, there: Floats, sigma_there: Floats, residual: Floats, noise: Floats
) -> tuple[Floats, Floats, float]:
    """(mean residual, standard deviation) at places `here`, and the mean of the common term, given residuals `there`.

    Covariance of two places: sigma sigma' (BETWEEN + (1 - BETWEEN) exp(-3 h / RANGE_KM)).
    """
    common = BETWEEN * sigma_there[:, None] * sigma_there
    across = (1 - BETWEEN) * sigma_there[:, None] * sigma_there * correlation(there, there)
    inverse = np.linalg.inv(common + across + np.diag(noise**2))
    weights = inverse @ residual
    mean, spread = np.empty(len(here)), np.empty(len(here))
    for start in range(0, len(here), 20_000):
        part = slice(start, start + 20_000)
        shared = sigma[part, None] * sigma_there * (BETWEEN + (1 - BETWEEN) * correlation(here[part], there))
        mean[part] = shared @ weights
        spread[part] = sigma[part] ** 2 - np.einsum("ij,jk,ik->i", shared, inverse, shared)
    event = float(sigma.mean()) * BETWEEN * float(sigma_there @ weights)
    return mean, np.sqrt(np.maximum(spread, 0)), event


def correlation(a: Floats, b: Floats) -> Floats:
    """exp(-3 h / RANGE_KM) of every pair of places (km)."""
    apart = np.sqrt((a[:, None, 0] - b[None, :, 0]) ** 2 + (a[:, None, 1] - b[None, :, 1]) ** 2)
    found: Floats = np.exp(-3 * apart / RANGE_KM)
    return found


def isoseismals(found: Field, least: int = FAINTEST) -> list[tuple[int, list[list[list[list[float]]]], float]]:
    """(degree, MultiPolygon coordinates, km2) of each degree and above, the strongest first: contours at degree - 0.5."""
    drawn = []
    for degree in range(int(np.floor(found.intensity.max() + 0.5)), least - 1, -1):
        shapes = contour(nearer(found, degree), degree)
        if shapes:
            drawn.append((degree, shapes, area_km2(shapes)))
    return drawn


def nearer(found: Field, degree: int) -> Field:
    """A grid of its own over a degree that the whole grid shows with a few cells only."""
    rows, columns = np.nonzero(found.intensity >= degree - 0.5)
    if not len(rows) or max(np.ptp(rows), np.ptp(columns)) >= FINE_CELLS:
        return found

    def around(axis: Floats, at: Any) -> Floats:
        low, high = max(int(at.min()) - 2, 0), min(int(at.max()) + 2, len(axis) - 1)
        return np.linspace(axis[low], axis[high], FINE_CELLS + 1)

    return found.on(around(found.lon, columns), around(found.lat, rows))


def contour(found: Field, degree: int) -> list[list[list[list[float]]]]:
    """Polygons of a degree and above."""
    lines = contour_generator(found.lon, found.lat, found.intensity, fill_type=FillType.OuterOffset)
    points, starts = lines.filled(degree - 0.5, 99.0)[:2]
    return [
        [np.round(part[a:b], 5).tolist() for a, b in itertools.pairwise(offset.tolist())]
        for part, offset in zip(points, starts or [], strict=True)
        if part is not None and offset is not None
    ]


def area_km2(shapes: list[list[list[list[float]]]]) -> float:
    """Area of polygons in degrees, holes taken off, on the tangent plane of each ring's middle."""
    total = 0.0
    for polygon in shapes:
        for k, ring in enumerate(polygon):
            part = np.array(ring)
            east, north = metres_per_degree(float(part[:, 1].mean()))
            x, y = part[:, 0] * east / 1000, part[:, 1] * north / 1000
            size = abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2
            total += size if k == 0 else -size
    return total


def gathered(reports: Sequence[tuple[float, float, float]], cell_km: float = 2.0) -> list[Observation]:
    """Felt reports (lon, lat, degree) by cell of a map: their mean, surer the more they are (REPORT / sqrt n)."""
    cells: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    for i, (lon, lat, degree) in enumerate(reports):
        checked(f"reports[{i}].degree", degree, 1, 12, "度")
        east, north = 111.32 * cos(radians(lat)), 111.13
        cells.setdefault((int(lon * east // cell_km), int(lat * north // cell_km)), []).append((lon, lat, degree))
    found = []
    for rows in cells.values():
        lon, lat, degree = (float(np.mean(column)) for column in zip(*rows, strict=True))
        found.append(Observation(lon, lat, degree, REPORT / sqrt(len(rows)), f"{len(rows)} 份有感上报"))
    return found


def people_by_degree(intensity: Any, people: Any) -> dict[int, float]:
    """Residents by the degree they felt."""
    degree = np.floor(np.asarray(intensity) + 0.5).astype(int)
    return {int(k): float(np.asarray(people)[degree == k].sum()) for k in sorted(set(degree.tolist()), reverse=True)}
