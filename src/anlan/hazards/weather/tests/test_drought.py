"""Drought indices: standard normal where they must be, and in the right direction everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.weather import drought

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
    assert drought.mci(-1, -1, -1, -1) == pytest.approx(-1.3)
    assert drought.mci(-1, -1, -1, -1, season=0) == 0


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("rain_mm", lambda: drought.spi(RAIN[:24])),
        ("rain_mm[3][0]", lambda: drought.spi(np.where(np.arange(720)[:, None] == 3, -1.0, RAIN))),
        ("months", lambda: drought.spi(RAIN, 0)),
        ("pet_mm", lambda: drought.spei(RAIN, RAIN[:, :2])),
        ("latitude", lambda: drought.thornthwaite(TEMP, 80)),
        ("capacity_mm", lambda: drought.palmer(RAIN, RAIN, 5)),
        ("mi30", lambda: drought.mci(0, float("nan"), 0, 0)),
    ],
)
def test_wrong_input_is_refused_by_name(field: str, call: object) -> None:
    with pytest.raises(InputError) as refused:
        call()  # type: ignore[operator]
    assert refused.value.field == field
