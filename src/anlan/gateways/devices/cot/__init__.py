"""Cursor on Target over TCP and TLS: TAK clients send where they are and what they draw, and see incidents, drawings and forces."""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module

from anlan.gateways.devices.contract import DeviceProtocol, Line, Sketch
from anlan.gateways.devices.cot.codec import decode
from anlan.gateways.devices.cot.session import CotSession, admits


def picture(now: datetime) -> Mapping[str, bytes]:
    """Read the registers only when somebody is on line: the codec alone needs no database."""
    found: Mapping[str, bytes] = import_module(f"{__name__}.picture").picture(now)
    return found


def takes(sketch: Sketch, who: Line, now: datetime) -> tuple[str, bytes]:
    """What a client drew goes to the incident it belongs to; the client is told why it does not."""
    kept: tuple[str, bytes] = import_module(f"{__name__}.sketches").take(sketch, who, now)
    return kept


PROTOCOL = DeviceProtocol(
    name="cot",
    title="Cursor on Target（TAK 终端）",
    standard="CoT event 2.0（MITRE MP090284，2009）",
    grade="silver",
    transport="tcp",
    decode=decode,
    session=CotSession,
    port_env="ANLAN_COT_PORT",
    default_port=8087,
    from_text=lambda text: text.encode(),
    admits=admits,
    tells=picture,
    relays=True,
    takes=takes,
    tls_env="ANLAN_COT_TLS",
    tls_port=8089,
)
