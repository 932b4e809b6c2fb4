"""Verbs of 值班快报、值班信息、专报: draft, edit, check, sign, send, keep the receipt."""

from __future__ import annotations

from typing import Any

from anlan.command.common import Kind, bump, check_version, required, tell
from anlan.command.duty import bulletins, situation_map
from anlan.command.events import BulletinSent
from anlan.command.models import Bulletin, Incident
from anlan.command.states import BULLETIN, BULLETIN_LABELS, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid


def correlation(row: Bulletin) -> dict[str, Any]:
    return {"correlation_id": row.incident.correlation_id} if row.incident else {}


def step(row: Bulletin, by: Actor, note: str = "") -> None:
    row.steps = [*row.steps, {"state": row.state, "at": clock.now().isoformat(), "by": by.name, "note": note}]


@action("command.report")
def draft_bulletin(by: Actor, kind: str, incident_id: int | None = None, area_id: int | None = None) -> Bulletin:
    """拟稿: filled from the incident, or (值班信息 of the day) from the last 24 hours of an area."""
    if kind not in Bulletin.Kind.values:
        raise Invalid("kind", kind, " / ".join(Bulletin.Kind.values), label="类型")
    now, incident = clock.now(), None
    if incident_id is not None:
        incident = Incident.objects.visible_to(by, "command.report").one(incident_id)
        area, title, fields = incident.area, bulletins.title(incident, now), bulletins.of_incident(kind, incident, now)
    else:
        area = (Area.objects.filter(pk=area_id).first() if area_id else None) or Area.objects.order_by("level", "path")[
            0
        ]
        by.require("command.report", area)
        if kind != Bulletin.Kind.INFO:
            raise Invalid("incident_id", None, "快报、专报须对应一起事件", label="事件")
        title, fields = f"{area.name}值班信息", bulletins.of_day(area, now)
    row = Bulletin(kind=kind, number=bulletins.number(kind, now), title=title, incident=incident, area=area, as_of=now)
    row.fields = fields
    if incident is not None and kind == Bulletin.Kind.SPECIAL:
        row.picture = situation_map.picture(incident)
    step(row, by)
    row.save()
    say(row, by, "拟稿")
    record(by, "值班产品拟稿", row, **correlation(row))
    return row


def say(row: Bulletin, by: Actor, verb: str) -> None:
    if row.incident is not None:
        tell(row.incident, Kind.REPORT, f"{row.get_kind_display()}{verb}：{row.number}", by.name, bulletin_id=row.pk)


def hold(by: Actor, permission: str, bulletin_id: int, version: int | None) -> Bulletin:
    row = Bulletin.objects.visible_to(by, permission).one(bulletin_id, lock=True)
    check_version(row, version)
    return row


@action("command.report")
def edit_bulletin(
    by: Actor, bulletin_id: int, fields: dict[str, str], *, title: str = "", version: int | None = None
) -> Bulletin:
    """修改: takes back check and signature; what was sent is not changed."""
    row = hold(by, "command.report", bulletin_id, version)
    before = snapshot(row)
    if row.state in {"sent", "received"}:
        raise Conflict(f"{row}已报送，不能再改", rule="已报送的不得更改")
    known = bulletins.LABELS[row.kind]
    for name, value in fields.items():
        if name not in known or not isinstance(value, str):
            raise Invalid(name, value, " ".join(known))
    row.fields, row.title = {**row.fields, **fields}, title.strip()[:160] or row.title
    if row.state != "drafted":
        row.state = move(BULLETIN, BULLETIN_LABELS, str(row), row.state, "drafted")
        step(row, by, "修改后退回拟稿")
    bump(row)
    record(by, "修改值班产品", row, before=before, **correlation(row))
    return row


def advance(by: Actor, permission: str, bulletin_id: int, state: str, version: int | None, note: str = "") -> Bulletin:
    row = hold(by, permission, bulletin_id, version)
    before = snapshot(row)
    long = bulletins.length(row.fields)
    if row.kind == Bulletin.Kind.FLASH and state == "checked" and long > bulletins.FLASH_MOST:
        raise Conflict(
            f"值班快报正文 {long} 字，须不超过 {bulletins.FLASH_MOST} 字", rule="值班快报不超过 200 字", length=long
        )
    row.state = move(BULLETIN, BULLETIN_LABELS, str(row), row.state, state)
    step(row, by, note)
    bump(row)
    say(row, by, BULLETIN_LABELS[state].removeprefix("已"))
    facts = [BulletinSent(row.pk, row.kind, row.number)] if state == "sent" else []
    record(by, f"值班产品{BULLETIN_LABELS[state]}", row, *facts, before=before, reason=note, **correlation(row))
    return row


@action("command.report")
def check_bulletin(by: Actor, bulletin_id: int, *, version: int | None = None) -> Bulletin:
    """核稿."""
    return advance(by, "command.report", bulletin_id, "checked", version)


@action("command.report_sign")
def sign_bulletin(by: Actor, bulletin_id: int, *, version: int | None = None) -> Bulletin:
    """签发: by whom the bureau lets sign."""
    return advance(by, "command.report_sign", bulletin_id, "signed", version)


@action("command.report")
def send_bulletin(by: Actor, bulletin_id: int, *, version: int | None = None) -> Bulletin:
    """报送."""
    return advance(by, "command.report", bulletin_id, "sent", version)


@action("command.report")
def receive_bulletin(by: Actor, bulletin_id: int, receipt: str, *, version: int | None = None) -> Bulletin:
    """登记回执."""
    receipt = required("receipt", receipt, "回执号或签收人", 120)
    return advance(by, "command.report", bulletin_id, "received", version, receipt)
