"""One message between two platforms 平台间报文: what it says, and the bytes that are signed.

A stream is what one platform sends to one other. Its parcels are numbered 1, 2, 3 …; the receiver takes them in that order
and each once, so a link may fail anywhere and the effect is that of a link that never did. The bytes are JSON with sorted
keys (RFC 8785 in spirit; numbers as Python writes them), so the same parcel has the same digest wherever it is computed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

#: Schemas this platform speaks. 1: everything but exercises; 2: parcels carry `exercise` and are kept apart from real ones.
SCHEMAS = (1, 2)
#: A parcel from further ahead than this comes from a wrong clock. From behind any age is right: it may have waited for days.
MOST_AHEAD = timedelta(minutes=10)
#: Numbers above this are no revision and no sequence of anybody.
MOST_NUMBER = 2**31 - 1
#: The longest parcel, bytes of its canonical form.
MOST_BYTES = 512 * 1024


class Kind(StrEnum):
    """What may be agreed on, one by one."""

    INCIDENT = "incident"
    REPORT = "report"
    WARNING = "warning"
    TASK = "task"
    ANSWER = "answer"
    RESOURCE = "resource"
    RECEIPT = "receipt"
    #: Takes the place of what this peer must not get, so that the numbers go on.
    VOID = "void"

    @property
    def words(self) -> str:
        return TITLES[self]


TITLES = {
    Kind.INCIDENT: "突发事件",
    Kind.REPORT: "信息报告",
    Kind.WARNING: "预警信息",
    Kind.TASK: "协同任务",
    Kind.ANSWER: "任务回复",
    Kind.RESOURCE: "应急资源",
    Kind.RECEIPT: "报告回执",
    Kind.VOID: "空报文",
}
#: What a payload of each kind must have, and of which type.
NEEDS: dict[Kind, dict[str, type | tuple[type, ...]]] = {
    Kind.INCIDENT: {
        "number": str,
        "title": str,
        "event_code": str,
        "lon": (int, float),
        "lat": (int, float),
        "at": str,
    },
    Kind.REPORT: {"number": str, "kind": str, "incident": str, "fields": dict},
    Kind.WARNING: {"identifier": str, "headline": str, "level": str, "state": str, "expires": str},
    Kind.TASK: {"title": str, "text": str, "due_at": str},
    Kind.ANSWER: {"about": str, "state": str, "by": str},
    Kind.RESOURCE: {"code": str, "name": str, "what": str, "lon": (int, float), "lat": (int, float)},
    Kind.RECEIPT: {"about": str, "number": str, "at": str},
    Kind.VOID: {},
}


class Refused(ValueError):
    """Why a parcel is not taken. `final`: it never will be, so the stream goes on without it."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


@dataclass(frozen=True)
class Parcel:
    """`key` names the thing in the sender's platform, `revision` its state; `area` is `system:code` of the division."""

    sender: str
    receiver: str
    seq: int
    kind: str
    key: str
    revision: int
    area: str
    data_class: int
    sent_at: str
    payload: dict[str, Any]
    schema: int = SCHEMAS[-1]
    correlation_id: str = ""
    exercise: bool = False

    def as_json(self) -> dict[str, Any]:
        """In the words of its own schema."""
        said = asdict(self)
        if self.schema < 2:
            del said["exercise"]
        return said


