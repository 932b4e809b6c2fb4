"""The loader. Rows go through the registry toolkit, so a package is checked exactly as an Excel import is."""

from __future__ import annotations

import csv
import importlib.util
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from anlan import cities
from anlan.command import actions as command
from anlan.command import plans
from anlan.gateways.importing.actions import RasterOrder, into_ground
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.areas.actions import set_boundary, sketch_children
from anlan.kernel.audit import journal
from anlan.kernel.errors import Invalid
from anlan.kernel.models import Area, Level, Person
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import Report, import_rows
from anlan.kernel.register.scoping import everything
from anlan.resources import actions as resources
from anlan.resources import queries as means
from anlan.simulation import queries as simulation
from anlan.web.city import accounts

LOADER = system("城市装载")


@dataclass
class Loaded:
    """What a load did: per part how many rows, and every refused row with its reason."""

    parts: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: Rows that were not there before, and rows that were changed.
    created: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    new_only: bool = False

    def bring(self, part: str, rows: Iterable[dict[str, str]]) -> None:
        self.take(part, import_rows(LOADER, REGISTERS[part], rows, new_only=self.new_only))

    def take(self, part: str, report: Report) -> None:
        self.parts[part] = self.parts.get(part, 0) + report.created + report.updated + report.unchanged
        self.created[part] = self.created.get(part, 0) + report.created
        self.updated[part] = self.updated.get(part, 0) + report.updated
        for row_no, reasons in report.refused:
            self.refused += [f"{part} 第 {row_no} 行 {name}：{reason}" for name, reason in reasons.items()]
        self.refused += [f"{part}：没有“{name}”列" for name in report.unknown]


def rows_of(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(50_000_000)  # an outline is one cell
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(file)]


def load_once() -> Loaded | None:
    """At the start of an installation: the configured city unless there is one, and somebody who can sign in."""
    loaded = None
    if not Area.objects.exists():
        loaded = load(settings.CITY)
    else:
        keep_roster(settings.CITY, clock.real_now())
    if settings.DEMO_ACCOUNTS:
        load_demo_accounts(settings.CITY)
    accounts.found_administrators(LOADER)
    accounts.forget_first_passwords()
    return loaded


def load_demo_accounts(name: str) -> int:
    """演示账号, with the passwords everybody can read: for demonstrations and drills only."""
    with transaction.atomic(), journal.deferred():
        return accounts.load_demo(LOADER, name)


def keep_roster(name: str, around: datetime) -> Report:
    """Somebody is on duty in the days around this time; shifts that are there stay, swapped ones above all."""
    spec = tomllib.loads((cities.folder(name) / "city.toml").read_text(encoding="utf-8"))
    with transaction.atomic():
        return import_rows(LOADER, REGISTERS["shifts"], list(unmanned(roster(spec, around))), new_only=True)


