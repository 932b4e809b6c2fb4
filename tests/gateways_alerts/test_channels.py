"""Each public channel against a local server that behaves, and misbehaves, like the real one."""

from __future__ import annotations

import io
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from anlan.gateways.alerts import (
    cell_broadcast,
    channel_for,
    dingtalk,
    email,
    feishu,
    led_sign,
    loudspeaker,
    public_channels,
    web_push,
    wecom,
)
from anlan.gateways.alerts.contract import Message, Outcome
from anlan.gateways.alerts.loudspeaker import speech
from anlan.gateways.alerts.web_push.simulator import PushService
from anlan.gateways.feeds.cap.events import check
from anlan.kernel import clock
from anlan.mobilisation.models import PushKey, Subscriber
from anlan.monitoring import actions as monitoring
from tests.conftest import City, actor
from tests.gateways_alerts.smsgateway import SmsGateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(city: City) -> Message:
    warning = monitoring.draft_warning(
        actor(city.city, user_id=1), event_code="12D02", level="橙", headline="氯气泄漏橙色预警", description="下风向受影响。",
        instruction="关闭门窗，向上风向撤离。", area_ids=[city.west.pk], onset=clock.now(),
        expires=clock.now() + timedelta(hours=6),
    )  # fmt: skip
    monitoring.review_warning(actor(city.city, user_id=2), warning.pk, True)
    monitoring.issue_warning(actor(city.city, user_id=3), warning.pk)
    return Message("k:1", "公众", "", "全文", "预警发布", "monitoring.Warning", str(warning.pk))


@pytest.fixture
def robot() -> Iterator[SmsGateway]:
    running = SmsGateway()
    yield running
    running.close()


@pytest.mark.parametrize(
    ("channel", "name", "key", "busy"),
    [(wecom, "WECOM", "errcode", 45009), (dingtalk, "DINGTALK", "errcode", 130101), (feishu, "FEISHU", "code", 9499)],
)
def test_robots_take_refuse_or_put_off(
    message: Message, robot: SmsGateway, monkeypatch: pytest.MonkeyPatch, channel: Any, name: str, key: str, busy: int
) -> None:
    assert not channel.CHANNEL.ready()
    monkeypatch.setenv(f"ANLAN_{name}_URL", robot.url)
    monkeypatch.setenv(f"ANLAN_{name}_SECRET", "SEC123")
    robot.answer = {key: 0}
    assert channel.send(message).outcome == Outcome.DELIVERED
    said = json.dumps(robot.taken[0], ensure_ascii=False)
    assert "氯气泄漏橙色预警" in said
    assert "向上风向撤离" in said
    robot.answer = {key: busy, "errmsg": "too fast"}
    assert channel.send(message).outcome == Outcome.RETRY
    robot.answer = {key: 93000, "errmsg": "invalid webhook"}
    assert channel.send(message).outcome == Outcome.REFUSED
    robot.faults = [502, "hang up"]
    assert [channel.send(message).outcome for _ in range(2)] == [Outcome.RETRY, Outcome.UNKNOWN]
    assert channel.CHANNEL in public_channels()
    assert channel.CHANNEL not in public_channels(exercise=True)


def test_signatures_of_the_robots_are_those_of_their_documents() -> None:
    """HMAC-SHA256 worked out by hand: DingTalk over `timestamp\\nsecret` with the secret, Feishu over nothing."""
    import base64  # noqa: PLC0415 - for these two figures
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    ding = hmac.new(b"SEC1", b"1700000000000\nSEC1", hashlib.sha256).digest()
    lark = hmac.new(b"1700000000\nSEC1", b"", hashlib.sha256).digest()
    assert dingtalk.signature("SEC1", 1700000000000) == base64.b64encode(ding).decode()
    assert feishu.signature("SEC1", 1700000000) == base64.b64encode(lark).decode()


