"""Every way in, found by discovery: what is malformed is counted, kept with its reason and readable; what came from a station
nobody had registered is in the log when the station is registered and the frame replayed. A new protocol or feed fails here
until it has its case."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.gateways import actions, console, feeds
from anlan.gateways.devices import discover
from anlan.gateways.devices.mqtt.client import MqttClient
from anlan.gateways.devices.opcua.poller import OpcUaPoller
from anlan.gateways.devices.polling import polled_file
from anlan.gateways.feeds.inbox import PREFIX
from anlan.gateways.models import Quarantined
from anlan.gateways.webhand import hand
from anlan.kernel.models import Area
from anlan.monitoring.models import Datastream, HazardEvent, Station, Stroke
from tests.conftest import City, actor
from tests.gateways.conftest import Gateway
from tests.gateways.test_feeds import ALXA, HEADER, ROW, post, sender, wait_until
from tests.gateways.test_simulators import TALKERS as DEVICES
from tests.web.conftest import account

#: A second, so that a protocol which tells time in seconds keeps it; a little back, so that no clock is ahead.
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
#: Protocol -> address and values of a device that no fixture has registered.
TALKERS = DEVICES | {"sl651": ("0099999999", {"39": 7.5})}
BAD_XML = b"<event><point/></event>"
#: Protocol with a conversation -> what cannot be read, as its devices might send it.
GARBAGE = {
    "sl651": b"\x7e\x7e\x01\x00\x12", "hj212": b"##0011ST=32;CN=2011FFFF\r\n", "gb26875": b"@@\x01\x00\x01\x01" + b"\x00" * 24,
    "jt808": b"\x7e\x02\x00\x00\x05\x01\x39\x12\x34\x56\x78\x00\x07\x00\x7e", "coap": b"\x40\x02\x00\x01\xff", "cot": BAD_XML,
    # a datagram that is shorter than it says: it must not eat the one behind it
    "gb28181": b"MESSAGE sip:x SIP/2.0\r\nContent-Type: Application/MANSCDP+xml\r\nContent-Length: 80\r\n\r\n<Notify>",
}  # fmt: skip
#: Messages over the broker: topic, what cannot be read.
OVER_MQTT = {
    "mqtt": ("v1/M1/telemetry", b"{"),
    "sparkplug": ("spBv1.0/plant/NDATA/e1", b"\xff"),
    "sensorthings": ("v1.1/Datastreams(777)/Observations", b"{"),
}
ADDRESSES = {
    "mqtt": "M1",
    "sparkplug": "plant/e1",
    "modbus": "P1",
    "json": "T-101",
    "opcua": "O1",
    "sensorthings": "S1",
}
#: What carries no reading to be kept: positions live only on the map.
NO_READINGS = {"cot": "a position is shown while it is new and stored nowhere"}
QUAKE_IN_NOWHERE = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{0}</identifier><sender>a@b</sender>'
    "<sent>2026-11-23T08:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info>"
    "<category>Met</category><event>大风</event><urgency>Immediate</urgency><severity>Severe</severity>"
    "<certainty>Observed</certainty><area><areaDesc>乌达区</areaDesc><geocode><valueName>区划</valueName>"
    "<value>150304</value></geocode></area></info></alert>"
)


def weather() -> str:
    return f"METAR ZBUH {AT:%d%H%M}Z 31008MPS 9999 M05/M12 Q1023="


@dataclass(frozen=True)
class FeedCase:
    """A document that cannot be read, one that can, and what it makes when it is read."""

    bad: bytes
    good: Callable[[], str]
    made: Callable[[], int]


def hazard(kind: str) -> Callable[[], int]:
    return lambda: HazardEvent.everything.filter(kind=kind).count()


FEEDS = {
    "earthquakes": FeedCase(b"<html>", lambda: ALXA, hazard("earthquake")),
    "hotspots": FeedCase(b"no such header\n", lambda: f"{HEADER}\n{ROW}\n", hazard("hotspot")),
    "cap": FeedCase(b"<alert/>", lambda: QUAKE_IN_NOWHERE.format("cap-1"), hazard("cap")),
    "bulletins": FeedCase(
        b"{", lambda: json.dumps({
            "type": "Feature", "id": "r1", "geometry": {"type": "Point", "coordinates": [106.8, 39.6]},
            "properties": {"title": "封路", "time": "2026-03-02T08:00:00+08:00"},
        }), hazard("bulletin"),
    ),
    "lightning": FeedCase(
        b"<html></html>", lambda: f"at,lon,lat,current_ka\n{AT.isoformat()},106.80,39.67,-27.3\n", Stroke.everything.count
    ),
    "weather": FeedCase(b"\x00\x01", weather, lambda: 1),
}  # fmt: skip


def test_every_protocol_and_every_feed_has_its_case() -> None:
    told = discover()
    spoken = {name for name, one in told.items() if one.session is not None}
    assert set(GARBAGE) == spoken
    assert set(TALKERS) == spoken - set(NO_READINGS)
    assert set(OVER_MQTT) >= {name for name, one in told.items() if one.transport == "mqtt"}
    assert {name for name, one in told.items() if one.poller} == {"modbus", "json", "opcua"}, (
        "a poller needs its server below"
    )
    assert set(FEEDS) == set(feeds.discover())


# --- the other side -------------------------------------------------------------------------------------------------------


def talk(gateway: Gateway, name: str, frames: list[bytes]) -> None:
    """Over the protocol's own line until it is heard: TCP to its end, UDP until it answers."""
    protocol, port = discover()[name], gateway.sl651 if name == "sl651" else gateway.ports[name]
    if protocol.transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(0.5)
            for frame in frames:
                line.sendto(frame, ("127.0.0.1", port))
                try:
                    line.recv(4096)
                except TimeoutError:
                    continue
        return
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"".join(frames))
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass


