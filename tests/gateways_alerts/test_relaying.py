"""Alerts of others on the warning desk: what is sound becomes a draft; what is bad is refused, through the page itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from anlan.gateways.feeds.cap import relaying
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.kernel.audit.journal import flaws
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Forbidden
from anlan.kernel.events.models import Event
from anlan.monitoring import actions
from anlan.monitoring.actions.warnings import content_of
from anlan.monitoring.models import Warning, WarningStep
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import compose, reader, signature, taking, writer
from anlan.monitoring.rules.cap.model import Alert, AlertArea, AlertInfo
from anlan.monitoring.rules.warnings import Content
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
HERE = "39.61,106.81 39.61,106.85 39.65,106.85 39.65,106.81 39.61,106.81"
CROSSED = "39.61,106.81 39.65,106.85 39.65,106.81 39.61,106.85 39.61,106.81"
SEA = "20.0,125.0 20.0,126.0 21.0,126.0 21.0,125.0 20.0,125.0"
WEST = "39.61,106.91 39.61,106.95 39.65,106.95 39.65,106.91 39.61,106.91"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.fixture
def ground(city: City) -> City:
    """Two districts side by side with known limits."""
    for n, area in enumerate((city.east, city.west)):
        west, east = 106.8 + n * 0.1, 106.9 + n * 0.1
        ring = [[west, 39.6], [east, 39.6], [east, 39.7], [west, 39.7], [west, 39.6]]
        area.geometry, area.sketch = {"type": "Polygon", "coordinates": [ring]}, False
        area.save()
    return city


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ec.EllipticCurvePrivateKey:
    """The weather service's key, whose public half we know."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "qx@example.cn.pem").write_bytes(pem)
    monkeypatch.setenv("ANLAN_CAP_TRUST", str(tmp_path))
    return private


def document(
    number: int = 1, polygon: str = HERE, code: str = "12D02", sender: str = "jl@example.cn", **changes: Any
) -> bytes:
    now = clock.real_now().replace(microsecond=0)
    points = [tuple(float(x) for x in pair.split(",")[::-1]) for pair in polygon.split()]
    info = AlertInfo(
        language="zh-CN", categories=["CBRNE"], event="危险化学品泄漏", urgency="Immediate", severity="Severe", certainty="Likely",
        event_codes=[("12379", code)], headline=f"第{number}条", description="罐区泄漏", instruction="关闭门窗", onset=now,
        expires=changes.pop("expires", now + timedelta(hours=6)), sender_name="邻市应急管理局",
        areas=[AlertArea("东区", [points], geocodes=changes.pop("geocodes", []))],
    )  # fmt: skip
    given: dict[str, Any] = {"sent": now, "status": "Actual", "message_type": "Alert", "scope": "Public"}
    alert = Alert(version="1.2", identifier=f"JL-{number}", sender=sender, infos=[info], **(given | changes))
    return writer.alert_xml(alert)


def sent(client: Client, *files: bytes, **given: str) -> Any:
    uploads = [SimpleUploadedFile(f"{n}.xml", data) for n, data in enumerate(files)]
    answer = client.post("/gateways/warnings/", {"files": uploads, **given})
    assert answer.status_code == 200
    return answer.context["done"]


def test_every_bad_alert_is_refused_with_its_reason_and_the_good_one_beside_it_is_drafted(
    ground: City, key: ec.EllipticCurvePrivateKey, signed_in: SignIn
) -> None:
    now = clock.real_now()
    signed = signature.sign(document(7, sender="qx@example.cn"), key, "qx")
    bad = {
        "实体": BOMB.encode() + document(2).split(b"?>", 1)[1],
        "文档类型声明": OUTSIDE.encode() + document(3).split(b"?>", 1)[1],
        "须有签名": document(4, sender="qx@example.cn"),
        "摘要不符": signed.replace("罐区泄漏".encode(), "一切正常".encode()),
        "时钟不准或伪造": document(5, sent=now + timedelta(hours=2)),
        "没有图形": document(6, CROSSED),
        "之外（邻市、水域等）": document(8, SEA),
        "已于": document(9, expires=now - timedelta(minutes=5)),
        "不另起草": document(10, message_type="Cancel", references=["a,b,2026-01-01T00:00:00+08:00"]),
        "不是可以发布的报文": document(11, status="Draft"),
        "没有国家事件类型码": document(12, code="ABC"),
        "没有 alert 元素": b"<x/>",
        "不是有效的 XML": b"\xff\xfe<alert",
    }
    good = document(1)
    client = signed_in(ground.east)
    done = sent(client, *bad.values(), good, good)
    assert [row.headline for row in done.drafts] == ["第1条"]
    reasons = [why for _, why in done.refused]
    for why in [*bad, "重复"]:
        assert any(why in told for told in reasons), f"{why}: {reasons}"
    assert len(done.refused) == len(bad) + 1
    assert Warning.everything.filter(issued_at__isnull=False).count() == 0, "nothing goes out by being taken in"
    assert sent(client, good).refused == [("0.xml JL-1", "重复：同一报文已经引入过")]
    assert (
        "已经引入过"
        in client.post("/gateways/warnings/", {"files": [SimpleUploadedFile("a.xml", good)]}).content.decode()
    )


def test_what_lies_in_a_neighbours_district_is_not_for_its_drafter(ground: City) -> None:
    clerk = actor(ground.east, user_id=7)
    done = relaying.bring(clerk, [("w.xml", document(1, WEST))])
    assert (done.drafts, "之外" in done.refused[0][1]) == ([], True)
    named = document(2, WEST, geocodes=[("x", ground.west.code.ljust(12, "0"))])
    assert relaying.bring(clerk, [("n.xml", named)]).drafts == [], "nor by its code"
    by_code = relaying.bring(actor(ground.city, user_id=7), [("n.xml", named)]).drafts
    assert [area for row in by_code for area in row.areas.all()] == [ground.west]


