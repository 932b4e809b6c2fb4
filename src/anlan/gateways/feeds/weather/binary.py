"""BUFR and GRIB through ECMWF's eccodes, an optional extra. Units out: ℃, hPa, m/s, °, %, m, mm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anlan.gateways.feeds import contract
from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.weather.metar import NAMES, UNITS, humidity
from anlan.gateways.readings import Reading

NEEDED = "读 BUFR 和 GRIB 需要可选组件：pip install 'anlan[weather]'"
#: BUFR element (table B) -> our code, factor, offset.
ELEMENTS = {
    "airTemperature": ("TEM", 1.0, -273.15), "dewpointTemperature": ("DPT", 1.0, -273.15),
    "relativeHumidity": ("RHU", 1.0, 0.0), "nonCoordinatePressure": ("PRS", 0.01, 0.0), "windSpeed": ("WIN_S", 1.0, 0.0),
    "windDirection": ("WIN_D", 1.0, 0.0), "horizontalVisibility": ("VIS", 1.0, 0.0),
    "maximumWindGustSpeed": ("GUST", 1.0, 0.0),
}  # fmt: skip
#: GRIB shortName -> our code, factor, offset.
FIELDS = {
    "2t": ("TEM", 1.0, -273.15), "t": ("TEM", 1.0, -273.15), "2d": ("DPT", 1.0, -273.15), "2r": ("RHU", 1.0, 0.0),
    "r": ("RHU", 1.0, 0.0), "sp": ("PRS", 0.01, 0.0), "msl": ("PRS", 0.01, 0.0), "10si": ("WIN_S", 1.0, 0.0),
    "ws": ("WIN_S", 1.0, 0.0), "wdir": ("WIN_D", 1.0, 0.0), "vis": ("VIS", 1.0, 0.0), "tp": ("PRE_1h", 1000.0, 0.0),
    "10wdir": ("WIN_D", 1.0, 0.0), "10u": ("WIN_U", 1.0, 0.0), "10v": ("WIN_V", 1.0, 0.0), "10fg": ("GUST", 1.0, 0.0),
    "i10fg": ("GUST", 1.0, 0.0), "gust": ("GUST", 1.0, 0.0),
}  # fmt: skip
#: Names that models give at any height: of use here only near the ground (m).
ANY_HEIGHT, NEAR_GROUND_M = {"t", "r", "ws", "wdir"}, 10
#: Grids whose rows and columns run east and north, so that components of the wind need no turning.
STRAIGHT = {"regular_ll", "regular_gg", "reduced_gg", "reduced_ll"}
MAX_MESSAGES = 2000


@dataclass(frozen=True)
class Field:
    """One field of a GRIB: values at grid points. valid: the time it is of; forecast: later than its analysis."""

    code: str
    valid: datetime
    forecast: bool
    message: bytes
    factor: float
    offset: float
    #: When the forecast was begun; of an analysis the time itself.
    issued: datetime

    def at(self, lat: float, lon: float) -> float | None:
        """The value at the nearest grid point; None where the field has none or does not reach."""
        with opened(self.message) as (lib, handle):
            try:
                nearest = lib.codes_grib_find_nearest(handle, lat, lon)[0]
            except lib.CodesInternalError:
                return None
            missing = lib.codes_get_double(handle, "missingValue")
            far = nearest.distance > 2 * spacing_km(lib, handle)
            return None if nearest.value == missing or far else nearest.value * self.factor + self.offset


@dataclass(frozen=True)
class Composed:
    """A quantity made of two fields of one time: wind of its components, humidity of temperature and dew point."""

    code: str
    parts: tuple[contract.Field, contract.Field]
    rule: Callable[[float, float], float]

    @property
    def valid(self) -> datetime:
        return self.parts[0].valid

    @property
    def issued(self) -> datetime:
        return self.parts[0].issued

    @property
    def forecast(self) -> bool:
        return self.parts[0].forecast

    def at(self, lat: float, lon: float) -> float | None:
        a, b = (part.at(lat, lon) for part in self.parts)
        return None if a is None or b is None else self.rule(a, b)


def coming_from(east: float, north: float) -> float:
    """Degrees clockwise of north that a wind with these components (towards east, towards north) comes from."""
    return math.degrees(math.atan2(-east, -north)) % 360


#: What models give in two parts -> code, the parts' codes, rule.
PAIRS: tuple[tuple[str, str, str, Callable[[float, float], float]], ...] = (
    ("WIN_S", "WIN_U", "WIN_V", math.hypot),
    ("WIN_D", "WIN_U", "WIN_V", coming_from),
    ("RHU", "TEM", "DPT", humidity),
)


def composed(fields: Sequence[Field]) -> list[Composed]:
    """What follows from pairs of fields of one issue and hour, where the document does not give it itself."""
    known = {(one.issued, one.valid, one.code): one for one in fields}
    found = []
    for issued, valid in dict.fromkeys((one.issued, one.valid) for one in fields):
        for code, first, second, rule in PAIRS:
            parts = known.get((issued, valid, first)), known.get((issued, valid, second))
            if parts[0] and parts[1] and (issued, valid, code) not in known:
                found.append(Composed(code, (parts[0], parts[1]), rule))
    return found


def library() -> Any:
    try:
        import eccodes  # noqa: PLC0415 - an optional extra, and slow to load
    except (ImportError, RuntimeError) as error:
        raise FeedError(NEEDED) from error
    return eccodes


@contextmanager
def opened(message: bytes) -> Iterator[tuple[Any, Any]]:
    lib = library()
    handle = lib.codes_new_from_message(message)
    try:
        yield lib, handle
    finally:
        lib.codes_release(handle)


def spacing_km(lib: Any, handle: Any) -> float:
    """About how far grid points are apart."""
    try:
        return float(lib.codes_get_double(handle, "jDirectionIncrementInDegrees")) * 111.2
    except lib.CodesInternalError:
        return 100.0


def messages(data: bytes, magic: bytes) -> list[bytes]:
    """The messages of a file (WMO bulletins may stand between them). Lengths are the messages' own."""
    found: list[bytes] = []
    at = data.find(magic)
    while at >= 0 and len(found) < MAX_MESSAGES:
        edition = data[at + 7] if len(data) > at + 8 else 0
        wide = magic == b"GRIB" and edition == 2
        size = int.from_bytes(data[at + 8 : at + 16], "big") if wide else int.from_bytes(data[at + 4 : at + 7], "big")
        if size < 12 or at + size > len(data) or data[at + size - 4 : at + size] != b"7777":
            raise FeedError(f"第 {at} 字节起的 {magic.decode()} 消息长度不符或没有结束标志 7777")
        found.append(data[at : at + size])
        at = data.find(magic, at + size)
    return found


