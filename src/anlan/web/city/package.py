"""A city package on disk: TOML and CSV, read and never written."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from anlan.kernel.errors import NotFound


@dataclass(frozen=True)
class Package:
    """One folder below `anlan/cities/`, or anywhere else."""

    folder: Path

    @cached_property
    def city(self) -> dict[str, Any]:
        return self.toml("city.toml")

    @property
    def root(self) -> str:
        """The city's own area, as `mca:150300`."""
        return str(self.city["city"]["root"])

    def toml(self, name: str) -> dict[str, Any]:
        """A TOML file; an absent one is empty."""
        file = self.folder / name
        return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def rows(self, name: str) -> list[dict[str, str]]:
        """A CSV file with a header; an absent one has no rows."""
        file = self.folder / name
        if not file.exists():
            return []
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))

    def plans(self) -> list[Path]:
        return sorted((self.folder / "plans").glob("*.toml"))


def cities() -> Path:
    return Path(settings.PACKAGE) / "cities"


def find(name: str = "") -> Package:
    """The package of this name (default: the installation's city); a path to a folder is one too."""
    name = name or str(settings.CITY)
    folder = Path(name) if "/" in name else cities() / name
    if not (folder / "city.toml").is_file():
        known = sorted(file.parent.name for file in cities().glob("*/city.toml"))
        raise NotFound(f"没有城市数据包“{name}”，可用：{'、'.join(known)}", field="city", value=name)
    return Package(folder)
