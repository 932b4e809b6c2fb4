"""今日城市包: the running installation as a city package, so that a drill plays in the city as it is today.

Out of it go: who may sign in and every secret (they are in no register), how to reach the outside (feeds, partners, channels),
rows of personal data, telephone and identity numbers (a sandbox's accounts are public), and what happened (readings, incidents).
"""

from __future__ import annotations

import csv
import json
import re
import secrets
import shutil
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import Q

from anlan import cities
from anlan.command.models import Plan
from anlan.command.plans.text import as_toml
from anlan.kernel import clock
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.models import Area
from anlan.kernel.register import exporting
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of
from anlan.kernel.register.scoping import everything
from anlan.resources.models import RoadEdge, RoadNode, Stock

WHY = "a copy of the registers for a drill, without personal data"
#: Of the package as it stands: what is not a register.
STATIC = shutil.ignore_patterns("registers", "plans", "roads", "areas.csv", "__pycache__", "*.py")
#: Ways to the outside are no business of a drill; past weather is no register of today's.
LEFT_OUT = {"areas", "feed-sources", "exchange-peers", "channel-terms", "climate-days", "maintenance-windows"}
#: Mobile and fixed telephones, identity cards: no real one may be rung or read in a drill.
TELEPHONE = re.compile(r"(?<![\dA-Za-z])(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def save(name: str, folder: Path) -> dict[str, int]:
    """Write the package; how many rows of each register. Refused when the folder is there: nothing is written over."""
    shutil.copytree(cities.folder(name), folder, ignore=STATIC)
    own_passwords(folder / "accounts.toml")
    counts = {"areas": save_areas(folder)}
    for register in in_order(name):
        counts[register.slug] = save_register(folder, register)
    counts["stock-opening"] = save_balances(folder)
    counts["roads"] = save_roads(folder)
    counts["plans"] = save_plans(folder)
    return counts


def own_passwords(file: Path) -> None:
    """Everybody can read the passwords of the demonstration accounts; in a copy of the real city they are of its own."""
    text = file.read_text(encoding="utf-8")
    file.write_text(
        re.sub(r'^password = ".*"$', lambda _found: f'password = "Yl-{secrets.token_hex(5)}-9A"', text, flags=re.M),
        encoding="utf-8",
    )


def accounts(folder: Path) -> list[tuple[str, str, str]]:
    """(account, password, who) of a copy, for those who direct the drill."""
    try:
        users = tomllib.loads((folder / "accounts.toml").read_text(encoding="utf-8"))["user"]
    except (OSError, KeyError):
        return []
    return [(user["username"], user["password"], user["name"]) for user in users]


def in_order(name: str) -> list[Register]:
    """Registers in the order they can be loaded: the package's, then those it does not name."""
    spec = tomllib.loads((cities.folder(name) / "city.toml").read_text(encoding="utf-8"))
    slugs = [*spec["load"]["registers"], *REGISTERS]
    return [REGISTERS[slug] for slug in dict.fromkeys(slugs) if slug in REGISTERS and slug not in LEFT_OUT]


def write(path: Path, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> int:
    path.parent.mkdir(exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        for row in rows:
            out.writerow(row)
            count += 1
    return count


def save_register(home: Path, register: Register) -> int:
    names = exporting.columns(register, excel=False)
    lines = exporting.values(register, rows_of(register), names)
    return write(home / "registers" / f"{register.slug}.csv", names, masked(register, names, lines))


def rows_of(register: Register) -> Any:
    """All rows but personal data; closures that are over are history."""
    model, rows = register.model, everything(register.model).select_related(None)
    if path := getattr(model, "SCOPE_CLASS", ""):
        rows = rows.filter(**{f"{path}__lt": DataClass.PERSONAL})
    if register.slug == "closures":
        rows = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=clock.real_now()))
    return rows.order_by("pk")


def masked(register: Register, names: list[str], lines: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Telephone and identity numbers replaced, the same one by the same: keys and references stay."""
    free = [not (name in register.key or is_key(register, name)) for name in names]
    for line in lines:
        yield [
            hidden(value) if may and isinstance(value, str) else value for may, value in zip(free, line, strict=True)
        ]


def is_key(register: Register, name: str) -> bool:
    field = field_of(register, name)
    return isinstance(field, models.ForeignKey | models.JSONField) or name == "address"


def hidden(text: str) -> str:
    text = IDENTITY.sub("（已隐去）", text)
    return TELEPHONE.sub(lambda found: f"199{zlib.crc32(found[0].encode()) % 10**8:08d}", text)


def save_areas(home: Path) -> int:
    """Areas with their names and people, and their outlines as the installation has them."""
    register = REGISTERS["areas"]
    names = [name for name in exporting.columns(register, excel=False) if name != exporting.GEOMETRY]
    rows = Area.objects.order_by("level", "path")
    count = write(home / "areas.csv", names, exporting.values(register, rows, names))
    shapes = [
        {
            "type": "Feature",
            "geometry": area.geometry,
            "properties": {"code_system": area.code_system, "code": area.code, "sketch": area.sketch},
        }
        for area in rows.filter(geometry__isnull=False)
    ]
    (home / "shapes.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": shapes}), encoding="utf-8"
    )
    return count


def save_balances(home: Path) -> int:
    """The balance of every lot that lies on a shelf opens its book in the copy; goods on the road stay out."""
    lots = Stock.objects.unscoped(WHY).filter(quantity__gt=0, consignment=None).order_by("pk")
    rows = lots.values_list("code", "quantity")
    return write(home / "registers" / "stock-opening.csv", ("code", "quantity"), rows)


def save_roads(home: Path) -> int:
    write(home / "roads" / "nodes.csv", NODE, RoadNode.objects.order_by("pk").values_list(*NODE))
    edges = RoadEdge.objects.order_by("pk").values_list("start__code", "end__code", *EDGE, "geometry")
    lines = ([start, end, *map(said, rest), json.dumps(shape) if shape else ""] for start, end, *rest, shape in edges)
    return write(home / "roads" / "edges.csv", ("start", "end", *EDGE, "geometry"), lines)


NODE = ("code", "lon", "lat", "name")
EDGE = (
    "code", "name", "kind", "length_m", "speed_km_h", "oneway", "max_height_m", "max_weight_t", "no_hazmat",
    "representative",
)  # fmt: skip


def said(value: Any) -> Any:
    return {True: "是", False: "", None: ""}.get(value, value) if value is None or isinstance(value, bool) else value


def save_plans(home: Path) -> int:
    """Plans in force, in the version that is."""
    (home / "plans").mkdir()
    count = 0
    for plan in Plan.objects.unscoped(WHY).filter(in_force=True):
        current = plan.current()
        if current is not None:
            (home / "plans" / f"{plan.code}.toml").write_text(as_toml(current.document()), encoding="utf-8")
            count += 1
    return count
