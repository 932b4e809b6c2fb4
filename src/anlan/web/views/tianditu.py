"""Tiles of the optional online base map 天地图, fetched by the server so that the key never reaches a browser.

Off unless ANLAN_TIANDITU_KEY is set. The offline base map is drawn either way.
"""

from __future__ import annotations

import httpx
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from anlan.kernel.errors import NotFound
from anlan.web.views.layers import signed_in

#: Layer -> service: 矢量底图 and its labels in Web Mercator (https://lbs.tianditu.gov.cn/server/MapService.html).
SERVICES = {"vec": "vec_w", "cva": "cva_w"}
MAX_ZOOM, TIMEOUT_S, KEEP_S = 18, 5.0, 7 * 24 * 3600


def address(kind: str, z: int, x: int, y: int) -> str:
    service = SERVICES[kind]
    query = f"SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={kind}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    return (
        f"https://t{(x + y) % 8}.tianditu.gov.cn/{service}/wmts?{query}"
        f"&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={settings.TIANDITU_KEY}"
    )


@require_GET
def tile(request: HttpRequest, kind: str, z: int, x: int, y: int) -> HttpResponse:
    signed_in(request)
    if not settings.TIANDITU_KEY or kind not in SERVICES or z > MAX_ZOOM or max(x, y) >= 2**z:
        raise NotFound("没有这张在线底图瓦片")
    try:
        found = httpx.get(address(kind, z, x, y), timeout=TIMEOUT_S)
        found.raise_for_status()
    except httpx.HTTPError:
        # No details: the address contains the key.
        return HttpResponse(status=502)
    answer = HttpResponse(found.content, content_type=found.headers.get("content-type", "image/png"))
    answer["Cache-Control"] = f"private, max-age={KEEP_S}"
    return answer
