"""Warnings on their way: every step is one of `rules.warnings.LAW`, and is kept with who, when and why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import prefetch_related_objects

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import Done, action, record_all
from anlan.kernel.audit.journal import along, snapshot
from anlan.kernel.errors import Conflict, Forbidden
from anlan.kernel.events.outbox import Fact
from anlan.monitoring import published
from anlan.monitoring.actions.drafting import check, draft_warning, exercise_name, need, step_of
from anlan.monitoring.events import WarningCancelled, WarningDrafted, WarningExpired, WarningIssued, WarningReviewed
from anlan.monitoring.models import Warning
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import reader, writer
from anlan.monitoring.rules.warnings import AUTHOR, DRAFT, ISSUE, REVIEW, REVIEWER, SIGNER, Content, State, Step


def content_of(warning: Warning) -> Content:
    """What article 64 demands, out of the row."""
    return Content(
        event_code=warning.event_code,
        level=warning.level,
        headline=warning.headline,
        description=warning.description,
        instruction=warning.instruction,
        areas=[area.name for area in warning.areas.all()],
        onset=warning.onset,
        expires=warning.expires,
        sender=warning.sender,
        issued_at=warning.issued_at,
        relayed=not warning.in_house,
    )


#: Columns whose change the history of a warning shows.
SHOWN = ("headline", "description", "instruction", "level", "onset", "expires", "geometry", "translations")


@dataclass
class Taken:
    """A warning held for one step: what it was, the step, why, and what that makes true."""

    warning: Warning
    step: Step
    was: dict[str, Any]
    reason: str
    facts: list[Fact] = field(default_factory=list)


def roles_of(by: Actor, warning: Warning) -> set[str]:
    """What the actor has been to this warning. The system acts under its own name and is nobody's second pair of eyes."""
    if by.user_id is None:
        return {AUTHOR}
    known = {AUTHOR: by.user_id in warning.authors, REVIEWER: by.user_id == warning.reviewer_id}
    return {role for role, is_so in {**known, SIGNER: by.user_id == warning.issuer_id}.items() if is_so}


def take(by: Actor, warning_id: int, verb: str, reason: str = "") -> Taken:
    """The warning, locked, if the law lets this person take this step with it now."""
    return take_all(by, [warning_id], verb, reason)[0]


def take_all(by: Actor, warning_ids: Sequence[int], verb: str, reason: str = "") -> list[Taken]:
    """The same for many: all of them or none. Which one stands against it is told."""
    permission = next(step.permission for step in rules.LAW if step.verb == verb)
    rows = Warning.objects.visible_to(by, permission).select_related("area")
    warnings = rows.these(list(dict.fromkeys(warning_ids)), lock=True)
    return [held(by, warning, verb, reason, named=len(warnings) > 1) for warning in warnings]


def held(by: Actor, warning: Warning, verb: str, reason: str, *, named: bool) -> Taken:
    which = f"《{warning.headline}》：" if named else ""
    try:
        step = rules.step(State(warning.state), verb)
    except rules.NotAllowed as error:
        raise Conflict(f"{which}{error}", state=warning.state) from error
    if wrong := rules.barred(step, roles_of(by, warning)):
        raise Forbidden(f"{which}{wrong}")
    if step.reason:
        need("reason", f"{step.label}理由", reason)
    was = snapshot(warning)
    warning.state = step.after.value
    return Taken(warning, step, was, reason.strip())


def finish(by: Actor, taken: Taken, *facts: Fact) -> Warning:
    """Save, and keep the step in the warning's own history, the journal and the outbox."""
    taken.facts += facts
    return finish_all(by, [taken])[0]


def finish_all(by: Actor, taken: Sequence[Taken]) -> list[Warning]:
    """The same for many that take one step."""
    alike: dict[str, list[Warning]] = defaultdict(list)
    columns: dict[str, list[str]] = {}
    steps = []
    for one in taken:
        now_is = snapshot(one.warning)
        changes = {name: [was, now_is[name]] for name, was in one.was.items() if was != now_is[name]}
        same = json.dumps({name: now for name, (_, now) in changes.items()}, sort_keys=True)
        alike[same].append(one.warning)
        columns[same] = list(changes)
        shown = {name: change for name, change in changes.items() if name in SHOWN}
        steps.append(step_of(by, one.warning, one.step.label, one.step.before.value, one.reason, shown))
    for same, rows in alike.items():
        save_alike(rows, columns[same])
    along(steps)
    done = [Done(one.warning, one.facts, one.was, one.reason, one.warning.correlation_id) for one in taken]
    record_all(by, f"{taken[0].step.label}预警", done)
    return [one.warning for one in taken]


def save_alike(rows: Sequence[Warning], columns: Sequence[str]) -> None:
    """Rows that are locked, and whose columns changed to the same values."""
    if columns:
        values = {name: getattr(rows[0], name) for name in columns}
        Warning.objects.unscoped(HELD).filter(pk__in=[row.pk for row in rows]).update(**values)


