"""Station and centre talking to each other in the four ways of working."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING, decode
from anlan.gateways.devices.sl651.session import Sl651Session
from anlan.gateways.devices.sl651.simulator import AGAIN, Station

NOW = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
VALUES = [("39", 1072.35), ("38", 12.6), ("20", 0.5)]
MANY = [("39", 1000 + n / 100) for n in range(60)]


def talk(station: Station, centre: Sl651Session, frames: list[bytes], lose: int = -1) -> list[tuple[str, float | None]]:
    """Frames to the centre, its answers back, until nobody says anything; the frame numbered `lose` gets lost once."""
    kept: list[tuple[str, float | None]] = []
    waiting, sent = list(frames), 0
    while waiting:
        frame = waiting.pop(0)
        if sent == lose:
            sent += 1
            continue
        sent += 1
        for step in centre.receive(frame, NOW):
            kept += [(one.code, one.value) for one in step.readings]
            waiting += station.receive(step.ack or step.nak, NOW)
    return kept


@pytest.mark.parametrize("mode", ["M1", "M2", "M3"])
def test_a_report_arrives_whole_and_is_confirmed(mode: str) -> None:
    station, centre = Station("0012345678", mode), Sl651Session()
    assert talk(station, centre, station.report(VALUES, NOW)) == VALUES
    assert station.pending == {}


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_lost_packet_is_asked_for_and_sent_alone(lost: int) -> None:
    station, centre = Station("0012345678", "M3"), Sl651Session()
    frames = station.report(MANY, NOW)
    assert len(frames) > 4
    assert talk(station, centre, frames, lost) == MANY
    assert station.pending == {}


def test_a_report_that_is_not_answered_comes_again_and_is_given_up() -> None:
    station = Station("0012345678")
    frames = station.report(VALUES, NOW)
    assert station.due(NOW) == []
    assert station.due(NOW + AGAIN) == frames
    assert station.due(NOW + 2 * AGAIN) == frames
    assert station.due(NOW + 3 * AGAIN) == []
    assert station.given_up == 1


def test_a_station_of_mode_4_speaks_when_asked() -> None:
    station, centre = Station("0012345678", "M4"), Sl651Session()
    assert station.report(VALUES, NOW) == []
    answers = station.receive(encode.command("query", "0012345678", NOW, 1), NOW)
    assert talk(station, centre, answers) == VALUES


def test_setting_the_clock_takes_its_error_away() -> None:
    station = Station("0012345678", offset=timedelta(minutes=7))
    assert station.receive(encode.command("time", "0012345678", NOW, 1), NOW)
    assert station.offset == timedelta()


def test_the_ascii_encoding_says_the_same_as_the_hex_one() -> None:
    text = decode(encode.ascii_report("0012345678", VALUES, NOW))
    assert text.valid, text.reason
    binary = decode(encode.report("0012345678", VALUES, NOW))
    assert [(r.code, r.value, r.at) for r in text.readings] == [(r.code, r.value, r.at) for r in binary.readings]
