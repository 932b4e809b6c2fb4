"""Verbs of reaching people: call the officers of every level, confirm, go up when nobody answers, knock at doors, test."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from anlan.administration import queries as administration
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.accounts.scope import HELD, ScopedQuerySet
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, NotFound
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.models import Area, Level, Person
from anlan.mobilisation import queries
from anlan.mobilisation.events import CallConfirmed, CallEscalated, CallsMade
from anlan.mobilisation.models import Call, CallKind, Coverage, Household, Knock, Means, Receipts
from anlan.monitoring import published
from anlan.monitoring.rules import warnings as rules

CALL, EDIT = "mobilisation.call", "mobilisation.edit"
#: Minutes within which an officer answers, by colour (叫应; RULES 2.8, 待核对); a silent test leaves a day.
ANSWER_MIN = {"红": 10, "橙": 15, "黄": 30, "蓝": 60}
TEST_MIN = 24 * 60
TEST_HOUR = 9
#: Receipts come for a while; coverage is computed when most of them are there.
COVER_AFTER = timedelta(minutes=30)
WHY = "calls go to officers of every level"
TEST_TEXT = "【预警渠道静默测试】这不是预警。收到请点开链接确认，不需要做别的事。"


@action(CALL)
def call_officers(by: Actor, warning_id: int) -> list[Call]:
    """叫应: everybody responsible for the areas of an issued warning, at all four levels at once, each once."""
    warning = published.warning(warning_id)
    if warning is None:
        raise NotFound(f"预警 {warning_id} 不存在或未发布")
    if not warning.in_force(clock.now()):
        return []
    text, paths = rules.sms(published.content(warning)), [area.path for area in warning.areas]
    due = clock.now() + timedelta(minutes=ANSWER_MIN[warning.level])
    # Red and orange go up, too: the watch of the city answers for a district's warning.
    called = [*(queries.watch(paths) if warning.level in rules.FAST_LEVELS else []), *queries.officers(paths)]
    made = [
        call(by, person, area, f"warning:{warning_id}", warning.headline, text, due, warning_id=warning_id,
             exercise=bool(warning.exercise))
        for area, person in called
    ]  # fmt: skip
    if made:
        record(by, "叫应责任人", made[0], CallsMade(made[0].subject, warning_id, len(made)))
    return made


def call(
    by: Actor,
    person: Person,
    area: Area,
    subject: str,
    headline: str,
    text: str,
    due: datetime,
    *,
    warning_id: int | None = None,
    exercise: bool = False,
    kind: CallKind = CallKind.WARNING,
    before: Call | None = None,
) -> Call:
    """One officer is told; asked twice for the same it is the same call."""
    values = {
        "kind": kind, "warning_id": warning_id, "headline": headline, "text": text, "level": area.level,
        "to_name": person.name, "phone": person.phone, "role": person.post.title if person.post else "",
        "told_at": clock.now(), "due_at": due, "data_class": DataClass.SENSITIVE, "escalated_from": before,
        "exercise": exercise,
    }  # fmt: skip
    row, new = Call.objects.unscoped(WHY).get_or_create(subject=subject, area=area, person=person, defaults=values)
    if new:
        words = f"{text} 请点开确认：{settings.PUBLIC_URL}/c/{row.token}" if settings.PUBLIC_URL else text
        purpose = "静默测试" if kind == CallKind.TEST else "预警发布"
        notice = NoticeRequested(
            to_name=person.name, text=words, purpose=purpose, subject_type="mobilisation.Call", subject_id=str(row.pk),
            to_person_id=person.pk, phone=person.phone, urgency="normal" if kind == CallKind.TEST else "high",
            exercise=exercise,
        )  # fmt: skip
        record(by, "叫应", row, notice)
    return row


@action(CALL)
def tell_the_end(by: Actor, warning_id: int) -> int:
    """解除 or 到期, to everybody who was called. Returns how many."""
    warning = published.warning(warning_id)
    if warning is None:
        return 0
    purpose = "预警解除" if warning.cancelled else "预警到期失效"
    rows = Call.objects.unscoped(WHY).filter(warning_id=warning_id)
    close_calls(by, rows, clock.now())
    told = list(rows.select_related("area").order_by("person_id", "pk").distinct("person_id"))
    for row in told:
        text = f"【{purpose}】{warning.headline}。{warning.reason if warning.cancelled else '到期失效'}"
        notice = NoticeRequested(
            to_name=row.to_name, text=text, purpose=purpose, subject_type="mobilisation.Call", subject_id=str(row.pk),
            to_person_id=row.person_id, phone=row.phone, urgency="high", exercise=row.exercise,
        )  # fmt: skip
        record(by, purpose, row, notice)
    return len(told)


def close_calls(by: Actor, rows: ScopedQuerySet[Call], now: datetime) -> int:
    """Nobody is asked for an answer, or woken in another's stead, about what is over."""
    left = list(rows.filter(confirmed_at=None, closed_at=None).select_related("area").select_for_update(of=("self",)))
    for row in left:
        was = snapshot(row)
        row.closed_at = now
        row.save(update_fields=["closed_at"])
        record(by, "叫应结束", row, before=was)
    return len(left)


