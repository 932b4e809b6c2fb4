"""Feeds by post, by timer and by folder."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.poller import Poller, inbox, same_host
from anlan.gateways.log import ReadingLog
from anlan.gateways.models import FeedSource
from anlan.gateways.webhand import hand
from anlan.kernel import clock
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.outbox import Event
from anlan.kernel.models import ApiToken, Area
from anlan.monitoring import log as layout
from anlan.monitoring.models import Datastream, HazardEvent, Station
from anlan.simulation.layers import fire_fronts
from anlan.simulation.models import Run
from conftest import library
from tests.conftest import City, Nats, actor
from tests.gateways.conftest import Gateway, empty_streams, read_all
from tests.gateways.test_ingest import eventually
from tests.web.conftest import account

ALXA = (
    '({"shuju":[{"M":"5.8","O_TIME":"2015-04-15 15:39:28","EPI_LAT":"39.8","EPI_LON":"106.3","EPI_DEPTH":"10",'
    '"LOCATION_C":"内蒙古阿拉善盟阿拉善左旗","NEW_DID":"CD20150415153928"}],"jieguo":"x","num":1})'
)
HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,"
    "daynight"
)
ROW = "39.6,106.8,336.63,0.52,0.5,2025-03-19,41,N,VIIRS,n,2.0NRT,278.92,4.4,N"


@pytest.fixture
def web_log(nats_server: Nats, settings: Any) -> Iterator[None]:
    settings.NATS_URL = nats_server.url
    yield
    hand.close()


def sender(area: Area, *permissions: str) -> dict[str, str]:
    """Headers of a program that may post."""
    user = account(area, "feeder", permissions or ("monitoring.feed",))
    return {"authorization": f"Bearer {ApiToken.issue(user, '测试', clock.real_now())}"}


def post(name: str, body: str | bytes, headers: dict[str, str]) -> Any:
    return Client().post(f"/api/feeds/{name}", body, content_type="application/octet-stream", headers=headers)


def test_an_earthquake_posted_twice_is_one_event(city: City, web_log: None) -> None:
    headers = sender(city.city)
    assert post("earthquakes", ALXA, headers).json() == {"received": 1, "new": 1, "refused": []}
    assert post("earthquakes", ALXA, headers).json() == {"received": 1, "new": 0, "refused": []}
    event = HazardEvent.everything.get()
    assert (event.kind, event.magnitude, event.lon, event.lat) == ("earthquake", 5.8, 106.3, 39.8)
    assert event.source == "中国地震台网中心"


def test_a_bad_row_is_named_in_the_answer_and_the_good_ones_are_kept(city: City, web_log: None) -> None:
    answer = post("hotspots", "\n".join([HEADER, ROW, ROW.replace("39.6,", "91,", 1)]), sender(city.city)).json()
    assert (answer["received"], answer["new"]) == (1, 1)
    assert answer["refused"] == [{"where": "第 3 行", "reason": "纬度的值“91”不在 -90～90° 内"}]


def test_something_that_is_no_feed_is_refused_with_the_standard_it_should_keep(city: City, web_log: None) -> None:
    answer = post("earthquakes", b"<html>", sender(city.city))
    assert answer.status_code == 422
    assert "USGS" in answer.json()["allowed"]


def test_nobody_posts_without_a_token_or_without_the_right(city: City, web_log: None) -> None:
    assert post("earthquakes", ALXA, {}).status_code == 403
    assert post("earthquakes", ALXA, sender(city.city, "monitoring.view")).status_code == 403
    assert HazardEvent.everything.count() == 0


def test_an_unknown_feed_is_answered_with_those_there_are(city: City, web_log: None) -> None:
    answer = post("volcanoes", b"", sender(city.city))
    assert answer.status_code == 404
    assert "earthquakes" in answer.json()["error"]


def test_a_national_warning_that_names_areas_by_code_lands_in_the_area_of_ours(city: City, web_log: None) -> None:
    text = (
        '<alert xmlns="http://com.icss.amp"><identifier>1_2</identifier><sender>乌海市气象局</sender>'
        "<sendTime>2026-11-23 08:00:00+08:00</sendTime><status>Actual</status><msgType>Alert</msgType>"
        "<scope>Public</scope><info><language>zh-CN</language><eventType>11B06</eventType><urgency>Unknown</urgency>"
        "<severity>Orange</severity><certainty>Unknown</certainty><headline>大风橙色预警</headline><area>"
        "<areaDesc>乌达区</areaDesc><geocode>150304，150302</geocode></area></info></alert>"
    )
    Area.objects.filter(pk=city.east.pk).update(seat_lon=106.82, seat_lat=39.69)
    assert post("cap", text.encode(), sender(city.city)).json()["new"] == 1
    assert (HazardEvent.everything.get().lon, HazardEvent.everything.get().lat) == (106.82, 39.69)


@pytest.fixture
def website() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server that answers with what lies in the dictionary."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *args: object) -> None:
            del args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    thread.join()
    server.server_close()


def wait_until(check: Any) -> None:
    for _ in range(200):
        if check():
            return
        time.sleep(0.05)


def test_a_source_is_asked_by_itself_and_says_how_it_went(
    website: tuple[str, dict[str, bytes]], gateway: Gateway, city: City
) -> None:
    base, pages = website
    pages["/quakes"] = ALXA.encode()
    good = FeedSource.objects.create(code="q", name="台网", feed="earthquakes", url=f"{base}/quakes", interval_s=3600)
    gone = FeedSource.objects.create(code="g", name="没有", feed="hotspots", url=f"{base}/nothing", interval_s=3600)
    wait_until(lambda: FeedSource.objects.exclude(result="").count() == 2)
    good.refresh_from_db()
    gone.refresh_from_db()
    assert good.result == "1 条，新 1 条，拒绝 0 条"
    assert "404" in gone.result
    assert HazardEvent.everything.get().magnitude == 5.8


@pytest.fixture
def airport(transactional_db: None, city: City) -> Datastream:
    """The temperature at the airport, registered for the weather service's reports."""
    station = Station.everything.create(
        code="W1",
        name="乌海机场",
        lon=106.8,
        lat=39.79,
        kind="气象",
        protocol="weather",
        address="ZBUH",
        area=city.east,
    )
    return Datastream.everything.create(
        code="W1-TEM", station=station, source_code="TEM", name="气温", quantity="气温", unit="℃"
    )


