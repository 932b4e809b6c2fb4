"""What engines and verbs say in Chinese, with its figures, is said in English where English is chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from anlan.hazards.chemical import HAZARD, advice
from anlan.hazards.chemical.qra import equipment
from anlan.web.sentences import CHINESE, in_language, patterns

RELEASES: tuple[dict[str, Any], ...] = (
    {}, {"phase": "liquid", "jet": "horizontal"}, {"phase": "liquid", "jet": "vertical"}, {"phase": "rupture"}, {"wind_m_s": 0.4},
    {"rate_kg_s": 3.0}, {"substance": "methanol", "phase": "liquid", "pressure_mpa": 0.1013},
    {"substance": "ammonia", "height_m": 15},
    {"substance": "carbon_monoxide", "pressure_mpa": 0.5, "inventory_t": 5, "wind_m_s": 6},
    {"substance": "hydrogen_sulphide", "pressure_mpa": 2, "inventory_t": 1, "jet": "vertical", "height_m": 10},
)  # fmt: skip


@pytest.mark.parametrize("more", RELEASES, ids=lambda more: "-".join(map(str, more.values())) or "gas")
def test_all_that_a_release_says_of_itself_has_its_english(more: dict[str, Any]) -> None:
    found = HAZARD.run(
        106.7, 39.4, {"substance": "chlorine", "hole_mm": 50, "inventory_t": 50, "wind_from_deg": 270, **more}
    )
    said = [
        found.model,
        *found.assumptions,
        *found.limits,
        *(t for zone in found.zones for t in (zone.name, zone.meaning)),
    ]
    with translation.override("en"):
        assert [text for text in said if CHINESE.search(in_language(text))] == []
    with translation.override("zh-hans"):
        assert [in_language(text) for text in said] == said


@pytest.mark.parametrize("lasts", [60.0, 600.0, 7200.0, 36_000.0])
def test_every_reason_to_stay_or_to_go_has_its_english(lasts: float) -> None:
    strong, weak = ((100.0, 900.0), (1000.0, 90.0), (5000.0, 5.0)), ((100.0, 9.0), (5000.0, 0.1))
    said = {
        advice.advise(advice.Cloud(axis, lasts, wind, n, 8.7), advice.Spot(far, aside)).why
        for axis in (strong, weak) for wind in (1.0, 5.0) for n in (1.0, 2.75)
        for far in (50.0, 2000.0, 6000.0) for aside in (50.0, 900.0)
    }  # fmt: skip
    with translation.override("en"):
        assert [text for text in sorted(said) if CHINESE.search(in_language(text))] == []


def test_every_size_of_release_and_what_brings_a_wind_has_its_english() -> None:
    said = [f"V-101 {equipment.words(size)}" for size in ("10", "6.4", "10%", "100%", "10min", "rupture")]
    with translation.override("en"):
        assert in_language("V-101 10% 孔径泄漏") == "V-101, hole of 10% of the connection"
        assert [text for text in said if CHINESE.search(in_language(text))] == []
        assert in_language("风向由 253° 转为 180°") == "Wind turned from 253° to 180°"
        assert in_language("存量或单元变化、气象变化") == "Stocks or units changed, Weather changed"


def test_what_nobody_put_into_the_language_stays_and_a_name_in_a_sentence_keeps_its_own() -> None:
    with translation.override("en"):
        assert in_language("甲村、乙村") == "甲村、乙村"
        assert (
            in_language("园区服务中心个人风险达到限值的 3.1 倍")
            == "Individual risk at 园区服务中心 would be 3.1 times its limit"
        )
        assert all(pattern.groups for pattern, _text in patterns("en"))
