"""就地掩蔽还是撤离: for one place downwind, whether to stay indoors or to go, by arrival time and toxic load.

Toxic load = integral of C^n dt (n of the probit). Staying: air indoors follows outdoors (indoor.py) while the cloud passes, then
windows are opened. Going: people need time to get ready and to walk out sideways; whoever is overtaken breathes outdoor air on the
way. The smaller load wins; going before the cloud comes wins always. Times and speeds are parameters: 待核对, own choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, log, radians, sin

import numpy as np

from anlan.hazards.chemical import indoor

SHELTER, LEAVE, SHELTER_THEN_LEAVE, READY = "就地掩蔽", "撤离", "先掩蔽、分批护送撤离", "关闭门窗待命"
#: Minutes to warn and get ready; walking speed m/s; metres to walk beyond the edge; minutes until windows are opened afterwards.
READY_MIN, WALK_M_S, MARGIN_M, AIRING_MIN = 15.0, 1.2, 100.0, 10.0
#: A house keeps out less and less: once indoors has this share of outdoors, shelter alone no longer serves.
LEAKED = 0.5


@dataclass(frozen=True)
class Cloud:
    """The passing cloud: (m, mg/m3) on the axis, s it lasts, m/s it moves, exponent of the toxic load, mg/m3 of endpoint 2."""

    axis: tuple[tuple[float, float], ...]
    duration_s: float
    wind: float
    n: float
    endpoint: float
    #: (m, s): when the foremost of it comes; without it the wind is taken.
    arrival: tuple[tuple[float, float], ...] = ()

    def arrives(self, x: float) -> float:
        """s until the cloud is x m downwind."""
        if not self.arrival:
            return x / max(self.wind, 0.5)
        far, seconds = zip((0.0, 0.0), *self.arrival, strict=True)
        return float(np.interp(x, far, seconds))

    def at(self, x: float) -> float:
        """mg/m3 on the axis at x m, by powers between the points."""
        far = [a for a, _ in self.axis]
        level = [max(c, 1e-9) for _, c in self.axis]
        return float(np.exp(np.interp(log(max(x, far[0])), np.log(far), np.log(level))))


@dataclass(frozen=True)
class Spot:
    """A place: m downwind to its near edge, m to walk sideways out of the cloud from its middle."""

    downwind_m: float
    sideways_m: float


@dataclass(frozen=True)
class Advice:
    """What to do, why, and the figures: s until it comes, s to get out, load indoors as share of the load of those who walk."""

    what: str
    why: str
    arrives_s: float
    leaves_s: float
    outdoor_mg_m3: float
    indoor_mg_m3: float
    load_share: float


def stay(cloud: Cloud, outside: float) -> tuple[float, float]:
    """(load, greatest mg/m3) of those who stay indoors and open the windows ten minutes after the cloud."""
    seconds = np.linspace(0.0, cloud.duration_s + AIRING_MIN * 60, 121)
    inside = indoor.inside(seconds, np.where(seconds < cloud.duration_s, outside, 0.0))
    return indoor.load(seconds, inside, cloud.n), float(inside.max())


def go(cloud: Cloud, outside: float, arrives: float, leaves: float) -> float:
    """Load of those who walk: indoor air until they are ready, outdoor air from there to the edge, if the cloud is there."""
    ready = READY_MIN * 60
    waited = max(0.0, min(ready - arrives, cloud.duration_s))
    walked = max(0.0, min(leaves, arrives + cloud.duration_s) - max(ready, arrives))
    seconds = np.linspace(0.0, waited, 31)
    within = indoor.inside(seconds, np.full(31, outside)) if waited > 0 else np.zeros(31)
    return indoor.load(seconds, within, cloud.n) + outside**cloud.n * walked / 60


def advise(cloud: Cloud, spot: Spot) -> Advice:
    """Of the two ways the one with the smaller load, in words."""
    arrives = cloud.arrives(spot.downwind_m)
    leaves = READY_MIN * 60 + (spot.sideways_m + MARGIN_M) / WALK_M_S
    outside = cloud.at(spot.downwind_m)
    kept, peak = stay(cloud, outside)
    walked = go(cloud, outside, arrives, leaves)
    share = kept / walked if walked > 0 else float("inf")
    what, why = in_words(cloud, arrives, leaves, outside, peak, share)
    return Advice(what, why, arrives, leaves, outside, peak, min(share, 999.0))


def in_words(cloud: Cloud, arrives: float, leaves: float, outside: float, peak: float, share: float) -> tuple[str, str]:
    times = f"云团约 {arrives / 60:.0f} min 到达，组织撤离约需 {leaves / 60:.0f} min"
    if outside < cloud.endpoint:
        return READY, f"{times}；预计浓度 {outside:.3g} mg/m³，低于毒性终点浓度-2"
    if arrives >= leaves:
        return LEAVE, f"{times}，来得及在云团到达前横风向撤出"
    if arrives + cloud.duration_s <= READY_MIN * 60:
        return SHELTER, f"{times}，云团在准备好撤离之前已经过境；室内最高约为室外的 {peak / outside:.0%}，过后开窗通风"
    if share >= 1:
        return LEAVE, f"{times}；云团持续 {cloud.duration_s / 60:.0f} min，室内毒性负荷将超过撤离途中"
    inside = f"室内最高约为室外的 {peak / outside:.0%}"
    compared = f"掩蔽的毒性负荷约为撤离途中的 {share:.0%}" if share >= 0.01 else "掩蔽的毒性负荷不到撤离途中的 1%"
    if peak / outside >= LEAKED:
        return (
            SHELTER_THEN_LEAVE,
            f"{times}，来不及；{compared}，但持续 {cloud.duration_s / 60:.0f} min 后{inside}，需配防护分批护送",
        )
    return SHELTER, f"{times}，来不及；{compared}，{inside}；云团过后开窗通风"


@dataclass(frozen=True)
class Wedge:
    """How to come near: the bearing one stands on (degrees from the source), and how far off it one may be."""

    bearing_deg: float
    half_deg: float

    def holds(self, east: float, north: float) -> bool:
        """Whether a point (m from the source) lies upwind within the wedge."""
        b = radians(self.bearing_deg)
        along, across = east * sin(b) + north * cos(b), east * cos(b) - north * sin(b)
        return along > 0 and abs(across) <= along * float(np.tan(radians(self.half_deg)))


def approach(wind_from_deg: float, calm: bool = False) -> Wedge:
    """Upwind, 45 degrees to each side; in calm there is no safe side and the wedge is everything that the wind last favoured."""
    return Wedge(wind_from_deg % 360, 80.0 if calm else 45.0)
