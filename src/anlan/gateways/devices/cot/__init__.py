"""Cursor on Target over TCP: TAK clients send where they are and see incidents, drawings, teams and vehicles."""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.cot.codec import decode
from anlan.gateways.devices.cot.session import CotSession, admits


def picture(now: datetime) -> Mapping[str, bytes]:
    """Read the registers only when somebody is on line: the codec alone needs no database."""
    found: Mapping[str, bytes] = import_module(f"{__name__}.picture").picture(now)
    return found


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
)
