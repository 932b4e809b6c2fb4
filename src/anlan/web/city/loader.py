"""The city loader: areas, registries, roads, plans, accounts, roster; idempotent, in one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from anlan.command import actions as command
from anlan.command.plans import load as load_plan
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.errors import NotFound
from anlan.kernel.models import Area
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import Report, import_rows
from anlan.resources.road_import import import_roads
from anlan.web.city import accounts, boundaries, duty
from anlan.web.city.package import Package, find


@dataclass
class Loaded:
    """What a load did, table by table; refused rows with the row of the file and the reason."""

    tables: dict[str, Report] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def refused(self) -> list[str]:
        return [
            f"{slug}.csv 第 {row} 行：{'；'.join(f'{name}：{why}' if name else why for name, why in reasons.items())}"
            for slug, report in self.tables.items()
            for row, reasons in report.refused
        ]


def load(name: str = "", *, dry_run: bool = False, polygons: Path | None = None) -> Loaded:
    """Load the package; with `dry_run` everything is tried and nothing kept."""
    began, package, by = time.monotonic(), find(name), system("城市数据包")
    done = Loaded()
    with transaction.atomic():
        load_tables(by, package, done, polygons)
        load_rest(by, package, done)
        if dry_run:
            transaction.set_rollback(True)
    done.seconds = time.monotonic() - began
    return done


def load_tables(by: Actor, package: Package, done: Loaded, polygons: Path | None) -> None:
    done.tables["areas"] = import_rows(by, REGISTERS["areas"], package.rows("areas.csv"))
    done.said += boundaries.draw(package.city.get("boundaries", {}), polygons)
    for slug in package.city.get("load", {}).get("registers", []):
        if slug not in REGISTERS:
            raise NotFound(f"{package.folder.name}/city.toml 的 load.registers 中没有登记表“{slug}”", value=slug)
        done.tables[slug] = import_rows(by, REGISTERS[slug], package.rows(f"registers/{slug}.csv"))


def load_rest(by: Actor, package: Package, done: Loaded) -> None:
    roads = Report()
    roads.created, refused = import_roads(by, package.rows("roads/nodes.csv"), package.rows("roads/edges.csv"))
    roads.refused = [(row, {"": why}) for row, why in refused]
    done.tables["roads/edges"] = roads
    for file in package.plans():
        command.publish_plan(by, load_plan(file))
    done.said.append(f"预案：{len(package.plans())} 个")
    done.said.append(f"演示账号：新开 {accounts.ensure(by, package.toml('accounts.toml'))} 个")
    done.tables["shifts"] = duty.ensure(by, package.toml("duty.toml"), clock.real_now())


def load_once(name: str = "") -> Loaded | None:
    """At every start: the whole package when the city is not there yet, otherwise only the roster of these days."""
    package = find(name)
    code_system, _, code = package.root.partition(":")
    if not Area.objects.filter(code_system=code_system, code=code).exists():
        return load(name)
    roster(clock.real_now(), name)
    return None


def roster(around: datetime, name: str = "") -> Report:
    """Somebody on duty around this time."""
    with transaction.atomic():
        return duty.ensure(system("城市数据包"), find(name).toml("duty.toml"), around)
