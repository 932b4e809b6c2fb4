"""Warnings on their way: every step is one of `rules.warnings.LAW`, and is kept with who, when and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import prefetch_related_objects
from shapely.geometry import shape

from anlan import sandbox
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.outbox import Fact
from anlan.kernel.geo import GeoJson, as_geojson, parse
from anlan.kernel.models import Organisation
from anlan.monitoring import published
from anlan.monitoring.events import WarningCancelled, WarningDrafted, WarningExpired, WarningIssued, WarningReviewed
from anlan.monitoring.models import Warning, WarningStep
from anlan.monitoring.rules import polygons
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
    )


def common_area(areas: list[Area]) -> Area:
    """The area that owns the warning: the deepest one that contains all that are affected."""
    first, *others = areas
    path = first.path
    while not all(other.path.startswith(path) for other in others):
        path = path.rstrip("/").rsplit("/", 1)[0] + "/"
    return Area.objects.get(path=path) if path not in ("/", first.path) else first


def sender_of(area: Area) -> str:
    """Who issues: the emergency bureau of the area or of one above it."""
    paths = [area.path[: at + 1] for at, letter in enumerate(area.path) if letter == "/" and at]
    bureaus = Organisation.objects.unscoped("the sender is public").filter(area__path__in=paths, name__contains="应急")
    found = bureaus.order_by("-area__level", "code").first()
    return found.name if found else f"{area.name}应急管理局"


def need(field: str, label: str, value: str) -> str:
    if not value.strip():
        raise Invalid(field, value, "不能为空", label=label)
    return value.strip()


def check(event_code: str, level: str, onset: datetime, expires: datetime) -> None:
    if not rules.is_code(event_code):
        raise Invalid("event_code", event_code, "五位事件类型码，如 12D02", label="事件类型码")
    if level not in rules.COLOURS:
        raise Invalid("level", level, "红、橙、黄、蓝", label="级别")
    if expires <= onset:
        raise Invalid("expires", expires.isoformat(), f"晚于起始时间 {onset.isoformat()}", label="截止时间")


#: Columns whose change the history of a warning shows.
SHOWN = ("headline", "description", "instruction", "level", "onset", "expires", "geometry", "translations")


@dataclass
class Taken:
    """A warning held for one step: what it was, the step, and why."""

    warning: Warning
    step: Step
    was: dict[str, Any]
    reason: str
    facts: list[Fact] = field(default_factory=list)


@action(DRAFT)
def draft_warning(
    by: Actor,
    *,
    event_code: str,
    level: str,
    headline: str,
    description: str,
    instruction: str,
    area_ids: list[int],
    geometry: GeoJson | None = None,
    onset: datetime,
    expires: datetime,
    correlation_id: UUID | None = None,
    basis: str = "",
    translations: dict[str, dict[str, str]] | None = None,
    exercise: bool = False,
    submit: bool = True,
    snap: bool = False,
) -> Warning:
    """拟稿: everything article 64 demands, for areas the drafter is responsible for. What is drafted while a scenario sets
    the clock, or as an exercise, is one for ever. snap: the outline is widened to the limits of the divisions in it; without
    areas, those that it lies in are meant."""
    check(event_code, level, onset, expires)
    if geometry is not None and (snap or not area_ids):
        found = survey(by, geometry)
        geometry = found.snapped if snap else geometry
        area_ids = area_ids or [area.pk for area in found.areas]
    areas = list(Area.objects.filter(pk__in=area_ids))
    if not areas or len(areas) != len(set(area_ids)):
        raise Invalid("area_ids", area_ids, "至少一个已登记的区划", label="影响区域")
    for area in areas:
        by.require(DRAFT, area)
    if geometry is not None:
        geometry, done = legal_shape(by, geometry)
        basis = "；".join([basis, *done] if basis else done)
    owner, now, drill = common_area(areas), clock.now(), exercise_name(exercise)
    identifier = f"{owner.code}-{now:%Y%m%d%H%M%S}-{uuid4().hex[:6]}"
    warning = Warning.objects.create(
        identifier=identifier,
        chain=identifier,
        event_code=event_code,
        event_name=rules.event_name(event_code)[:40],
        level=level,
        headline=rules.marked(need("headline", "标题", headline), bool(drill))[:160],
        description=need("description", "内容", description),
        instruction=need("instruction", "防范措施", instruction),
        basis=basis[:300],
        geometry=geometry,
        onset=onset,
        expires=expires,
        sender=sender_of(owner),
        in_house=rules.is_internal(event_code),
        exercise=drill,
        translations=translations or {},
        state=(State.DRAFT if submit else State.EDITING).value,
        drafted_at=now,
        drafted_by=by.name,
        drafter_id=by.user_id,
        authors=[by.user_id],
        area=owner,
        correlation_id=correlation_id or uuid4(),
    )
    Warning.areas.through.objects.bulk_create([Warning.areas.through(warning=warning, area=area) for area in areas])
    fact = WarningDrafted(warning.pk, level, warning.headline)
    keep(by, warning, "拟稿", "", "", {})
    record(by, "拟写预警", warning, fact, correlation_id=warning.correlation_id)
    return warning


def legal_shape(by: Actor, geometry: GeoJson) -> tuple[GeoJson, list[str]]:
    """(outline that may be published, what was done to it), inside what the drafter answers for, where limits are known."""
    mine = Area.objects.filter(geometry__isnull=False, sketch=False, level__lte=Level.DISTRICT)
    scope = polygons.union(shape(area.geometry or {}) for area in mine if by.may(DRAFT, area.path))
    try:
        made, done = polygons.legal(parse(geometry), scope)
    except polygons.ShapeError as error:
        raise Invalid("geometry", str(geometry)[:60], str(error), label="影响范围") from error
    return as_geojson(made), done


@dataclass(frozen=True)
class Survey:
    """What a drawn outline is: as it may be published, what was done to it, the divisions it is about, and the outline
    widened to their limits."""

    legal: GeoJson
    notes: list[str]
    areas: list[Area]
    snapped: GeoJson


def survey(by: Actor, geometry: GeoJson) -> Survey:
    """Raises `Invalid` for what may not be published."""
    made, notes = legal_shape(by, geometry)
    drawn = shape(made)
    outlines = {area: shape(area.geometry or {}) for area in finest(by)}
    chosen = polygons.snapped(drawn, ((area.pk, outline) for area, outline in outlines.items()))
    inside = [area for area in outlines if area.pk in chosen]
    areas = inside or [area for area, outline in outlines.items() if outline.intersects(drawn)]
    wide = polygons.union([drawn, *(outlines[area] for area in inside)])
    return Survey(made, notes, areas, as_geojson(polygons.legal(wide)[0]) if wide is not None else made)


def finest(by: Actor) -> list[Area]:
    """The smallest divisions with known limits that the drafter answers for, none inside another."""
    rows = Area.objects.filter(geometry__isnull=False, sketch=False, level__lte=Level.COMMUNITY).order_by("path")
    mine = [area for area in rows if by.may(DRAFT, area.path)]
    parents = {area.path[: n + 1] for area in mine for n, letter in enumerate(area.path[:-1]) if letter == "/" and n}
    return [area for area in mine if area.path not in parents]


def exercise_name(asked: bool) -> str:
    """Which drill this belongs to; "" for the real thing."""
    scenario = clock.scenario()
    if sandbox.name():
        return f"沙盒 {sandbox.name()}"
    return (scenario.name or "情景推演")[:60] if scenario else rules.MANUAL_EXERCISE if asked else ""


def keep(by: Actor, warning: Warning, verb: str, before: str, reason: str, changes: dict[str, Any]) -> None:
    WarningStep.objects.create(
        warning=warning, at=clock.now(), verb=verb, by=by.name, by_id=by.user_id, before=before, after=warning.state,
        reason=reason[:200], changes=changes,
    )  # fmt: skip


def roles_of(by: Actor, warning: Warning) -> set[str]:
    """What the actor has been to this warning. The system acts under its own name and is nobody's second pair of eyes."""
    if by.user_id is None:
        return {AUTHOR}
    known = {AUTHOR: by.user_id in warning.authors, REVIEWER: by.user_id == warning.reviewer_id}
    return {role for role, is_so in {**known, SIGNER: by.user_id == warning.issuer_id}.items() if is_so}


