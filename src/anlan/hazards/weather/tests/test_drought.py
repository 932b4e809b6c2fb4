"""Drought indices: standard normal where they must be, and in the right direction everywhere."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.weather import drought, mci

RANDOM = np.random.default_rng(11)
YEARS = 60
RAIN = RANDOM.gamma(2.0, 15.0, (YEARS * 12, 4)) * (1 + np.sin(np.arange(YEARS * 12) / 12 * 2 * np.pi))[:, None]
TEMP = 10 - 15 * np.cos(np.arange(YEARS * 12) / 12 * 2 * np.pi)[:, None] + RANDOM.standard_normal((YEARS * 12, 4))


@pytest.mark.parametrize("months", [1, 3, 12])
def test_spi_is_a_standard_normal_deviate(months: int) -> None:
    found = drought.spi(RAIN, months)
    assert np.isnan(found[: months - 1]).all()
    known = found[months - 1 :]
    assert np.isfinite(known).all()
    assert abs(known.mean()) < 0.05
    assert known.std() == pytest.approx(1, abs=0.05)


def test_spi_of_a_gamma_month_is_its_exact_deviate() -> None:
    from_shape = np.random.default_rng(5).gamma(3.0, 20.0, (400 * 12,))
    found = drought.spi(from_shape, 1)
    january = np.sort(from_shape[::12])
    middle = found[::12][np.argsort(from_shape[::12])][200]
    assert abs(middle) < 0.15
    assert january[200] == pytest.approx(53.5, abs=6)


def test_a_dry_desert_winter_is_no_error_and_no_drought() -> None:
    rain = RAIN.copy()
    rain[::12] = 0.0
    found = drought.spi(rain, 1)
    assert np.isfinite(found).all()
    assert (np.abs(found[::12]) < 0.7).all()


def test_spei_is_standard_and_falls_with_heat() -> None:
    pet = drought.thornthwaite(TEMP, 39.5)
    found = drought.spei(RAIN, pet, 6)[5:]
    assert abs(found.mean()) < 0.05
    assert found.std() == pytest.approx(1, abs=0.07)
    hot = TEMP.copy()
    hot[-24:] += 6
    hotter = drought.spei(RAIN, drought.thornthwaite(hot, 39.5), 6)
    assert hotter[-12:].mean() < drought.spei(RAIN, pet, 6)[-12:].mean()


def test_thornthwaite_gives_the_printed_order_of_evaporation() -> None:
    pet = drought.thornthwaite(np.tile([-8, -4, 3, 11, 18, 23, 25, 23, 17, 9, 1, -6.0], 30), 39.5)[:12]
    assert pet[0] == 0
    assert pet.argmax() == 6
    # about 700 mm a year for a cold steppe of this warmth
    assert 600 < pet.sum() < 850


def test_the_palmer_index_follows_a_dry_spell_and_recovers() -> None:
    pet = drought.thornthwaite(TEMP, 39.5)
    rain = RAIN.copy()
    rain[480:504] *= 0.2
    found = drought.palmer(rain, pet)
    assert found.x[495].mean() < -3
    assert abs(found.x[:480].mean()) < 1.0
    assert found.x[560].mean() > found.x[503].mean() + 1
    flows = drought.balance(rain, pet, 150.0)
    stored = rain - flows["et"] - flows["runoff"] - flows["recharge"] + flows["loss"]
    assert np.abs(stored).max() < 1e-9


@pytest.mark.parametrize(
    ("value", "name"),
    [(-2.0, "特旱"), (-1.99, "重旱"), (-1.5, "重旱"), (-1.0, "中旱"), (-0.5, "轻旱"), (-0.49, "无旱")],
)
def test_the_classes_of_the_standard(value: float, name: str) -> None:
    assert drought.drought_class(value) == name


def test_the_composite_index_weighs_as_the_standard_says() -> None:
    assert mci.mci(-1, -1, -1, -1) == pytest.approx(-1.3)
    assert mci.mci(-1, -1, -1, -1, season=0) == 0


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("rain_mm", lambda: drought.spi(RAIN[:24])),
        ("rain_mm[3][0]", lambda: drought.spi(np.where(np.arange(720)[:, None] == 3, -1.0, RAIN))),
        ("months", lambda: drought.spi(RAIN, 0)),
        ("pet_mm", lambda: drought.spei(RAIN, RAIN[:, :2])),
        ("latitude", lambda: drought.thornthwaite(TEMP, 80)),
        ("capacity_mm", lambda: drought.palmer(RAIN, RAIN, 5)),
        ("mi30", lambda: mci.mci(0, float("nan"), 0, 0)),
    ],
)
def test_wrong_input_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field


def days(dry: int = 0, years: int = 30) -> tuple[date, list[float], list[float]]:
    """A steppe's record: showers from May to September, its last `dry` days without."""
    first, count = date(1996, 1, 1), years * 365 + 7 + 200
    random = np.random.default_rng(3)
    month = np.array([(first + timedelta(days=i)).month for i in range(count)])
    rain = np.where(
        random.random(count) < np.where((month > 4) & (month < 10), 0.25, 0.04), random.gamma(0.8, 6.0, count), 0.0
    )
    rain[count - dry :] = 0.0
    return first, rain.tolist(), (10 - 15 * np.cos((month - 1) / 12 * 2 * np.pi)).tolist()


def test_the_composite_index_falls_in_a_dry_summer_and_sleeps_in_winter() -> None:
    usual, dried = (mci.composite(*days(dry), ends=[-1, -60]) for dry in (0, 75))
    assert usual.days[0].month == 7
    assert dried.mci[0] < -1.5 < usual.mci[0]
    assert dried.mci[0] == pytest.approx(
        1.2 * (0.3 * dried.spiw60[0] + 0.5 * dried.mi30[0] + 0.3 * dried.spi90[0] + 0.2 * dried.spi150[0])
    )
    assert dried.mi30[0] == -1, "no rain at all"
    winter = mci.composite(*days(), ends=[-200])
    assert (winter.days[0].month, winter.mci[0]) == (12, 0.0)


def test_parts_of_the_composite_index_are_deviates_among_the_same_days_of_all_years() -> None:
    first, rain, temp = days()
    found = mci.composite(first, rain, temp, ends=range(-365 * 20, 0, 7))
    for part in (found.spiw60, found.spi90, found.spi150):
        assert abs(part.mean()) < 0.25
        assert part.std() == pytest.approx(1, abs=0.25)
    with pytest.raises(InputError, match="缺测不能当 0"):
        mci.composite(first, [*rain[:-1], float("nan")], temp)
    with pytest.raises(InputError, match="rain_mm"):
        mci.composite(first, rain[:5000], temp[:5000])
