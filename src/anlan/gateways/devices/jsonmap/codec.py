"""Readings out of anybody's JSON, by a mapping. Pure.

A mapping (JSON too) says where things are; a path is keys joined by dots, numbers count in lists, "" is the thing itself:

    {"items": "data.list", "address": "equipCode", "code": "quotaCode", "value": "value", "at": "collectTime",
     "time": "%Y-%m-%d %H:%M:%S", "utc_offset_h": 8, "unit": "unit", "flag": {"field": "status", "1": "N", "0": "D"},
     "rename": {"WD": "temperature"}, "scale": {"pressure": 0.001}}

For objects that hold several values, "values": {"cl2": "gas.cl2", ...} stands in place of "code" and "value".
"=text" in place of a path is that text. Without "at" the time of arrival counts; "time": "ms", "s" or a strptime format.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from anlan.gateways.devices.contract import Decoded, FrameError, Reading

MAX_ITEMS = 50_000
FIELDS = {
    "title", "items", "address", "code", "value", "values", "at", "time", "utc_offset_h", "unit", "flag", "rename", "scale",
    "representative", "note",
}  # fmt: skip
MAPPINGS = Path(__file__).parent / "mappings"


def check(mapping: object) -> dict[str, Any]:
    """The mapping, when it can be one. Raises FrameError naming the field."""
    if not isinstance(mapping, dict) or not all(isinstance(key, str) for key in mapping):
        raise FrameError("映射应为对象")
    if unknown := set(mapping) - FIELDS:
        raise FrameError(f"映射有不认识的字段 {sorted(unknown)}，允许：{sorted(FIELDS)}")
    if "address" not in mapping or ("values" in mapping) == ("code" in mapping and "value" in mapping):
        raise FrameError("映射应有 address，以及 values，或 code 与 value")
    for name in ("values", "flag", "rename", "scale"):
        if not isinstance(mapping.get(name, {}), dict):
            raise FrameError(f"映射的 {name} 应为对象")
    return mapping


def named(name: str) -> dict[str, Any]:
    """One of the mappings that come with the product."""
    found = {path.stem: path for path in MAPPINGS.glob("*.json")}
    if name not in found:
        raise FrameError(f"映射 {name} 不存在，已有：{sorted(found)}")
    return check(json.loads(found[name].read_text(encoding="utf-8")))


def at_path(thing: object, path: object) -> object:
    """What lies there; None when nothing does."""
    if isinstance(path, str) and path.startswith("="):
        return path[1:]
    for part in str(path).split(".") if path else ():
        if isinstance(thing, Mapping):
            thing = thing.get(part)
        elif isinstance(thing, list) and part.isdigit() and int(part) < len(thing):
            thing = thing[int(part)]
        else:
            return None
    return thing


def decode(payload: bytes, mapping: Mapping[str, Any], now: datetime) -> list[Reading]:
    """Readings of one document. Raises FrameError naming the item and the field."""
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"不是有效的 JSON：{error}") from error
    found = at_path(content, mapping.get("items", ""))
    items = found if isinstance(found, list) else [found]
    if found is None:
        raise FrameError(f"文档中没有 {mapping.get('items')!r}")
    if len(items) > MAX_ITEMS:
        raise FrameError(f"一份文档 {len(items)} 项，上限 {MAX_ITEMS}")
    return [reading for index, item in enumerate(items) for reading in readings(item, mapping, now, f"[{index}]")]


def readings(item: object, mapping: Mapping[str, Any], now: datetime, where: str) -> Iterable[Reading]:
    address = at_path(item, mapping["address"])
    if not isinstance(address, str | int) or address == "" or isinstance(address, bool):
        raise FrameError(f"{where}.{mapping['address']} 的值 {address!r} 应为测站地址")
    at = moment(at_path(item, mapping["at"]), mapping, f"{where}.{mapping['at']}") if "at" in mapping else now
    flag = flag_of(item, mapping.get("flag"))
    for code, value in pairs(item, mapping):
        code = str(mapping.get("rename", {}).get(code, code))
        number = value_of(value, f"{where} {code}")
        scale = float(mapping.get("scale", {}).get(code, 1))
        unit = at_path(item, mapping["unit"]) if "unit" in mapping else ""
        scaled = None if number is None else number * scale
        yield Reading(str(address), code, scaled, str(unit or ""), at, flag="N" if scaled is None else flag)


def pairs(item: object, mapping: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    if "values" in mapping:
        for code, path in mapping["values"].items():
            yield code, at_path(item, path)
    else:
        yield str(at_path(item, mapping["code"])), at_path(item, mapping["value"])


def flag_of(item: object, rule: Mapping[str, str] | None) -> str:
    """The device's own word on quality, by a table; what the table does not know is fine."""
    if not rule:
        return "N"
    return str(rule.get(str(at_path(item, rule.get("field", ""))), "N"))[:1]


def value_of(value: object, where: str) -> float | None:
    """Numbers, numbers as text, booleans; null and empty text are no data."""
    if value is None or value == "":
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise FrameError(f"{where} 的值 {value!r} 不是数") from error
    if not math.isfinite(number):
        raise FrameError(f"{where} 的值 {value!r} 应为有限的数")
    return number


def moment(value: object, mapping: Mapping[str, Any], where: str) -> datetime:
    form = str(mapping.get("time", "iso"))
    zone = timezone(timedelta(hours=float(mapping.get("utc_offset_h", 8))))
    try:
        if form in ("ms", "s"):
            return datetime.fromtimestamp(float(value) / (1000 if form == "ms" else 1), UTC)  # type: ignore[arg-type]
        at = datetime.fromisoformat(str(value)) if form == "iso" else datetime.strptime(str(value), form)  # noqa: DTZ007
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise FrameError(f"{where} 的值 {value!r} 不是时间（格式 {form}）") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def encode(rows: Iterable[tuple[str, str, float, datetime]]) -> bytes:
    """A document as the mapping `major_hazard` reads it, for simulators: (address, code, value, time)."""
    zone = timezone(timedelta(hours=8))
    listed = [
        {
            "equipCode": address,
            "quotaCode": code,
            "value": value,
            "collectTime": f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        }
        for address, code, value, at in rows
    ]
    return json.dumps({"code": 0, "data": {"list": listed}}, ensure_ascii=False).encode()


def decode_text(data: bytes) -> Decoded:
    """For the command line: `<mapping name> <document>`, or a document of `major_hazard`."""
    name, _, rest = data.decode(errors="replace").strip().partition(" ")
    payload = data if name[:1] in ("{", "[") else rest.encode()
    name = "major_hazard" if name[:1] in ("{", "[") else name
    found = decode(payload, named(name), datetime.fromtimestamp(0, UTC))
    return Decoded(True, None, True, True, {"mapping": name, "readings": len(found)}, found)
