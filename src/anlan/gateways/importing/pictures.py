"""Rasters as small pictures, so that people see what they brought in."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDEST = 640
#: First number of a fuel family (Scott & Burgan 2005), colour: the 13 models, bare, water, grass, grass-shrub, shrub, and so on.
FUELS = (
    (0, (150, 120, 70)), (91, (128, 128, 136)), (98, (86, 140, 200)), (99, (176, 168, 156)), (101, (236, 210, 90)),
    (121, (206, 176, 70)), (141, (158, 140, 60)), (161, (96, 150, 76)), (181, (54, 116, 62)), (201, (132, 84, 52)),
)  # fmt: skip
LOW, HIGH, NOTHING = np.array((46.0, 84.0, 66.0)), np.array((240.0, 226.0, 190.0)), (30, 36, 42)


def png(kind: str, values: NDArray[np.float32]) -> bytes:
    """North up, at most `WIDEST` a side; unknown cells dark."""
    step = max(1, int(np.ceil(max(values.shape) / WIDEST)))
    seen = values[::step, ::step][::-1]
    hole = ~np.isfinite(seen)
    if kind == "fuel":
        starts = np.array([first for first, _ in FUELS])
        colours = np.array([colour for _, colour in FUELS], np.uint8)
        picture = colours[np.searchsorted(starts, np.nan_to_num(seen), side="right") - 1]
    else:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        share = np.nan_to_num((seen - low) / max(high - low, 1e-9))[..., None]
        picture = (LOW * (1 - share) + HIGH * share).astype(np.uint8)
    picture[hole] = NOTHING
    out = BytesIO()
    Image.fromarray(picture, "RGB").save(out, "PNG")
    return out.getvalue()
