"""SL 651-2014 水文监测数据通信规约 over TCP."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.sl651.codec import decode
from anlan.gateways.devices.sl651.encode import COMMANDS, command
from anlan.gateways.devices.sl651.session import Sl651Session
from anlan.gateways.devices.sl651.simulator import Station

PROTOCOL = DeviceProtocol(
    name="sl651",
    title="水文遥测 SL 651",
    standard="SL 651-2014",
    grade="silver",
    transport="tcp",
    decode=decode,
    session=Sl651Session,
    port_env="ANLAN_SL651_PORT",
    command=command,
    commands={kind: one for kind, (_, one) in COMMANDS.items()},
    device=Station,
    default_port=5651,
)
