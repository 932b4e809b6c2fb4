"""应急广播: a broadcast message (EBM) to the platform of the loudspeakers, with its answer.

ANLAN_EBM_URL     address of the county's or city's 应急广播平台; unset = channel not set up
ANLAN_EBM_EBRID   our resource code, 23 digits        ANLAN_EBM_DEST   theirs
"""

from __future__ import annotations

import logging
import os

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt
from anlan.gateways.alerts.facts import warning_of
from anlan.gateways.alerts.loudspeaker import ebm, speech
from anlan.gateways.alerts.posting import post
from anlan.kernel import clock
from anlan.monitoring import published
from anlan.monitoring.rules import warnings as rules

log = logging.getLogger(__name__)


def url() -> str:
    return os.environ.get("ANLAN_EBM_URL", "")


def send(message: Message) -> Receipt:
    """The packet carries the spoken text, and as sound where speech is installed here."""
    warning = warning_of(message)
    if warning is None or warning.issued_at is None:
        return Receipt(Outcome.REFUSED, "没有可播发的预警")
    over = message.purpose != "预警发布"
    source = os.environ.get("ANLAN_EBM_EBRID", "0" * 23)
    words = message.text if over else rules.spoken(published.content(warning))
    order = ebm.Order(
        serial=ebm.serial(message.key), source=source, dest=os.environ.get("ANLAN_EBM_DEST", "0" * 23), sender_name=warning.sender,
        event_code=warning.event_code, level=warning.level, title=warning.headline, text=words, start=warning.issued_at,
        end=warning.expires, areas=[area.code for area in warning.areas], cancel=over, sent=clock.now(),
    )  # fmt: skip
    name, packet = ebm.packet(order, sound_of(words))
    return post("应急广播平台", url(), ebm.judge, files={"file": (name, packet, "application/x-tar")})


def sound_of(words: str) -> bytes:
    """No speech is no reason to keep silent: the text goes out in any case."""
    try:
        return speech.spoken(words)
    except OSError:
        log.exception("no sound could be made")
        return b""


CHANNEL = Channel(
    name="loudspeaker", title="应急广播大喇叭", grade="bronze", audience=Audience.PUBLIC, rank=12, ready=lambda: bool(url()),
    repeatable=lambda: True, reaches=lambda address: False, send=send,
)  # fmt: skip
