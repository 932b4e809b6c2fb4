"""CMPP against a gateway that is busy, deaf and cuts the line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anlan.gateways.alerts.cmpp import client, codec
from anlan.gateways.alerts.cmpp.simulator import Simulator
from anlan.gateways.alerts.contract import Message, Outcome


@pytest.fixture(params=["2", "3"])
def gateway(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    running = Simulator(password="geheim")  # noqa: S106 - a simulator's
    for name, value in (
        ("HOST", "127.0.0.1"), ("PORT", str(running.port)), ("SOURCE", "901234"), ("PASSWORD", "geheim"),
        ("VERSION", request.param), ("NUMBER", "10690000"),
    ):  # fmt: skip
        monkeypatch.setenv(f"ANLAN_CMPP_{name}", value)
    yield running
    client.hang_up()
    running.close()


def messages(count: int, text: str = "氯气泄漏，请撤离。") -> list[Message]:
    return [Message(str(n), "", f"139{n:08}", text, "预警发布", "", "") for n in range(count)]


def test_every_message_arrives_once_and_whole(gateway: Simulator) -> None:
    receipts = client.send_many(messages(100))
    assert {one.outcome for one in receipts} == {Outcome.DELIVERED}
    assert len(gateway.taken) == 100
    assert {content.decode("utf-16-be") for _, content in gateway.taken} == {"氯气泄漏，请撤离。"}


def test_a_long_text_is_joined_again_by_the_phone(gateway: Simulator) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(150))
    assert client.send(messages(1, text)[0]).outcome == Outcome.DELIVERED
    parts = sorted((content for _, content in gateway.taken), key=lambda content: content[5])
    assert [part[:3] for part in parts] == [b"\x05\x00\x03"] * 3
    assert "".join(part[6:].decode("utf-16-be") for part in parts) == text


def test_a_wrong_secret_is_refused_and_tried_again_later(gateway: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_CMPP_PASSWORD", "wrong")
    found = client.send(messages(1)[0])
    assert (found.outcome, "状态 3" in found.detail) == (Outcome.RETRY, True)


def test_faults_lose_nothing_and_double_nothing(gateway: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_S", 0.05)
    gateway.busy, gateway.deaf, gateway.drop = 0.05, 0.004, 0.01
    ends: dict[str, Outcome] = {}
    owed = messages(600)
    for _ in range(60):
        receipts = client.send_many(owed)
        ends |= {m.key: r.outcome for m, r in zip(owed, receipts, strict=True) if r.outcome != Outcome.RETRY}
        owed = [m for m, r in zip(owed, receipts, strict=True) if r.outcome == Outcome.RETRY]
        if not owed:
            break
    assert len(ends) == 600, "everybody has an end"
    taken = {phone for phone, _ in gateway.taken}
    delivered = {f"139{int(key):08}" for key, end in ends.items() if end == Outcome.DELIVERED}
    assert delivered <= taken, "what is said to be delivered was taken"
    assert max(gateway.taken.values()) == 1, "nobody got it twice"


def test_bytes_that_are_no_cmpp_are_refused() -> None:
    with pytest.raises(codec.CmppError, match="长度"):
        list(codec.split(bytearray(b"\xff" * 12)))


@pytest.mark.parametrize("version", [codec.V2, codec.V3])
def test_a_status_report_is_read_and_a_phones_own_words_are_none(version: int) -> None:
    said = codec.Report(0x1122334455667788, "MK:0004", "2611280930", "2611280931", "13900000001")
    (pdu,) = codec.split(bytearray(codec.deliver_report(7, said, version)))
    assert codec.report(pdu, version) == said
    at = 8 + 21 + 10 + 3 + (33 if version >= codec.V3 else 21)
    assert codec.report(codec.Pdu(pdu.command, 7, pdu.body[:at] + b"\0" + pdu.body[at + 1 :]), version) is None
    cut = codec.Pdu(pdu.command, 7, pdu.body[: at + 1] + b"\x14" + pdu.body[at + 2 : at + 22])
    with pytest.raises(codec.CmppError, match="状态报告 20 字节"):
        codec.report(cut, version)
