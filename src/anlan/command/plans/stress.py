"""预案压力试验: thousands of simulated incidents against one plan, its posts, teams, roads and stocks. Pure (SimPy).

Incidents arrive at random (Poisson), so that two may want the same team. Each takes a place, an hour and a weather; the cards
of its level run as they would: answered or escalated, waiting for what they depend on, nearest idle teams sent, materials
driven from the nearest store that has them. What is late is counted with the part that made it late. The same random numbers
serve every variant of the means, so that a difference between two runs is the change and not luck (common random numbers).

All figures of `Assumptions` are this platform's own and 待核对, except answers, which are taken from measured tasks where
there are enough (`Means.answers_min`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import simpy

from anlan.command.plans.document import Card, PlanDocument
from anlan.command.plans.means import Means, TeamState
from anlan.hazards.contract import InputError

CAUSES = ("应答", "等前置", "等队伍", "出动", "路程", "物资", "处置")
#: From this many on, measured answers are used instead of the assumed ones.
ENOUGH_ANSWERS = 30
MOST_INCIDENTS = 100_000


@dataclass(frozen=True)
class Assumptions:
    """Minutes and shares. Medians and sigmas of log-normal times; shares of incidents or of calls."""

    incidents_per_day: float = 1.0
    answer_on_duty_min: float = 1.5
    answer_off_duty_min: float = 6.0
    answer_sigma: float = 0.6
    unanswered_on_duty: float = 0.03
    unanswered_off_duty: float = 0.2
    night_share: float = 1 / 3
    night_turnout_factor: float = 1.5
    bad_weather_share: float = 0.1
    bad_weather_speed: float = 0.7
    road_shut_share: float = 0.05
    road_shut_factor: float = 1.6
    loading_min: float = 20.0
    #: Where the city has no such team, or not enough of an item, help from outside is there after this time.
    outside_help_min: float = 120.0
    #: Work takes this share of what the deadline leaves after the arrival target.
    work_share: float = 0.6
    work_sigma: float = 0.35
    level_shares: tuple[float, ...] = (0.02, 0.08, 0.3, 0.6)

    def check(self) -> None:
        for name in (
            "unanswered_on_duty",
            "unanswered_off_duty",
            "night_share",
            "bad_weather_share",
            "road_shut_share",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(name, getattr(self, name), "0 至 1")
        for name in (
            "incidents_per_day",
            "answer_on_duty_min",
            "answer_off_duty_min",
            "bad_weather_speed",
            "work_share",
        ):
            if not 0 < getattr(self, name) < 1e4:
                raise InputError(name, getattr(self, name), "大于 0")


@dataclass
class Tally:
    """What one card came to over all incidents; minutes late, only where late."""

    ran: int = 0
    late: list[float] = field(default_factory=list)
    arrive_late: list[float] = field(default_factory=list)
    arrived: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    short: int = 0


@dataclass(frozen=True)
class CardResult:
    """Shares 0-1; late minutes p50 and p90 among the late; `causes`: share of the late minutes' main part."""

    key: str
    title: str
    ran: int
    late_share: float
    late_p50_min: float
    late_p90_min: float
    arrive_late_share: float | None
    arrive_late_p90_min: float
    short_share: float
    causes: dict[str, float]


@dataclass(frozen=True)
class SiteResult:
    name: str
    lon: float
    lat: float
    incidents: int
    late_min: float


@dataclass(frozen=True)
class Stress:
    """Of all incidents: share with nothing late; mean minutes late in sum; every card; every place."""

    incidents: int
    kept_share: float
    late_min: float
    cards: tuple[CardResult, ...]
    sites: tuple[SiteResult, ...]
    levels: dict[str, int]
    answers_measured: bool


@dataclass(frozen=True)
class Chances:
    """The luck of one incident, drawn before anything runs: the same for every variant."""

    wait_min: float
    site: int
    level: int
    night: bool
    speed: float
    seed: int


