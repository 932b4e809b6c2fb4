"""Verbs of the supervision room: a park's risk, and what it is worked out from."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from anlan.hazards.contract import InputError
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Invalid
from anlan.supervision.events import ParkRiskAssessed, ParkRiskCrossed
from anlan.supervision.models import (
    Basis,
    Enterprise,
    HazardUnit,
    OnSite,
    Park,
    ParkCondition,
    ParkRisk,
    ProtectionTarget,
    UnitStock,
)
from anlan.supervision.park_risk import live
from anlan.supervision.park_risk.assemble import Assembled, Before, assemble
from anlan.supervision.park_risk.crowds import WHY
from anlan.supervision.park_risk.work import columns

#: A park is not worked out more often than this by the clockwork, s: a map that changes faster tells nobody more.
LEAST_INTERVAL_S = 60
#: Rows of the present conditions are kept so long; annual ones for ever.
KEEP_CURRENT_DAYS = 90
QUIET_H = 6
STABILITIES = "ABCDEF"


def real(value: float, name: str, low: float, high: float, label: str, unit: str) -> float:
    if not math.isfinite(value) or not low <= value <= high:
        raise Invalid(name, value, f"{low:g} 至 {high:g}", label=label, unit=unit)
    return float(value)


@action("supervision.edit")
def observe_weather(
    by: Actor, park_id: int, wind_m_s: float, wind_from_deg: float, stability: str, at: datetime, source: str
) -> ParkCondition:
    """What blows over a park now. Nothing is kept of a report older than the one that is known."""
    park = Park.objects.visible_to(by, "supervision.edit").one(park_id)
    values = {
        "wind_m_s": real(wind_m_s, "wind_m_s", 0, 75, "风速", "m/s"),
        "wind_from_deg": real(wind_from_deg, "wind_from_deg", 0, 360, "风向", "°"), "stability": stability, "at": at,
        "source": source[:120],
    }  # fmt: skip
    if stability not in STABILITIES:
        raise Invalid("stability", stability, "A 至 F", label="大气稳定度")
    known = ParkCondition.objects.unscoped(WHY).select_for_update().filter(park=park).first()
    if known is not None and known.at >= at:
        return known
    row, _new = ParkCondition.objects.unscoped(WHY).update_or_create(park=park, defaults=values)
    return row


@action("supervision.edit")
def report_stock(by: Actor, unit_id: int, quantity_t: float, at: datetime, source: str) -> UnitStock:
    """What a unit holds now, t: at most its design maximum."""
    unit = HazardUnit.objects.visible_to(by, "supervision.edit").one(unit_id)
    tonnes = real(quantity_t, "quantity_t", 0, unit.quantity_t, "现存量", "t")
    known = UnitStock.objects.unscoped(WHY).select_for_update().filter(unit=unit).first()
    if known is not None and known.at >= at:
        return known
    before = snapshot(known) if known else None
    row, _new = UnitStock.objects.unscoped(WHY).update_or_create(
        unit=unit, defaults={"quantity_t": tonnes, "at": at, "source": source[:120]}
    )
    if known is None or known.quantity_t != tonnes:  # a gauge that says the same again is no change
        record(by, "报告现存量", row, before=before, reason=row.source)
    return row


#: Kinds of place whose people may be counted: the field of `OnSite`, and who may be told of.
PLACES: dict[str, type[Enterprise] | type[ProtectionTarget]] = {"enterprise": Enterprise, "target": ProtectionTarget}
MOST_PEOPLE = 1_000_000


@action("supervision.edit")
def report_people(
    by: Actor, kind: str, place_id: int, people: int, at: datetime, source: str, outdoors: int | None = None
) -> OnSite:
    """Who is at a works ("enterprise") or a protection target ("target") now. An older count than the known one is not kept."""
    if kind not in PLACES:
        raise Invalid("kind", kind, "、".join(PLACES), label="场所类型")
    place = PLACES[kind].objects.visible_to(by, "supervision.edit").one(place_id)
    count = int(real(people, "people", 0, MOST_PEOPLE, "在场人数", "人"))
    outside = None if outdoors is None else int(real(outdoors, "outdoors", 0, count, "室外人数", "人"))
    where: dict[str, Any] = {kind: place}
    known = OnSite.objects.unscoped(WHY).select_for_update().filter(**where).first()
    if known is not None and known.at >= at:
        return known
    values = {
        "area": place.area, "data_class": place.data_class, "people": count, "outdoors": outside, "at": at, "source": source[:120]
    }  # fmt: skip
    before = snapshot(known) if known else None
    row, _new = OnSite.objects.unscoped(WHY).update_or_create(**where, defaults=values)
    if by.user_id is not None:  # what counters tell by themselves stands with the observations
        record(by, "上报在场人数", row, before=before, reason=source[:120])
    return row


def prepared(park: Park, basis: str, before: Before | None = None) -> Assembled:
    condition = ParkCondition.objects.unscoped(WHY).filter(park=park).first()
    try:
        return assemble(park, basis, clock.now(), condition, before)
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label="风险评估输入") from error


@action("simulation.run")
def assess_park(by: Actor, park_id: int, basis: str, reason: str = "人工评估") -> ParkRisk:
    """Work a park's risk out and keep it; says so, and says it louder when a criterion was crossed."""
    if basis not in Basis.values:
        raise Invalid("basis", basis, "、".join(Basis.values), label="口径")
    park = Park.objects.visible_to(by, "simulation.run").one(
        park_id, lock=True
    )  # one at a time: a crossing is told once
    made = prepared(park, basis)
    before = latest_of(park, basis)
    return keep(by, park, basis, reason, columns(made, basis, names_of(made)), before)


