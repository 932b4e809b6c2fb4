"""Results of `anlan calc` as files: JSON, GeoJSON, NumPy, pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anlan.cli._engines.contract import Engine, is_number
from anlan.hazards.contract import InputError


def write(path: Path, result: Any) -> None:
    """The result in the format that the name asks for."""
    if path.suffix == ".npz":
        write_arrays(path, result)
        return
    if path.suffix not in {".json", ".geojson"}:
        raise InputError("-o", str(path), ".json、.geojson 或 .npz")
    answer = {"type": "FeatureCollection", "features": list(features(result))} if path.suffix == ".geojson" else result
    if path.suffix == ".geojson" and not answer["features"]:
        raise InputError("-o", str(path), "该结果没有经纬度图形（给出 lon、lat），请用 .json")
    path.write_text(json.dumps(answer, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def features(result: Any) -> Iterator[dict[str, Any]]:
    """Every part of a result that carries a GeoJSON shape, with the plain values beside it."""
    if isinstance(result, list):
        for part in result:
            yield from features(part)
    elif isinstance(result, dict):
        shape = result.get("geometry") or result.get("polygon")
        if isinstance(shape, dict) and "coordinates" in shape:
            plain = {k: v for k, v in result.items() if isinstance(v, str | int | float | bool)}
            yield {"type": "Feature", "geometry": shape, "properties": plain}
        for part in result.values():
            if isinstance(part, list):
                yield from features(part)


def write_arrays(path: Path, result: Any) -> None:
    """Numbers and lists of numbers of a result (or of a list of results) as named arrays."""
    import numpy as np  # noqa: PLC0415 - numpy takes longer to load than most engines take to run

    rows = result if isinstance(result, list) else [result]
    names = [name for name, value in rows[0].items() if is_number(value) or is_numbers(value)]
    one = len(rows) == 1
    arrays = {name: np.asarray(rows[0][name] if one else [row[name] for row in rows]) for name in names}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def is_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_number(part) or is_numbers(part) for part in value)


def plot(engine: Engine, given: Any, result: Any, path: Path) -> None:
    """A picture of one result."""
    if path.suffix not in {".png", ".svg", ".pdf"}:
        raise InputError("--plot", str(path), ".png、.svg 或 .pdf")
    if isinstance(given, list) and not engine.whole:
        raise InputError("--plot", engine.name, "输入为单个对象")
    import matplotlib  # noqa: PLC0415 - loaded only when a picture is asked for

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    with matplotlib.rc_context({"font.sans-serif": ["Noto Sans CJK SC", "DejaVu Sans"], "axes.unicode_minus": False}):
        figure, axes = pyplot.subplots(figsize=(8, 5), dpi=120)
        engine.plot(axes, given, result)
        axes.grid(alpha=0.3)
        figure.tight_layout()
        figure.savefig(path)
        pyplot.close(figure)