def test_a_file_put_into_the_inbox_is_taken_in_and_moved_away(
    airport: Datastream, settings: Any, tmp_path: Path, gateway: Gateway, city: City
) -> None:
    settings.VAR = tmp_path
    folder = inbox() / "hotspots"
    folder.mkdir(parents=True)
    (folder / "bad.csv").write_text("no such header\n", encoding="utf-8")
    (folder / "good.csv").write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    sky = inbox() / "weather"
    sky.mkdir()
    at = clock.now() - timedelta(minutes=5)
    (sky / "metar.txt").write_text(f"METAR ZBUH {at:%d%H%M}Z 31008MPS 9999 M05/M12 Q1023=", encoding="utf-8")
    wait_until(lambda: not [f for one in (folder, sky) for f in one.iterdir() if f.is_file()])
    assert [(row[0], row[2]) for row in gateway.readings()] == [(airport.pk, -5.0)]
    assert [(f.parent.name, f.name) for f in sorted(folder.rglob("*.csv"))] == [
        ("done", "good.csv"), ("refused", "bad.csv"),
    ]  # fmt: skip
    assert HazardEvent.everything.get().kind == "hotspot"
    assert "表头" in eventually(1)[0].reason


def test_published_files_of_every_feed_are_taken_in(shared: Path, city: City, web_log: None) -> None:
    headers = sender(city.city)
    answer = post("earthquakes", (shared / "feeds/earthquake/usgs_all_day_rodu.geojson").read_bytes(), headers)
    assert (answer.json()["received"], answer.json()["refused"]) == (151, [])
    for file in (shared / "feeds/cap").glob("*.cap"):
        answer = post("cap", file.read_bytes(), headers)
        assert answer.status_code == 200, (file.name, answer.content)
        assert json.loads(answer.content)["received"] + len(answer.json()["refused"]) == 1


def test_the_weather_of_our_stations_goes_into_the_log_and_that_of_others_does_not(
    airport: Datastream, city: City, nats_server: Nats, web_log: None
) -> None:
    asyncio.run(empty_streams(nats_server.url))
    at = clock.now().replace(minute=0, second=0, microsecond=0)
    text = f"METAR ZBUH {at:%d%H%M}Z 31008MPS 9999 M05/M12 Q1023=\nMETAR ZBAA {at:%d%H%M}Z 00000MPS CAVOK 10/02 Q1013="
    with clock.standing_at(at + timedelta(minutes=5)):
        answer = post("weather", text, sender(city.city)).json()
    assert (answer["new"], answer["refused"]) == (1, [])
    assert answer["received"] > 10
    (data,) = asyncio.run(read_all(nats_server.url, layout.STREAM))
    batch = layout.decode(data)
    assert (batch.stream.tolist(), batch.value.tolist()) == ([airport.pk], [-5.0])


