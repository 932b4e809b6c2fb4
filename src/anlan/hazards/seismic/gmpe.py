"""Ground motion by NGA-West2 models and 俞言祥等 2013: medians and standard deviations of ln PGA (g), PGV (cm/s), SA (g).

Coefficients are those of the papers: Boore, Stewart, Seyhan & Atkinson 2014, Abrahamson, Silva & Kamai 2014, Chiou & Youngs 2014,
Campbell & Bozorgnia 2014 (Earthquake Spectra 30(3), and their electronic supplements), 俞言祥、李山有、肖亮 2013. What depends on the
earthquake only is worked out here once; `kernels` runs over sites. Basin depths are those each model expects of a site's Vs30.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, cosh, exp, log, radians
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import InputError
from anlan.hazards.seismic import attenuation as at
from anlan.hazards.seismic import kernels as ks
from anlan.hazards.seismic.rupture import Rupture, Sites, distances, near

Floats = NDArray[np.float64]
Row = dict[str, float]
#: Standard gravity, cm/s2 in a g.
GAL = 980.665
MEASURES = ("PGA", "PGV", "SA(0.3)", "SA(1.0)")


def table(names: str, rows: dict[str, str]) -> dict[str, Row]:
    """{measure: {coefficient: value}} of a table written as text."""
    keys = names.split()
    return {name: dict(zip(keys, map(float, text.split()), strict=True)) for name, text in rows.items()}


#: Table 1 of BSSA14, global attenuation (Dc3 = 0); `dc3_china` is that of China and Turkey.
BSSA14 = table(
    "e0 e1 e2 e3 e4 e5 e6 mh c1 c2 c3 h dc3_china c vc f4 f5 r1 r2 dr dv phi1 phi2 tau1 tau2",
    {
        "PGA": "0.4473 0.4856 0.2459 0.4539 1.431 0.05053 -0.1662 5.5 -1.134 0.1917 -0.008088 4.5 0.0028576 -0.6 1500"
               " -0.15 -0.00701 110 270 0.1 0.07 0.695 0.495 0.398 0.348",
        "PGV": "5.037 5.078 4.849 5.033 1.073 -0.1536 0.2252 6.2 -1.243 0.1489 -0.00344 5.3 0.004345 -0.84 1300"
               " -0.1 -0.00844 105 272 0.082 0.08 0.644 0.552 0.401 0.346",
        "SA(0.3)": "1.2217 1.2401 1.0246 1.2653 0.95676 -0.1959 -0.092855 6.14 -1.0948 0.13388 -0.005475 4.93 0.0021958"
                   " -0.84165 1308.47 -0.21912 -0.0067 103.15 268.59 0.138 0.05 0.675 0.561 0.363 0.229",
        "SA(1.0)": "0.3932 0.4218 0.207 0.4124 1.5004 -0.18983 0.17895 6.2 -1.193 0.10248 -0.00121 5.74 0.0029211 -1.05"
                   " 1109.95 -0.10521 -0.00844 116.39 270 0.098 0.02 0.553 0.625 0.498 0.298",
    },
)  # fmt: skip
#: Table 4 and 5 of ASK14; m1 6.75, m2 5, n 1.5, c4 4.5, a3 0.275, a4 -0.1, a5 -0.41, a7 0, a11 0, a12 -0.1 for all of these.
#: b of SA(0.3) is -2.757 in the supplement's table and -2.76 in the field's library: at most 0.003 of ln.
ASK14 = table(
    "vlin b c a1 a2 a6 a8 a10 a13 a15 a17 a28 v1 s1e s2e s3 s4 s1m s2m",
    {
        "PGA": "660 -1.47 2.4 0.587 -0.79 2.1541 -0.015 1.735 0.6 1.1 -0.0072 0.0025 1500 0.754 0.52 0.47 0.36 0.741 0.501",
        "PGV": "330 -2.02 2400 5.975 -0.919 2.3657 -0.094 2.36 0.25 0.3 -0.0005 0.0005 1500 0.662 0.51 0.38 0.38 0.66 0.51",
        "SA(0.3)": "430 -2.76 2.4 1.712 -0.79 2.3383 -0.045 3.25 0.6 1.03 -0.0064 0.002 1500 0.74 0.58 0.47 0.36 0.693 0.519",
        "SA(1.0)": "330 -3.5 2.4 1.043 -0.79 2.763 -0.11 4.3 0.5 0.57 -0.0025 0.0007 1176.876 0.609 0.63 0.47 0.36 0.541 0.565",
    },
)
#: Table 1 to 3 of CY14; c2 1.06, c4 -2.1, c4a -0.5, cRB 50, c11 0, c1a 0.165, c1c -0.165 for all of these; c8 (directivity) unused.
CY14 = table(
    "c1 c1b c3 c5 c6 c7 c7b c9 c9a c9b c11b chm cm cn g1 g2 g3 wenchuan phi1 phi2 phi3 phi4 tau1 tau2 sigma1 sigma2 sigma3",
    {
        "PGA": "-1.5065 -0.255 1.9636 6.4551 0.4908 0.0352 0.0462 0.9228 0.1202 6.8607 -0.4536 3.0956 4.9993 16.0875 -0.007146"
               " -0.006758 4.2542 0.7594 -0.521 -0.1417 -0.00701 0.102151 0.4 0.26 0.4912 0.3762 0.8",
        "PGV": "2.3549 -0.0626 2.3152 5.8096 0.4407 0.0324 0.0097 0.3079 0.1 6.5 -0.3834 3.0514 5.423 3.3024 -0.001852"
               " -0.007403 4.3439 0.335 -0.7936 -0.0699 -0.008444 5.41 0.3894 0.2578 0.4785 0.3629 0.7504",
        "SA(0.3)": "-1.0514 -0.2313 2.344 7.56 0.4919 0.0352 -0.0004 0.8829 0.1175 6.8789 -0.2688 3.6232 5.167 9.1908 -0.008251"
                   " -0.001812 5.1954 0.6362 -0.8501 -0.2405 -0.006704 0.207277 0.4363 0.3119 0.5395 0.4338 0.7997",
        "SA(1.0)": "-2.5365 -0.14 2.7474 7.5814 0.4522 0.0352 -0.0559 0.6196 0.1 6.5 -0.1062 3.8144 5.5106 3.3024 -0.004277"
                   " -0.001197 4.1667 0.2003 -1.0941 -0.0699 -0.008444 0.058595 0.4484 0.3291 0.5105 0.4594 0.7504",
    },
)  # fmt: skip
#: Table 2 and 3 of CB14 (c8 0, h4 1, phi of the site term 0.3 for all of these); `dc20_china` is that of China.
CB14 = table(
    "c0 c1 c2 c3 c4 c5 c6 c7 c9 c10 c11 c14 c16 c17 c18 c19 k1 k2 k3 a2 h1 h2 h3 h5 h6 c20 dc20_china tau1 tau2 phi1 phi2 rho",
    {
        "PGA": "-4.416 0.984 0.537 -1.499 -0.496 -2.773 0.248 6.768 -0.212 0.72 1.09 -0.0064 0.393 0.0977 0.0333 0.00757 865"
               " -1.186 1.839 0.167 0.241 1.474 -0.715 -0.337 -0.27 -0.0055 0.0036 0.409 0.322 0.734 0.492 1",
        "PGV": "-2.895 1.51 0.27 -1.299 -0.453 -2.466 0.204 5.837 -0.168 0.305 1.713 0.106 0.585 0.0517 0.0327 0.00613 400"
               " -1.955 1.929 0.596 0.117 1.616 -0.733 -0.128 -0.756 -0.0017 0.0017 0.317 0.297 0.655 0.494 0.684",
        "SA(0.3)": "-6.403 1.528 0.193 -1.77 -0.321 -2.376 0.195 6.99 -0.131 0.737 2.306 0.1597 0.528 0.0323 0.0508 0.00458 587"
                   " -2.518 1.865 0.164 0.21 1.586 -0.795 -0.447 -0.121 -0.0049 0.0031 0.34 0.3 0.727 0.568 0.819",
        "SA(1.0)": "-11.011 2.18 -0.069 -1.707 -0.527 -2.158 0.169 5.65 -0.105 0.556 1.447 0.2593 0.771 -0.0131 0.0426 0.00409"
                   " 400 -1.955 1.929 0.596 0.117 1.616 -0.733 -0.128 -0.756 -0.0006 0.0006 0.47 0.353 0.579 0.628 0.467",
    },
)  # fmt: skip


def ramp(value: float, low: float, high: float) -> float:
    """0 at and below `low`, 1 at and above `high`."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def bssa14_rows(rupture: Rupture, measures: tuple[str, ...], china: bool) -> Floats:
    """Reduced rows: equations 2 to 17 as far as they know the event only."""
    m, style = rupture.magnitude, rupture.style
    rows = np.zeros((len(measures), ks.BSSA))
    for row, name in zip(rows, measures, strict=True):
        c = BSSA14[name]
        event = c[{"strike-slip": "e1", "normal": "e2", "reverse": "e3", "unknown": "e0"}[style]]
        over = m - c["mh"]
        event += c["e4"] * over + c["e5"] * over**2 if over <= 0 else c["e6"] * over
        share = ramp(m, 4.5, 5.5)
        tau, phi = c["tau1"] + (c["tau2"] - c["tau1"]) * share, c["phi1"] + (c["phi2"] - c["phi1"]) * share
        row[:] = (
            event, c["c1"] + c["c2"] * (m - 4.5), c["c3"] + (c["dc3_china"] if china else 0.0), c["h"] ** 2, c["c"],
            log(c["vc"]), c["f4"], c["f5"], exp(c["f5"] * 400), phi, c["dr"], log(c["r1"]), 1 / log(c["r2"] / c["r1"]),
            c["dv"], tau**2,
        )  # fmt: skip
    return rows


