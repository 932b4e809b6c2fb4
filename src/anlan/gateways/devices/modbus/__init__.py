"""Modbus-TCP, polled: coils, inputs and registers by a table of points."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.modbus.codec import decode
from anlan.gateways.devices.modbus.poller import ModbusPoller
from anlan.gateways.devices.modbus.simulator import Slave

PROTOCOL = DeviceProtocol(
    name="modbus",
    title="Modbus-TCP（轮询）",
    standard="MODBUS Messaging on TCP/IP V1.0b; GB/T 19582.3-2008",
    grade="silver",
    transport="poll",
    decode=decode,
    poller=ModbusPoller,
    device=Slave,
)
