"""场地项 (site term) of the Chinese ellipses: how much softer or stiffer ground than theirs moves what they say.

The ellipses of PGA and PGV are for rock (class I1), those of intensity for the ground that towns stand on (class II). GB 18306-2015
appendix E table E.1 gives the factor of PGA of a site class over class II, by the PGA of class II. A class is read from Vs30 here
(GB 50011 reads it from the equivalent velocity and the cover of soil: 待核对 by the site's own survey). Intensity moves by the slope
of GB/T 17742-2020 appendix A on PGA, 3.17 lg factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.plane import metres_per_degree
from anlan.hazards.raster import Raster, filled

Floats = NDArray[np.float64]
#: Named parameter: Vs30 (m/s) above which a class holds. GB 50011-2010 table 4.1.6 has 800, 500, 250, 150 of the equivalent velocity.
CLASSES = (("Ⅰ0", 800.0), ("Ⅰ1", 500.0), ("Ⅱ", 250.0), ("Ⅲ", 150.0), ("Ⅳ", 0.0))
#: PGA of class II (g) of the columns, and factor of each class.
PGA_G = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40)
FACTORS = {
    "Ⅰ0": (0.72, 0.74, 0.75, 0.76, 0.85, 0.90),
    "Ⅰ1": (0.80, 0.82, 0.83, 0.85, 0.95, 1.00),
    "Ⅱ": (1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
    "Ⅲ": (1.30, 1.25, 1.15, 1.00, 1.00, 1.00),
    "Ⅳ": (1.25, 1.20, 1.10, 1.00, 0.95, 0.90),
}
SOURCE = "场地项 GB 18306-2015 附录 E 表 E.1（按 Vs30 分类，待核对）"
#: d I / d lg PGA of GB/T 17742-2020 appendix A.
PER_LG_PGA = 3.17


def classes(vs30: Floats) -> NDArray[np.int64]:
    """Index into `CLASSES` of each site; a class begins above its limit, so that 500 m/s is still class II."""
    limits = np.array([limit for _, limit in CLASSES[:-1]])
    found: NDArray[np.int64] = (np.asarray(vs30, float)[:, None] <= limits[None, :]).sum(axis=1)
    return found


def factor(vs30: Floats, pga_g: Floats) -> Floats:
    """Factor over class II of each site, by the PGA (g) that class II would have there."""
    table = np.array([FACTORS[name] for name, _ in CLASSES])
    which, found = classes(vs30), np.ones(len(vs30))
    for k, row in enumerate(table):
        here = which == k
        if here.any():
            found[here] = np.interp(pga_g[here], PGA_G, row)
    return found


def moved(intensity: Floats, rock_pga_g: Floats, vs30: Floats) -> tuple[Floats, Floats, Floats]:
    """(intensity, factor of PGA over rock, factor of PGV over rock) at sites; velocity is moved as acceleration is (待核对)."""
    on_rock = factor(np.full(len(vs30), 600.0), rock_pga_g)
    second = rock_pga_g / on_rock
    over = factor(vs30, second)
    degree = np.clip(intensity + PER_LG_PGA * np.log10(over), 1.0, 12.0)
    return degree, over / on_rock, over / on_rock


#: Allen & Wald 2009 (BSSA 99(2A)), active tectonic regions, slopes over 30 arc seconds: limits of the slope (m/m) and the Vs30 there.
SLOPES = (3.0e-4, 3.5e-3, 0.010, 0.018, 0.05, 0.10, 0.14)
VS30_OF_SLOPES = (180.0, 240.0, 300.0, 360.0, 490.0, 620.0, 760.0)
#: Cell of the heights (degrees) that the table is for, and the coarsest that is still read by it: flatter than the country otherwise.
CELL_DEG, COARSEST_DEG = 1 / 120, 1 / 80
#: What Vs30 the relations take (m/s): ground beyond is read as the limit.
KNOWN = (150.0, 2000.0)


@dataclass(frozen=True)
class SiteMap:
    """Vs30 of the ground: by rasters, the first that knows a place counts, and `default` (m/s) where none does (待核对)."""

    default: float = 500.0
    rasters: tuple[Raster, ...] = ()

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """m/s at points."""
        found = np.full(lon.shape, np.nan)
        for raster in self.rasters:
            found = np.where(np.isfinite(found), found, raster.at(lon, lat))
        return np.where(np.isfinite(found), np.clip(found, *KNOWN), self.default)

    @property
    def soft(self) -> bool:
        """Whether there may be ground that carries a degree farther than the relation has it."""
        return bool(self.rasters) or self.default <= CLASSES[2][1]

    def said(self) -> str:
        """Where the site term comes from, as shown beside a result."""
        rest = f"Vs30 {self.default:g} m/s（假定，待核对）"
        if not self.rasters:
            return f"没有场地图：处处{rest}"
        return "场地 Vs30 取自" + "；".join(raster.source for raster in self.rasters) + f"；图外{rest}"


PLAIN = SiteMap()


def of_rasters(rasters: Mapping[str, Raster] | None, default: float) -> SiteMap:
    """A survey of Vs30 where there is one, beside it what the slope of the heights says."""
    given = rasters or {}
    found = [given["vs30_m_s"]] if "vs30_m_s" in given else []
    sloped = of_heights(given["elevation_m"]) if "elevation_m" in given else None
    return SiteMap(default, tuple([*found, sloped] if sloped else found))


def of_heights(heights: Raster) -> Raster | None:
    """Vs30 by the slope of heights brought to 30 arc seconds; None where they are coarser, or hardly any."""
    if max(heights.step_lon, heights.step_lat) > COARSEST_DEG:
        return None
    down, across = (max(1, round(CELL_DEG / step)) for step in (heights.step_lat, heights.step_lon))
    known = np.asarray(heights.values, np.float64)
    rows, columns = known.shape[0] // down, known.shape[1] // across
    if min(rows, columns) < 2 or not np.isfinite(known).any():
        return None
    blocks = filled(known)[: rows * down, : columns * across].reshape(rows, down, columns, across).mean(axis=(1, 3))
    step_lat, step_lon = heights.step_lat * down, heights.step_lon * across
    south = heights.south + (down - 1) / 2 * heights.step_lat
    east, north = metres_per_degree(south + step_lat * rows / 2)
    up, over = np.gradient(blocks, step_lat * north, step_lon * east)
    return Raster(
        heights.west + (across - 1) / 2 * heights.step_lon, south, step_lon, step_lat, by_slope(np.hypot(up, over)),
        f"{heights.source}的坡度（Allen & Wald 2009 构造活动区，待核对）",
    )  # fmt: skip


def by_slope(slope: Floats) -> Floats:
    """Vs30 (m/s) of slopes (m/m): within a class by the logarithm of the slope; not beyond the table."""
    found: Floats = np.interp(np.log(np.maximum(slope, 1e-9)), np.log(SLOPES), VS30_OF_SLOPES)
    return found
