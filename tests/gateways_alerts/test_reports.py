"""What gateways say later: it settles a message's end, late, twice, before its time, and for very many."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from anlan.gateways.alerts import actions, mass, pace, reports, sender, settling, sms_http
from anlan.gateways.alerts.cmpp import client as cmpp
from anlan.gateways.alerts.cmpp import places
from anlan.gateways.alerts.cmpp.simulator import Simulator
from anlan.gateways.alerts.contract import Message, Outcome
from anlan.gateways.alerts.models import ChannelTerms, Fanout, OutgoingMessage, StatusReport, Submission
from anlan.gateways.alerts.sender import SENDER
from anlan.kernel import clock
from anlan.kernel.events.models import Event
from anlan.mobilisation.models import Receipts
from tests.conftest import City, actor
from tests.gateways_alerts.smsgateway import SmsGateway
from tests.gateways_alerts.test_mass import issue, later, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    running = Simulator()
    running.reports = True
    monkeypatch.setenv("ANLAN_CMPP_HOST", "127.0.0.1")
    monkeypatch.setenv("ANLAN_CMPP_PORT", str(running.port))
    for name, value in (("TIMEOUT_S", 0.05), ("LISTEN_S", 0.02), ("TEST_AFTER_S", 0.01)):
        monkeypatch.setattr(cmpp, name, value)
    yield running
    cmpp.hang_up()
    running.close()


def queued(city: City, phone: str, text: str = "请立即到场", channel: str = "cmpp") -> OutgoingMessage:
    letter = actions.Letter(uuid4().int % 2**31, f"phone:{phone}", "某人", phone, text, "任务下达", "command.Task", "7")
    return actions.queue(SENDER, letter, city.west, channel)


def sent(row: OutgoingMessage) -> OutgoingMessage:
    """One attempt in this thread (the sender's own threads do not see a test's transaction)."""
    (claimed,) = [one for one in sender.claim() if one.pk == row.pk]
    return actions.keep_receipt(SENDER, claimed.pk, cmpp.send(letter_of(claimed)))


def letter_of(row: OutgoingMessage) -> sender.Message:
    return sender.Message(
        str(row.key), row.to_name, row.address, row.text, row.purpose, row.subject_type, row.subject_id
    )


def hear(gateway: Simulator) -> None:
    """A line that listens until nothing is left to say, as the worker's does."""
    looks = iter(range(50))
    cmpp.listen(lambda: bool(gateway.owed) and next(looks, None) is not None)
    assert not gateway.owed, "every report was acknowledged"


def ends(row: OutgoingMessage) -> tuple[str, str, list[str]]:
    row.refresh_from_db()
    facts = Event.objects.filter(name__startswith="gateways.Notice", payload__message_id=row.pk).order_by("pk")
    return row.state, row.detail, [event.name.removeprefix("gateways.Notice") for event in facts]


def test_a_message_is_delivered_when_the_phone_has_it_and_failed_with_the_gateways_code(
    city: City, gateway: Simulator
) -> None:
    gateway.stats = {"13900000002": "MK:0004"}
    there, gone = sent(queued(city, "13900000001", "长" * 150)), sent(queued(city, "13900000002"))
    assert ends(there) == ("accepted", "短信网关已接收，等待状态报告", [])
    assert len(gateway.owed) == 4, "a part each"
    hear(gateway)
    assert settling.settle() == 4
    assert ends(there) == ("delivered", "已到手机：状态报告 DELIVRD", ["Delivered"])
    assert ends(gone) == ("failed", "未到手机：状态报告 MK:0004", ["Failed"])
    assert not reports.owed()
    assert not StatusReport.objects.exclude(phone="").exists(), "no number stays"


def test_a_report_comes_twice_late_and_before_the_answer_and_has_one_effect(city: City, gateway: Simulator) -> None:
    row = sent(queued(city, "13900000001"))
    number = Submission.objects.get().number
    said = reports.Said(number, "DELIVRD", row.address, clock.real_now())
    Submission.objects.all().delete()
    reports.keep([said, said])
    assert settling.settle() == 0, "nobody knows the number yet"
    reports.owe([(number, 0)], message_id=row.pk)
    assert settling.settle() == 1
    reports.keep([said, reports.Said(number, "UNDELIV", row.address, None)])
    assert settling.settle() == 0
    assert ends(row)[::2] == ("delivered", ["Delivered"])


