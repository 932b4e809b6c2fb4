"""OGC SensorThings API v1.1 against real PostgreSQL and the real log."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from anlan.gateways.devices.sensorthings import refused
from anlan.gateways.webhand import hand
from anlan.kernel import clock
from anlan.kernel.models import ApiToken, Area, User
from anlan.kernel.register.declare import REGISTERS
from anlan.monitoring import log as layout
from anlan.monitoring.models import Datastream, Station
from tests.conftest import City, Nats
from tests.gateways.conftest import empty_streams, read_all
from tests.web.conftest import account

BASE = "/api/sta/v1.1"
START = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture
def streams(city: City) -> dict[str, Datastream]:
    """A gauge in the east and a gas detector in the west, with readings."""
    found = {}
    for code, area, kind, name, unit in (
        ("H1", city.east, "水文", "水位", "m"), ("G1", city.west, "气体", "氯气", "ppm"),
    ):  # fmt: skip
        station = Station.everything.create(
            code=code, name=f"{code}站", lon=106.7, lat=39.5 if code == "G1" else 39.85, area=area, kind=kind,
            protocol="sensorthings", address=code,
        )  # fmt: skip
        found[code] = Datastream.everything.create(
            code=f"{code}-x", station=station, source_code="x", name=name, quantity=name, unit=unit, valid_max=2000
        )
    with connection.cursor() as cursor:
        cursor.execute("select anlan_observation_partition(%s)", [START.date()])
        for hour in range(10):
            for stream in found.values():
                at = START + timedelta(hours=hour)
                value = "NaN" if hour == 9 else 1070 + hour
                cursor.execute(
                    "insert into observation (stream, at, value, quality, received) values (%s, %s, %s, %s, %s)",
                    [stream.pk, at, value, 1 if hour == 9 else 0, at],
                )
    return found


def token(area: Area, *permissions: str, username: str = "program") -> dict[str, str]:
    user = account(area, username, permissions or ("monitoring.*",))
    return {"authorization": f"Bearer {ApiToken.issue(user, '测试', clock.real_now())}"}


class Reader:
    """Somebody who reads and posts with a token."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers

    def get(self, path: str, **query: str) -> Any:
        answer = Client().get(f"{BASE}/{path}", query, headers=self.headers)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def refused(self, path: str, **query: str) -> tuple[int, str]:
        answer = Client().get(f"{BASE}/{path}", query, headers=self.headers)
        return answer.status_code, answer.json()["error"]

    def send(self, method: str, path: str, body: Any = None) -> Any:
        content = json.dumps(body) if body is not None else ""
        return Client().generic(method, f"{BASE}/{path}", content, "application/json", headers=self.headers)

    def post(self, path: str, body: Any) -> Any:
        return Client().post(f"{BASE}/{path}", json.dumps(body), content_type="application/json", headers=self.headers)


@pytest.fixture
def reader(city: City) -> Reader:
    return Reader(token(city.city))


def names(answer: dict[str, Any]) -> list[str]:
    return [item["name"] for item in answer["value"]]


def test_the_root_lists_the_entity_sets() -> None:
    answer = Client().get(f"{BASE}/").json()
    assert [entry["name"] for entry in answer["value"]] == [
        "Things", "Locations", "HistoricalLocations", "Datastreams", "MultiDatastreams", "Sensors", "ObservedProperties",
        "Observations",
        "FeaturesOfInterest",
    ]  # fmt: skip


def test_every_entity_set_is_read_and_linked(streams: dict[str, Datastream], reader: Reader) -> None:
    for name in ("Things", "Locations", "Datastreams", "Sensors", "ObservedProperties", "FeaturesOfInterest"):
        first = reader.get(name)["value"][0]
        itself = reader.get(first["@iot.selfLink"].split("/v1.1/")[1])
        assert itself["@iot.id"] == first["@iot.id"]
        for key, address in first.items():
            if key.endswith("@iot.navigationLink"):
                reader.get(address.split("/v1.1/")[1])