def take(by: Actor, warning_id: int, verb: str, reason: str = "") -> Taken:
    """The warning, locked, if the law lets this person take this step with it now."""
    permission = next(step.permission for step in rules.LAW if step.verb == verb)
    warning = Warning.objects.visible_to(by, permission).select_related("area").one(warning_id, lock=True)
    try:
        step = rules.step(State(warning.state), verb)
    except rules.NotAllowed as error:
        raise Conflict(str(error), state=warning.state) from error
    if wrong := rules.barred(step, roles_of(by, warning)):
        raise Forbidden(wrong)
    if step.reason:
        need("reason", f"{step.label}理由", reason)
    was = snapshot(warning)
    warning.state = step.after.value
    return Taken(warning, step, was, reason.strip())


def finish(by: Actor, taken: Taken, *facts: Fact) -> Warning:
    """Save, and keep the step in the warning's own history, the journal and the outbox."""
    warning = taken.warning
    warning.save()
    now_is = snapshot(warning)
    changes = {name: [taken.was[name], now_is[name]] for name in SHOWN if taken.was[name] != now_is[name]}
    keep(by, warning, taken.step.label, taken.step.before.value, taken.reason, changes)
    record(
        by, f"{taken.step.label}预警", warning, *facts, before=taken.was, reason=taken.reason,
        correlation_id=warning.correlation_id,
    )  # fmt: skip
    return warning


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
    return finish(by, taken, WarningDrafted(warning.pk, warning.level, warning.headline))


