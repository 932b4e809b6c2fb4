"""重气: is a release heavier than the wind can carry at once, and the Britter-McQuaid workbook for it.

Richardson number of HJ 169-2018 appendix G. The workbook (Britter & McQuaid 1988, HSE 17, as tabled in CCPS 1999) is a fit of
field and tunnel trials: distances to a concentration on the axis at ground level. It stands in for SLAB; it is not SLAB.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import exp, log, log10, sqrt

G = 9.81
AIR = 1.2041
#: Below these numbers a release is passive (HJ 169-2018 G.2, G.3).
CONTINUOUS_LIMIT, INSTANT_LIMIT = 1 / 6, 0.04
#: Continuous releases. Mean concentration (volume share) -> bands of alpha with (slope, offset) of beta; outside: held.
WORKBOOK: tuple[tuple[float, tuple[tuple[float, float, float], ...]], ...] = (
    (0.10, ((-0.55, 0.0, 1.75), (-0.14, 0.24, 1.88), (1.0, 0.50, 1.78))),
    (0.05, ((-0.68, 0.0, 1.92), (-0.29, 0.36, 2.16), (-0.18, 0.0, 2.06), (1.0, 0.56, 1.96))),
    (0.02, ((-0.69, 0.0, 2.08), (-0.31, 0.45, 2.39), (-0.16, 0.0, 2.25), (1.0, 0.54, 2.16))),
    (0.01, ((-0.70, 0.0, 2.25), (-0.29, 0.49, 2.59), (-0.20, 0.0, 2.45), (1.0, 0.52, 2.35))),
    (0.005, ((-0.67, 0.0, 2.40), (-0.28, 0.59, 2.80), (-0.15, 0.0, 2.63), (1.0, 0.49, 2.56))),
    (0.002, ((-0.69, 0.0, 2.60), (-0.25, 0.39, 2.87), (-0.13, 0.0, 2.77), (1.0, 0.50, 2.71))),
)


def richardson_continuous(rate: float, density: float, width_m: float, wind: float, air: float = AIR) -> float:
    """Ri of a continuous release of `rate` kg/s, `density` kg/m3, `width_m` wide at the source; 0 if not heavier than air."""
    if density <= air:
        return 0.0
    return float((G * (rate / density) / width_m * (density - air) / air) ** (1 / 3) / wind)


def richardson_instant(mass: float, density: float, wind: float, air: float = AIR) -> float:
    """Ri of a puff of `mass` kg."""
    return float(max(0.0, G * (mass / density) ** (1 / 3) / wind**2 * (density - air) / air))


@dataclass(frozen=True)
class DensePlume:
    """A continuous release near the ground: kg/s, density kg/m3 and temperature K of the gas at the source, wind m/s at 10 m."""

    rate: float
    density: float
    temperature_k: float
    wind: float
    molar_mass: float
    air_k: float = 293.15

    @property
    def flow(self) -> float:
        """m3/s of gas."""
        return self.rate / self.density

    @property
    def scale(self) -> float:
        """m: sqrt(q/u)."""
        return sqrt(self.flow / self.wind)

    @property
    def alpha(self) -> float:
        buoyancy = G * max(1e-6, self.density - AIR) / AIR
        return float(log10((buoyancy**2 * self.flow / self.wind**5) ** 0.2))

    def mean_share(self, share: float) -> float:
        """Volume share the workbook reads for a real share: a cold gas takes less room than it will (CCPS eq. 5-58)."""
        return share / (share + (1 - share) * self.air_k / self.temperature_k)

    def points(self) -> list[tuple[float, float]]:
        """(log10 of distance m, log10 of mean share), near to far."""
        found = []
        for share, bands in WORKBOOK:
            alpha = min(1.0, self.alpha)
            slope, offset = next((s, o) for top, s, o in bands if alpha <= top)
            found.append((slope * alpha + offset + log10(self.scale), log10(share)))
        return found

    def share(self, x: float) -> float:
        """Real volume share on the axis at x m: the workbook, x^-2 beyond it, held at the source value before it."""
        points = self.points()
        at = log10(max(x, 1e-3))
        if at <= points[0][0]:
            near = points[0]
            mean = min(1.0, 10 ** (near[1] + 1.0 * (near[0] - at)))
        elif at >= points[-1][0]:
            mean = 10 ** (points[-1][1] - 2 * (at - points[-1][0]))
        else:
            i = bisect_right([p[0] for p in points], at)
            (x0, c0), (x1, c1) = points[i - 1], points[i]
            mean = 10 ** (c0 + (c1 - c0) * (at - x0) / (x1 - x0))
        return self.real_share(mean)

    def real_share(self, mean: float) -> float:
        ratio = self.air_k / self.temperature_k
        return min(1.0, mean * ratio / (1 - mean + mean * ratio))

    def axis_kg_m3(self, x: float) -> float:
        """kg/m3 of the substance on the axis at ground level at x m, at the temperature of the air."""
        return self.share(x) * 101_325 * self.molar_mass / (8.314 * self.air_k)

    def reach(self, limit_kg_m3: float) -> float:
        """m to which the axis holds `limit_kg_m3`."""
        low, high = 1.0, 1e5
        if self.axis_kg_m3(low) < limit_kg_m3:
            return 0.0
        for _ in range(60):
            middle = sqrt(low * high)
            low, high = (middle, high) if self.axis_kg_m3(middle) >= limit_kg_m3 else (low, middle)
        return low

    def half_width(self, x: float) -> float:
        """m from the axis to the edge of the cloud at x: 2 lb + 2.5 (lb x^2)^(1/3), lb = g' q / u^3 (Britter & McQuaid)."""
        buoyancy = G * max(0.0, self.density - AIR) / AIR
        length = buoyancy * self.flow / self.wind**3
        return float(2 * length + 2.5 * (length * x * x) ** (1 / 3))

    def contour(self, limit_kg_m3: float, steps: int = 40) -> list[tuple[float, float]]:
        """Ring (x downwind, y) m of `limit`: edge of the cloud, closing as the axis falls to the limit."""
        far = self.reach(limit_kg_m3)
        if far <= 0:
            return []
        side = []
        for i in range(1, steps + 1):
            x = far * (i / steps) ** 1.5
            ratio = self.axis_kg_m3(x) / limit_kg_m3
            # flat-topped cloud with a Gaussian rim that thins out over the last decade of concentration
            fill = 1 - exp(-1.5 * log(max(ratio, 1.0)))
            side.append((x, self.half_width(x) * sqrt(max(0.0, fill))))
        back = -2 * self.half_width(0.0) / 2
        return [(back, 0.0), *side, *((x, -y) for x, y in reversed(side))]
