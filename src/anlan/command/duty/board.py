"""值班席: everything that has a clock, in one list by urgency, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.administration import queries as administration
from anlan.administration.queries import Watch
from anlan.command import queries
from anlan.command.models import Bulletin, Callee, CallRecord, CallRound, InstructionItem, Task
from anlan.command.queries import Desk
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.models import Area

VIEW = "command.view"


@dataclass(frozen=True)
class Due:
    """One thing to do by a moment."""

    at: datetime
    kind: str
    title: str
    detail: str
    url: str
    to_check: bool = False
    #: Belongs to a drill: nobody is to be troubled for it in earnest.
    exercise: bool = False


@dataclass(frozen=True)
class Calling:
    """One open round: who is still unanswered, for how long."""

    round: CallRound
    total: int
    answered: int
    waiting: list[Callee]
    #: Of whom nobody has answered, neither they nor anybody in their stead.
    silent: list[Callee]
    minutes: int


@dataclass(frozen=True)
class Board:
    """The desk at one moment."""

    desk: Desk
    due: list[Due]
    callings: list[Calling]
    items: list[InstructionItem]
    calls: list[CallRecord]
    bulletins: list[Bulletin]
    watch: Watch | None


def board(actor: Actor) -> Board:
    now, desk = clock.now(), queries.desk(actor)
    callings, items = open_callings(actor, now), open_items(actor)
    return Board(
        desk=desk,
        due=sorted(everything_due(desk, callings, items), key=lambda one: one.at),
        callings=callings,
        items=items,
        calls=list(CallRecord.objects.visible_to(actor, VIEW).select_related("incident")[:6]),
        bulletins=list(
            Bulletin.objects.visible_to(actor, VIEW).exclude(state__in=["sent", "received"]).defer("picture")[:6]
        ),
        watch=watch_of(actor, now),
    )


def watch_of(actor: Actor, now: datetime) -> Watch | None:
    """Who keeps the watch over the widest area this actor works for."""
    paths = [path for path, _limit in actor.scopes(VIEW)]
    area = Area.objects.filter(path__in=paths).order_by("level", "path").first()
    area = area or Area.objects.order_by("level", "path").first()
    return administration.watch(area, now) if area else None


def open_callings(actor: Actor, now: datetime) -> list[Calling]:
    rounds = CallRound.objects.visible_to(actor, VIEW).filter(closed_at__isnull=True).select_related("incident", "area")
    return [calling(row, now) for row in rounds.prefetch_related("callees")]


def calling(row: CallRound, now: datetime) -> Calling:
    rows = list(row.callees.all())
    waiting = [one for one in rows if one.state == Callee.State.WAITING]
    answered = sum(one.state == Callee.State.ANSWERED for one in rows)
    minutes = round((now - row.started_at).total_seconds() / 60)
    return Calling(row, len(rows), answered, waiting, row.silent(), minutes)


def asked_now(one: Calling) -> Iterator[Callee]:
    """Whose answer is awaited; where the chain has come to its end, who was called first: that is overdue."""
    yield from one.waiting
    chained = {callee.pk: callee.instead_of_id for callee in one.round.callees.all()}
    open_ends = set()
    for callee in one.waiting:
        pk: int | None = callee.pk
        while pk is not None:
            open_ends.add(pk)
            pk = chained.get(pk)
    yield from (callee for callee in one.silent if callee.pk not in open_ends)


def open_items(actor: Actor) -> list[InstructionItem]:
    rows = InstructionItem.objects.visible_to(actor, VIEW).filter(done_at__isnull=True)
    return list(rows.select_related("instruction__incident").order_by("due_at"))


def words_of(duty: Any) -> dict[str, str]:
    """Who owes what to whom, in the language of the page."""
    found = {
        "party": duty.party_name,
        "kind": duty.kind,
        "channel": duty.get_channel_display(),
        "receiver": duty.receiver,
    }
    return {name: _(str(text)) if text else "" for name, text in found.items()}


def everything_due(desk: Desk, callings: list[Calling], items: list[InstructionItem]) -> Iterator[Due]:
    for duty in desk.clocks:
        if not (duty.incident.is_open or duty.party.startswith(duty.incident.desk)):
            continue  # another party's old debt is in the incident's own page
        url = reverse("incident", args=[duty.incident_id]) + "?tab=reports"
        title = _("%(party)s%(kind)s（%(channel)s）→ %(receiver)s") % words_of(duty)
        yield Due(
            duty.due_at,
            "report",
            title,
            f"{duty.incident.title} · {duty.basis}",
            url,
            duty.to_check,
            duty.incident.exercise,
        )
    for task in desk.waiting:
        if task.acknowledge_by:
            yield of_task(task, task.acknowledge_by, "确认任务")
    for task in desk.late:
        if task.due_at:
            yield of_task(task, task.due_at, "完成任务")
    for one in callings:
        for callee in asked_now(one):
            url, detail = reverse("calling", args=[one.round.pk]), f"{callee.phone} · {one.round.title}"
            yield Due(callee.answer_by, "call", f"叫应：{callee}", detail, url, exercise=one.round.exercise)
    for item in items:
        detail, incident = f"{item.owner} · {item.instruction.leader}", item.instruction.incident
        drill = incident is not None and incident.exercise
        yield Due(item.due_at, "order", f"批示：{item.what}", detail, reverse("instructions"), exercise=drill)


def of_task(task: Task, at: datetime, what: str) -> Due:
    url = reverse("incident", args=[task.incident_id]) + "?tab=tasks"
    detail = f"{task.assignee} · {task.incident.title}"
    return Due(at, "task", f"{what}：{task.title}", detail, url, exercise=task.incident.exercise)
