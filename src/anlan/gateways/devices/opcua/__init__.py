"""OPC UA, polled: values of nodes of a plant's server. Needs the extra `opcua` (asyncua)."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.opcua.codec import decode
from anlan.gateways.devices.opcua.poller import OpcUaPoller

PROTOCOL = DeviceProtocol(
    name="opcua",
    title="OPC UA（轮询）",
    standard="IEC 62541; GB/T 33863",
    grade="silver",
    transport="poll",
    decode=decode,
    poller=OpcUaPoller,
)