def test_only_the_last_part_makes_it_delivered_and_what_an_operator_decided_stays(
    city: City, gateway: Simulator
) -> None:
    row = sent(queued(city, "13900000001", "长" * 100))
    first, second = [reports.Said(one.number, "DELIVRD", "", None) for one in Submission.objects.order_by("pk")]
    reports.keep([first])
    settling.settle()
    assert ends(row)[0] == "accepted"
    OutgoingMessage.everything.filter(pk=row.pk).update(state="dropped")
    reports.keep([second])
    settling.settle()
    assert ends(row)[::2] == ("dropped", [])


def test_a_lost_answer_is_made_good_by_the_report_that_names_one_message_only(city: City, gateway: Simulator) -> None:
    gateway.deaf = 1.0
    row = sent(queued(city, "13900000001"))
    assert ends(row)[0] == "unknown"
    hear(gateway)
    assert settling.settle() == 0
    assert settling.settle_alone() == 0, "its answer may yet be on its way"
    StatusReport.objects.update(at=clock.real_now() - timedelta(minutes=2))
    assert settling.settle_alone() == 1
    assert ends(row)[::2] == ("delivered", ["Failed", "Delivered"])


def test_reports_settle_a_fan_out_receiver_by_receiver_and_correct_the_coverage(city: City, gateway: Simulator) -> None:
    gateway.busy = 0.05
    subscribe(city, 240)
    dead = {f"139{n:08}" for n in range(0, 60, 3)}
    gateway.stats = dict.fromkeys(dead, "UNDELIV")
    warning = issue(city)
    mass.work_off()
    before = Fanout.everything.get()
    assert before.done_at is None, "some are owed it again"
    hear(gateway)
    assert settling.settle() == 0, "a chunk that is not done is its sender's"
    for _ in range(8):
        later()
        mass.work_off()
    hear(gateway) if gateway.owed else None
    settling.settle_all(reports.owed)
    done = Fanout.everything.get()
    failed = len(dead & {phone for phone, _ in gateway.taken})
    assert failed > 10
    assert (done.delivered, done.refused, done.confirmed) == (done.total - failed, failed, done.total - failed)
    assert done.codes == {"UNDELIV": failed}
    assert sum(Receipts.everything.filter(warning_id=warning.pk).values_list("people", flat=True)) == done.confirmed
    assert not Submission.objects.exists()


def test_a_receiver_of_a_fan_out_whose_answer_was_lost_is_found_by_his_phone(city: City, gateway: Simulator) -> None:
    gateway.deaf = 1.0
    subscribe(city, 30)
    issue(city)
    mass.work_off()
    assert Fanout.everything.get().unknown == Fanout.everything.get().total > 0
    hear(gateway)
    StatusReport.objects.update(at=clock.real_now() - timedelta(minutes=2))
    settling.settle_all(reports.owed)
    done = Fanout.everything.get()
    assert (done.unknown, done.delivered, done.confirmed) == (0, done.total, done.total)


