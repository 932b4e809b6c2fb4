"""What was refused: read, replayed, discarded."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from django.test import Client

from anlan.gateways import actions, queries
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import Device, FrameError, Reading
from anlan.gateways.devices.hj212.simulator import FieldUnit
from anlan.gateways.devices.jt808.simulator import Terminal
from anlan.gateways.devices.sl651 import encode
from anlan.gateways.devices.sl651.codec import BEIJING
from anlan.gateways.devices.sl651.simulator import Station as SlStation
from anlan.gateways.models import Quarantined
from anlan.gateways.quarantine import steps_again
from anlan.kernel import clock
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.monitoring.models import Datastream, Station
from tests.conftest import City, actor
from tests.gateways.conftest import Gateway
from tests.gateways.test_ingest import ask, eventually, wait_for_readings
from tests.gateways.test_simulators import NOW, talk
from tests.web.conftest import account

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)


def refused(seq: int = 1, protocol: str = "sl651", raw: bytes = b"\x7e\x7e?", reason: str = "校验不符") -> Quarantined:
    return Quarantined.objects.create(
        log_seq=seq, protocol=protocol, peer="10.0.0.7:4001", received_at=clock.real_now(), raw=raw, reason=reason
    )


def until_state(pk: int, state: str) -> Quarantined:
    for _ in range(100):
        row = Quarantined.objects.get(pk=pk)
        if row.state == state:
            return row
        time.sleep(0.05)
    return Quarantined.objects.get(pk=pk)


def test_a_reading_of_a_station_registered_later_is_kept_by_replaying(
    gateway: Gateway, stations: dict[str, Datastream], city: City
) -> None:
    ask(gateway.sl651, encode.report("0099999999", [("39", 3.25)], AT))
    (row,) = eventually(1)
    late = Station.everything.create(
        code="H9", name="新站", lon=106.7, lat=39.7, area=city.east, kind="水文", protocol="sl651", address="0099999999"
    )
    stream = Datastream.everything.create(
        code="H9-39", station=late, source_code="39", name="水位", quantity="水位", unit="m"
    )
    actions.replay(actor(city.city), row.pk)
    assert until_state(row.pk, "replayed").state == "replayed"
    assert wait_for_readings(gateway, 1) == [(stream.pk, round(AT.timestamp() * 1000), 3.25)]


def test_a_frame_that_is_still_wrong_comes_back_with_its_reason(gateway: Gateway, city: City) -> None:
    damaged = bytearray(encode.report("0012345678", [("39", 1.0)], AT))
    damaged[-1] ^= 0xFF
    ask(gateway.sl651, bytes(damaged))
    (row,) = eventually(1)
    actions.replay(actor(city.city), row.pk)
    for _ in range(100):
        row.refresh_from_db()
        if row.note:
            break
        time.sleep(0.05)
    assert (row.state, row.reason, row.note) == ("kept", "校验不符", "重放后仍被拒绝")


def test_a_reading_from_the_year_2059_is_not_kept(gateway: Gateway, stations: dict[str, Datastream]) -> None:
    ask(gateway.sl651, encode.report("0012345678", [("39", 1.0)], datetime(2059, 1, 1, tzinfo=BEIJING)))
    (row,) = eventually(1)
    assert "超前" in row.reason
    assert gateway.readings() == []


def test_discarding_needs_a_reason_and_happens_once(city: City) -> None:
    row = refused()
    with pytest.raises(Invalid, match="作废理由"):
        actions.discard(actor(city.city), row.pk, " ")
    actions.discard(actor(city.city), row.pk, "测试设备")
    row.refresh_from_db()
    assert (row.state, row.note) == ("discarded", "测试设备")
    with pytest.raises(Conflict, match="已作废"):
        actions.replay(actor(city.city), row.pk)
    entry = JournalEntry.objects.get(verb="作废隔离报文")
    assert (entry.before, entry.after, entry.reason) == (
        {"state": "kept", "note": ""}, {"state": "discarded", "note": "测试设备"}, "测试设备",
    )  # fmt: skip


def test_a_district_user_sees_nobodys_frames(city: City) -> None:
    refused()
    with pytest.raises(Forbidden):
        queries.quarantined(actor(city.east))
    with pytest.raises(Forbidden):
        actions.replay(actor(city.east), 1)


def test_everything_of_one_protocol_is_replayed_at_once(city: City) -> None:
    refused(1)
    refused(2)
    refused(3, "mqtt")
    assert actions.replay_all(actor(city.city), "sl651") == 2
    assert sorted(Quarantined.objects.values_list("log_seq", "state")) == [(1, "replay"), (2, "replay"), (3, "kept")]


def test_the_page_shows_bytes_and_what_the_decoder_makes_of_them(city: City) -> None:
    frame = encode.report("0012345678", [("39", 1076.5)], AT)
    row = refused(raw=frame[:-1] + b"\x00")
    client = Client()
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    listing = client.get("/gateways/quarantine/").content.decode()
    assert "校验不符" in listing
    assert "10.0.0.7:4001" in listing
    page = client.get(f"/gateways/quarantine/{row.pk}/").content.decode()
    assert "7E 7E 01 00 12 34 56 78" in page
    assert "1076.5" in page
    answer = client.post(f"/gateways/quarantine/{row.pk}/discard", {"reason": "重复"})
    assert answer.status_code == 302
    assert Quarantined.objects.get().state == "discarded"
    assert client.get("/gateways/quarantine/?state=all&q=10.0.0").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_questions_for_one_row_and_three(
    city: City, count: int, django_assert_max_num_queries: object
) -> None:
    for seq in range(count):
        refused(seq)
    client = Client()
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert client.get("/gateways/quarantine/").status_code == 200


SEVERAL = {
    "sl651": (SlStation("0012345678", "M3", 30, ascii=True), {"39": 1063.25, "38": 12.6, "20": 0.5}),
    "hj212": (FieldUnit("MN1", segment=300), {f"w0{n:04d}": float(n) for n in range(20)}),
}


@pytest.mark.parametrize("name", [*SEVERAL, "jt808"])
def test_what_came_in_several_packets_can_be_read_again_alone(name: str) -> None:
    protocol = discover()[name]
    assert protocol.session is not None
    if name == "jt808":
        terminal = Terminal("013912345678")
        points = [(NOW - timedelta(minutes=n), {"lon": 106 + n / 1000, "lat": 39.5}) for n in range(80)]
        device: Device = terminal
        frames = terminal.blind_area(points, NOW)
    else:
        device, values = SEVERAL[name]
        frames = device.report(values, NOW)
    assert len(frames) > 2
    told = [step for step in talk(device, protocol.session(), frames) if step.readings]
    for step in told:
        row = Quarantined(protocol=name, raw=step.raw, received_at=NOW, reason="未登记的测站或要素")
        again = {(one.code, one.at, one.value) for one in quarantine_of(row)}
        assert again >= {(one.code, one.at, one.value) for one in step.readings}


def quarantine_of(row: Quarantined) -> list[Reading]:
    return [reading for step in steps_again(discover()[row.protocol], row) for reading in step.readings]


def test_replaying_needs_no_second_proof_from_who_was_let_in_and_lets_in_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANLAN_JT808_KEY", "secret")
    (frame,) = Terminal("013912345678").report({"lon": 106.7, "lat": 39.5}, NOW)
    row = Quarantined(protocol="jt808", raw=frame, received_at=NOW, reason="未登记的测站或要素：013912345678/lon")
    assert {one.code for one in quarantine_of(row)} >= {"lon", "lat"}
    row.reason = "终端未鉴权"
    with pytest.raises(FrameError, match="未鉴权"):
        quarantine_of(row)