@action(DRAFT)
def submit_warning(by: Actor, warning_id: int) -> Warning:
    """提交审核."""
    taken = take(by, warning_id, "submit")
    taken.warning.authors = sorted({*taken.warning.authors, by.user_id}, key=str)
    return finish(by, taken)


@action(REVIEW)
def review_warning(by: Actor, warning_id: int, approve: bool, reason: str = "") -> Warning:
    """审核: by somebody who has not written on it; a refusal needs its reason."""
    taken = take(by, warning_id, "approve" if approve else "reject", reason)
    warning = taken.warning
    warning.reviewed_at, warning.reviewed_by, warning.reviewer_id = clock.now(), by.name, by.user_id
    warning.reason = taken.reason[:200]
    return finish(by, taken, WarningReviewed(warning.pk, approve, warning.reason))


@action(ISSUE)
def issue_warning(by: Actor, warning_id: int) -> Warning:
    """签发: complete after article 64, not yet expired, by a third person; it is public with that."""
    return publish(by, take(by, warning_id, "issue"))


@action(ISSUE)
def issue_fast(by: Actor, warning_id: int, reason: str) -> Warning:
    """应急快速签发: 红 or 橙 without review; a review is owed afterwards and is on the list until it is done."""
    taken = take(by, warning_id, "fast", reason)
    if taken.warning.level not in rules.FAST_LEVELS:
        raise Conflict(f"应急快速签发只用于{'、'.join(rules.FAST_LEVELS)}色预警，这条是{taken.warning.level}色")
    taken.warning.fast = True
    taken.warning.review_due_at = clock.now() + timedelta(hours=rules.REVIEW_WITHIN_H)
    return publish(by, taken)


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


def publish(by: Actor, taken: Taken) -> Warning:
    warning, now = taken.warning, clock.now()
    if warning.in_house:
        raise Conflict("气象预警信号只能由气象台站发布（气象灾害防御条例第三十条）；本平台的气象研判仅供内部使用")
    prefetch_related_objects([warning], "areas")
    absent = rules.missing(content_of(warning))
    if absent:
        raise Conflict(f"缺少：{'、'.join(absent)}（突发事件应对法第六十四条）", missing=absent)
    if warning.expires <= now:
        raise Conflict("预警的截止时间已过，不能发布")
    warning.issued_at, warning.issued_by, warning.issuer_id = now, by.name, by.user_id
    must_keep_to_cap(warning)
    if warning.references:
        replace(by, warning)
    fact = WarningIssued(
        warning.pk,
        warning.level,
        warning.headline,
        rules.text(content_of(warning)),
        warning.expires.isoformat(),
        [area.pk for area in warning.areas.all()],
        warning.references,
        bool(warning.exercise),
    )
    return finish(by, taken, fact)


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
