"""Importing and exporting registries."""

from __future__ import annotations

import io
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from anlan.kernel.accounts.actor import system
from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.documents import sheets
from anlan.kernel.errors import Forbidden
from anlan.kernel.events.models import Event
from anlan.kernel.models import Area, Organisation
from anlan.kernel.register import exporting
from anlan.kernel.register.importing import import_rows
from anlan.kernel.register.query import find
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
Rows = list[dict[str, str]]


def organisation(code: str, **cells: str) -> dict[str, str]:
    return {"code": code, "name": f"机构{code}", "kind": "应急", "area": "mca:150302", "data_class": "2"} | cells


def test_rows_are_created_updated_and_left_alone_by_their_key(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    rows = [organisation("A"), organisation("B"), organisation("C")]
    assert import_rows(by, register, rows).created == 3
    rows[1]["name"] = "改了名"
    report = import_rows(by, register, [*rows, organisation("D")])
    assert (report.created, report.updated, report.unchanged, report.refused) == (1, 1, 2, [])
    assert Organisation.everything.get(code="B").name == "改了名"


def test_columns_the_file_does_not_have_keep_their_values(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    import_rows(by, register, [organisation("A", phone="0473-1")])
    import_rows(by, register, [{"编码": "A", "名称": "新名"}])
    row = Organisation.everything.get()
    assert (row.name, row.phone) == ("新名", "0473-1")


def test_every_refused_row_is_told_with_its_reason_and_the_others_go_in(city: City) -> None:
    rows = [
        organisation("A"),
        organisation("B", lon="206.8"),
        organisation("C", area="mca:000000"),
        organisation("A"),
        organisation(""),
        organisation("D", name="", parent="没有的"),
    ]
    report = import_rows(actor(city.city), find("organisations"), rows)
    assert report.created == 1
    assert report.refused == [
        (3, {"lon": "经度的值“206.8”不正确，允许：-180~180"}),
        (4, {"area": "所属区划的值“mca:000000”不正确，允许：已登记的区划，如 mca:150302 或 乌海市/乌达区"}),
        (5, {"code": "与第 2 行重复"}),
        (6, {"code": "编码的值空不正确，允许：1~40 个字"}),
        (
            7,
            {
                "name": "名称的值空不正确，允许：1~80 个字",
                "parent": "上级机构的值“没有的”不正确，允许：您管辖范围内已登记的机构的编码",
            },
        ),
    ]


def test_a_dry_run_tells_the_same_and_writes_nothing(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    rows = [organisation("A"), organisation("B", data_class="9")]
    preview = import_rows(by, register, rows, dry_run=True)
    assert not Organisation.everything.exists()
    assert not JournalEntry.objects.exists()
    report = import_rows(by, register, rows)
    assert (preview.created, preview.refused) == (report.created, report.refused)


@pytest.mark.parametrize(
    "place", ["mca:150302001", "新华街道", "海勃湾区/新华街道", "乌海市/新华街道", "乌海市/海勃湾区/新华街道"]
)
def test_an_area_is_found_by_code_and_by_name_path(city: City, place: str) -> None:
    import_rows(actor(city.city), find("organisations"), [organisation("A", area=place)])
    assert Organisation.everything.get().area == city.town


def test_an_area_name_that_two_places_have_is_refused(city: City) -> None:
    Area.objects.create(code_system="mca", code="150304009", name="新华街道", level=3, parent=city.west)
    report = import_rows(actor(city.city), find("organisations"), [organisation("A", area="新华街道")])
    assert "所属区划" in report.refused[0][1]["area"]


def test_rows_may_point_to_rows_further_down_in_the_same_file(city: City) -> None:
    rows = [organisation("A", parent="B"), organisation("B", parent="C"), organisation("C")]
    assert import_rows(actor(city.city), find("organisations"), rows).created == 3
    assert str(Organisation.everything.get(code="A").parent) == "机构B"


def test_a_whole_city_of_areas_comes_from_one_file(db: None) -> None:
    def area(code: str, name: str, level: str, parent: str = "") -> dict[str, str]:
        return {"code_system": "mca", "code": code, "name": name, "level": level, "parent": parent}

    rows = [
        area("150302001", "新华街道", "镇（街道）", "mca:150302"),
        area("150302", "海勃湾区", "区", "乌海市"),
        area("150300", "乌海市", "市"),
    ]
    report = import_rows(system("装载"), find("areas"), rows)
    assert (report.created, report.refused) == (3, [])
    town = Area.objects.get(code="150302001")
    assert town.path.count("/") == 4
    assert import_rows(system("装载"), find("areas"), rows).unchanged == 3


def test_a_district_imports_into_itself_only(city: City) -> None:
    import_rows(actor(city.city), find("organisations"), [organisation("W", area="mca:150304")])
    east = actor(city.east, "kernel.*", name="李区")
    rows = [organisation("A"), organisation("B", area="mca:150304"), organisation("W", name="抢来")]
    report = import_rows(east, find("organisations"), rows)
    assert report.created == 1
    assert report.refused == [
        (3, {"area": "李区没有在乌达区维护数据级 2 的“机构”的权限"}),
        (4, {"area": "同一编码的记录已存在，且不在您的管辖范围内"}),
    ]
    with pytest.raises(Forbidden):
        import_rows(actor(city.east, "kernel.view"), find("organisations"), rows)


def test_every_imported_row_is_journalled_and_each_area_told_once(city: City) -> None:
    rows = [organisation("A"), organisation("B"), organisation("W", area="mca:150304")]
    import_rows(actor(city.city), find("organisations"), rows)
    assert [e.verb for e in JournalEntry.objects.order_by("seq")] == ["导入机构（新增）"] * 3
    assert list(journal.flaws()) == []
    told = {(e.area_path, e.payload["count"]) for e in Event.objects.filter(name="kernel.RegisterRowChanged")}
    assert told == {(city.east.path, 2), (city.west.path, 1)}


def test_ten_thousand_rows_go_in_within_seconds(city: City) -> None:
    rows = [organisation(f"E{i:05}", lon=f"{106.6 + i / 1e5:.5f}", lat="39.6") for i in range(10_000)]
    start = time.process_time()
    report = import_rows(system("装载"), find("organisations"), rows)
    assert report.created == 10_000
    assert time.process_time() - start < 20


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_is_exported_comes_back_unchanged(city: City, kind: str) -> None:
    by, register = actor(city.city), find("organisations")
    rows = [
        organisation("A", parent="B", lon="106.812345678"),
        organisation("B", name='含,逗号"和引号'),
        organisation("=1+1"),
    ]
    import_rows(by, register, rows)
    content = exporting.export(register, by, {}, kind)
    report = import_rows(by, register, sheets.read(f"x.{kind}", content))
    assert (report.unchanged, report.refused, report.unknown) == (3, [], [])


def test_an_export_holds_the_filtered_rows_and_says_what_is_demonstration(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    import_rows(by, register, [organisation("A"), organisation("W", area="mca:150304", representative="是")])
    sheet = load_workbook(io.BytesIO(exporting.export(register, by, {"area": str(city.west.pk)}, "xlsx"))).worksheets[0]
    head, *lines = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert len(lines) == 1
    assert dict(zip(head, lines[0], strict=True))["演示数据"] == "是"


def test_excel_saved_in_china_as_csv_is_read(city: City) -> None:
    content = "编码,名称,类别,所属区划,数据级\r\nA,应急局,应急,乌达区,一般2·内部\r\n".encode("gb18030")
    assert import_rows(actor(city.city), find("organisations"), sheets.read("x.csv", content)).created == 1


@pytest.mark.parametrize(
    ("name", "content"), [("x.xlsx", b"PK\x03\x04 broken"), ("x.csv", b"\xff\xfe\x00\x81"), ("x.csv", b"")]
)
def test_a_damaged_file_is_refused_with_a_sentence(signed_in: SignIn, name: str, content: bytes) -> None:
    answer = signed_in().post("/registers/organisations/import", {"file": SimpleUploadedFile(name, content or b" ")})
    assert answer.status_code == 422
    assert "文件的值" in answer.content.decode()


def test_an_import_is_previewed_then_confirmed_and_its_refused_rows_downloaded(signed_in: SignIn) -> None:
    client = signed_in()
    text = "编码,名称,类别,所属区划,经度\nA,甲,应急,乌达区,106.8\nB,乙,应急,乌达区,999\n"
    preview = client.post("/registers/organisations/import", {"file": SimpleUploadedFile("机构.csv", text.encode())})
    page = preview.content.decode()
    assert "经度的值“999”不正确" in page
    assert not Organisation.everything.exists()
    token = preview.context["upload"].token
    done = client.post("/registers/organisations/import", {"token": token})
    assert "已导入：新增 1 行，修改 0 行，未变 0 行，拒绝 1 行" in done.content.decode()
    assert Organisation.everything.get().name == "甲"
    refused = client.get("/registers/organisations/import/refused", {"token": token})
    rows = sheets.read_excel(refused.content)
    assert rows == [
        {
            "拒绝原因": "经度的值“999”不正确，允许：-180~180",
            "编码": "B",
            "名称": "乙",
            "类别": "应急",
            "所属区划": "乌达区",
            "经度": "999",
        }
    ]
