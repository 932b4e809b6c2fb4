"""The fast way in for observations answers as Django does, keeps before it answers, and forgets rights within seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client

from anlan.gateways.devices.sensorthings import door, known
from anlan.gateways.webhand import hand
from anlan.kernel import clock
from anlan.kernel.models import ApiToken, Area
from anlan.monitoring import log as layout
from anlan.monitoring.models import Datastream, Latest, Station
from tests.conftest import City, Nats
from tests.gateways.conftest import empty_streams, read_all
from tests.web.conftest import account
from tests.web.serving import Web, web

__all__ = ["web"]
BASE = "/api/sta/v1.1"
QUERY = {
    "$top": "2",
    "$skip": "2",
    "$orderby": "phenomenonTime desc",
    "$filter": "result ge 1",
    "$expand": "Datastream",
}


@pytest.fixture
def written(nats_server: Nats, settings: Any) -> Iterator[str]:
    settings.NATS_URL = nats_server.url
    hand.log()
    asyncio.run(empty_streams(nats_server.url))
    yield nats_server.url
    hand.close()


def batches(url: str) -> list[layout.Batch]:
    return [layout.decode(data) for data in asyncio.run(read_all(url, layout.STREAM))]


def stream_of(area: Area, code: str = "G1") -> Datastream:
    station = Station.everything.create(
        code=code, name=code, lon=106.7, lat=39.5, area=area, kind="气体", protocol="sensorthings", address=code
    )
    return Datastream.everything.create(
        code=f"{code}-x", station=station, source_code="x", name="氯气", quantity="氯气", unit="ppm", valid_max=2000
    )


def stored(stream: Datastream, readings: list[tuple[datetime, float]]) -> None:
    """Readings in the tables, and the newest as the latest."""
    with connection.cursor() as cursor:
        for at, value in readings:
            cursor.execute("select anlan_observation_partition(%s)", [at.date()])
            cursor.execute("insert into observation values (%s, %s, %s, 0, %s)", [stream.pk, at, value, at])
    Latest.objects.create(datastream=stream, at=readings[0][0], value=readings[0][1], received_at=readings[0][0])


def token(area: Area, *permissions: str, username: str = "program") -> dict[str, str]:
    user = account(area, username, permissions or ("monitoring.*",))
    return {"authorization": f"Bearer {ApiToken.issue(user, '测试', clock.real_now())}"}


def test_the_door_answers_as_django_does(web: Web, city: City, written: str) -> None:
    stream, far = stream_of(city.west), stream_of(city.east, "G2")
    west = token(city.west)
    looks = token(city.city, "monitoring.view", username="looks")
    wrong = {"authorization": "Bearer nobody"}
    now = clock.now().replace(microsecond=0)
    good = {"phenomenonTime": now.isoformat(), "result": 3.5, "Datastream": {"@iot.id": stream.pk}}
    rows = [[(now - timedelta(hours=n)).isoformat(), 1.75 + n] for n in range(12)] + [
        [now.isoformat(), "much"],
        [1],
        [3, 4],
    ]
    array = {"Datastream": {"@iot.id": stream.pk}, "components": ["phenomenonTime", "result"], "dataArray": rows}
    stored(stream, [(now - timedelta(days=days), float(days)) for days in (0, 5, 7, 9, 30)])
    asked: list[tuple[dict[str, str], str, Any]] = [
        (west, "Observations", good),
        (west, f"Datastreams({stream.pk})/Observations", {"result": 5000, "phenomenonTime": now.isoformat()}),
        (west, "CreateObservations", [array]),
        (looks, "Observations", good),
        (wrong, "Observations", good),
        *((west, "Observations", good | change) for change in (
            {"result": "high"}, {"result": True}, {"phenomenonTime": "yesterday"}, {"phenomenonTime": "2059-01-01T00:00:00Z"},
            {"Datastream": None}, {"Datastream": {"@iot.id": far.pk}}, {"Datastream": {"@iot.id": 999_999}}, {"result": None},
        )),
        (west, "Observations", [1]),
        (west, f"Datastreams({far.pk})/Observations", {"result": 1}),
        (west, "CreateObservations", {}),
        (west, "CreateObservations", [array | {"dataArray": 3}]),
        (west, "CreateObservations", [array | {"Datastream": {"@iot.id": far.pk}}]),
    ]  # fmt: skip
    with httpx.Client(base_url=web.url, headers={"host": "testserver"}) as fast:
        for headers, path, body in asked:
            text = json.dumps(body)
            mine = fast.post(f"{BASE}/{path}", content=text, headers=headers)
            theirs = Client().post(f"{BASE}/{path}", text, content_type="application/json", headers=headers)
            told, expected = mine.json(), theirs.json()
            for one in (told, expected):
                one.pop("resultTime", None) if isinstance(one, dict) else None
            assert (mine.status_code, told) == (theirs.status_code, expected), (path, body)
            assert mine.headers.get("location") == theirs.headers.get("location")
        for headers, pk, query in ((west, stream.pk, QUERY), (west, stream.pk, {"$top": "x"}), (looks, far.pk, {"$count": "true"}),
                                   (west, far.pk, {}), (wrong, stream.pk, {})):  # fmt: skip
            path = f"{BASE}/Datastreams({pk})/Observations"
            read, same = fast.get(path, params=query, headers=headers), Client().get(path, query, headers=headers)
            assert (read.status_code, read.json()) == (same.status_code, same.json())
        assert [row["result"] for row in fast.get(f"{BASE}/Datastreams({stream.pk})/Observations", params=QUERY, headers=west)
                .json()["value"]] == [9.0, 30.0]  # fmt: skip
        assert fast.post(f"{BASE}/Observations", content=b"{", headers=west).json()["field"] == "body"
        assert fast.post(f"{BASE}/Observations", json=good).status_code == 403, (
            "without a token it is Django's to refuse"
        )
    values = [(value, batch.backfill) for batch in batches(written) for value in batch.value.tolist()]
    assert values.count((3.5, False)) == values.count((5000.0, False)) == 2, "both ways lead into the log"
    assert values.count((12.75, True)) == 2, "what is older than six hours is history"


def test_many_connections_share_a_write_and_rights_end_within_seconds(
    web: Web, city: City, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, headers = stream_of(city.west), token(city.west)

    async def together(count: int) -> list[int]:
        limits = httpx.Limits(max_connections=count)
        async with httpx.AsyncClient(base_url=web.url, headers=headers, limits=limits) as client:
            bodies = ({"result": n, "Datastream": {"@iot.id": stream.pk}} for n in range(count))
            answers = await asyncio.gather(*(client.post(f"{BASE}/Observations", json=body) for body in bodies))
            return [answer.status_code for answer in answers]

    assert asyncio.run(together(40)) == [201] * 40
    found = batches(written)
    assert sorted(value for batch in found for value in batch.value.tolist()) == list(range(40))
    assert len(found) < 40, "one write for several requests"
    monkeypatch.setattr(known, "LOOK_S", 0.0)
    with httpx.Client(base_url=web.url, headers=headers) as client:

        def say() -> int:
            return client.post(
                f"{BASE}/Observations", json={"result": 1, "Datastream": {"@iot.id": stream.pk}}
            ).status_code

        assert say() == 201
        Station.everything.filter(pk=stream.station_id).update(area=city.east)
        assert say() == 404, "the station belongs to another district now"
        Station.everything.filter(pk=stream.station_id).update(area=city.west)
        assert say() == 201
        monkeypatch.setattr(known, "TOKEN_S", 0.0)
        ApiToken.objects.all().delete()
        assert say() == 404, "nobody's rights"


def test_nothing_is_promised_while_the_log_is_out_of_reach(
    web: Web, city: City, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NATS_URL = "nats://127.0.0.1:9"
    monkeypatch.setattr(door, "WAIT_S", 0.3)
    body = {"result": 1, "Datastream": {"@iot.id": stream_of(city.west).pk}}
    answer = httpx.post(f"{web.url}{BASE}/Observations", json=body, headers=token(city.west))
    assert (answer.status_code, "请稍后重发" in answer.json()["error"]) == (503, True)