def bufr(message: bytes) -> list[Reading]:
    """Surface reports of a message, one station a subset. ValueError for what eccodes cannot read."""
    with opened(message) as (lib, handle):
        try:
            lib.codes_set(handle, "unpack", 1)
            count = int(lib.codes_get(handle, "numberOfSubsets"))
            return [reading for n in range(1, count + 1) for reading in subset(lib, handle, n, count)]
        except lib.CodesInternalError as error:
            raise ValueError(f"BUFR 读不懂：{error}") from error


def subset(lib: Any, handle: Any, number: int, count: int) -> list[Reading]:
    def value(name: str) -> float | None:
        """The first of an element in this subset; compressed messages hold an array over subsets."""
        try:
            if count == 1:
                found = lib.codes_get_double(handle, name if name.startswith("#") else f"#1#{name}")
            else:
                array = lib.codes_get_array(handle, name)
                found = array[number - 1] if len(array) == count else array[0]
        except lib.CodesInternalError:
            return None
        return None if not math.isfinite(found) or found in (-1e100, 2147483647) else float(found)

    station = station_of(value)
    parts = [value(name) for name in ("year", "month", "day", "hour", "minute")]
    if station == "" or any(part is None for part in parts):
        raise ValueError("BUFR 中没有站号或时间")
    year, month, day, hour, minute = (int(part or 0) for part in parts)
    at = datetime(year, month, day, hour, minute, tzinfo=UTC)
    readings = []
    for name, (code, factor, offset) in ELEMENTS.items():
        found = value(name)
        if found is not None:
            readings.append(Reading(station, code, round(found * factor + offset, 3), UNITS[code], at, NAMES[code]))
    return readings


def station_of(value: Any) -> str:
    """WMO block and station number, five digits."""
    block, number = value("blockNumber"), value("stationNumber")
    return "" if block is None or number is None else f"{int(block):02d}{int(number):03d}"


def said(lib: Any, handle: Any, name: str) -> str:
    """A key as text, empty where the message has none such."""
    try:
        return str(lib.codes_get(handle, name))
    except lib.CodesInternalError:
        return ""


def named(lib: Any, handle: Any) -> str:
    """shortName of a field near the ground that is no perturbed member of an ensemble, else nothing."""
    name = str(lib.codes_get(handle, "shortName"))
    aloft = said(lib, handle, "typeOfLevel") not in ("surface", "heightAboveGround")
    if name in ANY_HEIGHT and (aloft or float(said(lib, handle, "level") or 0) > NEAR_GROUND_M):
        return ""
    if (said(lib, handle, "perturbationNumber") or "0") != "0":
        return ""
    turned = said(lib, handle, "uvRelativeToGrid") == "1" and said(lib, handle, "gridType") not in STRAIGHT
    if name in ("10u", "10v") and turned:
        raise ValueError("风的分量沿网格方向而不是正东、正北，不收")
    return name


def grib(message: bytes) -> Field | None:
    """A field that we have a code for, None for others. ValueError for what eccodes cannot read."""
    with opened(message) as (lib, handle):
        try:
            known = FIELDS.get(named(lib, handle))
            date, time = int(lib.codes_get(handle, "validityDate")), int(lib.codes_get(handle, "validityTime"))
            step, first = int(lib.codes_get(handle, "endStep")), int(lib.codes_get(handle, "startStep"))
            valid = datetime.strptime(f"{date:08d}", "%Y%m%d").replace(tzinfo=UTC)
        except (lib.CodesInternalError, ValueError) as error:
            raise ValueError(f"GRIB 读不懂：{error}") from error
    if known is None:
        return None
    valid += timedelta(hours=time // 100, minutes=time % 100)
    if known[0] == "PRE_1h" and step - first not in (0, 1):
        raise ValueError(f"降水是 {step - first} 小时的累计，只收 1 小时的")
    return Field(known[0], valid, step > 0, message, known[1], known[2], valid - timedelta(hours=step))