def test_the_latest_value_of_a_datastream(streams: dict[str, Datastream], reader: Reader) -> None:
    """The query that other servers answer with 500."""
    query = {"$top": "1", "$orderby": "phenomenonTime desc", "$filter": "result ne null"}
    answer = reader.get(f"Datastreams({streams['H1'].pk})/Observations", **query)
    assert [(o["phenomenonTime"], o["result"]) for o in answer["value"]] == [("2026-11-23T08:00:00.000Z", 1078.0)]
    assert "$skip=1" in answer["@iot.nextLink"]


def test_a_thing_is_read_with_its_datastreams_and_their_last_reading(
    streams: dict[str, Datastream], reader: Reader
) -> None:
    inside = "Observations($top=1;$orderby=phenomenonTime desc;$select=result)"
    query = {"$expand": f"Datastreams($select=name;$expand={inside}),Locations", "$filter": "name eq 'H1站'"}
    (thing,) = reader.get("Things", **query)["value"]
    assert thing["Locations"][0]["location"]["coordinates"] == [106.7, 39.85]
    assert thing["Datastreams"][0]["name"] == "水位"
    assert thing["Datastreams"][0]["Observations"][0]["result"] is None
    (stream,) = reader.get("Datastreams", **{"$expand": "Thing/Locations", "$filter": "Thing/name eq 'G1站'"})["value"]
    assert stream["Thing"]["Locations"][0]["name"] == "G1站"


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("result gt 1074", 4),
        ("1074 lt result and result le 1076", 2),
        ("result eq null", 1),
        ("not (result lt 1078)", 2),
        ("phenomenonTime ge 2026-11-23T05:00:00Z and phenomenonTime lt 2026-11-23T15:00:00+08:00", 2),
        ("hour(phenomenonTime) eq 3 or hour(phenomenonTime) eq 4", 2),
        ("resultQuality eq 'no data'", 1),
        ("phenomenonTime gt now()", 0),
        ("result eq 1E3", 0),
    ],
)
def test_readings_are_filtered(streams: dict[str, Datastream], reader: Reader, condition: str, count: int) -> None:
    with clock.standing_at(START + timedelta(days=1)):
        answer = reader.get(
            f"Datastreams({streams['H1'].pk})/Observations", **{"$filter": condition, "$count": "true", "$top": "1"}
        )
    expected = {"not (result lt 1078)": {1, 2}}.get(condition, {count})
    assert answer["@iot.count"] in expected


@pytest.mark.parametrize(
    ("entity", "condition", "found"),
    [
        ("Things", "startswith(name, 'H1')", ["H1站"]),
        ("Things", "substringof('1站', name) and properties/kind eq '气体'", ["G1站"]),
        ("Things", "Datastreams/unitOfMeasurement/symbol eq 'ppm'", ["G1站"]),
        ("Things", "not startswith(name, 'H1')", ["G1站"]),
        ("Locations", "st_within(location, geography'POLYGON((106 39,107 39,107 39.6,106 39.6,106 39))')", ["G1站"]),
        ("Datastreams", "st_within(Thing/Locations/location, geography'POINT(106.7 39.85)')", ["水位"]),
        ("Things", "geo.distance(Locations/location, geography'POINT(106.7 39.6)') lt 0.11", ["G1站"]),
        ("Things", "0.11 lt geo.distance(Locations/location, geography'POINT(106.7 39.6)')", ["H1站"]),
        ("Datastreams", "geo.distance(Thing/Locations/location, geography'POINT(106.7 39.85)') le 0", ["水位"]),
        ("Datastreams", "ObservedProperty/name eq '氯气'", ["氯气"]),
        ("ObservedProperties", "name ne '氯气'", ["水位"]),
    ],
)
def test_things_and_places_are_filtered(
    streams: dict[str, Datastream], reader: Reader, entity: str, condition: str, found: list[str]
) -> None:
    assert names(reader.get(entity, **{"$filter": condition})) == found