def test_a_sign_shows_one_line_in_its_colour(
    message: Message, robot: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_LED_URL", robot.url)
    assert led_sign.send(message).outcome == Outcome.DELIVERED
    assert robot.taken[0]["text"].startswith("【橙色预警】氯气泄漏")
    assert robot.taken[0]["colour"] == "#e8833a"


def test_the_cell_broadcast_file_is_whole_signed_and_paged(
    message: Message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_CBC_FOLDER", str(tmp_path))
    for _ in range(2):
        assert cell_broadcast.send(message).outcome == Outcome.DELIVERED
    alert, order = sorted(tmp_path.iterdir(), key=lambda file: file.suffix, reverse=True)
    assert check(alert.read_bytes())["valid"]
    content = json.loads(order.read_text(encoding="utf-8"))
    assert (content["message_identifier"], content["stop"], content["areas"]) == (4371, False, ["150304"])
    assert all(len(page) <= 41 for page in content["pages"])
    assert "向上风向撤离" in "".join(content["pages"])
    monkeypatch.setenv("ANLAN_CBC_FOLDER", "/proc/no-such-folder")
    assert cell_broadcast.send(message).outcome == Outcome.RETRY


class Broadcast:
    """An 应急广播平台: takes the tar, answers with an EBDResponse."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.code = "1"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.packets.append(self.rfile.read(int(self.headers["Content-Length"])))
                body = f"<EBD><EBDResponse><ResultCode>{outer.code}</ResultCode><ResultDesc>x</ResultDesc></EBDResponse></EBD>"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_loudspeakers_get_what_is_to_be_said_and_where(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Broadcast()
    monkeypatch.setenv("ANLAN_EBM_URL", f"http://127.0.0.1:{platform.server.server_port}/")
    monkeypatch.setenv("ANLAN_EBM_EBRID", "43415030000000103010101")
    assert loudspeaker.send(message).outcome == Outcome.DELIVERED
    packet = platform.packets[0].split(b"\r\n\r\n", 1)[1]
    with tarfile.open(fileobj=io.BytesIO(packet)) as tar:
        text, *sound = tar.getmembers()
        found = tar.extractfile(text)
        assert found is not None
        ebd = ElementTree.fromstring(found.read())  # noqa: S314 - our own output
    said = {element.tag: element.text for element in ebd.iter()}
    assert len(said["EBDID"] or "") == 41
    assert (said["MsgType"], said["EventType"], said["Severity"], said["AreaCode"]) == (
        "1",
        "12D02",
        "2",
        "150304000000",
    )
    assert "重复一遍" in (said["MsgDesc"] or "")
    assert [member.size for member in sound] == ([int(said["Size"] or 0)] if speech.ready() else [])
    assert not sound or sound[0].size > 5 * 22050 * 2, "more than five seconds of sound"
    platform.code = "3"
    assert loudspeaker.send(message).outcome == Outcome.REFUSED
    platform.server.shutdown()
    platform.server.server_close()


class Mail:
    """A mail server of one connection after the other; `says` answers the end of a letter."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.says, self.rcpt = "250 ok", "250 ok"
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line, line.makefile("rw", encoding="utf-8", newline="\r\n") as talk:
                self.talk(talk)

    def talk(self, talk: Any) -> None:
        def say(text: str) -> None:
            talk.write(text + "\r\n")
            talk.flush()

        say("220 test")
        while word := talk.readline():
            if word.upper().startswith("DATA"):
                say("354 go on")
                text = ""
                while (part := talk.readline()) not in {".\n", ".\r\n", ""}:
                    text += part
                self.letters.append(text)
                if self.says == "hang up":
                    return
                say(self.says)
            else:
                say(self.rcpt if word.upper().startswith("RCPT") else "250 ok")


def test_mail_reaches_its_address_and_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Mail()
    monkeypatch.setenv("ANLAN_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
    letter = Message("5:7", "李站长", "li@example.cn", "氯气泄漏橙色预警", "预警发布", "", "")
    assert channel_for("li@example.cn").name == "email"
    assert email.CHANNEL.send(letter).outcome == Outcome.DELIVERED
    assert "Message-ID: <5.7@" in server.letters[0]
    server.rcpt = "550 no such user"
    assert email.CHANNEL.send(letter).outcome == Outcome.REFUSED
    server.rcpt, server.says = "250 ok", "451 later"
    assert email.CHANNEL.send(letter).outcome == Outcome.RETRY
    server.says = "hang up"
    assert [one.outcome for one in email.send_many([letter, letter])] == [Outcome.UNKNOWN, Outcome.RETRY]
    server.server.close()
    monkeypatch.setenv("ANLAN_SMTP_URL", "smtp://127.0.0.1:1")
    assert email.CHANNEL.send(letter).outcome == Outcome.RETRY


def test_a_browser_that_subscribed_gets_the_warning_encrypted_for_it_alone(
    city: City, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the page's script to a push service of our own, which decrypts; a browser that cancelled counts as not told."""
    service = PushService()
    monkeypatch.setenv("ANLAN_PUSH_HOSTS", f"127.0.0.1:{service.port}")
    asked = {"area_id": city.east.pk, "least": 3, "hazards": ["12D"]}
    foreign = {**asked, "push": service.subscription("x") | {"endpoint": "https://elsewhere.example/x"}}
    refused = client.post("/public/push", foreign, content_type="application/json")
    assert (refused.status_code, "推送地址" in refused.json()["why"]) == (422, True)
    links = [
        client.post("/public/push", {**asked, "push": service.subscription(name)}, content_type="application/json").json()["link"]
        for name in ("here", "gone", "left", "here")
    ]  # fmt: skip
    client.post(f"{links[2]}leave")
    rows = Subscriber.everything.filter(way="push", state="active").order_by("pk")
    letters = [
        Message(f"1:{row.pk}", "", row.address, "【演示】氯气泄漏，关闭门窗。", "预警发布", "", "") for row in rows
    ]
    first, second = web_push.CHANNEL.send_many(letters)  # type: ignore[misc]
    assert (first.outcome, second.outcome) == (Outcome.DELIVERED, Outcome.REFUSED)
    assert [json.loads(text)["body"] for text in service.read] == ["【演示】氯气泄漏，关闭门窗。"]
    assert service.headers[0]["Content-Encoding"] == "aes128gcm"
    assert PushKey.objects.count() == 2
    service.close()
