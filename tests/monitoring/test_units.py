"""The house's table of units against pint's definitions: every unit, into every other of its kind."""

from __future__ import annotations

import pint
import pytest

from anlan.monitoring.rules.quality import UNITS, conversion

#: What pint calls a unit; what is not here has the same name there. Its ppm, % and ‰ are plain numbers, as ours are.
NAMES = {
    "℃": "degC", "°C": "degC", "K": "kelvin", "°F": "degF", "m3/s": "m**3/s", "m3/h": "m**3/hour", "L/s": "liter/s",
    "L/min": "liter/minute", "L/h": "liter/hour", "m3/d": "m**3/day", "km/h": "km/hour", "mg/L": "mg/liter", "g/L": "g/liter",
    "ug/L": "ug/liter", "mg/m3": "mg/m**3", "ug/m3": "ug/m**3", "g/m3": "g/m**3", "%": "percent", "%VOL": "percent",
    "‰": "permille", "h": "hour", "min": "minute", "d": "day", "ft": "foot", "in": "inch", "mH2O": "meter_H2O", "kn": "knot",
    "mph": "mile/hour", "mm/h": "mm/hour", "mm/min": "mm/minute", "m/s2": "m/s**2", "cm/s2": "cm/s**2", "gal": "cm/s**2",
    "m3": "m**3", "L": "liter", "t": "metric_ton", "kg/h": "kg/hour", "t/h": "metric_ton/hour", "uS/cm": "uS/cm", "°": "degree",
    "rad": "radian", "rpm": "1/minute", "Hz": "1/second", "km2": "km**2", "hm2": "hectare", "m2": "m**2",
}  # fmt: skip
#: Not in its tables, written out: parts by volume, and the conventional metre of water (9.80665 kPa).
DEFINED = ("permille = 1e-3", "meter_H2O = 9806.65 pascal", "part_per_billion = 1e-9 = ppb")
#: A share of an explosive limit is a share of something that differs from gas to gas: converts into itself only.
ALONE = {"%LEL"}


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry[float]:
    found: pint.UnitRegistry[float] = pint.UnitRegistry()
    for line in DEFINED:
        if line.split(" ", 1)[0] not in found:
            found.define(line)
    return found


def test_every_conversion_is_that_of_pint(registry: pint.UnitRegistry[float]) -> None:
    kinds: dict[str, list[str]] = {}
    for unit, (kind, _, _) in UNITS.items():
        if unit not in ALONE:
            kinds.setdefault(kind, []).append(unit)
    pairs = [(here, there) for units in kinds.values() for here in units for there in units if here != there]
    assert len(pairs) > 250
    for here, there in pairs:
        factor, offset = conversion(here, there)
        for value in (0.0, 12.5):
            wanted = registry.Quantity(value, NAMES.get(here, here)).to(NAMES.get(there, there)).magnitude
            assert value * factor + offset == pytest.approx(wanted, rel=1e-6, abs=1e-9), f"{here} -> {there}"
