"""Verbs of the gateways: what an operator does with what was refused."""

from __future__ import annotations

from typing import Any

from anlan.gateways.events import QuarantineHandled
from anlan.gateways.models import Quarantined
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound

State = Quarantined.State
WORK = {State.KEPT, State.REPLAY}


def over_the_city(actor: Actor, permission: str) -> bool:
    """Whether the permission is held at the top: a refused frame belongs to no area that could be checked."""
    return any(path.count("/") <= 2 for path, _top in actor.scopes(permission))


def require_city(actor: Actor, permission: str) -> None:
    if not over_the_city(actor, permission):
        raise Forbidden(f"{actor.name}没有在全市执行“{permission}”的权限", permission=permission)


def take(by: Actor, pk: int) -> tuple[Quarantined, dict[str, Any]]:
    """The row, locked, if it still waits for somebody; and how it stood."""
    require_city(by, "gateways.edit")
    row = Quarantined.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(f"隔离报文 {pk} 不存在")
    if row.state not in WORK:
        raise Conflict(f"隔离报文 {pk} 处于“{row.get_state_display()}”，只有待处理的才能重放或作废", state=row.state)
    return row, snapshot(row)


def finish(by: Actor, row: Quarantined, before: dict[str, Any], verb: str, reason: str = "") -> Quarantined:
    row.save(update_fields=["state", "note"])
    record(by, verb, row, QuarantineHandled(row.pk, row.protocol, row.state), before=before, reason=reason)
    return row


@action("gateways.edit")
def replay(by: Actor, pk: int) -> Quarantined:
    """重放: let the gateway read the bytes again, by the same path as when they came."""
    row, before = take(by, pk)
    row.state, row.note = State.REPLAY, ""
    return finish(by, row, before, "重放隔离报文")


@action("gateways.edit")
def replay_all(by: Actor, protocol: str) -> int:
    """重放 everything of one protocol that waits (after a station was registered). Returns how many."""
    require_city(by, "gateways.edit")
    rows = Quarantined.objects.select_for_update().filter(protocol=protocol, state=State.KEPT)
    first = rows.order_by("pk").first()
    if first is None:
        raise Conflict(f"协议 {protocol} 没有待处理的隔离报文")
    before, count = snapshot(first), rows.update(state=State.REPLAY, note="")
    first.refresh_from_db()
    fact = QuarantineHandled(first.pk, protocol, State.REPLAY, count)
    record(by, "批量重放隔离报文", first, fact, before=before, reason=f"{protocol} 共 {count} 条")
    return count


@action("gateways.edit")
def discard(by: Actor, pk: int, reason: str) -> Quarantined:
    """作废: it stays in the table with the reason, and nobody has to look at it again."""
    if not reason.strip():
        raise Invalid("reason", reason, "1 至 200 字", label="作废理由")
    row, before = take(by, pk)
    row.state, row.note = State.DISCARDED, reason.strip()[:200]
    return finish(by, row, before, "作废隔离报文", reason)
