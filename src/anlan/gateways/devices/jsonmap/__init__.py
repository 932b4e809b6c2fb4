"""Anybody's JSON by a mapping file, over HTTP (polled): e.g. the feed of major hazard sources of an enterprise platform."""

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.jsonmap.codec import decode_text
from anlan.gateways.devices.jsonmap.poller import JsonPoller
from anlan.gateways.devices.jsonmap.simulator import Feed

PROTOCOL = DeviceProtocol(
    name="json",
    title="JSON 映射（HTTP 轮询）",
    standard="RFC 8259；字段由映射文件给出",
    grade="silver",
    transport="poll",
    decode=decode_text,
    from_text=str.encode,
    poller=JsonPoller,
    device=Feed,
)
