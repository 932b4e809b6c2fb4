"""From what a TAK client drew to the drawing of an incident: who drew it, on which incident, and may they."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError

from anlan.command.actions import Drawn, take_sketch
from anlan.gateways.devices.contract import Line, Sketch
from anlan.gateways.devices.cot.codec import chat
from anlan.kernel.errors import AnlanError, NotFound

#: What we tell clients bears this name: it is changed here, not there.
OURS = "anlan."


def take(sketch: Sketch, who: Line, now: datetime) -> tuple[str, bytes]:
    """("", nothing), or why it was refused and the word for the client."""
    try:
        if sketch.key.startswith(OURS):
            raise NotFound("本平台的标绘请在平台上改绘或擦除")
        drawn = Drawn(sketch.key, sketch.geometry, sketch.label, sketch.note, sketch.at)
        take_sketch(drawn, account=who.certified, terminal=who.terminal)
    except IntegrityError:  # two clients that hold the same drawing told of it at once: the other one's stands
        return "", b""
    except AnlanError as error:
        reason = f"图形“{sketch.label or sketch.key}”未采用：{error.message}"
        return reason, chat(who.terminal or who.peer, who.callsign, reason, now)
    return "", b""
