"""Standard fuel models: Anderson's 13 (INT-122, 1982) and Scott & Burgan's 40 (RMRS-GTR-153, 2005), US units as printed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anlan.hazards.contract import InputError

#: lb/ft2 in one short ton per acre.
TON_PER_ACRE = 2000 / 43_560
NON_BURNABLE = {91: "城镇", 92: "冰雪", 93: "农田", 98: "水面", 99: "裸地"}


@dataclass(frozen=True)
class Fuel:
    """Loads lb/ft2, surface-to-volume 1/ft, depth ft, moisture of extinction as a fraction, heat Btu/lb."""

    number: int
    code: str
    depth: float
    extinction: float
    load_1h: float
    load_10h: float
    load_100h: float
    load_herb: float
    load_woody: float
    sav_1h: float
    sav_herb: float
    sav_woody: float
    heat: float = 8000.0

    @property
    def dynamic(self) -> bool:
        """Live grass cures into dead grass (all of GTR-153, none of INT-122)."""
        return self.number > 100


#: number: depth, extinction, loads 1 h, 10 h, 100 h, live (lb/ft2), SAV 1 h. INT-122 prints one live class, SAV 1500.
ANDERSON = {
    1: (1.0, 0.12, 0.034, 0, 0, 0, 3500),
    2: (1.0, 0.15, 0.092, 0.046, 0.023, 0.023, 3000),
    3: (2.5, 0.25, 0.138, 0, 0, 0, 1500),
    4: (6.0, 0.20, 0.230, 0.184, 0.092, 0.230, 2000),
    5: (2.0, 0.20, 0.046, 0.023, 0, 0.092, 2000),
    6: (2.5, 0.25, 0.069, 0.115, 0.092, 0, 1750),
    7: (2.5, 0.40, 0.052, 0.086, 0.069, 0.017, 1750),
    8: (0.2, 0.30, 0.069, 0.046, 0.115, 0, 2000),
    9: (0.2, 0.25, 0.134, 0.019, 0.007, 0, 2500),
    10: (1.0, 0.25, 0.138, 0.092, 0.230, 0.092, 2000),
    11: (1.0, 0.15, 0.069, 0.207, 0.253, 0, 1500),
    12: (2.3, 0.20, 0.184, 0.644, 0.759, 0, 1500),
    13: (3.0, 0.25, 0.322, 1.058, 1.288, 0, 1500),
}
#: code: number, depth, extinction, loads 1 h, 10 h, 100 h, herb, woody (short tons per acre), SAV 1 h, herb, woody.
SCOTT_BURGAN = {
    "GR1": (101, 0.4, 0.15, 0.10, 0, 0, 0.30, 0, 2200, 2000, 1500),
    "GR2": (102, 1.0, 0.15, 0.10, 0, 0, 1.00, 0, 2000, 1800, 1500),
    "GR3": (103, 2.0, 0.30, 0.10, 0.40, 0, 1.50, 0, 1500, 1300, 1500),
    "GR4": (104, 2.0, 0.15, 0.25, 0, 0, 1.90, 0, 2000, 1800, 1500),
    "GR5": (105, 1.5, 0.40, 0.40, 0, 0, 2.50, 0, 1800, 1600, 1500),
    "GR6": (106, 1.5, 0.40, 0.10, 0, 0, 3.40, 0, 2200, 2000, 1500),
    "GR7": (107, 3.0, 0.15, 1.00, 0, 0, 5.40, 0, 2000, 1800, 1500),
    "GR8": (108, 4.0, 0.30, 0.50, 1.00, 0, 7.30, 0, 1500, 1300, 1500),
    "GR9": (109, 5.0, 0.40, 1.00, 1.00, 0, 9.00, 0, 1800, 1600, 1500),
    "GS1": (121, 0.9, 0.15, 0.20, 0, 0, 0.50, 0.65, 2000, 1800, 1800),
    "GS2": (122, 1.5, 0.15, 0.50, 0.50, 0, 0.60, 1.00, 2000, 1800, 1800),
    "GS3": (123, 1.8, 0.40, 0.30, 0.25, 0, 1.45, 1.25, 1800, 1600, 1600),
    "GS4": (124, 2.1, 0.40, 1.90, 0.30, 0.10, 3.40, 7.10, 1800, 1600, 1600),
    "SH1": (141, 1.0, 0.15, 0.25, 0.25, 0, 0.15, 1.30, 2000, 1800, 1600),
    "SH2": (142, 1.0, 0.15, 1.35, 2.40, 0.75, 0, 3.85, 2000, 1800, 1600),
    "SH3": (143, 2.4, 0.40, 0.45, 3.00, 0, 0, 6.20, 1600, 1800, 1400),
    "SH4": (144, 3.0, 0.30, 0.85, 1.15, 0.20, 0, 2.55, 2000, 1800, 1600),
    "SH5": (145, 6.0, 0.15, 3.60, 2.10, 0, 0, 2.90, 750, 1800, 1600),
    "SH6": (146, 2.0, 0.30, 2.90, 1.45, 0, 0, 1.40, 750, 1800, 1600),
    "SH7": (147, 6.0, 0.15, 3.50, 5.30, 2.20, 0, 3.40, 750, 1800, 1600),
    "SH8": (148, 3.0, 0.40, 2.05, 3.40, 0.85, 0, 4.35, 750, 1800, 1600),
    "SH9": (149, 4.4, 0.40, 4.50, 2.45, 0, 1.55, 7.00, 750, 1800, 1500),
    "TU1": (161, 0.6, 0.20, 0.20, 0.90, 1.50, 0.20, 0.90, 2000, 1800, 1600),
    "TU2": (162, 1.0, 0.30, 0.95, 1.80, 1.25, 0, 0.20, 2000, 1800, 1600),
    "TU3": (163, 1.3, 0.30, 1.10, 0.15, 0.25, 0.65, 1.10, 1800, 1600, 1400),
    "TU4": (164, 0.5, 0.12, 4.50, 0, 0, 0, 2.00, 2300, 1800, 2000),
    "TU5": (165, 1.0, 0.25, 4.00, 4.00, 3.00, 0, 3.00, 1500, 1800, 750),
    "TL1": (181, 0.2, 0.30, 1.00, 2.20, 3.60, 0, 0, 2000, 1800, 1600),
    "TL2": (182, 0.2, 0.25, 1.40, 2.30, 2.20, 0, 0, 2000, 1800, 1600),
    "TL3": (183, 0.3, 0.20, 0.50, 2.20, 2.80, 0, 0, 2000, 1800, 1600),
    "TL4": (184, 0.4, 0.25, 0.50, 1.50, 4.20, 0, 0, 2000, 1800, 1600),
    "TL5": (185, 0.6, 0.25, 1.15, 2.50, 4.40, 0, 0, 2000, 1800, 1600),
    "TL6": (186, 0.3, 0.25, 2.40, 1.20, 1.20, 0, 0, 2000, 1800, 1600),
    "TL7": (187, 0.4, 0.25, 0.30, 1.40, 8.10, 0, 0, 2000, 1800, 1600),
    "TL8": (188, 0.3, 0.35, 5.80, 1.40, 1.10, 0, 0, 1800, 1800, 1600),
    "TL9": (189, 0.6, 0.35, 6.65, 3.30, 4.15, 0, 0, 1800, 1800, 1600),
    "SB1": (201, 1.0, 0.25, 1.50, 3.00, 11.00, 0, 0, 2000, 1800, 1600),
    "SB2": (202, 1.0, 0.25, 4.50, 4.25, 4.00, 0, 0, 2000, 1800, 1600),
    "SB3": (203, 1.2, 0.25, 5.50, 2.75, 3.00, 0, 0, 2000, 1800, 1600),
    "SB4": (204, 2.7, 0.25, 5.25, 3.50, 5.25, 0, 0, 2000, 1800, 1600),
}
#: The only model whose heat content is not 8000 Btu/lb.
HEAT = {"GR6": 9000.0}


def _table() -> dict[str, Fuel]:
    fuels = [Fuel(number, f"FM{number}", *row[:6], 0.0, row[6], 1500, 1500) for number, row in ANDERSON.items()]
    for code, (number, depth, extinction, *rest) in SCOTT_BURGAN.items():
        loads = [load * TON_PER_ACRE for load in rest[:5]]
        fuel = Fuel(int(number), code, depth, extinction, *loads, *rest[5:])
        fuels.append(replace(fuel, heat=HEAT.get(code, 8000.0)))
    return {fuel.code: fuel for fuel in fuels}


FUELS = _table()
BY_NUMBER = {fuel.number: fuel for fuel in FUELS.values()}


def find(word: str | int, live_of_13: str = "herb") -> Fuel:
    """By code ("GR4", "FM1", "4") or number (104).

    The 13 models print one live class without saying which moisture it follows: "herb" (as pyretechnics and ELMFIRE read
    it) or "woody" (as BehavePlus does). It changes models 2, 4, 5, 7 and 10 only.
    """
    text = str(word).strip().upper()
    fuel = FUELS.get(text) or (BY_NUMBER.get(int(text)) if text.isdigit() else None)
    if fuel is None:
        raise InputError("fuel", word, f"燃料模型 {'、'.join(FUELS)} 或其编号")
    if live_of_13 == "woody" and not fuel.dynamic:
        return replace(fuel, load_herb=0.0, load_woody=fuel.load_herb)
    return fuel