def unmanned(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Those turns in which nobody of that desk and role is on duty yet."""
    known: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for shift in everything(REGISTERS["shifts"].model).select_related("organisation"):
        key = (shift.organisation.code, shift.get_role_display())
        known.setdefault(key, []).append((shift.start, shift.end))
    for row in rows:
        start, end = (datetime.fromisoformat(row[name]).replace(tzinfo=clock.BEIJING) for name in ("start", "end"))
        if not any(a < end and b > start for a, b in known.get((row["organisation"], row["role"]), ())):
            yield row


def load(name: str, dry_run: bool = False, *, new_only: bool = False) -> Loaded:
    """Load the package; with `dry_run` everything is tried and nothing kept. Refused rows are named, the rest is kept.

    With `new_only` what the installation has stays as its users have made it, and only what it lacks is taken.
    """
    folder = cities.folder(name)
    spec = tomllib.loads((folder / "city.toml").read_text(encoding="utf-8"))
    loaded = Loaded(new_only=new_only)
    with transaction.atomic():
        with journal.deferred():
            load_areas(folder, spec, loaded)
            for slug in slugs(folder, spec):
                loaded.bring(slug, rows_of(folder / "registers" / f"{slug}.csv"))
            open_books(folder, loaded)
            if not (new_only and means.has_roads()):
                load_roads(folder, loaded)
            load_rasters(folder, spec, loaded)
            loaded.bring("shifts", unmanned(roster(spec, clock.now())))
            load_plans(folder, loaded)
            loaded.parts["roles"], kept = accounts.load_roles(LOADER, name)
            loaded.notes += kept
        if dry_run:
            transaction.set_rollback(True)
    return loaded


def slugs(folder: Path, spec: dict[str, Any]) -> list[str]:
    """Registers in their order: as the package says, then those whose file it has without naming them."""
    files = {file.stem for file in (folder / "registers").glob("*.csv")}
    return [*spec["load"]["registers"], *[slug for slug in REGISTERS if slug in files - set(spec["load"]["registers"])]]


def lacking(name: str) -> list[str]:
    """Registers the package has rows for and this installation has none in: a newer package, or never loaded."""
    folder = cities.folder(name)
    spec = tomllib.loads((folder / "city.toml").read_text(encoding="utf-8"))
    empty = [slug for slug in slugs(folder, spec) if not everything(REGISTERS[slug].model).exists()]
    return [slug for slug in empty if rows_of(folder / "registers" / f"{slug}.csv")]


def load_areas(folder: Path, spec: dict[str, Any], loaded: Loaded) -> None:
    """Level by level, since a row names its parent; then the shapes."""
    rows = rows_of(folder / "areas.csv")
    for level in Level:
        part = [row for row in rows if row["level"] == level.label]
        loaded.bring("areas", part)
    if (folder / "shapes.geojson").exists():
        load_own_shapes(folder, loaded)
    else:
        load_shapes(spec, loaded)


def load_own_shapes(folder: Path, loaded: Loaded) -> None:
    """Outlines a package carries itself, sketched ones said to be so."""
    areas = {(area.code_system, area.code): area for area in Area.objects.all()}
    for feature in json.loads((folder / "shapes.geojson").read_text(encoding="utf-8"))["features"]:
        said = feature["properties"]
        area = areas.get((said["code_system"], said["code"]))
        if area is None:
            loaded.refused.append(f"shapes.geojson：没有编码为 {said['code']} 的区划")
        elif not (loaded.new_only and area.geometry):
            set_boundary(LOADER, area, feature["geometry"], said["sketch"])


def load_shapes(spec: dict[str, Any], loaded: Loaded) -> None:
    """City and districts from the boundary package; towns and communities as sketched cells around their seats."""
    given = dict(boundaries(spec.get("boundaries", {})))
    for area in Area.objects.filter(level__lte=Level.DISTRICT):
        if area.code in given and not (loaded.new_only and area.geometry):
            set_boundary(LOADER, area, given[area.code], False)
        elif area.geometry is None:
            loaded.notes.append(f"{area.name}没有边界：请用 anlan import --register areas 导入")
    for level in (Level.DISTRICT, Level.TOWN):
        for area in Area.objects.filter(level=level, geometry__isnull=False):
            loaded.parts["sketched"] = loaded.parts.get("sketched", 0) + sketch_children(LOADER, area)


def boundaries(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(area code, GeoJSON) out of the files of an installed package; nothing when it is not installed."""
    found = importlib.util.find_spec(spec["package"]) if spec else None
    if found is None or found.origin is None:
        return
    prefix = spec["prefix"]
    for name in spec["files"]:
        for feature in json.loads((Path(found.origin).parent / name).read_text(encoding="utf-8"))["features"]:
            code = str(feature["properties"].get(spec["code_property"], ""))
            if code.startswith(prefix):
                yield code.removeprefix(prefix), feature["geometry"]


def open_books(folder: Path, loaded: Loaded) -> None:
    """Opening balances of the lots that are new; what has books keeps them."""
    path = folder / "registers" / "stock-opening.csv"
    if path.exists():
        try:
            rows = [(row["code"], row["quantity"]) for row in rows_of(path)]
            loaded.parts["stock-opening"] = resources.open_books(LOADER, rows)
        except Invalid as error:
            loaded.refused.append(error.message)


def load_roads(folder: Path, loaded: Loaded) -> None:
    nodes, edges = rows_of(folder / "roads" / "nodes.csv"), rows_of(folder / "roads" / "edges.csv")
    try:
        loaded.parts["roads"] = resources.replace_roads(LOADER, nodes, edges)
    except Invalid as error:
        loaded.refused.append(error.message)


def load_rasters(folder: Path, spec: dict[str, Any], loaded: Loaded) -> None:
    """Fuel, heights and trees of the country ([[raster]] of city.toml); what was imported under other names stays."""
    have = set(simulation.rasters(LOADER).values_list("title", flat=True)) if loaded.new_only else set()
    for part in spec.get("raster", []):
        if part["title"] in have:
            continue
        order = RasterOrder(
            folder / part["file"], part["kind"], part["title"], part["source"], epsg=part.get("epsg"),
            representative=part.get("representative", False),
        )  # fmt: skip
        try:
            into_ground(LOADER, order)
            loaded.parts["rasters"] = loaded.parts.get("rasters", 0) + 1
        except Invalid as error:
            loaded.refused.append(f"{part['file']}：{error.message}")


def roster(spec: dict[str, Any], now: datetime) -> Iterator[dict[str, str]]:
    """Shifts from yesterday on, people of the post in turn, at 08:00 Beijing time and every `shift_h` hours."""
    start = now.astimezone(clock.BEIJING).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=2)
    for desk in spec.get("roster", []):
        for role, post in (("带班领导", desk.get("leader_post")), ("值班员", desk.get("officer_post"))):
            holders = list(Person.objects.unscoped("making the roster").filter(post__code=post).order_by("code"))
            for turn in range(int(desk["days"] * 24 / desk["shift_h"]) if holders else 0):
                begin = start + timedelta(hours=turn * desk["shift_h"])
                person = holders[turn % len(holders)]
                yield {
                    "code": f"{desk['organisation']}-{role}-{begin:%Y%m%d%H}",
                    "organisation": desk["organisation"],
                    "person": person.code,
                    "role": role,
                    "start": f"{begin:%Y-%m-%d %H:%M}",
                    "end": f"{begin + timedelta(hours=desk['shift_h']):%Y-%m-%d %H:%M}",
                    "area": f"{person.area.code_system}:{person.area.code}",
                    "representative": "是",
                }


def load_plans(folder: Path, loaded: Loaded) -> None:
    for path in sorted((folder / "plans").glob("*.toml")):
        try:
            command.publish_plan(LOADER, plans.load(path))
            loaded.parts["plans"] = loaded.parts.get("plans", 0) + 1
        except Invalid as error:
            loaded.refused.append(error.message)


def lines(name: str) -> list[dict[str, Any]]:
    """Hand-drawn lines and polygons of the base map as GeoJSON features, marked 示意."""
    spec = tomllib.loads((cities.folder(name) / "city.toml").read_text(encoding="utf-8"))
    drawn = [("LineString", item, item["points"]) for item in spec.get("line", [])]
    drawn += [("Polygon", item, [[*item["points"], item["points"][0]]]) for item in spec.get("polygon", [])]
    return [
        {
            "type": "Feature",
            "geometry": {"type": kind, "coordinates": points},
            "properties": {"name": item["name"], "kind": item["kind"], "sketch": True},
        }
        for kind, item, points in drawn
    ]
