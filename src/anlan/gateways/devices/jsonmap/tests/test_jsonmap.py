"""Anybody's JSON by a mapping."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from tests.conftest import free_port

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.jsonmap import PROTOCOL, codec
from anlan.gateways.devices.jsonmap.poller import JsonPoller
from anlan.gateways.devices.jsonmap.simulator import Feed
from anlan.gateways.devices.simulation import Plan, run

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
    port = free_port()
    plan = Plan(PROTOCOL, ["T-101,T-102"], "127.0.0.1", port, {"WD": 25.5, "YW": 3.2}, every_s=60)

    async def body() -> list[tuple[str, str, float | None]]:
        feed = asyncio.create_task(run(plan))
        device = JsonPoller({"url": f"http://127.0.0.1:{port}/", "mapping": "major_hazard"})
        try:
            while True:
                with suppress(httpx.ConnectError):
                    return [(one.address, one.code, one.value) for one in await device.read(NOW)]
                await asyncio.sleep(0.02)
        finally:
            await device.client.aclose()
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)

    assert asyncio.run(body()) == [
        ("T-101", "WD", 25.5), ("T-101", "YW", 3.2), ("T-102", "WD", 25.5), ("T-102", "YW", 3.2),
    ]  # fmt: skip


def test_a_counterpart_answers_whole_requests_only() -> None:
    feed = Feed("T-101")
    feed.report({"WD": 1.0}, AT)
    assert feed.receive(b"GET / HTTP/1.1\r\nHost", AT) == []
    (answer,) = feed.receive(b": x\r\n\r\n", AT)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (b"200 OK" in head, len(codec.decode(body, codec.named("major_hazard"), NOW))) == (True, 1)
    assert feed.receive(b"POST / HTTP/1.1\r\n\r\n", AT)[0].startswith(b"HTTP/1.1 405")
