"""From draft to cancellation: different people, one table of allowed steps, a reason for every return."""

from __future__ import annotations

from dataclasses import dataclass, field
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
from anlan.monitoring.events import WarningCancelled, WarningDrafted, WarningIssued, WarningReviewed
from anlan.monitoring.models import Warning, WarningLevel, WarningState
from anlan.monitoring.rules import warnings as law


@dataclass(frozen=True)
class WarningContent:
    """What a drafter writes."""

    event_code: str
    event_name: str
    level: str
    headline: str
    description: str
    instruction: str
    area_ids: list[int]
    onset: datetime
    expires: datetime
    geometry: GeoJson | None = None
    basis: str = ""
    references: str = ""
    correlation_id: UUID = field(default_factory=uuid4)


@action("monitoring.warn_draft")
def draft_warning(by: Actor, content: WarningContent) -> Warning:
    """起草. Refused when something that art 64 asks for is empty, or the time runs backwards."""
    areas = check(by, content)
    now = clock.now()
    columns = {k: v for k, v in vars(content).items() if k != "area_ids"}
    warning = Warning.objects.create(
        **columns,
        area=common_area(areas),
        identifier=f"150300-{now:%Y%m%d%H%M%S}-{uuid4().hex[:6]}",
        in_house=law.is_meteorological_signal(content.event_code),
        drafted_by=by.name,
        drafter_id=by.user_id,
        drafted_at=now,
    )
    warning.areas.set(areas)
    fact = WarningDrafted(warning.pk, warning.level, warning.headline)
    record(by, "起草预警", warning, fact, correlation_id=warning.correlation_id)
    return warning


def check(by: Actor, content: WarningContent) -> list[Area]:
    areas = list(Area.objects.filter(pk__in=content.area_ids))
    missing = law.missing_content({**vars(content), "areas": areas})
    if missing:
        raise Invalid("content", "空", f"不为空：{'、'.join(missing)}（突发事件应对法第六十四条）", label="预警内容")
    if content.level not in WarningLevel.values:
        raise Invalid("level", content.level, "、".join(WarningLevel.values), label="级别")
    if content.expires <= content.onset:
        raise Invalid("expires", content.expires, f"晚于起始时间 {content.onset:%Y-%m-%d %H:%M}", label="失效时间")
    if content.geometry is not None:
        parse(content.geometry)
    for area in areas:
        by.require("monitoring.warn_draft", area)
    return areas


def common_area(areas: list[Area]) -> Area:
    """The smallest area that contains all: who may see the warning's workflow."""
    if len(areas) == 1:
        return areas[0]
    shared = set.intersection(*({int(p) for p in area.path.strip("/").split("/")} for area in areas))
    found = Area.objects.filter(pk__in=shared).order_by("-level").first()
    return found or areas[0]


def take(by: Actor, warning_id: int, verb: str, permission: str) -> tuple[Warning, dict[str, Any]]:
    warning = Warning.objects.visible_to(by, permission).one(warning_id, lock=True)
    allowed, _ = law.TRANSITIONS[verb]
    if warning.state not in allowed:
        shown = WarningState(warning.state).label
        raise Conflict(f"预警处于“{shown}”，不能{law.TITLES[verb]}", state=warning.state)
    return warning, snapshot(warning)


def finish(by: Actor, warning: Warning, before: dict[str, Any], verb: str, fact: Fact, reason: str = "") -> Warning:
    warning.state = law.TRANSITIONS[verb][1]
    if reason:
        warning.reason = reason[:200]
    warning.save()
    record(
        by, f"预警{law.TITLES[verb]}", warning, fact,
        before=before, reason=reason, correlation_id=warning.correlation_id,
    )  # fmt: skip
    return warning


@action("monitoring.warn_review")
def review_warning(by: Actor, warning_id: int, approve: bool, reason: str = "") -> Warning:
    """审核. The drafter never reviews his own."""
    verb = "approve" if approve else "reject"
    warning, before = take(by, warning_id, verb, "monitoring.warn_review")
    if by.user_id is not None and by.user_id == warning.drafter_id:
        raise Forbidden("起草人不能审核自己起草的预警（职责分离）")
    if not approve and not reason.strip():
        raise Invalid("reason", reason, "退回须说明理由", label="审核意见")
    warning.reviewed_by, warning.reviewer_id, warning.reviewed_at = by.name, by.user_id, clock.now()
    return finish(by, warning, before, verb, WarningReviewed(warning.pk, approve, reason), reason)


@action("monitoring.warn_issue")
def issue_warning(by: Actor, warning_id: int) -> Warning:
    """签发. Neither the drafter nor the reviewer signs; in-house judgements of the weather are not public warnings."""
    warning, before = take(by, warning_id, "issue", "monitoring.warn_issue")
    if by.user_id is not None and by.user_id in {warning.drafter_id, warning.reviewer_id}:
        raise Forbidden("起草人、审核人不能签发同一预警（职责分离）")
    if warning.in_house:
        raise Conflict("气象预警信号只能由气象台站发布（气象灾害防御条例第三十条）；本平台的气象研判仅供内部使用")
    if warning.expires <= clock.now():
        raise Conflict("预警的失效时间已过，不能签发")
    warning.issued_by, warning.issued_at = by.name, clock.now()
    text = law.public_text(
        warning.level,
        warning.event_name,
        warning.headline,
        warning.description,
        warning.instruction,
        "乌海市应急管理局",
    )
    fact = WarningIssued(
        warning.pk, warning.level, warning.headline, text, list(warning.areas.values_list("pk", flat=True)),
        warning.expires.isoformat(), warning.references,
    )  # fmt: skip
    return finish(by, warning, before, "issue", fact)


@action("monitoring.warn_issue")
def cancel_warning(by: Actor, warning_id: int, reason: str) -> Warning:
    """解除."""
    if not reason.strip():
        raise Invalid("reason", reason, "1 至 200 字", label="解除理由")
    warning, before = take(by, warning_id, "cancel", "monitoring.warn_issue")
    warning.ended_at = clock.now()
    return finish(by, warning, before, "cancel", WarningCancelled(warning.pk, warning.headline, reason), reason)


@action("monitoring.warn_issue")
def expire_warnings(by: Actor, now: datetime) -> int:
    """Expiry is not cancellation: the warning ends by itself and says so."""
    due = Warning.objects.visible_to(by, "monitoring.warn_issue").filter(state=WarningState.ISSUED, expires__lte=now)
    warnings = list(due.select_for_update(of=("self",)))
    for warning in warnings:
        before = snapshot(warning)
        warning.ended_at = now
        finish(by, warning, before, "expire", WarningCancelled(warning.pk, warning.headline, "到期失效"), "到期失效")
    return len(warnings)
