"""Warnings to very many: nobody lost, nobody twice, the highest level first, and what dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from anlan.gateways.alerts import discover, mass, pace, queries
from anlan.gateways.alerts.cmpp import client as cmpp
from anlan.gateways.alerts.cmpp.simulator import Simulator
from anlan.gateways.alerts.mass import Mark
from anlan.gateways.alerts.models import ChannelTerms, Fanout, FanoutChunk, OutgoingMessage
from anlan.kernel import clock
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.events.dispatcher import drain
from anlan.mobilisation import actions
from anlan.mobilisation import queries as people
from anlan.mobilisation.models import Receipts, RosterBlock, Subscriber
from anlan.monitoring import actions as monitoring
from tests.conftest import City, actor
from tests.web.conftest import account

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
    first = [address for block in people.blocks(chunk.blocks) for address in block.addresses]
    assert not sent & set(first[: 2 * part])


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
    mass.settle(slow, bytes([Mark.REFUSED]) * len(slow.outcomes))
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
    assert (end.purpose, end.total, end.delivered, end.gone) == ("预警解除", first.total, first.total - 1, 1)
    assert late.address not in {phone for phone, _ in gateway.taken}
    assert set(gateway.taken.values()) == {1}
    assert len(gateway.taken) == first.total + end.delivered
    assert list(Receipts.everything.values_list("area_id", "people")) == receipts


def test_the_roster_follows_whoever_leaves_changes_or_comes_and_forgets_numbers(city: City, gateway: Simulator) -> None:
    subscribe(city, 30)
    assert actions.enrol() == 30
    assert actions.enrol() == 0
    left, changed = Subscriber.everything.get(token="t0"), Subscriber.everything.get(token="t3")
    warning = issue(city)
    actions.unsubscribe(left.token)
    changed.area = city.west
    changed.save()
    changed.refresh_from_db()
    assert changed.block_id is None
    block = next(one for one in RosterBlock.everything.all() if changed.pk in one.receivers)
    assert (block.live, sum(map(bool, block.gone))) == (len(block.receivers) - 2, 2)
    assert not any(left.address in one.addresses for one in RosterBlock.everything.all()), "nowhere any more"
    mass.work_off()
    told = {phone for phone, _ in gateway.taken}
    assert left.address not in told
    assert changed.address in told, "the warning was for where he was when it was issued"
    first = Fanout.everything.get()
    assert (first.gone, first.delivered) == (1, first.total - 1)
    issue(city)
    mass.work_off()
    assert Fanout.everything.order_by("pk").last().total == first.total - 2  # type: ignore[union-attr]
    assert warning.pk == first.warning_id


def test_small_blocks_are_laid_together_when_no_fan_out_needs_them(city: City) -> None:
    for n in range(4):
        Subscriber.everything.create(
            way="sms", address=f"1370000000{n}", state="active", area=city.east, asked_at=clock.now()
        )
        actions.enrol()
    kept = RosterBlock.everything.order_by("pk")[0].pk
    assert actions.regroup([kept]) == 3
    assert actions.enrol() == 3
    assert sorted(block.live for block in RosterBlock.everything.all()) == [1, 3]


def test_a_channel_is_never_asked_for_more_than_its_other_side_allows(city: City) -> None:
    ChannelTerms.everything.create(channel="cmpp", per_second=100, area=city.city)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert [pace.wait_s("cmpp", 50, now) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert pace.wait_s("cmpp", 50, now + timedelta(seconds=10)) == 0.0
    assert pace.wait_s("email", 50, now) == 0.0, "nothing agreed, no limit"
    assert mass.step(discover()["cmpp"], 400) == 100


def test_receivers_are_forgotten_when_nothing_more_will_be_said(city: City, gateway: Simulator) -> None:
    subscribe(city, 30)
    warning = issue(city)
    mass.work_off()
    later_on = clock.now() + mass.KEEP + timedelta(days=1)
    assert mass.tidy(clock.now()) == 0
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
    assert mass.tidy(later_on) > 0
    assert (FanoutChunk.objects.count(), Fanout.everything.get().delivered) == (0, 16)


def test_the_page_shows_what_each_channel_sent_and_cost_this_month(
    city: City, gateway: Simulator, client: Client
) -> None:
    ChannelTerms.everything.create(channel="cmpp", price_cny="0.05", month_cny="1", area=city.city)
    subscribe(city, 60)
    issue(city)
    mass.work_off()
    done = Fanout.everything.get()
    row = next(one for one in queries.accounts(actor(city.city), clock.now()) if "CMPP" in one.title)
    assert (row.sent, row.pieces) == (done.total, done.total * done.pieces)
    assert (row.cost, row.over) == (Decimal("0.05") * row.pieces, True)
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    page = client.get("/gateways/outbox/").content.decode()
    assert "超预算" in page
    assert done.text[:20] in page
