"""GB/T 28181 SIP signalling of video platforms and cameras: registration, keep-alive, catalogue, alarms. No media."""

from functools import partial

from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.gb28181.codec import decode
from anlan.gateways.devices.gb28181.session import Gb28181Session
from anlan.gateways.devices.gb28181.simulator import Camera

PROTOCOL = DeviceProtocol(
    name="gb28181",
    title="视频联网 GB/T 28181（信令：注册、目录、报警）",
    standard="GB/T 28181-2016",
    grade="silver",
    transport="udp",
    decode=decode,
    session=Gb28181Session,
    let_in=partial(Gb28181Session, ""),
    device=Camera,
    port_env="ANLAN_GB28181_PORT",
    default_port=5060,
    from_text=lambda text: text.encode().decode("unicode_escape").encode("latin-1"),
)
