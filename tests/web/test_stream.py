"""The live stream on a real server: nothing lost, nothing twice, nothing of others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client as Visitor

from anlan.kernel.accounts.actor import system
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import Fact, emit
from anlan.kernel.models import Area, Role
from anlan.web import live
from tests.conftest import City
from tests.web.serving import Web, session_of, token_of, user_over


@dataclass(frozen=True)
class Happened(Fact):
    """An event of these tests."""

    number: int

    @classmethod
    def event_name(cls) -> str:
        return "monitoring.Happened"


@dataclass(frozen=True)
class Received:
    """One server-sent event."""

    id: int | None
    name: str
    data: dict[str, Any]


def publish(area: Area, *numbers: int, data_class: int = 2) -> None:
    for number in numbers:
        emit(system("试验"), Happened(number), area_path=area.path, data_class=data_class)
    dispatcher.drain()


async def events_of(lines: AsyncIterator[str]) -> AsyncIterator[Received]:
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            key, _, value = line.partition(": ")
            fields[key] = value
        elif "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Received(number, fields["event"], json.loads(fields["data"]))
            fields = {}


class Client:
    """A reader of the stream that remembers where it was, as a browser does."""

    def __init__(self, web: Web, token: str) -> None:
        self.web, self.headers = web, {"Authorization": f"Bearer {token}"}
        self.last: int | None = None
        self.numbers: list[int] = []
        self.names: list[str] = []

    async def listen(self, until: int, seconds: float = 30, ready: asyncio.Event | None = None) -> None:
        """Read until `until` events of the tests have come, counting earlier connections."""
        headers = dict(self.headers)
        if self.last is not None:
            headers["Last-Event-ID"] = str(self.last)
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(base_url=self.web.url, timeout=seconds) as http,
            http.stream("GET", "/stream", headers=headers) as response,
        ):
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            async for event in events_of(response.aiter_lines()):
                self.last = event.id if event.id is not None else self.last
                self.names.append(event.name)
                if event.name == "hello" and ready:
                    ready.set()
                if event.name == "monitoring.Happened":
                    self.numbers.append(event.data["number"])
                if len(self.numbers) >= until:
                    return


def test_what_a_fact_calls_its_own_is_not_taken_for_the_events() -> None:
    """A team has a name, a fix its time; neither is the event's."""
    moved = {"team_id": 7, "name": "特勤站", "at": "2026-11-23T20:00:00+08:00", "by": "终端"}
    row = {
        "published_seq": 5, "name": "resources.TeamMoved", "payload": moved, "at": "2026-11-23T12:00:09Z",
        "actor": "系统·定位", "correlation_id": None,
    }  # fmt: skip
    head, data = live.wire(row).decode().strip().split("\ndata: ")
    assert head == "id: 5\nevent: resources.TeamMoved"
    assert moved.items() <= json.loads(data).items()
    assert json.loads(data)["published_at"] == "2026-11-23T12:00:09Z"
    bare = json.loads(live.wire({**row, "payload": {}}).decode().split("\ndata: ")[1])
    assert (bare["event"], bare["at"], bare["by"]) == ("resources.TeamMoved", "2026-11-23T12:00:09Z", "系统·定位")


@pytest.fixture
def committed_city(transactional_db: None, city: City) -> City:
    return city


async def in_thread(work: Any, *args: Any) -> Any:
    def run() -> Any:
        try:
            return work(*args)
        finally:
            connection.close()

    return await asyncio.to_thread(run)


def test_an_event_is_seen_by_an_open_stream(committed_city: City, web: Web) -> None:
    client = Client(web, token_of(user_over(committed_city.city)))

    async def story() -> None:
        ready = asyncio.Event()
        reading = asyncio.create_task(client.listen(2, ready=ready))
        await ready.wait()
        await in_thread(publish, committed_city.east, 1, 2)
        await reading

    asyncio.run(story())
    assert client.numbers == [1, 2]
    assert client.names[0] == "hello"


def test_the_hello_names_the_facts_and_never_the_private_one(committed_city: City, web: Web) -> None:
    token = token_of(user_over(committed_city.city))
    with httpx.stream("GET", f"{web.url}/stream", headers={"Authorization": f"Bearer {token}"}) as response:
        lines: Iterator[str] = response.iter_lines()
        data = next(json.loads(line[6:]) for line in lines if line.startswith("data: "))
    assert "monitoring.Happened" in data["names"]
    assert "kernel.NoticeRequested" not in data["names"]


def test_a_reader_that_reconnects_while_others_publish_misses_nothing_and_gets_nothing_twice(
    committed_city: City, web: Web
) -> None:
    client = Client(web, token_of(user_over(committed_city.city)))
    total, writers = 240, 3

    def write(part: int) -> None:
        try:
            for number in range(part, total, writers):
                emit(system("试验"), Happened(number), area_path=committed_city.east.path)
                if number % 7 == 0:
                    dispatcher.publish()
            dispatcher.publish()
        finally:
            connection.close()

    async def story() -> None:
        ready = asyncio.Event()
        first = asyncio.create_task(client.listen(1, ready=ready))
        await ready.wait()
        threads = [threading.Thread(target=write, args=(part,)) for part in range(writers)]
        for thread in threads:
            thread.start()
        await first
        for goal in (20, 60, 61, 62, 120, 200):
            await client.listen(goal)
        for thread in threads:
            await asyncio.to_thread(thread.join)
        await in_thread(dispatcher.drain)
        await client.listen(total)

    asyncio.run(story())
    published = Event.objects.order_by("published_seq").values_list("payload__number", flat=True)
    assert client.numbers == list(published)
    assert sorted(client.numbers) == list(range(total))


