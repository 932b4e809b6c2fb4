"""Newest values that are written more seldom than readings are stored: none is missing after a crash, none goes back."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from anlan.monitoring.pipeline import newest
from tests.conftest import City
from tests.monitoring.conftest import Feed, batch, make_station, make_stream

pytestmark = pytest.mark.django_db
STREAMS = 12


@pytest.fixture
def streams(city: City, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(newest, "LEAST", 3)
    return [make_stream(make_station(city)).pk for _ in range(STREAMS)]


def found(query: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def kept() -> list[tuple[int, ...]]:
    return found("select datastream_id, at, value, quality, received_at from monitoring_latest order by 1")


def wanted() -> list[tuple[int, ...]]:
    """What the newest values are, from the readings themselves."""
    return found(
        "select distinct on (stream) stream, at, nullif(value, 'NaN'), quality, received from observation"
        " order by stream, at desc"
    )


def test_a_flush_of_few_writes_all_at_once_and_packs_nothing(feed: Feed, streams: list[int]) -> None:
    feed.put(batch([(pk, 0, 1.0) for pk in streams[:3]]))
    assert kept() == wanted()
    assert not newest.waits()


def test_what_a_flush_leaves_over_is_there_after_a_crash(feed: Feed, streams: list[int]) -> None:
    feed.put(batch([(pk, 0, 1.0) for pk in streams]))
    assert len(kept()) == 3
    assert newest.waits()
    feed.put(batch([(pk, 1, float("nan")) for pk in streams[6:]]))
    feed.restart()
    assert kept() == wanted()
    assert len(kept()) == STREAMS
    assert not newest.waits()


def test_a_sweep_forgets_what_it_has_written_and_nothing_else(feed: Feed, streams: list[int]) -> None:
    feed.put(batch([(pk, 0, 1.0) for pk in streams]))
    for minute in range(1, 5):  # four stretches of three; the first datastream is behind again and again
        feed.put(batch([(streams[0], minute, 1.0)]))
    assert len(kept()) == STREAMS
    feed.worker.newest.write()
    feed.worker.newest.write()
    assert kept() == wanted()
    assert not newest.waits()


def test_a_clock_set_back_forgets_what_waits_too(feed: Feed, streams: list[int]) -> None:
    feed.put(batch([(pk, 5, 1.0) for pk in streams]))
    feed.worker.newest.forget_after(0)
    assert kept() == []
    assert not newest.waits()
    feed.put(batch([(streams[0], 2, 2.0)]))
    assert [row[0] for row in kept()] == [streams[0]], "a value of before is the newest now"


def test_whatever_order_readings_pauses_and_crashes_come_in_nothing_is_lost(feed: Feed, streams: list[int]) -> None:
    """After every step, table and packed rows together are what the readings say."""
    chance = random.Random(1)
    for _ in range(40):
        what = chance.random()
        if what < 0.1:
            feed.restart()
            assert kept() == wanted()
        elif what < 0.25:
            feed.worker.tick()
        else:
            some = chance.sample(streams, chance.randint(1, STREAMS))
            feed.put(batch([(pk, chance.randint(0, 60), chance.random()) for pk in some]))
        known = {row[0]: row[1] for row in kept()}
        assert all(known.get(stream, at) <= at for stream, at, *_ in wanted())
    newest.settle()
    assert kept() == wanted()
