"""Anybody's JSON by a mapping."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.jsonmap import codec
from anlan.gateways.devices.jsonmap.poller import JsonPoller

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BEIJING = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 23, 8, 0, 5, tzinfo=BEIJING)


def test_the_feed_of_major_hazards_is_read_as_it_was_written() -> None:
    rows = [("T-101", "WD", 25.5, AT), ("T-101", "YW", 3.2, AT)]
    found = codec.decode(codec.encode(rows), codec.named("major_hazard"), NOW)
    assert [(one.address, one.code, one.value, one.at) for one in found] == rows


def test_one_object_may_hold_several_values() -> None:
    mapping = codec.check({
        "address": "=W1", "values": {"wind": "now.wind", "t": "now.temps.0"}, "at": "ts", "time": "ms", "scale": {"t": 0.1},
    })  # fmt: skip
    body = json.dumps({"ts": AT.timestamp() * 1000, "now": {"wind": "5.5", "temps": [-125]}}).encode()
    assert [(one.address, one.code, one.value) for one in codec.decode(body, mapping, NOW)] == [
        ("W1", "wind", 5.5),
        ("W1", "t", -12.5),
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "JSON"), (b'{"data":{}}', "data.list"), (b'{"data":{"list":[{"equipCode":"a"}]}}', "collectTime"),
        (b'{"data":{"list":[{"equipCode":"a","collectTime":"2026-11-23 08:00:00","quotaCode":"x","value":"NaN"}]}}', "有限"),
        (b'{"data":{"list":[{"collectTime":"2026-11-23 08:00:00"}]}}', "equipCode"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(document: bytes, said: str) -> None:
    with pytest.raises(FrameError, match=said):
        codec.decode(document, codec.named("major_hazard"), NOW)


@pytest.mark.parametrize("wrong", [[], {"address": "a"}, {"address": "a", "values": {}, "colour": 1}])
def test_a_mapping_that_cannot_be_is_refused(wrong: Any) -> None:
    with pytest.raises(FrameError, match="映射"):
        codec.check(wrong)


def test_a_document_is_fetched_and_mapped() -> None:
    document = codec.encode([("T-101", "WD", 25.5, AT)])

    class Platform(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Platform) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        device = JsonPoller({"url": f"http://127.0.0.1:{server.server_port}/", "mapping": "major_hazard"})

        async def body() -> list[tuple[str, float | None]]:
            try:
                return [(one.code, one.value) for one in await device.read(NOW)]
            finally:
                await device.client.aclose()

        assert asyncio.run(body()) == [("WD", 25.5)]
        thread.join(5)
