"""预案体检: what a plan promises that its means cannot keep, what it lacks, where it contradicts another. Pure.

Contents: 突发事件应对法 (2024) art 28; 突发事件应急预案管理办法 (国办发〔2024〕5号); for enterprises GB/T 29639-2020
(待核对 clause by clause). Review every three years and drills: RULES.md section 8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from anlan.command.plans.document import Card, PlanDocument
from anlan.command.plans.means import Means
from anlan.command.rules import drills

ERROR, WARNING, HINT = "错误", "警告", "提示"
#: 国办发〔2024〕5号: evaluated in principle every three years.
REVIEW_MONTHS = 36
LAW_28 = "突发事件应对法（2024）第二十八条"
RULES_5 = "突发事件应急预案管理办法（国办发〔2024〕5号）"
#: Share of places that must be reached in time before a target counts as kept.
ENOUGH = 0.9


@dataclass(frozen=True)
class Finding:
    """`grade` 错误 (cannot work), 警告 (will be late or thin), 提示; `where` names the part of the plan; `basis` the clause."""

    grade: str
    where: str
    what: str
    advice: str
    basis: str = ""


def lint(plan: PlanDocument, means: Means, today: date) -> list[Finding]:
    """All findings, the gravest first, in the order of the plan."""
    found = [
        *staffing(plan, means),
        *forces(plan, means),
        *supplies(plan, means),
        *times(plan),
        *conditions(plan),
        *contents(plan),
        *contradictions(plan, means),
        *dates(plan, means, today),
    ]
    return sorted(found, key=lambda one: (ERROR, WARNING, HINT).index(one.grade))


def staffing(plan: PlanDocument, means: Means) -> Iterator[Finding]:
    """Every role has a registered post, somebody on it, somebody on duty, and somebody to escalate to."""
    for role in plan.roles:
        where = f"组织 {role.title}"
        known = [means.posts[code] for code in role.posts if code in means.posts]
        unknown = [code for code in role.posts if code not in means.posts]
        if unknown:
            yield Finding(
                WARNING if known else ERROR,
                where,
                f"岗位 {'、'.join(unknown)} 未登记",
                "在岗位登记簿中补登或改用已登记的岗位",
            )
        if known and not any(post.holders for post in known):
            yield Finding(ERROR, where, f"{'、'.join(post.title for post in known)}无人任职", "为岗位指定人员", LAW_28)
        elif known and not any(post.on_duty for post in known):
            yield Finding(
                HINT, where, f"{known[0].title}此刻无人值班，只能找到不在班的人", "排班，或写明非值班时间的联系方式"
            )
        if known and len(known) == 1 and not known[0].deputy:
            yield Finding(WARNING, where, f"{known[0].title}没有副岗，无人应答时无处升级", "指定副岗或第二岗位")
    used = Counter(code for role in plan.roles for code in role.posts[:1])
    for code, times_used in used.items():
        if times_used > 1:
            titles = "、".join(role.title for role in plan.roles if role.posts[:1] == (code,))
            yield Finding(WARNING, f"岗位 {code}", f"同时是{titles}的首选", "一人难以同时履行多个角色，调整首选岗位")


def forces(plan: PlanDocument, means: Means) -> Iterator[Finding]:
    """Enough teams that can, near enough for the arrival target at most of the places."""
    for card in plan.tasks:
        if not card.capability:
            continue
        where, able = f"任务卡 {card.title}", means.able(card.capability)
        if len(able) < card.count:
            what = f"需要 {card.count} 支“{means.word(card.capability)}”队伍，登记在册可用 {len(able)} 支"
            yield Finding(ERROR, where, what, "补充队伍，或与邻近地区签订互助协议")
        elif card.arrive_min is not None and means.sites:
            yield from reach(card, where, means, able)
    yield from rivals(plan, means)


def reach(card: Card, where: str, means: Means, able: list[int]) -> Iterator[Finding]:
    """The count-th nearest team decides. The worst place is named."""
    turnout = np.array([means.teams[i].turnout_min for i in able])
    arrival = np.sort(means.team_min[able] + turnout[:, None], axis=0)[card.count - 1]
    weights = np.array([site.weight for site in means.sites])
    in_time = float(weights[arrival <= card.arrive_min].sum() / weights.sum())
    if in_time < ENOUGH:
        worst = int(arrival.argmax())
        far = f"最远 {means.sites[worst].name} 要 {arrival[worst]:.0f} 分钟"
        what = f"到场目标 {card.arrive_min:g} 分钟只在 {in_time:.0%} 的可能地点做得到；{far}"
        yield Finding(ERROR if in_time < 0.5 else WARNING, where, what, "前置队伍，或按实际修订目标")


def rivals(plan: PlanDocument, means: Means) -> Iterator[Finding]:
    """Cards of one level that together ask for more teams than there are: one team cannot be in two places."""
    for rule in plan.levels:
        cards = [card for card in plan.cards(rule.level) if card.capability and not card.depends_on]
        wanted = sum(card.count for card in cards)
        pool = {i for card in cards for i in means.able(card.capability)}
        if cards and wanted > len(pool):
            what = f"同时要 {wanted} 支队伍，能胜任的只有 {len(pool)} 支"
            yield Finding(ERROR, f"{rule.level}响应", what, "错开任务，或补充队伍")


def supplies(plan: PlanDocument, means: Means) -> Iterator[Finding]:
    """What the cards need is in store, in quantity, and can be there before the card's deadline."""
    for card in plan.tasks:
        for need in card.needs:
            where, name = f"任务卡 {card.title}", need.code or need.item
            rows = means.holding(name)
            total = sum(means.stock[i].quantity for i in rows)
            if total < need.quantity:
                what = f"需要 {need.item} {need.quantity:g} {need.unit}，全市库存 {total:g} {need.unit}"
                yield Finding(ERROR, where, what, "补充储备，或与企业签订代储协议", LAW_28)
            elif means.sites and len(rows):
                soonest = means.stock_min[rows].min(axis=0)
                worst = int(soonest.argmax())
                if soonest[worst] > card.deadline_min:
                    far = f"{need.item}运到{means.sites[worst].name}最快要 {soonest[worst]:.0f} 分钟"
                    what = f"{far}，任务限 {card.deadline_min:g} 分钟"
                    yield Finding(WARNING, where, what, "就近前置储备")


