"""What a hazard family offers: one engine behind one interface, and one shape of result for map and exposure count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anlan.hazards.raster import Raster

GeoJson = dict[str, Any]


class InputError(ValueError):
    """An input is wrong: which, what it was, what is allowed."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field} 的值 {value!r} 不正确，允许：{allowed}")
        self.field, self.value, self.allowed = field, value, allowed


@dataclass(frozen=True)
class Input:
    """One number an engine needs: SI unless the unit says otherwise."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    default: float | None = None

    def read(self, given: Mapping[str, Any]) -> float:
        value = given.get(self.name, self.default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise InputError(self.name, value, f"{self.low:g} 至 {self.high:g} {self.unit}".strip())
        return float(value)


@dataclass(frozen=True)
class Choice:
    """One word an engine needs."""

    name: str
    title: str
    allowed: tuple[str, ...]
    default: str | None = None
    #: What people read instead of the word, where that is another.
    words: Mapping[str, str] = field(default_factory=dict)

    def read(self, given: Mapping[str, Any]) -> str:
        value = given.get(self.name, self.default)
        if value not in self.allowed:
            raise InputError(self.name, value, "、".join(self.allowed))
        return str(value)


@dataclass(frozen=True)
class Track:
    """Places one after another that an engine may need: drawn by hand, or walked with a GPS. WGS84 [lon, lat], none by default."""

    name: str
    title: str
    least: int = 2
    most: int = 5000
    unit: str = ""
    default: None = None

    def read(self, given: Mapping[str, Any]) -> list[list[float]] | None:
        value = given.get(self.name)
        if value is None or value == []:
            return None
        allowed = f"{self.least} 至 {self.most} 个 [经度, 纬度]"
        if not isinstance(value, list | tuple) or not self.least <= len(value) <= self.most:
            raise InputError(self.name, value, allowed)
        for place in value:
            numbers = isinstance(place, list | tuple) and len(place) == 2 and all(is_degree(part) for part in place)
            if not numbers or not (-180 <= place[0] <= 180 and -85 <= place[1] <= 85):
                raise InputError(self.name, place, allowed)
        return [[float(lon), float(lat)] for lon, lat in value]


@dataclass(frozen=True)
class Places:
    """Named places whose arrival times an engine tells: rows of name and outline (or one point), WGS84. None by default.

    The room fills them in from its registers; people do not type them.
    """

    name: str
    title: str
    most: int = 2000
    unit: str = ""
    default: None = None

    def read(self, given: Mapping[str, Any]) -> list[tuple[str, list[list[float]]]] | None:
        value = given.get(self.name)
        if value is None or value == []:
            return None
        if not isinstance(value, list | tuple) or len(value) > self.most:
            raise InputError(self.name, value, f"至多 {self.most} 个 [名称, [[经度, 纬度], …]]")
        outline = Track(self.name, self.title, 1, 100_000)
        found = []
        for row in value:
            if not isinstance(row, list | tuple) or len(row) != 2 or not isinstance(row[0], str):
                raise InputError(self.name, row, "[名称, [[经度, 纬度], …]]")
            found.append((row[0], outline.read({self.name: row[1]}) or []))
        return found


@dataclass(frozen=True)
class Lines:
    """Lines that stand from a minute on (control lines of a commander): rows of minute and [[lon, lat], ...]. None by default."""

    name: str
    title: str
    most: int = 200
    unit: str = ""
    default: None = None

    def read(self, given: Mapping[str, Any]) -> list[tuple[float, list[list[float]]]] | None:
        value = given.get(self.name)
        if value is None or value == []:
            return None
        if not isinstance(value, list | tuple) or len(value) > self.most:
            raise InputError(self.name, value, f"至多 {self.most} 条 [建成分钟, [[经度, 纬度], …]]")
        minute = Input("minute", "建成", "min", 0, 14_400)
        found = []
        for i, row in enumerate(value):
            if not isinstance(row, list | tuple) or len(row) != 2:
                raise InputError(f"{self.name}[{i}]", row, "[建成分钟, [[经度, 纬度], …]]")
            places = Track(f"{self.name}[{i}]", self.title).read({f"{self.name}[{i}]": row[1]})
            if places is None:
                raise InputError(f"{self.name}[{i}]", row[1], "至少两个 [经度, 纬度]")
            found.append((minute.read({"minute": row[0]}), places))
        return found


@dataclass(frozen=True)
class Ground:
    """Rasters of the country (fuel, heights, trees) by name, which the room fills in from what was imported. None by default.

    `kinds`: only these are read; `anywhere`: also where they do not cover the place (an earthquake shakes from afar).
    """

    name: str
    title: str
    unit: str = ""
    default: None = None
    kinds: tuple[str, ...] = ()
    anywhere: bool = False

    def read(self, given: Mapping[str, Any]) -> Mapping[str, Raster] | None:
        value = given.get(self.name)
        if not value:
            return None
        from anlan.hazards.raster import Raster  # noqa: PLC0415 - brings numpy and scipy, which small calculations do without

        if not isinstance(value, Mapping) or not all(isinstance(one, Raster) for one in value.values()):
            raise InputError(self.name, type(value).__name__, "由平台从已导入的栅格填写")
        return value


@dataclass(frozen=True)
class Structures:
    """Walls {points [[lon, lat], ...], crest_m} and culverts {near, far [lon, lat], area_m2, invert_m, height_m} round the place.

    The room fills them in from its register. None by default.
    """

    name: str
    title: str
    unit: str = ""
    default: None = None

    def read(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        value = given.get(self.name) or []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            raise InputError(self.name, type(value).__name__, "由平台从“涵洞与挡墙”登记簿填写")
        return value


@dataclass(frozen=True)
class Rows:
    """Rows of numbers that an engine may need (readings of stations, reports of people): a column each as `columns`, none by default."""

    name: str
    title: str
    columns: tuple[Input, ...]
    most: int = 5000
    unit: str = ""
    default: None = None

    def read(self, given: Mapping[str, Any]) -> list[list[float]] | None:
        value = given.get(self.name)
        if value is None or value == []:
            return None
        names = "、".join(column.name for column in self.columns)
        if not isinstance(value, list | tuple) or len(value) > self.most:
            raise InputError(self.name, value, f"至多 {self.most} 行，每行 {names}")
        return [self.row(row, f"{self.name}[{i}]", names) for i, row in enumerate(value)]

    def row(self, row: object, path: str, names: str) -> list[float]:
        if not isinstance(row, list | tuple) or len(row) != len(self.columns):
            raise InputError(path, row, f"{len(self.columns)} 个数：{names}")
        try:
            return [column.read({column.name: value}) for column, value in zip(self.columns, row, strict=True)]
        except InputError as error:
            raise InputError(f"{path}.{error.field}", error.value, error.allowed) from None


def is_degree(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


@dataclass(frozen=True)
class Zone:
    """One area of consequence, worst first. `level` 1 (red) to 4 (blue); geometry WGS84."""

    name: str
    level: int
    meaning: str
    geometry: GeoJson
    value: float | None = None
    unit: str = ""
    #: Not where it goes, but where it may go given what is not known: its people are counted apart.
    uncertain: bool = False
    #: Whether it harms those inside. Where a hazard is only felt or seen, nobody counts as 危险区内人口.
    endangers: bool = True


@dataclass(frozen=True)
class Footprint:
    """What an engine says. `assumptions` and `limits` are shown with the result, always."""

    model: str
    zones: list[Zone]
    assumptions: list[str]
    limits: list[str]
    summary: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """A published case: inputs, what must come out, how near, and who published it."""

    title: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    expected: float
    tolerance: float
    source: str


@dataclass(frozen=True)
class Residents:
    """People of one community at places that stand for it: degrees, and how many at each."""

    key: int
    name: str
    lon: Sequence[float]
    lat: Sequence[float]
    people: Sequence[float]
    per_km2: float
    #: Shares of floor area by type of building, and floor area of a resident (m2); None where no inventory is kept.
    mix: Mapping[str, float] | None = None
    floor_m2: float | None = None


@dataclass(frozen=True)
class Hazard:
    """One family, declared in the `__init__` of its folder as `HAZARD`."""

    kind: str
    title: str
    model: str
    citation: str
    #: sketch = simplest honest model; working = verified on published cases; reference = compared with the field's tools.
    grade: str
    inputs: tuple[Input | Choice | Track | Places | Rows | Lines | Ground | Structures, ...]
    run: Callable[[float, float, Mapping[str, Any]], Footprint]
    example: Mapping[str, Any]
    cases: tuple[Case, ...] = ()
    #: What it does to those who live there (lon, lat, inputs, residents): kept as `impact` in the summary of a run.
    impact: Callable[[float, float, Mapping[str, Any], Sequence[Residents]], dict[str, Any]] | None = None

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs checked and completed; InputError names the first wrong one."""
        known = {item.name for item in self.inputs}
        for name in given:
            if name not in known:
                raise InputError(name, given[name], f"只接受 {'、'.join(sorted(known))}")
        return {item.name: item.read(given) for item in self.inputs}
