"""Stations, rules and readings for the tests of monitoring."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pytest

from anlan.kernel import clock
from anlan.monitoring import log as layout
from anlan.monitoring.models import AlarmRule, Datastream, Station
from anlan.monitoring.pipeline.puller import Message
from anlan.monitoring.pipeline.worker import Refused, Worker, prepare
from tests.conftest import City

#: Noon of a quiet day, Beijing 20:00.
T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
T0_MS = round(T0.timestamp() * 1000)
numbers = itertools.count(1)


def ms(minutes: float) -> int:
    return T0_MS + round(minutes * 60_000)


def make_station(city: City, code: str = "", **fields: object) -> Station:
    code = code or f"S{next(numbers)}"
    defaults: dict[str, object] = {
        "name": f"测站{code}", "lon": 106.7, "lat": 39.5, "kind": "气体", "protocol": "mqtt", "address": code,
        "area": city.east, "interval_s": 60,
    }  # fmt: skip
    return Station.objects.create(code=code, **{**defaults, **fields})


def make_stream(station: Station, quantity: str = "cl2", unit: str = "ppm", **fields: object) -> Datastream:
    code = f"{station.code}-{quantity}"
    return Datastream.objects.create(
        code=code, station=station, source_code=quantity, name="氯气浓度", quantity=quantity, unit=unit, **fields
    )


def make_rule(city: City, code: str = "", **fields: object) -> AlarmRule:
    code = code or f"R{next(numbers)}"
    defaults: dict[str, object] = {"title": f"规则{code}", "area": city.city, "quantity": "cl2", "station_kind": "气体"}
    return AlarmRule.objects.create(code=code, **{**defaults, **fields})


def batch(
    readings: Sequence[tuple[int, float, float]], *, quality: int = 0, backfill: bool = False, received_ms: int = 0
) -> layout.Batch:
    """Readings as (datastream, minutes after T0, value)."""
    stream, at, value = zip(*readings, strict=True)
    return layout.Batch(
        np.array(stream, np.int32),
        np.array([ms(minutes) for minutes in at], np.int64),
        np.array(value, np.float64),
        np.full(len(stream), quality, np.int16),
        received_ms or ms(max(at)),
        backfill,
    )


@dataclass
class Feed:
    """A worker without a network: batches go in as the log would hand them over."""

    worker: Worker = field(default_factory=lambda: Worker("test-log", own=False))
    seq: int = 0
    refused: list[Refused] = field(default_factory=list)

    def put(self, *batches: layout.Batch) -> None:
        messages = []
        for one in batches:
            self.seq += 1
            messages.append(Message(self.seq, layout.encode(one), "", "obs.1.mqtt"))
        rows, refused = prepare(messages)
        self.refused += refused
        self.worker.flush(rows, self.seq)

    def say(self, stream: Datastream, *readings: tuple[float, float], **how: object) -> None:
        """Readings of one datastream as (minutes, value), in one batch."""
        self.put(batch([(stream.pk, minutes, value) for minutes, value in readings], **how))  # type: ignore[arg-type]

    def restart(self) -> None:
        """As after kill -9: nothing is left but the database."""
        self.worker = Worker("test-log", own=False)


@pytest.fixture
def feed(db: None) -> Feed:
    with clock.standing_at(T0):
        return Feed()
