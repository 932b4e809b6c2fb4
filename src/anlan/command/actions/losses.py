"""Verbs of 灾情统计: begin a process, fill in, submit, accept or send back, go on by the clock, declare stable, keep ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anlan.administration import queries as administration
from anlan.command.common import bump, check_version, exercising, hm, required
from anlan.command.duty import losses as standing
from anlan.command.events import LossesDue, LossesReturned, LossRoundOpened
from anlan.command.models import Incident, LossEntry, LossProcess, LossReturn, LossRound
from anlan.command.models.losses import PERSONAL
from anlan.command.rules import losses
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.facts import NoticeRequested

#: Who fills in for an area; from the district up the bureau submits, with its right to report.
FILL, REPORT = "command.losses", "command.report"
State = LossReturn.State


def correlation(process: LossProcess) -> dict[str, Any]:
    return {"correlation_id": process.incident.correlation_id} if process.incident else {}


@action(REPORT)
def begin_losses(
    by: Actor, *, title: str, hazard: str, area_id: int, occurred_at: datetime, incident_id: int | None = None
) -> LossProcess:
    """建立灾害过程: the 初报 is asked of everybody in the area at once."""
    area, now = Area.objects.filter(pk=area_id).first(), clock.now()
    if area is None:
        raise NotFound(f"没有区划 {area_id}")
    by.require(REPORT, area)
    if hazard not in losses.HAZARDS:
        raise Invalid("hazard", hazard, "、".join(losses.HAZARDS), label="灾种")
    if occurred_at > now:
        raise Invalid("occurred_at", hm(occurred_at), f"不晚于现在（{hm(now)}）", label="发生时间")
    incident = Incident.objects.visible_to(by, REPORT).one(incident_id) if incident_id else None
    open_ones = LossProcess.objects.unscoped("one process of a disaster").filter(
        area=area, hazard=hazard, occurred_at=occurred_at
    )
    if open_ones.exists():
        raise Conflict(
            f"{area.name}{hm(occurred_at)}的{hazard}灾害过程已建立", rule="一次灾害只建一个过程，人口不重复统计"
        )
    row = LossProcess.objects.create(
        title=required("title", title, "名称", 120), hazard=hazard, area=area, occurred_at=occurred_at, incident=incident,
        opened_at=now, opened_by=by.name, dictionary=losses.dictionary().version,
        exercise=exercising() or bool(incident and incident.exercise),
    )  # fmt: skip
    made = open_round(row, losses.INITIAL, now, occurred_at)
    record(by, "建立灾害过程", row, LossRoundOpened(row.pk, made.pk, str(made), title), **correlation(row))
    return row


def open_round(process: LossProcess, kind: str, data_to: datetime, since: datetime) -> LossRound:
    """Ask everybody; what they said before stands in the new form, to be confirmed (零报告)."""
    known = LossRound.objects.unscoped(HELD).filter(process=process)
    last = known.order_by("-id").first()
    made = LossRound.objects.create(
        process=process, kind=kind, serial=known.filter(kind=kind).count() + 1, data_to=data_to, opened_at=clock.now()
    )
    said = (
        {}
        if last is None
        else dict(LossReturn.objects.unscoped(HELD).filter(round=last).values_list("area", "figures"))
    )
    LossReturn.objects.bulk_create(
        LossReturn(round=made, area=area, figures=said.get(area.pk, {}), **owed(kind, area.level, since))
        for area in standing.areas_of(process.area)
    )
    return made


def owed(kind: str, level: int, since: datetime) -> dict[str, Any]:
    found = losses.due(kind, level, since)
    if found is None:
        return {}
    at, limit = found
    return {"due_at": at, "basis": limit.basis, "to_check": limit.to_check}


def hold(by: Actor, permission: str, return_id: int, version: int | None = None) -> LossReturn:
    rows = LossReturn.objects.visible_to(by, permission).select_related("round__process__incident", "area")
    row = rows.one(return_id, lock=True)
    check_version(row, version)
    return row


def newest(row: LossReturn) -> None:
    last = standing.latest(row.round.process)
    if last.pk != row.round_id:
        raise Conflict(f"{row}已由{last}接替", rule="只填报最近一次报送")


@action(FILL)
def fill_losses(by: Actor, return_id: int, figures: Mapping[str, Any], *, version: int | None = None) -> LossReturn:
    """填报: figures as they are known; an empty one is unknown. What was submitted is first to be sent back."""
    row = hold(by, FILL, return_id, version)
    newest(row)
    if row.counts:
        raise Conflict(f"{row}{row.get_state_display()}，须由上级退回后方可修改", rule="已报数据不得自行更改")
    before, known = snapshot(row), losses.dictionary().indicators
    new = dict(row.figures)
    for code, value in figures.items():
        about = known.get(code)
        if about is None:
            raise Invalid(code, value, "制度中的指标", label="指标")
        try:
            new[code] = losses.parsed(code, value)
        except ValueError as error:
            raise Invalid(code, value, str(error), label=about.label, unit=about.unit) from None
    row.figures = {code: value for code, value in new.items() if value is not None}
    bump(row)
    record(by, "填报灾情", row, before=before, **correlation(row.round.process))
    return row


@action(FILL)
def adopt_sum(by: Actor, return_id: int, *, version: int | None = None) -> LossReturn:
    """汇总下级: the sums of what those below have submitted take the place of our own figures."""
    row = hold(by, FILL, return_id, version)
    below = standing.tree(row.round)[row.area_id].sum
    known = {code: value for code, value in below.items() if value is not None}
    if not known:
        raise Conflict(f"{row.area.name}的下级均未报送", rule="汇总以下级已报数据为准")
    return fill_losses(by, return_id, known)


@action(FILL)
def submit_losses(
    by: Actor, return_id: int, *, correction: str = "", explanation: str = "", version: int | None = None
) -> LossReturn:
    """报送: sums within the report must hold; what fell needs its 核减 reason; what differs from below its explanation."""
    row = hold(by, FILL, return_id, version)
    if row.area.level <= Level.DISTRICT:
        by.require(REPORT, row.area)
    newest(row)
    if row.counts:
        raise Conflict(f"{row}{row.get_state_display()}", rule="同一期只报送一次")
    before, now, process = snapshot(row), clock.now(), row.round.process
    node = standing.tree(row.round)[row.area_id]
    check(row, node, correction.strip(), explanation.strip())
    row.state, row.submitted_at, row.submitted_by = State.SUBMITTED, now, by.name
    row.correction, row.explanation = correction.strip()[:400], explanation.strip()[:400]
    row.differences, row.absent = [one.text for one in node.differences], node.absent
    bump(row)
    hurry_above(row, now)
    fact = LossesReturned(row.pk, process.pk, str(row), row.area.level, row.late_min(now) == 0)
    record(by, "报送灾情", row, fact, before=before, reason=correction or explanation, **correlation(process))
    return row


def check(row: LossReturn, node: standing.Node, correction: str, explanation: str) -> None:
    wrong = losses.flaws(row.figures)
    if wrong:
        raise Conflict("；".join(wrong), rule="表内平衡：分项与合计、包含关系")
    last = standing.before(row)
    fell = losses.falls(last.figures, row.figures) if last else []
    if fell and not correction:
        raise Conflict(f"较{last and last.round}，{'、'.join(fell)}，须填写核减理由", rule="累计数不得无故减少")
    doubts = standing.doubts(row, node)
    if doubts and not explanation:
        raise Conflict(f"{'；'.join(doubts)}，须填写差异说明", rule="上级数等于下级合计，不等须说明")
    gaps = standing.ledger_gaps(row) if row.round.kind == losses.FINAL and row.due_at else []
    if gaps:
        raise Conflict("；".join(gaps), rule="核报人员、住房数据须与台账逐条一致")


def hurry_above(row: LossReturn, now: datetime) -> None:
    """初报: the level above has its two hours from when the word came in."""
    limit = losses.dictionary().limits.get((row.round.kind, row.area.level - 1))
    if limit is None or not limit.after_below_h or row.area.parent_id is None:
        return
    from_now = now + (limit.due(now) - now) / limit.hours * limit.after_below_h
    above = LossReturn.objects.unscoped(HELD).filter(round=row.round, area=row.area.parent_id, submitted_at=None)
    above.filter(due_at__gt=from_now).update(due_at=from_now)


@action(FILL)
def decide_losses(by: Actor, return_id: int, passed: bool, note: str = "", *, version: int | None = None) -> LossReturn:
    """审核: the level above accepts, or sends back with the reason; sent back, it is owed again."""
    row = hold(by, FILL, return_id, version)
    above = row.area.parent
    if above is None:
        raise Conflict(f"{row.area.name}为本平台最高一级", rule="由上级部门审核，以其回执为准")
    by.require(FILL, above)
    newest(row)
    if not row.counts:
        raise Conflict(f"{row}{row.get_state_display()}", rule="已报方可审核")
    before = snapshot(row)
    if passed:
        row.state, row.decision = State.ACCEPTED, note.strip()[:200]
    else:
        row.state, row.decision = State.RETURNED, required("note", note, "退回理由", 200)
        row.submitted_at, row.submitted_by = None, ""
    row.decided_at, row.decided_by = clock.now(), by.name
    bump(row)
    record(by, "审核灾情" if passed else "退回灾情", row, before=before, reason=note, **correlation(row.round.process))
    return row


@action(REPORT)
def keep_loss_receipt(by: Actor, return_id: int, receipt: str, peer: str, at: datetime) -> LossReturn:
    """回执 of the superior's platform for what our top level reported."""
    row = hold(by, REPORT, return_id)
    before = snapshot(row)
    row.state, row.decided_at, row.decided_by, row.decision = State.ACCEPTED, at, peer[:80], f"回执 {receipt}"[:200]
    bump(row)
    record(by, "登记灾情回执", row, before=before, **correlation(row.round.process))
    return row


