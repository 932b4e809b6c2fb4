"""Money of enforcement and of reports by the public: the caps and the least sums hold at their edges."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anlan.supervision.rules import concealment_reward, late_fee, tipoff_reward


@pytest.mark.parametrize(("days", "owed"), [(0, 0), (1, 3_000), (33, 99_000), (34, 100_000), (400, 100_000)])
def test_the_late_fee_grows_by_the_day_and_never_beyond_the_fine(days: int, owed: int) -> None:
    assert late_fee(100_000, days) == owed


@pytest.mark.parametrize(
    ("fine", "reward"), [(0, 3_000), (20_000, 3_000), (Decimal("20000.20"), Decimal("3000.03")), (9_000_000, 300_000)]
)
def test_a_tip_off_is_worth_its_share_of_the_fine_within_the_bounds(fine: Decimal, reward: Decimal) -> None:
    assert tipoff_reward(fine) == reward


@pytest.mark.parametrize(
    ("grade", "deaths", "reward"), [("一般", 1, 30_000), ("较大", 9, 300_000), ("特别重大", 5, 300_000)]
)
def test_concealed_deaths_are_rewarded_by_grade_up_to_the_cap(grade: str, deaths: int, reward: int) -> None:
    assert concealment_reward(grade, deaths) == reward


def test_a_negative_sum_and_an_unknown_grade_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="罚款 为 -1"):
        late_fee(-1, 3)
    with pytest.raises(ValueError, match="逾期天数 为 -3"):
        late_fee(100, -3)
    with pytest.raises(ValueError, match="事故等级“很大”"):
        concealment_reward("很大", 1)