def model_run(hours: dict[int, tuple[float, float]]) -> bytes:
    """GRIB 2 of a model that began at 00 UTC on 20 July 2026 over the north of China: wind components (m/s) by the hour."""
    lib = library("eccodes", "weather")
    corners = {"longitudeOfFirstGridPointInDegrees": 90.0, "longitudeOfLastGridPointInDegrees": 120.0}
    messages = []
    for step, components in hours.items():
        for name, value in zip(("10u", "10v"), components, strict=True):
            handle = lib.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            for key, told in {**corners, "shortName": name, "dataDate": 20260720, "dataTime": 0, "step": step}.items():
                lib.codes_set(handle, key, told)
            lib.codes_set_values(handle, [value] * lib.codes_get(handle, "numberOfValues"))
            messages.append(lib.codes_get_message(handle))
            lib.codes_release(handle)
    return b"".join(messages)


@pytest.mark.parametrize("forecast", [True, False])
def test_a_hotspot_is_run_by_itself_with_the_wind_of_the_model_that_the_feed_brought(
    city: City, web_log: None, forecast: bool
) -> None:
    """GRIB and FIRMS by post; the fire is on the map with a wind that turns, or with a constant one, and says which."""
    Station.everything.create(
        code="W1", name="乌海气象站", lon=106.8, lat=39.65, kind="气象", protocol="mqtt", address="W1", area=city.east
    )
    headers = sender(city.city)
    with clock.standing_at(datetime(2026, 7, 20, 1, 30, tzinfo=UTC)):
        if forecast:
            sent = model_run({1: (4.0, 0.0), 2: (6.0, 0.0), 5: (0.0, 8.0)})
            assert post("weather", sent, headers).json()["new"] == 6
        hotspot = ROW.replace("2025-03-19,41", "2026-07-20,110")
        assert post("hotspots", f"{HEADER}\n{hotspot}\n", headers).json()["new"] == 1
        drain()
        run = Run.everything.get(kind="wildfire")
        shown = fire_fronts(actor(city.city), None)["features"]
    assert {one["properties"]["name"] for one in shown}
    if forecast:
        assert (run.inputs["wind_m_s"], run.inputs["wind_from_deg"]) == pytest.approx((4.0, 270.0), abs=0.01)
        assert run.inputs["forecast"] == [
            [0.5, pytest.approx(6, abs=0.01), pytest.approx(270, abs=0.1), 6.0],
            [3.5, pytest.approx(8, abs=0.01), pytest.approx(180, abs=0.1), 6.0],
        ]
        assert "没有三小时内的实测风，起始即用乌海气象站 07-20 08:00 起报的逐时预报" in run.summary["weather"]
        assert any("逐时预报 2 段" in text for text in run.assumptions)
    else:
        assert run.inputs["forecast"] is None
        assert "没有预报" in run.summary["weather"]


def test_a_bulletin_is_on_the_map_and_no_clue_at_the_desk(city: City, web_log: None) -> None:
    feature = {
        "type": "Feature", "id": "r1", "geometry": {"type": "Point", "coordinates": [106.8, 39.6]},
        "properties": {"title": "G18 封路", "time": "2026-03-02T08:00:00+08:00"},
    }  # fmt: skip
    answer = post("bulletins", json.dumps(feature), sender(city.city)).json()
    assert (answer["received"], answer["new"]) == (1, 1)
    drain()
    event = HazardEvent.everything.get()
    assert (event.kind, event.title, event.source) == ("bulletin", "G18 封路", "外部信息（RSS、GeoJSON）")
    assert not Event.objects.filter(name="command.ProposalReceived").exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8123/x", "http://localhost/x", "file:///etc/hosts", "http://feeds.example.evil.cn/x"]
)
def test_what_a_source_points_to_elsewhere_is_not_asked(url: str) -> None:
    same_host("https://feeds.example/a", "http://feeds.example/b")
    with pytest.raises(FeedError, match="其他主机"):
        same_host("https://feeds.example/a", url)


def test_a_redirect_is_followed_on_the_host_of_the_source_only() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        goals = {"/a": "/b", "/b": "http://127.0.0.1/secret", "/round": "/round"}
        return httpx.Response(302, headers={"location": goals[request.url.path]})

    async def ask(path: str) -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            source = FeedSource(feed="cap", url=f"http://feeds.example{path}")
            return await Poller(ReadingLog("nats://127.0.0.1:1")).ask(client, source)

    assert "其他主机" in asyncio.run(ask("/a"))
    assert asked == ["/a", "/b"]
    assert "转址超过" in asyncio.run(ask("/round"))
