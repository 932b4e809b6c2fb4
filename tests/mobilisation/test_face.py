"""The public face: right within a second of the signature, signed, cached, for every reader."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from anlan.gateways.feeds.cap import FEED
from anlan.kernel import clock
from anlan.mobilisation import face
from anlan.mobilisation.face import documents
from anlan.monitoring import actions, published
from anlan.monitoring.models import Warning
from anlan.monitoring.rules.cap import signature, writer
from tests.conftest import City, actor
from tests.web.serving import Web, web

__all__ = ["web"]
pytestmark = pytest.mark.django_db(transaction=True)


def issue(city: City, headline: str = "氯气泄漏橙色预警", **more: Any) -> Warning:
    warning = actions.draft_warning(
        actor(city.city, user_id=1), event_code="12D02", level="橙", headline=headline, description="下风向受影响。",
        instruction="关闭门窗，向上风向撤离。", area_ids=[city.west.pk], onset=clock.now(),
        expires=clock.now() + timedelta(hours=6), **more,
    )  # fmt: skip
    actions.review_warning(actor(city.city, user_id=2), warning.pk, True)
    return actions.issue_warning(actor(city.city, user_id=3), warning.pk)


def test_a_warning_is_public_within_a_second_of_its_signature_and_gone_with_its_end(city: City, web: Web) -> None:
    with httpx.Client(base_url=web.url) as reader:
        empty = reader.get("/public/")
        assert "现在没有正在生效的预警" in empty.text
        assert reader.get("/public/", headers={"If-None-Match": empty.headers["ETag"]}).status_code == 304
        warning = issue(city, translations={"en-US": {"headline": "Chlorine leak"}})
        began = time.monotonic()
        while warning.headline not in reader.get("/public/").text:
            assert time.monotonic() - began < 1.0
        page = reader.get(f"/public/w/{warning.identifier}/").text
        assert "乌达区" in page
        for other in (f"//{warning.identifier}/", f"/{warning.identifier}//", f"/{warning.identifier}", "/"):
            assert reader.get(f"/public/w{other}").status_code == 404, other
        assert "Chlorine leak" in reader.get("/public/?lang=en").text
        assert reader.get("/public/warnings.json").json()["warnings"][0]["level"] == "橙"
        assert warning.identifier in reader.get("/feeds/cap").text
        assert warning.headline in reader.get("/feeds/cap.rss").text
        assert "frame-ancestors *" in reader.get("/public/widget").headers["Content-Security-Policy"]
        assert reader.get("/public/", headers={"Host": "evil.example"}).status_code == 400
        assert reader.get("/feeds/cap/no-such.xml").status_code == 404
        actions.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
        began = time.monotonic()
        while "24 小时内解除" not in reader.get("/public/").text:
            assert time.monotonic() - began < 1.0


def test_every_alert_of_the_feed_is_signed_and_any_change_shows(city: City, web: Web) -> None:
    warning = issue(city)
    with httpx.Client(base_url=web.url) as reader:
        document = reader.get(f"/feeds/cap/{warning.identifier}.xml").content
        key: Any = load_pem_public_key(reader.get("/public/cap-key.pem").content)
    signature.verify(document, key)
    with pytest.raises(signature.SignatureError, match="已被改动"):
        signature.verify(document.replace("撤离".encode(), "留下".encode()), key)
    with pytest.raises(signature.SignatureError, match="不符"):
        signature.verify(document, ec.generate_private_key(ec.SECP256R1()).public_key())


def trust(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{published.sender()}.pem").write_bytes(pem)


def test_alerts_of_a_known_sender_are_believed_only_with_its_signature(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_CAP_TRUST", str(tmp_path))
    alert = published.draft_alert(issue(city))
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    plain = writer.alert_xml(alert)
    assert len(FEED.parse(plain).events) == 1, "nothing is known of the sender yet"
    trust(tmp_path, key)
    good = signature.sign(plain, key, "k")
    wrapped = good.replace(b"</alert>", plain[plain.index(b"<alert") :] + b"</alert>")
    for document, reason in (
        (plain, "须有签名"), (signature.sign(plain, other, "k"), "不符"), (good.replace(b"Severe", b"Minor"), "已被改动"),
        (wrapped, "已被改动"),
    ):  # fmt: skip
        parsed = FEED.parse(document)
        assert parsed.events == []
        assert reason in parsed.refused[0].reason
    assert len(FEED.parse(good).events) == 1


def test_an_alert_from_the_future_is_refused_and_one_replayed_with_other_words_too(city: City) -> None:
    warning = issue(city)
    alert = published.draft_alert(warning)
    assert alert.sent is not None
    alert.sent += timedelta(minutes=20)
    assert "时钟不准或伪造" in FEED.parse(writer.alert_xml(alert)).refused[0].reason
    alert.sent -= timedelta(minutes=20)
    by = actor(city.city)

    def take(document: bytes) -> bool:
        (event,) = FEED.parse(document).events
        return actions.receive_event(
            by, "cap", event.key, event.at, 106.7, 39.5, event.title, None, event.properties, "测试"
        )[1]

    assert [take(writer.alert_xml(alert)) for _ in range(2)] == [True, False], "the same again is nothing new"
    alert.infos[0].instruction = "不必撤离"
    with pytest.raises(Exception, match="重放或伪造"):
        take(writer.alert_xml(alert))


def test_the_private_key_is_readable_by_us_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    monkeypatch.setenv("ANLAN_CAP_KEY_FILE", str(file))
    documents.signing_key()
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_in_force_as_geojson_and_a_crowd_builds_it_once(city: City) -> None:
    city.west.geometry = {
        "type": "Polygon",
        "coordinates": [[[106.7, 39.5], [106.8, 39.5], [106.8, 39.6], [106.7, 39.5]]],
    }
    city.west.save()
    warning = issue(city)
    made = documents.make("https://x", "zh:/public/warnings.geojson", clock.now())
    (feature,) = json.loads(made.body)["features"]
    assert (feature["id"], feature["geometry"]) == (warning.identifier, city.west.geometry)
    assert feature["properties"]["cap"].endswith(f"{warning.identifier}.xml")
    one = face.Face()

    async def crowd() -> list[face.Document]:
        return await asyncio.gather(*(one.get("https://x", "zh:/public/") for _ in range(20)))

    answers = asyncio.run(crowd())
    assert len({id(answer) for answer in answers}) == 1