def test_a_signal_of_the_weather_service_is_relayed_in_its_name_only_if_it_signed(
    ground: City, key: ec.EllipticCurvePrivateKey
) -> None:
    signed = signature.sign(document(1, code="11B03", sender="qx@example.cn"), key, "qx")
    clerk = actor(ground.city, user_id=7)
    (ours,) = relaying.bring(clerk, [("u.xml", document(2, code="11B03"))]).drafts
    (theirs,) = relaying.bring(clerk, [("s.xml", signed)]).drafts
    assert (ours.in_house, theirs.in_house, theirs.sender) == (True, False, "邻市应急管理局")
    for row in (ours, theirs):
        actions.review_warning(actor(ground.city, user_id=8), row.pk, True)
    with pytest.raises(Conflict, match="气象预警信号只能由气象台站发布"):
        actions.issue_warnings(actor(ground.city, user_id=9), [theirs.pk, ours.pk])
    theirs.refresh_from_db()
    assert theirs.issued_at is None, "all or none"
    assert ["内部研判" in rules.text(content_of(row)) for row in (ours, theirs)] == [True, False]
    assert ["内部研判" in rules.sms(content_of(row)) for row in (ours, theirs)] == [True, False]
    assert "罐区泄漏。关闭门窗。请回答" in rules.previews(content_of(theirs))["电话叫应"], "sentences end"
    changed = actions.redraft_warning(
        clerk, theirs.pk, headline="别的", description="x", instruction="y", expires=theirs.expires, reason="改"
    )
    assert changed.in_house, "with words of ours it is no signal of theirs"


def test_many_are_reviewed_and_signed_at_once_all_or_none_each_with_its_history(
    ground: City, signed_in: SignIn
) -> None:
    files = [(f"{n}.xml", document(n)) for n in range(1, 6)]
    rows = relaying.bring(actor(ground.city, name="钱起草", user_id=7), files).drafts
    ids = [row.pk for row in rows]
    with pytest.raises(Forbidden, match="《第1条》：拟稿人"):
        actions.review_warnings(actor(ground.city, user_id=7), ids, True)
    client = signed_in(ground.city)
    page = client.get("/monitoring/warnings/").content.decode()
    assert page.count('name="ids"') == 5
    assert "审核通过所选" in page
    client.post("/monitoring/warnings/together", {"ids": ids, "verb": "approve"})
    assert set(Warning.everything.values_list("state", flat=True)) == {"reviewed"}
    answer = client.post("/monitoring/warnings/together", {"ids": ids, "verb": "issue"}, follow=True)
    assert "一条也没有办" in answer.content.decode(), "who reviewed does not sign"
    assert Warning.everything.filter(issued_at__isnull=False).count() == 0
    done = actions.issue_warnings(actor(ground.city, name="李签发", user_id=9), ids)
    assert {row.state for row in done} == {"issued"}
    assert WarningStep.everything.count() == 15
    assert Event.objects.filter(name="monitoring.WarningIssued").count() == 5
    entries = JournalEntry.objects.filter(subject_type="monitoring.Warning")
    assert [entries.filter(verb=verb).count() for verb in ("拟写预警", "审核通过预警", "签发预警")] == [5, 5, 5]
    signing = entries.filter(verb="签发预警").first()
    assert signing is not None
    assert set(signing.after) == {"state", "issued_at", "issued_by", "issuer_id"}
    assert list(flaws()) == []
    stored = Warning.everything.get(pk=ids[0])
    assert (stored.state, stored.issued_by, stored.issued_at) == ("issued", "李签发", done[0].issued_at)


def test_what_was_composed_is_taken_back_with_the_same_words() -> None:
    now = clock.real_now().replace(microsecond=0)
    content = Content(
        "11A05", "红", "凌汛", "水位突涨", "转移", ["东区"], now, now + timedelta(hours=5), "市应急管理局", now
    )
    ring = [(106.8, 39.6), (106.9, 39.6), (106.9, 39.7), (106.8, 39.6)]
    message = compose.Message("A-1", "x", now, content, [compose.Area("东区", [("mca", "150302")], [ring])],
                              translations={"en-US": {"headline": "Ice"}})  # fmt: skip
    alert = reader.alerts_in(reader.root_of(writer.alert_xml(compose.alert_of(message))))[0]
    back = taking.taken(alert, now)
    assert (back.event_code, back.level, back.headline, back.expires, back.codes) == (
        "11A05", "红", "凌汛", content.expires, ("150302",),
    )  # fmt: skip
    assert back.translations["en-US"]["headline"] == "Ice"
    assert back.geometry == {"type": "Polygon", "coordinates": [[list(point) for point in ring]]}
    assert back.key == taking.taken(alert, now).key
    (east, *_), radius = taking.around(106.8, 39.6, 10.0), 10.0
    assert (east[0] - 106.8) * taking.KM_PER_DEGREE * 0.77 > radius


def nobody() -> Actor:
    return Actor("访客", 99, (GrantView(("monitoring.view",), "/", 2),), "127.0.0.1")


def test_who_may_not_draft_brings_nothing_in(ground: City, signed_in: SignIn) -> None:
    with pytest.raises(Forbidden):
        relaying.bring(nobody(), [("a.xml", document(1))])
    assert signed_in(ground.city, "monitoring.view").get("/gateways/warnings/").status_code == 403
