"""`anlan verify`: cases that hold, cases that do not, and files that hold none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anlan import __main__ as command
from anlan.cli.verify import agrees, of_file


def test_every_vector_of_the_rules_holds(shared: Path) -> None:
    rows = of_file(str(shared / "verification/rules/vectors.json"))
    assert len(rows) == 41
    assert [row for row in rows if not row["pass"]] == []


def test_every_worked_example_of_chemistry_holds(shared: Path) -> None:
    rows = of_file(str(shared / "verification/chemical/examples.json"))
    assert [row["id"] for row in rows if not row["pass"]] == []
    assert len(rows) == 10


def test_our_own_cases_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["verify", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["module"] for row in rows} >= {"chemical", "wildfire", "seismic", "flood"}
    assert all(row["pass"] for row in rows)


def case(**change: object) -> dict[str, object]:
    return {"id": "x", "module": "rain-level", "input": {"rain_mm_24h": 60}, "expected": {"level": "暴雨"}, **change}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (case(expected={"level": "小雨"}), None),
        (case(module="astrology"), "没有模块"),
        (case(input={"rain_mm_24h": -5}), "rain_mm_24h"),
        (case(input=None), "input"),
    ],
)
def test_a_case_that_does_not_hold_fails_alone_and_says_why(
    wrong: dict[str, object], why: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([wrong, case(id="good")]), encoding="utf-8")
    assert command.main(["verify", "--json", str(file)]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [row["pass"] for row in rows] == [False, True]
    assert why is None or why in rows[0]["error"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '[{"id": 1}]', "\x00"])
def test_a_file_without_cases_ends_with_2(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text, encoding="utf-8")
    assert command.main(["verify", str(file)]) == 2
    assert json.loads(capsys.readouterr().err)["field"] == "FILE"


def test_numbers_agree_within_the_tolerance_and_words_exactly() -> None:
    assert agrees({"a": 1.0}, {"a": 1.009, "more": 2}, {"rel": 0.01})
    assert not agrees({"a": 1.0}, {"a": 1.011}, {"rel": 0.01})
    assert not agrees([1, 2], [1], {})
    assert not agrees(1, True, {})
    assert not agrees("红", "橙", {"rel": 9})
