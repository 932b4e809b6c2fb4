"""数据导入: choose a file and where it goes, see what it would do, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from anlan.gateways.importing import actions, pictures
from anlan.gateways.importing.actions import Order, Outcome
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.geo import Crs
from anlan.kernel.register import uploads
from anlan.kernel.register.declare import REGISTERS
from anlan.simulation import actions as simulation_actions
from anlan.simulation import queries as simulation

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


@require_http_methods(["GET", "POST"])
def ground(request: HttpRequest) -> HttpResponse:
    """地形与燃料: what fires run over here, and bringing in more."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.has("simulation.view"):
        raise Forbidden(f"{actor.name}没有“simulation.view”权限", permission="simulation.view")
    context: dict[str, Any] = {"given": request.POST, "kinds": simulation.RASTER_KINDS}
    if request.method == "POST":
        try:
            context["outcome"] = take_raster(actor, request)
        except Invalid as error:
            context["error"] = error.message
    have = list(simulation.rasters(actor))
    kinds = {row.kind for row in have}
    missing = [title for kind, title in simulation.RASTER_KINDS if kind not in kinds]
    context |= {"rows": have, "missing": missing, "may": actor.has("simulation.run"), "no_fuel": "fuel" not in kinds}
    return render(request, "gateways/ground.html", context, status=422 if context.get("error") else 200)


def take_raster(actor: Actor, request: HttpRequest) -> Outcome | None:
    """A new raster out of the form, or one taken away (None)."""
    given = request.POST
    if drop := given.get("drop", ""):
        simulation_actions.drop_raster(actor, int(drop) if drop.isdigit() else 0)
        return None
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("file", "", "GeoTIFF 或 ESRI ASCII 栅格", label="文件")
    epsg = given.get("epsg", "").strip()
    if epsg and not epsg.isdigit():
        raise Invalid("epsg", epsg, "EPSG 代码，如 4544", label="坐标系")
    with TemporaryDirectory(prefix="anlan-ground-") as folder:
        file = Path(folder) / Path(sent.name or "raster").name
        file.write_bytes(sent.read())
        title = given.get("title", "").strip() or file.name
        order = (given.get("codes", "").split(), int(epsg) if epsg else None, "representative" in given)
        return actions.into_ground(
            actor, actions.RasterOrder(file, given.get("kind", ""), title, given.get("source", ""), *order)
        )


@require_GET
def ground_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """A raster as a picture, north up."""
    row = simulation.rasters(request.actor).one(pk)  # type: ignore[attr-defined]
    return HttpResponse(pictures.png(row.kind, row.values()), content_type="image/png")


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
