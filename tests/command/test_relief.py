"""Which level of relief response a disaster's figures reach: the national table, row by row."""

from __future__ import annotations

import pytest

from anlan.command.rules.relief import LEVELS, NATIONAL, relief_response


@pytest.mark.parametrize("name", NATIONAL)
def test_each_level_begins_at_its_figure_and_not_one_below(name: str) -> None:
    for level, least in zip(LEVELS, NATIONAL[name].least, strict=True):
        found, below = relief_response({name: least}), relief_response({name: least - 1})
        assert found is not None
        assert found.level == level
        assert below is None or LEVELS.index(below.level) < LEVELS.index(level)


def test_any_one_figure_decides_and_says_so() -> None:
    found = relief_response({"dead_missing": 3, "relocated_need": 600_000, "rooms": 12_000, "households": None})
    assert found is not None
    assert (found.level, found.reasons) == ("三级", ("紧急转移安置和需紧急生活救助人口 600000 人 ≥ 500000 人",))
    assert "国办函〔2024〕11号" in found.basis


def test_what_is_unknown_is_not_zero_and_what_is_wrong_is_named() -> None:
    assert relief_response({}) is None
    assert relief_response({"dead_missing": None}) is None
    with pytest.raises(ValueError, match="死亡失踪人口 -1 人，应不小于 0 人"):
        relief_response({"dead_missing": -1})
    with pytest.raises(ValueError, match="没有指标 ghosts"):
        relief_response({"ghosts": 1})