def ask14_rows(rupture: Rupture, measures: tuple[str, ...], china: bool) -> Floats:
    """Reduced rows: equations 1 to 26 as far as they know the event only."""
    m, style, m1, m2 = rupture.magnitude, rupture.style, 6.75, 5.0
    rows = np.zeros((len(measures), ks.ASK))
    tapers = ask14_tapers(rupture)
    near = 1 + 3.5 * ramp(m, 4, 5)
    for row, name in zip(rows, measures, strict=True):
        c = ASK14[name]
        slope = c["a2"] + 0.275 * (max(m, m2) - m1)
        event = c["a1"] + c["a8"] * (8.5 - max(m, m2)) ** 2 + c["a15"] * min(rupture.ztor_km / 20, 1)
        event += -0.41 * (m - m1) if m >= m1 else -0.1 * (max(m, m2) - m1)
        event += c["a6"] * (m - m2) if m < m2 else 0.0
        event += -0.1 * ramp(m, 4, 5) if style == "normal" else 0.0
        rock = (c["a10"] + c["b"] * 1.5) * (log(min(1180, c["v1"])) - log(c["vlin"]))
        within = c["s1e"] + (c["s2e"] - c["s1e"]) * ramp(m, 4, 6)
        between = c["s3"] + (c["s4"] - c["s3"]) * ramp(m, 5, 7)
        row[:] = (
            event, slope, near**2, c["a17"] + (c["a28"] if china else 0.0), c["a13"] * tapers, log(c["vlin"]), c["vlin"],
            c["b"], c["c"], c["a10"], log(c["v1"]), rock, max(within**2 - 0.16, 0.0) ** 0.5, between,
        )  # fmt: skip
    return rows


