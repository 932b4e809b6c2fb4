"""Site values of published elliptical attenuation relations: intensity, PGA, PGV at a place around an epicentre.

GB 18306-2015 (by region; read in a public implementation, not against the print: 待核对; the third constant of the PGV of
中部区, short axis, is -1.599 in one source and -1.559 in another) and 俞言祥等 2013 (the same relations in natural logarithms).
A site's value is that of the ellipse through it; R is epicentral, there is no depth term, rock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log, log10

BREAK = 6.5
#: 汪素云等 2000: I = a + b M - c lg(R + d), major and minor axis.
WANG_2000 = {
    "西部": ((5.253, 1.398, -4.164, 26.0), (2.019, 1.398, -2.943, 8.0)),
    "东部": ((5.019, 1.446, -4.136, 24.0), (2.240, 1.446, -3.070, 9.0)),
}
#: GB 18306-2015: region -> long axis, short axis of I = A + B M + C lg(R + R0).
INTENSITY = {
    "青藏区": ((6.458, 1.2746, -4.4709, 25.0), (3.3682, 1.2746, -3.3119, 9.0)),
    "新疆区": ((5.6018, 1.4347, -4.4899, 25.0), (3.6113, 1.4347, -3.8477, 13.0)),
    "东部区": ((5.7123, 1.3626, -4.2903, 25.0), (3.6588, 1.3626, -3.5406, 13.0)),
    "中部区": ((5.841, 1.071, -3.657, 15.0), (3.944, 1.071, -2.845, 7.0)),
}
#: region -> long, short axis of lg Y = A + B M + C lg(R + D e^(E M)): A1, B1, A2, B2 (M > 6.5), C, D, E. PGA cm/s2.
PGA = {
    "东部区": ((1.979, 0.671, 3.533, 0.432, -2.315, 2.088, 0.399), (1.176, 0.660, 2.753, 0.418, -2.004, 0.944, 0.447)),
    "中部区": ((2.417, 0.498, 3.706, 0.298, -2.079, 2.802, 0.295), (1.715, 0.471, 2.690, 0.321, -1.723, 1.295, 0.331)),
    "新疆区": ((1.791, 0.720, 3.403, 0.472, -2.389, 1.772, 0.424), (0.983, 0.713, 2.610, 0.463, -2.118, 0.825, 0.465)),
    "青藏区": ((2.387, 0.645, 3.807, 0.411, -2.416, 2.647, 0.366), (1.003, 0.609, 2.457, 0.388, -1.854, 0.612, 0.457)),
}
#: As PGA; cm/s.
PGV = {
    "东部区": (
        (-0.363, 0.791, 1.437, 0.513, -2.103, 2.088, 0.399),
        (-1.147, 0.788, 0.712, 0.502, -1.825, 0.944, 0.447),
    ),
    "中部区": ((0.093, 0.621, 1.640, 0.382, -1.889, 2.802, 0.295), (-0.589, 0.601, 0.671, 0.407, -1.559, 1.295, 0.331)),
    "新疆区": (
        (-0.547, 0.840, 1.310, 0.554, -2.181, 1.772, 0.424),
        (-1.351, 0.843, 0.569, 0.549, -1.945, 0.825, 0.465),
    ),
    "青藏区": (
        (-0.064, 0.766, 1.714, 0.491, -2.205, 2.647, 0.366),
        (-1.301, 0.741, 0.443, 0.474, -1.696, 0.612, 0.457),
    ),
}
#: 俞言祥等 2013, ln PGA (cm/s2): zone -> axis -> a, b (M <= 6.5), a, b (M > 6.5), c, d, e.
YU_2013 = {
    "东部": {"major": (4.5517, 1.5433, 8.1259, 0.9936, -2.315, 2.088, 0.399),
             "minor": (2.7048, 1.5180, 6.3319, 0.9614, -2.004, 0.944, 0.447)},
    "中强": {"major": (5.5591, 1.1454, 8.5238, 0.6854, -2.079, 2.802, 0.295),
             "minor": (3.9445, 1.0833, 6.1870, 0.7383, -1.723, 1.295, 0.331)},
    "青藏": {"major": (5.4901, 1.4835, 8.7561, 0.9453, -2.416, 2.647, 0.366),
             "minor": (2.3069, 1.4007, 5.6511, 0.8924, -1.854, 0.612, 0.457)},
    "新疆": {"major": (4.1193, 1.6560, 7.8269, 1.0856, -2.389, 1.772, 0.424),
             "minor": (2.2609, 1.6399, 6.0030, 1.0649, -2.118, 0.825, 0.465)},
}  # fmt: skip
#: As YU_2013, ln PGV (cm/s): a, b (M <= 6.5), a, b (M > 6.5), c; d and e are those of PGA.
YU_2013_PGV = {
    "东部": {"major": (-0.8349, 1.8193, 3.3051, 1.1799, -2.103), "minor": (-2.6381, 1.8124, 1.6376, 1.1546, -1.825)},
    "中强": {"major": (0.2139, 1.4283, 3.7720, 0.8786, -1.889), "minor": (-1.3547, 1.3823, 1.5433, 0.9361, -1.559)},
    "青藏": {"major": (-0.1472, 1.7618, 3.9422, 1.1293, -2.205), "minor": (-2.9923, 1.7043, 1.0189, 1.0902, -1.696)},
    "新疆": {"major": (-1.2581, 1.9320, 3.0130, 1.2742, -2.181), "minor": (-3.1073, 1.9389, 1.3087, 1.2627, -1.945)},
}
#: Standard deviation of an intensity about its relation (GB 18306-2015; of 汪素云等 2000 taken as that of 青藏区: 待核对).
INTENSITY_SIGMA = {"青藏区": 0.6636, "新疆区": 0.5924, "东部区": 0.5826, "中部区": 0.52, "西部": 0.6636, "东部": 0.5826}


@dataclass(frozen=True)
class Axis:
    """value = top + slope lg(R + offset), R in km."""

    top: float
    slope: float
    offset: float

    def radius(self, value: float) -> float:
        """km at which `value` is met; 0 when it is above the value at the epicentre."""
        return max(0.0, float(10 ** ((value - self.top) / self.slope) - self.offset))

    def at(self, radius: float) -> float:
        return self.top + self.slope * log10(radius + self.offset)


Axes = tuple[Axis, Axis]


def intensity_axes(region: str, magnitude: float) -> Axes:
    """Intensity by 汪素云等 2000 (西部, 东部) or GB 18306-2015 (青藏区, 新疆区, 东部区, 中部区)."""
    table = WANG_2000 if region in WANG_2000 else INTENSITY
    long, short = (Axis(a + b * magnitude, c, d) for a, b, c, d in table[region])
    return long, short


def motion_axes(table: Mapping[str, tuple[tuple[float, ...], ...]], region: str, magnitude: float) -> Axes:
    """GB 18306-2015 lg PGA (cm/s2) or lg PGV (cm/s)."""
    long, short = (saturating(row, magnitude, 1.0) for row in table[region])
    return long, short


def yu_axes(zone: str, magnitude: float) -> tuple[Axes, Axes]:
    """俞言祥等 2013 (lg PGA cm/s2, lg PGV cm/s), each along and across; M is Ms."""
    pga, pgv = YU_2013[zone], YU_2013_PGV[zone]
    first, second = (
        tuple(saturating(row, magnitude, log(10)) for row in rows)
        for rows in (
            (pga["major"], pga["minor"]),
            ((*pgv["major"], *pga["major"][5:]), (*pgv["minor"], *pga["minor"][5:])),
        )
    )
    return (first[0], first[1]), (second[0], second[1])


def saturating(row: tuple[float, ...], magnitude: float, over: float) -> Axis:
    """The axis of a relation with a break at M 6.5 and saturation near the source; `over` turns its logarithm into lg."""
    a1, b1, a2, b2, c, d, e = row
    top = a2 + b2 * magnitude if magnitude > BREAK else a1 + b1 * magnitude
    return Axis(top / over, c, d * exp(e * magnitude))


def yu_2013(zone: str, axis: str, magnitude: float, radius_km: float) -> float:
    """PGA cm/s2 along an axis (俞言祥等 2013), rock, no depth term."""
    long, short = yu_axes(zone, magnitude)[0]
    return float(10 ** (long if axis == "major" else short).at(radius_km))


def isoseismal(magnitude: float, degree: int, region: str = "西部") -> tuple[float, float]:
    """Semi-axes (km) of the area of `degree` and above: the contour at degree - 0.5."""
    long, short = intensity_axes(region, magnitude)
    a = long.radius(degree - 0.5)
    b = short.radius(degree - 0.5)
    return a, b if region in WANG_2000 else min(a, b)
