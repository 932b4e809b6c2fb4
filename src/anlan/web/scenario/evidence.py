"""Proof that a link of the chain happened: what the database holds, not what an answer said."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

Row = dict[str, Any]
LOOK_S = 0.05


class Missing(Exception):
    """A link that should be there is not."""


def rows(sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(sql: str, parameters: Sequence[Any] = ()) -> Row | None:
    found = rows(sql, parameters)
    return found[0] if found else None


def wait(
    what: str, sql: str, parameters: Sequence[Any] = (), seconds: float = 20.0, broken: Callable[[], str] = str
) -> Row:
    """The first row, as soon as there is one. `broken` tells why waiting on is useless ("" = go on)."""
    deadline = time.monotonic() + seconds
    while True:
        found = one(sql, parameters)
        if found is not None:
            return found
        if reason := broken():
            raise Missing(f"{what}：{reason}")
        if time.monotonic() > deadline:
            raise Missing(f"{what}：{seconds:.0f} 秒内数据库里没有出现")
        time.sleep(LOOK_S)


OBSERVED = """
select count(*) as readings, max(o.received) as at from observation o
join monitoring_datastream d on d.id = o.stream join monitoring_station s on s.id = d.station_id
where s.address = any(%s) and o.at >= %s having count(*) > 0"""
ALARM = """
select a.id, a.title, a.value, a.unit, a.raised_at, a.correlation_id, a.lon, a.lat from monitoring_alarm a
join monitoring_alarmrule r on r.id = a.rule_id where r.code = %s and a.raised_at >= %s order by a.raised_at limit 1"""
EVENT = """
select id, title, magnitude, at, correlation_id, lon, lat from monitoring_hazardevent
where kind = %s and natural_key like %s order by id limit 1"""
ACKNOWLEDGED = "select id from monitoring_alarm where id = %s and acknowledged_at is not null"
CLEARED = "select id, cleared_at from monitoring_alarm where id = %s and cleared_at is not null and not active"
RESET = "select id from monitoring_alarm where id = %s and state = 'normal'"
INCIDENT = "select id, number, status, suggested_grade, received_at from command_incident where correlation_id = %s"
STATUS = "select id, number from command_incident where id = %s and status = %s"
FACTOR = "select factors -> %s ->> 'value' as value from command_incident where id = %s and factors ? %s"
RUN = "select id, model, took_ms from simulation_run where correlation_id = %s"
RESPONSE = "select id, level from command_response where incident_id = %s and state = 'active'"
TASKS = "select count(*) as tasks from command_task where incident_id = %s and issued_at is not null having count(*) > 0"
TASK_STATE = "select id from command_taskstep where task_id = %s and state = %s"
NOTICES = """
select count(*) as notices from gateways_outgoingmessage where correlation_id = %s and purpose = any(%s)
and finished_at is not null having count(*) > 0"""
WARNING = "select id from monitoring_warning where id = %s and state = %s"
TELLING = """
select count(*) as told from gateways_outgoingmessage where subject_type = 'monitoring.Warning' and subject_id = %s
and finished_at is not null having count(*) > 0"""
POSITION = "select id from resources_team where id = %s and position_at is not null and readiness = 'dispatched'"
REPORT = "select id from command_report where id = %s and {}"
REVIEW = "select id from command_review where incident_id = %s"
JOURNAL = "select count(*) as entries from kernel_journalentry where correlation_id = %s having count(*) > 0"
WAY = """
select t.route, t.eta_min, t.team_id, m.lon, m.lat from command_task t
join resources_team m on m.id = t.team_id where t.id = %s"""
STILL_ACTIVE = """
select a.id from monitoring_alarm a join monitoring_station s on s.id = a.station_id
where s.address = any(%s) and a.active limit 1"""
LATEST = """
select max(l.at) as at from monitoring_latest l join monitoring_datastream d on d.id = l.datastream_id
join monitoring_station s on s.id = d.station_id where s.address = any(%s)"""
