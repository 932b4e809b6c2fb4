"""小区广播: a file for the operator's cell broadcast centre: the signed CAP alert, and the text in pages beside it.

ANLAN_CBC_FOLDER   folder that the operator's entity fetches from; unset = channel not set up
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt
from anlan.gateways.alerts.facts import warning_of
from anlan.mobilisation.face.documents import signed
from anlan.monitoring import published
from anlan.monitoring.rules.warnings import CELL_PAGE, cell

#: Message identifiers of 3GPP TS 23.041 for public warnings (4370: the highest level, 4371 and 4373 the next); which of
#: them an operator here uses is 待核对.
IDENTIFIERS = {"红": 4370, "橙": 4371, "黄": 4373, "蓝": 4379}
REPEAT_S = {"红": 30, "橙": 60, "黄": 300, "蓝": 600}


def folder() -> str:
    return os.environ.get("ANLAN_CBC_FOLDER", "")


def pages(text: str) -> list[str]:
    """41 characters each in UCS-2 (82 octets)."""
    return [text[start : start + CELL_PAGE] for start in range(0, len(text), CELL_PAGE)]


def send(message: Message) -> Receipt:
    """Each file appears whole or not at all; the same message writes the same file."""
    found = warning_of(message)
    if found is None:
        return Receipt(Outcome.REFUSED, "没有可播发的预警")
    alert = published.cap(found)
    order = {
        "identifier": alert.identifier, "message_identifier": IDENTIFIERS[found.level], "repeat_s": REPEAT_S[found.level],
        "stop": found.cancelled, "until": found.expires.isoformat(), "pages": pages(cell(published.content(found))),
        "areas": [area.code for area in found.areas],
    }  # fmt: skip
    try:
        goal = Path(folder())
        goal.mkdir(parents=True, exist_ok=True)
        write(goal / f"{alert.identifier}.cap.xml", signed(alert))
        write(goal / f"{alert.identifier}.json", json.dumps(order, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        return Receipt(Outcome.RETRY, f"写不进小区广播文件夹：{error.strerror}")
    return Receipt(Outcome.DELIVERED, f"已写入 {alert.identifier}.json", alert.identifier[:60])


def write(file: Path, data: bytes) -> None:
    draft = file.with_name(f".{file.name}.part")
    draft.write_bytes(data)
    draft.replace(file)


CHANNEL = Channel(
    name="cell_broadcast", title="小区广播", grade="bronze", audience=Audience.PUBLIC, rank=11, ready=lambda: bool(folder()),
    repeatable=lambda: True, reaches=lambda address: False, send=send,
)  # fmt: skip
