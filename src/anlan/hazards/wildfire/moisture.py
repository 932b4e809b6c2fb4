"""Moisture of fine dead fuel from the air: what a fire is run with when nobody has weighed grass."""

from __future__ import annotations

from math import isfinite

from anlan.hazards.contract import InputError

#: 1-hour dead fuel over the equilibrium of the air (NFDRS, Bradshaw et al. 1983).
OVER_EQUILIBRIUM = 1.03


def equilibrium(temp_c: float, rh_pct: float) -> float:
    """Equilibrium moisture content (fraction of dry mass) of wood: Simard 1968, as the NFDRS uses it (degF, %)."""
    if not isfinite(temp_c) or not -60 <= temp_c <= 60:
        raise InputError("temp_c", temp_c, "-60 至 60 ℃")
    if not isfinite(rh_pct) or not 0 <= rh_pct <= 100:
        raise InputError("rh_pct", rh_pct, "0 至 100 %")
    t = temp_c * 9 / 5 + 32
    if rh_pct < 10:
        percent = 0.03229 + 0.281073 * rh_pct - 0.000578 * rh_pct * t
    elif rh_pct <= 50:
        percent = 2.22749 + 0.160107 * rh_pct - 0.01478 * t
    else:
        percent = 21.0606 + 0.005565 * rh_pct**2 - 0.00035 * rh_pct * t - 0.483199 * rh_pct
    return max(0.0, percent) / 100


def fine_dead_pct(temp_c: float, rh_pct: float) -> float:
    """1-hour dead fuel moisture (%), kept within what the spread engine takes."""
    return min(60.0, max(1.0, 100 * OVER_EQUILIBRIUM * equilibrium(temp_c, rh_pct)))