def ask14_tapers(rupture: Rupture) -> float:
    """T1 T2 T4 of the hanging wall (equations 10, 11, 13)."""
    m, dip, top = rupture.magnitude, rupture.dip_deg, rupture.ztor_km
    if m <= 5.5 or top > 10 or dip >= 90:
        return 0.0
    size = 1 + 0.2 * (m - 6.5) - (0.8 * (m - 6.5) ** 2 if m < 6.5 else 0.0)
    return min(90 - dip, 60) / 45 * size * (1 - top**2 / 100)


def cy14_rows(rupture: Rupture, measures: tuple[str, ...], china: bool) -> Floats:
    """Reduced rows: equations 11 to 13 as far as they know the event only."""
    m, rake = rupture.magnitude, rupture.rake_deg
    reverse, normal = rake is not None and 30 <= rake <= 150, rake is not None and -120 <= rake <= -60
    rows, size = np.zeros((len(measures), ks.CY)), cosh(2 * max(m - 4.5, 0))
    top = max(2.704 - 1.226 * max(m - 5.849, 0), 0) ** 2 if reverse else max(2.673 - 1.136 * max(m - 4.97, 0), 0) ** 2
    dip = cos(radians(rupture.dip_deg))
    for row, name in zip(rows, measures, strict=True):
        c = CY14[name]
        event = c["c1"] + (0.165 - 0.165 / size if reverse else 0) + (c["c1b"] * (1 - 1 / size) if normal else 0)
        event += (c["c7"] + c["c7b"] / size) * (rupture.ztor_km - top) + c["c11b"] / size * dip**2
        event += 1.06 * (m - 6) + (1.06 - c["c3"]) / c["cn"] * log(1 + exp(c["cn"] * (c["cm"] - m)))
        linear = (c["g1"] + c["g2"] / cosh(max(m - c["g3"], 0))) * (c["wenchuan"] if china else 1.0)
        share = (min(max(m, 5), 6.5) - 5) / 1.5
        row[:] = (
            event, c["c5"] * cosh(c["c6"] * max(m - c["chm"], 0)), linear, c["c9"] * dip, c["c9a"], c["c9b"], c["phi1"],
            c["phi2"], c["phi3"], exp(c["phi3"] * 770), c["phi4"], c["tau1"] + (c["tau2"] - c["tau1"]) * share,
            c["sigma1"] + (c["sigma2"] - c["sigma1"]) * share, c["sigma3"],
        )  # fmt: skip
    return rows


