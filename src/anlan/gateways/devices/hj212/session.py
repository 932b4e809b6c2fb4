"""The centre's side of an HJ 212 connection: data answered by 9014, packets put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from anlan.gateways.devices.contract import Chunk, Command, FrameError, Reading, Step
from anlan.gateways.devices.hj212.codec import (
    BEIJING,
    Hj212Framer,
    Message,
    encode,
    moment,
    read,
    readings_of,
    reason_of,
)  # fmt: skip
from anlan.gateways.devices.parameters import number, span, text

#: DataTime is the start of these; the value is known, and may alarm, only at the end.
PERIODS = {"2061": timedelta(hours=1), "2031": timedelta(days=1), "2041": timedelta(days=1)}
#: Uploads that are answered by 9013 (notice) instead of 9014 (data).
NOTICES = {"1013", "3019", "3020", "3021"}
ANSWERS = {"9011", "9012", "9013", "9014"}
#: Messages in packets that we remember at once, and packets of one.
MAX_OPEN, MAX_PACKETS = 16, 999
#: What is sent so long after the time it is of (its QN tells when) is 补发: history, no live alarm. A parameter of ours.
CATCHING_UP = timedelta(hours=1)
#: Kind -> command number (table 9) and what it is called.
SPAN = {"start": "开始", "end": "结束"}
COMMANDS = {
    "time": ("1012", Command("设置现场机时间")),
    "clock": ("1011", Command("提取现场机时间")),
    "interval": ("1062", Command("设置实时数据间隔", {"seconds": "间隔 s（30～3600）"})),
    "query": ("2011", Command("取实时数据")),
    "stop": ("2012", Command("停止察看实时数据")),
    "minutes": ("2051", Command("补取分钟数据", SPAN)),
    "hours": ("2061", Command("补取小时数据", SPAN)),
    "days": ("2031", Command("补取日数据", SPAN)),
    "calibrate": ("3011", Command("反控：零点校准量程校准", {"quantity": "因子编码，如 w01018"})),
    "sample": ("3012", Command("反控：即时采样", {"quantity": "因子编码"})),
    "clean": ("3013", Command("反控：启动清洗/反吹", {"quantity": "因子编码"})),
    "compare": ("3014", Command("反控：比对采样", {"quantity": "因子编码"})),
    "retain": ("3015", Command("反控：超标留样")),
    "info": ("3020", Command("提取现场机信息", {"quantity": "因子编码", "info": "信息编码，如 i12001"})),
}


@dataclass
class Parts:
    """Packets of one message: the time that the first one carries, and which have come."""

    total: int
    time: str = ""
    first: bytes = b""
    seen: set[int] = field(default_factory=set)


class Hj212Session:
    """Answers with the same QN when the sender asks for it; a damaged frame is kept and not answered: it comes again."""

    def __init__(self) -> None:
        self.framer = Hj212Framer()
        self.parts: dict[str, Parts] = {}

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        del now
        return [self.step(chunk) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason)
        try:
            message = read(chunk.data)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))
        if reason := reason_of(message):
            return Step(chunk.data, reason=reason)
        if not 0 <= message.number("PNO") <= message.number("PNUM") <= MAX_PACKETS:
            return Step(chunk.data, reason=f"分包 {message.head.get('PNO')}/{message.head.get('PNUM')} 不可能")
        known = self.packet(message, chunk.data) if message.number("PNUM") > 1 else None
        whole = known is None or len(known.seen) == known.total
        if whole and known is not None:
            del self.parts[message.head.get("QN", "")]
        # with the packet that carries the time in front: what is kept can be read again alone
        raw = known.first + chunk.data if known is not None and not message.data_time else chunk.data
        return Step(raw, self.readings(message, known), answer(message) if whole else b"")

    def readings(self, message: Message, known: Parts | None) -> list[Reading]:
        """For the log: the quantity with its sub-field is the element code; period values stand at the period's end."""
        if message.head["CN"] in ANSWERS:
            return []
        shift = PERIODS.get(message.head["CN"], timedelta())
        sent = moment(message.head.get("QN", ""))
        return [
            replace(
                reading, code=f"{reading.code}-{reading.field}", at=reading.at + shift, field="",
                backfill=sent is not None and sent - reading.at - shift > CATCHING_UP,
            )
            for reading in readings_of(message, message.data_time or (known.time if known else ""))
        ]  # fmt: skip

    def packet(self, message: Message, raw: bytes) -> Parts:
        """What is known of a message in packets; only its first may carry the time, and only the whole is answered."""
        qn = message.head.get("QN", "")
        parts = self.parts.get(qn)
        if parts is None or parts.total != message.number("PNUM"):
            while len(self.parts) >= MAX_OPEN:
                self.parts.pop(next(iter(self.parts)))
            parts = self.parts[qn] = Parts(message.number("PNUM"))
        if message.data_time:
            parts.time, parts.first = message.data_time, raw
        parts.seen.add(message.number("PNO"))
        return parts


def answer(message: Message) -> bytes:
    """9014 (or 9013) where the sender asks for an answer."""
    head = message.head
    if not message.wants_answer or head["CN"] in ANSWERS:
        return b""
    command = "9013" if head["CN"] in NOTICES else "9014"
    flag = (message.flag or 0) & ~3
    return encode(
        f"QN={head.get('QN', '')};ST=91;CN={command};PW={head.get('PW', '')};MN={head['MN']};Flag={flag};CP=&&&&"
    )


def command(kind: str, address: str, at: datetime, serial: int, parameters: Mapping[str, str] | None = None) -> bytes:
    """A request down: clocks, intervals, data of a period (补发), 反控. Answered by 9011 and 9012."""
    del serial
    if kind not in COMMANDS:
        raise FrameError(f"HJ 212 现场机没有命令 {kind}；有：{'、'.join(COMMANDS)}")
    local = at.astimezone(BEIJING)
    content = content_of(kind, local, parameters or {})
    qn = f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"
    return encode(f"QN={qn};ST=32;CN={COMMANDS[kind][0]};PW=123456;MN={address};Flag=5;CP=&&{content}&&")


def content_of(kind: str, local: datetime, given: Mapping[str, str]) -> str:
    if kind == "time":
        return f"SystemTime={local:%Y%m%d%H%M%S}"
    if kind == "interval":
        return f"RtdInterval={number(given, 'seconds', 30, 3600)}"
    if kind in ("minutes", "hours", "days"):
        start, end = span(given)
        return f"BeginTime={start:%Y%m%d%H%M%S};EndTime={end:%Y%m%d%H%M%S}"
    if kind in ("calibrate", "sample", "clean", "compare", "info"):
        wanted = [f"PolId={plain(text(given, 'quantity', 20))}"]
        return ";".join([*wanted, f"InfoId={plain(text(given, 'info', 20))}"] if kind == "info" else wanted)
    return ""


def plain(code: str) -> str:
    """A code goes into the segment as it is, so it must not bring separators of its own."""
    if not code.isascii() or not code.isalnum():
        raise FrameError(f"编码“{code}”应只有字母和数字")
    return code
