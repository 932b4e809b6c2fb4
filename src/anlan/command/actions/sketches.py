"""标绘来自终端: what is drawn in the field on a TAK device becomes a drawing of the incident it belongs to.

Who drew it is the account its certificate names, with the rights of that account; on a line without certificates the team whose
terminal it is, which may draw on incidents it is sent to, and may not shut roads. A change of what was meanwhile changed here is
refused, and what is merely said again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from shapely.errors import ShapelyError
from shapely.geometry import Point, shape

from anlan.command.actions.drawings import draw, erase, redraw
from anlan.command.common import check_version
from anlan.command.models import Drawing, Incident, Task
from anlan.command.rules.drawing import SIGNS
from anlan.command.states import INCIDENT_OVER, TASK_OPEN
from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.kernel.accounts.models import User
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.resources.models import Team, Vehicle

VERB = "command.incident"
#: A drawing belongs to the nearest incident, but not from farther away, degrees (about 20 km): parameter, 待核对.
NEAR_DEG = 0.2
PLAIN = {"Polygon": "area", "LineString": "line", "Point": "note"}


@dataclass(frozen=True)
class Drawn:
    """`uid` is the device's own; no geometry = taken away."""

    uid: str
    geometry: dict[str, Any] | None
    label: str
    note: str
    at: datetime

    @property
    def key(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"cot:{self.uid}")

    @property
    def print(self) -> str:
        said = json.dumps([self.geometry, self.label, self.note], sort_keys=True)
        return sha256(said.encode()).hexdigest()[:16]


def take_sketch(drawn: Drawn, *, account: str = "", terminal: str = "") -> Drawing:
    """Draw, redraw or erase, by whoever is at the other end."""
    by, sent_to = author(account, terminal)
    with transaction.atomic():
        return kept(by, drawn, sent_to)


def kept(by: Actor, drawn: Drawn, sent_to: list[int] | None) -> Drawing:
    row = Drawing.objects.unscoped(HELD).filter(key=drawn.key).first()
    if drawn.geometry is None:
        return taken_away(by, row, sent_to)
    if row is None:
        return begun(by, drawn, sent_to)
    mine(row, sent_to)
    older = drawn.at.isoformat() < row.device.get("at", "")
    if older or row.erased_at or row.device.get("print") == drawn.print:
        return row
    check_version(row, row.device.get("version"))
    row = redraw(by, row.pk, geometry=drawn.geometry, label=drawn.label, note=drawn.note, version=row.version)
    return remember(row, drawn)


def author(account: str, terminal: str) -> tuple[Actor, list[int] | None]:
    """Who draws, and on which incidents alone (None: wherever the rights reach)."""
    if account:
        user = User.objects.filter(username=account, is_active=True).first()
        if user is None:
            raise Forbidden(f"证书名“{account}”不是本平台启用的账号")
        return user.actor("cot"), None
    team = Team.objects.unscoped(HELD).exclude(terminal="").filter(terminal=terminal).first()
    if team is None:
        car = (
            Vehicle.objects.unscoped(HELD).exclude(terminal="").filter(terminal=terminal).select_related("team").first()
        )
        team = car.team if car else None
    if team is None:
        raise Forbidden(f"终端“{terminal or '（未报位置）'}”不是已登记队伍或其车辆的定位终端，不能标绘")
    tasks = Task.objects.unscoped(HELD).filter(team=team, state__in=TASK_OPEN).select_related("incident__area")
    incidents = {task.incident for task in tasks}
    grants = tuple(GrantView((VERB,), one.area.path, one.data_class) for one in incidents)
    return Actor(f"{team.name}（TAK）", None, grants, "cot"), [one.pk for one in incidents]


def mine(row: Drawing, sent_to: Iterable[int] | None) -> None:
    if sent_to is not None and row.incident_id not in sent_to:
        raise Forbidden("该图形属于未向本队派出任务的事件，不能更改")


def taken_away(by: Actor, row: Drawing | None, sent_to: list[int] | None) -> Drawing:
    if row is None:
        raise NotFound("要删除的图形不在本平台")
    mine(row, sent_to)
    if row.erased_at:
        return row
    check_version(row, row.device.get("version"))
    return erase(by, row.pk, reason="终端删除", version=row.version)


def begun(by: Actor, drawn: Drawn, sent_to: list[int] | None) -> Drawing:
    incident = incident_of(by, drawn, sent_to)
    kind = kind_of(drawn, may_shut=sent_to is None)
    row = draw(by, incident.pk, drawn.key, kind, drawn.geometry, drawn.label, drawn.note)
    return remember(row, drawn)


def remember(row: Drawing, drawn: Drawn) -> Drawing:
    """What the device said last, and which version that became."""
    row.device = {"uid": drawn.uid, "print": drawn.print, "version": row.version, "at": drawn.at.isoformat()}
    row.save(update_fields=["device"])
    return row


def incident_of(by: Actor, drawn: Drawn, sent_to: list[int] | None) -> Incident:
    """The incident whose number the words name, else the nearest of those the author may draw on."""
    rows = Incident.objects.visible_to(by, VERB).exclude(status__in=INCIDENT_OVER)
    found = list(rows.filter(pk__in=sent_to) if sent_to is not None else rows)
    named = [one for one in found if one.number and one.number in f"{drawn.label} {drawn.note}"]
    if named:
        return named[0]
    try:
        outline = shape(drawn.geometry or {})
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ShapelyError) as error:
        raise Invalid("geometry", str(drawn.geometry)[:60], "GeoJSON 点、线、面", label="图形") from error
    near = [(outline.distance(Point(one.lon, one.lat)), one.pk, one) for one in found]
    best = min(near, default=None)
    if best is None or best[0] > NEAR_DEG:
        raise NotFound("附近（约 20 km）没有您可标绘的未结案事件；可在备注写明事件编号")
    return best[2]


def kind_of(drawn: Drawn, *, may_shut: bool) -> str:
    """The sign its name begins with (“集结点2” is a staging area); without one a plain surface, line or note."""
    form = str((drawn.geometry or {}).get("type"))
    for kind, sign in SIGNS.items():
        if sign.form == form and drawn.label.startswith(sign.title) and (may_shut or not sign.shuts):
            return kind
    return PLAIN.get(form, "note")