def names_of(made: Assembled) -> dict[str, str]:
    return {scenario.id: scenario.name for scenario in made.request.scenarios}


def latest_of(park: Park, basis: str) -> ParkRisk | None:
    return ParkRisk.objects.unscoped(WHY).filter(park=park, basis=basis).order_by("-at", "-pk").first()


def keep(by: Actor, park: Park, basis: str, reason: str, values: dict[str, Any], before: ParkRisk | None) -> ParkRisk:
    row = ParkRisk.objects.create(
        area=park.area, data_class=park.data_class, park=park, basis=basis, at=clock.now(), reason=reason[:200], by=by.name,
        **values,
    )  # fmt: skip
    facts: list[ParkRiskAssessed | ParkRiskCrossed] = [
        ParkRiskAssessed(
            park.pk, row.pk, basis, f"{park.name}{row.get_basis_display()}", row.grade, row.k, park.lon, park.lat
        )
    ]
    crossed = crossing(before, row)
    if crossed:
        broken, why = crossed
        word = "超出风险基准" if broken else "回到风险基准以内"
        facts.append(ParkRiskCrossed(
            park.pk, row.pk, basis, broken, f"{park.name}{word}（{row.get_basis_display()}）", why, row.k, row.at.isoformat(),
            park.lon, park.lat,
        ))  # fmt: skip
    record(by, "评估园区风险", row, *facts, reason=row.reason)
    ParkRisk.objects.unscoped(WHY).filter(
        park=park, basis=Basis.CURRENT, at__lt=clock.now() - timedelta(days=KEEP_CURRENT_DAYS)
    ).delete()
    return row


def broken_by(row: ParkRisk) -> list[str]:
    """What of GB 36894 a row breaks."""
    found = [f"{target['name']}（{target['class']}）" for target in row.targets if not target["passes"]]
    return [*found, "社会风险"] if row.zone == "不可接受区" else found


def crossing(before: ParkRisk | None, row: ParkRisk) -> tuple[bool, str] | None:
    """(is it broken now, by what) when that is news: against an earlier calculation, and where the weather is at work
    only when nothing was broken for `QUIET_H`, as a wind that turns to and fro is one piece of news."""
    if before is None:
        return None
    was, now = set(broken_by(before)), set(broken_by(row))
    if row.basis == Basis.CURRENT and now and not was and lately_broken(row):
        return None
    if now - was and (row.basis == Basis.ANNUAL or not was):
        return True, "、".join(sorted(now - was))
    if was and not now:
        return False, "、".join(sorted(was))
    return None


def lately_broken(row: ParkRisk) -> bool:
    """Was a criterion broken under the present conditions within the last hours."""
    since = row.at - timedelta(hours=QUIET_H)
    rows = ParkRisk.objects.unscoped(WHY).filter(park=row.park, basis=row.basis, at__gte=since).exclude(pk=row.pk)
    return any(broken_by(one) for one in rows.only("targets", "zone"))


def assess_due(by: Actor, at: datetime) -> list[ParkRisk]:
    """The parks whose weather, stock or registers have changed since they were last worked out."""
    found = []
    for park in Park.objects.unscoped("the clockwork serves every park").order_by("pk"):
        for basis in Basis.values:
            row = assess_if_due(by, park, basis, at)
            if row is not None:
                found.append(row)
    return found


def assess_if_due(by: Actor, park: Park, basis: str, at: datetime) -> ParkRisk | None:
    before = latest_of(park, basis)
    if before is not None and abs((at - before.at).total_seconds()) < LEAST_INTERVAL_S:
        return None
    try:
        made = prepared(park, basis, used_by(before, at))
    except Invalid:
        return None  # registers say too little yet; whoever asks for it by hand is told what
    if before is not None and made.fingerprint == before.fingerprint:
        return None
    with transaction.atomic():
        # Every worker has this clockwork: whoever comes second leaves the park alone, or finds it done.
        rows = Park.objects.unscoped(WHY).select_for_update(skip_locked=True, of=("self",), no_key=True)
        if rows.filter(pk=park.pk).first() is None or latest_of(park, basis) != before:
            return None
        return assess_park(by, park.pk, basis, because(before, made))


def used_by(before: ParkRisk | None, at: datetime) -> Before:
    """What the last calculation was made from."""
    if before is None:
        return Before()
    return Before(live.from_json(before.inputs.get("live")), (at - before.at).total_seconds())


def because(before: ParkRisk | None, made: Assembled) -> str:
    """What changed, in words."""
    if before is None:
        return "首次评估"
    words = {
        "day": "昼夜交替",
        "units": "存量或单元变化",
        "rose": "气象变化",
        "targets": "防护目标变化",
        "people": "人口变化",
        "frequency_set": "频率库变化",
        "frequencies": "失效频率变化",
    }
    changed = [word for key, word in words.items() if plain(before.inputs.get(key)) != plain(made.inputs.get(key))]
    return "、".join(changed) or "输入变化"


def plain(value: Any) -> Any:
    """As JSON gives it back: tuples are lists."""
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
