"""The targets of the five-year plan: what is unknown is never zero."""

from __future__ import annotations

import pytest

from anlan.administration.rules.indicators import fire_force_met, rate_fall


def test_the_fire_force_meets_half_a_thousandth_of_the_residents_at_the_very_person() -> None:
    assert [fire_force_met(staff, 558_100) for staff in (279, 280)] == [False, True]
    assert fire_force_met(1, 2_000)
    with pytest.raises(ValueError, match="常住人口为 0"):
        fire_force_met(1, 0)


def test_the_death_rate_falls_against_the_base_year_or_there_is_no_verdict() -> None:
    found = rate_fall((20, 563), (18, 800))
    assert found is not None
    assert (round(found.fall, 4), found.met) == (0.3666, True)
    risen = rate_fall((20, 563), (40, 563))
    assert risen is not None
    assert (risen.fall, risen.met) == (-1.0, False)
    assert rate_fall((0, 563), (0, 800)) is None
    with pytest.raises(ValueError, match="当年地区生产总值为 0"):
        rate_fall((20, 563), (18, 0))
