"""Quantified risk of a chemical park."""

from __future__ import annotations

from typing import Any

from anlan.cli._engines.contract import Engine, Field, Json, choice
from anlan.hazards.chemical.qra import answer


def plotted(axes: Any, given: Json, result: Json) -> None:
    """The contours with equipment and targets."""
    from anlan.hazards.chemical.qra import pictures  # noqa: PLC0415 - matplotlib only when a picture is asked for

    pictures.contour_map(axes, result, [(row["x"], row["y"]) for row in given["scenarios"]], given["targets"] or [])


ENGINES = (
    Engine(
        "qra", "化工园区定量风险", answer.CITATION,
        (Field("grid", "网格", "object"), Field("scenarios", "泄漏场景", "array"), Field("weather", "气象联合频率", "array"),
         Field("population", "人口", "array", default=[]), Field("receptors", "受体", "array", default=[]),
         Field("targets", "防护目标", "array", default=[]), Field("ignition_sources", "点火源", "array", default=[]),
         choice("criteria", "风险基准", ("GB36894-new", "GB36894-existing"), "GB36894-new"),
         choice("wind_sectors", "风向含义：射线或整个扇区", ("ray", "filled"), "ray"),
         Field("return_grid", "返回网格", "boolean", default=False)),
        answer.run, answer.EXAMPLE, plot=plotted,
    ),
)  # fmt: skip
