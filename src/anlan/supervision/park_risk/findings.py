"""不符合项: what of GB 36894-2018 a park does not meet, in sentences, for its page and its report."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from anlan.hazards.chemical import criteria
from anlan.supervision.models import ParkRisk

UP = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


Number = Callable[..., str]


def power(value: float, digits: int = 1) -> str:
    """A small number as a page shows it: 7.9×10⁻⁷."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(UP)}"


def plain(value: float, digits: int = 1) -> str:
    """The same on paper, whose Chinese letters have no raised minus: 7.9E-07."""
    return f"{value:.{digits}E}"


def unmet(row: ParkRisk, number: Number = power) -> list[str]:
    """Protection targets over the limit of their class, and where the F-N curve lies in what is not acceptable."""
    found = [
        _("%(name)s（%(kind)s）个人风险 %(risk)s/年，超过限值 %(limit)s/年")
        % {"name": one["name"], "kind": _(one["class"]), "risk": number(one["risk"]), "limit": number(one["limit"], 0)}
        for one in row.targets
        if not one["passes"]
    ]
    over = [(n, f, f * n / criteria.UPPER) for n, f in row.fn if n < criteria.N_CUT and f * n > criteria.UPPER]
    if over:
        number, often, times = max(over, key=lambda point: point[2])
        found.append(
            _("社会风险：一次死亡 %(n)s 人及以上的频率 %(f)s/年，为上限的 %(times)s 倍")
            % {"n": f"{number:.0f}", "f": number(often), "times": f"{times:.2g}"}
        )
    beyond = [f for n, f in row.fn if n >= criteria.N_CUT and f > 0]
    if beyond:
        found.append(
            _("社会风险：一次死亡 %(n)s 人及以上的频率 %(f)s/年，F-N 图在此人数以上均不可接受（截止线待核对）")
            % {"n": criteria.N_CUT, "f": number(max(beyond))}
        )
    return found
