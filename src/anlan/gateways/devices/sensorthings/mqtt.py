"""Observations over MQTT (18-088 section 14.2): what is published to `v1.1/Datastreams(<id>)/Observations`. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.readings import Reading
from anlan.monitoring.queries import Directory, StreamRef

TOPIC = "v1.1/+/Observations"
PATH = re.compile(r"v1\.1/Datastreams\((\d{1,9})\)/Observations")


def by_number(known: Mapping[tuple[str, str], StreamRef]) -> Mapping[int, tuple[str, str]]:
    """Number of a datastream -> (address, element code)."""
    return known.by_id() if isinstance(known, Directory) else {ref.id: key for key, ref in known.items()}


def readings(topic: str, payload: bytes, known: Mapping[int, tuple[str, str]], now: datetime) -> list[Reading]:
    """One observation of a datastream; known: its number -> (address, element code). Raises FrameError."""
    found = PATH.fullmatch(topic)
    if found is None:
        raise FrameError(f"主题 {topic[:80]} 应为 v1.1/Datastreams(编号)/Observations")
    key = known.get(int(found[1]))
    if key is None:
        raise FrameError(f"没有编号为 {found[1]} 的 SensorThings 数据流")
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"不是 JSON：{error}") from error
    if not isinstance(told, dict) or "result" not in told:
        raise FrameError("应为含 result 的对象")
    value = told["result"]
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    ):
        raise FrameError(f"result 的值“{str(value)[:40]}”应为有限的数或 null")
    return [Reading(*key, value, "", moment(told.get("phenomenonTime"), now))]


def moment(said: object, now: datetime) -> datetime:
    """An instant, or the end of an interval; the time of arrival where there is none."""
    if said is None:
        return now
    try:
        at = datetime.fromisoformat(str(said).rpartition("/")[2])
    except ValueError as error:
        raise FrameError(f"phenomenonTime 的值“{str(said)[:40]}”应为 ISO 8601") from error
    if at.tzinfo is None:
        raise FrameError("phenomenonTime 应带时区")
    return at