@action(CALL)
def confirm_call(by: Actor, call_id: int, how: str = "代为确认") -> Call:
    """应答, taken down by the desk (by telephone, for instance)."""
    return confirm(by, Call.objects.visible_to(by, CALL).one(call_id, lock=True), how)


def confirm_by_token(token: str) -> Call:
    """应答 by the officer himself: who has the link is the one it was sent to."""
    found = queries.call_by_token(token)
    by = Actor(found.to_name, None, system("叫应").grants, "叫应链接")
    return confirm_own(by, found.pk)


@action(CALL)
def confirm_own(by: Actor, call_id: int) -> Call:
    return confirm(by, Call.objects.unscoped(HELD).one(call_id, lock=True), "网页")


def confirm(by: Actor, row: Call, how: str) -> Call:
    if row.confirmed_at is not None:
        return row
    was = snapshot(row)
    row.confirmed_at, row.how = clock.now(), how[:20]
    row.save()
    fact = CallConfirmed(row.pk, row.warning_id, row.to_name, row.how, row.confirmed_at.isoformat())
    record(by, "应答叫应", row, fact, before=was)
    return row


@action(CALL)
def escalate_calls(by: Actor, now: datetime) -> int:
    """What nobody of an area answered in time goes to the deputy of the post, or to the level above. Once per call."""
    owed = Call.objects.unscoped(WHY).filter(
        confirmed_at=None, escalated_at=None, closed_at=None, due_at__lte=now, kind=CallKind.WARNING
    )
    ended = [pk for pk in set(owed.values_list("warning_id", flat=True)) if pk and is_over(pk, now)]
    if ended:
        close_calls(by, owed.filter(warning_id__in=ended), now)
    rows = list(owed.select_related("area", "person__post__deputy").select_for_update(of=("self",), skip_locked=True))
    answered = queries.answered({row.subject for row in rows})
    for row in rows:
        escalate(by, row, now, (row.subject, row.area_id) in answered)
    return len(rows)


def is_over(warning_id: int, now: datetime) -> bool:
    warning = published.warning(warning_id)
    return warning is not None and not warning.in_force(now)


def escalate(by: Actor, row: Call, now: datetime, covered: bool) -> None:
    """covered: a colleague of the same area answered, so the area knows and nobody else need be woken."""
    was = snapshot(row)
    row.escalated_at = now
    row.save()
    facts = []
    target = None if covered else successor(row)
    if target is not None:
        due = now + (row.due_at - row.told_at)
        call(
            by, target, row.area, row.subject, row.headline, f"【{row.to_name}未应答】{row.text}", due,
            warning_id=row.warning_id, exercise=row.exercise, before=row,
        )  # fmt: skip
        facts = [CallEscalated(row.pk, row.warning_id, row.area.name, target.name)]
    record(by, "叫应超时" if target is None else "叫应升级", row, *facts, before=was)


def successor(row: Call) -> Person | None:
    """The deputy on duty; else somebody of the nearest level above; never who was called for this area already."""
    called = set(
        Call.objects.unscoped(WHY).filter(subject=row.subject, area=row.area).values_list("person_id", flat=True)
    )
    post = row.person.post if row.person else None
    deputies = administration.holders(post.deputy_id, row.told_at) if post and post.deputy_id else []
    above = queries.people_at(list(ancestors(row.area)))
    return next((person for person in [*deputies, *above] if person.pk not in called), None)


def ancestors(area: Area) -> Iterable[Area]:
    """The areas above, the nearest first."""
    while area.parent is not None:
        area = area.parent
        yield area


def knock(token: str, household_id: int, result: str) -> Knock:
    """敲门告知, checked off by the officer of the community on his page."""
    found = queries.call_by_token(token)
    if found.warning_id is None:
        raise Conflict("静默测试不用敲门")
    if not queries.doors_shown(found):
        hours = queries.DOORS_AFTER_END.total_seconds() / 3600
        raise Conflict(f"敲门只由村（社区）责任人登记，至预警结束后 {hours:g} 小时为止")
    return keep_knock(Actor(found.to_name, None, system("叫应").grants, "叫应链接"), found.pk, household_id, result)


