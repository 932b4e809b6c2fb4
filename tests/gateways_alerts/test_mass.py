"""Warnings to very many: nobody lost, nobody twice, the highest level first, and what dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from anlan.gateways.alerts import mass
from anlan.gateways.alerts.cmpp import client as cmpp
from anlan.gateways.alerts.cmpp.simulator import Simulator
from anlan.gateways.alerts.mass import Mark
from anlan.gateways.alerts.models import Fanout, FanoutChunk, OutgoingMessage
from anlan.kernel import clock
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.events.dispatcher import drain
from anlan.mobilisation import actions
from anlan.mobilisation.models import Receipts, Subscriber
from anlan.monitoring import actions as monitoring
from tests.conftest import City, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    running = Simulator()
    monkeypatch.setenv("ANLAN_CMPP_HOST", "127.0.0.1")
    monkeypatch.setenv("ANLAN_CMPP_PORT", str(running.port))
    monkeypatch.setattr(cmpp, "TIMEOUT_S", 0.05)
    yield running
    cmpp.hang_up()
    running.close()


def subscribe(city: City, count: int) -> None:
    areas = [city.community, city.west, city.town]
    Subscriber.everything.bulk_create(
        Subscriber(
            way="sms", address=f"139{n:08}", state="active", area=areas[n % 3], asked_at=clock.now(), token=f"t{n}",
            hazards=["11A"] if n % 10 == 9 else [], least=1 if n % 10 == 8 else 4,
        )
        for n in range(count)
    )  # fmt: skip


def issue(city: City, level: str = "橙") -> Any:
    warning = monitoring.draft_warning(
        actor(city.city, user_id=1), event_code="12D02", level=level, headline="氯气泄漏", description="下风向受影响。",
        instruction="关闭门窗。", area_ids=[city.east.pk], onset=clock.now(), expires=clock.now() + timedelta(hours=6),
    )  # fmt: skip
    monitoring.review_warning(actor(city.city, user_id=2), warning.pk, True)
    warning = monitoring.issue_warning(actor(city.city, user_id=3), warning.pk)
    drain()
    return warning


def later(seconds: float = 300) -> None:
    """What waits is due, and who was sending is long dead."""
    ago = datetime(2000, 1, 1, tzinfo=UTC)
    FanoutChunk.objects.filter(state="queued").update(due_at=ago)
    FanoutChunk.objects.filter(state="sending").update(claimed_at=ago)


def test_who_subscribed_to_a_place_and_a_hazard_gets_it_once_in_spite_of_faults(city: City, gateway: Simulator) -> None:
    gateway.busy, gateway.deaf, gateway.drop = 0.05, 0.005, 0.01
    subscribe(city, 900)
    warning = issue(city)
    for _ in range(20):
        later()
        mass.work_off()
    done = Fanout.everything.get()
    chosen = {f"139{n:08}" for n in range(900) if n % 3 != 1 and n % 10 not in (8, 9)}
    assert done.total == len(chosen) == 480
    assert (done.delivered + done.refused + done.unknown, done.done_at is not None) == (480, True)
    taken = {phone for phone, _ in gateway.taken}
    assert taken <= chosen
    assert max(gateway.taken.values()) == 1
    assert len(chosen - taken) <= done.unknown + done.refused, "who did not get it is counted as such"
    assert sum(Receipts.everything.filter(warning_id=warning.pk).values_list("people", flat=True)) == done.delivered


def test_a_sender_that_dies_within_a_chunk_leaves_nobody_twice(city: City, gateway: Simulator) -> None:
    subscribe(city, 300)
    issue(city)
    chunk = mass.claim()
    assert chunk is not None
    other = mass.claim()
    assert other is None or other.pk != chunk.pk, "nobody else has it"
    marks, part = bytearray(chunk.outcomes), len(chunk.outcomes) // 3
    marks[:part] = bytes([Mark.DELIVERED]) * part
    marks[part : 2 * part] = bytes([Mark.UNDER_WAY]) * part
    FanoutChunk.objects.filter(pk=chunk.pk).update(outcomes=bytes(marks))
    for _ in range(3):
        later()
        mass.work_off()
    done = Fanout.everything.get()
    assert (done.delivered, done.unknown, done.total) == (done.total - part, part, 160)
    sent = {phone for phone, _ in gateway.taken}
    assert not sent & set(chunk.addresses[: 2 * part])


def test_red_overtakes_what_was_queued_before_it(city: City, gateway: Simulator) -> None:
    subscribe(city, 60)
    issue(city, "蓝")
    issue(city, "红")
    order = []
    while (chunk := mass.claim()) is not None:
        order.append(chunk.rank)
        mass.send_chunk(chunk)
    assert order == sorted(order)
    assert {1, 4} <= set(order)


def test_a_subscription_needs_the_code_that_was_sent_and_leaving_forgets_the_number(city: City, client: Client) -> None:
    asked = {"area_id": city.east.pk, "address": "13912345678", "least": 3, "hazards": ["12D"]}
    assert "11 位手机号" in client.post("/public/subscribe", asked | {"address": "12"}).content.decode()
    went = client.post("/public/subscribe", asked)
    drain()
    row = Subscriber.everything.get()
    assert OutgoingMessage.everything.get(purpose="订阅确认").text.count(row.code) == 1
    assert "两分钟后" in client.post("/public/subscribe", asked).content.decode()
    assert (
        "不对或已过期"
        in client.post(went["Location"], {"code": "000000" if row.code != "000000" else "1"}).content.decode()
    )
    assert "已订阅" in client.post(went["Location"], {"code": row.code}, follow=True).content.decode()
    row.refresh_from_db()
    client.post(f"/public/s/{row.token}/leave")
    row.refresh_from_db()
    assert (row.state, "139" in row.address) == ("ended", False)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from kernel_journalentry where after::text like '%%13912345678%%' and subject_type = %s",
                       ["mobilisation.Subscriber"])  # fmt: skip
        assert cursor.fetchone()[0] == 0, "the journal keeps no number"


def test_who_asks_for_anothers_number_changes_nothing_and_gets_no_key_to_it(city: City, client: Client) -> None:
    subscribe(city, 1)
    owned = Subscriber.everything.get()
    Subscriber.everything.update(asked_at=clock.real_now() - timedelta(minutes=3))
    asked = {"area_id": city.west.pk, "address": owned.address, "least": 1, "hazards": []}
    where = client.post("/public/subscribe", asked)["Location"]
    wanted = Subscriber.everything.get(state="pending")
    assert owned.token not in where
    assert client.post(where, {"code": "x确"}).status_code == 200
    client.post(f"{where}leave")
    owned.refresh_from_db()
    assert (owned.state, owned.area_id, owned.least, owned.token) == ("active", city.community.pk, 4, "t0")
    Subscriber.everything.filter(pk=wanted.pk).update(state="pending", address=owned.address, code=wanted.code)
    assert "已订阅" in client.post(where, {"code": wanted.code}, follow=True).content.decode()
    changed = Subscriber.everything.get()
    assert (changed.pk, changed.area_id, changed.least) == (owned.pk, city.west.pk, 1)
    assert changed.token not in {"t0", wanted.token}
    assert client.get(where).status_code == 404
    assert client.get("/public/s/t0/").status_code == 404


def test_one_client_address_asks_ten_times_an_hour_at_most_and_what_is_not_confirmed_is_forgotten(
    city: City, client: Client
) -> None:
    def ask(n: int, origin: str) -> int:
        asked = {"area_id": city.east.pk, "address": f"138000000{n:02}", "least": 3}
        return client.post("/public/subscribe", asked, REMOTE_ADDR=origin).status_code

    assert [ask(n, "192.0.2.1") for n in range(11)] == [302] * 10 + [200]
    assert ask(11, "192.0.2.2") == 302
    Subscriber.everything.update(asked_at=clock.real_now() - timedelta(minutes=61))
    assert ask(10, "192.0.2.1") == 302
    assert Subscriber.everything.count() == 1


def test_the_journal_keeps_neither_code_nor_address_and_long_addresses_are_reached(city: City, client: Client) -> None:
    address = f"{'a' * 60}@{'b' * 50}.example"
    client.post("/public/subscribe", {"area_id": city.east.pk, "address": address, "least": 3})
    drain()
    row, wanted = OutgoingMessage.everything.get(purpose="订阅确认"), Subscriber.everything.get()
    assert (row.address, row.data_class) == (address, 4), "as personal as the subscription"
    entry = JournalEntry.objects.filter(subject_type="gateways.OutgoingMessage").get()
    assert not {"text", "address", "receiver"} & set(entry.after)
    assert wanted.code not in str(entry.after)
    assert "bbb" not in str(entry.after)


def test_a_slow_sender_whose_chunk_was_taken_back_stops_and_counts_nothing(city: City, gateway: Simulator) -> None:
    subscribe(city, 600)
    issue(city)
    slow = mass.claim()
    assert slow is not None
    others = [chunk for chunk in iter(mass.claim, None) if chunk is not None]
    FanoutChunk.objects.filter(pk=slow.pk).update(claimed_at=datetime(2000, 1, 1, tzinfo=UTC))
    for chunk in others:
        mass.send_chunk(chunk)
    later_owner = mass.take_back()
    assert later_owner == 1
    FanoutChunk.objects.filter(pk=slow.pk).update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
    assert mass.send_chunk(slow) == 0, "it is queued again and not his"
    mass.work_off()
    mass.settle(slow, bytes([Mark.REFUSED]) * len(slow.receivers))
    done = Fanout.everything.get()
    assert (done.delivered, done.refused, done.total) == (320, 0, 320)
    assert set(gateway.taken.values()) == {1}


def test_each_part_renews_the_lease(city: City, gateway: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mass, "UNDER_WAY", 10)
    subscribe(city, 60)
    issue(city)
    chunk = mass.claim()
    assert chunk is not None
    FanoutChunk.objects.filter(pk=chunk.pk).update(claimed_at=datetime(2000, 1, 1, tzinfo=UTC))
    mass.send_chunk(chunk)
    chunk.refresh_from_db()
    assert chunk.claimed_at is not None
    assert clock.real_now() - chunk.claimed_at < timedelta(seconds=mass.LEASE_S)


def test_what_is_over_is_not_sent_any_more(city: City, gateway: Simulator) -> None:
    subscribe(city, 60)
    warning = issue(city)
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
    mass.work_off()
    done = Fanout.everything.get()
    assert (done.delivered, done.refused, done.done_at is not None) == (0, done.total, True)
    assert not gateway.taken


def test_those_who_were_told_are_told_of_the_end_and_nobody_else(city: City, gateway: Simulator) -> None:
    subscribe(city, 30)
    warning = issue(city)
    mass.work_off()
    told = set(gateway.taken)
    left = Subscriber.everything.filter(address=next(phone for phone, _ in told)).get()
    actions.unsubscribe(left.token)
    late = Subscriber.everything.create(
        way="sms", address="13700000000", state="active", area=city.east, asked_at=clock.now()
    )
    receipts = list(Receipts.everything.values_list("area_id", "people"))
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
    drain()
    mass.work_off()
    first, end = Fanout.everything.order_by("pk")
    assert (end.purpose, end.total, end.delivered) == ("预警解除", first.total - 1, first.total - 1)
    assert late.address not in {phone for phone, _ in gateway.taken}
    assert set(gateway.taken.values()) == {1}
    assert len(gateway.taken) == first.total + end.total
    assert list(Receipts.everything.values_list("area_id", "people")) == receipts
