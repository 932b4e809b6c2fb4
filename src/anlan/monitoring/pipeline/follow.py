"""Rules over rules and silence in a process of their own, when evaluators share the log: they follow the alarms and the
latest values in the database instead of the readings. A member's alarm that came and went between two looks is missed
by these rules; it stays an alarm of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

import numpy as np
from django.db import connection

from anlan.monitoring.models import AlarmRule, RuleKind
from anlan.monitoring.pipeline import scope as scopes
from anlan.monitoring.pipeline.engine import DEPTH, Engine
from anlan.monitoring.pipeline.newest import SWEEP_S
from anlan.monitoring.rules.alarms import Change, What

#: Looking who was heard costs a read of the latest values: at most this part of the time.
HEARING_PART = 0.1
#: Newest values may reach their table so much later than those that were received after them, ms.
LAG_MS = round(2000 * SWEEP_S)
HEARD = """
select datastream_id, (extract(epoch from received_at) * 1000)::bigint from monitoring_latest where received_at > %s
"""


def follow(engine: Engine, now_ms: int) -> None:
    """Bring rules over rules to what holds in the database now, and note who was heard."""
    engine.held = engine.open_targets()
    uppers = {rule.pk: rule for rules in engine.scope.dependants.values() for rule in rules}.values()
    for _ in range(DEPTH):
        changes = [found for upper in uppers for found in judged(engine, upper, now_ms)]
        for change, station in changes:
            engine.apply_one(change, station)
        if not changes:
            break
    hear(engine)


def judged(engine: Engine, upper: AlarmRule, now_ms: int) -> Iterable[tuple[Change, scopes.Place]]:
    """The changes of one rule over rules."""
    stations = concerned(engine, upper)
    if upper.kind != RuleKind.COMPOSITE and upper.group_by == "area":
        stations = stations[:1]
    for station in stations:
        change = engine.judge(upper, station, Change(What.RAISE, 0, "", now_ms, now_ms))
        if change is not None:
            yield change, station


def concerned(engine: Engine, upper: AlarmRule) -> list[scopes.Place]:
    """Stations where a member rule holds, or the rule itself; for a rule that may hold without any, all it covers."""
    covered = (place for place in engine.scope.places.values() if scopes.covers(upper, place.path, place.kind))
    if upper.kind == RuleKind.COMPOSITE:
        return list(covered)
    members = {rule.pk for rule in engine.scope.rules.values() if rule.code in upper.members} | {upper.pk}
    targets = {target for rule in members for target in engine.held.get(rule, ())}
    found = {
        place.pk: place
        for target in sorted(targets)
        if (place := engine.scope.place_of(target)) and scopes.covers(upper, place.path, place.kind)
    }
    if not found and f"a{upper.area_id}" in targets:
        return list(covered)[:1]
    return list(found.values())


def hear(engine: Engine) -> None:
    """Who reported since the last look."""
    now = time.monotonic()
    if now < engine.hear_again_at:
        return
    with connection.cursor() as cursor:
        cursor.execute(HEARD, [engine.heard_until - timedelta(milliseconds=LAG_MS)])
        table = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
        cursor.execute("select max(received_at) from monitoring_latest")
        engine.heard_until = cursor.fetchone()[0] or engine.heard_until
    engine.hear(table[:, 0].astype(np.int32), table[:, 1])
    spent = time.monotonic() - now
    engine.hear_again_at = now + spent / HEARING_PART
