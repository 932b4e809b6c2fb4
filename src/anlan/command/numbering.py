"""事件编号与文号: gapless per day and per year, given out under a database lock."""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import connection

from anlan import cities
from anlan.command.models import Incident, Report
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.clock import BEIJING

NUMBER_LOCK = 0x616E6C6E


@cache
def city_key(name: str, default: str) -> str:
    """A word of the `[city]` table of the city package, such as `number_prefix`."""
    text = (cities.folder(settings.CITY) / "city.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text).get("city", {}).get(name, default))


def lock() -> None:
    """One number at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [NUMBER_LOCK])


def incident_number(received_at: datetime) -> str:
    """The next `WH-20261123-001` of that day (Beijing time)."""
    lock()
    stem = f"{city_key('number_prefix', settings.CITY[:2].upper())}-{received_at.astimezone(BEIJING):%Y%m%d}-"
    last = (
        Incident.objects.unscoped(HELD)
        .filter(number__startswith=stem)
        .order_by("-number")
        .values_list("number", flat=True)
    )
    return f"{stem}{int(last[0].removeprefix(stem)) + 1 if last else 1:03d}"


def report_number(at: datetime) -> str:
    """The next `乌应急报〔2026〕12号` of that year."""
    lock()
    stem = f"{city_key('report_prefix', '应急报')}〔{at.astimezone(BEIJING).year}〕"
    numbers = Report.objects.unscoped(HELD).filter(number__startswith=stem).values_list("number", flat=True)
    return f"{stem}{max((int(n.removeprefix(stem).removesuffix('号')) for n in numbers), default=0) + 1}号"