def cb14_rows(rupture: Rupture, measures: tuple[str, ...], china: bool) -> Floats:
    """Reduced rows: equations 2 to 30 as far as they know the event only."""
    m, rows = rupture.magnitude, np.zeros((len(measures), ks.CB))
    for row, name in zip(rows, measures, strict=True):
        c = CB14[name]
        event = (
            c["c0"] + c["c1"] * m + c["c2"] * max(m - 4.5, 0) + c["c3"] * max(m - 5.5, 0) + c["c4"] * max(m - 6.5, 0)
        )
        event += c["c9"] * ramp(m, 4.5, 5.5) if rupture.style == "normal" else 0.0
        deep = min(max(rupture.depth_km - 7, 0), 13)
        event += deep * (c["c17"] + (c["c18"] - c["c17"]) * ramp(m, 5.5, 6.5))
        event += c["c19"] * rupture.dip_deg * ramp(5.5 - m, 0, 1)
        wall = c["c10"] * ramp(m, 5.5, 6.5) * (1 + c["a2"] * (m - 6.5)) * max(1 - 0.06 * rupture.ztor_km, 0)
        wall = wall * (90 - rupture.dip_deg) / 45 if m > 5.5 else 0.0
        share = ramp(5.5 - m, 0, 1)
        tau, phi = c["tau2"] + (c["tau1"] - c["tau2"]) * share, c["phi2"] + (c["phi1"] - c["phi2"]) * share
        rock = (c["c11"] + c["k2"] * ks.CB_N) * log(1100 / c["k1"]) + c["c14"] * min(
            exp(7.089 - 1.144 * log(1100)) - 1, 0
        )
        row[:] = (
            event, c["c5"] + c["c6"] * m, c["c7"] ** 2, c["c20"] + (c["dc20_china"] if china else 0.0), wall, c["h1"], c["h2"],
            c["h3"], c["h5"], c["h6"], c["k1"], log(c["k1"]), c["c11"], c["k2"], c["c14"], c["c16"] * c["k3"], rock, tau, phi,
            max(phi**2 - 0.09, 0.0) ** 0.5, c["rho"],
        )  # fmt: skip
    return rows


def run_bssa14(rows: Floats, rupture: Rupture, r: Floats, vs30: Floats, mean: Floats, sigma: Floats) -> None:
    ks.spread(ks.bssa14, len(vs30), rows, r, vs30, mean, sigma)


def run_ask14(rows: Floats, rupture: Rupture, r: Floats, vs30: Floats, mean: Floats, sigma: Floats) -> None:
    ks.spread(ks.ask14, len(vs30), rows, rupture.edge_km(), r, vs30, mean, sigma)


def run_cy14(rows: Floats, rupture: Rupture, r: Floats, vs30: Floats, mean: Floats, sigma: Floats) -> None:
    ks.spread(ks.cy14, len(vs30), rows, rupture.ztor_km, r, vs30, mean, sigma)


def run_cb14(rows: Floats, rupture: Rupture, r: Floats, vs30: Floats, mean: Floats, sigma: Floats) -> None:
    reach = 62 * rupture.magnitude - 350
    ks.spread(ks.cb14, len(vs30), rows, rupture.edge_km(), reach, r, vs30, mean, sigma)


@dataclass(frozen=True)
class Model:
    """One NGA-West2 model."""

    title: str
    rows: Callable[[Rupture, tuple[str, ...], bool], Floats]
    run: Callable[[Floats, Rupture, Floats, Floats, Floats, Floats], None]


