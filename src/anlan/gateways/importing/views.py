"""数据导入: choose a file and where it goes, see what it would do, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from anlan.gateways.importing import actions
from anlan.gateways.importing.actions import Order, Outcome
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.geo import Crs
from anlan.kernel.register import uploads
from anlan.kernel.register.declare import REGISTERS

LAYERS = {"roads": "路网（整体替换）", "areas": "区划边界"}
KEPT = ("goal", "crs", "mapping", "where", "encoding")


def goals(actor: Actor) -> list[tuple[str, str]]:
    """(value, title) of what this actor may import into."""
    layers = {"roads": "resources.edit", "areas": "kernel.edit"}
    found = [(f"layer:{key}", LAYERS[key]) for key, permission in layers.items() if actor.has(permission)]
    return found + [(r.slug, r.title) for r in REGISTERS.values() if actor.has(r.change_permission)]


@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not goals(actor):
        raise Forbidden(f"{actor.name}没有导入数据的权限", permission="gateways.edit")
    context: dict[str, Any] = {"goals": goals(actor), "systems": list(Crs), "given": {}}
    if request.method == "POST":
        context["given"] = {name: request.POST.get(name, "") for name in KEPT}
        try:
            upload = received(request, actor)
            sure = "sure" in request.POST
            context |= {"upload": upload, "outcome": take(actor, upload, context["given"], dry_run=not sure)}
        except Invalid as error:
            context["error"] = error.message
    return render(request, "gateways/import.html", context, status=422 if context.get("error") else 200)


def received(request: HttpRequest, actor: Actor) -> uploads.Upload:
    """The file of this request, or the one it was previewed with."""
    if token := request.POST.get("token", ""):
        return uploads.fetch(actor, token)
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("file", "", "一个文件；Shapefile 打成 zip", label="文件")
    return uploads.keep(actor, sent.name or "", sent.read())


def words(text: str) -> list[str]:
    """One pair a line, or separated by spaces."""
    return text.split()


def take(actor: Actor, upload: uploads.Upload, given: Mapping[str, str], *, dry_run: bool) -> Outcome:
    """Read the file from a folder of its own, since some readers want a path."""
    goal = given["goal"]
    if goal not in dict(goals(actor)):
        raise Invalid("goal", goal, "列出的登记簿或图层", label="导入到")
    if given["crs"] not in list(Crs):
        raise Invalid("crs", given["crs"], "、".join(Crs), label="坐标系")
    with TemporaryDirectory(prefix="anlan-import-") as folder:
        file = Path(folder) / Path(upload.name).name
        file.write_bytes(upload.content)
        order = Order(
            file, Crs(given["crs"]), words(given["mapping"]), words(given["where"]), given["encoding"].strip(), dry_run
        )
        if goal == "layer:roads":
            return actions.into_roads(actor, order)
        if goal == "layer:areas":
            return actions.into_areas(actor, order)
        return actions.into_register(actor, goal, order)