class Simulation:
    """One run. `plan` is checked against `means` only by what happens."""

    def __init__(self, plan: PlanDocument, means: Means, given: Assumptions) -> None:
        self.plan, self.means, self.given = plan, means, given
        self.env = simpy.Environment()
        self.idle = [team.ready for team in means.teams]
        self.queue: list[tuple[str, simpy.Event]] = []
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.site_late: defaultdict[int, float] = defaultdict(float)
        self.site_ran: Counter[int] = Counter()
        self.levels: Counter[str] = Counter()
        self.kept, self.total_late = 0, 0.0
        turnout = np.array([team.turnout_min for team in means.teams]).reshape(-1, 1)
        self.soonest = np.argsort(means.team_min + turnout, axis=0, kind="stable")

    def run(self, chances: list[Chances], progress: Callable[[int], None] | None = None) -> None:
        self.env.process(self.arrivals(chances, progress))
        self.env.run()

    def arrivals(self, chances: list[Chances], progress: Callable[[int], None] | None) -> Generator[Any, Any, None]:
        for number, luck in enumerate(chances):
            yield self.env.timeout(luck.wait_min)
            self.env.process(self.incident(luck))
            if progress and number % 500 == 0:
                progress(number)

    def incident(self, luck: Chances) -> Generator[Any, Any, None]:
        level = self.plan.levels[luck.level].level
        cards = self.plan.cards(level)
        self.levels[level] += 1
        done = {card.key: self.env.event() for card in cards}
        late: list[float] = []
        for index, card in enumerate(cards):
            random = np.random.default_rng([luck.seed, index])
            self.env.process(self.card(card, luck, done, late, random))
        yield self.env.all_of(list(done.values()))
        minutes = sum(late)
        self.kept += not late
        self.total_late += minutes
        self.site_ran[luck.site] += 1
        self.site_late[luck.site] += minutes

    def card(
        self, card: Card, luck: Chances, done: dict[str, simpy.Event], late: list[float], random: np.random.Generator
    ) -> Generator[Any, Any, None]:
        """One task card from the moment it may be issued until it is done; every part of its time is kept by name."""
        yield self.env.all_of([done[key] for key in card.depends_on if key in done])
        start, parts = self.env.now, dict.fromkeys(CAUSES, 0.0)
        tally = self.tallies[card.key]
        tally.ran += 1
        parts["应答"] = self.answer(card, random)
        yield self.env.timeout(parts["应答"])
        teams: list[int] = []
        short = False
        if card.capability and len(self.means.able(card.capability)) < card.count:
            short, parts["等队伍"] = True, self.given.outside_help_min
            yield self.env.timeout(self.given.outside_help_min)
        elif card.capability:
            teams = yield self.env.process(self.assemble(card, luck.site, parts))
            yield self.env.process(self.drive(card, teams, luck, parts, tally, start, late))
        there = self.delivery(card, luck)
        if there == np.inf:
            short, there = True, self.given.outside_help_min
        tally.short += short
        parts["物资"] = max(there - (self.env.now - start), 0.0)
        parts["处置"] = self.work(card, random)
        yield self.env.timeout(parts["物资"] + parts["处置"])
        self.free(teams)
        self.close(card, self.env.now - start, parts, tally, late)
        done[card.key].succeed()

    def close(self, card: Card, took: float, parts: dict[str, float], tally: Tally, late: list[float]) -> None:
        over = took - card.deadline_min
        if over > 0:
            tally.late.append(over)
            late.append(over)
            tally.causes[self.blame(card, parts)] += 1

    def blame(self, card: Card, parts: dict[str, float]) -> str:
        """The part that exceeded its share most: acknowledgement beyond its limit, the way beyond the arrival target, …"""
        allowed = dict.fromkeys(CAUSES, 0.0)
        allowed["应答"] = card.acknowledge_min
        target = card.arrive_min if card.arrive_min is not None else card.deadline_min / 3
        allowed["路程"] = max(target - 5.0, 0.0)
        allowed["出动"] = 5.0
        allowed["处置"] = max(card.deadline_min - target, 0.0)
        return max(CAUSES, key=lambda name: parts[name] - allowed[name])

    def answer(self, card: Card, random: np.random.Generator) -> float:
        """Minutes until somebody has acknowledged: the first post, then whom it escalates to, each after the limit."""
        given = self.given
        if card.capability:
            return float(given.answer_on_duty_min * random.lognormal(0, given.answer_sigma))
        total = 0.0
        for post in (self.means.posts[c] for c in self.plan.role(card.role).posts if c in self.means.posts):
            lost = given.unanswered_on_duty if post.on_duty else given.unanswered_off_duty
            for _turn in range(2 if post.deputy else 1):
                took = self.answer_time(post.on_duty > 0, random)
                if random.random() >= lost and post.holders and took <= 4 * card.acknowledge_min:
                    return total + took
                total += card.acknowledge_min
        return total + card.acknowledge_min

    def answer_time(self, on_duty: bool, random: np.random.Generator) -> float:
        if len(self.means.answers_min) >= ENOUGH_ANSWERS:
            measured = self.means.answers_min
            return measured[int(random.integers(len(measured)))]
        median = self.given.answer_on_duty_min if on_duty else self.given.answer_off_duty_min
        return float(median * random.lognormal(0, self.given.answer_sigma))

    def nearest_idle(self, capability: str, site: int) -> int | None:
        for i in self.soonest[:, site]:
            if self.idle[i] and capability in self.means.teams[i].capabilities:
                return int(i)
        return None

    def assemble(self, card: Card, site: int, parts: dict[str, float]) -> Generator[Any, Any, list[int]]:
        """Take the nearest idle teams; wait for busy ones, as many as there are at all."""
        began, taken = self.env.now, []
        for _ in range(min(card.count, len(self.means.able(card.capability)))):
            while (team := self.nearest_idle(card.capability, site)) is None:
                waiting = self.env.event()
                self.queue.append((card.capability, waiting))
                yield waiting
            self.idle[team] = False
            taken.append(team)
        parts["等队伍"] = self.env.now - began
        return taken

    def free(self, teams: list[int]) -> None:
        for team in teams:
            self.idle[team] = True
            able = self.means.teams[team].capabilities
            found = next((i for i, (capability, _) in enumerate(self.queue) if capability in able), None)
            if found is not None:
                self.queue.pop(found)[1].succeed()

    def drive(
        self, card: Card, teams: list[int], luck: Chances, parts: dict[str, float], tally: Tally, start: float,
        late: list[float],
    ) -> Generator[Any, Any, None]:  # fmt: skip
        """Until the last of the teams is there."""
        slow = self.given.night_turnout_factor if luck.night else 1.0
        ways = [(self.means.teams[i].turnout_min * slow, self.means.team_min[i, luck.site] / luck.speed) for i in teams]
        turnout, way = max(ways, key=sum)
        parts["出动"], parts["路程"] = float(turnout), float(way)
        yield self.env.timeout(turnout + way)
        if card.arrive_min is not None:
            tally.arrived += 1
            over = self.env.now - start - card.arrive_min
            if over > 0:
                tally.arrive_late.append(over)
                late.append(over)

    def delivery(self, card: Card, luck: Chances) -> float:
        """Minutes until the last needed item is there; infinite when the city does not hold as much."""
        slowest = 0.0
        for need in card.needs:
            rows = self.means.holding(need.code or need.item)
            missing, reached = need.quantity, 0.0
            for i in sorted(rows, key=lambda row: self.means.stock_min[row, luck.site]):
                missing -= self.means.stock[i].quantity
                reached = self.given.loading_min + float(self.means.stock_min[i, luck.site]) / luck.speed
                if missing <= 0:
                    break
            slowest = max(slowest, reached) if missing <= 0 else np.inf
        return slowest

    def work(self, card: Card, random: np.random.Generator) -> float:
        before = card.arrive_min if card.arrive_min is not None else card.acknowledge_min
        room = max(card.deadline_min - before, card.deadline_min / 4)
        return float(self.given.work_share * room * random.lognormal(0, self.given.work_sigma))