def times(plan: PlanDocument) -> Iterator[Finding]:
    """Deadlines that contradict each other."""
    by_key = {card.key: card for card in plan.tasks}
    for card in plan.tasks:
        where = f"任务卡 {card.title}"
        if card.acknowledge_min >= card.deadline_min:
            yield Finding(
                ERROR,
                where,
                f"确认时限 {card.acknowledge_min:g} 分钟不短于完成时限 {card.deadline_min:g} 分钟",
                "确认须早于完成",
            )
        if card.arrive_min is not None and card.arrive_min >= card.deadline_min:
            yield Finding(
                ERROR,
                where,
                f"到场目标 {card.arrive_min:g} 分钟不短于完成时限 {card.deadline_min:g} 分钟",
                "留出处置时间",
            )
        if card.arrive_min is not None and not card.capability:
            yield Finding(HINT, where, "由岗位承办却有到场目标", "到场目标只对队伍考核")
    for rule in plan.levels:
        longest = max((chain(card, by_key) for card in plan.cards(rule.level)), default=0.0)
        if longest > rule.expected_hours * 60:
            what = f"任务链最长 {longest / 60:.1f} 小时，超过预计期限 {rule.expected_hours:g} 小时"
            yield Finding(WARNING, f"{rule.level}响应", what, "缩短任务链或修订预计期限")


def chain(card: Card, by_key: dict[str, Card]) -> float:
    """Minutes from the start until this card must be done, through what it waits for (the loader refuses cycles)."""
    return card.deadline_min + max(
        (chain(by_key[key], by_key) for key in card.depends_on if key in by_key), default=0.0
    )


def conditions(plan: PlanDocument) -> Iterator[Finding]:
    """Levels that can never be told apart, levels without tasks, levels out of order."""
    seen: dict[str, str] = {}
    for rule in plan.levels:
        if rule.when in seen:
            yield Finding(ERROR, f"{rule.level}响应", f"启动条件与{seen[rule.when]}相同，永远轮不到", "区分两级的条件")
        seen.setdefault(rule.when, rule.level)
        if not plan.cards(rule.level):
            yield Finding(ERROR, f"{rule.level}响应", "没有任务卡，启动后无事可做", "为该级别配置任务卡", LAW_28)
    sizes = [(rule.level, len(plan.cards(rule.level))) for rule in plan.levels]
    for (upper, many), (lower, more) in pairwise(sizes):
        if many < more:
            yield Finding(
                WARNING,
                f"{upper}响应",
                f"任务 {many} 项，比更轻的{lower}响应（{more} 项）还少",
                "高级别应包含低级别的任务",
            )


