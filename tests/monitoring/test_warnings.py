"""Warnings: complete by law, never by one person alone, and out as CAP 1.2."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.models import Event
from anlan.monitoring import actions, jobs
from anlan.monitoring.actions.warnings import cap_message, content_of
from anlan.monitoring.models import Warning
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import NAMESPACE, to_xml
from tests.conftest import City, actor
from tests.monitoring.conftest import T0

pytestmark = pytest.mark.django_db
CAP = f"{{{NAMESPACE}}}"


@pytest.fixture(autouse=True)
def at_noon() -> Any:
    with clock.standing_at(T0):
        yield


def draft(city: City, **changes: Any) -> Warning:
    given: dict[str, Any] = {
        "event_code": "12D02", "level": "橙", "headline": "氯气泄漏橙色预警", "description": "罐区氯气泄漏。",
        "instruction": "关闭门窗，向上风向撤离。", "area_ids": [city.town.pk, city.community.pk], "onset": T0,
        "expires": T0 + timedelta(hours=6),
    }  # fmt: skip
    return actions.draft_warning(actor(city.east, name="钱起草", user_id=7), **(given | changes))


def test_a_warning_passes_through_two_people_and_says_everything_article_64_asks_for(city: City) -> None:
    warning = draft(city)
    assert warning.area == city.town, "the smallest area that holds both"
    leader = actor(city.city, name="孙领导", user_id=8)
    actions.review_warning(leader, warning.pk, True, "同意")
    actions.issue_warning(leader, warning.pk)
    fact = Event.objects.get(name="monitoring.WarningIssued").payload
    for item in ("危险化学品泄漏", "二级", "起始时间：2026年3月2日20时00分", "新华街道、清泉社区", "罐区氯气泄漏",
                 "向上风向撤离", "发布单位", "发布时间：2026年3月2日20时00分"):  # fmt: skip
        assert item in fact["text"]
    assert sorted(fact["area_ids"]) == sorted([city.town.pk, city.community.pk])


def test_the_drafter_neither_reviews_nor_issues(city: City) -> None:
    warning = draft(city)
    drafter = actor(city.city, name="钱起草", user_id=7)
    with pytest.raises(Forbidden, match="职责分离"):
        actions.review_warning(drafter, warning.pk, True)
    actions.review_warning(actor(city.city, user_id=8), warning.pk, True)
    with pytest.raises(Forbidden, match="职责分离"):
        actions.issue_warning(drafter, warning.pk)


def test_nothing_is_issued_without_review_twice_or_after_its_time(city: City) -> None:
    warning, leader = draft(city), actor(city.city, user_id=8)
    with pytest.raises(Conflict, match="待审核"):
        actions.issue_warning(leader, warning.pk)
    actions.review_warning(leader, warning.pk, True)
    with clock.standing_at(T0 + timedelta(hours=7)), pytest.raises(Conflict, match="截止时间已过"):
        actions.issue_warning(leader, warning.pk)
    actions.issue_warning(leader, warning.pk)
    with pytest.raises(Conflict, match="已发布"):
        actions.issue_warning(leader, warning.pk)


def test_a_refusal_needs_its_reason_and_the_draft_can_be_mended(city: City) -> None:
    warning, leader = draft(city), actor(city.city, user_id=8)
    with pytest.raises(Invalid, match="退回理由"):
        actions.review_warning(leader, warning.pk, False)
    actions.review_warning(leader, warning.pk, False, "范围过大")
    again = actions.redraft_warning(
        actor(city.east, user_id=7), warning.pk, headline="氯气泄漏橙色预警", description="改", instruction="改",
        expires=warning.expires,
    )  # fmt: skip
    assert again.state == "draft"


def test_signals_of_the_weather_service_are_marked_internal_and_cannot_be_issued(city: City) -> None:
    warning = draft(city, event_code="11B03", headline="暴雨研判")
    assert warning.in_house
    assert rules.text(content_of(warning)).startswith("【内部研判】")
    leader = actor(city.city, user_id=8)
    actions.review_warning(leader, warning.pk, True)
    with pytest.raises(Conflict, match="气象台站"):
        actions.issue_warning(leader, warning.pk)
    assert not rules.is_internal("11B41")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event_code": "999"}, "event_code"), ({"level": "紫"}, "level"), ({"headline": ""}, "headline"),
        ({"instruction": " "}, "instruction"), ({"area_ids": []}, "area_ids"), ({"expires": T0}, "expires"),
    ],
)  # fmt: skip
def test_an_incomplete_draft_is_refused_with_the_name_of_the_field(
    city: City, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        draft(city, **wrong)
    assert refused.value.details["field"] == field


def test_a_district_does_not_warn_its_neighbours(city: City) -> None:
    with pytest.raises(Forbidden):
        draft(city, area_ids=[city.west.pk])


def test_what_expires_ends_by_itself_and_people_are_told(city: City) -> None:
    warning, leader = draft(city), actor(city.city, user_id=8)
    actions.review_warning(leader, warning.pk, True)
    actions.issue_warning(leader, warning.pk)
    with clock.standing_at(T0 + timedelta(hours=7)):
        jobs.end_expired_warnings()
    warning.refresh_from_db()
    assert warning.state == "expired"
    assert Event.objects.filter(name="monitoring.WarningCancelled").count() == 1


def test_the_warning_goes_out_as_cap_and_its_end_refers_to_it(city: City) -> None:
    city.town.geometry = {
        "type": "Polygon",
        "coordinates": [[[106.7, 39.6], [106.8, 39.6], [106.8, 39.7], [106.7, 39.6]]],
    }
    city.town.save()
    warning, leader = draft(city), actor(city.city, user_id=8)
    actions.review_warning(leader, warning.pk, True)
    warning = actions.issue_warning(leader, warning.pk)
    alert = ElementTree.fromstring(to_xml(cap_message(warning)))  # noqa: S314 - our own output
    assert [alert.findtext(f"{CAP}{name}") for name in ("status", "msgType", "scope")] == ["Actual", "Alert", "Public"]
    info = alert.find(f"{CAP}info")
    assert info is not None
    assert info.findtext(f"{CAP}severity") == "Severe"
    assert info.findtext(f"{CAP}onset") == "2026-03-02T20:00:00+08:00"
    assert info.findtext(f"{CAP}area/{CAP}polygon", "").split()[0] == "39.600000,106.700000"
    ended = actions.cancel_warning(leader, warning.pk, "已控制")
    alert = ElementTree.fromstring(to_xml(cap_message(ended)))  # noqa: S314 - our own output
    assert alert.findtext(f"{CAP}msgType") == "Cancel"
    assert warning.identifier in alert.findtext(f"{CAP}references", "")


def test_cap_elements_come_in_the_order_of_the_schema(city: City, shared: Path) -> None:
    """Order and names against the sequence of the published CAP 1.2 schema."""
    schema = ElementTree.parse(shared / "feeds" / "cap" / "CAP-v1.2.xsd")  # noqa: S314 - reference data
    xs = "{http://www.w3.org/2001/XMLSchema}"

    def order(name: str) -> list[str]:
        element = next(e for e in schema.iter(f"{xs}element") if e.get("name") == name)
        sequence = element.find(f"{xs}complexType/{xs}sequence")
        assert sequence is not None
        return [str(child.get("name")) for child in sequence if child.tag == f"{xs}element"]

    warning = draft(city)
    alert = ElementTree.fromstring(to_xml(cap_message(warning)))  # noqa: S314 - our own output
    for element, name in [
        (alert, "alert"),
        *[(e, "info") for e in alert.iter(f"{CAP}info")],
        *[(e, "area") for e in alert.iter(f"{CAP}area")],
    ]:
        places = [order(name).index(child.tag.removeprefix(CAP)) for child in element]
        assert places == sorted(places)
