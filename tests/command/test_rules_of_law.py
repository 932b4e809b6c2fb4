"""Clauses as truth tables."""

from __future__ import annotations

from datetime import date

import pytest

from anlan.command.rules.content import missing_in_first_report, missing_in_response_start
from anlan.command.rules.hazard_grades import (
    environmental_grade,
    geological_danger_grade,
    geological_disaster_grade,
    near_miss_reasons,
)
from anlan.command.rules.regrading import regrade, report_route, window_days, window_ends
from anlan.command.rules.reporting import informed


@pytest.mark.parametrize(
    ("deaths", "loss", "grade"),
    [
        (0, 999_999, "一般"),
        (3, 0, "较大"),
        (0, 5_000_000, "重大"),
        (30, None, "特别重大"),
        (None, 10_000_000, "特别重大"),
    ],
)
def test_geological_disasters_are_graded_by_the_worse_of_deaths_and_loss(
    deaths: int | None, loss: float | None, grade: str
) -> None:
    assert geological_disaster_grade(deaths, loss).grade == grade


def test_geological_danger_is_graded_by_those_who_must_move() -> None:
    assert [geological_danger_grade(n, None).grade for n in (99, 100, 500, 1000)] == [
        "一般",
        "较大",
        "重大",
        "特别重大",
    ]


def test_environmental_events_are_graded_by_the_worst_of_four_figures() -> None:
    assert environmental_grade(0, 0, 5_000, 0).grade == "较大"
    assert environmental_grade(0, 50, 0, 0).grade == "重大"
    assert environmental_grade(None, None, None, 1e8).grade == "特别重大"


def test_a_near_miss_is_major_by_any_one_reason_and_says_which() -> None:
    assert near_miss_reasons(at_risk=9, trapped=1, missing=1, evacuated=499) == []
    assert len(near_miss_reasons(trapped=1, missing=2, evacuated=500)) == 2
    assert near_miss_reasons(vital_site=True) == ["危及重要场所和设施安全"]


def test_late_deaths_count_within_thirty_days_and_seven_on_the_road() -> None:
    assert regrade(2, 0, 0, [30]).grade == "较大"
    assert regrade(2, 0, 0, [31]).grade == "一般"
    assert regrade(2, 0, 0, [8], "road_traffic").grade == "一般"
    assert window_days("fire") == 7
    assert window_ends(date(2026, 1, 31)) == date(2026, 3, 2)


def test_reports_go_up_by_grade() -> None:
    assert [report_route(g) for g in ("一般", "较大", "重大")] == ["市级", "省级", "国务院部门"]
    with pytest.raises(ValueError, match="特大"):
        report_route("特大")


def test_a_first_report_may_say_unknown_but_not_nothing() -> None:
    said = dict.fromkeys(("unit", "occurred_at", "place", "scene", "course", "casualties", "loss", "measures"), "未知")
    assert missing_in_first_report({**said, "reporter": ""}) == ["报告单位和报告人"]
    assert missing_in_first_report({**said, "reporter": "李某", "casualties": 0}) == []


def test_the_start_of_a_response_states_four_things() -> None:
    assert missing_in_response_start({"matter": "氯气泄漏", "level": "三级"}) == ["预计期限", "应急处置措施"]


def test_of_a_production_accident_police_labour_union_and_prosecutor_are_told() -> None:
    assert informed("12D02") == ("公安机关", "人力资源和社会保障部门", "工会", "人民检察院")
    assert informed("12G01"), "a fire in industry is one, too"
    assert informed("11A05") == informed("13A01") == informed("12H01") == ()