def test_pages_follow_one_another_without_gap_or_repeat(streams: dict[str, Datastream], reader: Reader) -> None:
    seen, path, query = [], "Observations", {"$top": "3", "$orderby": "phenomenonTime"}
    while True:
        answer = reader.get(path, **query)
        seen += [item["@iot.id"] for item in answer["value"]]
        link = answer.get("@iot.nextLink")
        if not link:
            break
        path, query = link.split("/v1.1/")[1], {}
    assert len(seen) == len(set(seen)) == 20


@pytest.mark.parametrize(
    ("path", "query", "word"),
    [
        ("Observations", {"$filter": "result >> 3"}, "$filter"),
        ("Observations", {"$filter": "result eq 'high'"}, "数"),
        ("Observations", {"$filter": "colour eq 3"}, "phenomenonTime"),
        ("Things", {"$top": "-1"}, "$top"),
        ("Things", {"$expand": "Nothing"}, "Datastreams"),
        ("Things", {"$orderby": "name sideways"}, "asc|desc"),
        ("Things", {"$bogus": "1"}, "$filter"),
        ("Locations", {"$filter": "st_within(location, geography'POLYGON((')"}, "WKT"),
        ("Locations", {"$filter": "geo.distance(location, geography'POINT(1 2)') lt 'near'"}, "度数"),
        ("Things", {"$filter": "(" * 30 + "name eq 'x'" + ")" * 30}, "嵌套"),
    ],
)
def test_a_wrong_query_is_answered_with_what_is_allowed(
    streams: dict[str, Datastream], reader: Reader, path: str, query: dict[str, str], word: str
) -> None:
    status, message = reader.refused(path, **query)
    assert status == 400
    assert word in message


def test_properties_and_values_have_addresses_of_their_own(streams: dict[str, Datastream], reader: Reader) -> None:
    pk = streams["H1"].station_id
    assert reader.get(f"Things({pk})/name") == {"name": "H1站"}
    answer = Client().get(f"{BASE}/Things({pk})/name/$value", headers=reader.headers)
    assert answer.content.decode() == "H1站"
    assert list(reader.get(f"Things({pk})/Datastreams/$ref")["value"][0]) == ["@iot.selfLink"]
    assert reader.refused("Things(999999)")[0] == 404
    assert reader.refused("Rivers")[0] == 404


def test_readings_come_as_a_data_array_when_asked(streams: dict[str, Datastream], reader: Reader) -> None:
    answer = reader.get(f"Datastreams({streams['G1'].pk})/Observations", **{"$resultFormat": "dataArray", "$top": "2"})
    assert answer["value"][0]["components"][3] == "result"
    assert [row[3] for row in answer["value"][0]["dataArray"]] == [1070.0, 1071.0]


def test_a_district_sees_only_its_own(streams: dict[str, Datastream], city: City) -> None:
    east = Reader(token(city.east, username="east"))
    assert names(east.get("Things")) == ["H1站"]
    assert {o["@iot.id"].split("-")[0] for o in east.get("Observations")["value"]} == {str(streams["H1"].pk)}
    assert east.refused(f"Datastreams({streams['G1'].pk})")[0] == 404
    assert names(east.get("ObservedProperties")) == ["水位"]
    assert Client().get(f"{BASE}/Things").status_code == 403


class Writer:
    """The log that writes go to."""

    def __init__(self, url: str) -> None:
        self.url = url

    def readings(self) -> list[tuple[int, int, float, bool]]:
        found = []
        for data in asyncio.run(read_all(self.url, layout.STREAM)):
            batch = layout.decode(data)
            columns = (batch.stream.tolist(), batch.at_ms.tolist(), batch.value.tolist())
            found += [(*row, batch.backfill) for row in zip(*columns, strict=True)]
        return found


@pytest.fixture
def written(nats_server: Nats, settings: Any) -> Any:
    settings.NATS_URL = nats_server.url
    hand.log()
    asyncio.run(empty_streams(nats_server.url))
    yield Writer(nats_server.url)
    hand.close()


