"""A warning from issue to the public feed and to the people responsible, and its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from anlan.gateways.alerts import sender
from anlan.gateways.alerts.models import OutgoingMessage
from anlan.gateways.feeds.cap.events import check, parse
from anlan.kernel import clock
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.models import Area, Person
from anlan.monitoring import actions as monitoring
from anlan.monitoring import published
from anlan.monitoring.models import Warning
from tests.conftest import City, actor

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.6], [106.6, 39.4]]],
}


def issue(city: City, *areas: Area, level: str = "橙", references: str = "", **content: Any) -> Any:
    drafter, reviewer, signer = (actor(city.city, user_id=n, name=f"{n}号") for n in (1, 2, 3))
    warning = monitoring.draft_warning(
        drafter, event_code="12D02", level=level, headline="乌达工业园氯气泄漏", area_ids=[a.pk for a in areas],
        description="下风向可能受影响。", instruction="关闭门窗，沿上风向撤离", onset=clock.now(),
        expires=clock.now() + timedelta(hours=6), **content,
    )  # fmt: skip
    chain = references or warning.identifier
    Warning.everything.filter(pk=warning.pk).update(references=references, chain=chain)
    monitoring.review_warning(reviewer, warning.pk, True)
    warning = monitoring.issue_warning(signer, warning.pk)
    drain()
    return warning


def told(purpose: str = "预警发布") -> set[str]:
    return set(OutgoingMessage.everything.filter(purpose=purpose).values_list("to_name", flat=True))


def test_an_issued_warning_reaches_the_public_feed_and_the_post_holders_of_its_areas(
    city: City, people: dict[str, Person]
) -> None:
    issue(city, city.west)
    assert told() == {"公众", "市局值班", "乌达区应急局"}
    assert OutgoingMessage.everything.get(to_name="公众").channel == "cap_feed"
    assert sender.send_due() == 3
    assert set(OutgoingMessage.everything.values_list("state", flat=True)) == {"delivered"}


def test_a_district_includes_its_towns_and_communities(city: City, people: dict[str, Person]) -> None:
    issue(city, city.east)
    assert told() == {"公众", "市局值班", "新华街道甲", "清泉社区网格员"}


def test_an_area_without_responsible_people_falls_to_the_area_above(city: City, people: dict[str, Person]) -> None:
    empty = Area.objects.create(code_system="mca", code="150304099", name="无人镇", level=3, parent=city.west)
    issue(city, empty)
    assert told() == {"公众", "市局值班", "乌达区应急局"}


def test_whoever_was_warned_is_told_of_the_end(city: City, people: dict[str, Person]) -> None:
    warning = issue(city, city.west)
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "泄漏已封堵")
    drain()
    assert told("预警解除") == told()
    assert "泄漏已封堵" in OutgoingMessage.everything.filter(purpose="预警解除").order_by("pk")[0].text


def test_the_feed_is_open_and_its_alerts_are_without_a_finding(city: City, client: Client) -> None:
    warning = issue(city, city.west, geometry=SQUARE)
    feed = client.get("/feeds/cap")
    assert feed.status_code == 200
    report = check(feed.content)
    assert (report["valid"], report["reason"]) == (True, None)
    document = client.get(f"/feeds/cap/{warning.identifier}.xml")
    found = parse(document.content).events[0]
    info = found.properties["infos"][0]
    assert info["headline"] == "乌达工业园氯气泄漏"
    assert info["severity"] == "Severe"
    assert info["event_codes"] == [["12379", "12D02"]]
    assert info["areas"][0]["geocodes"] == [["mca", "150304"]]
    assert found.properties["geometry"]["coordinates"][0][0][0] == [106.6, 39.4]
    assert found.properties["status"] == "Actual"


def test_a_warning_of_a_drill_is_never_actual(city: City, client: Client, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))
    clock.run_scenario("氯气泄漏演练", NOW, 1)
    try:
        issue(city, city.west)
        assert check(client.get("/feeds/cap").content)["alerts"][0]["status"] == "Exercise"
    finally:
        clock.run_real()


def test_sketched_limits_are_not_published_but_codes_are(city: City) -> None:
    Area.objects.filter(pk=city.west.pk).update(geometry=SQUARE, sketch=True)
    Area.objects.filter(pk=city.east.pk).update(geometry=SQUARE, sketch=False)
    issue(city, city.west, city.east)
    east, west = published.alerts(clock.now())[0].infos[0].areas
    assert (len(east.polygons), len(west.polygons)) == (1, 0)
    assert west.geocodes == [("mca", "150304")]


def test_a_cancelled_warning_is_a_cancel_that_names_it_and_leaves_the_feed_after_a_day(
    city: City, client: Client
) -> None:
    with clock.standing_at(NOW):
        warning = issue(city, city.west)
    with clock.standing_at(NOW + timedelta(hours=1)):
        monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "泄漏已封堵")
        alert = check(client.get("/feeds/cap").content)["alerts"][0]
        assert alert["message_type"] == "Cancel"
        assert alert["references"] == [f"anlan.wuhai,{warning.identifier},2026-11-23T12:00:00+08:00"]
        ended = client.get(f"/feeds/cap/{warning.identifier}.cancel.xml")
        assert check(ended.content)["valid"]
    with clock.standing_at(NOW + timedelta(hours=26)):
        assert b"<atom:entry>" not in client.get("/feeds/cap").content


def test_a_warning_that_replaces_another_is_an_update(city: City, client: Client) -> None:
    first = issue(city, city.west)
    second = issue(city, city.west, level="红", references=first.identifier)
    report = check(client.get(f"/feeds/cap/{second.identifier}.xml").content)
    assert report["alerts"][0]["message_type"] == "Update"
    assert first.identifier in report["alerts"][0]["references"][0]


def test_drafts_and_expired_warnings_are_not_in_the_feed(city: City, client: Client) -> None:
    with clock.standing_at(NOW):
        warning = issue(city, city.west)
    assert b"entry" in client.get("/feeds/cap").content or clock.now() > warning.expires
    with clock.standing_at(NOW + timedelta(hours=7)):
        assert b"<atom:entry>" not in client.get("/feeds/cap").content
    assert client.get("/feeds/cap/150300-unknown.xml").status_code == 404
