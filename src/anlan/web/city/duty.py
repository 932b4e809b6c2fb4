"""值班表: shifts by rotation around a day, so that somebody is on duty today and on the day of a story of 2014."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import Report, import_rows
from anlan.kernel.models import Organisation

ROLES = (("leaders", "带班领导"), ("officers", "值班员"))


def ensure(by: Actor, rule: dict[str, Any], around: datetime) -> Report:
    """Shifts from `days_before` to `days_after` of `around`; those that are there stay as they are."""
    return import_rows(by, REGISTERS["shifts"], list(shifts(rule, around))) if rule else Report()


def shifts(rule: dict[str, Any], around: datetime) -> Iterator[dict[str, str]]:
    start = time.fromisoformat(rule["start"])
    areas = {row.code: row.area for row in Organisation.objects.unscoped("the roster's desks").select_related("area")}
    for offset in range(-int(rule["days_before"]), int(rule["days_after"]) + 1):
        day = around.astimezone(clock.BEIJING).date() + timedelta(days=offset)
        begin = datetime.combine(day, start, clock.BEIJING)
        for desk in rule["desk"]:
            area = areas[desk["organisation"]]
            for key, title in ROLES:
                people = desk[key]
                yield {
                    "code": f"{desk['organisation']}-{day:%Y%m%d}-{key}",
                    "organisation": desk["organisation"],
                    "person": people[day.toordinal() % len(people)],
                    "role": title,
                    "start": begin.isoformat(),
                    "end": (begin + timedelta(hours=rule["hours"])).isoformat(),
                    "area": f"{area.code_system}:{area.code}",
                    "representative": "是" if rule.get("representative") else "否",
                }
