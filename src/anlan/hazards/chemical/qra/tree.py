"""Event trees: what becomes of a release, and how likely (CPR 18E chapter 4; AQ/T 3046-2013). Branches of a tree add up to 1."""

from __future__ import annotations

import tomllib
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from anlan.hazards.chemical.qra.model import Floats
from anlan.hazards.chemical.substances import Substance

JET, POOL, FIREBALL, FLASH, BLAST, TOXIC, NONE = "喷射火", "池火", "火球", "闪火", "蒸气云爆炸", "中毒", "无伤害"


@cache
def parameters() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "parameters.toml").read_text(encoding="utf-8"))


class Ignition(NamedTuple):
    """A place that may ignite a cloud: probability within 60 s (CPR 18E table 4.A), and the share of time it is there."""

    x: float
    y: float
    within_60s: float
    present: float = 1.0

    def after(self, seconds: float) -> float:
        """P(t) = present (1 - e^(-wt)), w from the probability within 60 s."""
        if self.within_60s >= 1:
            return self.present if seconds > 0 else 0.0
        return float(self.present * (1 - exp(log(1 - self.within_60s) * seconds / 60)))


def fire_class(substance: Substance) -> str | None:
    """Class of CPR 18E table 4.5: "0" extremely flammable, "0-low" of low reactivity, "1" ... "3"; None = does not burn."""
    if substance.lfl_pct is None:
        return None
    table = parameters()["immediate"]
    if substance.key in table["class_2"]:
        return "2"
    if substance.key in table["class_3"]:
        return "3"
    if substance.boiling_c > 35:
        return "1"
    return "0-low" if substance.key in table["low_reactivity"] else "0"


def immediate(substance: Substance, amount: float, at_once: bool) -> float:
    """Probability of immediate ignition of `amount` kg/s, or kg at once."""
    found = fire_class(substance)
    if found is None:
        return 0.0
    table = parameters()["immediate"]
    row = next(row for row in table["at_once" if at_once else "continuous"] if amount <= row[0])
    return float(row[1 + table["classes"].index(found)])


def delayed(inside: Floats, sources: list[Ignition], seconds: float) -> Floats:
    """Probability [weather, wind] that a source inside the cloud [weather, wind, source] ignites it within `seconds`."""
    spared = np.ones(inside.shape[:2])
    for k, source in enumerate(sources):
        spared *= 1 - source.after(seconds) * inside[:, :, k]
    return 1 - spared


def grow(at_once: bool, boiling: bool, toxic: bool, flammable: bool, soon: float, later: Floats) -> dict[str, Floats]:
    """Outcome -> probability [weather, wind]. soon = immediate ignition, later = delayed; boiling: gas or pressurised liquid."""
    whole = np.ones_like(later)
    rest = NONE if not toxic else TOXIC
    if not flammable:
        return {rest: whole}
    shares = parameters()["tree"]
    flash, ball = shares["flash_share"], shares["fireball_share"]
    tree: dict[str, Floats] = {}
    cloud = (1 - soon) * later
    if at_once and boiling:
        tree[FIREBALL] = whole * soon * ball
        cloud = cloud + soon * (1 - ball)
    else:
        tree[JET if boiling else POOL] = whole * soon
    tree[FLASH] = cloud * flash
    tree[BLAST] = cloud * (1 - flash)
    tree[rest] = (1 - soon) * (1 - later)
    return tree