async def publish(gateway: Gateway, messages: list[tuple[str, bytes]]) -> None:
    client = MqttClient("every-way", "device", f"{gateway.nats.token}-device", clean=True)
    await client.connect("127.0.0.1", gateway.nats.ports.mqtt)
    reading = asyncio.create_task(client.run())
    for topic, payload in messages:
        await asyncio.wait_for(client.publish(topic, payload), 30)
    await client.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


@contextmanager
def served(answers: dict[bytes, bytes]) -> Iterator[int]:
    """A port that answers what begins so with that: a counterpart's web server or controller."""

    def converse(line: socket.socket) -> None:
        with line:
            while asked := line.recv(4096):
                told = next((answer for start, answer in answers.items() if asked.startswith(start)), b"")
                line.sendall(asked[:2] + told if told[:2] == b"\x00\x00" else told)

    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(line,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield door.getsockname()[1]
    door.shutdown(socket.SHUT_RDWR)
    door.close()


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def polled(stack: ExitStack) -> list[dict[str, Any]]:
    """Two devices of each polled protocol on real ports: one that cannot be read, one that nobody registered."""
    rows = [
        {"equipCode": "T-101", "quotaCode": "x", "value": 7.5, "collectTime": f"{AT.astimezone():%Y-%m-%d %H:%M:%S}"}
    ]
    document = json.dumps({"code": 0, "data": {"list": rows}}).encode()
    web = stack.enter_context(served({b"GET /bad": page(b"{"), b"GET /good": page(document)}))
    # 6.3 of the protocol: one register, 75; and the exception 02, after the transaction number of the question.
    good = stack.enter_context(served({b"": bytes.fromhex("0000 0005 01 03 02 004B".replace(" ", ""))}))
    bad = stack.enter_context(served({b"": bytes.fromhex("0000 0003 01 83 02".replace(" ", ""))}))
    points = [{"code": "x", "table": "holding", "register": 10, "scale": 0.1}]
    slave = {"protocol": "modbus", "address": "P1", "host": "127.0.0.1", "points": points, "period_s": 3600}
    asked = {"protocol": "json", "mapping": "major_hazard", "period_s": 3600}
    return [
        {**slave, "port": good}, {**slave, "port": bad, "address": "P2"},
        {**asked, "url": f"http://127.0.0.1:{web}/bad"}, {**asked, "url": f"http://127.0.0.1:{web}/good"},
    ]  # fmt: skip


OPC_ENTRY = {
    "protocol": "opcua",
    "address": "O1",
    "url": "opc.tcp://127.0.0.1:1/",
    "nodes": [{"code": "x", "node": "ns=2;s=A"}],
}


def keep(protocol: str, raw: bytes, peer: str, reason: str) -> None:
    """A row as the gateway keeps it."""
    seq = 10**9 + Quarantined.objects.count()
    Quarantined.objects.create(log_seq=seq, protocol=protocol, peer=peer, received_at=AT, raw=raw, reason=reason)


def send_everything(gateway: Gateway, headers: dict[str, str]) -> None:
    """Malformed, and of a station that nobody has registered, by every way in."""
    for name, garbage in GARBAGE.items():
        frames = [garbage]
        if name in TALKERS:
            address, values = TALKERS[name]
            make = discover()[name].device
            assert make is not None
            frames += make(address).report(values, AT)
        talk(gateway, name, frames)
    own = json.dumps({"at": AT.isoformat(), "values": {"x": 7.5}}).encode()
    node = discover()["sparkplug"].device
    assert node is not None
    edge = node("plant/e1")
    birth, data = (
        edge.report({"x": value}, at)[0].partition(b" ") for value, at in ((1.0, AT), (7.5, AT + timedelta(seconds=1)))
    )
    said = json.dumps({"result": 7.5, "phenomenonTime": AT.isoformat()}).encode()
    good = [(OVER_MQTT["mqtt"][0], own), *((one[0].decode(), one[2]) for one in (birth, data))]
    good.append((OVER_MQTT["sensorthings"][0], said))
    asyncio.run(publish(gateway, [*OVER_MQTT.values(), *good]))
    observations = "/api/sta/v1.1/Datastreams(777)/Observations"
    said = json.dumps({"result": 8.5, "phenomenonTime": (AT + timedelta(seconds=1)).isoformat()}).encode()
    assert Client().post(observations, said, "application/json", headers=headers).status_code == 404
    for name, case in FEEDS.items():
        answer = post(name, case.bad, headers)
        assert answer.status_code == 422 or answer.json()["refused"], name


UNKNOWN = re.compile(r"未登记的测站或要素：([^；]+)/([^/；]+)")


def register_everything(city: City) -> dict[tuple[str, str], Datastream]:
    """What an operator mends: the stations and elements that the reasons name, and what was asked for by its number."""
    rows = Quarantined.objects.values_list("protocol", "reason")
    named = {(protocol, *found) for protocol, reason in rows for found in UNKNOWN.findall(reason)}
    made: dict[tuple[str, str], Datastream] = {}
    stations: dict[str, Station] = {}
    for protocol, address, code in sorted({*named, ("sensorthings", "S1", "x"), ("weather", "ZBUH", "TEM")}):
        if address not in stations:
            stations[address] = Station.everything.create(
                code=f"S-{len(stations)}", name=address, lon=106.7, lat=39.5, area=city.west, kind="其他", protocol=protocol,
                address=address,
            )  # fmt: skip
        made[protocol, code] = Datastream.everything.create(
            pk=777 if protocol == "sensorthings" else 1000 + len(made), code=f"D-{len(made)}", station=stations[address],
            source_code=code, name=code, quantity=code, unit="",
        )  # fmt: skip
    return made


def expected(streams: dict[tuple[str, str], Datastream]) -> set[tuple[int, float]]:
    values = {(name, code): value for name, (_, said) in TALKERS.items() for code, value in said.items()}
    values |= {(name, "x"): 7.5 for name in ("mqtt", "sparkplug", "modbus", "json", "opcua", "sensorthings")}
    values["weather", "TEM"] = -5.0
    sent = {key: value for key, value in values.items() if key != ("gb28181", "online")}
    return {(streams[key].pk, value) for key, value in sent.items()} | {(777, 8.5)}


@pytest.fixture
def web_log() -> Iterator[None]:
    yield
    hand.close()


def test_what_is_malformed_is_kept_and_what_was_unknown_comes_in_by_replay_on_every_way(
    gateway: Gateway, city: City, web_log: None, settings: Any
) -> None:
    Area.objects.filter(pk=city.west.pk).update(seat_lon=106.7, seat_lat=39.5)
    headers = sender(city.city, "monitoring.*")
    with ExitStack() as stack:
        polled_file(settings.VAR).write_text(json.dumps([*polled(stack), OPC_ENTRY]), encoding="utf-8")
        stack.callback(polled_file(settings.VAR).unlink)
        send_everything(gateway, headers)
        keep("opcua", json.dumps([{"node": "ns=2;s=A", "value": 7.5, "status": 0, "at": AT.isoformat()}]).encode(),
             OpcUaPoller(OPC_ENTRY).name, "未登记的测站或要素：O1/x")  # fmt: skip
        keep("opcua", b"[{}]", OpcUaPoller(OPC_ENTRY).name, "读不懂")
        for name, case in FEEDS.items():
            keep(PREFIX + name, case.good().encode(), "某处", "读取程序的缺陷（已修正）")
        ways = {*GARBAGE, *OVER_MQTT, "modbus", "json", "opcua", *(PREFIX + name for name in FEEDS)}
        wait_until(
            lambda: all(Quarantined.objects.filter(protocol=way).count() >= 2 for way in ways - set(NO_READINGS))
        )
        assert_kept_and_readable(city, ways)
        streams = register_everything(city)
        for way in sorted(ways):
            assert actions.replay_all(actor(city.city), way) >= 1
        wait_until(lambda: not Quarantined.objects.filter(state=Quarantined.State.REPLAY).exists())
    assert {(stream, round(value, 4)) for stream, _, value in gateway.readings()} >= expected(streams)
    assert [name for name, case in FEEDS.items() if not case.made()] == []
    assert_only_the_malformed_stay(ways)


def assert_kept_and_readable(city: City, ways: set[str]) -> None:
    """Each way has its rows, each row its reason and its bytes on a page, and the gateway counted what it kept itself."""
    rows = list(Quarantined.objects.all())
    assert {row.protocol for row in rows} == ways
    assert [row.protocol for row in rows if not row.reason or not bytes(row.raw)] == []
    operator = Client()
    operator.force_login(account(city.city, "operator"), "django.contrib.auth.backends.ModelBackend")
    for row in rows:
        shown = operator.get(f"/gateways/quarantine/{row.pk}/")
        assert shown.status_code == 200
        assert bytes(row.raw)[:4].hex(" ").upper() in shown.content.decode(), row.protocol
    heard = console.frames(actor(city.city))
    assert heard is not None
    assert heard.counts["隔离"] >= len(set(GARBAGE) | set(OVER_MQTT)) * 2 - len(NO_READINGS)


def assert_only_the_malformed_stay(ways: set[str]) -> None:
    left = Quarantined.objects.filter(state=Quarantined.State.KEPT)
    assert {row.protocol for row in left} == ways, "what cannot be read is kept, with today's reason"
    assert {row.note for row in left} == {"重放后仍被拒绝"}
    taken = set(Quarantined.objects.filter(state=Quarantined.State.REPLAYED).values_list("protocol", flat=True))
    assert taken == ways - set(NO_READINGS)
