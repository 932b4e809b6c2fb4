"""Rules of emergency materials and shelters as pure functions: the code, the demand by norm, the rotation band, the places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

#: GB/T 38565-2020 clause 5: 大类 1 digit (1 生活保障, 2 装备及配套, 3 工程材料), 中类, 小类, 细类 2 digits each.
CODE = re.compile(r"[123][0-9]{6}")
CLASSES = {"1": "基本生活保障物资", "2": "应急装备及配套物资", "3": "工程材料与机械加工设备"}
CODE_RULE = "7 位数字，首位 1~3（GB/T 38565-2020 第 5 章：大类1+中类2+小类2+细类2）"
#: Days before the expiry at which the keeper is told. Practice, no clause found: 待核对.
BANDS = (("expired", 0), ("d30", 30), ("d90", 90), ("d180", 180))
BAND_NAMES = {"expired": "已过期", "d30": "30 天内", "d90": "90 天内", "d180": "180 天内", "": "未到期"}
#: No lot is larger; a typing slip is.
MOST = Decimal(10) ** 9
SMALLEST = Decimal("0.001")


def valid_code(code: str) -> bool:
    return CODE.fullmatch(code) is not None


def parents(code: str) -> tuple[str, str, str]:
    """大类, 中类, 小类 of a code, filled up with zeros."""
    return code[:1] + "000000", code[:3] + "0000", code[:5] + "00"


def band(expires_on: date | None, today: date) -> str:
    """The nearest warning band of an expiry date; "" = none yet. A thing may be used on its last day."""
    if expires_on is None:
        return ""
    left = (expires_on - today).days
    return "expired" if left < 0 else next((name for name, days in BANDS[1:] if left <= days), "")


@dataclass(frozen=True)
class Norm:
    """What people need of one material. `per_day`: the value is per person and day; `whole`: units cannot be broken."""

    value: float
    per_day: bool
    share: float = 1.0
    whole: bool = True


def demand(norm: Norm, people: int, days: int, reserve: float = 0.0) -> Decimal:
    """persons × share × norm [× days] × (1 + reserve), rounded up to what can be handed out.

    The platform's own formula; norms are parameters with their source, most of them 待核对.
    """
    amount = Decimal(str(people)) * Decimal(str(norm.share)) * Decimal(str(norm.value)) * Decimal(str(1 + reserve))
    if norm.per_day:
        amount *= days
    return amount.quantize(Decimal(1) if norm.whole else SMALLEST, ROUND_CEILING)


#: GB 51143-2015: effective area a person needs, m², by how long the shelter is meant for.
SHELTER_NORMS_M2 = {"紧急": 0.5, "临时": 1.0, "短期": 2.0, "中期": 3.0, "长期": 4.5}


def shelter_capacity(area_m2: float, norm_m2: float) -> int:
    """People a shelter holds: effective area / norm, rounded down (GB 51143-2015)."""
    if area_m2 < 0 or norm_m2 <= 0:
        raise ValueError(f"有效避难面积 {area_m2} m²、人均 {norm_m2} m²：面积应不小于 0，人均应大于 0")
    return int(Decimal(str(area_m2)) / Decimal(str(norm_m2)))


#: Longest stay that may be entered, min; from which share of the limit a stay is a warning. Parameters, 待核对.
LONGEST_STAY_MIN, WARNING_SHARE = 480, 0.75


def stay_state(minutes: float, limit_min: float) -> str:
    """green, warning (the way out must begin), critical (over the limit)."""
    if minutes >= limit_min:
        return "critical"
    return "warning" if minutes >= WARNING_SHARE * limit_min else "green"


#: Breathing apparatus: pressure at which its whistle blows (XF 124-2013: 5.5 ± 0.5 MPa), air used at work, L/min (usual
#: planning figure), both 待核对; the pressures and cylinders that exist.
WHISTLE_MPA, AIR_L_MIN = 5.5, 50.0
MOST_AIR_MPA, AIR_CYLINDERS_L = 33.0, (2.0, 18.0)


def air_minutes(pressure_mpa: float, cylinder_l: float, use_l_min: float = AIR_L_MIN) -> float:
    """Minutes until the whistle: (p - p_whistle) × V × 10 / use, with 1 MPa taken as 10 times the outer pressure."""
    return max(0.0, (pressure_mpa - WHISTLE_MPA) * cylinder_l * 10.0 / use_l_min)
