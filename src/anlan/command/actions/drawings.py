"""Verbs of the common picture: draw, change, erase. A cordon shuts the roads below it from the moment it is drawn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shapely.geometry import mapping

from anlan.command import tasking
from anlan.command.common import Kind, bump, check_version, hm, hold_open, tell
from anlan.command.events import DrawingChanged
from anlan.command.models import Drawing
from anlan.command.rules.drawing import MOST_PLACES, SIGNS, outline_of
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.resources import actions as resources

VERB = "command.incident"
FORMS = {"Point": "一个点", "LineString": "一条线", "Polygon": "一个面"}
#: Drawings that stand at once on one incident.
MOST = 500


def checked(kind: str, geometry: Any) -> dict[str, Any]:
    if kind not in SIGNS:
        raise Invalid("kind", kind, "、".join(SIGNS), label="标绘类别")
    outline = outline_of(kind, geometry)
    if outline is None:
        form = FORMS[SIGNS[kind].form]
        allowed = f"{form}，不自交，至多 {MOST_PLACES} 个点，经度 ±180、纬度 ±90"
        raise Invalid("geometry", str(geometry)[:60], allowed, label=SIGNS[kind].title, unit="度")
    return dict(mapping(outline))


@action(VERB)
def draw(by: Actor, incident_id: int, key: UUID, kind: str, geometry: Any, label: str = "", note: str = "") -> Drawing:
    """标绘. The same key again is the same drawing."""
    incident = hold_open(by, VERB, incident_id)
    known = Drawing.objects.unscoped(HELD).filter(key=key).first()
    if known is not None:
        if known.incident_id != incident.pk:
            raise Conflict("标绘号已用于另一起事件", rule="标绘号全局唯一")
        return known
    if Drawing.objects.unscoped(HELD).filter(incident=incident, erased_at=None).count() >= MOST:
        raise Conflict(f"已有 {MOST} 个标绘，请先擦除不用的", rule="标绘数量上限")
    now = clock.now()
    row = Drawing(
        incident=incident, key=key, kind=kind, geometry=checked(kind, geometry), drawn_at=now, drawn_by=by.name,
        changed_at=now, changed_by=by.name, label=label.strip()[:60] or SIGNS[kind].title, note=note.strip()[:200],
    )  # fmt: skip
    shut(by, row)
    row.save()
    say(by, row, "标绘")
    return row


def shut(by: Actor, row: Drawing) -> None:
    """What shuts roads is a closure as long as it stands, with the same outline."""
    if SIGNS[row.kind].shuts:
        row.closure_code = row.closure_code or f"BH-{row.key.hex[:20]}"
        resources.close_area(
            tasking.on_behalf(by), row.closure_code, f"{row.label}（{row.incident.title}）"[:80], row.geometry,
            row.incident.area_id, f"{row.incident.number} 标绘", row.incident.correlation_id,
        )  # fmt: skip


def say(by: Actor, row: Drawing, verb: str, before: dict[str, Any] | None = None, reason: str = "") -> None:
    at = outline_of(row.kind, row.geometry).representative_point()  # type: ignore[union-attr]
    title = SIGNS[row.kind].title
    text = (
        f"{verb}{title}"
        + (f"“{row.label}”" if row.label != title else "")
        + ("，道路按管控绕行" if row.closure_code and not row.erased_at else "")
    )
    tell(row.incident, Kind.NOTE, text, by.name, lon=at.x, lat=at.y, drawing_id=row.pk)
    fact = DrawingChanged(row.pk, row.incident_id, row.kind, row.label, row.version, verb, at.x, at.y)
    record(by, verb, row, fact, before=before, reason=reason, correlation_id=row.incident.correlation_id)


def hold_drawing(by: Actor, drawing_id: int, version: int | None) -> Drawing:
    row = Drawing.objects.visible_to(by, VERB).select_related("incident__area").one(drawing_id, lock=True)
    if row.erased_at:
        raise Conflict(f"“{row}”已于 {hm(row.erased_at)} 由{row.erased_by}擦除", rule="擦除的标绘不再变更")
    if not row.incident.is_open:
        raise Conflict(f"{row.incident.number}{row.incident.get_status_display()}", rule="结案后不得更改")
    check_version(row, version)
    return row


@action(VERB)
def redraw(
    by: Actor, drawing_id: int, *, geometry: Any = None, label: str | None = None, note: str | None = None,
    version: int | None = None,
) -> Drawing:  # fmt: skip
    """改绘: another outline or other words, decided on the version one saw."""
    row = hold_drawing(by, drawing_id, version)
    before = snapshot(row)
    if geometry is not None:
        row.geometry = checked(row.kind, geometry)
    if label is not None:
        row.label = label.strip()[:60] or SIGNS[row.kind].title
    row.note = row.note if note is None else note.strip()[:200]
    row.changed_at, row.changed_by = clock.now(), by.name
    if geometry is not None or label is not None:
        shut(by, row)
    bump(row)
    say(by, row, "改绘", before)
    return row


@action(VERB)
def erase(by: Actor, drawing_id: int, *, reason: str = "", version: int | None = None) -> Drawing:
    """擦除: it is taken from the map and kept in the record; the roads are open again."""
    row = hold_drawing(by, drawing_id, version)
    before = snapshot(row)
    row.erased_at, row.erased_by = clock.now(), by.name
    if row.closure_code:
        resources.reopen_area(
            tasking.on_behalf(by), row.closure_code, reason or "标绘擦除", row.incident.correlation_id
        )
    bump(row)
    say(by, row, "擦除", before, reason)
    return row
