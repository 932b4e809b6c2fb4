"""What a warning could be proposed from, each with the clause: observations, alarms, footprints of engines. Pure.

Nothing is issued by a rule: a proposal becomes a draft only by a person. Signals of the weather service stay 内部研判.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from anlan.monitoring.rules.signals import SIGNALS, Criterion, Signal, Test, flood_warning, weather_signals
from anlan.monitoring.rules.warnings import EVENT_NAMES, is_internal

CODE_OF = {name: code for code, name in EVENT_NAMES.items()}
#: What a hazard engine's footprint is a warning of.
OF_RUN = {"chemical": "12D02", "wildfire": "11G05", "seismic": "11C02", "flood": "11A01"}
#: What an alarm of a station of this kind may be a warning of; alarm priorities are the four colours (应对法 art 63).
OF_STATION = {"gas": "12D02", "tank": "12D02", "hydro": "11A01", "气体": "12D02", "储罐": "12D02", "水文": "11A01"}
#: The figure at the end of a criterion's words, and its unit.
FIGURE = re.compile(r"\s*[≥≤<>]\s*-?[\d.]+\s*([^\s（]+).*$")
COLOUR_OF = {1: "红", 2: "橙", 3: "黄", 4: "蓝"}
ART_63 = "突发事件应对法第六十三条（告警优先级对应四色，本平台规则，待核对）"


@dataclass(frozen=True)
class Proposal:
    """One warning that could be drafted, why, and by which clause."""

    event_code: str
    level: str
    title: str
    reason: str
    clause: str
    run_id: int | None = None

    @property
    def in_house(self) -> bool:
        return is_internal(self.event_code)


def fields() -> dict[str, str]:
    """Every observation that a criterion asks for: name -> what it is, and its unit."""
    found: dict[str, str] = {}
    for rule in SIGNALS.values():
        for criterion in rule.criteria:
            for test in tests_of(criterion):
                found.setdefault(test.field, f"{rule.name}：" + FIGURE.sub(r"（\1）", test.words))
    return found


def tests_of(criterion: Criterion) -> tuple[Test, ...]:
    return (*criterion.every, *criterion.either)


def from_observations(
    seen: Mapping[str, float | None],
    stage: float | None = None,
    alert: float | None = None,
    guarantee: float | None = None,
) -> list[Proposal]:
    """Signals of order No. 16 that these observations prove, and the flood warning of SL 758."""
    signals = [*weather_signals(seen), flood_warning(stage, alert, guarantee)]
    return [proposal(signal) for signal in signals if signal.colour and signal.name in CODE_OF]


def proposal(signal: Signal) -> Proposal:
    return Proposal(
        CODE_OF[signal.name], signal.colour, f"{signal.name}{signal.colour}色", signal.reason, signal.clause
    )


def from_alarm(kind: str, priority: int, title: str) -> Proposal | None:
    """An open alarm; None for stations whose alarms warn nobody outside."""
    code = OF_STATION.get(kind)
    if code is None:
        return None
    return Proposal(code, COLOUR_OF[priority], f"{EVENT_NAMES[code]}{COLOUR_OF[priority]}色", f"告警：{title}", ART_63)


def from_run(kind: str, run_id: int, title: str, people: int) -> Proposal | None:
    """A footprint of an engine: red where people live in it (our rule), else yellow."""
    code = OF_RUN.get(kind)
    if code is None:
        return None
    level = "红" if people >= 1000 else "橙" if people else "黄"
    reason = f"推演：{title}，影响区内约 {people} 人（模型推算）"
    return Proposal(
        code,
        level,
        f"{EVENT_NAMES[code]}{level}色",
        reason,
        "本平台规则：影响人数 ≥1000 红，>0 橙，0 黄（待核对）",
        run_id,
    )
