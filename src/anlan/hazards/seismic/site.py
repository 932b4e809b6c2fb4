"""场地项 (site term) of the Chinese ellipses: how much softer or stiffer ground than theirs moves what they say.

The ellipses of PGA and PGV are for rock (class I1), those of intensity for the ground that towns stand on (class II). GB 18306-2015
appendix E table E.1 gives the factor of PGA of a site class over class II, by the PGA of class II. A class is read from Vs30 here
(GB 50011 reads it from the equivalent velocity and the cover of soil: 待核对 by the site's own survey). Intensity moves by the slope
of GB/T 17742-2020 appendix A on PGA, 3.17 lg factor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