def hold_process(by: Actor, process_id: int, version: int | None = None) -> LossProcess:
    row = LossProcess.objects.visible_to(by, REPORT).select_related("incident", "area").one(process_id, lock=True)
    check_version(row, version)
    return row


@action(REPORT)
def declare_stable(by: Actor, process_id: int, *, version: int | None = None) -> LossProcess:
    """灾情稳定: the daily reports end and the 核报 is owed."""
    row = hold_process(by, process_id, version)
    if row.stable_at:
        raise Conflict(f"{row}已于 {hm(row.stable_at)} 认定稳定", rule="灾情稳定只认定一次")
    before, now = snapshot(row), clock.now()
    row.stable_at, row.stable_by = now, by.name
    bump(row)
    made = open_round(row, losses.FINAL, now, now)
    record(
        by,
        "认定灾情稳定",
        row,
        LossRoundOpened(row.pk, made.pk, str(made), row.title),
        before=before,
        **correlation(row),
    )
    return row


@action(REPORT)
def follow_losses(by: Actor, process_id: int) -> LossRound:
    """续报 by the clock: every midnight (drought: every ten days) the next one is asked of everybody."""
    row = hold_process(by, process_id)
    now = clock.now()
    wanted = losses.next_data_to(standing.latest(row).data_to, now, row.hazard)
    if row.stable_at or wanted is None:
        raise Conflict(f"{row}现无须续报", rule="灾情稳定前每日（旱灾每 10 日）续报")
    made = open_round(row, losses.FOLLOW_UP, wanted, wanted)
    record(by, "开始灾情续报", row, LossRoundOpened(row.pk, made.pk, str(made), row.title), **correlation(row))
    return made


