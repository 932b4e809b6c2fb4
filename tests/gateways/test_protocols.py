"""The other field protocols through the running gateway."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import datetime
from pathlib import Path

import nats
import pytest

from anlan.gateways.devices import discover
from anlan.gateways.devices.gb26875.codec import CONFIRM
from anlan.gateways.devices.gb26875.codec import encode as gb26875
from anlan.gateways.devices.gb26875.codec import read as read_gb26875
from anlan.gateways.devices.gb28181.codec import request as sip_request
from anlan.gateways.devices.hj212.codec import BEIJING, decode
from anlan.gateways.devices.hj212.codec import encode as hj212
from anlan.gateways.devices.jt808.codec import encode as jt808
from anlan.gateways.devices.jt808.codec import read as read_jt808
from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.simulation import Plan, run
from anlan.gateways.devices.sparkplug.codec import Metric, Payload
from anlan.gateways.devices.sparkplug.codec import encode as sparkplug
from anlan.kernel import clock
from anlan.monitoring.models import Datastream, Station
from tests.conftest import City
from tests.gateways.conftest import Gateway
from tests.gateways.test_ingest import eventually
from tests.monitoring.test_pages import account, browser

AT = datetime(2026, 11, 23, 8, 0, tzinfo=BEIJING)


def stream(city: City, protocol: str, address: str, code: str) -> Datastream:
    station = Station.everything.create(
        code=f"{protocol}-1", name=protocol, lon=106.7, lat=39.5, area=city.west, kind="其他", protocol=protocol,
        address=address,
    )  # fmt: skip
    return Datastream.everything.create(
        code=f"{protocol}-{code}", station=station, source_code=code, name=code, quantity=code, unit=""
    )


def ask(port: int, data: bytes, seconds: float = 5) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(data)
        line.settimeout(seconds)
        try:
            return line.recv(4096)
        except TimeoutError:
            return b""


def test_an_outfall_is_answered_when_its_reading_lies_in_the_log(city: City, gateway: Gateway) -> None:
    cod = stream(city, "hj212", "WH0001", "w01018-Rtd")
    text = (
        "QN=20261123080000000;ST=32;CN=2011;PW=123456;MN=WH0001;Flag=5;CP=&&DataTime=20261123080000;w01018-Rtd=35.2&&"
    )
    assert decode(ask(gateway.ports["hj212"], hj212(text))).frame["cn"] == "9014"
    assert gateway.readings() == [(cod.pk, round(AT.timestamp() * 1000), 35.2)]


def test_a_fire_is_confirmed_when_it_lies_in_the_log(city: City, gateway: Gateway) -> None:
    fire = stream(city, "gb26875", "11111", "1.2.fire")
    data = bytes([1, 1, 1, 2, 2, 0, 0, 0, 8, 23, 11, 26])
    with clock.standing_at(AT):
        answer = read_gb26875(ask(gateway.ports["gb26875"], gb26875(7, AT, 11111, 1, 2, data)))
    assert (answer.command, answer.serial) == (CONFIRM, 7)
    assert gateway.readings() == [(fire.pk, round(AT.timestamp() * 1000), 1.0)]


def test_a_vehicle_is_answered_when_its_position_lies_in_the_log(city: City, gateway: Gateway) -> None:
    speed = stream(city, "jt808", "013912345678", "speed")
    body = b"".join(n.to_bytes(4, "big") for n in (0, 3, 39_500_000, 106_700_000))
    body += bytes.fromhex("044C0258005A261123080000")
    answer = read_jt808(ask(gateway.ports["jt808"], jt808(0x0200, "013912345678", 7, body)))
    assert (answer.message, answer.body[-1]) == (0x8001, 0)
    assert gateway.readings() == [(speed.pk, round(AT.timestamp() * 1000), 60.0)]


@pytest.mark.parametrize("name", ["hj212", "gb26875", "jt808"])
def test_captured_frames_of_every_protocol_leave_the_gateway_alive(
    city: City, gateway: Gateway, shared: Path, name: str
) -> None:
    samples = json.loads((shared / "frames" / "samples_dev.json").read_text(encoding="utf-8"))["samples"]
    frames = [discover()[name].from_text(s["raw"]) for s in samples if s["proto"] == name]
    with socket.create_connection(("127.0.0.1", gateway.ports[name]), timeout=30) as line:
        for frame in frames:
            line.sendall(frame + (b"\r\n" if name == "hj212" else b""))
        # A device that hangs up without hearing the answers resets the line, and what it sent last is gone with it.
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass
    assert len(eventually(1)) >= 1
    with socket.create_connection(("127.0.0.1", gateway.ports[name]), timeout=30):
        pass


def test_a_station_on_line_is_told_the_time(city: City, gateway: Gateway) -> None:
    stream(city, "hj212", "WH0001", "w01018-Rtd")

    async def command(address: str) -> dict[str, object]:
        client = await nats.connect(gateway.nats.url)
        asked = json.dumps({"address": address, "kind": "time"}).encode()
        answer = await client.request("command.hj212", asked, timeout=30)
        await client.close()
        return dict(json.loads(answer.data))

    text = (
        "QN=20261123080000000;ST=32;CN=2011;PW=123456;MN=WH0001;Flag=5;CP=&&DataTime=20261123080000;w01018-Rtd=35.2&&"
    )
    station = Station.everything.get(address="WH0001")
    person = browser(account(city.city, "li"))
    with socket.create_connection(("127.0.0.1", gateway.ports["hj212"]), timeout=30) as line:
        line.sendall(hj212(text))
        line.recv(4096)
        assert asyncio.run(command("WH0001")) == {"sent": True}
        told = decode(line.recv(4096)).frame
        asked = {"kind": "hours", "start": "2026-11-23T01:00", "end": "2026-11-23T02:00"}
        assert person.post(f"/gateways/command/{station.pk}/", asked).status_code == 302
        hours = decode(line.recv(4096)).frame
    assert (told["cn"], told["mn"]) == ("1012", "WH0001")
    assert (hours["cn"], hours["cp"]["BeginTime"]) == ("2061", "20261123010000")
    refused = person.post(f"/gateways/command/{station.pk}/", {"kind": "hours", "start": "x"})
    assert refused.status_code == 422
    for _ in range(100):
        gone = person.post(f"/gateways/command/{station.pk}/", {"kind": "query"})
        if gone.status_code == 502:  # the gateway hears a moment later that the line is gone
            break
    assert "不在线" in gone.content.decode()
    neighbour = browser(account(city.east, "wu"))
    assert neighbour.get(f"/gateways/command/{station.pk}/").status_code == 404
    assert "不在线" in str(asyncio.run(command("WH0002"))["error"])


def test_an_alarm_of_a_camera_is_answered_over_udp_when_it_lies_in_the_log(city: City, gateway: Gateway) -> None:
    alarm = stream(city, "gb28181", "15030200001320000001", "alarm.5")
    xml = (
        '<?xml version="1.0"?><Notify><CmdType>Alarm</CmdType><SN>1</SN><DeviceID>15030200001320000001</DeviceID>'
        "<AlarmMethod>5</AlarmMethod><AlarmTime>2026-11-23T08:00:00</AlarmTime></Notify>"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        message = sip_request("MESSAGE", "15030200001320000001", "1", "127.0.0.1", 1, xml)
        line.sendto(message, ("127.0.0.1", gateway.ports["gb28181"]))
        assert line.recv(4096).startswith(b"SIP/2.0 200 OK")
    assert gateway.readings() == [(alarm.pk, round(AT.timestamp() * 1000), 1.0)]


def test_an_edge_node_speaks_sparkplug_over_mqtt(city: City, gateway: Gateway) -> None:
    level = stream(city, "sparkplug", "park/e1", "level")
    at_ms = round(AT.timestamp() * 1000)

    async def body() -> None:
        client = MqttClient("edge-1", "device", f"{gateway.nats.token}-device", clean=True)
        await client.connect("127.0.0.1", gateway.nats.ports.mqtt)
        reading = asyncio.create_task(client.run())
        birth = Payload(at_ms, 0, [Metric("level", alias=1, value=1.0)])
        data = Payload(at_ms + 1000, 1, [Metric(alias=1, value=2.0)])
        for kind, payload in (("NBIRTH", birth), ("NDATA", data)):
            await asyncio.wait_for(client.publish(f"spBv1.0/park/{kind}/e1", sparkplug(payload)), 30)
        await client.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(body())
    for _ in range(100):
        if len(gateway.readings()) >= 2:
            break
        time.sleep(0.05)
    assert [row for row in gateway.readings() if row[0] == level.pk] == [
        (level.pk, at_ms, 1.0),
        (level.pk, at_ms + 1000, 2.0),
    ]


def test_the_field_engineer_sees_frames_as_they_come_bytes_and_meaning_side_by_side(
    city: City, gateway: Gateway
) -> None:
    text = (
        "QN=20261123080000000;ST=32;CN=2011;PW=123456;MN=WH0007;Flag=5;CP=&&DataTime=20261123080000;w01018-Rtd=35.2&&"
    )
    ask(gateway.ports["hj212"], hj212(text))
    ask(gateway.ports["hj212"], b"nonsense" + hj212(text))
    page = browser(account(city.city, "li")).get("/gateways/console/?protocol=hj212&q=WH0007").content.decode()
    assert "w01018" in page
    assert "4D 4E 3D 57 48 30 30 30 37" in page, "the bytes themselves"


def test_simulated_devices_fill_the_log_over_real_lines(
    city: City, gateway: Gateway, stations: dict[str, Datastream]
) -> None:
    stage, speed = stations["stage"], stream(city, "jt808", "013912345678", "speed")
    smoke = stream(city, "gb28181", "15030200001320000001", "alarm.5")
    warmth = stream(city, "coap", "R1", "t")

    async def body() -> None:
        plans = [
            Plan(discover()["sl651"], ["0012345678"], "127.0.0.1", gateway.sl651, {"39": 1063.2}, 0.2, 1),
            Plan(
                discover()["jt808"], ["013912345678"], "127.0.0.1", gateway.ports["jt808"],
                {"lon": 106.7, "lat": 39.5, "speed": 60.0}, 0.2, 1,
            ),
            Plan(discover()["gb28181"], [smoke.station.address], "127.0.0.1", gateway.ports["gb28181"], {"alarm.5": 1}, 0.3, 1),
            Plan(discover()["coap"], ["R1"], "127.0.0.1", gateway.ports["coap"], {"t": 21.5}, 0.1, 2),
        ]  # fmt: skip
        for seen in await asyncio.gather(*(run(plan) for plan in plans)):
            assert seen["sent"] >= 2
            assert seen["received"] >= 1

    asyncio.run(body())
    found = {row[0]: row[2] for row in gateway.readings()}
    assert found == {stage.pk: 1063.2, speed.pk: 60.0, smoke.pk: 1.0, warmth.pk: 21.5}


def test_an_observation_over_mqtt_is_of_its_datastream_and_others_are_kept_apart(city: City, gateway: Gateway) -> None:
    level, foreign = stream(city, "sensorthings", "T1", "x"), stream(city, "mqtt", "G9", "y")

    async def body() -> None:
        client = MqttClient("sta-1", "device", f"{gateway.nats.token}-device", clean=True)
        await client.connect("127.0.0.1", gateway.nats.ports.mqtt)
        reading = asyncio.create_task(client.run())
        said = json.dumps({"result": 4.5, "phenomenonTime": AT.isoformat()}).encode()
        for number in (level.pk, foreign.pk):
            await asyncio.wait_for(client.publish(f"v1.1/Datastreams({number})/Observations", said), 30)
        await client.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(body())
    (refused,) = eventually(1)
    assert f"没有编号为 {foreign.pk}" in refused.reason
    assert gateway.readings() == [(level.pk, round(AT.timestamp() * 1000), 4.5)]
