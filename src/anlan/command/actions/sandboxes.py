"""Verbs of a drill's sandbox: order it, direct it, stop it; and what the worker keeps of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from anlan import sandbox
from anlan.command import numbering
from anlan.command.actions.drills import hold, keep_drill
from anlan.command.common import required
from anlan.command.duty import sandboxes
from anlan.command.events import SandboxChanged
from anlan.command.models import SandboxRun
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import AnlanError, Conflict, Invalid

VERB = "command.review"
#: A second city beside the live one is all a server is expected to carry.
MOST_AT_ONCE = 1
INJECTS = ("clue", "note", "casualties")
State = SandboxRun.State


def bounded(field: str, value: float | None, least: float, most: float, label: str, unit: str) -> float | None:
    if value is not None and not least <= value <= most:
        raise Invalid(field, value, f"{least:g}~{most:g}", label=label, unit=unit)
    return value


@action(VERB)
def start_sandbox(
    by: Actor, drill_id: int, scenario: str, *, people: str = "live", minutes: float | None = None,
    speed: float | None = None, today: bool = True,
) -> SandboxRun:  # fmt: skip
    """启动演练沙盒: an installation of its own. Into it goes a copy of today's registers (`duty.today`: nobody's telephone
    number, no personal data, no secret) or just the city package; out of it comes only the record."""
    drill = hold(by, drill_id, "planned", "held")
    if sandbox.name():
        raise Conflict("这里就是演练沙盒", rule="沙盒内不再启动沙盒")
    known = [story.name for story in sandboxes.stories()]
    if scenario not in known:
        raise Invalid("scenario", scenario, "、".join(known), label="场景")
    if people not in SandboxRun.People.values:
        raise Invalid("people", people, "、".join(SandboxRun.People.labels), label="处置方式")
    numbering.lock()
    running = SandboxRun.objects.unscoped("the server carries so many, whoever ordered them")
    others = list(running.filter(state__in=sandboxes.ALIVE).select_related("drill"))
    if len(others) >= MOST_AT_ONCE:
        raise Conflict(f"{others[0]}{others[0].get_state_display()}", rule=f"同时至多 {MOST_AT_ONCE} 个演练沙盒")
    serial = running.filter(drill=drill).count() + 1
    row = SandboxRun.objects.create(
        drill=drill, name=f"{drill.number}-{serial}".lower(), scenario=scenario, people=people, today=today,
        minutes=bounded("minutes", minutes, 1, 720, "时长", "min"), speed=bounded("speed", speed, 0.1, 600, "倍速", "倍"),
        ordered_at=clock.now(), ordered_by=by.name,
    )  # fmt: skip
    record(by, "启动演练沙盒", row, SandboxChanged(row.pk, drill.pk, row.state))
    return row


def hold_run(by: Actor, run_id: int) -> SandboxRun:
    row = SandboxRun.objects.visible_to(by, VERB).select_related("drill__area").one(run_id, lock=True)
    if row.state not in sandboxes.ALIVE:
        raise Conflict(f"{row}{row.get_state_display()}", rule="沙盒关闭后不再变更")
    return row


@action(VERB)
def stop_sandbox(by: Actor, run_id: int) -> SandboxRun:
    """停止: the record is written before it closes."""
    row = hold_run(by, run_id)
    if row.stop_by:
        raise Conflict(f"{row.stop_by}已要求停止", rule="只停止一次")
    before = snapshot(row)
    row.stop_by = by.name
    if row.state == State.ORDERED:
        row.state, row.ended_at = State.ENDED, clock.now()
    row.save()
    record(by, "停止演练沙盒", row, SandboxChanged(row.pk, row.drill_id, row.state), before=before)
    return row


@action(VERB)
def direct_sandbox(by: Actor, /, run_id: int, kind: str, text: str, **more: Any) -> SandboxRun:
    """追加导调: laid into the sandbox's box; whether its desk took it stands in its progress."""
    row = hold_run(by, run_id)
    if row.state != State.RUNNING:
        raise Conflict(f"{row}{row.get_state_display()}", rule="演练中方可导调")
    if kind not in INJECTS:
        raise Invalid("kind", kind, "、".join(INJECTS), label="导调")
    before = snapshot(row)
    said = {"kind": kind, "text": required("text", text, "导调内容", 400), **{k: v for k, v in more.items() if v}}
    row.injects = [*row.injects, {**said, "by": by.name, "sent": False}]
    row.save()
    record(by, "追加导调", row, before=before, reason=text[:400])
    return row


@action(VERB)
def follow_sandbox(by: Actor, run_id: int) -> SandboxRun:
    """The worker's turn: start what was ordered, pass on what was asked, keep what it said and, at the end, its record."""
    row, now = hold_run(by, run_id), clock.real_now()
    before, was, box = snapshot(row), row.state, sandboxes.mailbox(row)
    if row.state == State.ORDERED:
        row.state, row.error = sandboxes.launched(row)
        row.launched_at = now
    else:
        box.lead()
        pass_on(row, box)
        row.state, row.error, row.seen = sandboxes.standing(row, now)
        row.seen_at = now
    if row.state in (State.OVER, State.ENDED, State.FAILED) and was != row.state:
        keep_record(by, row, box, now)
    if row.state in (State.ENDED, State.FAILED):
        row.ended_at = now
    row.save()
    if row.state != was:
        fact = SandboxChanged(row.pk, row.drill_id, row.state)
        record(by, f"演练沙盒{row.get_state_display()}", row, fact, before=before, reason=row.error)
    return row


def pass_on(row: SandboxRun, box: sandbox.Mailbox) -> None:
    if row.stop_by:
        box.order_stop()
    for number, inject in enumerate(row.injects):
        if not inject["sent"]:
            box.put(number, {key: value for key, value in inject.items() if key not in ("by", "sent")})
            inject["sent"] = True


def keep_record(by: Actor, row: SandboxRun, box: sandbox.Mailbox, now: datetime) -> None:
    """All that ever comes back. A record that does not fit is told, not kept."""
    try:
        result = json.loads((box.home / sandboxes.RESULT).read_text(encoding="utf-8"))
        held_at = min(datetime.fromisoformat(result.get("held_at") or now.isoformat()), now)
        if result["measures"] and row.drill.state in ("planned", "held"):
            keep_drill(by, row.drill_id, held_at, result)
        elif not result["measures"]:
            row.error = row.error or "沙盒中没有立案，无实施记录"
    except FileNotFoundError:
        row.error = row.error or "没有实施记录"
    except (ValueError, KeyError, TypeError, AttributeError, AnlanError) as wrong:
        row.error = str(getattr(wrong, "message", wrong))[:300]
