"""Instrumental intensity, and the footprint of any hazard family."""

from __future__ import annotations

from anlan.cli._engines import pictures
from anlan.cli._engines.contract import Engine, Field, Json, choice, positive
from anlan.hazards import discover
from anlan.hazards.contract import InputError
from anlan.hazards.seismic import degree_of, instrumental_intensity


def instrument(given: Json) -> Json:
    """GB/T 17742-2020 appendix A."""
    value = instrumental_intensity(given["pga_m_s2"], given["pgv_m_s"])
    return {"intensity": value, "degree": degree_of(value), "name": f"{value:g} 度"}


def footprint(given: Json) -> Json:
    """What the map draws for a hazard family."""
    families = discover()
    if given["kind"] not in families:
        raise InputError("kind", given["kind"], "、".join(families))
    return families[given["kind"]].run(given["lon"], given["lat"], given["inputs"]).as_json()


ENGINES: tuple[Engine, ...] = (
    Engine(
        "instrument-intensity", "仪器测定地震烈度", "GB/T 17742-2020 附录 A",
        (positive("pga_m_s2", "峰值加速度", "m/s²"), positive("pgv_m_s", "峰值速度", "m/s")),
        instrument, {"pga_m_s2": 1.95, "pgv_m_s": 0.19}, plot=pictures.instrument,
    ),
    Engine(
        "footprint", "影响范围（一张图所画）", "各灾种 HAZARD 声明",
        (choice("kind", "灾种", tuple(sorted(discover()))), Field("lon", "经度", unit="°", low=-180, high=180),
         Field("lat", "纬度", unit="°", low=-85, high=85), Field("inputs", "灾种输入", "object")),
        footprint,
        {"kind": "chemical", "lon": 106.7014, "lat": 39.4643, "inputs": {"substance": "chlorine", "hole_mm": 25}},
        plot=pictures.zones,
    ),
)  # fmt: skip
