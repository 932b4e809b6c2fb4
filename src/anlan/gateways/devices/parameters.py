"""Reading the parameters of commands; FrameError names parameter, value and what is allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from anlan.gateways.devices.contract import FrameError

BEIJING = timezone(timedelta(hours=8))


def text(given: Mapping[str, str], name: str, most: int = 200) -> str:
    found = given.get(name, "").strip()
    if not found or len(found) > most:
        raise FrameError(f"参数 {name} 的值“{found[:40]}”应为 1～{most} 个字符")
    return found


def number(given: Mapping[str, str], name: str, low: int, high: int, otherwise: int | None = None) -> int:
    found = given.get(name, "").strip()
    if not found and otherwise is not None:
        return otherwise
    if not (found.isascii() and found.isdigit() and len(found) < 10 and low <= int(found) <= high):
        raise FrameError(f"参数 {name} 的值“{found[:40]}”应为 {low}～{high} 的整数")
    return int(found)


def moment(given: Mapping[str, str], name: str) -> datetime:
    found = given.get(name, "").strip()
    try:
        at = datetime.fromisoformat(found)
    except ValueError as error:
        raise FrameError(f"参数 {name} 的值“{found[:40]}”应为时间，如 2026-03-02T08:00") from error
    return at.astimezone(BEIJING) if at.tzinfo else at.replace(tzinfo=BEIJING)


def span(given: Mapping[str, str]) -> tuple[datetime, datetime]:
    """`start` and `end`, in this order."""
    start, end = moment(given, "start"), moment(given, "end")
    if end <= start:
        raise FrameError(f"参数 end 的值“{given['end']}”应晚于 start")
    return start, end
