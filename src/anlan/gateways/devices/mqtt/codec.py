"""JSON over MQTT: our own small shape, and SenML (RFC 8428).

Topic `v1/<address>/telemetry`. Own shape, one object or a list of them:
`{"at": "2026-11-23T08:00:00+08:00", "values": {"cl2": 0.3, "p": 0.71}, "flag": "N", "backfill": false}`; the time is
`at` or `ts` (the word of ThingsBoard's devices), either ISO 8601 with offset or epoch milliseconds; without one the time
of arrival counts. A time under any other name would silently become that, so it is refused. SenML: a list of records.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import orjson

from anlan.gateways.devices.contract import Decoded, FrameError, Reading

MAX_RECORDS = 10_000
#: RFC 8428 section 4.5.3: a time below this is relative to now.
RELATIVE_BELOW = 2**28
#: RFC 8428 section 4.4: the version of its records.
SENML_VERSION = 10
TIMES = ("at", "ts")
KNOWN = (*TIMES, "values", "flag", "backfill", "station")
#: Parts of a name by which devices of others say when: a message that has one means a time we must not overlook.
TIME_WORDS = frozenset("at ts t tm time times timestamp datetime date dt when epoch utc clock".split())
#: 2000-01-01 to 2100-01-01, ms. Seconds or microseconds sent as milliseconds fall outside by a factor of a thousand.
EPOCH_MS = (946_684_800_000, 4_102_444_800_000)


def address_of(topic: str) -> str:
    """`v1/<address>/telemetry` -> address."""
    parts = topic.split("/")
    if len(parts) != 3 or parts[0] != "v1" or parts[2] != "telemetry" or not parts[1]:
        raise FrameError(f"主题 {topic} 不是 v1/<测站地址>/telemetry")
    return parts[1]


def decode(payload: bytes, address: str, now: datetime) -> list[Reading]:
    """Readings of one message. Raises FrameError naming the field and what is allowed."""
    content = parsed(payload)
    items = content if isinstance(content, list) else [content]
    if len(items) > MAX_RECORDS:
        raise FrameError(f"一条消息 {len(items)} 条记录，上限 {MAX_RECORDS}")
    if not all(isinstance(item, dict) for item in items) or not items:
        raise FrameError("应为对象，或对象的列表")
    if any(key in items[0] for key in ("bn", "n", "bt", "bu", "bver")):
        return senml(items, address, now)
    return [reading for index, item in enumerate(items) for reading in own_shape(item, address, now, index)]


def parsed(payload: bytes) -> Any:
    """What is no JSON by the letter (NaN, numbers beyond 64 bits) is read by the other reader, so that its value can be named."""
    try:
        return orjson.loads(payload)
    except ValueError:
        try:
            return json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise FrameError(f"不是有效的 JSON：{error}") from error


def own_shape(item: dict[str, Any], address: str, now: datetime, index: int) -> list[Reading]:
    values = item.get("values")
    if not isinstance(values, dict) or not values:
        raise FrameError(f"[{index}].values 应为 {{要素码: 数值}} 且不为空")
    only_known_words(item, index)
    at = time_of(item, now, index)
    station = item.get("station", address)
    if station != address:
        raise FrameError(f"[{index}].station {station} 与主题中的地址 {address} 不一致")
    flag, backfill = str(item.get("flag", "N"))[:1], bool(item.get("backfill", False))
    return [
        Reading(address, str(code), value_of(value, f"[{index}].values.{code}"), "", at, flag=flag, backfill=backfill)
        for code, value in values.items()
    ]


def only_known_words(item: dict[str, Any], index: int) -> None:
    """A misspelt word and a time under another name are refused; whatever else a device adds is its own affair."""
    for key in item:
        if key in KNOWN:
            continue
        parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", key)}
        if parts & TIME_WORDS or get_close_matches(key.lower(), KNOWN, 1, 0.8):
            raise FrameError(f"[{index}].{key} 不认识；时间写作 at 或 ts，其他字段为 {', '.join(KNOWN[2:])}")


def time_of(item: dict[str, Any], now: datetime, index: int) -> datetime:
    """What `at` or `ts` says; both only when they say the same millisecond."""
    said = [moment(item[name], f"[{index}].{name}") for name in TIMES if name in item]
    if len(said) > 1 and abs(said[0] - said[1]) >= timedelta(milliseconds=1):
        raise FrameError(
            f"[{index}].at 的值 {item['at']!r} 与 [{index}].ts 的值 {item['ts']!r} 不是同一时刻；只给一个即可"
        )
    return said[0] if said else now


def value_of(value: object, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise FrameError(f"{field} 的值 {value!r} 应为有限的数或 null")
    return float(value)


def moment(value: object, field: str) -> datetime:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not EPOCH_MS[0] <= value < EPOCH_MS[1]:
                raise FrameError(f"{field} 的值 {value!r} 超出 {EPOCH_MS[0]}–{EPOCH_MS[1]}（2000–2100 年），单位：毫秒")
            return datetime.fromtimestamp(value / 1000, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise FrameError(f"{field} 的值 {value!r} 应为带时区的 ISO 8601 或毫秒时间戳") from error
    if at.tzinfo is None:
        raise FrameError(f"{field} 的值 {value!r} 没有时区")
    return at


def senml(records: list[dict[str, Any]], address: str, now: datetime) -> list[Reading]:
    """RFC 8428: base name, time, unit and value carry on to later records; the name's last part is the element."""
    base: dict[str, Any] = {"bn": "", "bt": 0.0, "bu": "", "bv": 0.0}
    readings = []
    for index, record in enumerate(records):
        understood(record, index)
        base.update({key: record[key] for key in base if key in record})
        if not any(key in record for key in ("v", "vb", "vs", "vd", "s")):
            continue
        name = f"{base['bn']}{record.get('n', '')}"
        value = record.get("v", record.get("vb"))
        if value is None:
            raise FrameError(f"[{index}]（{name}）只支持数值 v 与布尔 vb")
        number = value_of(value, f"[{index}].v")
        if number is not None and "v" in record:
            number += value_of(base["bv"], f"[{index}].bv") or 0.0
        seconds = (value_of(base["bt"], f"[{index}].bt") or 0.0) + (value_of(record.get("t", 0), f"[{index}].t") or 0.0)
        code = name.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]
        unit = str(record.get("u", base["bu"]))
        readings.append(Reading(address, code, number, unit, senml_time(seconds, now, index)))
    return readings


