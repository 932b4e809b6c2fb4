"""Scope, journal, outbox: what every verb stands on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection, transaction

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import UnscopedQuery
from anlan.kernel.actions import action, record
from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry, JournalHead
from anlan.kernel.errors import Forbidden, NotFound
from anlan.kernel.events import dispatcher, outbox
from anlan.kernel.events.models import Delivery, Event
from anlan.kernel.models import Organisation
from tests.conftest import City, actor


@action("kernel.edit")
def rename(by: Actor, pk: int, name: str) -> Organisation:
    row = Organisation.objects.visible_to(by, "kernel.edit").one(pk, lock=True)
    before = journal.snapshot(row)
    row.name = name
    row.save()
    record(by, "改名", row, before=before)
    return row


@pytest.fixture
def bureau(city: City) -> Organisation:
    return Organisation.everything.create(code="E1", name="海勃湾区应急局", kind="应急", area=city.east)


def test_a_district_sees_its_own_and_not_its_neighbours(city: City, bureau: Organisation) -> None:
    assert list(Organisation.objects.visible_to(actor(city.east))) == [bureau]
    assert list(Organisation.objects.visible_to(actor(city.city))) == [bureau]
    assert list(Organisation.objects.visible_to(actor(city.west))) == []


def test_a_query_for_nobody_raises(bureau: Organisation) -> None:
    with pytest.raises(UnscopedQuery):
        list(Organisation.objects.filter(code="E1"))


def test_a_data_class_above_the_role_is_not_seen(city: City, bureau: Organisation) -> None:
    Organisation.everything.update(data_class=3)
    assert not Organisation.objects.visible_to(actor(city.city, data_class=2)).exists()


def test_a_neighbour_cannot_change_what_it_cannot_see(city: City, bureau: Organisation) -> None:
    with pytest.raises(NotFound):
        rename(actor(city.west), bureau.pk, "别人的")
    with pytest.raises(Forbidden):
        rename(actor(city.east, "kernel.view"), bureau.pk, "没权限")


def test_the_journal_keeps_who_when_from_where_before_and_after(city: City, bureau: Organisation) -> None:
    rename(actor(city.east), bureau.pk, "海勃湾区应急管理局")
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.origin, entry.before, entry.after) == (
        "王值班",
        "127.0.0.1",
        {"name": "海勃湾区应急局"},
        {"name": "海勃湾区应急管理局"},
    )


@pytest.mark.parametrize(
    "tamper", ["update kernel_journalentry set actor='别人' where seq=2", "delete from kernel_journalentry where seq=2"]
)
def test_a_tampered_journal_is_found(city: City, bureau: Organisation, tamper: str) -> None:
    for name in "甲乙丙":
        rename(actor(city.east), bureau.pk, name)
    assert list(journal.flaws()) == []
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")  # what a database administrator could do
        cursor.execute(tamper)
    assert next(journal.flaws()).seq == 2


def test_an_event_is_reacted_to_once_and_again_when_the_reaction_failed(db: None, city: City) -> None:
    seen: list[int] = []

    def react(event: Event) -> None:
        if not seen:
            seen.append(0)
            raise RuntimeError("still starting")
        seen.append(event.pk)

    outbox.HANDLERS["test.Happened"] = [("react", react)]
    try:
        event = Event.objects.create(name="test.Happened", payload={}, at="2026-01-01T00:00Z", actor="t")
        dispatcher.drain()
        assert "still starting" in Delivery.objects.get().error
        Delivery.objects.update(due_at="2026-01-01T00:00Z")
        dispatcher.drain()
        dispatcher.drain()
        assert seen == [0, event.pk]
    finally:
        del outbox.HANDLERS["test.Happened"]


@dataclass(frozen=True)
class Renamed(outbox.Fact):
    """What the verb below makes true."""

    name: str


Renamed.__module__ = "anlan.kernel.events"


@action("kernel.edit")
def rename_both(by: Actor, pk: int, first: str, second: str) -> None:
    """Two changes, of which the first may be taken back."""
    try:
        with transaction.atomic(), journal.deferred():
            tell(by, pk, first)
            raise ValueError
    except ValueError:
        tell(by, pk, second)


def tell(by: Actor, pk: int, name: str) -> None:
    row = Organisation.objects.visible_to(by, "kernel.edit").one(pk)
    record(by, f"改名{name}", row, Renamed(name))


def test_what_was_taken_back_leaves_neither_a_fact_nor_an_entry(city: City, bureau: Organisation) -> None:
    rename_both(actor(city.east), bureau.pk, "甲", "乙")
    assert [event.payload["name"] for event in Event.objects.order_by("pk")] == ["乙"]
    assert [entry.verb for entry in JournalEntry.objects.order_by("seq")] == ["改名乙"]
    assert list(journal.flaws()) == []


def test_many_facts_and_entries_are_stored_in_their_order_with_one_head(
    city: City, bureau: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = actor(city.east)
    monkeypatch.setattr(journal, "MANY", 4)
    with transaction.atomic(), journal.deferred():
        for n in range(2 * journal.MANY + 3):
            tell(by, bureau.pk, str(n))
    told = [event.payload["name"] for event in Event.objects.order_by("pk")]
    assert told == [str(n) for n in range(2 * journal.MANY + 3)]
    assert JournalHead.objects.get().seq == JournalEntry.objects.count() == 2 * journal.MANY + 3
    assert list(journal.flaws()) == []
