"""A city is data: Wuhai and any other folder load through the same code."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from anlan.administration.models import Shift
from anlan.command.duty import today
from anlan.kernel import clock
from anlan.kernel.models import Area, Level, Organisation, Person, User
from anlan.kernel.register.declare import REGISTERS
from anlan.kernel.register.importing import import_rows
from anlan.resources import actions as resources
from anlan.resources.models import Stock, Team
from anlan.web.city import accounts, loader

SMALL = str(Path(__file__).parent / "data" / "small_city")
TABLES = (
    "kernel_area",
    "monitoring_station",
    "resources_team",
    "resources_stock",
    "command_planversion",
    "kernel_user",
)

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"select count(*) from {table}")
            found[table] = cursor.fetchone()[0]
    return found


@pytest.fixture
def wuhai() -> loader.Loaded:
    return loader.load("wuhai")


def test_wuhai_loads_without_a_refused_row(wuhai: loader.Loaded) -> None:
    assert wuhai.refused == []
    levels = {level: Area.objects.filter(level=level).count() for level in Level}
    assert (levels[Level.CITY], levels[Level.DISTRICT], levels[Level.TOWN], levels[Level.COMMUNITY]) == (1, 3, 20, 87)


def test_the_network_of_stores_is_the_citys_four_and_fifteen(wuhai: loader.Loaded) -> None:
    kinds = Counter(REGISTERS["stores"].model._base_manager.values_list("kind", flat=True))
    assert (kinds["store"], kinds["point"]) == (4, 15)


def test_the_package_says_how_much_is_in_it() -> None:
    """Numbers in the package's README are those of its files."""
    folder = Path(loader.__file__).parents[2] / "cities" / "wuhai"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for file, what in (("stations", "stations"), ("alarm-rules", "rules"), ("enterprises", "enterprises")):
        count = len((folder / "registers" / f"{file}.csv").read_text(encoding="utf-8").strip().splitlines()) - 1
        assert f"{count} {what}" in readme
    for csv in sorted((folder / "registers").glob("*.csv")):
        assert csv.name in readme or csv.stem in readme, csv.name


def test_loading_again_doubles_nothing(wuhai: loader.Loaded) -> None:
    before = counts()
    assert loader.load("wuhai").refused == []
    assert counts() == before


def test_a_dry_run_keeps_nothing() -> None:
    tried = loader.load("wuhai", dry_run=True)
    assert tried.parts["areas"] > 100
    assert not Area.objects.exists()
    assert not User.objects.exists()


def test_the_two_code_systems_are_kept_apart(wuhai: loader.Loaded) -> None:
    """民政部 and 统计局 give the same digits to different towns (RULES.md 14.1)."""
    town = Area.objects.get(code_system="mca", code="150302001")
    assert (town.name, town.alt_codes["nbs"]) == ("新华街道", "150302003")


def test_official_district_populations_add_up_to_the_city(wuhai: loader.Loaded) -> None:
    """乌海市统计局 2022-03-18: 34.10 + 9.47 + 12.24 = 55.81 (ten thousand, end of 2021)."""
    districts = Area.objects.filter(level=Level.DISTRICT).values_list("population", flat=True)
    assert sum(p or 0 for p in districts) == Area.objects.get(level=Level.CITY).population == 558_100


def test_modelled_populations_say_so(wuhai: loader.Loaded) -> None:
    below = Area.objects.filter(level__in=[Level.TOWN, Level.COMMUNITY], population__gt=0)
    assert not below.exclude(population_note__contains="模型推算").exists()


def test_every_made_up_row_is_marked(wuhai: loader.Loaded) -> None:
    """People, posts and teams are invented without exception."""
    for slug in ("persons", "posts", "teams"):
        rows = REGISTERS[slug].model._base_manager.all()
        assert rows.exists()
        assert not rows.filter(representative=False).exists()


def test_another_city_loads_without_a_change_of_code() -> None:
    loaded = loader.load(SMALL)
    assert loaded.parts["areas"] == 4
    assert not User.objects.exists()
    assert loader.load_demo_accounts(SMALL) == 1
    assert User.objects.filter(username="shiyan").exists()
    assert loaded.parts["shifts"] > 0


def test_a_refused_row_is_told_with_table_row_and_reason() -> None:
    refused = loader.load(SMALL).refused
    assert len(refused) == 1
    assert refused[0].startswith("teams 第 3 行")
    assert "mca:123456" in refused[0]


def test_today_s_installation_is_a_package_without_anybody_s_number(wuhai: loader.Loaded, tmp_path: Path) -> None:
    """A drill plays in the city as its registers are now: what was changed is in it, persons and their numbers are not."""
    team = Team.everything.order_by("pk").first()
    assert team is not None
    Team.everything.filter(pk=team.pk).update(leader="周队长", phone="13812345678", members=77)
    lot = Stock.everything.filter(quantity__gt=5).order_by("pk").first()
    assert lot is not None
    resources.write_off(loader.LOADER, lot.pk, 2, "破损")
    folder = tmp_path / "wuhai"
    counts = today.save("wuhai", folder)
    assert (counts["teams"], counts["households"], counts["plans"]) == (
        Team.everything.count(),
        0,
        wuhai.parts["plans"],
    )
    written = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.csv"))
    assert "周队长" in written
    assert "13812345678" not in written
    assert "样例小区 1 号楼" not in written, "a household is personal data"
    named = {one["code"]: one for one in loader.rows_of(folder / "registers" / "teams.csv")}
    assert (named[team.code]["members"], len(named[team.code]["phone"])) == ("77", 11)
    opening = {one["code"]: one["quantity"] for one in loader.rows_of(folder / "registers" / "stock-opening.csv")}
    assert Decimal(opening[lot.code]) == lot.quantity - 2
    passwords = {password for _name, password, _who in today.accounts(folder)}
    assert passwords.isdisjoint(password for _name, password, _who in accounts.demo("wuhai"))
    again = loader.load(str(folder), dry_run=True)
    assert again.refused == []
    assert not any(again.created.values()), "the copy names nothing that is not here"
    for slug in (name for name, count in again.updated.items() if count and name in REGISTERS):
        rows = loader.rows_of(folder / "registers" / f"{slug}.csv")
        changes = import_rows(loader.LOADER, REGISTERS[slug], rows, dry_run=True).changes
        labels = {label for one in changes for label in one.values}
        assert all(any(word in label for word in ("电话", "手机", "号码", "联系")) for label in labels), (slug, labels)


def test_what_its_users_changed_stays_when_a_package_or_a_start_comes_again() -> None:
    loader.load(SMALL)
    shift = Shift.everything.order_by("pk").first()
    assert shift is not None
    other = Person.everything.exclude(pk=shift.person_id).order_by("pk").first()
    assert other is not None
    Shift.everything.filter(pk=shift.pk).update(person=other)
    Organisation.everything.filter(pk=shift.organisation_id).update(name="改过的名称")
    Team.everything.all().delete()
    assert loader.lacking(SMALL) == ["teams"]
    loaded = loader.load(SMALL, new_only=True)
    assert {part: count for part, count in loaded.created.items() if count} == {"teams": Team.everything.count()}
    assert not any(loaded.updated.values())
    assert loader.keep_roster(SMALL, clock.now()).updated == 0
    shift.refresh_from_db()
    assert (shift.person_id, shift.organisation.name) == (other.pk, "改过的名称")
    assert loader.lacking(SMALL) == []