def contents(plan: PlanDocument) -> Iterator[Finding]:
    """What the law wants every plan to say."""
    phases = {card.phase for card in plan.tasks}
    asks = [
        (bool(plan.roles), "组织指挥体系与职责", "补充组织与岗位"),
        (all(role.duty for role in plan.roles), "各组织的职责（有的角色没有写）", "为每个角色写明职责"),
        (plan.targets.warning_min is not None, "预防与预警机制（没有预警时限目标）", "在 targets 中写明 warning_min"),
        (bool(phases & {"先期处置", "应急响应", "救援处置"}), "处置程序", "补充处置阶段的任务卡"),
        (any(card.needs for card in plan.tasks), "应急保障措施（没有任务卡写明所需物资）", "在任务卡中写明所需物资"),
        ("后期处置" in phases, "事后恢复与重建措施（没有后期处置的任务）", "补充后期处置任务卡"),
    ]
    for there, what, advice in asks:
        if not there:
            yield Finding(WARNING, "内容", f"缺少：{what}", advice, LAW_28)
    if not plan.basis:
        yield Finding(HINT, "内容", "没有写编制依据", "写明依据的法律和上位预案", RULES_5)
    if plan.targets.first_report_min is None:
        yield Finding(HINT, "目标", "没有首报时限目标", "在 targets 中写明 first_report_min")


def contradictions(plan: PlanDocument, means: Means) -> Iterator[Finding]:
    """Beside other plans for the same events: the plan above may not be slower in what it asks of the one below."""
    mine = {code for role in plan.roles for code in role.posts}
    for other in means.others:
        above = other.rank < means.rank
        pairs = (("首报", plan.targets.first_report_min, other.first_report_min),
                 ("首次派遣", plan.targets.first_dispatch_min, other.first_dispatch_min))  # fmt: skip
        for name, ours, theirs in pairs:
            if above and ours is not None and theirs is not None and ours > theirs:
                what = f"{name}时限 {ours:g} 分钟，比上位预案《{other.title}》的 {theirs:g} 分钟宽"
                yield Finding(ERROR, "目标", what, "下位预案不得宽于上位预案", RULES_5)
        if other.rank == means.rank and other.superior and other.superior != plan.report.superior:
            what = f"呈报 {plan.report.superior}，同级《{other.title}》呈报 {other.superior}"
            yield Finding(WARNING, "报告", what, "统一同类事件的呈报单位")
        shared = mine & set(other.posts)
        if other.rank != means.rank and shared:
            what = f"岗位 {'、'.join(sorted(shared))} 在《{other.title}》中同时承担任务"
            yield Finding(WARNING, "组织", what, "两级同时响应时一人不能两处任职")


def dates(plan: PlanDocument, means: Means, today: date) -> Iterator[Finding]:
    """When it must be looked through again, and drilled."""
    due = drills.add_months(date.fromisoformat(plan.issued_on), REVIEW_MONTHS)
    if due < today:
        yield Finding(ERROR, "修订", f"发布于 {plan.issued_on}，应在 {due} 前评估修订", "组织评估", RULES_5)
    elif due - today < timedelta(days=180):
        yield Finding(WARNING, "修订", f"将于 {due} 满三年", "安排评估修订", RULES_5)
    kind = {
        "总体": "government_overall",
        "专项": "government_special",
        "部门": "department",
        "乡镇街道": "township",
    }.get(plan.kind)
    if kind is None:
        return
    cycle = drills.strictest(kind, today)
    if means.last_drill is None:
        yield Finding(WARNING, "演练", "没有演练记录", f"每 {cycle.months} 个月至少演练一次", cycle.basis)
    elif (again := drills.drill_due(kind, means.last_drill, today)) < today:
        yield Finding(ERROR, "演练", f"上次演练 {means.last_drill}，{again} 前应再次演练", "安排演练", cycle.basis)
