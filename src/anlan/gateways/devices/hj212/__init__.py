"""HJ 212-2017 污染物在线监控（监测）系统数据传输标准 over TCP."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.hj212.codec import decode
from anlan.gateways.devices.hj212.session import COMMANDS, Hj212Session, command
from anlan.gateways.devices.hj212.simulator import FieldUnit

PROTOCOL = DeviceProtocol(
    name="hj212",
    title="环保在线监测 HJ 212",
    standard="HJ 212-2017（兼容 HJ/T 212-2005）",
    grade="silver",
    transport="tcp",
    decode=decode,
    session=Hj212Session,
    port_env="ANLAN_HJ212_PORT",
    command=command,
    commands={kind: one for kind, (_, one) in COMMANDS.items()},
    device=FieldUnit,
    default_port=5212,
    from_text=str.encode,
)
