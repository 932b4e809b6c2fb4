"""Exercises beside reality: never counted, never likened, never merged with what really happened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from anlan.command import actions
from anlan.command.assessment.brief import like_before
from anlan.command.duty import bulletins, intake
from anlan.command.layers import incident_feature
from anlan.command.models import Incident
from anlan.command.rules.duplicates import Account
from anlan.kernel import clock
from anlan.kernel.errors import Conflict
from tests.command.conftest import START, Stage, opened

HOUR = START + timedelta(hours=1)


def drilled(stage: Stage, **details: object) -> Incident:
    """The same leak, opened while a scenario set the clock."""
    row = opened(stage, 1, exercise=True, **details)
    assert row.exercise
    return row


def test_a_scenarios_clock_and_a_sandbox_make_an_exercise(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not opened(stage).exercise
    monkeypatch.setenv("ANLAN_SANDBOX", "spring")
    assert opened(stage, 2).exercise


def test_the_days_report_counts_what_happened_and_nothing_else(stage: Stage) -> None:
    opened(stage, deaths=1)
    row = drilled(stage, deaths=30, title="演练用泄漏")
    with clock.standing_at(HOUR):
        for _ in range(2):
            actions.take_call(stage.officer, outcome="joined", caller="甲 139", text="闻到异味", incident_id=row.pk)
        said = bulletins.of_day(stage.city.city, HOUR)
    assert "新增突发事件 1 起" in said["event"]
    assert "接报 0 起" in said["event"]
    assert "演练用泄漏" not in said["event"]
    assert "死亡 1 人" in said["casualties"]
    assert "处置中事件 1 起" in said["action"]


def test_a_real_call_is_not_taken_for_a_drills_event(stage: Stage) -> None:
    row = drilled(stage)
    mine = Account(row.lon, row.lat, HOUR, "某化工厂液氯泄漏", "12D02")
    assert intake.alike(stage.officer, mine, HOUR) == []
    real = opened(stage, 2)
    assert [one.incident.pk for one in intake.alike(stage.officer, mine, HOUR)] == [real.pk]


def test_what_was_drilled_is_no_past_event_of_a_real_one(stage: Stage) -> None:
    real, drill, before = opened(stage, 3), drilled(stage), opened(stage)
    Incident.everything.filter(pk__in=[drill.pk, before.pk]).update(status="closed")
    assert [one.pk for one, _ in like_before(stage.officer, real)] == [before.pk]
    assert [one.pk for one, _ in like_before(stage.officer, drilled(stage))] == [drill.pk]


def test_they_are_not_merged_and_what_is_split_off_a_drill_stays_one(stage: Stage) -> None:
    real, drill = opened(stage), drilled(stage)
    with clock.standing_at(HOUR):
        with pytest.raises(Conflict, match="一为演练") as refused:
            actions.merge_incident(stage.officer, drill.pk, real.pk, "同一起")
        assert refused.value.details["rule"] == "演练与实况不得合并"
        part = actions.split_incident(stage.officer, drill.pk, "另一处起火", "12G01", "分开处置")
    assert part.exercise
    assert incident_feature(drill)["properties"]["name"] == "【演练】某化工厂液氯泄漏"
