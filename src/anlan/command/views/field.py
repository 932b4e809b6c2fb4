"""现场: a page that works without a line, and what it sends when there is one again."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_GET, require_POST

from anlan.command import queries
from anlan.command.actions.field import Noted, take_noted
from anlan.command.models import FieldEntry, Task
from anlan.command.states import TASK
from anlan.command.views.common import actor_of
from anlan.kernel import clock
from anlan.kernel.errors import AnlanError, Invalid, NotFound

#: What the page needs to start without a line.
KEPT = ("css/tokens.css", "css/base.css", "css/components.css", "css/field.css", "field/app.js", "field/store.js", "words.js",
        "locale/en.js", "favicon.svg")  # fmt: skip
MOST = 100


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """现场任务. Everything on it comes from the telephone's own store, filled by `tasks`."""
    return render(request, "command/field.html", {"name": actor_of(request).name})


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from below the address it serves, with the files it must keep."""
    del request
    files = ["/command/field/", *(static(name) for name in KEPT)]
    code = (settings.FRONTEND / "field" / "worker.js").read_text(encoding="utf-8")
    answer = HttpResponse(f"const FILES = {json.dumps(files)};\n{code}", content_type="text/javascript")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_GET
def tasks(request: HttpRequest) -> JsonResponse:
    """The open tasks this person may work on, with the way there."""
    rows = [one for one in queries.tasks(actor_of(request), open_only=True) if one.state != "planned"]
    said = {"at": clock.now().isoformat(), "speed": clock.speed(), "tasks": [as_json(one) for one in rows[:MOST]]}
    return JsonResponse(said, json_dumps_params={"ensure_ascii": False})


def as_json(one: Task) -> dict[str, Any]:
    row = one.incident
    return {
        "id": one.pk, "title": one.title, "text": one.text, "assignee": one.assignee, "state": one.state,
        "state_title": one.get_state_display(), "next": list(TASK[one.state]), "incident": row.title, "exercise": row.exercise,
        "place": row.place or row.area.name, "lon": row.lon, "lat": row.lat,
        "due_at": one.due_at.isoformat() if one.due_at else None, "eta_min": one.eta_min, "road_m": one.road_m,
        "route": one.route, "route_how": one.route_how, "needs": one.needs,
    }  # fmt: skip


@require_POST
def sync(request: HttpRequest) -> JsonResponse:
    """What was noted, in the order it happened -> what became of each. One that is wrong does not hold up the rest."""
    try:
        given = json.loads(request.body)["noted"]
        rows = sorted(given, key=lambda row: str(row["at"]))[:MOST]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("body", None, '{"noted": [{key, task, kind, at, …}]}', label="上报") from error
    actor = actor_of(request)
    return JsonResponse({"results": [take(actor, row) for row in rows]}, json_dumps_params={"ensure_ascii": False})


def take(actor: Any, row: Any) -> dict[str, Any]:
    try:
        entry = take_noted(actor, read(row))
    except AnlanError as error:
        return {
            "key": str(row.get("key", "")) if isinstance(row, dict) else "",
            "outcome": "refused",
            "reason": error.message,
        }
    return {"key": str(entry.key), "outcome": entry.outcome, "reason": entry.reason, "state": entry.task.state}


def read(row: Any) -> Noted:
    """Raises `Invalid` naming what is missing or of the wrong form."""
    try:
        at = datetime.fromisoformat(str(row["at"]).replace("Z", "+00:00"))
        if at.tzinfo is None:
            raise Invalid("at", row["at"], "带时区的 ISO 8601 时间", label="现场时间")
        lon, lat = (None if row.get(name) is None else float(row[name]) for name in ("lon", "lat"))
        return Noted(
            UUID(str(row["key"])), int(row["task"]), str(row["kind"]), at, str(row.get("text", "")), lon, lat,
            b64decode(row.get("media") or "", validate=True), str(row.get("media_type", "")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, NotBase64, AttributeError) as error:
        raise Invalid(
            "noted", str(row)[:60], "key（UUID）、task、kind、at，可有 text、lon、lat、media", label="上报"
        ) from error


@require_GET
def media(request: HttpRequest, pk: int) -> HttpResponse:
    """A photo or voice note, to those who may see the incident."""
    entry = FieldEntry.objects.visible_to(actor_of(request), "command.view").one(pk)
    if not entry.media:
        raise NotFound(f"{entry}没有附件")
    answer = HttpResponse(bytes(entry.media), content_type=entry.media_type)
    answer["Content-Disposition"] = "inline"
    return answer
