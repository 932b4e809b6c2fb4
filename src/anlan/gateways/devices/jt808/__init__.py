"""JT/T 808-2011/2013/2019 道路运输车辆卫星定位系统 over TCP."""

from functools import partial

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.jt808.codec import decode
from anlan.gateways.devices.jt808.session import COMMANDS, Jt808Session, command
from anlan.gateways.devices.jt808.simulator import Terminal

PROTOCOL = DeviceProtocol(
    name="jt808",
    title="车辆卫星定位 JT/T 808",
    standard="JT/T 808-2019（兼容 2011、2013）",
    grade="silver",
    transport="tcp",
    decode=decode,
    session=Jt808Session,
    let_in=partial(Jt808Session, ""),
    port_env="ANLAN_JT808_PORT",
    command=command,
    commands=COMMANDS,
    device=Terminal,
    default_port=5808,
)
