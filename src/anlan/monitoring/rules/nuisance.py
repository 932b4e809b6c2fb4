"""Alarms people can live with: floods, groups, first-out, chattering, stale alarms, and the figures by which alarm systems
are judged. Pure. After ANSI/ISA-18.2-2016 clause 16 (monitoring and assessment, tables 5-7) and EEMUA 191 (3rd edition)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TEN_MINUTES = timedelta(minutes=10)
#: A flood begins with more than so many alarms in 10 minutes for one operator and ends below so many (ISA-18.2, 16.5.3).
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
#: Chattering: so many raises within this time (ISA-18.2, 16.5.5: three or more in one minute).
CHATTER_RAISES, CHATTER_WITHIN = 3, timedelta(minutes=1)
#: It is quiet again after so long without a raise (a parameter of the installation).
CHATTER_QUIET = timedelta(minutes=10)
#: Stale: standing for longer than this (ISA-18.2, 16.5.6).
STALE_AFTER = timedelta(hours=24)
#: Fewer stale alarms than this on any day (ISA-18.2 table 7), and fewer standing ones (EEMUA 191, 3rd edition, table 4).
MOST_STALE, MOST_STANDING = 5, 10
#: Acceptable averages: alarms in 10 minutes per operator, and part of time in flood (ISA-18.2 table 5).
ACCEPTABLE_10_MIN, MANAGEABLE_10_MIN, FLOOD_PART = 1.0, 2.0, 0.01


@dataclass(frozen=True)
class Flood:
    """A time in which more came than one person can read. end None: it goes on."""

    start: datetime
    end: datetime | None
    count: int
    peak: int


def floods(times: Iterable[datetime], now: datetime) -> list[Flood]:
    """Floods in alarms of one operator, by a sliding 10-minute window; oldest first."""
    raised = sorted(times)
    found: list[Flood] = []
    start: datetime | None = None
    first = count = peak = 0
    for index, at in enumerate(raised):
        while raised[first] <= at - TEN_MINUTES:
            first += 1
        within = index - first + 1
        if start is not None and within < FLOOD_ENDS:
            found.append(Flood(start, raised[index - 1] + TEN_MINUTES, count, peak))
            start = None
        if start is None and within > FLOOD_BEGINS:
            start, count, peak = raised[first], within - 1, 0
        if start is not None:
            count, peak = count + 1, max(peak, within)
    if start is not None:
        recent = sum(at > now - TEN_MINUTES for at in raised)
        found.append(Flood(start, None if recent >= FLOOD_ENDS else raised[-1] + TEN_MINUTES, count, peak))
    return found


@dataclass(frozen=True)
class Item:
    """An open alarm as grouping sees it. began: when its condition began, which decides what was first."""

    id: int
    title: str
    priority: int
    began: datetime
    unit: str
    area: str
    cause: str
    acknowledged: bool


@dataclass(frozen=True)
class Group:
    """Alarms that belong together, the first-out first."""

    name: str
    items: tuple[Item, ...]

    @property
    def first_out(self) -> Item:
        return self.items[0]

    @property
    def worst(self) -> int:
        return min(item.priority for item in self.items)

    @property
    def waiting(self) -> int:
        return sum(not item.acknowledged for item in self.items)


KEYS: dict[str, Callable[[Item], str]] = {
    "unit": lambda item: item.unit or item.area,
    "area": lambda item: item.area,
    "cause": lambda item: item.cause,
}


def grouped(items: Iterable[Item], by: str = "unit") -> list[Group]:
    """Nothing is dropped: every alarm is in one group; the most urgent groups first, then the oldest."""
    key = KEYS[by]
    together: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda one: (one.began, one.id)):
        together.setdefault(key(item), []).append(item)
    made = [Group(name, tuple(members)) for name, members in together.items()]
    return sorted(made, key=lambda group: (group.worst, group.first_out.began))


def chatters(raises: Sequence[datetime], now: datetime) -> bool:
    """Whether an alarm came and went too fast to be read, and has not been quiet since."""
    times = sorted(raises)
    if not times or now - times[-1] >= CHATTER_QUIET:
        return False
    last = CHATTER_RAISES - 1
    return any(
        later - earlier <= CHATTER_WITHIN and now - later < CHATTER_QUIET
        for earlier, later in zip(times, times[last:], strict=False)
    )


@dataclass(frozen=True)
class Raise:
    """One raising of an alarm. source: rule and place, what a bad actor is told by."""

    at: datetime
    priority: int
    source: Hashable


def chattering(raises: Iterable[Raise]) -> list[tuple[Hashable, int]]:
    """Sources that came and went too fast to be read, with how often they came within the time, the worst first."""
    times: dict[Hashable, list[datetime]] = {}
    for one in sorted(raises, key=lambda found: found.at):
        times.setdefault(one.source, []).append(one.at)
    worst = {source: densest(all_of) for source, all_of in times.items()}
    return sorted(((s, n) for s, n in worst.items() if n >= CHATTER_RAISES), key=lambda pair: -pair[1])


def densest(times: Sequence[datetime]) -> int:
    """Most raises within the time in which chattering is counted; times in order."""
    first = most = 0
    for index, at in enumerate(times):
        while at - times[first] > CHATTER_WITHIN:
            first += 1
        most = max(most, index - first + 1)
    return most


@dataclass(frozen=True)
class Figures:
    """How the alarm system did in a period, for one operator."""

    count: int
    per_10_min: float
    peak_10_min: int
    flood_part: float
    floods: tuple[Flood, ...]
    priorities: dict[int, float]
    worst: tuple[tuple[Hashable, int, float], ...]
    verdict: str


def figures(raises: Sequence[Raise], start: datetime, end: datetime, operators: int = 1, top: int = 10) -> Figures:
    """Figures of [start, end]. operators: among how many people the alarms are shared."""
    inside = [one for one in raises if start <= one.at < end]
    slots = max(1, round((end - start) / TEN_MINUTES))
    bins = Counter(int((one.at - start) / TEN_MINUTES) for one in inside)
    average = len(inside) / slots / operators
    storms = floods([one.at for one in inside], end)
    flooded = sum((min(one.end or end, end) - one.start for one in storms), timedelta())
    part = min(1.0, flooded / (end - start)) if end > start else 0.0
    by_priority = Counter(one.priority for one in inside)
    total = len(inside) or 1
    worst = Counter(one.source for one in inside).most_common(top)
    return Figures(
        count=len(inside),
        per_10_min=average,
        peak_10_min=max(bins.values(), default=0),
        flood_part=part,
        floods=tuple(storms),
        priorities={priority: by_priority[priority] / total for priority in sorted(by_priority)},
        worst=tuple((source, count, count / total) for source, count in worst),
        verdict=verdict(average, part),
    )


def verdict(per_10_min: float, flood_part: float) -> str:
    """In the words of table 5."""
    if per_10_min > MANAGEABLE_10_MIN or flood_part > 5 * FLOOD_PART:
        return "过载：须整改"
    if per_10_min > ACCEPTABLE_10_MIN or flood_part > FLOOD_PART:
        return "可管理的上限"
    return "可接受"
