"""Sparkplug B 3.0 over MQTT: births, data, deaths of edge nodes and their devices."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.sparkplug.codec import decode_text, from_text
from anlan.gateways.devices.sparkplug.host import readings_of
from anlan.gateways.devices.sparkplug.simulator import Edge

PROTOCOL = DeviceProtocol(
    name="sparkplug",
    title="Sparkplug B（MQTT）",
    standard="Eclipse Sparkplug 3.0.0; ISO/IEC 20237:2023",
    grade="silver",
    transport="mqtt",
    decode=decode_text,
    from_text=from_text,
    readings=readings_of,
    device=Edge,
)
