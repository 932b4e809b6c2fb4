"""MQTT 3.1.1 with JSON or SenML payloads, over the broker inside NATS."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.mqtt.codec import decode_text, readings_of
from anlan.gateways.devices.mqtt.simulator import Sensor

PROTOCOL = DeviceProtocol(
    name="mqtt",
    title="MQTT（JSON / SenML）",
    standard="OASIS MQTT 3.1.1; RFC 8428",
    grade="silver",
    transport="mqtt",
    decode=decode_text,
    port_env="ANLAN_MQTT_PORT",
    default_port=1883,
    from_text=str.encode,
    readings=readings_of,
    device=Sensor,
)
