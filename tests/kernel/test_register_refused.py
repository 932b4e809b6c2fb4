"""The quarantine of the registries."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.kernel.models import Organisation, RefusedRow
from anlan.kernel.register import refused
from anlan.kernel.register.importing import import_rows
from anlan.kernel.register.query import find
from tests.conftest import City, actor
from tests.kernel.test_register_import import organisation
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
State = RefusedRow.State


def test_a_refused_row_is_kept_and_taken_when_its_reason_is_gone(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    rows = [organisation("A"), organisation("B", parent="上级")]
    refused.keep(by, register, "机构.xlsx", rows, import_rows(by, register, rows))
    kept = RefusedRow.objects.get()
    assert (kept.row_no, kept.values["code"], list(kept.reasons), kept.state) == (3, "B", ["parent"], State.KEPT)
    assert refused.again(by, register).refused
    kept.refresh_from_db()
    assert (kept.state, kept.note) == (State.KEPT, "重新导入仍被拒绝")
    import_rows(by, register, [organisation("上级")])
    assert refused.again(by, register).created == 1
    kept.refresh_from_db()
    assert (kept.state, Organisation.everything.get(code="B").parent.code) == (State.TAKEN, "上级")
    assert [e.verb for e in JournalEntry.objects.filter(verb__contains="拒收行").order_by("seq")] == [
        "收存拒收行", "重新导入拒收行", "重新导入拒收行",
    ]  # fmt: skip


def test_the_same_file_sent_twice_is_kept_once(city: City) -> None:
    by, register = actor(city.city), find("organisations")
    rows = [organisation("B", parent="上级")]
    counts = [refused.keep(by, register, "机构.xlsx", rows, import_rows(by, register, rows)) for _ in range(2)]
    assert counts == [1, 0]


def test_a_row_is_discarded_only_with_a_reason_and_a_neighbour_does_not_see_it(city: City) -> None:
    register = find("organisations")
    east, west = actor(city.east, name="东", user_id=2), actor(city.west, name="西", user_id=3)
    rows = [organisation("B", parent="上级")]
    refused.keep(east, register, "机构.xlsx", rows, import_rows(east, register, rows))
    assert [refused.mine(one, register).count() for one in (east, west, actor(city.city))] == [1, 0, 1]
    assert [(one.slug, count) for one, count in refused.waiting(east)] == [("organisations", 1)]
    with pytest.raises(NotFound):
        refused.discard(west, register, [], "没用")
    with pytest.raises(Invalid):
        refused.discard(east, register, [], " ")
    with pytest.raises(Forbidden):
        refused.again(actor(city.east, "monitoring.view"), register)
    assert refused.discard(east, register, [], "重复报送") == 1
    assert (RefusedRow.objects.get().state, RefusedRow.objects.get().note) == (State.DISCARDED, "重复报送")


def test_the_page_shows_what_an_import_refused_and_takes_it_again(city: City, signed_in: SignIn) -> None:
    client = signed_in(city.city)
    text = "code,name,kind,area,parent,data_class\nA,甲,应急,mca:150302,,2\nB,乙,应急,mca:150302,上级,2\n"
    preview = client.post("/registers/organisations/import", {"file": SimpleUploadedFile("机构.csv", text.encode())})
    client.post("/registers/organisations/import", {"token": preview.context["upload"].token})
    page = client.get("/registers/organisations/refused").content.decode()
    assert "没有“上级”" in page or "上级”不正确" in page, page[-3000:]
    assert "拒收行 <b>1</b>" in client.get("/registers/organisations/").content.decode()
    assert "/registers/organisations/refused" in client.get("/gateways/quarantine/").content.decode()
    assert client.get("/registers/organisations/refused?file=xlsx").content[:2] == b"PK"
    import_rows(actor(city.city), find("organisations"), [organisation("上级")])
    assert client.post("/registers/organisations/refused", {"verb": "again"}).status_code == 302
    assert RefusedRow.objects.get().state == State.TAKEN
