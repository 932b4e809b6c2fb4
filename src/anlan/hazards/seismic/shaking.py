"""Which relation answers a model's name, and what it says at sites: intensity, PGA, PGV, and how sure of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.seismic import attenuation as at
from anlan.hazards.seismic import gmpe
from anlan.hazards.seismic import kernels as ks
from anlan.hazards.seismic import site as ground
from anlan.hazards.seismic.rupture import Rupture, Sites

Floats = NDArray[np.float64]
WANG = {"wang2000-west": "西部", "wang2000-east": "东部"}
GB18306 = {f"gb18306-{region}": region for region in at.INTENSITY}
YU = {f"yu2013-{zone}": zone for zone in at.YU_2013}
#: Names under which the field's hazard library knows the same models: (model, its magnitude is Mw, its hidden depth).
ALIASES = {
    "BooreEtAl2014": "BSSA14",
    "AbrahamsonEtAl2014": "ASK14",
    "ChiouYoungs2014": "CY14",
    "CampbellBozorgnia2014": "CB14",
}
LIBRARY = {"Tibet": "青藏", "Eastern": "东部", "Stable": "中强"}
YU_ALIASES = {
    f"YuEtAl2013{scale}{place}": (zone, scale == "Mw") for scale in ("Ms", "Mw") for place, zone in LIBRARY.items()
}
MODELS = ("auto", *WANG, *GB18306, *YU, *gmpe.NGA, *ALIASES, *YU_ALIASES)
#: The motion beside an intensity relation that has none: the region of GB 18306-2015 the city most likely lies in (待核对).
REGION = "东部区"
#: d I / d ln PGA and d I / d ln PGV of GB/T 17742-2020 appendix A, for the spread of an intensity that comes from motion.
PER_LN_PGV = 3.00 / log(10)


@dataclass(frozen=True)
class Shaking:
    """What a model says at sites: intensity, PGA (g), PGV (cm/s) as medians, standard deviations of intensity and of ln motion."""

    model: str
    intensity: Floats
    pga_g: Floats
    pgv_cm_s: Floats
    sigma: Floats
    sigma_ln_pga: Floats
    sigma_ln_pgv: Floats


def resolved(model: str) -> str:
    """The model behind a name."""
    if model not in MODELS:
        raise InputError("model", model, "、".join(MODELS))
    return "wang2000-west" if model == "auto" else ALIASES.get(model, model)


def elliptical(name: str) -> bool:
    """Whether a model is one of the Chinese ellipses, which know no site of their own."""
    return name in WANG or name in GB18306 or name in YU


def shaking(
    model: str, rupture: Rupture, sites: Sites, region: str = REGION, china: bool = False, site: bool = False
) -> Shaking:
    """Intensity and motion of a model at sites; `site`: the ellipses moved by the ground (see `site`), as published otherwise."""
    name = resolved(model)
    if site and elliptical(name):
        return on_ground(shaking(model, rupture, sites, region, china), sites)
    if name in WANG or name in GB18306:
        return of_intensity(name, rupture, sites, region)
    found = gmpe.motion(name, rupture, sites, china=china) if name in gmpe.NGA else yu(name, rupture, sites)
    ln_pga, ln_pgv = found.ln("PGA"), found.ln("PGV")
    std_pga, std_pgv = found.std("PGA"), found.std("PGV")
    return Shaking(name, found.intensity(), np.exp(ln_pga), np.exp(ln_pgv), PER_LN_PGV * std_pgv, std_pga, std_pgv)


def on_ground(found: Shaking, sites: Sites) -> Shaking:
    """What an ellipse says, moved by the class of the ground. A relation of motion has its intensity from its motion: that moves."""
    degree, pga, pgv = ground.moved(found.intensity, found.pga_g, sites.vs30)
    moved = replace(found, intensity=degree, pga_g=found.pga_g * pga, pgv_cm_s=found.pgv_cm_s * pgv)
    if found.model in YU:
        return replace(moved, intensity=gmpe.instrumental(moved.pga_g, moved.pgv_cm_s))
    return moved


def of_intensity(name: str, rupture: Rupture, sites: Sites, region: str) -> Shaking:
    """A relation of intensity, with the motion of GB 18306-2015 beside it."""
    zone = GB18306.get(name, region)
    if zone not in at.PGA:
        raise InputError("region", zone, "、".join(at.PGA))
    m, r = rupture.magnitude, gmpe.offsets(rupture, sites)
    axes = (
        at.intensity_axes(WANG.get(name, zone), m), at.motion_axes(at.PGA, zone, m), at.motion_axes(at.PGV, zone, m),
    )  # fmt: skip
    out = np.empty((3, len(sites)))
    ks.spread(ks.ellipses, len(sites), gmpe.kernel_rows(axes, True), r, out)
    degree = np.clip(out[0], 1.0, 12.0)
    ones = np.ones(len(sites))
    sigma = at.INTENSITY_SIGMA[WANG.get(name, zone)]
    return Shaking(
        name,
        degree,
        10 ** out[1] / gmpe.GAL,
        10 ** out[2],
        sigma * ones,
        gmpe.YU_SIGMA["PGA"] * ones,
        gmpe.YU_SIGMA["PGV"] * ones,
    )


def yu(name: str, rupture: Rupture, sites: Sites) -> gmpe.Motion:
    """俞言祥等 2013 on rock: as the paper has it (Ms, epicentral), or as the field's library does (15 km deep, Mw turned into Ms)."""
    zone, from_mw = YU_ALIASES.get(name, (YU.get(name, ""), False))
    depth = gmpe.YU_DEPTH if name in YU_ALIASES else 0.0
    m = gmpe.surface_magnitude(rupture.magnitude) if from_mw else rupture.magnitude
    rows = gmpe.kernel_rows(at.yu_axes(zone, m), depth == 0, depth, natural=True)
    sigma = (gmpe.YU_SIGMA["PGA"], gmpe.YU_SIGMA["PGV"])
    return gmpe.ellipse_motion(rupture, sites, rows, ("PGA", "PGV"), (log(gmpe.GAL), 0.0), sigma)


def site_values(region: str, magnitude: float, along_km: Any, across_km: Any) -> Floats:
    """(3, sites): intensity, PGA cm/s2, PGV cm/s of GB 18306-2015 at sites along and across the long axis."""
    axes = (
        at.intensity_axes(region, magnitude),
        at.motion_axes(at.PGA, region, magnitude),
        at.motion_axes(at.PGV, region, magnitude),
    )
    places = np.column_stack([np.atleast_1d(along_km), np.atleast_1d(across_km)]).astype(float)
    found = np.empty((3, len(places)))
    ks.spread(ks.ellipses, len(places), gmpe.kernel_rows(axes, True), places, found)
    found[1:] = 10 ** found[1:]
    return found