def test_a_reading_is_created_when_it_lies_in_the_log(
    streams: dict[str, Datastream], reader: Reader, written: Writer
) -> None:
    now = clock.now().replace(microsecond=0)
    body = {"phenomenonTime": now.isoformat(), "result": 3.5, "Datastream": {"@iot.id": streams["G1"].pk}}
    answer = reader.post("Observations", body)
    assert answer.status_code == 201, answer.content
    ms = round(now.timestamp() * 1000)
    assert written.readings() == [(streams["G1"].pk, ms, 3.5, False)]
    assert answer["Location"].endswith(f"Observations('{streams['G1'].pk}-{ms}')")
    below = reader.post(f"Datastreams({streams['H1'].pk})/Observations", {"result": 5000})
    assert (below.status_code, below.json()["resultQuality"]) == (201, "out of range")


def test_a_data_array_answers_row_by_row(streams: dict[str, Datastream], reader: Reader, written: Writer) -> None:
    now = clock.now().replace(microsecond=0)
    rows = [[(now - timedelta(minutes=n)).isoformat(), n] for n in range(1000)]
    rows[3][1], rows[5][0] = "much", "2026-13-01"  # type: ignore[call-overload]
    group = {
        "Datastream": {"@iot.id": streams["G1"].pk}, "components": ["phenomenonTime", "result"],
        "dataArray@iot.count": 1000, "dataArray": rows,
    }  # fmt: skip
    answer = reader.post("CreateObservations", [group])
    assert answer.status_code == 201
    links = answer.json()
    assert [n for n, link in enumerate(links) if link.startswith("error")] == [3, 5]
    assert "dataArray[3].result" in links[3]
    found = written.readings()
    assert len(found) == 998
    assert {late for _, at, _, late in found if at < (now - timedelta(hours=7)).timestamp() * 1000} == {True}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"result": "high"}, "result"),
        ({"result": True}, "result"),
        ({"phenomenonTime": "yesterday"}, "phenomenonTime"),
        ({"phenomenonTime": "2026-11-23T08:00:00"}, "phenomenonTime"),
        ({"phenomenonTime": "2059-01-01T00:00:00Z"}, "phenomenonTime"),
        ({"Datastream": {"@iot.id": "x"}}, "Datastream.@iot.id"),
        ({"Datastream": None}, "Datastream.@iot.id"),
    ],
)
def test_a_wrong_reading_is_refused_by_name_and_not_stored(
    streams: dict[str, Datastream], reader: Reader, written: Writer, change: dict[str, Any], field: str
) -> None:
    body = {"result": 1, "Datastream": {"@iot.id": streams["G1"].pk}, **change}
    answer = reader.post("Observations", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.json()["allowed"]
    assert written.readings() == []


def test_what_was_refused_is_kept_as_it_came_and_sent_again_with_its_senders_rights(
    streams: dict[str, Datastream], city: City, reader: Reader, written: Writer
) -> None:
    stream = streams["G1"]
    late = {"result": "three", "Datastream": {"@iot.id": stream.pk}}
    assert reader.post("Observations", late).status_code == 400
    assert Reader(token(city.city, "monitoring.view", username="looks")).post("Observations", late).status_code in {
        400,
        404,
    }
    kept = asyncio.run(read_all(written.url, layout.QUARANTINE_STREAM))
    assert len(kept) == 1, "who may not write cannot fill the quarantine"
    size = int.from_bytes(kept[0][:4], "big")
    head, raw = json.loads(kept[0][4 : 4 + size]), kept[0][4 + size :]
    assert "result" in head["reason"] or "结果" in head["reason"]
    assert json.loads(raw.split(b"\n", 1)[1]) == late
    assert refused.again(raw), "still wrong"
    mended = raw.replace(b'"three"', b"3.5")
    assert (refused.again(mended), [row[2] for row in written.readings()]) == ("", [3.5])
    User.objects.update(is_active=False)
    assert "停用" in refused.again(mended)


def test_writing_needs_a_token_the_right_and_the_area(
    streams: dict[str, Datastream], city: City, written: Writer
) -> None:
    body = {"result": 1, "Datastream": {"@iot.id": streams["G1"].pk}}
    assert Client().post(f"{BASE}/Observations", json.dumps(body), content_type="application/json").status_code == 403
    looks = Reader(token(city.city, "monitoring.view", username="looks"))
    assert looks.post("Observations", body).status_code == 404
    assert Reader(token(city.east, username="east")).post("Observations", body).status_code == 404
    assert written.readings() == []


def test_a_batch_runs_every_request_and_a_bad_one_does_not_stop_it(
    streams: dict[str, Datastream], reader: Reader, written: Writer
) -> None:
    parts = [
        {"id": "a", "method": "get", "url": "Things?$select=name&$orderby=name"},
        {"id": "b", "method": "post", "url": "Observations", "body": {"result": "x"}},
        {"id": "c", "method": "post", "url": f"Datastreams({streams['G1'].pk})/Observations", "body": {"result": 2}},
        {"id": "d", "method": "delete", "url": "Things(1)"},
    ]
    answers = reader.post("$batch", {"requests": parts}).json()["responses"]
    assert [(a["id"], a["status"]) for a in answers] == [("a", 200), ("b", 400), ("c", 201), ("d", 404)]
    assert names(answers[0]["body"]) == ["G1站", "H1站"]
    assert len(written.readings()) == 1


def test_a_batch_in_parts_is_understood_too(streams: dict[str, Datastream], reader: Reader, written: Writer) -> None:
    post = json.dumps({"result": 2})
    text = (
        "--b\r\nContent-Type: application/http\r\n\r\nGET /api/sta/v1.1/Things?$top=1 HTTP/1.1\r\n\r\n\r\n"
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\n"
        f"POST Datastreams({streams['G1'].pk})/Observations HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{post}\r\n"
        "--c--\r\n--b--\r\n"
    )
    answer = Client().post(
        f"{BASE}/$batch", text.encode(), content_type="multipart/mixed; boundary=b", headers=reader.headers
    )
    body = answer.content.decode()
    assert (body.count("HTTP/1.1 200 OK"), body.count("HTTP/1.1 201 Created")) == (1, 1)
    assert len(written.readings()) == 1


def test_a_station_and_its_datastream_are_made(reader: Reader, city: City, written: Writer) -> None:
    if not any(register.model is Station for register in REGISTERS.values()):
        pytest.fail("no registry of stations")
    body = {
        "name": "新站", "properties": {"code": "N1", "area": "mca:150302", "kind": "水文"},
        "Locations": [{"location": {"type": "Point", "coordinates": [106.8, 39.7]}}],
        "Datastreams": [{"name": "水位", "unitOfMeasurement": {"symbol": "m"}, "ObservedProperty": {"name": "水位"}}],
    }  # fmt: skip
    answer = reader.post("Things", body)
    assert answer.status_code == 201, answer.content.decode()
    stream = Datastream.everything.get()
    assert (stream.code, stream.unit, stream.station.lon) == ("N1-水位", "m", 106.8)
    again = reader.post("Things", body)
    assert again.status_code == 400
    assert reader.post("Things", {"name": "x"}).json()["field"] == "Locations[0].location"


def test_a_station_is_renamed_moved_and_removed_through_its_registry(
    reader: Reader, city: City, written: Writer
) -> None:
    body = {
        "name": "新站", "properties": {"code": "N1", "area": "mca:150302", "kind": "水文"},
        "Locations": [{"location": {"type": "Point", "coordinates": [106.8, 39.7]}}],
        "Datastreams": [{"name": "水位", "unitOfMeasurement": {"symbol": "m"}, "ObservedProperty": {"name": "水位"}}],
    }  # fmt: skip
    made = reader.post("Things", body).json()
    thing = made["@iot.id"]
    moved = {"name": "改名", "Locations": [{"location": {"type": "Point", "coordinates": [106.81, 39.71]}}]}
    assert reader.send("PATCH", f"Things({thing})", moved).json()["name"] == "改名"
    station = Station.everything.get(pk=thing)
    assert (station.lon, station.lat, station.kind) == (106.81, 39.71, "水文"), "what was not named stays"
    stream = Datastream.everything.get(station=station)
    assert reader.send("PATCH", f"Datastreams({stream.pk})", {"properties": {"validMax": 30}}).status_code == 200
    stream.refresh_from_db()
    assert (stream.valid_max, stream.unit) == (30, "m")
    refused = reader.send("PATCH", f"Things({thing})", {"properties": {"colour": "red"}})
    assert (refused.status_code, refused.json()["field"]) == (400, "properties")
    assert reader.send("PUT", f"Things({thing})", {}).status_code == 400, "PUT must say the name"
    assert reader.send("DELETE", f"Things({thing})").status_code == 409, "its datastream refers to it"
    assert reader.send("DELETE", f"Datastreams({stream.pk})").status_code == 200
    assert reader.send("DELETE", f"Things({thing})").status_code == 200
    assert not Station.everything.filter(pk=thing).exists()


def test_a_station_is_changed_as_a_json_patch_says_or_not_at_all(
    reader: Reader, streams: dict[str, Datastream], city: City
) -> None:
    station = Station.everything.get(pk=streams["H1"].station_id)
    steps: list[dict[str, object]] = [
        {"op": "test", "path": "/name", "value": "H1站"},
        {"op": "replace", "path": "/properties/intervalSeconds", "value": 60},
        {"op": "replace", "path": "/name", "value": "河口站"},
    ]
    shown = reader.send("PATCH", f"Things({station.pk})", steps)
    assert (shown.status_code, shown.json()["name"]) == (200, "河口站"), shown.content
    station.refresh_from_db()
    assert (station.name, station.interval_s) == ("河口站", 60)
    assert reader.send("PATCH", f"Things({station.pk})", steps).status_code == 409, "its test does not hold any more"
    refused = reader.send("PATCH", f"Things({station.pk})", [{"op": "replace", "path": "/description", "value": "x"}])
    assert (refused.status_code, refused.json()["value"]) == (400, "/description")
    place = {"op": "replace", "path": "/location/coordinates", "value": [106.9, 39.8]}
    assert reader.send("PATCH", f"Locations({station.pk})", [place]).status_code == 200
    station.refresh_from_db()
    assert (station.lon, station.lat) == (106.9, 39.8)
    other = Reader(token(city.west, "monitoring.*", "registers.*", username="west"))
    assert other.send("PATCH", f"Things({station.pk})", steps).status_code == 404


def test_readings_are_filtered_by_what_is_computed_of_them(reader: Reader, streams: dict[str, Datastream]) -> None:
    def hours(text: str) -> list[float]:
        path = f"Datastreams({streams['H1'].pk})/Observations"
        found = reader.get(path, **{"$filter": text, "$orderby": "phenomenonTime"})
        return [row["result"] for row in found["value"]]

    assert hours("result sub 1070 ge 7") == [1077, 1078]
    assert hours("result mod 3 eq 0 and result lt 1076") == [1071, 1074]
    assert hours("round(result div 10) eq 107 and result mul 2 gt 2 mul 1073") == [1074]
    assert reader.refused("Observations", **{"$filter": "1 div 0 eq 1"})[0] == 400


def test_the_root_says_what_of_the_standard_holds(reader: Reader) -> None:
    told = reader.get("")["serverSettings"]
    assert any(one.endswith("update-entity") for one in told["conformance"])
    assert any(one.endswith("/req/multi-datastream") for one in told["conformance"])
    assert {key for key in told if key != "conformance"} <= set(told["conformance"])
    limited = [value for key, value in told.items() if key.endswith("delete-entity")]
    assert limited == [{"entities": ["Things", "Datastreams"]}]


@pytest.fixture
def second(streams: dict[str, Datastream]) -> Datastream:
    """Another datastream of the gauge in the east, which reports every other hour."""
    found: Datastream = Datastream.everything.create(
        code="H1-q", station_id=streams["H1"].station_id, source_code="q", name="流量", quantity="流量", unit="m³/s",
        valid_max=9000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        for hour in range(0, 8, 2):
            cursor.execute(
                "insert into observation (stream, at, value, quality, received) values (%s, %s, %s, 0, %s)",
                [found.pk, at := START + timedelta(hours=hour), 500 + hour, at],
            )
    return found


def test_all_datastreams_of_a_station_are_one_multidatastream(
    streams: dict[str, Datastream], second: Datastream, reader: Reader, city: City
) -> None:
    """18-088 section 8.3 (MultiDatastream extension): units, quantities and results stand in one order."""
    (multi,) = reader.get("MultiDatastreams", **{"$expand": "ObservedProperties,Thing"})["value"]
    assert [unit["symbol"] for unit in multi["unitOfMeasurements"]] == ["m", "m³/s"]
    assert [one["name"] for one in multi["ObservedProperties"]] == ["水位", "流量"]
    assert len(multi["multiObservationDataTypes"]) == 2
    assert multi["Thing"]["name"] == "H1站"
    path = f"MultiDatastreams({multi['@iot.id']})/Observations"
    newest = reader.get(path, **{"$top": "3", "$count": "true"})
    assert newest["@iot.count"] == 10
    assert [one["result"] for one in newest["value"]] == [[None, None], [1078.0, None], [1077.0, None]]
    first = reader.get(path, **{"$orderby": "phenomenonTime", "$skip": "1", "$top": "2"})["value"]
    assert [one["result"] for one in first] == [[1071.0, None], [1072.0, 502.0]]
    since = {"$filter": "phenomenonTime ge 2026-11-23T06:00:00Z and phenomenonTime lt 2026-11-23T07:00:00Z"}
    (one,) = reader.get(path, **since)["value"]
    assert (one["result"], one["resultQuality"]) == ([1076.0, 506.0], ["good", "good"])
    itself = reader.get(one["@iot.selfLink"].split("/v1.1/")[1], **{"$expand": "MultiDatastream($select=name)"})
    assert (itself["result"], itself["MultiDatastream"]["name"]) == (one["result"], "H1站")
    array = reader.get(path, **{"$resultFormat": "dataArray", "$top": "1"})["value"][0]
    assert array["MultiDatastream@iot.navigationLink"].endswith(f"MultiDatastreams({multi['@iot.id']})")
    assert reader.refused(path, **{"$filter": "result gt 3"})[0] == 400
    (thing,) = reader.get("Things", **{"$filter": "name eq 'H1站'", "$expand": "MultiDatastreams"})["value"]
    assert [found["@iot.id"] for found in thing["MultiDatastreams"]] == [multi["@iot.id"]]
    other = Reader(token(city.west, "monitoring.view", username="west"))
    assert other.get("MultiDatastreams")["value"] == []
    assert other.refused(itself["@iot.selfLink"].split("/v1.1/")[1])[0] == 404


def test_one_observation_of_a_multidatastream_is_a_reading_of_each(
    streams: dict[str, Datastream], second: Datastream, reader: Reader, written: Writer, city: City
) -> None:
    now = clock.now().replace(microsecond=0)
    ms = round(now.timestamp() * 1000)
    body = {"phenomenonTime": now.isoformat(), "result": [3.5, 9999], "MultiDatastream": {"@iot.id": second.station_id}}
    answer = reader.post("Observations", body)
    assert (answer.status_code, answer.json()["resultQuality"]) == (201, ["good", "out of range"]), answer.content
    assert answer["Location"].endswith(f"Observations('m{second.station_id}-{ms}')")
    assert sorted(written.readings()) == [(streams["H1"].pk, ms, 3.5, False), (second.pk, ms, 9999.0, False)]
    below = reader.post(f"MultiDatastreams({second.station_id})/Observations", {"result": [1, None]})
    assert (below.status_code, below.json()["result"]) == (201, [1.0, None])
    wrong = reader.post("Observations", {**body, "result": [1]})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "result")
    west = Reader(token(city.west, "monitoring.*", username="west"))
    assert west.post("Observations", body).json()["field"] == "MultiDatastream.@iot.id"
    assert reader.post("MultiDatastreams", {"name": "x"}).status_code == 400