def test_what_the_gateway_reports_while_we_send_is_kept_and_what_could_not_be_kept_comes_again(
    city: City, gateway: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sent(queued(city, "13900000001"))
    kept = reports.keep
    monkeypatch.setattr(reports, "keep", lambda said: 1 / 0)
    cmpp.hang_up()
    sent(queued(city, "13900000002"))
    assert len(gateway.owed) == 2, "not kept, so not acknowledged"
    monkeypatch.setattr(reports, "keep", kept)
    hear(gateway)
    settling.settle()
    assert ends(first)[0] == "delivered"


@pytest.mark.django_db(transaction=True)
def test_single_messages_keep_to_the_limit_of_the_channel_together_with_the_fan_outs(city: City) -> None:
    ChannelTerms.everything.create(channel="cmpp", per_second=8, area=city.city)
    for n in range(9):
        queued(city, f"1390000000{n}")
    other = queued(city, "13900000099", channel="outbox")
    claimed = sender.claim()
    assert len(claimed) == 9, "a second's worth, and the other channel is not held up"
    assert other.pk in {row.pk for row in claimed}
    OutgoingMessage.everything.update(state="queued")
    pace.wait_s("cmpp", 4, clock.real_now())
    began = clock.real_now()
    assert sender.send_due() == 10
    assert timedelta(seconds=1.4) <= clock.real_now() - began < timedelta(seconds=8), (
        "12 of 8 a second were promised before the last"
    )


def test_an_officer_of_another_district_learns_nothing_by_reports(city: City, gateway: Simulator) -> None:
    row = sent(queued(city, "13900000001"))
    actions.keep_reports(actor(city.east), {row.pk: ["UNDELIV"]})
    assert ends(row)[0] == "accepted"


def test_the_http_gateways_report_counts_once_and_only_with_its_signature(
    city: City, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    gateway = SmsGateway()
    monkeypatch.setenv("ANLAN_SMS_URL", gateway.url)
    monkeypatch.setenv("ANLAN_SMS_REFERENCE", "data.msgid")
    monkeypatch.setenv("ANLAN_SMS_REPORT_KEY", "geheim")
    monkeypatch.setenv(
        "ANLAN_SMS_REPORT", json.dumps({"list": "reports", "number": "msgid", "stat": "state", "delivered": ["0"]})
    )
    rows = [queued(city, f"1380000000{n}", channel="sms_http") for n in (1, 2)]
    try:
        for row in rows:
            gateway.answer = {"code": 0, "data": {"msgid": f"M-{row.pk}"}}
            (claimed,) = [one for one in sender.claim() if one.pk == row.pk] or [row]
            actions.keep_receipt(SENDER, claimed.pk, sms_http.CHANNEL.send(letter_of(claimed)))
            assert ends(row)[::2] == ("accepted", []), "taken is not delivered"
    finally:
        gateway.close()
    told = [{"msgid": f"M-{row.pk}", "state": state} for row, state in zip(rows, ("0", "EXPIRED"), strict=True)]
    body = json.dumps({"reports": told}).encode()
    made = hmac.new(b"geheim", body, hashlib.sha256).hexdigest()

    def post(data: bytes, **headers: str) -> int:
        return client.post("/gateways/sms/status", data, content_type="application/json", headers=headers).status_code

    assert post(body) == 403
    assert post(body, Authorization="Bearer geheim") == 403
    assert post(body.replace(b"EXPIRED", b"0000000"), **{"X-Signature": made}) == 403
    bad = b'{"reports": [{"msgid": "x"}]}'
    assert post(bad, **{"X-Signature": hmac.new(b"geheim", bad, hashlib.sha256).hexdigest()}) == 422
    assert StatusReport.objects.count() == 0
    for _ in range(2):
        assert post(body, **{"X-Signature": made}) == 200
        settling.settle()
    assert (ends(rows[0])[0], ends(rows[0])[2]) == ("delivered", ["Delivered"])
    assert (ends(rows[1])[0], ends(rows[1])[2]) == ("failed", ["Failed"])
    monkeypatch.delenv("ANLAN_SMS_REPORT_KEY")
    assert post(body) == 403, "without a secret nobody is believed"
    monkeypatch.setenv("ANLAN_SMS_REPORT_TOKEN", "marke")
    assert (post(body, Authorization="Bearer marke"), post(body, Authorization="Bearer mark")) == (200, 403)


def bulk(count: int) -> list[Message]:
    return [Message(str(n), "", f"139{n:08}", "氯气泄漏，请撤离。", "预警发布", "", "") for n in range(count)]


@pytest.mark.parametrize("lines", [1, 2])
def test_no_more_lines_stand_than_the_operator_allows(
    gateway: Simulator, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    monkeypatch.setenv("ANLAN_CMPP_LINES", str(lines))
    monkeypatch.setattr(cmpp, "TIMEOUT_S", 10.0)
    gateway.most, gateway.reports = lines, False
    with ThreadPoolExecutor(4) as pool:
        receipts = [one for found in pool.map(cmpp.send_many, [bulk(20)] * 4) for one in found]
    assert {one.outcome for one in receipts} == {Outcome.DELIVERED}, "nobody was turned away, all waited for their turn"
    assert len(gateway.taken) == 20
    assert set(gateway.taken.values()) == {4}


def test_who_finds_all_lines_taken_may_try_again(gateway: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_CMPP_LINES", "1")
    monkeypatch.setattr(places, "WAIT_S", 0.0)
    given = cmpp.setup()
    assert given is not None
    with places.place(given.gateway, given.lines):
        found = cmpp.send(bulk(1)[0])
    assert (found.outcome, "1 条线路" in found.detail) == (Outcome.RETRY, True)
    assert cmpp.send(bulk(1)[0]).outcome == Outcome.DELIVERED


def test_the_only_line_is_left_to_the_one_who_sends_when_the_reports_were_heard(
    gateway: Simulator, monkeypatch: pytest.MonkeyPatch, city: City
) -> None:
    monkeypatch.setenv("ANLAN_CMPP_LINES", "1")
    monkeypatch.setattr(cmpp, "SPELL_S", 0.2)
    sent(queued(city, "13900000001"))
    cmpp.listen(lambda: True)  # ends by itself
    assert not gateway.owed
    assert cmpp.send(bulk(1)[0]).outcome == Outcome.DELIVERED