@action(DRAFT)
def redraft_warning(
    by: Actor,
    warning_id: int,
    *,
    headline: str,
    description: str,
    instruction: str,
    expires: datetime,
    reason: str = "",
    translations: dict[str, dict[str, str]] | None = None,
) -> Warning:
    """改稿: it must be reviewed again. Whoever changed it is one of its authors from now on; the drafter stays."""
    state = Warning.objects.visible_to(by, DRAFT).one(warning_id).state
    taken = take(by, warning_id, "edit" if state == State.EDITING.value else "redraft", reason)
    warning = taken.warning
    check(warning.event_code, warning.level, warning.onset, expires)
    warning.headline = rules.marked(need("headline", "标题", headline), bool(warning.exercise))[:160]
    warning.description = need("description", "内容", description)
    warning.instruction = need("instruction", "防范措施", instruction)
    warning.expires, warning.authors = expires, sorted({*warning.authors, by.user_id}, key=str)
    warning.translations = warning.translations if translations is None else translations
    warning.reviewed_at, warning.reviewed_by, warning.reviewer_id = None, "", None
    # A signal of the weather service is passed on as it is: with words of ours it is 内部研判 again.
    warning.in_house = rules.is_internal(warning.event_code)
    return finish(by, taken, WarningDrafted(warning.pk, warning.level, warning.headline))


@action(DRAFT)
def submit_warning(by: Actor, warning_id: int) -> Warning:
    """提交审核."""
    taken = take(by, warning_id, "submit")
    taken.warning.authors = sorted({*taken.warning.authors, by.user_id}, key=str)
    return finish(by, taken)


def review_warning(by: Actor, warning_id: int, approve: bool, reason: str = "") -> Warning:
    """审核: by somebody who has not written on it; a refusal needs its reason."""
    return review_warnings(by, [warning_id], approve, reason)[0]


@action(REVIEW)
def review_warnings(by: Actor, warning_ids: Sequence[int], approve: bool, reason: str = "") -> list[Warning]:
    """审核 of several with one word: all of them or none."""
    taken, at = take_all(by, warning_ids, "approve" if approve else "reject", reason), clock.now()
    for one in taken:
        warning = one.warning
        warning.reviewed_at, warning.reviewed_by, warning.reviewer_id = at, by.name, by.user_id
        warning.reason = one.reason[:200]
        one.facts.append(WarningReviewed(warning.pk, approve, warning.reason))
    return finish_all(by, taken)


def issue_warning(by: Actor, warning_id: int) -> Warning:
    """签发: complete after article 64, not yet expired, by a third person; it is public with that."""
    return issue_warnings(by, [warning_id])[0]


@action(ISSUE)
def issue_warnings(by: Actor, warning_ids: Sequence[int]) -> list[Warning]:
    """签发 of several with one signature: all of them go out, or none."""
    return publish(by, take_all(by, warning_ids, "issue"))


@action(ISSUE)
def issue_fast(by: Actor, warning_id: int, reason: str) -> Warning:
    """应急快速签发: 红 or 橙 without review; a review is owed afterwards and is on the list until it is done."""
    taken = take(by, warning_id, "fast", reason)
    if taken.warning.level not in rules.FAST_LEVELS:
        raise Conflict(f"应急快速签发只用于{'、'.join(rules.FAST_LEVELS)}色预警，这条是{taken.warning.level}色")
    taken.warning.fast = True
    taken.warning.review_due_at = clock.now() + timedelta(hours=rules.REVIEW_WITHIN_H)
    return publish(by, [taken])[0]


@action(REVIEW)
def confirm_warning(by: Actor, warning_id: int, right: bool, reason: str) -> Warning:
    """事后审核 of what was issued on the fast path, by somebody who neither wrote nor signed it. What was wrong must be
    corrected (续发) or ended within `rules.MEND_WITHIN_MIN`."""
    taken = take(by, warning_id, "confirm", reason)
    warning = taken.warning
    if not warning.fast or warning.review_due_at is None:
        raise Conflict("这条预警没有待办的事后审核")
    warning.reviewed_at, warning.reviewed_by, warning.reviewer_id = clock.now(), by.name, by.user_id
    warning.review_due_at = None
    warning.mend_due_at = None if right else clock.now() + timedelta(minutes=rules.MEND_WITHIN_MIN)
    taken.reason = f"{'符合要求' if right else '不符合要求'}：{taken.reason}"
    return finish(by, taken, WarningReviewed(warning.pk, right, taken.reason[:200]))


def publish(by: Actor, taken: Sequence[Taken]) -> list[Warning]:
    now = clock.now()
    prefetch_related_objects([one.warning for one in taken], "areas")
    for one in taken:
        warning = one.warning
        may_go_out(warning, now)
        warning.issued_at, warning.issued_by, warning.issuer_id = now, by.name, by.user_id
        must_keep_to_cap(warning)
        if warning.references:
            replace(by, warning)
        area_ids = [area.pk for area in warning.areas.all()]
        words, expires = rules.text(content_of(warning)), warning.expires.isoformat()
        one.facts.append(
            WarningIssued(
                warning.pk, warning.level, warning.headline, words, expires, area_ids, warning.references, bool(warning.exercise)
            )
        )  # fmt: skip
    return finish_all(by, taken)


