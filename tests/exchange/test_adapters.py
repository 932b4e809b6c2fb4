"""Platforms of other makers: what they write becomes clues and records here, once and within the agreement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from anlan.command import actions
from anlan.command.models import Proposal
from anlan.gateways.exchange.adapters import carrying, discover
from anlan.gateways.exchange.adapters.contract import Envelope, Item
from anlan.gateways.exchange.models import ForeignRecord, Peer
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.accounts.models import ApiToken
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events import dispatcher
from anlan.monitoring import actions as monitoring
from tests.conftest import City, actor
from tests.exchange.conftest import Far, incident
from tests.web.conftest import account

FORMS = ["edxl_de", "gbt35965"]


def event(number: int = 1, at: datetime | None = None, area: str = "150304", **more: Any) -> Item:
    now = (at or clock.real_now()).replace(microsecond=0)
    said = {"figures": {"deaths": 0}, "description": "储罐阀门", **incident(number, now), **more.pop("payload", {})}
    return Item("incident", f"incident:W-{number}", now, area, said, **more)


def document(form: str, *items: Item) -> bytes:
    return discover()[form].write(Envelope("d-1", "wuda", "mca:150300", clock.real_now()), items)


@pytest.mark.parametrize("form", FORMS)
def test_an_event_of_another_makers_platform_is_a_clue_once_and_an_older_word_changes_nothing(
    far: Far, city: City, form: str
) -> None:
    chief, first = actor(city.city), event()
    for _ in range(2):
        found = carrying.bring(chief, far.peer.pk, form, document(form, first))
        assert not found.refused
    old = event(at=first.said_at - timedelta(hours=1), payload={"title": "旧"})
    assert carrying.bring(chief, far.peer.pk, form, document(form, old)).known == 1
    row = ForeignRecord.everything.get()
    assert (row.title, row.area.code, row.payload["figures"]) == ("第1起泄漏", "150304", {"deaths": 0})
    assert Proposal.everything.get().reported_by == "乌达区应急指挥平台"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_agreed_from_the_future_or_elsewhere_is_refused_by_itself(far: Far, city: City, form: str) -> None:
    ahead = event(2, at=clock.real_now() + timedelta(hours=1))
    many = document(form, event(1), ahead, event(3, area="150302"), event(4, area="999999"))
    found = carrying.bring(actor(city.city), far.peer.pk, form, many)
    assert found.taken == 1
    assert [reason.split("，")[-1] for _, reason in found.refused] == [
        "时钟不准或伪造", "海勃湾区不在乌达区应急指挥平台的辖区乌达区内", "区划 999999 不是本级所辖",
    ]  # fmt: skip
    Peer.everything.update(takes="warning")
    assert "未约定接收" in carrying.bring(actor(city.city), far.peer.pk, form, document(form, event(5))).refused[0][1]


def test_exercises_stay_exercises_and_tests_are_nothing(far: Far, city: City) -> None:
    drill = document("edxl_de", event(exercise=True))
    carrying.bring(actor(city.city), far.peer.pk, "edxl_de", drill)
    assert ForeignRecord.everything.get().exercise
    tried = drill.replace(b">Exercise</de:distributionStatus>", b">Test</de:distributionStatus>")
    assert "不是真实信息" in carrying.bring(actor(city.city), far.peer.pk, "edxl_de", tried).refused[0][1]
    assert not Proposal.everything.exists()


@pytest.mark.parametrize("data", [b"", b"<a/>", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"\xff" * 40])
@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_none_is_refused_as_a_whole(far: Far, city: City, form: str, data: bytes) -> None:
    if form == "gbt35965" and data == b"<a/>":
        assert carrying.bring(actor(city.city), far.peer.pk, form, data).taken == 0
        return
    with pytest.raises(Invalid, match="文档"):
        carrying.bring(actor(city.city), far.peer.pk, form, data)
    assert not ForeignRecord.everything.exists()


def test_our_incident_and_warning_go_out_and_read_back_as_the_same(far: Far, city: City) -> None:
    chief = actor(city.city)
    with pytest.raises(Conflict, match="还没有可以导出"):
        carrying.export(chief, far.peer.pk, "edxl_de")
    opened = actions.open_incident(
        system("接报"), event_code="12D02", title="液氯泄漏", lon=106.7, lat=39.5, area_id=city.west.pk, occurred_at=None,
        reported_by="", source="电话", deaths=0,
    )  # fmt: skip
    warning = monitoring.draft_warning(
        actor(city.city, user_id=1), event_code="12D02", level="橙", headline="氯气泄漏", description="下风向受影响。",
        instruction="关闭门窗。", area_ids=[city.west.pk], onset=clock.now(), expires=clock.now() + timedelta(hours=6),
    )  # fmt: skip
    monitoring.review_warning(actor(city.city, user_id=2), warning.pk, True)
    monitoring.issue_warning(actor(city.city, user_id=3), warning.pk)
    dispatcher.drain()
    data = carrying.export(chief, far.peer.pk, "edxl_de")
    read = discover()["edxl_de"].read(data, clock.real_now())
    assert not read.refused
    found = {item.kind: item.payload for item in read.items}
    assert (found["incident"]["number"], found["incident"]["figures"]) == (opened.number, {"deaths": 0})
    told = found["warning"]
    assert (told["identifier"], told["level"], told["state"], told["event_code"]) == (
        warning.identifier,
        "橙",
        "生效",
        "12D02",
    )
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
    dispatcher.drain()
    again = discover()["edxl_de"].read(carrying.export(chief, far.peer.pk, "edxl_de"), clock.real_now())
    over = {item.key: item.payload["state"] for item in again.items if item.kind == "warning"}
    assert over == {f"warning:{warning.identifier}": "解除"}


def test_the_page_takes_and_gives_files(far: Far, signed_in: Any) -> None:
    client = signed_in()
    assert "EDXL-DE 1.0" in client.get(f"/gateways/exchange/peers/{far.peer.pk}/").content.decode()
    file = SimpleUploadedFile("a.xml", document("edxl_de", event(), event(2, area="999999")))
    page = client.post(
        f"/gateways/exchange/peers/{far.peer.pk}/foreign", {"form": "edxl_de", "file": file}, follow=True
    )
    assert "收取 1 件，已有 0 件，拒收 1 件" in page.content.decode()
    assert client.post(f"/gateways/exchange/peers/{far.peer.pk}/foreign/edxl_de").status_code == 409


def test_another_makers_platform_brings_and_fetches_its_documents_by_itself_with_a_token(far: Far, city: City) -> None:
    def platform(area: Any, name: str, *permissions: str) -> Client:
        token = ApiToken.issue(account(area, name, permissions), "对接", clock.real_now())
        return Client(headers={"Authorization": f"Bearer {token}"})

    theirs, where = platform(city.west, "wuda-kit", "gateways.exchange"), "/api/gateways/exchange/wuda/edxl_de"
    sent = document("edxl_de", event(), event(2, area="999999"))
    answer = theirs.post(where, sent, "application/xml").json()
    assert (answer["taken"], answer["known"], [one["key"] for one in answer["refused"]]) == (1, 0, ["incident:W-2"])
    assert Proposal.everything.get().reported_by == "乌达区应急指挥平台"
    assert theirs.post(where, sent, "application/xml").json()["known"] == 1
    laughs = b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    assert theirs.post(where, laughs, "application/xml").status_code == 422
    assert theirs.get(where).status_code == 409, "nothing to tell yet"
    for stranger, status in (
        (platform(city.east, "east-kit", "gateways.exchange"), 404),
        (platform(city.west, "reader", "gateways.view"), 404),
        (Client(), 401),
    ):
        assert stranger.post(where, sent, "application/xml").status_code == status
    actions.open_incident(
        system("接报"), event_code="12D02", title="液氯泄漏", lon=106.7, lat=39.5, area_id=city.west.pk, occurred_at=None,
        reported_by="", source="电话", deaths=0,
    )  # fmt: skip
    dispatcher.drain()
    told = discover()["edxl_de"].read(theirs.get(where).content, clock.real_now()).items
    assert [item.payload["title"] for item in told] == ["液氯泄漏"]
