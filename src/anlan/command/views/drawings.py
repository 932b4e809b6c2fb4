"""标绘: what the map's script sends, and the panel of one drawing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from anlan.command.actions import drawings
from anlan.command.models import Drawing
from anlan.command.rules.drawing import SIGNS
from anlan.command.views.common import actor_of
from anlan.kernel.errors import Invalid, NotFound

MOST_BYTES = 200_000


def sent(request: HttpRequest) -> dict[str, Any]:
    """The JSON of the script, or the fields of a form."""
    if not (request.content_type or "").startswith("application/json"):
        return dict(request.POST.items())
    try:
        found = json.loads(request.body) if len(request.body) <= MOST_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("body", "", f"JSON 对象，不超过 {MOST_BYTES // 1000} KB", label="标绘")
    return found


def version_of(given: dict[str, Any]) -> int | None:
    text = str(given.get("version", ""))
    return int(text) if text.isdigit() else None


def said(row: Drawing) -> JsonResponse:
    return JsonResponse({"id": row.pk, "version": row.version, "key": str(row.key), "kind": row.kind})


@require_POST
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    given = sent(request)
    try:
        key = UUID(str(given.get("key", "")))
    except ValueError as error:
        raise Invalid("key", given.get("key"), "UUID", label="标绘号") from error
    words = {name: str(given.get(name, "")) for name in ("label", "note")}
    return said(drawings.draw(actor_of(request), pk, key, str(given.get("kind", "")), given.get("geometry"), **words))


@require_GET
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    row = Drawing.objects.visible_to(actor, "command.view").select_related("incident__area").one(pk)
    context = {"drawing": row, "sign": SIGNS[row.kind], "may": actor.has("command.incident") and row.incident.is_open}
    return render(request, "command/drawing_panel.html", context)


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, given = actor_of(request), sent(request)
    if verb == "redraw":
        words = {name: str(given[name]) for name in ("label", "note") if name in given}
        return said(drawings.redraw(actor, pk, geometry=given.get("geometry"), version=version_of(given), **words))
    if verb == "erase":
        return said(drawings.erase(actor, pk, reason=str(given.get("reason", ""))[:200], version=version_of(given)))
    raise NotFound(f"没有动作 {verb}")
