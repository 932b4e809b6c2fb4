"""`/api/map/layers`: which layers this actor may see, and the features of one, as GeoJSON."""

from __future__ import annotations

import gzip
from hashlib import blake2b
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.kernel.geo.layers import LAYERS, Layer
from anlan.kernel.geo.shapes import BBox
from anlan.web.icons import ICONS

#: Groups in the order of the layer tree; a room that is not named here comes after them under its own key.
GROUPS = {
    "command": "指挥救援",
    "monitoring": "监测预警",
    "simulation": "研判推演",
    "resources": "应急保障",
    "supervision": "监督管理",
    "situation": "灾情管理",
    "mobilisation": "社会动员",
    "administration": "政务管理",
    "gateways": "接入与发布",
    "base": "底图",
}
WORTH_PACKING = 1400


def signed_in(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.grants:
        raise Forbidden("请先登录，或使用有授权的令牌")
    return actor


def may_see(actor: Actor, layer: Layer) -> bool:
    return not layer.permission or actor.has(layer.permission)


def group_of(layer: Layer) -> str:
    """The group's key; a layer may name it by its title."""
    given = layer.group or layer.key.partition(".")[0]
    return next((key for key, title in GROUPS.items() if title == given), given)


def described(layer: Layer) -> dict[str, Any]:
    group = group_of(layer)
    return {
        "key": layer.key,
        "title": _(layer.title),
        "kind": layer.kind,
        "group": group,
        "group_title": _(GROUPS.get(group, group)),
        "icon": ICONS.get(layer.icon, ""),
        "colour": layer.colour,
        "refresh": list(layer.refresh),
        "shown": layer.shown,
        "legend": [[colour, _(text)] for colour, text in layer.legend],
        "empty": _(layer.empty) if layer.empty else "",
        "symbols": {name: list(sign) for name, sign in layer.symbols.items()},
        "moved_by": list(layer.moved_by) if layer.moved_by else None,
    }


def visible_layers(actor: Actor) -> list[dict[str, Any]]:
    """What the layer tree shows, in its order."""
    order = {group: place for place, group in enumerate(GROUPS)}
    found = [layer for layer in LAYERS.values() if may_see(actor, layer)]
    found.sort(key=lambda layer: order.get(group_of(layer), len(order)))
    return [described(layer) for layer in found]


def read_bbox(text: str) -> BBox | None:
    """`west,south,east,north` in degrees."""
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid("bbox", text, "西,南,东,北 四个数", unit="度") from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid("bbox", text, "西≤东且在 ±180 内，南≤北且在 ±90 内", unit="度")
    return west, south, east, north


def json_answer(request: HttpRequest, data: Any) -> HttpResponse:
    """JSON with an ETag, packed where the browser takes it and it is worth it."""
    body = orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    elif len(body) > WORTH_PACKING and "gzip" in request.headers.get("Accept-Encoding", ""):
        answer = HttpResponse(gzip.compress(body, 1, mtime=0), content_type="application/json")
        answer["Content-Encoding"] = "gzip"
    else:
        answer = HttpResponse(body, content_type="application/json")
    answer["ETag"] = tag
    answer["Vary"] = "Accept-Encoding, Cookie, Authorization"
    answer["Cache-Control"] = "private, no-cache"
    answer["Anlan-Data-Time"] = clock.now().isoformat()
    return answer


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return json_answer(request, {"layers": visible_layers(signed_in(request))})


@require_GET
def features(request: HttpRequest, key: str) -> HttpResponse:
    actor = signed_in(request)
    layer = LAYERS.get(key)
    if layer is None or not may_see(actor, layer):
        raise NotFound(f"图层 {key} 不存在，或您无权查看")
    return json_answer(request, layer.features(actor, read_bbox(request.GET.get("bbox", ""))))