def test_a_district_does_not_hear_of_its_neighbour_nor_of_data_above_its_class(committed_city: City, web: Web) -> None:
    east = Client(web, token_of(user_over(committed_city.east, username="east", data_class=2)))
    publish(committed_city.west, 1)
    publish(committed_city.east, 2)
    publish(committed_city.east, 3, data_class=3)
    publish(committed_city.city, 4)
    publish(committed_city.community, 5)
    east.last = 0

    async def story() -> None:
        await east.listen(2)
        ready = asyncio.Event()
        live = asyncio.create_task(east.listen(3, ready=ready))
        await ready.wait()
        await in_thread(publish, committed_city.west, 6)
        await in_thread(publish, committed_city.town, 7)
        await live

    asyncio.run(story())
    assert east.numbers == [2, 5, 7]


def test_without_the_rooms_permission_its_events_are_not_seen(committed_city: City, web: Web) -> None:
    other = Client(web, token_of(user_over(committed_city.city, "command.view")))
    other.last = 0
    publish(committed_city.east, 1)
    with contextlib.suppress(TimeoutError):
        asyncio.run(other.listen(1, seconds=1.0))
    assert other.numbers == []
    assert other.names == ["hello"]


def test_a_client_too_far_behind_is_told_to_load_again(
    committed_city: City, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.web.live.MAX_BACKLOG", 3)
    client = Client(web, token_of(user_over(committed_city.city)))
    client.last = 0
    publish(committed_city.east, *range(5))

    async def story() -> None:
        with contextlib.suppress(TimeoutError):
            await client.listen(1, seconds=1.0)
        assert client.names == ["hello", "reset"]
        ready = asyncio.Event()
        live = asyncio.create_task(client.listen(1, ready=ready))
        await ready.wait()
        await in_thread(publish, committed_city.east, 9)
        await live

    asyncio.run(story())
    assert client.numbers == [9]


def test_a_client_from_before_the_database_was_replaced_is_told_to_load_again(committed_city: City, web: Web) -> None:
    client = Client(web, token_of(user_over(committed_city.city)))
    client.last = 900
    with contextlib.suppress(TimeoutError):
        asyncio.run(client.listen(1, seconds=1.0))
    assert client.names == ["hello", "reset"]
    assert client.last == 0


def test_who_is_not_signed_in_or_was_idle_too_long_gets_no_stream(committed_city: City, web: Web) -> None:
    user = user_over(committed_city.city)
    assert httpx.get(f"{web.url}/stream").status_code == 401
    assert httpx.get(f"{web.url}/stream", cookies={"sessionid": session_of(user, 7200)}).status_code == 401
    with httpx.stream("GET", f"{web.url}/stream", cookies={"sessionid": session_of(user)}) as response:
        assert response.status_code == 200
    assert httpx.get(f"{web.url}/stream", headers={"Host": "evil.example"}).status_code == 400


def test_two_hundred_open_streams_hold_no_database_connection_and_all_hear(committed_city: City, web: Web) -> None:
    clients = [Client(web, token_of(user_over(committed_city.city)))]
    clients += [Client(web, clients[0].headers["Authorization"].removeprefix("Bearer ")) for _ in range(199)]

    def busy() -> int:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_stat_activity where datname = current_database()")
            return int(cursor.fetchone()[0])

    async def story() -> int:
        ready = [asyncio.Event() for _ in clients]
        reading = [
            asyncio.create_task(client.listen(1, seconds=40, ready=flag))
            for client, flag in zip(clients, ready, strict=True)
        ]
        for flag in ready:
            await flag.wait()
        connections = await in_thread(busy)
        await in_thread(publish, committed_city.east, 1)
        await asyncio.gather(*reading)
        return int(connections)

    assert asyncio.run(story()) <= 16
    assert all(client.numbers == [1] for client in clients)


def test_a_page_that_only_refreshes_itself_does_not_keep_its_session_alive(city: City) -> None:
    client = Visitor()
    client.cookies["sessionid"] = session_of(user_over(city.city), seen_ago_s=1000)
    assert client.get("/map/worklist", headers={"anlan-background": "1"}).status_code == 200
    seen = client.session["anlan_seen_at"]
    assert client.get("/map/worklist").status_code == 200
    assert client.session["anlan_seen_at"] > seen + 900


def test_who_still_owes_the_second_factor_gets_no_stream(committed_city: City, web: Web) -> None:
    user = user_over(committed_city.city)
    Role.objects.update(totp_required=True)
    assert httpx.get(f"{web.url}/stream", cookies={"sessionid": session_of(user)}).status_code == 401
