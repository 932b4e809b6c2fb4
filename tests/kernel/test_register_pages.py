"""Pages of a registry: list, page of one row, form."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.events.models import Event
from anlan.kernel.models import Organisation
from tests.conftest import City
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]

FORM = {
    "code": "E1",
    "name": "海勃湾区应急局",
    "kind": "应急",
    "area": "mca:150302",
    "data_class": "2",
    "phone": "",
    "lon": "106.8",
}


@pytest.fixture
def bureau(city: City) -> Organisation:
    return Organisation.everything.create(code="E9", name="乌达区应急局", kind="应急", area=city.west)


def test_a_new_row_is_saved_journalled_and_told(city: City, signed_in: SignIn) -> None:
    answer = signed_in().post("/registers/organisations/new", FORM)
    assert answer.status_code == 302, answer.content.decode()
    row = Organisation.everything.get()
    assert (row.name, row.area, row.lon) == ("海勃湾区应急局", city.east, 106.8)
    assert JournalEntry.objects.get(subject_type="kernel.Organisation").verb == "新增机构"
    event = Event.objects.get()
    assert (event.name, event.payload["slug"], event.area_path) == (
        "kernel.RegisterRowChanged",
        "organisations",
        city.east.path,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("lon", "206", "经度的值“206”不正确，允许：-180~180"),
        ("lon", "东经", "经度的值“东经”不正确，允许：-180~180"),
        ("name", "", "名称的值空不正确，允许：1~80 个字"),
        ("area", "mca:999999", "所属区划的值“mca:999999”不正确，允许：已登记的区划，如 mca:150302"),
        ("code", "E9", "编码的值“E9”不正确"),
        ("data_class", "9", "数据级的值“9”不正确，允许：一般1·公开、一般2·内部"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    bureau: Organisation, signed_in: SignIn, name: str, value: str, sentence: str
) -> None:
    answer = signed_in().post("/registers/organisations/new", {**FORM, name: value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Organisation.everything.count() == 1


def test_a_row_is_changed_and_deleted_with_a_reason(city: City, signed_in: SignIn, bureau: Organisation) -> None:
    client = signed_in()
    page = client.get(f"/registers/organisations/{bureau.pk}/edit").content.decode()
    assert 'value="乌达区应急局"' in page
    assert '<option value="mca:150304" selected>' in page
    client.post(f"/registers/organisations/{bureau.pk}/edit", {**FORM, "code": "E9", "area": "mca:150304"})
    assert Organisation.everything.get().name == "海勃湾区应急局"
    client.post(f"/registers/organisations/{bureau.pk}/delete", {"reason": "机构改革"})
    assert not Organisation.everything.exists()
    last = JournalEntry.objects.latest("seq")
    assert (last.verb, last.reason, last.subject_id) == ("删除机构", "机构改革", str(bureau.pk))


def test_a_neighbouring_district_finds_nothing_and_changes_nothing(
    city: City, signed_in: SignIn, bureau: Organisation
) -> None:
    east = signed_in(city.east, "kernel.*")
    assert "乌达区应急局" not in east.get("/registers/organisations/").content.decode()
    assert east.get(f"/registers/organisations/{bureau.pk}/").status_code == 404
    assert east.post(f"/registers/organisations/{bureau.pk}/delete").status_code == 404
    moved = east.post("/registers/organisations/new", {**FORM, "area": "mca:150304"})
    assert moved.status_code == 403
    assert "没有在乌达区维护“机构”的权限" in moved.content.decode()


def test_the_list_is_searched_by_part_of_a_chinese_name_and_filtered_by_area(
    city: City, signed_in: SignIn, bureau: Organisation
) -> None:
    Organisation.everything.create(code="E2", name="新华街道办", kind="街道", area=city.town)
    client = signed_in()

    def names(query: str) -> set[str]:
        page = client.get(f"/registers/organisations/?{query}").content.decode()
        return {name for name in ("乌达区应急局", "新华街道办") if f">{name}<" in page}

    assert names("q=达区应") == {"乌达区应急局"}
    assert names(f"area={city.east.pk}") == {"新华街道办"}
    assert names("kind=街") == {"新华街道办"}
    assert names("sort=-name") == {"乌达区应急局", "新华街道办"}
    assert names("q=没有的") == set()


def test_a_town_that_moves_takes_what_is_below_it_along(city: City, signed_in: SignIn) -> None:
    form = {"name": "新华街道", "level": "3", "code_system": "mca", "code": "150302001", "parent": "mca:150304"}
    signed_in().post(f"/registers/areas/{city.town.pk}/edit", form)
    city.community.refresh_from_db()
    assert city.community.path == f"{city.west.path}{city.town.pk}/{city.community.pk}/"


def test_a_form_that_came_too_late_gets_a_page_in_chinese(city: City) -> None:
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "wang"})
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_an_address_that_leads_nowhere_gets_a_page_in_chinese(signed_in: SignIn) -> None:
    answer = signed_in().get("/nowhere")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def opened(client: Client, row: Organisation) -> dict[str, str]:
    """The form as a browser would send it back, with the mark of what was seen."""
    page = client.get(f"/registers/organisations/{row.pk}/edit").content.decode()
    mark = re.search(r'name="seen_row" value="([^"]+)"', page)
    assert mark is not None
    return {**FORM, "code": "E9", "area": "mca:150304", "name": row.name, "seen_row": mark[1]}


def test_the_second_of_two_editors_is_refused_and_sees_what_the_first_changed(
    city: City, signed_in: SignIn, bureau: Organisation
) -> None:
    first, second = signed_in(), signed_in(username="li")
    address = f"/registers/organisations/{bureau.pk}/edit"
    his, hers = opened(first, bureau), opened(second, bureau)
    assert first.post(address, {**his, "phone": "0473-1"}).status_code == 302
    refused = second.post(address, {**hers, "phone": "0473-2"})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "别人已修改了这条记录" in page
    assert "<td>0473-1</td>" in page
    assert 'value="0473-2"' in page
    assert Organisation.everything.get().phone == "0473-1"
    # Having seen it, she may decide that hers is right.
    again = re.search(r'name="seen_row" value="([^"]+)"', page)
    assert again is not None
    assert second.post(address, {**hers, "phone": "0473-2", "seen_row": again[1]}).status_code == 302
    assert Organisation.everything.get().phone == "0473-2"


def test_a_wrong_entry_does_not_lose_the_mark_of_what_was_seen(
    city: City, signed_in: SignIn, bureau: Organisation
) -> None:
    first, second = signed_in(), signed_in(username="li")
    address = f"/registers/organisations/{bureau.pk}/edit"
    hers = opened(second, bureau)
    wrong = second.post(address, {**hers, "lon": "206"})
    assert wrong.status_code == 422
    kept = re.search(r'name="seen_row" value="([^"]+)"', wrong.content.decode())
    assert kept is not None
    first.post(address, {**opened(first, bureau), "phone": "0473-1"})
    assert second.post(address, {**hers, "seen_row": kept[1]}).status_code == 409


def test_a_forged_mark_is_refused(city: City, signed_in: SignIn, bureau: Organisation) -> None:
    client = signed_in()
    answer = client.post(
        f"/registers/organisations/{bureau.pk}/edit", {**opened(client, bureau), "seen_row": "e30:forged:mark"}
    )
    assert answer.status_code == 409