@action(CALL)
def keep_knock(by: Actor, call_id: int, household_id: int, result: str) -> Knock:
    found = Call.objects.unscoped(HELD).select_related("area").one(call_id)
    door = Household.objects.unscoped(HELD).filter(area__path__startswith=found.area.path).one(household_id)
    assert found.warning_id is not None
    row, _ = Knock.objects.unscoped(HELD).update_or_create(
        warning_id=found.warning_id, household=door,
        defaults={"at": clock.now(), "by": found.to_name, "result": "told" if result == "told" else "absent", "area": door.area,
                  "data_class": DataClass.PERSONAL},
    )  # fmt: skip
    record(by, "敲门告知", row)
    return row


@action(CALL)
def note_receipts(by: Actor, warning_id: int, area_id: int, channel: str, people: int) -> Receipts:
    """How many different people of an area have a channel's receipt."""
    area = Area.objects.get(pk=area_id)
    row, _ = Receipts.objects.unscoped(WHY).update_or_create(
        warning_id=warning_id, area=area, channel=channel, defaults={"people": people}
    )
    record(by, "登记回执人数", row)
    return row


@action(CALL)
def record_coverage(
    by: Actor, subject: str, kind: CallKind, paths: list[str], warning_id: int | None
) -> list[Coverage]:
    """覆盖率: for every area concerned, at each of the four levels, as it stands now."""
    now = clock.now()
    rows = [
        Coverage(
            at=now, kind=kind, subject=subject, area=area, level=area.level, people=day.people, day=day.expected,
            night=night.expected, low=min(day.low, night.low), high=max(day.high, night.high), receipts=receipts,
        )
        for area, day, night, receipts in queries.reached(paths, warning_id)
    ]  # fmt: skip
    again = ["at", "kind", "level", "people", "day", "night", "low", "high", "receipts"]
    made = Coverage.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["subject", "area"], update_fields=again, batch_size=1000
    )
    if made:
        record(by, "计算覆盖率", made[0])
    return made


def cover_warnings(by: Actor, now: datetime) -> int:
    """覆盖率 of every real warning of the last day, once it has been out for `COVER_AFTER`. Returns how many."""
    due = [
        warning
        for warning in published.current(now)
        if warning.issued_at and warning.issued_at <= now - COVER_AFTER and not warning.exercise
    ]
    subjects = [f"warning:{warning.pk}" for warning in due]
    known = set(Coverage.objects.unscoped(WHY).filter(subject__in=subjects).values_list("subject", flat=True))
    new = [warning for warning in due if f"warning:{warning.pk}" not in known]
    for warning in new:
        paths = [area.path for area in warning.areas]
        record_coverage(by, f"warning:{warning.pk}", CallKind.WARNING, paths, warning.pk)
    return len(new)


def monthly_test(by: Actor, now: datetime) -> int:
    """The silent test of this month, from its first weekday at nine (Beijing) on, if it was not made yet."""
    local = now.astimezone(clock.BEIJING)
    if local.hour < TEST_HOUR or local.weekday() >= 5:
        return 0
    begun = Call.objects.unscoped(WHY).filter(subject=f"test:{now:%Y-%m}").exists()
    return 0 if begun or not people() else silent_test(by)


def people() -> bool:
    """Whether there is anybody to ask."""
    return Person.objects.unscoped(WHY).filter(post__isnull=False).exists()


@action(EDIT)
def silent_test(by: Actor) -> int:
    """静默测试: every officer is asked to confirm, no siren sounds; coverage is computed as it would be. Returns calls."""
    now, city = clock.now(), Area.objects.filter(level=Level.CITY).order_by("pk").first()
    if city is None:
        raise Conflict("尚未登记任何行政区划")
    by.require(EDIT, city)
    subject = f"test:{now:%Y-%m}"
    if Call.objects.unscoped(WHY).filter(subject=subject).exists():
        raise Conflict(f"{now:%Y年%m月}已做过静默测试")
    due = now + timedelta(minutes=TEST_MIN)
    made = [
        call(by, person, area, subject, f"{now:%Y年%m月}预警渠道静默测试", TEST_TEXT, due, kind=CallKind.TEST)
        for area, person in queries.officers([city.path])
    ]
    record_coverage(by, subject, CallKind.TEST, [city.path], None)
    return len(made)


@action(EDIT)
def test_means(by: Actor, means_id: int, working: bool) -> Means:
    """测试 one means: a loudspeaker that is silent counts nothing."""
    row = Means.objects.visible_to(by, EDIT).one(means_id, lock=True)
    was = snapshot(row)
    row.working, row.tested_at = working, clock.now()
    row.save()
    record(by, "测试预警手段", row, before=was)
    return row
