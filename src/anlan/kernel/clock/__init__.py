"""The one clock: real, or a scenario's that starts elsewhere and runs faster.

Every process of one installation reads the same small file below `ANLAN_VAR`, so that web, gateway and worker agree
without a round trip. Rules and engines never come here: time is passed to them.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
#: How old our picture of the file may be, seconds of real time.
REFRESH_S = 0.25


@dataclass(frozen=True)
class Pace:
    """Scenario time = `scenario_start` + (real time - `real_start`) x `speed`. Times are POSIX seconds."""

    scenario_start: float
    real_start: float
    speed: float
    name: str = ""


def _file() -> Path:
    return Path(os.environ.get("ANLAN_VAR", "var")).resolve() / "clock.json"


class _Clock:
    def __init__(self) -> None:
        self.pace: Pace | None = None
        self.frozen: datetime | None = None
        self.read_at = float("-inf")
        self.lock = threading.Lock()

    def current(self) -> Pace | None:
        if time.monotonic() - self.read_at > REFRESH_S:
            with self.lock:
                self.read_at = time.monotonic()
                try:
                    self.pace = Pace(**json.loads(_file().read_text(encoding="utf-8")))
                except FileNotFoundError:
                    self.pace = None
        return self.pace


_clock = _Clock()


def now() -> datetime:
    """The time everybody in this installation goes by, aware, in UTC."""
    if _clock.frozen is not None:
        return _clock.frozen
    pace = _clock.current()
    real = time.time()
    if pace is None:
        return datetime.fromtimestamp(real, UTC)
    return datetime.fromtimestamp(pace.scenario_start + (real - pace.real_start) * pace.speed, UTC)


def real_now() -> datetime:
    """Real time, for what concerns machines and not the story: sessions, tokens, measurements."""
    return datetime.fromtimestamp(time.time(), UTC)


def scenario() -> Pace | None:
    """The scenario that sets the pace, or None when the clock is real."""
    return _clock.current()


def speed() -> float:
    """Scenario seconds per real second; 1 when the clock is real."""
    pace = _clock.current()
    return pace.speed if pace else 1.0


def real_seconds(span: timedelta) -> float:
    """How long a waiter must really wait for `span` of clock time."""
    return span.total_seconds() / speed()


def run_scenario(name: str, start: datetime, speed: float) -> None:
    """Let the clock of the whole installation show `start` now and run `speed` times as fast."""
    pace = Pace(start.timestamp(), time.time(), speed, name)
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(pace)), encoding="utf-8")
    draft.replace(file)
    _clock.read_at = float("-inf")


def run_real() -> None:
    """Give the installation back to real time."""
    _file().unlink(missing_ok=True)
    _clock.read_at = float("-inf")


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock of this process stand still at `moment` (tests, previews)."""
    before, _clock.frozen = _clock.frozen, moment
    try:
        yield
    finally:
        _clock.frozen = before
