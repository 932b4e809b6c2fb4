"""Every simulated device against our own centre, in memory: what it says arrives, what it is told it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import Device, FrameError, Session, Step
from anlan.gateways.devices.gb26875.simulator import Transmitter
from anlan.gateways.devices.gb28181.session import Gb28181Session
from anlan.gateways.devices.gb28181.simulator import Camera
from anlan.gateways.devices.hj212.codec import BEIJING
from anlan.gateways.devices.hj212.simulator import FieldUnit
from anlan.gateways.devices.jt808.session import Jt808Session
from anlan.gateways.devices.jt808.simulator import Terminal
from anlan.gateways.devices.modbus import codec as modbus
from anlan.gateways.devices.modbus.simulator import Slave
from anlan.gateways.devices.sl651.session import Sl651Session
from anlan.gateways.devices.sl651.simulator import Station
from anlan.gateways.devices.sparkplug.host import Host
from anlan.gateways.devices.sparkplug.simulator import Edge

NOW = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
#: Protocol -> address, what it reports.
TALKERS: dict[str, tuple[str, dict[str, float]]] = {
    "sl651": ("0012345678", {"39": 1063.25, "38": 12.6}),
    "hj212": ("010000A8900016F000169DC0", {"w01018-Rtd": 35.2, "w21003-Rtd": 1.5}),
    "gb26875": ("11111", {"1.2.fire": 1.0, "1.2.7.a3": 23.5}),
    "jt808": ("013912345678", {"lon": 106.7, "lat": -39.5, "speed": 60.0}),
    "gb28181": ("15030200001320000001", {"alarm.5": 1.0, "online": 1.0}),
    "coap": ("R1", {"t": 21.5, "rh": 40.0}),
}


def talk(device: Device, centre: Session, frames: list[bytes], lose: int = -1) -> list[Step]:
    """Until nobody says anything more; the frame numbered `lose` gets lost once."""
    steps: list[Step] = []
    waiting, sent = list(frames), 0
    while waiting:
        frame, sent = waiting.pop(0), sent + 1
        if sent - 1 == lose:
            continue
        for step in centre.receive(frame, NOW):
            steps.append(step)
            answer = step.ack if step.readings else step.nak or step.ack
            waiting += device.receive(answer, NOW) if answer else []
        assert sent < 200, "they never stop"
    return steps


def values(steps: list[Step]) -> dict[str, float | None]:
    return {reading.code: reading.value for step in steps for reading in step.readings}


def test_every_protocol_with_a_server_has_a_device() -> None:
    """What TAK clients speak is no device's protocol: its counterparts are people's telephones."""
    assert {name for name, one in discover().items() if one.session is not None} - {"cot"} == set(TALKERS)


@pytest.mark.parametrize("name", list(TALKERS))
def test_what_a_device_reports_arrives_and_is_confirmed(name: str) -> None:
    protocol, (address, said) = discover()[name], TALKERS[name]
    assert protocol.device is not None
    assert protocol.session is not None
    device, centre = protocol.device(address), protocol.session()
    assert not [step.reason for step in talk(device, centre, device.hello(NOW)) if step.reason]
    steps = talk(device, centre, device.report(said, NOW))
    assert not [step.reason for step in steps if step.reason]
    assert values(steps).items() >= said.items()
    assert device.due(NOW + timedelta(seconds=15)) == [], "everything was answered"


@pytest.mark.parametrize("name", ["hj212", "gb26875", "jt808"])
def test_what_is_not_answered_comes_again_three_times_and_is_given_up(name: str) -> None:
    address, said = TALKERS[name]
    device = discover()[name].device(address)  # type: ignore[misc]
    frames = device.report({code: said[code] for code in list(said)[:1]} if name != "jt808" else said, NOW)
    seen = [device.due(NOW + n * timedelta(seconds=11)) for n in range(6)]
    assert seen.count(frames) in (2, 3)
    assert device.given_up == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["M1", "M2", "M3"])
@pytest.mark.parametrize("lost", [-1, 1])
def test_an_ascii_station_works_in_every_mode_with_a_packet_lost(mode: str, lost: int) -> None:
    station, many = Station("0012345678", mode, 30, ascii=True), {"39": 1063.25, "38": 12.6, "20": 0.5}
    frames = station.report(many, NOW)
    assert len(frames) == (1 if mode != "M3" else 3)
    steps = talk(station, Sl651Session(), frames, lost if mode == "M3" else -1)
    assert values(steps) == many
    assert station.pending == {}


def test_an_ascii_report_that_is_damaged_is_refused_in_ascii() -> None:
    station = Station("0012345678", ascii=True)
    (frame,) = station.report({"39": 1063.25}, NOW)
    (step,) = Sl651Session().receive(frame[:60] + bytes([frame[60] ^ 1]) + frame[61:], NOW)
    assert step.reason
    assert step.nak[:1] == b"\x01"
    assert station.receive(step.nak, NOW) == []
    assert station.pending, "it is still owed"


def command(name: str, kind: str, address: str, given: Mapping[str, str] | None = None) -> bytes:
    make = discover()[name].command
    assert make is not None
    return make(kind, address, NOW, 7, given or {})


def test_a_period_is_fetched_as_history() -> None:
    station, centre = Station("0012345678"), Sl651Session()
    for hour in range(3):
        station.report({"39": 1060.0 + hour}, NOW - timedelta(hours=3 - hour))
    span = {"start": "2026-11-23T05:00", "end": "2026-11-23T06:00", "element": "39"}
    (step,) = talk(station, centre, station.receive(command("sl651", "history", "0012345678", span), NOW))
    assert [(one.value, one.backfill) for one in step.readings] == [(1061.0, True)]
    # A frame that was captured: five-minute rain of an hour.
    captured = "7E7E112233445501AAAA38801702000324010917150124010916240109170418000005F460059011"
    ours = command(
        "sl651",
        "history",
        "1122334455",
        {**span, "start": "2024-01-09T16", "end": "2024-01-09T17", "element": "F4", "step_min": "5"},
    )
    assert ours.hex().upper()[44:72] == captured[44:72]


def test_an_outfall_gives_its_hours_as_history_and_takes_counter_control() -> None:
    unit, centre = FieldUnit("MN1"), discover()["hj212"].session()  # type: ignore[misc]
    for hour in range(4):
        unit.report({"w01018": 30.0 + hour}, NOW - timedelta(hours=8 - hour))
    asked = command("hj212", "hours", "MN1", {"start": "2026-11-23T01:00", "end": "2026-11-23T02:00"})
    steps = talk(unit, centre, unit.receive(asked, NOW))
    found = [(one.code, one.value, one.at, one.backfill) for step in steps for one in step.readings]
    assert found == [
        ("w01018-Avg", 31.0, NOW - timedelta(hours=6), True),
        ("w01018-Avg", 32.0, NOW - timedelta(hours=5), True),
    ]
    for kind, given in (("sample", {"quantity": "w01018"}), ("interval", {"seconds": "60"}), ("retain", {})):
        assert talk(unit, centre, unit.receive(command("hj212", kind, "MN1", given), NOW))
    assert unit.done == ["2061", "3012", "1062", "3015"]


def test_a_long_report_in_packets_is_answered_when_all_have_come() -> None:
    unit, centre = FieldUnit("MN1", segment=300), discover()["hj212"].session()  # type: ignore[misc]
    many = {f"w0{n:04d}": float(n) for n in range(20)}
    frames = unit.report(many, NOW)
    assert len(frames) > 3
    first, *rest = frames
    assert [step.ack for frame in rest for step in centre.receive(frame, NOW)] == [b""] * len(rest)
    (last,) = centre.receive(first, NOW)
    assert b"CN=9014" in last.ack
    unit.receive(last.ack, NOW)
    assert unit.pending == {}


def test_with_a_key_a_vehicle_must_show_the_code_it_was_given() -> None:
    terminal, centre = Terminal("013912345678"), Jt808Session("secret")
    refused = talk(terminal, centre, terminal.report({"lon": 106.7, "lat": 39.5}, NOW))
    assert [step.reason for step in refused] == ["终端未鉴权"]
    assert terminal.refused == 1
    assert not [step for step in talk(terminal, centre, terminal.hello(NOW)) if step.reason]
    assert terminal.signed_in
    assert values(talk(terminal, centre, terminal.report({"lon": 106.7, "lat": 39.5}, NOW)))["lon"] == 106.7
    # It comes back to another process of the platform with the same key, and to one with another key.
    assert not [step for step in talk(terminal, Jt808Session("secret"), terminal.hello(NOW)) if step.reason]
    told = [step.reason for step in talk(terminal, Jt808Session("changed"), terminal.hello(NOW)) if step.reason]
    assert told == ["鉴权码不符"]
    assert terminal.signed_in, "it registered anew by itself"


@pytest.mark.parametrize("phone", ["013912345678", "00000000013912345678"])
def test_points_of_a_blind_area_arrive_though_a_packet_was_lost(phone: str) -> None:
    terminal, centre = Terminal(phone), Jt808Session("")
    points = [(NOW - timedelta(minutes=n), {"lon": 106 + n / 1000, "lat": 39.5}) for n in range(80)]
    frames = terminal.blind_area(points, NOW)
    assert len(frames) > 2
    steps = talk(terminal, centre, frames, lose=1)
    readings = [one for step in steps for one in step.readings if one.code == "lon"]
    assert len(readings) == 80
    assert all(one.backfill for one in readings)
    assert terminal.receive(command("jt808", "query", phone), NOW), "it says where it is"
    terminal.receive(command("jt808", "text", phone, {"text": "前方封路"}), NOW)
    assert terminal.heard[-1] == 0x8300


def test_a_transmitter_sets_its_clock_and_answers_the_inspection() -> None:
    device, centre = Transmitter("11111", offset=timedelta(minutes=9)), discover()["gb26875"].session()  # type: ignore[misc]
    talk(device, centre, device.receive(command("gb26875", "time", "11111"), NOW))
    assert device.offset == timedelta()
    talk(device, centre, device.receive(command("gb26875", "inspect", "11111", {"minutes": "2"}), NOW))
    assert device.inspected == 1
    assert device.pending == {}


def test_a_camera_proves_its_password_and_tells_what_it_has() -> None:
    camera, centre = Camera("15030200001320000001", "secret"), Gb28181Session("secret")
    steps = talk(camera, centre, camera.hello(NOW))
    assert camera.registered
    assert values(steps) == {"online": 1.0}
    wrong = Camera("15030200001320000001", "wrong")
    for frame in wrong.hello(NOW):
        wrong.receive(centre.receive(frame, NOW)[0].ack, NOW)
    assert not wrong.registered


def test_an_edge_node_is_born_again_when_the_host_has_missed_its_birth() -> None:
    edge, host = Edge("plant/e1"), Host()
    edge.report({"level": 4.5}, NOW)  # nobody listens yet
    topic, _, payload = edge.report({"level": 4.6}, NOW)[0].partition(b" ")
    found, told = host.take(topic.decode(), payload, NOW)
    assert found == []
    ((asked, body),) = told
    (birth,) = edge.receive(asked.encode() + b" " + body, NOW)
    topic, _, payload = birth.partition(b" ")
    assert {one.code: one.value for one in host.take(topic.decode(), payload, NOW)[0]} == {"level": 4.6, "online": 1.0}


def test_a_slave_holds_values_and_refuses_what_it_has_not() -> None:
    slave = Slave()
    slave.report({"10:float32:CDAB": 5.25, "3": 7}, NOW)
    (answer,) = slave.receive(modbus.request(1, 1, "holding", 3, 1), NOW)
    assert modbus.data_of(modbus.read(answer), "holding", 1) == b"\x00\x07"
    (answer,) = slave.receive(modbus.request(2, 1, "coil", 3, 1), NOW)
    with pytest.raises(FrameError, match="非法功能"):
        modbus.data_of(modbus.read(answer), "coil", 1)


@pytest.mark.parametrize(
    ("name", "kind", "given", "said"),
    [
        ("hj212", "sample", {"quantity": "a;b"}, "字母和数字"),
        ("hj212", "hours", {"start": "x", "end": "y"}, "start"),
        ("hj212", "interval", {"seconds": "5"}, "30～3600"),
        ("sl651", "history", {"start": "2026-11-23T05", "end": "2026-11-23T04", "element": "39"}, "晚于"),
        ("sl651", "element", {"elements": "ZZ"}, "没有要素码"),
        ("jt808", "text", {}, "text"),
        ("gb26875", "unknown", {}, "没有命令"),
    ],
)
def test_a_command_that_cannot_be_names_its_parameter(name: str, kind: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(FrameError, match=said):
        command(name, kind, TALKERS[name][0], given)
