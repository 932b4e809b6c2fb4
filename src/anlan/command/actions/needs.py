"""Verbs of needs and their fulfilment: raise, promise, bring, close; ask the superior or neighbours for aid."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q

from anlan.command.common import Kind, bump, check_version, hm, hold_open, required, tell
from anlan.command.duty import places
from anlan.command.events import AidRequested, NeedChanged
from anlan.command.models import AidRequest, Incident, Need, NeedSupply
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.resources.models import Material

State = NeedSupply.State
MOST = Decimal("9999999.99")
#: From -> to of a promise.
MOVES: dict[str, tuple[str, ...]] = {
    "promised": ("on_way", "arrived", "failed"), "on_way": ("arrived", "failed"), "arrived": (), "failed": (),
}  # fmt: skip


def quantity_of(value: Any, label: str = "数量") -> Decimal:
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 < found <= MOST or found != found.quantize(Decimal("0.01")):
        raise Invalid("quantity", value, f"大于 0，至多 {MOST}，两位小数", label=label)
    return found


def chosen(field: str, value: str, choices: Any, label: str) -> str:
    if value not in choices.values:
        raise Invalid(field, value, "、".join(f"{v}（{t}）" for v, t in choices.choices), label=label)
    return value


def hold_need(by: Actor, permission: str, need_id: int, version: int | None = None) -> Need:
    row = Need.objects.visible_to(by, permission).select_related("incident__area").one(need_id, lock=True)
    if row.closed_at:
        raise Conflict(f"需求“{row}”已于 {hm(row.closed_at)} 关闭", rule="关闭后不再变更")
    check_version(row, version)
    return row


def said(by: Actor, need: Need, verb: str, text: str, before: dict[str, Any] | None = None, *facts: Any) -> None:
    tell(need.incident, Kind.RESOURCE, text, by.name, need_id=need.pk)
    fact = NeedChanged(need.pk, need.incident_id, str(need), verb)
    record(by, verb, need, fact, *facts, before=before, correlation_id=need.incident.correlation_id)


def catalogued(item: str) -> Material | None:
    """The material of the catalogue (GB/T 38565 code or name) that is meant, if it is one."""
    return Material.objects.filter(Q(code=item.strip()) | Q(name=item.strip())).first()


def somewhere(
    by: Actor, incident: Incident, place: str, lon: float | None, lat: float | None
) -> tuple[float, float] | None:
    """Where the goods are to be brought: as given, else as the words say it; None = not known better than the incident."""
    if (lon is None) != (lat is None):
        raise Invalid("lon,lat", f"{lon},{lat}", "经度、纬度一并给出，或都不给", label="送达地点", unit="度")
    if lon is None or lat is None:
        return places.delivery(by, incident, place)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid("lon,lat", f"{lon},{lat}", "经度 -180~180，纬度 -90~90（WGS84）", label="送达地点", unit="度")
    return lon, lat


@action("command.incident")
def raise_need(
    by: Actor, incident_id: int, *, kind: str, item: str, quantity: Any, unit: str, priority: int = 2, place: str = "",
    wanted_by: datetime | None = None, group: str = "", lon: float | None = None, lat: float | None = None,
) -> Need:  # fmt: skip
    """提出需求. `place` in words (a registered place, what is drawn on the incident's map, coordinates) says where, too."""
    incident = hold_open(by, "command.incident", incident_id)
    now = clock.now()
    if priority not in (1, 2, 3):
        raise Invalid("priority", priority, "1~3（1 最急）", label="优先级")
    if wanted_by is not None and wanted_by <= now:
        raise Invalid("wanted_by", hm(wanted_by), f"晚于现在（{hm(now)}）", label="须到位于")
    material = catalogued(item) if kind == Need.Kind.MATERIAL else None
    if material and unit.strip() not in ("", material.unit):
        raise Invalid("unit", unit, f"{material.unit}（目录中“{material.name}”的计量单位）", label="单位")
    at = somewhere(by, incident, place, lon, lat) or (None, None)
    row = Need.objects.create(
        incident=incident, lon=at[0], lat=at[1], kind=chosen("kind", kind, Need.Kind, "类别"), material=material,
        item=material.name if material else required("item", item, "名称", 60), quantity=quantity_of(quantity),
        unit=material.unit if material else required("unit", unit, "单位", 10), priority=priority, place=place[:80],
        wanted_by=wanted_by, group=group[:60], raised_at=now, raised_by=by.name,
    )  # fmt: skip
    said(by, row, "提出需求", f"需求：{row}" + (f"，{hm(wanted_by)} 前到位" if wanted_by else ""))
    return row


@action("command.incident")
def promise_supply(
    by: Actor, need_id: int, *, source: str, who: str, quantity: Any, note: str = "", version: int | None = None
) -> NeedSupply:
    """登记落实: never more than is still missing; whoever wants more raises the need first."""
    need = hold_need(by, "command.incident", need_id, version)
    amount = quantity_of(quantity)
    if amount > need.missing:
        raise Conflict(
            f"“{need}”还缺 {need.missing.normalize():f}{need.unit}，不能再登记 {amount.normalize():f}",
            rule="落实量不超过缺口（先修改需求）",
        )
    row = NeedSupply.objects.create(
        need=need, source=chosen("source", source, NeedSupply.Source, "来源"), who=required("who", who, "提供方", 80),
        quantity=amount, at=clock.now(), by=by.name, note=note[:200],
    )  # fmt: skip
    before = snapshot(need)
    bump(need)
    said(
        by,
        need,
        "登记落实",
        f"{row.who}（{row.get_source_display()}）承诺 {need.item} {amount.normalize():f}{need.unit}",
        before,
    )
    return row


@action("command.incident")
def move_supply(by: Actor, supply_id: int, state: str, note: str = "") -> NeedSupply:
    """在途、到位、落空. What fails is missing again."""
    rows = NeedSupply.objects.visible_to(by, "command.incident").select_related("need__incident__area")
    need = hold_need(by, "command.incident", rows.one(supply_id).need_id)
    row = rows.one(supply_id, lock=True)
    if row.consignment is not None:
        raise Conflict(
            f"{row}由调拨单 {row.consignment.number} 带动，请在调拨单上办理",
            rule="调拨单发车、签收、撤回即改变落实状态",
        )
    allowed = MOVES[row.state]
    if state not in allowed:
        words = "、".join(State(one).label for one in allowed) or "（无，已是终态）"
        raise Conflict(f"{row}现为“{row.get_state_display()}”，可转为：{words}", rule="落实状态：承诺→在途→到位/落空")
    if state == State.FAILED:
        note = required("note", note, "落空原因", 200)
    before = snapshot(row)
    row.state, row.note = state, (note or row.note)[:200]
    row.arrived_at = clock.now() if state == State.ARRIVED else None
    row.save()
    bump(need)
    said(
        by,
        need,
        f"落实{row.get_state_display()}",
        f"{need.item} {row}：{row.get_state_display()}{'，' + note if note else ''}",
        before,
    )
    return row


@action("command.incident")
def close_need(by: Actor, need_id: int, reason: str = "", *, version: int | None = None) -> Need:
    """关闭需求: fulfilled, or with the reason why not."""
    need = hold_need(by, "command.incident", need_id, version)
    if need.arrived < need.quantity and not reason.strip():
        raise Conflict(f"“{need}”只到位 {need.arrived.normalize():f}", rule="未满足的需求须写明理由方可关闭")
    before = snapshot(need)
    need.closed_at, need.close_reason = clock.now(), reason.strip()[:200] or "已满足"
    bump(need)
    said(by, need, "关闭需求", f"关闭需求“{need}”：{need.close_reason}", before)
    return need


@action("command.dispatch")
def request_aid(by: Actor, need_id: int, relation: str, quantity: Any, due_at: datetime, text: str = "") -> AidRequest:
    """请求支援: of what is missing, by the line between platforms; where no line is agreed, the desk calls."""
    need = hold_need(by, "command.dispatch", need_id)
    amount, now = quantity_of(quantity), clock.now()
    if amount > need.missing:
        raise Conflict(f"“{need}”还缺 {need.missing.normalize():f}{need.unit}", rule="只就缺口请求支援")
    if due_at <= now:
        raise Invalid("due_at", hm(due_at), f"晚于现在（{hm(now)}）", label="须到位于")
    incident = need.incident
    words = text.strip() or f"{incident.where}“{incident.title}”急需{need.item} {amount.normalize():f}{need.unit}"
    row = AidRequest.objects.create(
        need=need, key=uuid4(), relation=chosen("relation", relation, AidRequest.Relation, "请求对象"), quantity=amount,
        text=words[:400], due_at=due_at, asked_at=now, asked_by=by.name,
    )  # fmt: skip
    title = f"支援 {need.item} {amount.normalize():f}{need.unit}"[:60]
    ask = AidRequested(str(row.key), row.relation, title, row.text, due_at.isoformat(), incident.pk)
    said(by, need, "请求支援", f"向{row.get_relation_display()}请求支援：{title}", None, ask)
    return row


def hold_aid(by: Actor, key: str) -> AidRequest:
    try:
        row = AidRequest.objects.visible_to(by, "command.dispatch").filter(key=UUID(key)).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFound(f"没有请求号为 {key} 的支援请求")
    return AidRequest.objects.unscoped(HELD).select_related("need__incident__area").one(row.pk, lock=True)


@action("command.dispatch")
def aid_sent(by: Actor, key: str, peers: list[str]) -> AidRequest:
    """送出: to which platforms; to none means that somebody has to take up the telephone."""
    row = hold_aid(by, key)
    before = snapshot(row)
    row.state = AidRequest.State.SENT if peers else AidRequest.State.BY_HAND
    row.sent_to = "、".join(peers)[:200]
    row.save()
    text = (
        f"支援请求已送{row.sent_to}" if peers else f"没有与{row.get_relation_display()}约定协同任务的平台，请电话联系"
    )
    tell(row.need.incident, Kind.RESOURCE, f"{row}：{text}", by.name, need_id=row.need_id)
    fact = NeedChanged(row.need_id, row.need.incident_id, str(row.need), "支援请求送出")
    record(by, "支援请求送出", row, fact, before=before, correlation_id=row.need.incident.correlation_id)
    return row


@action("command.dispatch")
def aid_answered(by: Actor, key: str, peer: str, state: str, note: str) -> AidRequest:
    """答复, as the other platform (or its officer on the telephone) said it. What was accepted becomes a promise."""
    row = hold_aid(by, key)
    before, need = snapshot(row), Need.objects.unscoped(HELD).one(row.need_id, lock=True)
    peer, state = required("peer", peer, "答复方", 80), required("state", state, "答复", 40)
    first = row.answers.get(peer, {}).get("state") != "接受"
    row.answers = {**row.answers, peer: {"state": state, "note": note[:200], "at": clock.now().isoformat()}}
    row.state = AidRequest.State.ANSWERED
    row.save()
    amount = min(row.quantity, need.missing)
    if state == "接受" and first and amount > 0 and need.closed_at is None:
        NeedSupply.objects.create(
            need=need,
            source=NeedSupply.Source.AID,
            who=peer,
            quantity=amount,
            at=clock.now(),
            by=by.name,
            note=note[:200],
        )
        bump(need)
    said(by, need, "支援答复", f"{peer}对“{row}”答复：{state}{'，' + note if note else ''}", before)
    return row
