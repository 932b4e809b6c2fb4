"""Verbs of duty: make a roster, ask for leave or a swap and decide on it, hand over and take over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from anlan.administration.events import DutyHandedOver, DutyTaken, RosterMade, ShiftSwapped
from anlan.administration.models import Decision, DutyRole, Handover, Leave, Shift, Swap
from anlan.administration.rules import rostering
from anlan.administration.rules.holidays import kind_of
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.models import Organisation, Person

WHY = "a person may sit at desks of other areas, too"
#: So far back the shares of the people are looked at.
MEMORY = timedelta(days=60)
LENGTHS = (8, 12, 24)


def desk(by: Actor, permission: str, organisation_id: int) -> Organisation:
    return Organisation.objects.visible_to(by, permission).one(organisation_id)


@action("administration.edit")
def make_roster(
    by: Actor, organisation_id: int, first: date, days: int, role: str, people: Sequence[int], *, shift_h: int = 24,
    from_hour: int = 8, rest_h: float = rostering.REST_H,
) -> list[Shift]:  # fmt: skip
    """排班: `days` days from `first`, 08:00 Beijing time on; hours already covered by this role are left as they are.

    What nobody may fill (leave, rest) is left open and is shown as 空班.
    """
    organisation = desk(by, "administration.edit", organisation_id)
    check_roster(days, role, people, shift_h)
    slots = open_slots(organisation, first, days, role, shift_h, from_hour)
    chosen = rostering.fill(slots, list(people), away(people), taken(people), history(people, first), rest_h)
    made = [
        Shift.objects.create(
            code=f"{organisation.code}-{role}-{slot.start.astimezone(clock.BEIJING):%Y%m%d%H}", organisation=organisation,
            person_id=person, role=role, start=slot.start, end=slot.end, area=organisation.area,
        )
        for slot, person in zip(slots, chosen, strict=True)
        if person is not None
    ]  # fmt: skip
    fact = RosterMade(organisation.pk, len(made), len(slots) - len(made))
    record(
        by, "排班", organisation, fact, reason=f"{first} 起 {days} 天，{len(made)} 班，空班 {len(slots) - len(made)}"
    )
    return made


def check_roster(days: int, role: str, people: Sequence[int], shift_h: int) -> None:
    if not 1 <= days <= 92:
        raise Invalid("days", days, "1~92", label="天数", unit="天")
    if role not in DutyRole.values:
        raise Invalid("role", role, " / ".join(DutyRole.labels), label="角色")
    if shift_h not in LENGTHS:
        raise Invalid("shift_h", shift_h, " / ".join(map(str, LENGTHS)), label="班次时长", unit="h")
    known = Person.objects.unscoped(WHY).filter(pk__in=people).count()
    if not people or known != len(set(people)):
        raise Invalid("people", list(people), "已登记的人员，至少一人", label="人员")


def open_slots(
    organisation: Organisation, first: date, days: int, role: str, shift_h: int, from_hour: int
) -> list[rostering.Slot]:
    start = datetime.combine(first, time(from_hour), clock.BEIJING)
    end = start + timedelta(days=days)
    rows = Shift.objects.unscoped(WHY).filter(organisation=organisation, role=role, start__lt=end, end__gt=start)
    covered = list(rows.values_list("start", "end"))
    found = []
    for turn in range(days * 24 // shift_h):
        begin = start + timedelta(hours=turn * shift_h)
        span = (begin, begin + timedelta(hours=shift_h))
        if not any(rostering.overlaps(span, other) for other in covered):
            found.append(rostering.Slot(*span, off=kind_of(begin.date()).off))
    return found


def away(people: Sequence[int]) -> dict[int, list[rostering.Span]]:
    rows = Leave.objects.unscoped(WHY).filter(person_id__in=people, state=Decision.APPROVED)
    return grouped(rows.values_list("person_id", "start", "end"))


def taken(people: Sequence[int]) -> dict[int, list[rostering.Span]]:
    return grouped(Shift.objects.unscoped(WHY).filter(person_id__in=people).values_list("person_id", "start", "end"))


def grouped(rows: Any) -> dict[int, list[rostering.Span]]:
    found: dict[int, list[rostering.Span]] = {}
    for person, start, end in rows:
        found.setdefault(person, []).append((start, end))
    return found


def history(people: Sequence[int], first: date) -> dict[int, tuple[int, int]]:
    """Shifts and shifts on days off of the last weeks, less what everybody has: only the difference matters."""
    until = datetime.combine(first, time(8), clock.BEIJING)
    rows = Shift.objects.unscoped(WHY).filter(person_id__in=people, start__lt=until, start__gte=until - MEMORY)
    found = dict.fromkeys(people, (0, 0))
    for person, start in rows.values_list("person_id", "start"):
        shifts, off = found[person]
        found[person] = shifts + 1, off + kind_of(start.astimezone(clock.BEIJING).date()).off
    return found


@action("administration.duty")
def ask_leave(by: Actor, person_id: int, kind: str, start: datetime, end: datetime, reason: str = "") -> Leave:
    """请假."""
    person = Person.objects.visible_to(by, "administration.duty").one(person_id)
    if kind not in Leave.Kind.values:
        raise Invalid("kind", kind, " / ".join(Leave.Kind.labels), label="类别")
    if end <= start:
        raise Invalid("end", end, "晚于开始时间", label="结束")
    row = Leave.objects.create(
        person=person, kind=kind, start=start, end=end, reason=reason[:200], asked_at=clock.now(), asked_by=by.name,
        area=person.area,
    )  # fmt: skip
    record(by, "申请请假", row, reason=reason)
    return row


@action("administration.edit")
def decide_leave(by: Actor, leave_id: int, approve: bool) -> Leave:
    """审批请假. Refused while the person still has shifts in that time: swap them first, so that no gap appears unseen."""
    row = Leave.objects.visible_to(by, "administration.edit").one(leave_id, lock=True)
    undecided(row)
    before = snapshot(row)
    held = Shift.objects.unscoped(WHY).filter(person=row.person, start__lt=row.end, end__gt=row.start)
    if approve and held.exists():
        when = "、".join(f"{one.start.astimezone(clock.BEIJING):%m-%d %H:%M}" for one in held.order_by("start")[:5])
        raise Conflict(f"{row.person}在此期间有班（{when}），请先调班", rule="准假前须先安排替班", shifts=held.count())
    done: Leave = decided(by, row, approve, before, "审批请假")
    return done


def undecided(row: Leave | Swap) -> None:
    if row.state != Decision.ASKED:
        raise Conflict(f"{row}{row.get_state_display()}", rule="申请只审批一次")


def decided(by: Actor, row: Any, approve: bool, before: dict[str, Any], verb: str, *facts: Any) -> Any:
    row.state = Decision.APPROVED if approve else Decision.REFUSED
    row.decided_at, row.decided_by = clock.now(), by.name
    row.save()
    record(by, verb, row, *facts, before=before, reason=row.get_state_display())
    return row


@action("administration.duty")
def ask_swap(by: Actor, shift_id: int, to_person_id: int, reason: str, against_id: int | None = None) -> Swap:
    """申请调班. What cannot be is refused at once: leave, another shift at that time, too little rest."""
    shift = Shift.objects.visible_to(by, "administration.duty").one(shift_id)
    to_person = Person.objects.visible_to(by, "administration.duty").one(to_person_id)
    against = Shift.objects.visible_to(by, "administration.duty").one(against_id) if against_id else None
    if not reason.strip():
        raise Invalid("reason", reason, "1~200 字", label="事由")
    check_swap(shift, to_person, against)
    row = Swap.objects.create(
        shift=shift, by_person=shift.person, to_person=to_person, against=against, reason=reason.strip()[:200],
        asked_at=clock.now(), asked_by=by.name, area=shift.area,
    )  # fmt: skip
    record(by, "申请调班", row, reason=reason)
    return row


def check_swap(shift: Shift, to_person: Person, against: Shift | None) -> None:
    if shift.end <= clock.now():
        raise Conflict("班次已结束，不能调班", rule="只调未结束的班次")
    if shift.person_id == to_person.pk:
        raise Invalid("to_person", to_person.name, "另一人", label="替班人")
    if against is not None and against.person_id != to_person.pk:
        raise Invalid("against", against.pk, f"{to_person.name}的班次", label="对换班次")
    check_free(to_person, shift, leaving=against)
    if against is not None:
        check_free(shift.person, against, leaving=shift)


def check_free(person: Person, shift: Shift, leaving: Shift | None) -> None:
    """May this person sit in this shift once he has given up the other?"""
    spans = [
        (start, end)
        for pk, start, end in Shift.objects.unscoped(WHY).filter(person=person).values_list("pk", "start", "end")
        if pk not in {shift.pk, leaving.pk if leaving else None}
    ]
    slot = rostering.Slot(shift.start, shift.end)
    rest = timedelta(hours=rostering.REST_H)
    if not rostering.may_sit(slot, rostering.Load(taken=spans), away([person.pk]).get(person.pk, []), rest):
        raise Conflict(
            f"{person}在该时段请假、已有班或休息不足 {rostering.REST_H:g} 小时", rule="替班人须在岗且两班间隔足够"
        )


@action("administration.edit")
def decide_swap(by: Actor, swap_id: int, approve: bool) -> Swap:
    """审批调班: checked once more, since the roster may have changed meanwhile; then the shifts change hands."""
    row = Swap.objects.visible_to(by, "administration.edit").one(swap_id, lock=True)
    undecided(row)
    before, facts = snapshot(row), []
    if approve:
        pks = [pk for pk in (row.shift_id, row.against_id) if pk]
        shifts = {
            one.pk: one for one in Shift.objects.unscoped(WHY).select_for_update().filter(pk__in=pks).order_by("pk")
        }
        shift, against = shifts[row.shift_id], shifts.get(row.against_id or 0)
        if shift.person_id != row.by_person_id:
            raise Conflict(f"该班次已改由{shift.person}值班", rule="班次已变，须重新申请")
        check_swap(shift, row.to_person, against)
        for one, person in ((shift, row.to_person), (against, row.by_person)):
            if one is not None:
                one.person = person
                one.save()
                facts.append(ShiftSwapped(one.pk, person.pk))
    done: Swap = decided(by, row, approve, before, "审批调班", *facts)
    return done


@action("administration.duty")
def hand_over(by: Actor, organisation_id: int, items: Sequence[dict[str, str]], remarks: str = "") -> Handover:
    """交班: signs the open items over. One at a time: what was not taken over yet is taken over first."""
    organisation = desk(by, "administration.duty", organisation_id)
    waiting = Handover.objects.unscoped(WHY).filter(organisation=organisation, taken_at__isnull=True).first()
    if waiting is not None:
        raise Conflict(f"{waiting.given_by}的交班尚未被接班", rule="上一次交接双方签字后再交班", handover_id=waiting.pk)
    row = Handover.objects.create(
        organisation=organisation, at=clock.now(), items=list(items), remarks=remarks[:1000], given_by=by.name,
        given_user=by.user_id, area=organisation.area,
    )  # fmt: skip
    record(by, "交班", row, DutyHandedOver(row.pk, organisation.pk, len(items)), reason=remarks[:400])
    return row


@action("administration.duty")
def take_over(by: Actor, handover_id: int, remarks: str = "") -> Handover:
    """接班: signed by another than who handed over; after that neither side is changed (the database refuses it)."""
    row = Handover.objects.visible_to(by, "administration.duty").one(handover_id, lock=True)
    if row.taken_at is not None:
        raise Conflict(f"已由{row.taken_by}接班", rule="交接只签一次")
    if row.given_user == by.user_id and row.given_by == by.name:
        raise Forbidden("交班人不能自己接班，须由接班人签字", rule="交接班双方签字")
    before = snapshot(row)
    row.taken_at, row.taken_by, row.taken_remarks = clock.now(), by.name, remarks[:1000]
    row.save()
    record(by, "接班", row, DutyTaken(row.pk, row.organisation_id), before=before, reason=remarks[:400])
    return row
