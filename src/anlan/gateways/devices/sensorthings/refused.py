"""Observations that could not be taken: the request is kept as it came, to be read and sent again by an operator.

Only from who may write at all: a stranger cannot fill the quarantine. What is kept is `POST <path> <account>`, a line break and the
body; it is sent again with the rights that its sender has by then.
"""

from __future__ import annotations

import orjson

from anlan.gateways.devices.sensorthings import protocol
from anlan.gateways.devices.sensorthings.writing import PERMISSION
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Invalid, NotFound
from anlan.kernel.models import User

PROTOCOL = "sensorthings"


def concerns(by: Actor, method: str, path: str) -> bool:
    """Whether a refused request carried readings of somebody who may write."""
    return method == "POST" and "Observations" in path and by.has(PERMISSION)


def reason(error: AnlanError) -> str:
    """Why readings are kept: a wrong value, or a datastream that is not there (yet); "" for what an operator cannot mend."""
    return error.message if isinstance(error, Invalid | NotFound) else ""


def parcel(by: Actor, path: str, body: bytes) -> bytes:
    return f"POST {path} {by.user_id}\n".encode() + body


def again(raw: bytes) -> str:
    """Send it once more; why it is refused again, "" when it was taken."""
    head, _, body = raw.partition(b"\n")
    words = head.decode(errors="replace").split(" ")
    if len(words) != 3 or not words[2].isdecimal():
        return "不是完整的请求"
    user = User.objects.filter(pk=int(words[2]), is_active=True).first()
    if user is None:
        return f"发送账号 {words[2]} 已停用或删除"
    try:
        found = protocol.answer(
            protocol.Request("POST", words[1], "", orjson.loads(body), user.actor("隔离区重放"), "")
        )
    except ValueError as error:
        return f"不是 JSON：{error}"
    except AnlanError as error:
        return error.message
    return "；".join(told(found.content))


def told(answers: object) -> list[str]:
    """The refusals among the answers to a data array, row by row."""
    if not isinstance(answers, list):
        return []
    return [one for one in answers if isinstance(one, str) and one.startswith("error")]
