"""GB/T 26875.3-2011 城市消防远程监控系统 报警传输网络通信协议 over TCP."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.gb26875.codec import decode
from anlan.gateways.devices.gb26875.session import COMMANDS, Gb26875Session, command
from anlan.gateways.devices.gb26875.simulator import Transmitter

PROTOCOL = DeviceProtocol(
    name="gb26875",
    title="消防远程监控 GB/T 26875.3",
    standard="GB/T 26875.3-2011",
    grade="silver",
    transport="tcp",
    decode=decode,
    session=Gb26875Session,
    port_env="ANLAN_GB26875_PORT",
    command=command,
    commands=COMMANDS,
    device=Transmitter,
    default_port=5875,
)
