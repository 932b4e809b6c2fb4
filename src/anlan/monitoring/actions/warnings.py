"""Warnings: drafted by one, reviewed and issued by another (职责分离), cancelled or expired."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.outbox import Fact
from anlan.kernel.geo import GeoJson, parse
from anlan.kernel.models import Organisation
from anlan.monitoring.events import WarningCancelled, WarningDrafted, WarningExpired, WarningIssued, WarningReviewed
from anlan.monitoring.models import Warning
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import Area as CapArea
from anlan.monitoring.rules.cap import Message
from anlan.monitoring.rules.warnings import Content, State

DRAFT, REVIEW, ISSUE = "monitoring.warn_draft", "monitoring.warn_review", "monitoring.warn_issue"


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


def cap_message(warning: Warning) -> Message:
    """The warning as a CAP 1.2 message; a cancelled one refers to what it takes back."""
    sender = f"anlan.{warning.area.code}"
    sent = warning.issued_at or warning.drafted_at
    ended = warning.state == State.CANCELLED.value and warning.ended_at
    areas = [CapArea(area.name, [(area.code_system, area.code)], area.geometry) for area in warning.areas.all()]
    if warning.geometry:
        areas.append(CapArea("影响范围", (), warning.geometry))
    return Message(
        identifier=f"{warning.identifier}-C" if ended else warning.identifier,
        sender=sender,
        sent=warning.ended_at or sent if ended else sent,
        content=content_of(warning),
        areas=areas,
        status="Actual" if warning.issued_at else "Draft",
        kind="Cancel" if ended else "Alert",
        scope="Restricted" if warning.in_house else "Public",
        references=[(sender, warning.identifier, sent)] if ended else (),
    )


def common_area(areas: list[Area]) -> Area:
    """The area that owns the warning: the deepest one that contains all that are affected."""
    first, *others = areas
    path = first.path
    while not all(other.path.startswith(path) for other in others):
        path = path.rstrip("/").rsplit("/", 1)[0] + "/"
    return Area.objects.get(path=path) if path != "/" else first


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
) -> Warning:
    """拟稿: everything article 64 demands, for areas the drafter is responsible for."""
    check(event_code, level, onset, expires)
    areas = list(Area.objects.filter(pk__in=area_ids))
    if not areas or len(areas) != len(set(area_ids)):
        raise Invalid("area_ids", area_ids, "至少一个已登记的区划", label="影响区域")
    for area in areas:
        by.require(DRAFT, area)
    if geometry is not None:
        parse(geometry)
    owner = common_area(areas)
    now = clock.now()
    warning = Warning.objects.create(
        identifier=f"{owner.code}-{now:%Y%m%d%H%M%S}-{uuid4().hex[:6]}",
        event_code=event_code,
        event_name=rules.event_name(event_code)[:40],
        level=level,
        headline=need("headline", "标题", headline)[:160],
        description=need("description", "内容", description),
        instruction=need("instruction", "防范措施", instruction),
        basis=basis[:300],
        geometry=geometry,
        onset=onset,
        expires=expires,
        sender=sender_of(owner),
        in_house=rules.is_internal(event_code),
        drafted_at=now,
        drafted_by=by.name,
        drafter_id=by.user_id,
        area=owner,
        correlation_id=correlation_id or uuid4(),
    )
    warning.areas.set(areas)
    fact = WarningDrafted(warning.pk, level, warning.headline)
    record(by, "拟写预警", warning, fact, correlation_id=warning.correlation_id)
    return warning


def same_person(by: Actor, warning: Warning) -> bool:
    """Whether the actor drafted it. The system drafts under its own name and never reviews."""
    return by.user_id == warning.drafter_id if by.user_id is not None else True


def take(by: Actor, warning_id: int, permission: str) -> tuple[Warning, dict[str, Any]]:
    warning = Warning.objects.visible_to(by, permission).select_related("area").one(warning_id, lock=True)
    return warning, snapshot(warning)


def step(warning: Warning, verb: str, label: str) -> None:
    try:
        warning.state = rules.move(State(warning.state), verb, label).value
    except rules.NotAllowed as error:
        raise Conflict(str(error), state=warning.state) from error


def finish(by: Actor, verb: str, warning: Warning, fact: Fact, was: dict[str, Any], reason: str = "") -> Warning:
    warning.save()
    record(by, verb, warning, fact, before=was, reason=reason, correlation_id=warning.correlation_id)
    return warning


@action(REVIEW)
def review_warning(by: Actor, warning_id: int, approve: bool, reason: str = "") -> Warning:
    """审核: by somebody else than the drafter; a refusal needs its reason."""
    warning, was = take(by, warning_id, REVIEW)
    if same_person(by, warning):
        raise Forbidden("拟稿人不能审核自己拟写的预警（职责分离）")
    if not approve:
        need("reason", "退回理由", reason)
    step(warning, "approve" if approve else "reject", "审核")
    warning.reviewed_at, warning.reviewed_by, warning.reviewer_id = clock.now(), by.name, by.user_id
    warning.reason = reason.strip()[:200]
    fact = WarningReviewed(warning.pk, approve, warning.reason)
    return finish(by, "审核通过预警" if approve else "退回预警", warning, fact, was, reason)


@action(ISSUE)
def issue_warning(by: Actor, warning_id: int) -> Warning:
    """发布: complete after article 64, not yet expired, reviewed, and not by its drafter."""
    warning, was = take(by, warning_id, ISSUE)
    if same_person(by, warning):
        raise Forbidden("拟稿人不能发布自己拟写的预警（职责分离）")
    if warning.in_house:
        raise Conflict("气象预警信号只能由气象台站发布（气象灾害防御条例第三十条）；本平台的气象研判仅供内部使用")
    absent = rules.missing(content_of(warning))
    if absent:
        raise Conflict(f"缺少：{'、'.join(absent)}（突发事件应对法第六十四条）", missing=absent)
    now = clock.now()
    if warning.expires <= now:
        raise Conflict("预警的截止时间已过，不能发布")
    step(warning, "issue", "发布")
    warning.issued_at, warning.issued_by = now, by.name
    content = content_of(warning)
    fact = WarningIssued(
        warning.pk,
        warning.level,
        warning.headline,
        rules.text(content),
        warning.expires.isoformat(),
        [area.pk for area in warning.areas.all()],
        warning.references,
    )
    return finish(by, "发布预警", warning, fact, was)


@action(ISSUE)
def cancel_warning(by: Actor, warning_id: int, reason: str) -> Warning:
    """解除."""
    warning, was = take(by, warning_id, ISSUE)
    step(warning, "cancel", "解除")
    warning.ended_at, warning.reason = clock.now(), need("reason", "解除理由", reason)[:200]
    fact = WarningCancelled(warning.pk, warning.headline, warning.reason)
    return finish(by, "解除预警", warning, fact, was, reason)


@action(ISSUE)
def expire_warnings(by: Actor, now: datetime) -> int:
    """End every warning whose time is over; returns how many."""
    states = [state.value for state, verb in rules.MOVES if verb == "expire"]
    due = Warning.objects.visible_to(by, ISSUE).filter(state__in=states, expires__lte=now)
    found = list(due.values_list("pk", flat=True))
    for pk in found:
        warning, was = take(by, pk, ISSUE)
        step(warning, "expire", "到期")
        warning.ended_at = now
        fact = (
            WarningCancelled(warning.pk, warning.headline, "到期失效")
            if warning.issued_at
            else WarningExpired(warning.pk, warning.headline)
        )
        finish(by, "预警到期", warning, fact, was)
    return len(found)


@action(DRAFT)
def redraft_warning(
    by: Actor, warning_id: int, *, headline: str, description: str, instruction: str, expires: datetime
) -> Warning:
    """改稿: of a draft or one that was sent back; it must be reviewed again. Whoever redrafts is its drafter now."""
    warning, was = take(by, warning_id, DRAFT)
    step(warning, "redraft", "修改")
    check(warning.event_code, warning.level, warning.onset, expires)
    warning.headline = need("headline", "标题", headline)[:160]
    warning.description = need("description", "内容", description)
    warning.instruction = need("instruction", "防范措施", instruction)
    warning.expires, warning.drafter_id, warning.drafted_by = expires, by.user_id, by.name
    fact = WarningDrafted(warning.pk, warning.level, warning.headline)
    return finish(by, "修改预警", warning, fact, was)
