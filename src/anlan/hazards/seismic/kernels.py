"""The loops over sites: distances to a rupture plane, NGA-West2 motion, ellipses of Chinese relations, intensity.

Scalar code over a range of sites that holds no lock: `spread` deals ranges out to threads. A kernel writes into arrays it is
given and allocates nothing. Kernels that call each other stay in this file: numba's cache does not see a change in an imported one.
Rows of coefficients are those that `gmpe` reduces for one event; row 0 is always PGA, which the site terms of the others need.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import cos, exp, log, radians, sin, sqrt, tan, tanh
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])

EARTH_KM = 6371.0
#: Sites a thread takes at a time; below one such part nothing is gained by a second thread.
PART = 8192
#: Columns of a site's distances (km): to the plane, to its surface projection, across and beyond its top edge.
RRUP, RJB, RX, RY0, DISTANCES = 0, 1, 2, 3, 4
#: Columns of a plane: reference place and its sine and cosine; seen from above its strike, where its top edge begins (km east,
#: north), length and width; in space (east, north, up) its corner, the directions along and down it, length and width; top (km).
LON, LAT, SIN, COS, STRIKE_SIN, STRIKE_COS, EAST, NORTH, LENGTH, FLAT = range(10)
CORNER, ALONG, DOWN, LONG, WIDE, ZTOR, PLANE = 10, 13, 16, 19, 20, 21, 22
#: Columns of a reduced BSSA14 row.
B_EVENT, B_LOG, B_LINEAR, B_H2, B_SLOPE, B_LNVC, B_F4, B_F5, B_F5TOP, B_PHI, B_DR, B_LNR1, B_OVER, B_DV, B_TAU2, BSSA = (
    *range(15), 15)  # fmt: skip
#: Columns of a reduced ASK14 row.
A_EVENT, A_LOG, A_C4, A_LINEAR, A_HW, A_LNLIN, A_VLIN, A_B, A_C, A_A10, A_LNV1, A_ROCK, A_PHI, A_TAU, ASK = (
    *range(14),
    14,
)
#: Columns of a reduced CY14 row.
C_EVENT, C_NEAR, C_LINEAR, C_HW, C_9A, C_9B, C_PHI1, C_PHI2, C_PHI3, C_PHI3TOP, C_PHI4, C_TAU, C_SIGMA, C_SIGMA3, CY = (
    *range(14), 14)  # fmt: skip
#: Columns of a reduced CB14 row.
(
    K_EVENT,
    K_LOG,
    K_C7,
    K_ANELASTIC,
    K_HW,
    K_H1,
    K_H2,
    K_H3,
    K_H5,
    K_H6,
    K_K1,
    K_LNK1,
    K_C11,
    K_K2,
    K_C14,
    K_C16,
    K_ROCK,
) = range(17)
K_TAU, K_PHI, K_PHIB, K_RHO, CB = 17, 18, 19, 20, 21
#: Columns of an ellipse row: value = top + slope ln(r + near) along and across; depth in km; whether across may exceed along.
E_TOP1, E_SLOPE1, E_NEAR1, E_TOP2, E_SLOPE2, E_NEAR2, E_DEPTH, E_CLAMP, ELLIPSE = *range(8), 8
CB_C, CB_N = 1.88, 1.18
LN10, LN_760, LN_300 = log(10.0), log(760.0), log(300.0)
OVER_V = 1 / log(300 / 225)
TAN_20, EXP_075 = tan(radians(20)), exp(-0.75)


def kernel(function: Function) -> Function:
    compiler: Any = njit
    made: Function = compiler(cache=True, nogil=True, error_model="numpy")(function)
    return made


@cache
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


def spread(loop: Callable[..., None], count: int, *arguments: Any) -> None:
    """`loop(start, stop, *arguments)` over all sites, on every processor."""
    if count <= PART:
        loop(0, count, *arguments)
        return
    parts = [(start, min(start + PART, count)) for start in range(0, count, PART)]
    list(threads().map(lambda part: loop(*part, *arguments), parts))


@kernel
def place(lon: float, lat: float, plane: Floats) -> tuple[float, float, float]:
    """(east, north) of a site from the reference place as a share of the globe's radius, and what makes them km on its surface.

    Times the radius they are straight lines through the globe; times the third number, great-circle distance at its azimuth.
    """
    away, phi = radians(lon - plane[LON]), radians(lat)
    s, c = sin(phi), cos(phi)
    x, y = c * sin(away), s * plane[COS] - c * plane[SIN] * cos(away)
    q = x * x + y * y
    return x, y, EARTH_KM * (1 + q * (1 / 6 + q * (3 / 40 + q * (15 / 336))))  # arcsine over sine


@kernel
def to_rectangle(x: float, y: float, z: float, plane: Floats) -> float:
    """Straight distance from a point to the plane in space."""
    x, y, z = x - plane[CORNER], y - plane[CORNER + 1], z - plane[CORNER + 2]
    a = x * plane[ALONG] + y * plane[ALONG + 1] + z * plane[ALONG + 2]
    d = x * plane[DOWN] + y * plane[DOWN + 1] + z * plane[DOWN + 2]
    a, d = min(max(a, 0.0), plane[LONG]), min(max(d, 0.0), plane[WIDE])
    x -= a * plane[ALONG] + d * plane[DOWN]
    y -= a * plane[ALONG + 1] + d * plane[DOWN + 1]
    z -= a * plane[ALONG + 2] + d * plane[DOWN + 2]
    return sqrt(x * x + y * y + z * z)


@kernel
def distances(start: int, stop: int, lon: Floats, lat: Floats, plane: Floats, out: Floats) -> None:
    """Columns RRUP, RJB, RX, RY0 of `out` (sites, DISTANCES): site at the surface, plane as a rectangle that dips to the right.

    RRUP is a straight line through the globe, the others are lengths on its surface.
    """
    sn, cs, long, flat = plane[STRIKE_SIN], plane[STRIKE_COS], plane[LENGTH], plane[FLAT]
    for i in range(start, stop):
        x, y, scale = place(lon[i], lat[i], plane)
        q = x * x + y * y
        out[i, RRUP] = to_rectangle(x * EARTH_KM, y * EARTH_KM, -EARTH_KM * q / (1 + sqrt(1 - q)), plane)
        east, north = x * scale - plane[EAST], y * scale - plane[NORTH]
        along, across = east * sn + north * cs, east * cs - north * sn
        beyond = max(-along, along - long, 0.0)
        aside = max(-across, across - flat, 0.0)
        out[i, RJB] = sqrt(beyond * beyond + aside * aside)
        out[i, RX] = across
        out[i, RY0] = beyond


@kernel
def along_across(start: int, stop: int, lon: Floats, lat: Floats, plane: Floats, out: Floats) -> None:
    """Columns 0, 1 of `out`: km along and across the long axis through the epicentre."""
    sn, cs = plane[STRIKE_SIN], plane[STRIKE_COS]
    for i in range(start, stop):
        x, y, scale = place(lon[i], lat[i], plane)
        out[i, 0], out[i, 1] = (x * sn + y * cs) * scale, (x * cs - y * sn) * scale


@kernel
def bssa14(start: int, stop: int, rows: Floats, r: Floats, vs30: Floats, mean: Floats, sigma: Floats) -> None:
    """Boore et al. 2014 eq. 1-17: ln of g or cm/s, and its total standard deviation, per row and site."""
    for i in range(start, stop):
        rjb, lnv = r[i, RJB], log(vs30[i])
        lnr, slow = log(max(rjb, 0.1)), min(vs30[i], 760.0) - 360
        far = sqrt(rjb * rjb + rows[0, B_H2])
        rock = rows[0, B_EVENT] + rows[0, B_LOG] * log(far) + rows[0, B_LINEAR] * (far - 1)
        shaken = log((exp(rock) + 0.1) / 0.1)
        for k in range(rows.shape[0]):
            row = rows[k]
            far = sqrt(rjb * rjb + row[B_H2])
            hard = rock if k == 0 else row[B_EVENT] + row[B_LOG] * log(far) + row[B_LINEAR] * (far - 1)
            soft = row[B_SLOPE] * (min(lnv, row[B_LNVC]) - LN_760)
            mean[k, i] = hard + soft + row[B_F4] * (exp(row[B_F5] * slow) - row[B_F5TOP]) * shaken
            phi = row[B_PHI] + row[B_DR] * min(max((lnr - row[B_LNR1]) * row[B_OVER], 0.0), 1.0)
            phi -= row[B_DV] * min(max((LN_300 - lnv) * OVER_V, 0.0), 1.0)
            sigma[k, i] = sqrt(phi * phi + row[B_TAU2])


@kernel
def hanging(rx: float, ry0: float, edge: float) -> float:
    """T3 T5 of ASK14 (their eq. 12, 14) over the hanging wall; `edge` is the width of the plane seen from above (km)."""
    if rx <= 0 or edge <= 1e-9:
        return 0.0
    part = rx / edge
    if part < 1:
        shape = 0.25 + 1.5 * part - 0.75 * part * part
    elif part <= 3:
        shape = 1 - (part - 1) / 2
    else:
        return 0.0
    return shape * min(max(1 - (ry0 - rx * TAN_20) / 5, 0.0), 1.0)


@kernel
def ask14(
    start: int, stop: int, rows: Floats, edge: float, r: Floats, vs30: Floats, mean: Floats, sigma: Floats
) -> None:
    """Abrahamson, Silva & Kamai 2014 eq. 1-30; depth to 1 km/s as their Vs30 relation has it, so no basin term."""
    for i in range(start, stop):
        rrup, lnv = r[i, RRUP], log(vs30[i])
        far = log(rrup * rrup + rows[0, A_C4]) / 2
        wall = hanging(r[i, RX], r[i, RY0], edge)
        for k in range(rows.shape[0]):
            row = rows[k]
            base = row[A_EVENT] + row[A_LOG] * far + row[A_LINEAR] * rrup + row[A_HW] * wall
            ratio = min(lnv, row[A_LNV1]) - row[A_LNLIN]
            slope = 0.0
            if vs30[i] < row[A_VLIN]:
                sa, share = exp(base + row[A_ROCK]), vs30[i] / row[A_VLIN]
                shaken, soft = sa + row[A_C], sa + row[A_C] * share * sqrt(share)
                mean[k, i] = base + row[A_A10] * ratio + row[A_B] * log(soft / shaken)
                slope = row[A_B] * sa * (1 / soft - 1 / shaken)
            else:
                mean[k, i] = base + (row[A_A10] + row[A_B] * 1.5) * ratio
            between = row[A_TAU] * (1 + slope)
            within = row[A_PHI] * (1 + slope)
            sigma[k, i] = sqrt(within * within + 0.16 + between * between)


@kernel
def cy14(
    start: int, stop: int, rows: Floats, ztor: float, r: Floats, vs30: Floats, mean: Floats, sigma: Floats
) -> None:
    """Chiou & Youngs 2014 eq. 11-13, inferred Vs30, depth to 1 km/s as their Vs30 relation has it, no directivity."""
    for i in range(start, stop):
        rrup, slow = r[i, RRUP], min(vs30[i], 1130.0)
        spread_far = 0.8 * log(rrup * rrup + 2500)  # (c4a - c4) ln sqrt(R2 + cRB2)
        lnv = log(slow / 1130)
        wall = 1 - sqrt(r[i, RJB] * r[i, RJB] + ztor * ztor) / (rrup + 1) if r[i, RX] >= 0 else 0.0
        for k in range(rows.shape[0]):
            row = rows[k]
            hard = row[C_EVENT] - 2.1 * log(rrup + row[C_NEAR]) + spread_far + row[C_LINEAR] * rrup
            if wall != 0:
                hard += row[C_HW] * wall * (row[C_9A] + (1 - row[C_9A]) * tanh(r[i, RX] / row[C_9B]))
            y = exp(hard)
            soft = row[C_PHI2] * (exp(row[C_PHI3] * (slow - 360)) - row[C_PHI3TOP])
            mean[k, i] = hard + row[C_PHI1] * lnv + soft * log((y + row[C_PHI4]) / row[C_PHI4])
            stiff = 1 + soft * y / (y + row[C_PHI4])
            within = row[C_SIGMA] * row[C_SIGMA] * (row[C_SIGMA3] + stiff * stiff)
            sigma[k, i] = sqrt(stiff * stiff * row[C_TAU] * row[C_TAU] + within)


@kernel
def over_wall(row: Floats, rx: float, share: float, edge: float, reach: float) -> float:
    """Hanging-wall shape of CB14 (eq. 8-13); `share` is (Rrup - Rjb) / Rrup."""
    if rx < 0:
        return 0.0
    if rx < edge:
        part = rx / edge
        return (row[K_H1] + row[K_H2] * part + row[K_H3] * part * part) * share
    if reach <= edge:
        return 0.0
    part = (rx - edge) / (reach - edge)
    return max(0.0, 1 + row[K_H5] * part + row[K_H6] * part * part) * share


@kernel
def cb14(
    start: int, stop: int, rows: Floats, edge: float, reach: float, r: Floats, vs30: Floats, mean: Floats, sigma: Floats
) -> None:
    """Campbell & Bozorgnia 2014 eq. 1-32; depth to 2.5 km/s by their Californian Vs30 relation (eq. 33)."""
    for i in range(start, stop):
        rrup, lnv = r[i, RRUP], log(vs30[i])
        share = (rrup - r[i, RJB]) / rrup if rrup > 0 else 1.0
        deep = exp(7.089 - 1.144 * lnv)
        basin = min(deep - 1, 0.0)
        low = EXP_075 * (1 - exp(-0.25 * (deep - 3))) if deep > 3 else 0.0
        rock = 0.0
        for k in range(rows.shape[0]):
            row = rows[k]
            base = row[K_EVENT] + row[K_LOG] * log(rrup * rrup + row[K_C7]) / 2 + row[K_ANELASTIC] * max(rrup - 80, 0.0)
            if row[K_HW] != 0:
                base += row[K_HW] * over_wall(row, r[i, RX], share, edge, reach)
            if k == 0:
                rock = exp(base + row[K_ROCK])
            ratio, slope = lnv - row[K_LNK1], 0.0
            if vs30[i] <= row[K_K1]:
                hard, soft = rock + CB_C, rock + CB_C * exp(CB_N * ratio)
                site = row[K_C11] * ratio + row[K_K2] * log(soft / hard)
                slope = row[K_K2] * rock * (1 / soft - 1 / hard)
            else:
                site = (row[K_C11] + row[K_K2] * CB_N) * ratio
            mean[k, i] = base + site + row[K_C14] * basin + row[K_C16] * low
            first, mix = rows[0], 2 * slope * row[K_RHO]
            within = row[K_PHI] ** 2 + (slope * first[K_PHIB]) ** 2 + mix * row[K_PHIB] * first[K_PHIB]
            between = row[K_TAU] ** 2 + (slope * first[K_TAU]) ** 2 + mix * row[K_TAU] * first[K_TAU]
            sigma[k, i] = sqrt(within + between)


@kernel
def semi_major(row: Floats, x: float, y: float) -> tuple[float, float]:
    """(semi-axis along, semi-axis across) of the ellipse of equal value through a place x along and y across (km).

    Both semi-axes are where their relation gives the value: across = (along + near1)^p K - near2. Newton's steps on the mean
    scale of the place against the ellipse, which is nearly linear, kept inside a bracket.
    """
    p = row[E_SLOPE1] / row[E_SLOPE2]
    lift = exp((row[E_TOP1] - row[E_TOP2]) / row[E_SLOPE2])
    near1, near2, clamp = row[E_NEAR1], row[E_NEAR2], row[E_CLAMP] > 0
    low = max(0.0, exp(log(near2 / lift) / p) - near1)
    x2, y2 = x * x, y * y
    a, high = max(sqrt(x2 + y2), low * 1.000001 + 1e-9), 1e300
    b = 0.0
    for _ in range(100):
        b = lift * exp(p * log(a + near1)) - near2
        db = (b + near2) * p / (a + near1)
        if clamp and b > a:
            b, db = a, 1.0
        b = max(b, 1e-12)
        px, py = x2 / (a * a), y2 / (b * b)
        q = px + py
        if q > 1:
            low = a
        else:
            high = a
        if abs(q - 1) < 1e-11 or high - low < 1e-12:
            break
        if q > 0:
            # scale s = q^-1/2; s(a) = 1 sought
            root = sqrt(q)
            ahead = a - (1 / root - 1) / ((px / a + py / b * db) / (q * root))
        else:
            ahead = low
        if not low < ahead < high:
            ahead = (low + high) / 2 if high < 1e300 else 2 * a
        a = ahead
    return a, b


@kernel
def ellipses(start: int, stop: int, rows: Floats, r: Floats, mean: Floats) -> None:
    """Value of each row's ellipse through each site (columns 0, 1 of `r`: km along and across).

    With a depth h, R becomes sqrt(R2 + h2) and the two axes no longer agree: they are then mixed as the radius of an ellipse
    is between its axes, which is what the field's tools do, where both are above zero, and by cos2 and sin2 elsewhere.
    """
    for k in range(rows.shape[0]):
        row = rows[k]
        for i in range(start, stop):
            x, y = abs(r[i, 0]), abs(r[i, 1])
            a, b = semi_major(row, x, y)
            h2 = row[E_DEPTH] * row[E_DEPTH]
            along = row[E_TOP1] + row[E_SLOPE1] * log(sqrt(a * a + h2) + row[E_NEAR1])
            if h2 == 0:
                mean[k, i] = along
                continue
            across = row[E_TOP2] + row[E_SLOPE2] * log(sqrt(b * b + h2) + row[E_NEAR2])
            total = x * x + y * y
            sin2 = y * y / total if total > 0 else 0.0
            if along > 0 and across > 0:
                mean[k, i] = along * across / sqrt(along * along * sin2 + across * across * (1 - sin2))
            else:
                mean[k, i] = along * (1 - sin2) + across * sin2


@kernel
def intensity(start: int, stop: int, pga_m_s2: Floats, pgv_m_s: Floats, out: Floats) -> None:
    """GB/T 17742-2020 appendix A; its rule steps where both intensities pass 6."""
    for i in range(start, stop):
        by_a, by_v = 3.17 / LN10 * log(pga_m_s2[i]) + 6.59, 3.00 / LN10 * log(pgv_m_s[i]) + 9.77
        value = by_v if by_a >= 6 and by_v >= 6 else (by_a + by_v) / 2
        out[i] = min(max(value, 1.0), 12.0)
