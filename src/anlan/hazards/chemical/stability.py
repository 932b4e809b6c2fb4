"""大气稳定度: Pasquill class from wind, cloud and the height of the sun, GB/T 3840-91 appendix B."""

from __future__ import annotations

from math import asin, cos, degrees, pi, radians, sin

#: (least total cloud, least low cloud) in tenths -> class of radiation at night, sun to 15, 35, 65, 90 degrees.
RADIATION = (
    (8, 8, (0, 0, 0, 0, 0)),
    (5, 5, (0, 0, 0, 0, 1)),
    (8, 0, (-1, 0, 0, 1, 1)),
    (5, 0, (-1, 0, 1, 2, 3)),
    (0, 0, (-2, -1, 1, 2, 3)),
)
#: Wind to m/s -> class for radiation +3 ... -2. Half classes (A-B, B-C, C-D) are read as the more stable one.
CLASSES = (
    (1.9, "ABBDEF"),
    (2.9, "BBCDEF"),
    (4.9, "BCCDDE"),
    (5.9, "CDDDDD"),
    (float("inf"), "DDDDDD"),
)


def declination(day_of_year: int) -> float:
    """Degrees; day 0 = 1 January."""
    t = 2 * pi * day_of_year / 365
    series = 0.006918 - 0.39912 * cos(t) + 0.070257 * sin(t) - 0.006758 * cos(2 * t)
    series += 0.000907 * sin(2 * t) - 0.002697 * cos(3 * t) + 0.001480 * sin(3 * t)
    return degrees(series)


def solar_height(day_of_year: int, beijing_hour: float, lon: float, lat: float) -> float:
    """Degrees above the horizon."""
    phi, sigma = radians(lat), radians(declination(day_of_year))
    hour_angle = radians(15 * beijing_hour + lon - 300)
    return degrees(asin(sin(phi) * sin(sigma) + cos(phi) * cos(sigma) * cos(hour_angle)))


def radiation(cloud_tenths: float, solar_height_deg: float, low_cloud_tenths: float = 0.0) -> int:
    """Class +3 (strong sun) to -2 (clear night)."""
    row = next(values for total, low, values in RADIATION if cloud_tenths >= total and low_cloud_tenths >= low)
    if solar_height_deg <= 0:
        return row[0]
    return row[1 + sum(solar_height_deg > limit for limit in (15, 35, 65))]


def pasquill(wind: float, cloud_tenths: float, solar_height_deg: float, low_cloud_tenths: float = 0.0) -> str:
    """A to F from the 10 m wind (m/s), total and low cloud (tenths) and the height of the sun (degrees)."""
    letters = next(row for top, row in CLASSES if wind <= top)
    return letters[3 - radiation(cloud_tenths, solar_height_deg, low_cloud_tenths)]