def may_go_out(warning: Warning, now: datetime) -> None:
    which = f"《{warning.headline}》"
    if warning.in_house:
        raise Conflict("气象预警信号只能由气象台站发布（气象灾害防御条例第三十条）；本平台的气象研判仅供内部使用")
    absent = rules.missing(content_of(warning))
    if absent:
        raise Conflict(f"{which}缺少：{'、'.join(absent)}（突发事件应对法第六十四条）", missing=absent)
    if warning.expires <= now:
        raise Conflict(f"{which}预警的截止时间已过，不能发布")


def must_keep_to_cap(warning: Warning) -> None:
    """Nothing goes out that others could not read: the document is read back and held against the schema first."""
    document = writer.alert_xml(published.draft_alert(warning))
    found = reader.alerts_in(reader.root_of(document))[0].findings
    if found:
        raise Conflict(f"生成的 CAP 不合规：{found[0].field} {found[0].message}")


def replace(by: Actor, warning: Warning) -> None:
    """The one that this one continues is in force no more."""
    before = Warning.objects.visible_to(by, ISSUE).filter(identifier=warning.references).first()
    if before is None:
        raise Conflict(f"所续预警 {warning.references} 不存在，或不在您的管辖范围内")
    taken = take(by, before.pk, "replace")
    taken.warning.ended_at = warning.issued_at
    taken.reason = f"由 {warning.identifier} 续发"
    finish(by, taken)


@action(DRAFT)
def continue_warning(
    by: Actor, warning_id: int, *, level: str, expires: datetime, words: dict[str, Any] | None = None
) -> Warning:
    """续发: a draft that updates an issued warning (another colour, another place, longer); the chain stays referenced.
    words: what `draft_warning` takes, of what is different now."""
    before = Warning.objects.visible_to(by, DRAFT).one(warning_id)
    if before.state != State.ISSUED.value:
        raise Conflict(f"“{State(before.state).label}”的预警不能续发，请另行起草", state=before.state)
    known = {
        name: getattr(before, name) for name in ("headline", "description", "instruction", "geometry", "translations")
    }
    area_ids = [area.pk for area in before.areas.all()]
    given = {"area_ids": area_ids, **known, **(words or {})}
    now = clock.now()
    warning = draft_warning(
        by, event_code=before.event_code, level=level, onset=max(before.onset, min(now, expires)), expires=expires,
        correlation_id=before.correlation_id, basis=f"续发 {before.identifier}", **given,
    )  # fmt: skip
    if bool(warning.exercise) != bool(before.exercise):
        raise Conflict("演练中的预警不能续发真实预警，真实预警也不能续发演练预警")
    warning.references, warning.chain = before.identifier, before.chain
    warning.save(update_fields=["references", "chain"])
    return warning


@action(ISSUE)
def cancel_warning(by: Actor, warning_id: int, reason: str) -> Warning:
    """解除."""
    taken = take(by, warning_id, "cancel", reason)
    warning = taken.warning
    warning.ended_at, warning.reason = clock.now(), taken.reason[:200]
    return finish(by, taken, WarningCancelled(warning.pk, warning.headline, warning.reason))


@action(ISSUE)
def end_unmended(by: Actor, now: datetime) -> int:
    """What was found wrong and was neither corrected nor ended in time does not stay in force. Returns how many."""
    rows = Warning.objects.visible_to(by, ISSUE).filter(state=State.ISSUED.value, mend_due_at__lte=now)
    ids = list(rows.values_list("pk", flat=True))
    for pk in ids:
        cancel_warning(by, pk, "事后审核不符合要求，逾期未更正，由系统解除")
    return len(ids)


@action(ISSUE)
def expire_warnings(by: Actor, now: datetime) -> int:
    """End every warning whose time is over, and those of a drill that is over; returns how many."""
    states = [step.before.value for step in rules.LAW if step.verb == "expire"]
    rows = Warning.objects.visible_to(by, ISSUE).filter(state__in=states)
    drill = clock.scenario()
    going_on = ["", rules.MANUAL_EXERCISE, *([exercise_name(False)] if drill else [])]
    due = [*rows.filter(expires__lte=now).values_list("pk", flat=True)]
    over = [*rows.exclude(exercise__in=going_on).exclude(pk__in=due).values_list("pk", flat=True)]
    for pk in [*due, *over]:
        end(by, pk, now, "到期失效" if pk in due else "演练结束")
    return len(due) + len(over)


def end(by: Actor, pk: int, now: datetime, why: str) -> None:
    taken = take(by, pk, "expire")
    warning = taken.warning
    warning.ended_at, taken.reason = now, why
    if warning.issued_at:
        finish(by, taken, WarningCancelled(warning.pk, warning.headline, why))
    else:
        finish(by, taken, WarningExpired(warning.pk, warning.headline))
