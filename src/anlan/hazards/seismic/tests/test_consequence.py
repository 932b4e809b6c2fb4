"""Conditioning, losses, aftershocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.contract import InputError, Residents
from anlan.hazards.raster import Raster
from anlan.hazards.seismic import HAZARD, aftershocks, loss, site
from anlan.hazards.seismic.field import Observation, field, gathered, station
from anlan.hazards.seismic.rupture import estimated

ALXA = (106.3, 39.8)
TOWN = Residents(1, "海勃湾", [106.80, 106.82], [39.66, 39.68], [170_000, 171_000], 703)


def test_a_station_pulls_the_field_to_what_it_read_and_less_the_farther() -> None:
    rupture = estimated(5.8, *ALXA)
    plain = field(rupture)
    read = Observation(106.7, 39.6, plain.at(106.7, 39.6) + 1.0)
    moved = field(rupture, seen=[read])
    gain = moved.intensity - plain.intensity
    assert moved.at(106.7, 39.6) - plain.at(106.7, 39.6) == pytest.approx(0.98, abs=0.06)
    assert gain.max() == pytest.approx(
        gain[np.abs(moved.lat - 39.6).argmin(), np.abs(moved.lon - 106.7).argmin()], abs=0.01
    )
    assert 0.2 < gain.min() < 0.5  # what the whole event shares
    assert moved.sigma.min() < 0.2 < plain.sigma.min()


def test_many_reports_of_one_place_weigh_more_than_one() -> None:
    one, many = gathered([(106.8, 39.6, 6)]), gathered([(106.8, 39.6, 6)] * 16)
    assert len(one) == len(many) == 1
    assert many[0].noise == pytest.approx(one[0].noise / 4)
    assert station(106.8, 39.6, 2.0, None).noise > station(106.8, 39.6, 2.0, 0.2).noise


@settings(max_examples=15, deadline=None)
@given(st.floats(5.0, 11.0), st.floats(0.1, 1.0), st.booleans())
def test_harder_shaking_never_harms_fewer_and_quantiles_keep_their_order(
    degree: float, more: float, night: bool
) -> None:
    first, second = (
        loss.losses(loss.binned([d], [100_000]), [loss.Town()], 0.35, 0.4, night, 400)
        for d in (degree, min(degree + more, 12))
    )
    for name in ("deaths", "serious", "injured", "homeless", "loss_yuan"):
        a, b = first.of(name), second.of(name)
        assert 0 <= a["p10"] <= a["p50"] <= a["p90"]
        assert b["p50"] >= a["p50"] - 1e-9 or name in ("homeless",)
    assert sum(first.floor_m2.values()) == pytest.approx(100_000 * 35, rel=1e-6)


def test_at_night_more_people_die_and_an_older_town_suffers_more() -> None:
    people = loss.binned([8.0], [100_000])
    old = loss.Town(mix={"A": 0.6, "B": 0.4})
    by_day, by_night = (loss.losses(people, [old], 0.3, 0.3, night) for night in (False, True))
    new = loss.losses(people, [loss.Town(mix={"D": 1.0})], 0.3, 0.3)
    assert by_night.of("deaths")["p50"] == pytest.approx(4 * by_day.of("deaths")["p50"], rel=0.25)
    assert new.of("deaths")["p90"] < by_day.of("deaths")["p10"]
    assert loss.needs(by_day)["tents"]["p50"] == np.ceil(by_day.of("homeless")["p50"] / 4)


def test_towns_of_one_kind_taken_together_lose_what_one_town_of_both_loses() -> None:
    two = loss.binned([7.0, 8.0], [60_000, 40_000], [0, 1], 2)
    apart = loss.losses(two, [loss.Town(per_km2=600), loss.Town(per_km2=900)], 0.3, 0.3)
    whole = loss.losses(loss.binned([7.0, 8.0], [60_000, 40_000]), [loss.Town(per_km2=700)], 0.3, 0.3)
    for name, row in whole.figures.items():
        assert apart.of(name) == pytest.approx(row)


def test_communities_losses_needs_and_advice_follow_what_stations_read() -> None:
    weak = HAZARD.impact(*ALXA, {"magnitude": 5.8}, [TOWN])  # type: ignore[misc]
    read = {"magnitude": 5.8, "readings": [[106.81, 39.67, 2.0, 0.2]], "reports": [[106.8, 39.66, 7.0]]}
    strong = HAZARD.impact(*ALXA, read, [TOWN])  # type: ignore[misc]
    assert weak["communities"][0]["intensity"] < 5.6 < 7 < strong["communities"][0]["intensity"]
    assert strong["losses"]["homeless"]["p50"] > 10 * max(weak["losses"]["homeless"]["p50"], 1)
    assert sum(weak["people_by_degree"].values()) == 341_000
    assert all(line["source"] for line in strong["advice"])
    assert any("帐篷" in line["text"] for line in strong["advice"])
    with pytest.raises(InputError, match=r"readings\[0\]\.pga"):
        HAZARD.run(*ALXA, {"magnitude": 5.8, "readings": [[106.81, 39.67, 900.0, 0.2]]})


def test_aftershocks_seen_so_far_move_the_forecast_their_way() -> None:
    plain = aftershocks.forecast(6.2, 4.0, 1.0, 8.0)
    usual = round(aftershocks.expected(aftershocks.GENERIC, 6.2, 3.0, 0.0, 1.0))
    few, many = (aftershocks.fit(6.2, 3.0, [0.5] * n, [3.2] * n, 1.0) for n in (0, 14))
    assert usual > 20
    quiet, lively = (aftershocks.forecast(6.2, 4.0, 1.0, 8.0, sequence) for sequence in (few, many))
    assert quiet.expected < lively.expected < plain.expected
    assert quiet.p90 <= lively.p90 <= plain.p90
    assert plain.p10 <= plain.p50 <= plain.p90
    with pytest.raises(InputError, match="stop_d"):
        aftershocks.forecast(6.2, 4.0, 8.0, 1.0)


def test_people_on_soft_ground_of_a_survey_are_shaken_harder_and_the_result_says_whose_survey_it_is() -> None:
    soft = Raster(106.70, 39.60, 0.01, 0.01, np.full((12, 15), 200.0), "场地图（甲院 2024）")
    given = {"magnitude": 5.8, "ground": {"vs30_m_s": soft}}
    plain, moved = (HAZARD.impact(*ALXA, one, [TOWN]) for one in ({"magnitude": 5.8}, given))
    # class III at 0.05 to 0.1 g: 3.17 lg 1.25 to 1.3, of figures rounded to a tenth
    gain = moved["communities"][0]["intensity"] - plain["communities"][0]["intensity"]
    assert 0.2 <= gain <= 0.45
    assert moved["losses"]["homeless"]["p50"] > plain["losses"]["homeless"]["p50"]
    said, unsaid = (HAZARD.run(*ALXA, one).assumptions for one in (given, {"magnitude": 5.8}))
    assert any("甲院 2024" in line and "待核对" in line for line in said)
    assert any("没有场地图" in line and "500" in line for line in unsaid)


def test_the_slope_of_heights_stands_in_for_a_survey_where_it_is_fine_enough() -> None:
    """Allen & Wald 2009: 5 % is 490 m/s, a salt flat 180, nothing beyond 760; a survey goes before it."""
    assert np.allclose(site.by_slope(np.array([0.0, 3e-4, 0.05, 0.14, 2.0])), [180, 180, 490, 760, 760])
    step = 1 / 1200
    east = np.arange(120) * step * 111_195 * np.cos(np.radians(39.65)) * 0.05
    heights = Raster(106.7, 39.6, step, step, np.tile(1100 + east, (120, 1)), "高程")
    found = site.of_heights(heights)
    assert found is not None
    assert found.values == pytest.approx(490, rel=0.01)
    assert found.at(np.array([106.75]), np.array([39.65])) == pytest.approx(490, rel=0.01)
    assert site.of_heights(Raster(106.0, 39.0, 1 / 12, 1 / 12, np.ones((9, 9)))) is None
    both = site.of_rasters(
        {"elevation_m": heights, "vs30_m_s": Raster(106.7, 39.6, 0.02, 0.02, np.full((2, 2), 300.0))}, 400
    )
    here = both.at(np.array([106.71, 106.78, 107.5]), np.array([39.61, 39.68, 39.61]))
    assert here == pytest.approx([300, 490, 400], rel=0.01)
