"""计算值越限: figures that engines compute (a concentration at a community, an individual risk) are judged as readings are: an
alarm by ANSI/ISA-18.2 for as long as a criterion is crossed. One door for every room above and below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict
from anlan.monitoring.actions.process import (
    ENGINE,
    Finding,
    alarms_of,
    clear_alarm,
    escalate_alarm,
    open_alarm,
    raise_alarm,
)
from anlan.monitoring.models import Alarm, AlarmRule, RuleKind

#: Bands from the outermost inwards, and whether the value lies beyond when it is higher.
BANDS = (("hihi", True), ("lolo", False), ("hi", True), ("lo", False))
MAX_SUBJECT = 36


@dataclass(frozen=True)
class Criterion:
    """What is judged. The rule of this code is made with the first figure; people set its priority or switch it off there."""

    code: str
    title: str
    priority: int = 2
    basis: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Figure:
    """One computed value now. subject: what it is of, short and the same each time; limits: band (hihi, hi, lo, lolo) -> level.

    `title` is what the operator reads, `why` and `url` lead to where it was computed, `source` is that page's name.
    """

    subject: str
    title: str
    value: float
    unit: str
    limits: dict[str, float]
    area: Area
    lon: float
    lat: float
    why: str = ""
    url: str = ""
    source: str = ""
    data_class: int = int(DataClass.INTERNAL)
    correlation_id: UUID | None = None

    @property
    def band(self) -> str:
        """The outermost limit that the value has reached, "" when none."""
        for band, high in BANDS:
            level = self.limits.get(band)
            if level is not None and (self.value >= level if high else self.value <= level):
                return band
        return ""


def rule_of(by: Actor, criterion: Criterion) -> AlarmRule:
    """The rule in the registry, over the whole territory."""
    top = Area.objects.order_by("level", "path").first()
    if top is None:
        raise Conflict("尚未登记任何行政区划")
    words = {
        "title": criterion.title,
        "priority": criterion.priority,
        "basis": criterion.basis,
        "advice": criterion.advice,
    }
    rule, new = AlarmRule.objects.unscoped("criteria are the system's own").get_or_create(
        code=criterion.code, defaults={"kind": RuleKind.COMPUTED, "area": top, **words}
    )
    if new:
        record(by, "登记计算判据", rule)
    return rule


def finding_of(rule: AlarmRule, about: str, figure: Figure, at: datetime) -> Finding:
    return Finding(
        rule=rule, subject=subject_of(about, figure.subject), started_at=at, at=at, title=figure.title, station=None,
        area=figure.area, data_class=figure.data_class, lon=figure.lon, lat=figure.lat, band=figure.band,
        value=figure.value, unit=figure.unit, limits=figure.limits, correlation_id=figure.correlation_id,
        why={"why": figure.why, "url": figure.url, "from": figure.source, "modelled": True},
    )  # fmt: skip


def subject_of(about: str, subject: str) -> str:
    key = f"{about}:{subject}"
    if len(key) > MAX_SUBJECT:
        raise ValueError(f"subject of a computed figure is longer than {MAX_SUBJECT}: {key}")
    return f"c:{key}"


@action("monitoring.evaluate")
def judge_figures(by: Actor, criterion: Criterion, about: str, figures: Sequence[Figure], at: datetime) -> list[Alarm]:
    """Judge all figures of this criterion that there are now about one thing ("release:12", "park:3"): what has reached a limit is
    raised, or escalated at an outer one; what no longer has, or is no longer among the figures, returns to normal.
    Returns the alarms that hold now and are new or higher. Judging the same figures again changes nothing."""
    rule = rule_of(by, criterion)
    beyond = {f.subject: finding_of(rule, about, f, at) for f in figures if f.band} if rule.enabled else {}
    held = {found.subject for found in beyond.values()}
    rows = Alarm.objects.unscoped("computed figures are judged everywhere")
    standing = rows.filter(rule=rule, subject__startswith=f"c:{about}:", active=True).values_list("subject", flat=True)
    for subject in sorted(set(standing) - held):
        clear_alarm(by, rule.pk, subject, at, "已低于限值" if rule.enabled else f"{ENGINE}：判据停用")
    return [alarm for found in beyond.values() if (alarm := raised(by, found)) is not None]


def raised(by: Actor, found: Finding) -> Alarm | None:
    """None when the same alarm holds already, as high."""
    alarm = open_alarm(found.rule.pk, found.subject)
    if alarm is None:
        known = alarms_of(found.rule.pk, found.subject).filter(started_at__gte=found.started_at).exists()
        return None if known else raise_alarm(by, found)
    new = None if alarm.active else raise_alarm(by, found)
    return escalate_alarm(by, found) if order(found.band) < order(alarm.band) else new


def order(band: str) -> int:
    """0 for the outermost."""
    return [name for name, _ in BANDS].index(band) if band else len(BANDS)
