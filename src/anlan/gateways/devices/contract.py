"""What a field protocol is to us: a pure codec, a framer for streams, and how far it has been proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from typing import Protocol as Interface

from anlan.gateways.readings import Reading

__all__ = [
    "Chunk",
    "Command",
    "Decoded",
    "Device",
    "DeviceProtocol",
    "FrameError",
    "Framer",
    "Line",
    "Place",
    "Poller",
    "Reading",
    "Session",
    "Sketch",
    "Step",
]


class FrameError(Exception):
    """A frame that does not keep to its protocol; the message says where and how. The only error a codec raises."""


@dataclass(frozen=True)
class Decoded:
    """One frame understood as far as it could be.

    valid: framing, length and checksum hold. key: natural identity for removing repeats, "" where the frame has none.
    """

    valid: bool
    reason: str | None
    checksum_ok: bool
    length_ok: bool
    frame: dict[str, Any]
    readings: list[Reading] = field(default_factory=list)
    key: str = ""
    rest: bytes = b""


@dataclass(frozen=True)
class Chunk:
    """What a framer cut out of a byte stream: a whole frame, or bytes that belong to none, with the reason."""

    data: bytes
    reason: str = ""


class Framer(Interface):
    """Cuts a byte stream into frames, with bounded memory, finding the next start after garbage."""

    def feed(self, data: bytes) -> list[Chunk]: ...


@dataclass(frozen=True)
class Place:
    """Where a terminal is: WGS84 degrees, its own time, km/h and degrees from north where it says so."""

    address: str
    lon: float
    lat: float
    at: datetime
    speed_km_h: float | None = None
    course_deg: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Sketch:
    """What somebody in the field drew: GeoJSON in WGS84, or None where it was taken away again. `key` is the sender's."""

    key: str
    geometry: dict[str, Any] | None
    at: datetime
    label: str = ""
    note: str = ""


@dataclass
class Line:
    """Who is on one connection: its address, the name on its certificate, the terminal it last gave its position as."""

    peer: str
    certified: str = ""
    terminal: str = ""
    callsign: str = ""


@dataclass(frozen=True)
class Step:
    """What one frame of a connection means for us.

    ack: sent when the readings are durable (at once when there are none). nak: sent when the frame is refused.
    reason: why it goes to quarantine, "" when it does not. places: live positions for the map, best effort.
    sketches: what was drawn, handed to `DeviceProtocol.takes`.
    """

    raw: bytes
    readings: list[Reading] = field(default_factory=list)
    ack: bytes = b""
    nak: bytes = b""
    reason: str = ""
    places: list[Place] = field(default_factory=list)
    sketches: list[Sketch] = field(default_factory=list)


class Session(Interface):
    """One connection's conversation: bytes in, steps out. Pure: the time is passed in."""

    def receive(self, data: bytes, now: datetime) -> list[Step]: ...


class Poller(Interface):
    """One device that is asked. raw: its last answer, whole, for quarantine. Raises FrameError for an answer that cannot be
    read, anything else for a device that cannot be reached."""

    name: str
    raw: bytes

    async def read(self, now: datetime) -> list[Reading]: ...

    def again(self, raw: bytes, now: datetime) -> list[Reading]:
        """The readings of an answer that was kept. Pure."""

    async def close(self) -> None: ...


class Device(Interface):
    """A simulated device of a protocol. Pure: bytes and times in, bytes out."""

    def hello(self, now: datetime) -> list[bytes]:
        """What it says when it has connected."""

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """Values by element code, as it sends them."""

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        """Its answers to what the centre says."""

    def due(self, now: datetime) -> list[bytes]:
        """What it sends again because nobody answered, and its heartbeat."""


@dataclass(frozen=True)
class Command:
    """One command down to devices. parameters: name -> Chinese label; times are `YYYY-MM-DDTHH:MM`, Beijing."""

    title: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeviceProtocol:
    """One protocol, declared in the `__init__` of its folder as `PROTOCOL`."""

    name: str
    title: str
    standard: str
    #: bronze = decodes captured frames; silver = + server with acknowledgements; gold = + commands, conformance cases.
    grade: str
    transport: str
    decode: Callable[[bytes], Decoded]
    session: Callable[[], Session] | None = None
    port_env: str = ""
    default_port: int = 0
    #: A conversation that asks for no proof of who speaks: for reading again what was let in when it came.
    let_in: Callable[[], Session] | None = None
    #: Command-line text (hex, or the frame itself) to bytes.
    from_text: Callable[[str], bytes] = bytes.fromhex
    #: Readings of one message without a conversation (raw, time of arrival); for protocols that have no session.
    readings: Callable[[bytes, datetime], list[Reading]] | None = None
    #: A device of this protocol that is asked, out of its entry in the file of polled devices. FrameError names a field.
    poller: Callable[[dict[str, Any]], Poller] | None = None
    #: Commands by kind: "time" sets its clock, "query" asks for its values, others are the protocol's own.
    commands: Mapping[str, Command] = field(default_factory=dict)
    #: (kind, address, time, serial, parameters) to a frame for the device. Raises FrameError.
    command: Callable[[str, str, datetime, int, Mapping[str, str]], bytes] | None = None
    #: Who (`address:port`) may connect; None = everybody.
    admits: Callable[[str], bool] | None = None
    #: What is told to everybody on line (reads the database): key -> bytes, told again when changed or growing old.
    tells: Callable[[datetime], Mapping[str, bytes]] | None = None
    #: Whether a position that one on line sends is passed to all others at once.
    relays: bool = False
    #: Keeps what was drawn (writes the database): why it was refused, "" when it was not, and what to answer.
    takes: Callable[[Sketch, Line, datetime], tuple[str, bytes]] | None = None
    #: Beginning of the environment's names for a second, encrypted door, and its port.
    tls_env: str = ""
    tls_port: int = 0
    #: A simulated device with this address.
    device: Callable[[str], Device] | None = None
