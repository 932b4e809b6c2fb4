"""Rasters of a country as engines read them: regular in degrees (WGS84), rows from south to north, sampled to an engine's own grid."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Raster:
    """Values at the centres of cells; `west`, `south` is the centre of values[0, 0]; NaN = unknown. `source` says whose it is."""

    west: float
    south: float
    step_lon: float
    step_lat: float
    values: NDArray[Any]
    source: str = ""

    def cells(self, places: Floats, axis: int) -> Floats:
        """Longitudes (axis 1) or latitudes (axis 0) as places in cells."""
        first, step = ((self.south, self.step_lat), (self.west, self.step_lon))[axis]
        found: Floats = (places - first) / step
        return found

    def nearest(self, lon: Floats, lat: Floats) -> Floats:
        """(latitudes, longitudes) grid of the nearest cells' values; NaN outside and where unknown."""
        rows, columns = (np.floor(self.cells(p, a) + 0.5).astype(np.int64) for p, a in ((lat, 0), (lon, 1)))
        high, wide = self.values.shape
        found = self.values[np.ix_(rows.clip(0, high - 1), columns.clip(0, wide - 1))].astype(np.float64)
        found[(rows < 0) | (rows >= high), :] = np.nan
        found[:, (columns < 0) | (columns >= wide)] = np.nan
        return found

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Values of the nearest cells at points (lon[i], lat[i]); NaN outside and where unknown."""
        rows, columns = (np.floor(self.cells(p, a) + 0.5).astype(np.int64) for p, a in ((lat, 0), (lon, 1)))
        high, wide = self.values.shape
        found = self.values[rows.clip(0, high - 1), columns.clip(0, wide - 1)].astype(np.float64)
        found[(rows < 0) | (rows >= high) | (columns < 0) | (columns >= wide)] = np.nan
        return found

    def smooth(self, lon: Floats, lat: Floats) -> Floats:
        """(latitudes, longitudes) grid, linear between cells, without holes: those take the nearest known value, and so does outside."""
        whole = filled(np.asarray(self.values, np.float64))
        y, x = self.cells(lat, 0), self.cells(lon, 1)
        high, wide = whole.shape
        y, x = y.clip(0, high - 1), x.clip(0, wide - 1)
        y0, x0 = (np.minimum(v.astype(np.int64), n - 2 if n > 1 else 0) for v, n in ((y, high), (x, wide)))
        y1, x1 = np.minimum(y0 + 1, high - 1), np.minimum(x0 + 1, wide - 1)
        up, over = (y - y0)[:, None], (x - x0)[None, :]
        low = whole[np.ix_(y0, x0)] * (1 - over) + whole[np.ix_(y0, x1)] * over
        top = whole[np.ix_(y1, x0)] * (1 - over) + whole[np.ix_(y1, x1)] * over
        found: Floats = low * (1 - up) + top * up
        return found


def filled(values: Floats) -> Floats:
    """Holes take the value of the nearest cell that has one; all zeros where none has."""
    hole = ~np.isfinite(values)
    if not hole.any():
        return values
    if hole.all():
        return np.zeros_like(values)
    # scipy takes a while to load: only who has holes pays it
    rows, columns = import_module("scipy.ndimage").distance_transform_edt(
        hole, return_distances=False, return_indices=True
    )
    found: Floats = values[rows, columns]
    return found
