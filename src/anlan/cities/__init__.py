"""A city is a data package: one folder, found by discovery. `folder("wuhai")` is its path."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """Cities that have a package."""
    return sorted(file.parent.name for file in HERE.glob("*/city.toml"))


def folder(name: str) -> Path:
    """The package of a city; a path to a folder elsewhere is taken as it is."""
    path = Path(name) if "/" in name else HERE / name
    if not (path / "city.toml").is_file():
        raise FileNotFoundError(f"没有城市包 {name}；可用：{'、'.join(names())}")
    return path
