"""CoAP over UDP: small battery devices that post JSON or SenML and want an acknowledgement."""

from anlan.gateways.devices.coap.codec import decode
from anlan.gateways.devices.coap.session import CoapSession
from anlan.gateways.devices.coap.simulator import Node
from anlan.gateways.devices.contract import DeviceProtocol

PROTOCOL = DeviceProtocol(
    name="coap",
    title="CoAP（JSON / SenML）",
    standard="IETF RFC 7252; RFC 8428",
    grade="silver",
    transport="udp",
    decode=decode,
    session=CoapSession,
    device=Node,
    port_env="ANLAN_COAP_PORT",
    default_port=5683,
)