def canonical(said: Mapping[str, Any]) -> bytes:
    """The one way to write it."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def content(parcel: Parcel) -> str:
    """Digest of what it says, whatever schema it is written in: a repeated number must come with the same."""
    said = {"kind": parcel.kind, "key": parcel.key, "revision": parcel.revision, "payload": parcel.payload}
    return sha256(canonical(said)).hexdigest()


def clean(said: object) -> bool:
    """No NUL in any text: the database cannot keep one, and nobody writes one."""
    if isinstance(said, str):
        return "\x00" not in said
    if isinstance(said, Mapping):
        return all(clean(key) and clean(value) for key, value in said.items())
    return all(clean(one) for one in said) if isinstance(said, list) else True


def digits(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_NUMBER


def read(said: object) -> Parcel:
    """The parcel of a JSON object. Raises `Refused` (final) naming the field when it is none."""
    if not isinstance(said, dict):
        raise Refused("报文不是 JSON 对象", final=True)
    texts = ("sender", "receiver", "kind", "key", "area", "sent_at")
    numbers = ("seq", "revision", "data_class", "schema")
    for name in texts:
        if not isinstance(said.get(name), str) or not said[name]:
            raise Refused(f"字段 {name} 缺失或不是文字", final=True)
    for name in numbers:
        if not digits(said.get(name)):
            raise Refused(f"字段 {name} 的值 {said.get(name)!r} 不是正整数", final=True)
    if not isinstance(said.get("payload"), dict):
        raise Refused("字段 payload 缺失或不是对象", final=True)
    known = {key: said[key] for key in (*texts, *numbers, "payload")}
    return Parcel(**known, correlation_id=str(said.get("correlation_id") or ""), exercise=said.get("exercise") is True)


def check(parcel: Parcel, now: datetime) -> None:
    """Its schema, clock and payload. Raises `Refused`."""
    if parcel.schema not in SCHEMAS:
        raise Refused(f"报文版本 {parcel.schema} 不支持，本平台支持：{'、'.join(map(str, SCHEMAS))}", final=False)
    try:
        sent = datetime.fromisoformat(parcel.sent_at)
    except ValueError:
        raise Refused(f"发送时间 {parcel.sent_at!r} 不是 ISO 8601 时间", final=True) from None
    if sent.tzinfo is None:
        raise Refused(f"发送时间 {parcel.sent_at} 没有时区", final=True)
    if sent > now + MOST_AHEAD:
        ahead = (sent - now).total_seconds() / 60
        raise Refused(f"发送时间超前 {ahead:.0f} 分钟（允许 {MOST_AHEAD.seconds // 60} 分钟），请校时", final=False)
    check_payload(parcel)


def check_payload(parcel: Parcel) -> None:
    if not clean([parcel.kind, parcel.key, parcel.area, parcel.sent_at, parcel.correlation_id, parcel.payload]):
        raise Refused("报文中有空字符（NUL）", final=True)
    if parcel.kind not in NEEDS:
        raise Refused(f"报文类型 {parcel.kind!r} 不认识，可用：{'、'.join(NEEDS)}", final=True)
    for name, wanted in NEEDS[Kind(parcel.kind)].items():
        value = parcel.payload.get(name)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise Refused(f"{Kind(parcel.kind).words}缺少 {name} 或类型不对：{value!r}", final=True)
    lon, lat = parcel.payload.get("lon", 0), parcel.payload.get("lat", 0)
    if not (isinstance(lon, int | float) and isinstance(lat, int | float) and abs(lon) <= 180 and abs(lat) <= 90):
        raise Refused(f"位置 {lon},{lat} 不正确，允许：经度 -180~180，纬度 -90~90（单位：度）", final=True)


def common_schema(theirs: list[int]) -> int:
    """The highest schema both speak. Raises `Refused` when there is none."""
    both = set(SCHEMAS) & {value for value in theirs if digits(value)}
    if not both:
        raise Refused(f"双方没有共同的报文版本：本平台 {list(SCHEMAS)}，对方 {theirs}", final=False)
    return max(both)


@dataclass(frozen=True)
class Verdict:
    """What became of one parcel: taken, repeated (had it already), refused (for good)."""

    seq: int
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Acknowledgement:
    """The receiver's signed word: everything up to `up_to` is safely there. `halted`: why it stopped earlier than asked."""

    sender: str
    receiver: str
    up_to: int
    at: str
    halted: str = ""
    verdicts: list[Verdict] = field(default_factory=list)


def read_acknowledgement(said: object) -> Acknowledgement:
    """Raises `Refused` when it is none."""
    if not isinstance(said, dict) or not isinstance(said.get("up_to"), int):
        raise Refused("回执不完整", final=False)
    rows = said.get("verdicts")
    verdicts = [Verdict(int(r["seq"]), str(r["verdict"]), str(r.get("reason", ""))) for r in rows or [] if "seq" in r]
    return Acknowledgement(
        str(said.get("sender")), str(said.get("receiver")), said["up_to"], str(said.get("at")),
        str(said.get("halted") or ""), verdicts,
    )  # fmt: skip