def understood(record: dict[str, Any], index: int) -> None:
    """RFC 8428 section 4.4: a label that ends in "_" must be understood, and none of them is; other unknown ones may be
    passed over. A pack of a later version may mean something else by the same labels."""
    for label in record:
        if label.endswith("_"):
            raise FrameError(f"[{index}].{label} 以“_”结尾，表示必须理解的扩展（RFC 8428 4.4），这里不支持")
    version = record.get("bver", SENML_VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= SENML_VERSION:
        raise FrameError(f"[{index}].bver 的值 {version!r} 应为 1～{SENML_VERSION} 的整数")
    for label in ("bn", "n"):
        if not isinstance(record.get(label, ""), str):
            raise FrameError(f"[{index}].{label} 的值 {record[label]!r} 应为文字")


def senml_time(seconds: float, now: datetime, index: int) -> datetime:
    try:
        if seconds < RELATIVE_BELOW:
            return now + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise FrameError(f"[{index}].t 的值 {seconds} 超出可表示的时间") from error


def readings_of(raw: bytes, now: datetime) -> list[Reading]:
    """Readings of a kept message: `<topic> <payload>`."""
    topic, _, payload = raw.partition(b" ")
    return decode(payload, address_of(topic.decode(errors="replace")), now)


def decode_text(data: bytes) -> Decoded:
    """For the command line: `<topic> <payload>` in one line."""
    topic, _, payload = data.decode(errors="replace").partition(" ")
    try:
        readings = decode(payload.encode(), address_of(topic), datetime.fromtimestamp(0, UTC))
    except FrameError as error:
        return Decoded(False, str(error), True, True, {"topic": topic})
    return Decoded(True, None, True, True, {"topic": topic}, readings)
