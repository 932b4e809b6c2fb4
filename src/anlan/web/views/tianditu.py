"""Tiles of the optional online base map 天地图, fetched by the server so that the key never reaches a browser.

Off unless ANLAN_TIANDITU_KEY is set. The offline base map is drawn either way.
"""

from __future__ import annotations

import time

import httpx
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from anlan.kernel.errors import NotFound
from anlan.web.views.layers import signed_in

#: Layer -> service: 矢量底图 and its labels in Web Mercator (https://lbs.tianditu.gov.cn/server/MapService.html).
SERVICES = {"vec": "vec_w", "cva": "cva_w"}
MAX_ZOOM, TIMEOUT_S, KEEP_S = 18, 5.0, 7 * 24 * 3600
#: After no answer nobody waits for one for so long, s: a map asks for dozens of tiles at once.
QUIET_S = 30.0
_quiet = {"until": 0.0}


def address(kind: str, z: int, x: int, y: int) -> str:
    service = SERVICES[kind]
    query = f"SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={kind}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    server = settings.TIANDITU_URL.replace("{n}", str((x + y) % 8))
    return f"{server}/{service}/wmts?{query}&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={settings.TIANDITU_KEY}"


def fetched(url: str) -> httpx.Response | None:
    """The picture; None when there is none, be it no answer or a refusal told in words (a wrong key, a spent quota)."""
    if time.monotonic() < _quiet["until"]:
        return None
    try:
        found = httpx.get(url, timeout=TIMEOUT_S)
    except httpx.HTTPError:
        _quiet["until"] = time.monotonic() + QUIET_S
        return None
    return found if found.is_success and found.headers.get("content-type", "").startswith("image/") else None


@require_GET
def tile(request: HttpRequest, kind: str, z: int, x: int, y: int) -> HttpResponse:
    signed_in(request)
    if not settings.TIANDITU_KEY or kind not in SERVICES or z > MAX_ZOOM or max(x, y) >= 2**z:
        raise NotFound("没有这张在线底图瓦片")
    found = fetched(address(kind, z, x, y))
    if found is None:
        # No details: the address contains the key.
        return HttpResponse(status=502)
    answer = HttpResponse(found.content, content_type=found.headers["content-type"])
    answer["Cache-Control"] = f"private, max-age={KEEP_S}"
    return answer
