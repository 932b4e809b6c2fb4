"""Every registry of every room, from its declaration and its sample row alone."""

from __future__ import annotations

import io
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.documents import sheets
from anlan.kernel.errors import AnlanError
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.models import Area, RefusedRow
from anlan.kernel.register import actions, query
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of, is_number
from anlan.kernel.register.importing import Report, column_names, import_rows
from anlan.kernel.register.scoping import place_of, visible
from anlan.web.icons import ICONS
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
LOADER = system("装载")
#: Located rows that a layer of their room draws, in its own way; offices are found by name and have no place of their own.
DRAWN = {
    "parks": "park-risk-annual", "stations": "monitoring.stations", "teams": "teams",
    "past-earthquakes": "command.past-earthquakes", "catchments": "", "reaches": "", "slopes": "", "organisations": "",
}  # fmt: skip
EVERY = pytest.mark.parametrize("slug", sorted(REGISTERS))


def needs(register: Register) -> list[Register]:
    """The registries that rows of this one point to."""
    targets = {field_of(register, name).related_model for name in register.fields} - {None, Area, register.model}
    return [other for other in REGISTERS.values() if other.model in targets]


def load_needed(register: Register, loaded: set[str]) -> None:
    for other in needs(register):
        if other.slug not in loaded:
            loaded.add(other.slug)
            load_needed(other, loaded)
            assert import_rows(LOADER, other, [sample(other)]).refused == []


def sample(register: Register, change: str = "") -> dict[str, str]:
    """The sample row; with `change` another one like it."""
    row = {name: str(value) for name, value in register.sample.items()}
    unique = set(register.key)
    for constraint in register.model._meta.constraints:
        unique |= set(getattr(constraint, "fields", ())) | {
            getattr(e, "name", "") for e in getattr(constraint, "expressions", ())
        }
    for name in unique & set(row):
        field = field_of(register, name)
        if change and isinstance(field, models.CharField) and not field.choices:
            row[name] = f"{row[name]}{change}"[-(field.max_length or 99) :]
    return row


def load(register: Register, *changes: str) -> Report:
    load_needed(register, {register.slug})
    report = import_rows(LOADER, register, [sample(register, change) for change in changes])
    assert report.refused == []
    assert report.unknown == []
    return report


def row_of(register: Register) -> Any:
    """The row made last."""
    return visible(register.model, LOADER, register.view_permission).latest("pk")


def stranger(city: City, row: Any) -> Actor:
    """Who may do everything, in a district that is not the row's."""
    area, _top = place_of(row)
    home = city.west if area is not None and area.path.startswith(city.east.path) else city.east
    return actor(home, name="邻区")


@EVERY
def test_the_sample_row_can_be_imported(slug: str, city: City) -> None:
    assert load(REGISTERS[slug], "").created == 1


@EVERY
def test_a_list_of_three_rows_costs_no_more_queries_than_a_list_of_one(
    slug: str, city: City, signed_in: SignIn
) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load(register, "")
    queries(client, f"/registers/{slug}/")  # the first page of a session also writes the session
    cost = [queries(client, f"/registers/{slug}/")]
    load(register, "2", "3")
    cost.append(queries(client, f"/registers/{slug}/"))
    assert cost[0] == cost[1]
    assert queries(client, f"/api/registers/{slug}") > 0


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return len(captured)


