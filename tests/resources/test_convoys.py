"""车队: who may drive in one, how it goes round what is closed, and the pass."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import docx
import pytest

from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.resources import actions
from anlan.resources.models import Convoy, Readiness, Shelter, Store, Vehicle
from tests.conftest import City, actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PLACES = {"start": ("储备库", 106.70, 39.50), "end": ("安置点", 106.80, 39.50)}


def car(city: City, code: str, **more: Any) -> Vehicle:
    given = {"kind": "货车", "driver": "王师傅", "plate": code, "area": city.west, **more}
    return Vehicle.everything.create(code=code, **given)


def plan(city: City, cars: list[Vehicle], **more: Any) -> Convoy:
    given = {
        **PLACES,
        "title": "送帐篷",
        "cargo": "帐篷 200 顶",
        "depart_at": NOW + timedelta(minutes=15),
        "leader": "李队",
    }
    with clock.standing_at(NOW):
        return actions.plan_convoy(actor(city.city), city.city.pk, [one.pk for one in cars], **{**given, **more})


def test_vehicles_drive_in_one_column_only_ready_and_with_a_driver(city: City) -> None:
    first, second = car(city, "A"), car(city, "B")
    made = plan(city, [first, second], gap_m=500)
    assert made.minutes == pytest.approx(plan_minutes(made) + 0.5 / 50 * 60)
    for cars, words in (
        ([first], "已编入"), ([car(city, "C", driver="")], "没有登记驾驶员"),
        ([car(city, "D", readiness=Readiness.OFF)], "不在待命"),
    ):  # fmt: skip
        with pytest.raises(Conflict, match=words) as refused:
            plan(city, cars)
        assert refused.value.details["rule"]
    with pytest.raises(Invalid, match="各一次"):
        plan(city, [second, second])
    with pytest.raises(Conflict, match="管辖范围"), clock.standing_at(NOW):
        actions.plan_convoy(
            actor(city.east), city.east.pk, [second.pk], title="x", cargo="y", depart_at=NOW, leader="z", **PLACES
        )


def plan_minutes(made: Convoy) -> float:
    return made.road_m / 1000 / made.speed_km_h * 60


def test_its_vehicles_go_out_and_come_back_with_it(city: City) -> None:
    one = car(city, "A")
    made, by = plan(city, [one]), actor(city.city)
    with clock.standing_at(NOW + timedelta(minutes=15)):
        with pytest.raises(Conflict, match="可转为：在途、取消"):
            actions.move_convoy(by, made.pk, "arrived")
        actions.move_convoy(by, made.pk, "on_road")
        one.refresh_from_db()
        assert one.readiness == Readiness.DISPATCHED
        with pytest.raises(NotFound):
            actions.move_convoy(actor(city.east), made.pk, "arrived")
        actions.move_convoy(by, made.pk, "arrived")
    one.refresh_from_db()
    assert one.readiness == Readiness.READY


def test_the_pages_and_the_pass(city: City, signed_in: Any) -> None:
    client, one = signed_in(), car(city, "蒙C00001", driver_phone="19900000009")
    given = {
        "title": "送氧气", "cargo": "氧气瓶", "from_name": "库", "from": "106.70,39.50", "to_name": "医院", "leader": "李队",
        "to": "106.80,39.50", "in_min": "5", "area": city.city.pk, "vehicle": one.pk,
    }  # fmt: skip
    with clock.standing_at(NOW):
        assert "送氧气" in client.post("/resources/convoys/", given, follow=True).content.decode()
        assert "已编入" in client.post("/resources/convoys/", given, follow=True).content.decode()
        made = Convoy.everything.get()
        paper = docx.Document(io.BytesIO(client.get(f"/resources/convoys/{made.pk}/pass.docx").content))
    words = "\n".join(line.text for line in paper.paragraphs) + str([c.text for c in paper.tables[0].columns[1].cells])
    assert all(word in words for word in ("绿色通道", "氧气瓶", "蒙C00001", "待核对"))


@pytest.mark.django_db
def test_a_convoy_goes_between_registered_places_by_their_names(city: City, signed_in: Any) -> None:
    first = car(city, "A")
    Store.everything.create(code="S", name="市中心库", lon=106.70, lat=39.50, area=city.west, kind="store")
    for number in (1, 2):
        Shelter.everything.create(
            code=f"H{number}", name="同名体育馆", lon=106.8 + number / 100, lat=39.5, area=city.west, capacity=9,
            effective_area_m2=20,
        )  # fmt: skip
    given = {"title": "送帐篷", "cargo": "帐篷", "from_name": "市中心库", "to_name": "同名体育馆", "leader": "李队"}
    given |= {"area": str(city.city.pk), "vehicle": str(first.pk), "in_min": "15"}
    client = signed_in()
    refused = client.post("/resources/convoys/", given, HTTP_ANLAN_FORM="1")
    assert (refused.status_code, refused["Anlan-Refused"]) == (422, "to_name"), "two of that name: nobody guesses"
    assert client.post("/resources/convoys/", given | {"to": "106.81,39.5"}).status_code == 302
    made = Convoy.everything.get()
    assert (made.from_lon, made.from_lat, made.to_lon) == (106.70, 39.50, 106.81)
