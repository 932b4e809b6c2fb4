"""The grid kernel says what the equations say, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.weather.fwi import CLASSIC, EXACT, Day, season
from anlan.hazards.weather.fwi_grid import LIMITS, NAMES
from anlan.hazards.weather.fwi_grid import season as on_grid


def weather(days: int, shape: tuple[int, ...], seed: int = 3) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    size = (days, *shape)
    rain = np.where(random.random(size) < 0.3, random.gamma(0.7, 8, size), 0.0)
    # a hair above each threshold
    rain.flat[::17], rain.flat[5::29], rain.flat[7::31] = 0.5000001, 1.5000001, 2.8000001
    return {"temp_c": random.uniform(-15, 38, size), "rh_pct": random.uniform(0, 100, size),
            "wind_km_h": random.uniform(0, 80, size), "rain_mm": rain}  # fmt: skip


@pytest.mark.parametrize("scale", [CLASSIC, EXACT])
def test_every_code_of_every_day_agrees_with_the_equations(scale: float) -> None:
    given, months = weather(60, (3, 7)), np.repeat([4, 5], 30)
    found = on_grid(**given, months=months, scale=scale)
    for y in range(3):
        for x in range(7):
            days = [Day(*(float(given[n][d, y, x]) for n in LIMITS), int(months[d])) for d in range(60)]
            for d, codes in enumerate(season(days, scale=scale)):
                for name in NAMES:
                    expected = getattr(codes, name)
                    assert getattr(found, name)[d, y, x] == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_the_number_of_workers_and_blocks_changes_nothing() -> None:
    given, months = weather(10, (700,)), np.full(10, 7)
    one, two = (on_grid(**given, months=months, workers=n) for n in (1, 2))
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in NAMES)
    alone = on_grid(**{k: v[:, 300:301] for k, v in given.items()}, months=months)
    assert np.allclose(alone.FWI[:, 0], one.FWI[:, 300], rtol=1e-5)


def test_wind_only_ever_raises_the_danger() -> None:
    given, months = weather(20, (50,)), np.full(20, 7)
    windier = {**given, "wind_km_h": given["wind_km_h"] + 5}
    assert (on_grid(**windier, months=months).ISI >= on_grid(**given, months=months).ISI * 0.999).all()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("rain_mm[2][1]", ("rain_mm", -1.0)),
        ("temp_c[2][1]", ("temp_c", np.nan)),
        ("rh_pct[2][1]", ("rh_pct", 101.0)),
        ("wind_km_h", ("wind_km_h", None)),
    ],
)
def test_holes_negative_rain_and_other_shapes_are_refused(field: str, change: tuple[str, float | None]) -> None:
    given = weather(5, (4,))
    name, value = change
    if value is None:
        given[name] = given[name][:, :3]
    else:
        given[name][2, 1] = value
    with pytest.raises(InputError) as refused:
        on_grid(**given, months=np.full(5, 6))
    assert refused.value.field == field
    with pytest.raises(InputError, match="months"):
        on_grid(**weather(5, (4,)), months=np.full(4, 6))
