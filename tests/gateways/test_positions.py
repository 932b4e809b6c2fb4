"""Live positions of vehicles and teams, and what TAK clients on line are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from anlan.command.actions import drawings
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import Place
from anlan.gateways.devices.cot.picture import picture
from anlan.gateways.devices.cot.tests.test_cot import ATAK
from anlan.gateways.devices.listener import Listener
from anlan.gateways.devices.positions import Positions, write
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from anlan.kernel.events.models import Event
from anlan.resources import queries
from anlan.resources.layers import vehicles
from anlan.resources.models import Vehicle
from tests.command.conftest import START, Stage, opened, stage
from tests.conftest import actor, free_port

__all__ = ["stage"]
CAR = "013900000001"


@pytest.fixture
def car(stage: Stage) -> Vehicle:
    return Vehicle.everything.create(code="V1", plate="蒙C00001", kind="水罐", terminal=CAR, area=stage.city.west)


def test_the_newest_place_counts_whatever_order_it_comes_in(stage: Stage, car: Vehicle) -> None:
    first = Place(CAR, 106.70, 39.50, START, 40.0, 90.0)
    later = replace(first, lon=106.71, at=START + timedelta(seconds=10))
    with clock.standing_at(START + timedelta(minutes=1)):
        assert queries.terminals() == {CAR}
        assert [write([later]), write([first]), write([later])] == [1, 0, 0]
        assert write([replace(later, lon=999.0, at=START + timedelta(seconds=20))]) == 0
        assert write([replace(later, at=START + timedelta(hours=1))]) == 0, "a clock that runs ahead"
    car.refresh_from_db()
    assert (car.position_lon, car.speed_km_h, car.heading_deg) == (106.71, 40.0, 90.0)
    moved = Event.objects.get(name="resources.VehicleMoved")
    assert moved.payload["lon"] == 106.71
    assert moved.area_path == stage.city.west.path
    assert [f["id"] for f in vehicles(stage.officer, None)["features"]] == [car.pk]
    assert vehicles(actor(stage.city.east), None)["features"] == []


def test_only_terminals_of_the_registers_are_kept_and_only_their_newest_place() -> None:
    kept = Positions()
    kept.known = frozenset({CAR})
    one = Place(CAR, 106.7, 39.5, START)
    kept.note([replace(one, at=START + timedelta(seconds=5)), one, replace(one, address="stranger")])
    assert {key: place.at for key, place in kept.newest.items()} == {CAR: START + timedelta(seconds=5)}


def test_a_client_sees_incidents_drawings_teams_and_vehicles_and_no_telephone_numbers(
    stage: Stage, car: Vehicle
) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        drawings.draw(
            stage.officer, row.pk, uuid4(), "helipad", {"type": "Point", "coordinates": [106.7, 39.5]}, "停机坪"
        )
        write([Place(CAR, 106.72, 39.51, START)])
        secret = opened(stage)
        type(secret).everything.filter(pk=secret.pk).update(data_class=4)
        said = picture(START)
    kinds = sorted({key.rsplit(".", 1)[0] for key in said})
    assert kinds == ["anlan.drawing", "anlan.incident", "anlan.team", "anlan.vehicle"]
    assert f"anlan.incident.{secret.pk}" not in said
    assert "停机坪".encode() in b"".join(said.values())
    assert b"13900000000" not in b"".join(said.values())


def test_over_a_socket_a_position_comes_in_and_what_changed_goes_out_once() -> None:
    async def body() -> tuple[bytes, dict[str, Place]]:
        positions, port = Positions(), free_port()
        positions.known = frozenset({"ANDROID-35"})
        listener = Listener(discover()["cot"], ReadingLog(""), positions)
        await listener.start("127.0.0.1", port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ATAK.replace(b"a-f-G-U-C", b"t-x-c-t") + ATAK)
        heard = await asyncio.wait_for(reader.readuntil(b"</event>"), 30)
        (line,) = listener.told
        for frame in (b"<event>1</event>", b"<event>1</event>", b"<event>2</event>"):
            await listener.tell(line, {"anlan.incident.1": (frame, frame)})
        while not heard.endswith(b"2</event>"):
            heard += await asyncio.wait_for(reader.readuntil(b"</event>"), 30)
        writer.close()
        await listener.close()
        return heard, positions.newest

    heard, newest = asyncio.run(body())
    assert (heard.count(b"t-x-c-t-r"), heard.count(b"1</event>"), heard.count(b"2</event>")) == (1, 1, 1)
    assert newest["ANDROID-35"].name == "WUDA 1"