@EVERY
def test_every_page_of_a_registry_opens(slug: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load(register, "")
    pk = row_of(register).pk
    for address in (
        "",
        "?q=x&sort=-" + register.columns[0],
        "new",
        "import",
        "template",
        "export",
        f"{pk}/",
        f"{pk}/edit",
        f"{pk}/word",
    ):
        assert client.get(f"/registers/{slug}/{address}").status_code == 200, address
    content = client.get(f"/registers/{slug}/export", {"file": "csv"}).content
    assert len(sheets.read_csv(content)) == visible(register.model, LOADER, register.view_permission).count()
    narrowed = {"q": "", **chosen(register, row_of(register))}
    assert pk in shown(client, slug, narrowed), narrowed
    for name in register.filters:
        other = {name: "没有这个", f"{name}_min": "1e300"}
        if not isinstance(field_of(register, name), models.BooleanField):
            assert pk not in shown(client, slug, other), name
            break


def chosen(register: Register, row: Any) -> dict[str, str]:
    """Every filter set to what the row has."""
    found: dict[str, str] = {}
    for name in register.filters:
        field, value = field_of(register, name), row
        for part in name.split("__"):
            value = getattr(value, part, None)
        if value in (None, ""):
            continue
        if is_number(field) and not field.is_relation:
            found |= {f"{name}_min": f"{value}", f"{name}_max": f"{value}"}
        else:
            found[name] = (
                str(value.pk)
                if isinstance(value, models.Model)
                else ("01"[value] if value in (True, False) else str(value))
            )
    return found


def shown(client: Client, slug: str, narrowed: dict[str, str]) -> set[int]:
    """Keys of the rows that the program and the page list."""
    assert client.get(f"/registers/{slug}/", narrowed).status_code == 200
    return {item["id"] for item in client.get(f"/api/registers/{slug}", narrowed).json()["items"]}


@EVERY
def test_another_district_sees_nothing_and_changes_nothing(slug: str, city: City, signed_in: SignIn) -> None:
    register = REGISTERS[slug]
    load(register, "")
    row = row_of(register)
    other = stranger(city, row)
    client = signed_in(city.west if other.grants[0].path == city.west.path else city.east)
    if place_of(row)[0] is not None:
        assert client.get(f"/registers/{slug}/{row.pk}/").status_code == 404
        assert client.get(f"/api/registers/{slug}/{row.pk}").status_code == 404
        assert row.pk not in shown(client, slug, {})
        exported = sheets.read_csv(client.get(f"/registers/{slug}/export", {"file": "csv"}).content)
        assert exported == [] or register.model is Area, "areas of one's own are there, of others not"
    for answer in (client.post(f"/registers/{slug}/{row.pk}/delete"), client.delete(f"/api/registers/{slug}/{row.pk}")):
        assert answer.status_code in {403, 404}
    if place_of(row)[0] is not None:
        assert row.pk not in set(query.listing(register, other, {}).values_list("pk", flat=True))
    with pytest.raises(AnlanError):
        actions.delete(other, register, row.pk)
    with pytest.raises(AnlanError):
        actions.update(other, register, row.pk, {})
    report = import_rows(other, register, [sample(register)])
    assert (report.created, report.updated, len(report.refused)) == (0, 0, 1)


@EVERY
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_export_comes_back_as_it_went(slug: str, kind: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load(register, "", "2")
    content = client.get(f"/registers/{slug}/export", {"file": kind}).content
    sent = SimpleUploadedFile(f"file.{kind}", content)
    report = client.post(f"/registers/{slug}/import", {"file": sent}).context["report"]
    assert (report.refused, report.unknown, report.created, report.updated) == ([], [], 0, 0)
    assert report.unchanged >= 2


def bad_cell(register: Register) -> dict[str, str]:
    """One wrong value for a column that does not identify the row."""
    for name in register.fields:
        field = field_of(register, name)
        if name in register.key:
            continue
        if is_number(field) and not field.is_relation:
            return {name: "不是数"}
        if field.choices or field.is_relation:
            return {name: "没有这个"}
    name = next(n for n in register.fields if n not in register.key and field_of(register, n).max_length)
    return {name: "长" * (field_of(register, name).max_length + 1)}


@EVERY
def test_a_file_is_previewed_with_a_reason_for_each_wrong_row_and_the_next_row_goes_in(
    slug: str, city: City, signed_in: SignIn
) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load_needed(register, {slug})
    bad, home = bad_cell(register), f"/registers/{slug}/import"
    rows = [sample(register) | bad, sample(register, "2")]
    header = list(dict.fromkeys([*rows[0], *rows[1]]))
    file = sheets.write_excel("表", header, [[row.get(name, "") for name in header] for row in rows])
    there = visible(register.model, LOADER, register.view_permission).count()
    preview = client.post(home, {"file": SimpleUploadedFile("表.xlsx", file)})
    report = preview.context["report"]
    assert (report.created, visible(register.model, LOADER, register.view_permission).count()) == (1, there)
    [(row_no, reasons)] = report.refused
    [(name, reason)] = reasons.items()
    assert (row_no, name) == (2, next(iter(bad)))
    assert "不正确，允许：" in reason
    assert reason in unescape(preview.content.decode())
    done = client.post(home, {"token": preview.context["upload"].token})
    assert "新增 1 行，修改 0 行，未变 0 行，拒绝 1 行" in done.content.decode()
    kept = RefusedRow.objects.get(register=slug)
    assert (kept.reasons, kept.state) == (reasons, RefusedRow.State.KEPT)
    assert reason in unescape(client.get(f"/registers/{slug}/refused").content.decode())
    known = set(column_names(register))
    empty = load_workbook(io.BytesIO(client.get(f"/registers/{slug}/template").content))
    assert {str(cell.value) for cell in empty.worksheets[0][1]} <= known


@EVERY
def test_a_located_row_is_on_the_map_for_those_who_may_see_it(slug: str, city: City, signed_in: SignIn) -> None:
    register = REGISTERS[slug]
    columns = {field.name for field in register.model._meta.concrete_fields}
    if register.symbol is None:
        assert slug in DRAWN or not {"lon", "lat"} <= columns, "a symbol, or the layer of the room that draws it"
        assert slug not in DRAWN or not DRAWN[slug] or DRAWN[slug] in LAYERS
        return
    assert register.symbol.icon in ICONS
    load(register, "")
    row = row_of(register)
    assert row.pk in on_map(signed_in(), register.symbol.layer)
    if place_of(row)[0] is not None:
        home = city.west if stranger(city, row).grants[0].path == city.west.path else city.east
        assert row.pk not in on_map(signed_in(home, username="other"), register.symbol.layer)


def on_map(client: Client, layer: str) -> set[int]:
    return {feature["id"] for feature in client.get(f"/api/map/layers/{layer}").json()["features"]}


NASTY = ["\x00", "%", "'", "9" * 40, "-1", "nan", "１", "a/b:c", "\u202e", "(", "乌" * 300]


@EVERY
def test_no_question_a_browser_can_ask_breaks_a_list(slug: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    names = ["q", "sort", "page", "size", "cols", *register.filters, *(f"{name}_min" for name in register.filters)]
    for text in NASTY:
        for address in (f"/registers/{slug}/", f"/api/registers/{slug}"):
            assert client.get(address, dict.fromkeys(names, text)).status_code in {200, 422}, (address, text)
