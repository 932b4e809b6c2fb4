"""What the scenario files say is what they claim."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from anlan import cities
from anlan.command import plans
from anlan.gateways import feeds
from anlan.web.scenario import spec

FOLDER = cities.folder("wuhai") / "scenarios"
NAMES = sorted(file.parent.name for file in FOLDER.glob("*/scenario.toml"))
BAYANGAOLE = "0040101300"


def column(name: str, register: str) -> set[str]:
    with (FOLDER.parent / "registers" / f"{register}.csv").open(encoding="utf-8", newline="") as file:
        return {row[name] for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_speaks_of_stations_and_plans_that_exist(name: str) -> None:
    scenario = spec.load(FOLDER / name)
    assert {series.address for series in scenario.series} <= column("address", "stations")
    documents = {p.code: p for p in map(plans.load, (FOLDER.parent / "plans").glob("*.toml"))}
    plan = documents[scenario.response["plan"]]
    assert plan.covers(scenario.incident["event_code"])
    assert scenario.response["level"] in {level.level for level in plan.levels}


@pytest.mark.parametrize("name", NAMES)
def test_the_documents_of_a_scenario_are_read_by_their_feed(name: str) -> None:
    scenario = spec.load(FOLDER / name)
    wanted = scenario.trigger.get("key", "")
    for feed in scenario.feeds:
        parsed = feeds.discover()[feed.feed].parse((FOLDER / name / feed.file).read_bytes())
        assert parsed.refused == []
        assert [event for event in parsed.events if wanted in event.key]


def test_the_stages_of_the_ice_jam_are_those_of_the_bulletin(shared: Path) -> None:
    """The typed-in figures against the published series."""
    with (shared / "wuhai" / "yellow_river_daily_yrcc_2001_2022.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            r for r in csv.DictReader(file) if r["station"] == "巴彦高勒" and "2014-12-15" <= r["date"] <= "2014-12-18"
        ]
    scenario = spec.load(FOLDER / "ice-jam")
    told = {s.code: [value for _, value in s.points] for s in scenario.series if s.address == BAYANGAOLE}
    assert told["39"] == [float(row["level_m"]) for row in rows]
    assert told["27"] == [float(row["flow_m3s"]) for row in rows]


def test_the_hotspots_are_rows_of_the_published_file(shared: Path) -> None:
    with (shared / "wuhai" / "firms_hotspots_wuhai_region.csv").open(encoding="utf-8", newline="") as file:
        published = [{k: v for k, v in row.items() if k not in {"repo", "path"}} for row in csv.DictReader(file)]
    with (FOLDER / "grassland-fire" / "hotspots.csv").open(encoding="utf-8", newline="") as file:
        assert all(row in published for row in csv.DictReader(file))