NGA = {
    "BSSA14": Model("Boore 等 2014", bssa14_rows, run_bssa14),
    "ASK14": Model("Abrahamson 等 2014", ask14_rows, run_ask14),
    "CY14": Model("Chiou & Youngs 2014", cy14_rows, run_cy14),
    "CB14": Model("Campbell & Bozorgnia 2014", cb14_rows, run_cb14),
}
#: Standard deviation of ln PGA, ln PGV of 俞言祥等 2013.
YU_SIGMA = {"PGA": 0.5428, "PGV": 0.6233}
#: Depth (km) the field's hazard library puts under every earthquake of these relations; the paper has none.
YU_DEPTH = 15.0


def surface_magnitude(mw: float) -> float:
    """Ms of a moment magnitude in China (Cheng et al. 2017)."""
    return (mw - 0.59) / 0.86 if mw < 6.58 else (mw + 2.42) / 1.28


@dataclass(frozen=True)
class Motion:
    """ln of the median (g; PGV cm/s) and total standard deviation of ln, per measure, at every site."""

    measures: tuple[str, ...]
    mean: Floats
    sigma: Floats

    def ln(self, measure: str) -> Floats:
        found: Floats = self.mean[self.measures.index(measure)]
        return found

    def std(self, measure: str) -> Floats:
        found: Floats = self.sigma[self.measures.index(measure)]
        return found

    def intensity(self) -> Floats:
        """Instrumental intensity of the medians, GB/T 17742-2020 appendix A."""
        return instrumental(np.exp(self.ln("PGA")), np.exp(self.ln("PGV")))


def instrumental(pga_g: Floats, pgv_cm_s: Floats) -> Floats:
    """Instrumental intensity of PGA (g) and PGV (cm/s), GB/T 17742-2020 appendix A."""
    pga, pgv = np.ascontiguousarray(pga_g) * GAL / 100, np.ascontiguousarray(pgv_cm_s) / 100
    out = np.empty_like(pga)
    ks.spread(ks.intensity, len(pga), pga, pgv, out)
    return out


def measured(measures: tuple[str, ...]) -> tuple[str, ...]:
    for name in measures:
        if name not in MEASURES:
            raise InputError("measures", name, "、".join(MEASURES))
    return ("PGA", *(name for name in measures if name != "PGA"))


def motion(
    model: str, rupture: Rupture, sites: Sites, measures: tuple[str, ...] = ("PGA", "PGV"), china: bool = False
) -> Motion:
    """Motion at sites by an NGA-West2 model; `china` takes its attenuation for China where the paper has one."""
    return at_distances(model, rupture, distances(rupture, sites), sites.vs30, measures, china)


def at_distances(
    model: str,
    rupture: Rupture,
    r: Floats,
    vs30: Floats,
    measures: tuple[str, ...] = ("PGA", "PGV"),
    china: bool = False,
) -> Motion:
    """As `motion`, from distances that are known."""
    if model not in NGA:
        raise InputError("model", model, "、".join(NGA))
    names = measured(measures)
    mean, sigma = np.empty((2, len(names), len(vs30)))
    found = NGA[model]
    found.run(found.rows(rupture, names, china), rupture, np.ascontiguousarray(r), vs30, mean, sigma)
    return Motion(names, mean, sigma)


def kernel_rows(axes: tuple[at.Axes, ...], clamp: bool, depth_km: float = 0.0, natural: bool = False) -> Floats:
    """The axes as `kernels.ellipses` reads them; natural: of ln of the value instead of lg."""
    up = log(10) if natural else 1.0
    rows = [
        (long.top * up, long.slope * up / log(10), long.offset, short.top * up, short.slope * up / log(10), short.offset,
         depth_km, float(clamp))
        for long, short in axes
    ]  # fmt: skip
    return np.array(rows)


def ellipse_motion(
    rupture: Rupture, sites: Sites, rows: Floats, names: tuple[str, ...], units: Any, sigma: Any
) -> Motion:
    """Motion by relations of two axes round the epicentre: `rows` as kernels.E_*; `units` to subtract from ln (cm/s2 to g)."""
    r = offsets(rupture, sites)
    mean = np.empty((len(names), len(sites)))
    ks.spread(ks.ellipses, len(sites), rows, r, mean)
    mean -= np.asarray(units)[:, None]
    return Motion(names, mean, np.broadcast_to(np.asarray(sigma)[:, None], mean.shape))


def offsets(rupture: Rupture, sites: Sites) -> Floats:
    """(sites, 2) km along and across the long axis through the epicentre."""
    out = np.empty((len(sites), 2))
    ks.spread(
        ks.along_across, len(sites), sites.lon, sites.lat, replace(rupture, corner=None, corners=None).plane(), out
    )
    near(np.hypot(out[:, 0], out[:, 1]))
    return out
