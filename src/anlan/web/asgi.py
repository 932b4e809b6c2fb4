"""The web as an ASGI application: the live stream and the public face beside Django, everything else through it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

from anlan.web.limits import limited

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
# WhiteNoise warns when nothing was collected; files are found in place then.
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
pages = limited(get_asgi_application())  # type: ignore[arg-type]

from anlan.gateways.devices.sensorthings import door  # noqa: E402 - needs the apps to be ready
from anlan.mobilisation import face  # noqa: E402 - needs the apps to be ready
from anlan.web import live  # noqa: E402
from anlan.web.views.stream import stream  # noqa: E402

observations = limited(door.serve)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await live.close_hub()
            await door.close()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/stream":
        await stream(scope, receive, send)
    elif scope["type"] == "http" and face.serves(scope["path"]):
        await face.serve(scope, send)
    elif scope["type"] == "http" and door.takes(scope):
        await observations(scope, receive, send)
    else:
        await pages(scope, receive, send)
