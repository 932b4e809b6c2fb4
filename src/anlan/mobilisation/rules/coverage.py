"""预警公众覆盖率: how many different people a warning reaches, and the cheapest way to the rest. Pure.

Method (docs/coverage.md). Within one community of P people:
- n people are known to have it (receipts: messages delivered to different numbers, doors knocked, confirmations);
- means i (loudspeaker, radio, screen …) reaches a share r_i of the people by day or by night, by survey or model.
Nobody knows who of the r_i are the same people. Taken as independent, the share of different people reached is
    1 - (1 - n/P) * prod(1 - r_i).
Whatever the truth, it lies between (Frechet 1935)
    max(n/P, r_1, r_2 …)   and   min(1, n/P + r_1 + r_2 + …),
and both bounds are shown beside the estimate. A means that does not work (last silent test) counts nothing. Shares add up
over communities by people, never by the mean of percentages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, prod

#: 乌海市应急管理“十四五”规划 (乌海政办发〔2022〕8号): 灾害预警信息发布公众覆盖率达90%以上.
GOAL = 0.90


@dataclass(frozen=True)
class Reach:
    """People reached out of `people`: the estimate and its bounds."""

    people: int
    expected: float
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.expected / self.people if self.people else 0.0

    @property
    def met(self) -> bool:
        return self.people > 0 and self.share >= GOAL

    @property
    def gap(self) -> int:
        """People still to be reached for the goal."""
        return max(0, ceil(GOAL * self.people - self.expected - 1e-9))


def reach(people: int, receipts: int, shares: Sequence[float]) -> Reach:
    """Different people reached in one community. Raises ValueError for a share outside 0 to 1."""
    if people <= 0:
        return Reach(0, 0.0, 0.0, 0.0)
    if any(not 0 <= share <= 1 for share in shares):
        raise ValueError(f"到达率须在 0～1 之间：{shares}")
    known = min(1.0, max(0, receipts) / people)
    expected = 1 - (1 - known) * prod(1 - share for share in shares)
    low, high = max([known, *shares]), min(1.0, known + sum(shares))
    return Reach(people, people * expected, people * low, people * high)


def total(parts: Iterable[Reach]) -> Reach:
    """Several communities together, by people."""
    parts = list(parts)
    return Reach(
        sum(one.people for one in parts), sum(one.expected for one in parts), sum(one.low for one in parts),
        sum(one.high for one in parts),
    )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way to reach people who are not reached: cost in CNY per person, at most what share of those missing."""

    key: str
    title: str
    cost_per_person: float
    most: float
    fixed: float = 0.0
    source: str = "本平台参数，待核对"


#: Costs per warning; what is bought is spread over ten years of twelve warnings.
WAYS = (
    Way("subscribe", "组织订阅短信", 2.0, 0.6),
    Way("knock", "网格员敲门告知", 4.0, 1.0),
    Way("loudspeaker", "增设应急广播大喇叭", 0.6, 0.7, 120.0),
    Way("screen", "社区显示屏、楼道屏", 0.9, 0.25, 60.0),
)


@dataclass(frozen=True)
class Plan:
    """What closes a gap: (way, people), and what it costs, CNY."""

    steps: tuple[tuple[Way, int], ...]
    cost: float
    reached: int

    @property
    def closes(self) -> bool:
        return bool(self.steps)


def cheapest(gap: int, missing: int, ways: Sequence[Way] = WAYS) -> Plan:
    """The cheapest set of ways for `gap` people out of `missing`. Every set of ways is tried: there are few.

    Within a set, people go to the cheapest way first, each up to its share of those missing.
    """
    best: Plan | None = None
    for mask in range(1, 2 ** len(ways)):
        used = sorted((way for n, way in enumerate(ways) if mask >> n & 1), key=lambda way: way.cost_per_person)
        plan = fill(gap, missing, used)
        if plan.reached >= gap and (best is None or plan.cost < best.cost):
            best = plan
    return best or Plan((), 0.0, 0)


def fill(gap: int, missing: int, ways: Sequence[Way]) -> Plan:
    left, steps, cost = gap, [], 0.0
    for way in ways:
        people = min(left, int(way.most * missing))
        if people <= 0:
            continue
        steps.append((way, people))
        cost += way.fixed + way.cost_per_person * people
        left -= people
    return Plan(tuple(steps), round(cost, 2), gap - left)
