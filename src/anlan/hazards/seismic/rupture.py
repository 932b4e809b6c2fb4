"""The rupture as a plane: given, or as large as its magnitude has it (Wells & Coppersmith 1994)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, isfinite, pi, radians, sin, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.seismic import kernels as ks

Floats = NDArray[np.float64]
#: Magnitudes the relations are for; beyond them nothing is said.
MAGNITUDES = (3.0, 8.5)
#: Wells & Coppersmith 1994 table 2A: lg of length and width below ground (km) = a + b M, by style of faulting.
SCALING = {
    "strike-slip": ((-2.57, 0.62), (-0.76, 0.27)),
    "reverse": ((-2.42, 0.58), (-1.61, 0.41)),
    "normal": ((-1.88, 0.50), (-1.14, 0.35)),
    "unknown": ((-2.44, 0.59), (-1.01, 0.32)),
}
#: A plane dips so where nothing is known of it.
DIPS = {"strike-slip": 90.0, "reverse": 45.0, "normal": 50.0, "unknown": 70.0}
#: Seismogenic crust is taken this thick (km): a wider plane would reach where rock does not break.
CRUST_KM = 25.0
#: How a Vs30 is read: m/s.
VS30 = (150.0, 2000.0)
#: Sites farther than this from the epicentre are refused: no relation holds there.
FARTHEST_KM = 2000.0


def style_of(rake_deg: float | None) -> str:
    """NGA-West2: reverse 30 to 150, normal -150 to -30, strike-slip between."""
    if rake_deg is None:
        return "unknown"
    return "reverse" if 30 < rake_deg < 150 else "normal" if -150 < rake_deg < -30 else "strike-slip"


def checked(name: str, value: Any, low: float, high: float, unit: str = "") -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and low <= value <= high
    if not good:
        raise InputError(name, value, f"{low:g} 至 {high:g} {unit}".strip())
    return float(value)


@dataclass(frozen=True)
class Rupture:
    """An earthquake and its plane. The top edge begins at `corner` and runs along strike; the plane dips to its right."""

    magnitude: float
    lon: float
    lat: float
    depth_km: float
    strike_deg: float
    dip_deg: float
    rake_deg: float | None
    length_km: float
    width_km: float
    ztor_km: float
    #: (lon, lat) where the top edge begins; None: the plane is centred on the hypocentre.
    corner: tuple[float, float] | None = None
    #: Its corners (lon, lat, depth km) in space, where they are given.
    corners: tuple[tuple[float, float, float], ...] | None = None

    @property
    def style(self) -> str:
        return style_of(self.rake_deg)

    def plane(self) -> Floats:
        """The numbers the kernels read: seen from the corner, where its strike is meant, else from the epicentre."""
        row = np.zeros(ks.PLANE)
        lon, lat = self.corner or (self.lon, self.lat)
        phi, angle, dip = radians(lat), radians(self.strike_deg), radians(self.dip_deg)
        sn, cs = sin(angle), cos(angle)
        row[[ks.LON, ks.LAT, ks.SIN, ks.COS, ks.STRIKE_SIN, ks.STRIKE_COS]] = lon, lat, sin(phi), cos(phi), sn, cs
        row[[ks.LENGTH, ks.FLAT, ks.ZTOR]] = self.length_km, self.width_km * cos(dip), self.ztor_km
        if self.corner is None:
            back, side = -self.length_km / 2, -self.width_km / 2 * cos(dip)
            row[ks.EAST], row[ks.NORTH] = back * sn + side * cs, back * cs - side * sn
        start = np.array([row[ks.EAST], row[ks.NORTH], -self.ztor_km])
        along = self.length_km * np.array([sn, cs, 0.0])
        down = self.width_km * np.array([cs * cos(dip), -sn * cos(dip), -sin(dip)])
        if self.corners is not None:
            start, along, down = in_space(self.corners, row)
        row[ks.LONG], row[ks.WIDE] = np.linalg.norm(along), np.linalg.norm(down)
        row[ks.CORNER : ks.CORNER + 3] = start
        row[ks.ALONG : ks.ALONG + 3], row[ks.DOWN : ks.DOWN + 3] = along / row[ks.LONG], down / row[ks.WIDE]
        return row

    def edge_km(self) -> float:
        """Width of the plane seen from above."""
        return self.width_km * cos(radians(self.dip_deg)) if self.dip_deg < 90 else 0.0


def estimated(
    magnitude: float, lon: float, lat: float, depth_km: float = 10.0, strike_deg: float = 70.0,
    dip_deg: float | None = None, rake_deg: float | None = None,
) -> Rupture:  # fmt: skip
    """The plane its magnitude lets expect, centred on the hypocentre, never above the ground."""
    magnitude = checked("magnitude", magnitude, *MAGNITUDES, "级")
    depth = checked("depth_km", depth_km, 0, 700, "km")
    style = style_of(None if rake_deg is None else checked("rake_deg", rake_deg, -180, 180, "°"))
    dip = checked("dip_deg", DIPS[style] if dip_deg is None else dip_deg, 1, 90, "°")
    (a, b), (c, d) = SCALING[style]
    length, width = 10 ** (a + b * magnitude), min(10 ** (c + d * magnitude), CRUST_KM / sin(radians(dip)))
    top = max(0.0, depth - width / 2 * sin(radians(dip)))
    place = checked("lon", lon, -180, 180, "°"), checked("lat", lat, -85, 85, "°")
    strike = checked("strike_deg", strike_deg, 0, 360, "°")
    return Rupture(magnitude, *place, depth, strike, dip, rake_deg, length, width, top)


def of_corners(
    magnitude: float, hypocentre: Sequence[float], corners: Sequence[Sequence[float]], rake_deg: float
) -> Rupture:
    """A plane by its corners [lon, lat, depth km]: along the top edge, then back along the bottom."""
    points = np.array(corners, float)
    if points.shape != (4, 3) or not np.isfinite(points).all():
        raise InputError("corners", corners, "4 个 [lon, lat, 深度 km]，先顶边沿走向，再底边返回")
    magnitude = checked("magnitude", magnitude, *MAGNITUDES, "级")
    top_left, top_right, _, low_left = points
    length, strike = apart(top_left, top_right)
    flat, _ = apart(top_left, low_left)
    fall = low_left[2] - top_left[2]
    dip = degrees(atan2(fall, flat))
    return Rupture(
        magnitude, float(hypocentre[0]), float(hypocentre[1]), float(hypocentre[2]), strike, min(dip, 90.0), rake_deg, length,
        sqrt(flat**2 + fall**2), float(top_left[2]), (float(top_left[0]), float(top_left[1])),
        tuple((float(x), float(y), float(z)) for x, y, z in points),
    )  # fmt: skip


def in_space(corners: Sequence[Sequence[float]], row: Floats) -> tuple[Floats, Floats, Floats]:
    """(corner, along, down) km east, north, up of the reference place; the middle of both sides, made square."""
    points = []
    for lon, lat, depth in corners:
        x, y, _ = ks.place(lon, lat, row)
        share = (ks.EARTH_KM - depth) / ks.EARTH_KM
        up = sqrt(1 - x * x - y * y)
        points.append(np.array([x, y, up]) * ks.EARTH_KM * share - np.array([0, 0, ks.EARTH_KM]))
    a, b, c, d = points
    along, down = (b - a + c - d) / 2, (d - a + c - b) / 2
    down = down - along * float(down @ along) / float(along @ along)
    return a, along, down


def apart(a: Floats, b: Floats) -> tuple[float, float]:
    """(great-circle km, azimuth degrees) from one place to another."""
    lon1, lat1, lon2, lat2 = radians(a[0]), radians(a[1]), radians(b[0]), radians(b[1])
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    east = cos(lat2) * sin(lon2 - lon1)
    north = cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(lon2 - lon1)
    return 2 * ks.EARTH_KM * asin(sqrt(half)), atan2(east, north) % (2 * pi) * 180 / pi


@dataclass(frozen=True)
class Sites:
    """Places at the surface and how stiff their ground is (Vs30, m/s)."""

    lon: Floats
    lat: Floats
    vs30: Floats

    @staticmethod
    def of(lon: Any, lat: Any, vs30: Any = 760.0) -> Sites:
        """Checked: same length, finite, on the globe, a Vs30 the relations know."""
        x, y = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        if x.shape != y.shape or x.ndim != 1:
            raise InputError("sites", f"{x.shape}, {y.shape}", "经度与纬度一一对应")
        v = np.broadcast_to(np.asarray(vs30, float), x.shape) if np.ndim(vs30) == 0 else np.asarray(vs30, float)
        if v.shape != x.shape:
            raise InputError("vs30", v.shape, f"{x.shape[0]} 个")
        for name, values, low, high in (("lon", x, -180, 180), ("lat", y, -85, 85), ("vs30", v, *VS30)):
            wrong = ~((values >= low) & (values <= high))
            if wrong.any():
                i = int(np.argmax(wrong))
                raise InputError(f"sites[{i}].{name}", float(values[i]), f"{low:g} 至 {high:g}")
        return Sites(x, y, np.ascontiguousarray(v))

    def __len__(self) -> int:
        return len(self.lon)


def distances(rupture: Rupture, sites: Sites) -> Floats:
    """(sites, 4) km: Rrup, Rjb, Rx, Ry0."""
    out = np.empty((len(sites), ks.DISTANCES))
    ks.spread(ks.distances, len(sites), sites.lon, sites.lat, rupture.plane(), out)
    near(out[:, ks.RJB])
    return out


def near(away: Floats) -> None:
    if len(away) and float(away.max()) > FARTHEST_KM:
        i = int(np.argmax(away))
        raise InputError(f"sites[{i}]", round(float(away[i]), 1), f"距震源 {FARTHEST_KM:g} km 以内")


def described(rupture: Rupture) -> Mapping[str, Any]:
    """The plane in words and numbers, for results."""
    return {"strike_deg": rupture.strike_deg, "dip_deg": rupture.dip_deg, "rake_deg": rupture.rake_deg, "style": rupture.style,
            "length_km": rupture.length_km, "width_km": rupture.width_km, "ztor_km": rupture.ztor_km}  # fmt: skip
