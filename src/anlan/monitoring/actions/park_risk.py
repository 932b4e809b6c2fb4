"""园区风险告警: each new calculation of a park's risk judged by GB 36894-2018 and by the grade, as alarms that return to normal.

An alarm is a crossing. What has been beyond a limit ever since a park was first worked out is a finding that the park's page and
its report state (不符合项): the law asks for it to be mended, not for the desk to be told of it at every start. A value that has
raised an alarm must fall to `RETURNS` of its limit before that is over, and before it can be crossed again: a risk that swings
about its limit with the wind is one alarm, not twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from anlan.hazards.chemical import criteria
from anlan.kernel.accounts.actor import Actor
from anlan.monitoring.actions.figures import Criterion, Figure, judge_figures
from anlan.monitoring.models import Alarm
from anlan.supervision import queries as supervised
from anlan.supervision.models import Basis, ParkRisk

INDIVIDUAL = Criterion(
    "QRA-INDIVIDUAL", "园区个人风险超过基准", 3, "GB 36894-2018 表 1（模型推算）",
    "核对主要贡献场景的存量与作业，降低存量或暂停装卸，通知防护目标",
)  # fmt: skip
SOCIETAL = Criterion(
    "QRA-SOCIETAL",
    "园区社会风险进入不可接受区",
    2,
    "GB 36894-2018 图 1（模型推算）",
    "核对主要贡献场景与在场人数，减少人员聚集，降低存量",
)
GRADE = Criterion(
    "QRA-GRADE",
    "园区风险等级升高",
    3,
    "本平台指标 k、d，无国家标准公式，待核对",
    "在园区风险页看等级升高的原因与主要贡献场景",
)
CRITERIA = (INDIVIDUAL, SOCIETAL, GRADE)
#: Things that get an alarm of their own at most; targets are kept worst first.
MOST = 20
RETURNS = 0.9
#: Calculations that are asked whether a value has ever been within its limit.
LOOKS_BACK = 200
#: A limit itself is still kept (GB 36894: not above), the door's limits are reached already at the value.
ABOVE = 1 + 1e-9
GRADES = ("低风险", "一般风险", "较大风险", "重大风险")


def judge_park_risk(by: Actor, risk_id: int) -> list[Alarm]:
    """The alarms that one calculation raises or makes higher; those it ends return to normal. An older one is not judged."""
    row = supervised.one_park_risk(by, risk_id)
    newest = supervised.park_risk(by, row.park_id, row.basis)
    if newest is None or newest.pk != row.pk:
        return []
    found: list[Alarm] = []
    for criterion, figures_of in ((INDIVIDUAL, individual), (SOCIETAL, societal), (GRADE, grade)):
        held = standing(criterion, about(row.park_id, row.basis))
        figures = [widened(figure, held, criterion is GRADE) for figure in figures_of(row)[:MOST]]
        new = {figure.subject: figure.band for figure in figures if figure.band and figure.subject not in held}
        known = held | (crossed(new, supervised.park_risks_before(by, row, LOOKS_BACK), figures_of) if new else set())
        told = [figure for figure in figures if figure.subject in known or not figure.band]
        found += judge_figures(by, criterion, about(row.park_id, row.basis), told, row.at)
    return found


def crossed(
    beyond: Mapping[str, str], before: Iterable[ParkRisk], figures_of: Callable[[ParkRisk], list[Figure]]
) -> set[str]:
    """Which of what is beyond a limit now (subject -> band) has once been well within it; none when no calculation came before."""
    left, seen = dict(beyond), False
    for row in before:
        seen = True
        past = {one.subject: one for one in figures_of(row)}
        left = {subject: band for subject, band in left.items() if not within(past.get(subject), band)}
        if not left:
            break
    return set(beyond) - set(left) if seen else set()


def within(figure: Figure | None, band: str) -> bool:
    """Well below the limit of this band; a thing that was not there yet was."""
    return figure is None or figure.value < figure.limits[band] * RETURNS


def forget_stale_parks(by: Actor, at: datetime) -> None:
    """Nobody knows any more how a park without present weather stands: its present alarms are over, and say so."""
    for park in supervised.parks(by):
        if supervised.condition_now(by, park.pk, at) is None:
            for criterion in CRITERIA:
                if standing(criterion, about(park.pk, Basis.CURRENT)):
                    judge_figures(by, criterion, about(park.pk, Basis.CURRENT), [], at)


def about(park_id: int, basis: str) -> str:
    return f"park:{park_id}:{basis}"


def standing(criterion: Criterion, thing: str) -> set[str]:
    """Subjects (of this thing) whose alarm holds."""
    rows = Alarm.objects.unscoped("computed figures are judged everywhere")
    known = rows.filter(rule__code=criterion.code, subject__startswith=f"c:{thing}:", active=True)
    return {subject.removeprefix(f"c:{thing}:") for subject in known.values_list("subject", flat=True)}


def widened(figure: Figure, held: set[str], steps: bool) -> Figure:
    """Limits of an alarm that holds lie lower; a grade has no between."""
    if figure.subject not in held or steps:
        return figure
    return Figure(**{**vars(figure), "limits": {band: level * RETURNS for band, level in figure.limits.items()}})


def figure(row: ParkRisk, subject: str, title: str, value: float, limits: dict[str, float], **more: Any) -> Figure:
    known = {"unit": "", "lon": row.park.lon, "lat": row.park.lat, "why": row.reason, **more}
    return Figure(
        subject=subject, title=f"{row.park.name}：{title}（{row.get_basis_display()}）"[:160], value=value, limits=limits,
        area=row.area, url=f"/supervision/parks/{row.park_id}/?basis={row.basis}", source="园区风险",
        data_class=row.data_class, **known,
    )  # fmt: skip


def place_key(target: dict[str, Any]) -> str:
    """Short and the same each time: rows keep no key of the register."""
    words = " ".join(str(target[name]) for name in ("name", "lon", "lat"))
    return f"{crc32(words.encode()):08x}"


def individual(row: ParkRisk) -> list[Figure]:
    """Each protection target against the limit of its class."""
    return [
        figure(
            row, place_key(one),
            f"{one['name']}（{one['class']}）个人风险 {one['risk']:.1e}/年，限值 {one['limit']:.0e}/年", one["risk"],
            {"hi": one["limit"] * ABOVE}, unit="1/年", lon=one["lon"], lat=one["lat"],
            why="；".join(f"{part['name']} {part['outcome']} {part['share']:.0%}" for part in one["top"][:3]) or row.reason,
        )
        for one in row.targets
    ]  # fmt: skip


def societal(row: ParkRisk) -> list[Figure]:
    """How often so many die over the upper line of the F-N diagram, at its worst; and the most that may die, by its cut-off."""
    if row.d is None:
        return []
    over = 10.0**row.d
    top = "；".join(f"{one['name']} {one['share']:.0%}" for one in row.contributors[:3])
    title = f"社会风险为上限的 {over:.2g} 倍，{row.zone}"
    most = max((n for n, often in row.fn if often > 0), default=0.0)
    ends = f"一次事故最多可致 {most:.0f} 人死亡，F-N 图截止于 {criteria.N_CUT} 人（待核对）"
    return [
        figure(row, "fn", title, over, {"hi": 1.0 * ABOVE}, unit="倍", why=top or row.reason),
        figure(row, "n", ends, most, {"hi": float(criteria.N_CUT)}, unit="人", why=top or row.reason),
    ]


def grade(row: ParkRisk) -> list[Figure]:
    """1 low to 4 grave: grave is the outer limit."""
    level = GRADES.index(row.grade) + 1
    return [figure(row, "grade", f"风险等级为{row.grade}", float(level), {"hi": 3.0, "hihi": 4.0}, unit="级")]
