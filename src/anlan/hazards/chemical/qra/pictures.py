"""Pictures of a region's risk, in Chinese: contours with the region, F-N diagram with the lines of GB 36894-2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from math import log10, pi
from typing import Any

import matplotlib as mpl
import matplotlib.figure

from anlan.hazards import sketch
from anlan.hazards.chemical import criteria

FONTS: Any = {"font.sans-serif": ["Noto Sans CJK SC", "Noto Sans CJK JP", "DejaVu Sans"], "axes.unicode_minus": False}
#: Least risk of a colour, 1/y.
COLOURS = {3e-5: "#b3001b", 1e-5: "#e4572e", 3e-6: "#f2a33a", 3e-7: "#f6d55c"}
MODELLED = "模型推算"
#: (N, F) where the name of each zone of the F-N diagram may stand: not acceptable, as low as possible, acceptable.
ZONE_NAMES = (
    ((1.3, 3e-3), (30, 3e-3)),
    ((1.3, 2e-4), (1.3, 1.6e-5), (30, 6e-6), (150, 4e-7)),
    ((1.3, 3e-9), (30, 3e-9)),
)


def colour_of(level: float) -> str:
    return next((colour for least, colour in COLOURS.items() if level >= least * 0.999), "#9fc5e8")


def contour_map(
    axes: Any,
    answer: Mapping[str, Any],
    sources: Sequence[tuple[float, float]] = (),
    targets: Sequence[Mapping[str, Any]] = (),
    outline: Sequence[Sequence[tuple[float, float]]] = (),
) -> None:
    """Contours (metres), outermost first, with the region's outline, its equipment and the protection targets."""
    for one in sorted(answer["contours"], key=lambda row: row["risk"]):
        colour, named = colour_of(one["risk"]), False
        for rings in one["polygons"]:
            for i, ring in enumerate(rings):
                label = f"{power(one['risk'])}/年" if not named else None
                axes.plot([p[0] for p in ring], [p[1] for p in ring], color=colour, lw=1.6, label=label)
                if i == 0:
                    axes.fill([p[0] for p in ring], [p[1] for p in ring], color=colour, alpha=0.14, lw=0)
                named = True
    for ring in outline:
        axes.plot([p[0] for p in ring], [p[1] for p in ring], color="#22313f", lw=1.4, ls="--")
    if sources:
        axes.plot(*zip(*sources, strict=True), "^", color="#22313f", ms=4, label="危险单元")
    if targets:
        axes.plot([t["x"] for t in targets], [t["y"] for t in targets], "s", color="#2a6fb0", ms=4, label="防护目标")
    axes.set_aspect("equal")
    called = [(one["name"], one["x"], one["y"]) for one in targets if one.get("name")]
    sketch.names(axes, called, "#2a6fb0", above=5.0)
    axes.set_xlabel("东 m")
    axes.set_ylabel("北 m")
    axes.set_title(f"个人风险等值线（{MODELLED}）")
    axes.legend(loc="best", fontsize=8)


def fn_diagram(axes: Any, answer: Mapping[str, Any]) -> None:
    """F over N with the two lines and three zones of GB 36894-2018."""
    numbers = [1.0, float(criteria.N_CUT)]
    upper, lower = ([line / n for n in numbers] for line in (criteria.UPPER, criteria.LOWER))
    axes.fill_between(numbers, upper, 1e-1, color="#d9534f", alpha=0.15, lw=0)
    axes.fill_between(numbers, lower, upper, color="#f0ad4e", alpha=0.15, lw=0)
    axes.loglog(numbers, upper, color="#b3001b", label=r"上限 $10^{-3}/N$")
    axes.loglog(numbers, lower, color="#2e7d32", label=r"下限 $10^{-5}/N$")
    axes.axvline(criteria.N_CUT, color="#b3001b", ls=":")
    curve = [(n, f) for n, f in answer["fn"] if f > 0]
    widest = max(2.0 * criteria.N_CUT, *(1.3 * n for n, _ in curve)) if curve else 2.0 * criteria.N_CUT
    axes.axvspan(criteria.N_CUT, widest, color="#d9534f", alpha=0.15, lw=0)
    if curve:
        axes.step(
            [1.0, *(n for n, _ in curve)],
            [curve[0][1], *(f for _, f in curve)],
            where="pre",
            color="#1f4e79",
            lw=2,
            label="本区域",
        )
    axes.set_xlim(1, widest)
    axes.set_ylim(1e-9, 1e-2)
    axes.set_xlabel("死亡人数 N")
    axes.set_ylabel("累积频率 F（次/年）")
    axes.set_title(f"社会风险 F-N 曲线（{MODELLED}）：{answer['fn_zone']}")
    for text, places in zip(reversed(criteria.ZONES), ZONE_NAMES, strict=True):
        x, y = max(places, key=lambda place: clear_of(curve, place))
        axes.text(x, y, text, fontsize=9, color="#555", bbox={"facecolor": "white", "alpha": 0.6, "lw": 0, "pad": 1})
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="upper right", fontsize=8)


def clear_of(curve: Sequence[tuple[float, float]], place: tuple[float, float]) -> float:
    """Decades between a name that begins at `place` and takes about half of one, and the nearest of the curve."""
    x, y = place
    near = [abs(log10(f / y)) for n, f in curve if x / 1.2 <= n <= 4 * x]
    return min(near, default=9.0)


def power(value: float) -> str:
    """3e-07 as a mantissa and a power of ten."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$" if mantissa != "1" else rf"$10^{{{int(exponent)}}}$"


def wind_rose(axes: Any, towards: Sequence[float], probability: Sequence[float]) -> None:
    """How often the wind comes from where, on round axes, north above; `towards` rad counter-clockwise from east."""
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    comes_from = [(1.5 * pi - angle) % (2 * pi) for angle in towards]
    axes.bar(comes_from, probability, width=1.8 * pi / max(8, len(towards)), color="#2a6fb0", alpha=0.75)
    axes.set_xticks([0, pi / 2, pi, 1.5 * pi], ["北", "东", "南", "西"])
    axes.tick_params(labelsize=8)


@contextmanager
def figure(wide: float, high: float) -> Iterator[Any]:
    """A figure with Chinese letters that no window ever shows."""
    with mpl.rc_context(FONTS):
        made = mpl.figure.Figure(figsize=(wide, high), dpi=130, layout="constrained")
        yield made


def rendered(made: Any, kind: str) -> bytes:
    kept = BytesIO()
    made.savefig(kept, format=kind)
    return kept.getvalue()


def picture(draw: Any, wide: float = 7.5, high: float = 6.0, kind: str = "png") -> bytes:
    """One drawing as PNG, PDF or SVG."""
    with figure(wide, high) as made:
        draw(made.subplots())
        return rendered(made, kind)
