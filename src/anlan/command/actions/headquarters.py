"""Verbs of the command post: set up, name groups, hand over command, plan the next period, dissolve."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from anlan.administration import queries as administration
from anlan.command.common import Kind, bump, check_version, hm, hold_open, required, tell
from anlan.command.events import CommandTransferred, HeadquartersChanged
from anlan.command.models import CommandGroup, CommandTransfer, Headquarters, Incident, Period, Response
from anlan.command.rules import structure
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.models import Post
from anlan.resources import queries as resources

VERB = "command.respond"


def hold_post(by: Actor, headquarters_id: int, version: int | None = None) -> Headquarters:
    """The command post, locked, as long as it stands."""
    row = Headquarters.objects.visible_to(by, VERB).select_related("incident__area").one(headquarters_id, lock=True)
    if row.dissolved_at:
        raise Conflict(f"{row}已于 {hm(row.dissolved_at)} 撤销", rule="指挥部撤销后不再变更")
    check_version(row, version)
    return row


def groups_of(incident: Incident) -> list[dict[str, str]]:
    """As the plan at work names them with who holds the post now; without a plan the usual ones."""
    response = Response.objects.unscoped(HELD).filter(incident=incident, state=Response.State.ACTIVE).first()
    if response is None:
        return [{"key": key, "title": title, "duty": duty} for key, title, duty in structure.DEFAULT_GROUPS]
    document, now = response.plan_version.document(), clock.now()
    lead = document.level(response.level)
    return [
        {"key": role.key, "title": role.title[:60], "organisation": role.organisation[:80], "duty": role.duty[:200],
         **holder_of(role.posts, now)}
        for role in document.roles
        if lead is None or role.key != lead.lead
    ]  # fmt: skip


def holder_of(codes: tuple[str, ...], at: datetime) -> dict[str, str]:
    """Name and telephone of whoever holds the first of these posts that has somebody."""
    known = {post.code: post for post in Post.objects.unscoped("the plan names posts").filter(code__in=codes)}
    for code in codes:
        people = administration.holders(known[code].pk, at) if code in known else []
        if people:
            return {"leader": people[0].name[:40], "phone": people[0].phone[:40]}
    return {}


@action(VERB)
def set_up_headquarters(
    by: Actor, incident_id: int, *, place: str, commander: str, title: str, name: str = "",
    lon: float | None = None, lat: float | None = None,
) -> Headquarters:  # fmt: skip
    """成立现场指挥部: with a commander from the first minute, and the groups of the plan."""
    incident = hold_open(by, VERB, incident_id)
    now = clock.now()
    standing = Headquarters.objects.unscoped(HELD).filter(incident=incident, dissolved_at=None).first()
    if standing:
        raise Conflict(f"{standing}已于 {hm(standing.set_up_at)} 成立", rule="一起事件同时只有一个现场指挥部")
    row = Headquarters.objects.create(
        incident=incident, name=(name.strip() or f"{incident.title}现场指挥部")[:80],
        place=required("place", place, "地点", 120), commander=required("commander", commander, "总指挥", 40),
        commander_title=required("title", title, "职务", 60), lon=incident.lon if lon is None else lon,
        lat=incident.lat if lat is None else lat, set_up_at=now, set_up_by=by.name,
    )  # fmt: skip
    for order, group in enumerate(groups_of(incident)):
        CommandGroup.objects.create(headquarters=row, order=order, **group)
    CommandTransfer.objects.create(
        headquarters=row, at=now, to_name=row.commander, to_title=row.commander_title, reason="成立指挥部",
        briefing="首任", by=by.name,
    )  # fmt: skip
    text = f"成立{row.name}（{row.place}），总指挥 {row.commander_title} {row.commander}"
    tell(incident, Kind.RESPONSE, text, by.name, lon=row.lon, lat=row.lat)
    changed(by, row, "成立现场指挥部")
    return row


def changed(by: Actor, row: Headquarters, verb: str, before: dict[str, Any] | None = None, reason: str = "") -> None:
    fact = HeadquartersChanged(row.pk, row.incident_id, verb)
    record(by, verb, row, fact, before=before, reason=reason[:400], correlation_id=row.incident.correlation_id)


@action(VERB)
def transfer_command(
    by: Actor, headquarters_id: int, to_name: str, to_title: str, reason: str, briefing: str, *,
    version: int | None = None,
) -> Headquarters:  # fmt: skip
    """移交指挥权: there is always exactly one commander; the successor is briefed before, and the brief is kept."""
    row = hold_post(by, headquarters_id, version)
    before, now, was = snapshot(row), clock.now(), row.commander
    to_name, to_title = required("to_name", to_name, "接任人", 40), required("to_title", to_title, "职务", 60)
    if (to_name, to_title) == (row.commander, row.commander_title):
        raise Conflict(f"{to_name}已是总指挥", rule="移交须有不同的接任人")
    CommandTransfer.objects.create(
        headquarters=row, at=now, from_name=was, to_name=to_name, to_title=to_title,
        reason=required("reason", reason, "移交理由", 200), briefing=required("briefing", briefing, "交接要点", 400),
        by=by.name,
    )  # fmt: skip
    row.commander, row.commander_title, row.person = to_name, to_title, None
    bump(row)
    tell(row.incident, Kind.RESPONSE, f"指挥权由{was}移交{to_title} {to_name}：{reason.strip()}", by.name)
    fact = CommandTransferred(row.pk, row.incident_id, was, to_name, now.isoformat())
    record(by, "移交指挥权", row, fact, before=before, reason=reason[:400], correlation_id=row.incident.correlation_id)
    return row


@action(VERB)
def set_group(
    by: Actor, headquarters_id: int, key: str, *, leader: str, phone: str = "", channel: str = "", title: str = "",
    organisation: str = "", duty: str = "", version: int | None = None,
) -> CommandGroup:  # fmt: skip
    """设置工作组: a new one, or another leader, telephone or radio channel of one that is there."""
    row = hold_post(by, headquarters_id, version)
    group = CommandGroup.objects.unscoped(HELD).filter(headquarters=row, key=key).first()
    before = snapshot(group) if group else None
    if group is None:
        title = required("title", title, "组名", 60)
        group = CommandGroup(headquarters=row, key=(key or title)[:40], title=title, order=row.groups.count())
        if CommandGroup.objects.unscoped(HELD).filter(headquarters=row, key=group.key).exists():
            raise Conflict(f"已有{group.title}", rule="每类工作组一个")
    was = group.leader
    group.leader = required("leader", leader, "组长", 40)
    for name, value, most in (
        ("phone", phone, 40), ("channel", channel, 40), ("organisation", organisation, 80), ("duty", duty, 200),
    ):  # fmt: skip
        if value.strip():
            setattr(group, name, value.strip()[:most])
    group.save()
    if was != group.leader:
        CommandTransfer.objects.create(
            headquarters=row, at=clock.now(), group=group.title[:40], from_name=was, to_name=group.leader,
            reason="指定组长", briefing="—", by=by.name,
        )  # fmt: skip
        tell(
            row.incident,
            Kind.RESPONSE,
            f"{group.title}组长：{group.leader}" + (f"（原 {was}）" if was else ""),
            by.name,
        )
    bump(row)
    fact = HeadquartersChanged(row.pk, row.incident_id, "设置工作组")
    record(by, "设置工作组", group, fact, before=before, correlation_id=row.incident.correlation_id)
    return group


@action(VERB)
def plan_period(
    by: Actor, headquarters_id: int, hours: float, situation: str, objectives: str, *, version: int | None = None
) -> Period:
    """拟定作战周期: the next one begins when the last ends (the first one now); approved by whoever commands."""
    row = hold_post(by, headquarters_id, version)
    last = Period.objects.unscoped(HELD).filter(headquarters=row).order_by("-number").first()
    now = clock.now()
    begins = max(last.ends_at, now) if last else now
    if not isinstance(hours, int | float) or not 0.5 <= hours <= 72:
        raise Invalid("hours", hours, "0.5~72", label="时长", unit="h")
    listed = structure.objectives_of(objectives)
    if wrong := structure.objectives_wrong(listed):
        raise Invalid("objectives", objectives[:60], wrong, label="目标")
    ends = begins + timedelta(hours=hours)
    if wrong := structure.period_wrong(begins, ends, last.ends_at if last else None):
        raise Invalid("hours", hours, wrong, label="周期")
    if last and last.begins_at > now:
        raise Conflict(f"{last}还未开始（{hm(last.begins_at)}）", rule="只拟定下一个周期")
    period = Period.objects.create(
        headquarters=row, number=last.number + 1 if last else 1, begins_at=begins, ends_at=ends,
        situation=required("situation", situation, "态势与风险", 600), objectives=listed, approved_by=row.commander,
    )  # fmt: skip
    bump(row)
    tell(row.incident, Kind.RESPONSE, f"{period}（{hm(begins)}~{hm(ends)}）：{len(listed)} 条目标", by.name)
    fact = HeadquartersChanged(row.pk, row.incident_id, "拟定作战周期")
    record(by, "拟定作战周期", period, fact, correlation_id=row.incident.correlation_id)
    return period


@action(VERB)
def reach_objective(by: Actor, period_id: int, index: int, *, version: int | None = None) -> Period:
    """目标完成, by the clock of now."""
    period = (
        Period.objects.visible_to(by, VERB).select_related("headquarters__incident__area").one(period_id, lock=True)
    )
    check_version(period, version)
    if not 0 <= index < len(period.objectives):
        raise Invalid("index", index, f"0~{len(period.objectives) - 1}", label="目标")
    one = period.objectives[index]
    if one["done_at"]:
        raise Conflict(f"“{one['text']}”已于 {one['done_at'][11:16]} 完成", rule="目标只完成一次")
    before = snapshot(period)
    period.objectives[index] = {**one, "done_at": clock.now().astimezone(clock.BEIJING).isoformat(), "done_by": by.name}
    bump(period)
    incident = period.headquarters.incident
    tell(incident, Kind.RESPONSE, f"{period}目标完成：{one['text']}", by.name)
    fact = HeadquartersChanged(period.headquarters_id, incident.pk, "目标完成")
    record(by, "目标完成", period, fact, before=before, correlation_id=incident.correlation_id)
    return period


@action(VERB)
def dissolve_headquarters(by: Actor, headquarters_id: int, reason: str, *, version: int | None = None) -> Headquarters:
    """撤销现场指挥部. Nobody may be left in a danger zone without a commander."""
    row = hold_post(by, headquarters_id, version)
    inside = resources.people_inside(row.incident.correlation_id)
    if inside:
        names = "、".join(inside[:5])
        raise Conflict(f"危险区内还有 {len(inside)} 人（{names}）", rule="区内人员全部撤出后方可撤销指挥部")
    before = snapshot(row)
    row.dissolved_at, row.dissolved_by = clock.now(), by.name
    reason = required("reason", reason, "撤销理由", 200)
    bump(row)
    tell(row.incident, Kind.RESPONSE, f"撤销{row.name}：{reason}", by.name)
    changed(by, row, "撤销现场指挥部", before, reason)
    return row