@action(REPORT)
def chase_losses(by: Actor, return_id: int) -> LossReturn:
    """催报, once: the desk of the area that owes the figures, or of the next one above that is manned, is told."""
    row, now = hold(by, REPORT, return_id), clock.now()
    if row.counts or row.due_at is None or row.due_at > now or row.late_told_at:
        raise Conflict(f"{row}无须催报", rule="超期催报一次")
    before = snapshot(row)
    row.late_told_at = now
    row.save(update_fields=["late_told_at"])
    fact = LossesDue(row.pk, row.round.process_id, str(row), row.due_at.isoformat())
    record(by, "灾情催报", row, fact, *told(row, now), before=before, **correlation(row.round.process))
    return row


def told(row: LossReturn, now: datetime) -> list[NoticeRequested]:
    watch = administration.watch(row.area, now)
    people = (watch.officers or watch.leaders) if watch else []
    if not people:
        return []
    person, incident = people[0], row.round.process.incident
    return [
        NoticeRequested(
            to_person_id=person.pk, to_post_id=None, to_name=person.name, phone=person.phone, urgency="high",
            text=f"【灾情统计】{row.round.process}：{row}应于 {hm(row.due_at)} 报送，已超期（{row.basis}）",
            purpose="灾情报送", subject_type="command.LossReturn", subject_id=str(row.pk),
            correlation_id=str(incident.correlation_id) if incident else "",
        )
    ]  # fmt: skip


@action(FILL)
def enter_ledger(
    by: Actor,
    process_id: int,
    *,
    kind: str,
    area_id: int,
    name: str,
    detail: str,
    cause: str = "",
    rooms: int | None = None,
) -> LossEntry:
    """登记台账: one dead or missing person, or one household; personal data of the highest class."""
    area = Area.objects.filter(pk=area_id).first()
    process = LossProcess.objects.unscoped("its area is checked below").filter(pk=process_id).first()
    if area is None or process is None or not area.path.startswith(process.area.path):
        raise Invalid("area_id", area_id, "灾害过程区划以内", label="区划")
    by.require(FILL, area, PERSONAL)
    if kind not in LossEntry.Kind.values:
        raise Invalid("kind", kind, "、".join(LossEntry.Kind.labels), label="台账")
    if rooms is not None and not 0 < rooms <= 100:
        raise Invalid("rooms", rooms, "1~100", label="间数", unit="间")
    row = LossEntry.objects.create(
        process=process, area=area, data_class=PERSONAL, kind=kind, name=required("name", name, "姓名", 40),
        detail=required("detail", detail, "性别年龄、住址", 120), cause=cause.strip()[:120], rooms=rooms,
        entered_at=clock.now(), entered_by=by.name,
    )  # fmt: skip
    record(by, "登记灾情台账", row, **correlation(process))
    return row


@action(FILL)
def strike_entry(by: Actor, entry_id: int, reason: str) -> LossEntry:
    """注销台账: a row is never deleted, it is struck with the reason (found alive, entered twice)."""
    row = LossEntry.objects.visible_to(by, FILL).select_related("process__incident").one(entry_id, lock=True)
    if row.struck_at:
        raise Conflict(f"{row}已注销", rule="只注销一次")
    before = snapshot(row)
    row.struck_at, row.struck_why = clock.now(), required("reason", reason, "注销理由", 200)
    row.save()
    record(by, "注销灾情台账", row, before=before, reason=reason, **correlation(row.process))
    return row
