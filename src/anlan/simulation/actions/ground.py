"""地形与燃料: keeping rasters that were brought in, and taking them away."""

from __future__ import annotations

import zlib

import numpy as np

from anlan.hazards.contract import InputError
from anlan.hazards.raster import Raster
from anlan.hazards.wildfire.fuels import NON_BURNABLE, find
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.simulation.events import GroundChanged
from anlan.simulation.models import GroundRaster

Kind = GroundRaster.Kind
MOST_CELLS = 9_000_000
#: What values of each kind may be.
RANGES = {
    Kind.FUEL: (1.0, 999.0), Kind.ELEVATION: (-500.0, 9000.0), Kind.COVER: (0.0, 1.0), Kind.HEIGHT: (0.0, 120.0),
    Kind.BASE: (0.0, 60.0), Kind.DENSITY: (0.0, 2.0), Kind.VS30: (80.0, 3000.0),
}  # fmt: skip


@action("simulation.run")
def keep_raster(
    by: Actor, kind: str, given: Raster, title: str, source: str, representative: bool = False
) -> GroundRaster:
    """Check a raster and keep it; one of the same kind and name is replaced."""
    if kind not in Kind.values:
        raise Invalid("kind", kind, "、".join(Kind.values), label="种类")
    if not title.strip() or not source.strip():
        raise Invalid("source", source or title, "名称与来源都要写（谁的、哪一年的）", label="来源")
    values = np.asarray(given.values, np.float32)
    if values.ndim != 2 or min(values.shape) < 2 or values.size > MOST_CELLS:
        raise Invalid("grid", list(values.shape), f"两维，每边至少 2 格，至多 {MOST_CELLS} 格", label="栅格")
    check(kind, values)
    city = Area.objects.get(level=Level.CITY)
    by.require("simulation.run", city)
    GroundRaster.objects.visible_to(by).filter(kind=kind, title=title[:80]).delete()
    row = GroundRaster.objects.create(
        area=city, kind=kind, title=title[:80], source=source[:160], representative=representative, west=given.west,
        south=given.south, step_lon=given.step_lon, step_lat=given.step_lat, rows=values.shape[0], columns=values.shape[1],
        low=float(np.nanmin(values)), high=float(np.nanmax(values)), known=float(np.isfinite(values).mean()),
        data=zlib.compress(values.tobytes(), 6), at=clock.now(), by=by.name,
    )  # fmt: skip
    record(by, "导入地形与燃料", row, GroundChanged(row.pk, kind, row.title))
    return row


def check(kind: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    """Values that are known lie within their range; fuels are models that exist."""
    seen = values[np.isfinite(values)]
    if not seen.size:
        raise Invalid("values", "全部无值", "至少一格有值", label="栅格")
    low, high = RANGES[Kind(kind)]
    for worst in (float(seen.min()), float(seen.max())):
        if not low <= worst <= high:
            raise Invalid("values", worst, f"{low:g} 至 {high:g}", label=Kind(kind).label)
    if kind == Kind.FUEL:
        for number in np.unique(seen):
            if number != int(number) or int(number) not in NON_BURNABLE:
                known_fuel(float(number))


def known_fuel(number: float) -> None:
    try:
        find(int(number) if number == int(number) else str(number))
    except InputError as error:
        raise Invalid("fuel", number, f"{error.allowed}；用对应表把图上的值换成燃料编号", label="燃料编号") from error


@action("simulation.run")
def drop_raster(by: Actor, raster_id: int) -> None:
    """Take a raster away; runs that used it keep what they said."""
    row = GroundRaster.objects.visible_to(by, "simulation.run").one(raster_id)
    record(by, "删除地形与燃料", row, GroundChanged(row.pk, row.kind, row.title))
    row.delete()