def draw(plan: PlanDocument, means: Means, given: Assumptions, incidents: int, seed: int) -> list[Chances]:
    """The luck of every incident."""
    random = np.random.default_rng(seed)
    weights = np.array([site.weight for site in means.sites])
    sites = random.choice(len(means.sites), incidents, p=weights / weights.sum())
    shares = np.array(given.level_shares[-len(plan.levels) :], dtype=float)
    levels = random.choice(len(plan.levels), incidents, p=shares / shares.sum())
    waits = random.exponential(24 * 60 / given.incidents_per_day, incidents)
    night, bad, shut = (random.random(incidents) for _ in range(3))
    speed = np.where(bad < given.bad_weather_share, given.bad_weather_speed, 1.0)
    speed = speed / np.where(shut < given.road_shut_share, given.road_shut_factor, 1.0)
    return [
        Chances(
            float(waits[i]), int(sites[i]), int(levels[i]), bool(night[i] < given.night_share), float(speed[i]),
            seed * 1_000_003 + i,
        )
        for i in range(incidents)
    ]  # fmt: skip


def stress(
    plan: PlanDocument,
    means: Means,
    given: Assumptions | None = None,
    incidents: int = 2000,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Stress:
    """Run so many incidents. Raises `InputError` before any work when a figure is out of range or there is no place."""
    given = given or Assumptions()
    given.check()
    if not 1 <= incidents <= MOST_INCIDENTS:
        raise InputError("incidents", incidents, f"1 至 {MOST_INCIDENTS} 起")
    if not means.sites or not plan.levels:
        raise InputError("sites", len(means.sites), "至少 1 个可能发生地点和 1 个响应级别")
    simulation = Simulation(plan, means, given)
    simulation.run(draw(plan, means, given, incidents, seed), progress)
    return result(plan, means, simulation, incidents)


def result(plan: PlanDocument, means: Means, run: Simulation, incidents: int) -> Stress:
    cards = tuple(card_result(card, run.tallies[card.key]) for card in plan.tasks if run.tallies[card.key].ran)
    sites = tuple(
        SiteResult(site.name, site.lon, site.lat, run.site_ran[i], run.site_late[i] / run.site_ran[i])
        for i, site in enumerate(means.sites)
        if run.site_ran[i]
    )
    return Stress(
        incidents, run.kept / incidents, run.total_late / incidents, cards,
        tuple(sorted(sites, key=lambda site: -site.late_min)), dict(run.levels),
        len(means.answers_min) >= ENOUGH_ANSWERS,
    )  # fmt: skip


def card_result(card: Card, tally: Tally) -> CardResult:
    late = np.array(tally.late or [0.0])
    total = sum(tally.causes.values())
    return CardResult(
        card.key, card.title, tally.ran, len(tally.late) / tally.ran, float(np.percentile(late, 50)),
        float(np.percentile(late, 90)), len(tally.arrive_late) / tally.arrived if tally.arrived else None,
        float(np.percentile(tally.arrive_late or [0.0], 90)), tally.short / tally.ran,
        {name: many / total for name, many in tally.causes.most_common()},
    )  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change of the means, and what it saves: mean minutes late per incident, and share of incidents kept."""

    title: str
    late_min: float
    saved_min: float
    kept_share: float


def changes(plan: PlanDocument, means: Means, base: Stress) -> list[tuple[str, Means]]:
    """Single changes worth trying, from what made it late: a team nearer, a deputy, a quicker turnout, more in store."""
    found: list[tuple[str, Means]] = []
    worst = max(base.sites, key=lambda site: site.late_min * site.incidents, default=None)
    for card in sorted(plan.tasks, key=lambda one: -next((c.late_share for c in base.cards if c.key == one.key), 0.0)):
        if card.capability and worst is not None:
            found.append(one_more_team(means, card.capability, worst))
            found.append(quicker(means, card.capability))
        elif card.role:
            found += deputy(plan, means, card.role)
        found += [more(means, need.code or need.item, need.item, need.quantity) for need in card.needs]
    return list(dict(found).items())[:10]


def one_more_team(means: Means, capability: str, near: SiteResult) -> tuple[str, Means]:
    """A team stationed at the place that suffers most."""
    at = next(i for i, site in enumerate(means.sites) if site.name == near.name)
    team = TeamState("NEW", "新增队伍", (capability,), near.lon, near.lat, 5.0)
    ways = np.vstack([means.team_min, means.site_min[at]])
    grown = replace(means, teams=(*means.teams, team), team_min=ways)
    return f"在{near.name}增设 1 支“{means.word(capability)}”队伍", grown


def quicker(means: Means, capability: str) -> tuple[str, Means]:
    teams = tuple(
        replace(team, turnout_min=min(team.turnout_min, 3.0)) if capability in team.capabilities else team
        for team in means.teams
    )
    return f"“{means.word(capability)}”队伍出动压到 3 分钟内", replace(means, teams=teams)


def deputy(plan: PlanDocument, means: Means, role_key: str) -> list[tuple[str, Means]]:
    role = plan.role(role_key)
    first = next((means.posts[code] for code in role.posts if code in means.posts), None)
    if first is None:
        return []
    found = []
    if not first.deputy:
        found.append((f"为{first.title}设副岗", {**means.posts, first.code: replace(first, deputy="NEW")}))
    if not first.on_duty:
        found.append(
            (f"{first.title} 24 小时有人值班", {**means.posts, first.code: replace(first, on_duty=1, holders=1)})
        )
    return [(title, replace(means, posts=posts)) for title, posts in found]


def more(means: Means, name: str, shown: str, quantity: float) -> tuple[str, Means]:
    rows = means.holding(name)
    if not rows:
        return f"储备{shown}", means
    stock = tuple(
        replace(row, quantity=max(row.quantity, quantity)) if i in rows else row for i, row in enumerate(means.stock)
    )
    return f"每个存有{shown}的库点备足 {quantity:g}", replace(means, stock=stock)


def helps(
    plan: PlanDocument,
    means: Means,
    base: Stress,
    given: Assumptions | None = None,
    incidents: int = 1000,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[Change]:
    """Every change by what it saves on the same luck, best first; what saves nothing is left out."""
    mark = stress(plan, means, given, incidents, seed, progress)
    tried = []
    for title, variant in changes(plan, means, base):
        after = stress(plan, variant, given, incidents, seed, progress)
        tried.append(Change(title, after.late_min, mark.late_min - after.late_min, after.kept_share))
    return sorted((one for one in tried if one.saved_min > 0.05), key=lambda one: -one.saved_min)
