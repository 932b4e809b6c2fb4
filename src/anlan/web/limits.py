"""How much one request may carry. Counted while it comes in, so that a file without end fills no disk and no memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from django.conf import settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    """More came in than is allowed."""


def limited(application: Application) -> Application:
    """`application`, with 413 for a body over `MAX_BODY_BYTES`, whether its length was announced or not."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        most, came, answered = settings.MAX_BODY_BYTES, 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        if announced(scope) > most:
            await refuse(send, most)
            return
        try:
            await application(scope, counted, noted)
        except TooLarge:
            if not answered:
                await refuse(send, most)

    return serve


def announced(scope: Message) -> int:
    """The length the client says, 0 when it says none or nonsense (the server's own parser refuses that)."""
    text = dict(scope.get("headers", ())).get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0


async def refuse(send: Send, most: int) -> None:
    """413 with a sentence; the connection is closed, because what is still on its way is not read."""
    told = {"error": f"请求过大：至多 {most // 2**20} MB；更大的文件请用 anlan import 在服务器上导入", "field": "body"}
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(told)})
