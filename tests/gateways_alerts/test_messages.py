"""Messages from the event that asks for them to the receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from anlan.gateways.alerts import actions, queries, sender
from anlan.gateways.alerts.models import OutgoingMessage, SendState
from anlan.gateways.alerts.sender import SENDER
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import emit
from anlan.kernel.models import Area, Person
from tests.conftest import City, actor
from tests.gateways_alerts.smsgateway import SmsGateway

COMMAND = system("指挥救援")
pytestmark = pytest.mark.django_db(transaction=True)


def ask(area: Area, **who: Any) -> Event:
    """What a room does that wants somebody told; reactions have run when this returns."""
    fact = NoticeRequested(
        **{"to_name": "乌达区应急局", "text": "请立即到场", "purpose": "任务下达", "subject_type": "command.Task",
           "subject_id": "7", "correlation_id": str(uuid4()), **who}
    )  # fmt: skip
    emit(COMMAND, fact, area_path=area.path)
    event = Event.objects.latest("pk")
    drain()
    return event


def message(**where: Any) -> OutgoingMessage:
    return OutgoingMessage.everything.get(**where)


def facts(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.filter(name=f"gateways.{name}").order_by("pk")]


def make_due() -> None:
    OutgoingMessage.everything.filter(state="queued").update(due_at=clock.real_now())


def let_the_lease_lapse() -> None:
    OutgoingMessage.everything.filter(state="sending").update(
        claimed_at=clock.real_now() - timedelta(seconds=sender.LEASE_S + 1)
    )


def test_without_an_sms_gateway_a_notice_lies_in_the_local_outbox_and_says_so(
    city: City, people: dict[str, Person]
) -> None:
    event = ask(city.west, to_person_id=people["乌达区应急局"].pk)
    assert sender.send_due() == 1
    row = message()
    assert (row.channel, row.state, row.address) == ("outbox", "delivered", "13900000002")
    assert "未向外发送" in row.detail
    assert [(f["notice_event_id"], f["channel"]) for f in facts("NoticeDelivered")] == [(event.pk, "outbox")]


def test_a_notice_goes_out_as_sms_with_key_text_and_receipt(
    city: City, people: dict[str, Person], sms: SmsGateway
) -> None:
    event = ask(city.west, to_person_id=people["乌达区应急局"].pk, urgency="high")
    sender.send_due()
    row = message()
    assert (row.state, row.reference, row.urgent) == ("delivered", "M-1", True)
    assert sms.taken == [{"phone": "13900000002", "content": "请立即到场", "id": str(row.key)}]
    assert sms.headers[0]["Idempotency-Key"] == str(row.key)
    assert row.correlation_id is not None
    assert str(row.correlation_id) == event.payload["correlation_id"]


def test_a_notice_to_a_post_goes_to_its_holder(city: City, people: dict[str, Person]) -> None:
    ask(city.west, to_name="区局值班岗", to_post_id=people["乌达区应急局"].post_id)
    assert (message().receiver, message().address) == (f"person:{people['乌达区应急局'].pk}", "13900000002")


def test_a_land_line_stays_in_the_outbox_for_somebody_to_call(city: City, sms: SmsGateway) -> None:
    ask(city.west, to_name="消防站", phone="0473-0003000")
    sender.send_due()
    assert message().channel == "outbox"
    assert sms.requests == []


def test_the_same_event_never_makes_two_messages(city: City) -> None:
    event = ask(city.west, phone="13900000009")
    row = message()
    letter = actions.Letter(
        event.pk, row.receiver, row.to_name, row.address, row.text, row.purpose, row.subject_type, row.subject_id
    )
    assert actions.queue(SENDER, letter, city.west, row.channel).pk == row.pk
    assert OutgoingMessage.everything.count() == 1


def test_a_busy_gateway_is_tried_again_later_under_the_same_key(city: City, sms: SmsGateway) -> None:
    sms.faults = [503, 429]
    ask(city.west, phone="13900000009")
    assert sender.send_due() == 1
    waiting = message()
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert waiting.due_at > clock.real_now()
    assert sender.send_due() == 0, "not before its time"
    for _ in range(2):
        make_due()
        sender.send_due()
    assert (message().state, message().attempts) == ("delivered", 3)
    assert len({body["id"] for body in sms.requests}) == 1
    assert len(sms.taken) == 1


def test_a_gateway_that_is_down_is_given_up_after_eight_attempts_and_the_failure_is_told(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_SMS_URL", "http://127.0.0.1:9/send")
    event = ask(city.west, phone="13900000009")
    for _ in range(actions.MAX_ATTEMPTS):
        make_due()
        sender.send_due()
    assert (message().state, message().attempts) == ("failed", actions.MAX_ATTEMPTS)
    told = facts("NoticeFailed")
    assert [f["notice_event_id"] for f in told] == [event.pk]
    assert "连不上" in told[0]["detail"]


@pytest.mark.parametrize("fault", [400, 403])
def test_a_refused_message_is_not_tried_again(city: City, sms: SmsGateway, fault: int) -> None:
    sms.faults = [fault]
    ask(city.west, phone="13900000009")
    sender.send_due()
    assert (message().state, message().attempts) == ("failed", 1)


def test_an_answer_of_200_with_an_error_code_is_a_refusal(city: City, sms: SmsGateway) -> None:
    sms.answer = {"code": 1012, "msg": "余额不足"}
    ask(city.west, phone="13900000009")
    sender.send_due()
    assert message().state == "failed"
    assert "code 不是 0" in message().detail


def test_a_lost_answer_is_not_sent_twice_to_a_gateway_that_keeps_no_keys(city: City, sms: SmsGateway) -> None:
    sms.faults = ["hang up"]
    ask(city.west, phone="13900000009")
    for _ in range(3):
        make_due()
        sender.send_due()
    assert message().state == "unknown"
    assert len(sms.taken) == 1
    assert len(facts("NoticeFailed")) == 1


def test_a_lost_answer_is_sent_again_to_a_gateway_that_keeps_keys(
    city: City, sms: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms.keeps_keys, sms.faults = True, ["hang up"]
    monkeypatch.setenv("ANLAN_SMS_IDEMPOTENT", "1")
    ask(city.west, phone="13900000009")
    for _ in range(2):
        make_due()
        sender.send_due()
    assert message().state == "delivered"
    assert (len(sms.requests), len(sms.taken)) == (2, 1)


@pytest.mark.parametrize(("keeps_keys", "end"), [(True, "delivered"), (False, "unknown")])
def test_a_sender_killed_between_sending_and_keeping_the_receipt_never_makes_a_second_sms(
    city: City, sms: SmsGateway, monkeypatch: pytest.MonkeyPatch, keeps_keys: bool, end: str
) -> None:
    sms.keeps_keys = keeps_keys
    monkeypatch.setenv("ANLAN_SMS_IDEMPOTENT", str(int(keeps_keys)))
    ask(city.west, phone="13900000009")
    row = sender.claim()[0]
    sender.attempt(row)  # and here the power goes
    assert message().state == "sending"
    assert sender.send_due() == 0, "its lease has not run out"
    let_the_lease_lapse()
    sender.send_due()
    make_due()
    sender.send_due()
    assert message().state == end
    assert len(sms.taken) == 1


def test_two_senders_never_take_the_same_message(city: City) -> None:
    for n in range(5):
        ask(city.west, phone=f"1390000000{n}")
    assert len(sender.claim()) == 5
    assert sender.claim() == []


def test_urgent_messages_go_first(city: City) -> None:
    ask(city.west, phone="13900000001")
    ask(city.west, phone="13900000002", urgency="high")
    assert [row.address for row in sender.claim()] == ["13900000002", "13900000001"]


def test_an_operator_sends_again_what_failed_or_lets_it_be_with_a_reason(city: City, sms: SmsGateway) -> None:
    sms.faults = [400, 400]
    ask(city.west, phone="13900000008")
    ask(city.west, phone="13900000009")
    sender.send_due()
    chief = actor(city.city)
    first, second = OutgoingMessage.everything.order_by("pk")
    actions.send_again(chief, first.pk)
    sender.send_due()
    assert message(pk=first.pk).state == "delivered"
    with pytest.raises(Invalid, match="理由"):
        actions.let_be(chief, second.pk, " ")
    assert actions.let_be(chief, second.pk, "已电话告知").state == SendState.DROPPED
    with pytest.raises(Conflict, match="不再发送"):
        actions.send_again(chief, second.pk)


def test_messages_of_another_district_are_not_seen_and_not_touched(city: City, sms: SmsGateway) -> None:
    sms.faults = [400]
    ask(city.west, phone="13900000009")
    sender.send_due()
    stranger = actor(city.east)
    assert list(queries.messages(stranger)) == []
    with pytest.raises(NotFound):
        actions.send_again(stranger, message().pk)


def test_the_middle_of_a_number_is_hidden_from_those_who_may_not_see_personal_data(city: City) -> None:
    ask(city.west, phone="13912345678")
    clerk, chief = actor(city.west, data_class=3), actor(city.west, data_class=4)
    assert [n for _, n, _ in queries.shown(clerk, queries.messages(clerk))] == ["139****5678"]
    assert [n for _, n, _ in queries.shown(chief, queries.messages(chief))] == ["13912345678"]


def test_the_outbox_page_shows_text_receiver_and_state(city: City, signed_in: Client, sms: SmsGateway) -> None:
    sms.faults = [400]
    ask(city.west, to_name="李站长", phone="13912345678", text="请立即带侦检车到场")
    sender.send_due()
    page = signed_in.get("/gateways/outbox/").content.decode()
    for shown in ("李站长", "请立即带侦检车到场", "未送达", "短信网关拒绝 400", "重发"):
        assert shown in page
    assert signed_in.post(f"/gateways/outbox/{message().pk}/again").status_code == 302
    assert message().state == "queued"
