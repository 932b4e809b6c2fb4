"""The pages of stores: open, refuse in words, and do what their buttons say; Excel in and out."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from anlan.kernel import clock
from anlan.resources import actions, queries
from anlan.resources.models import Allocation, Closure, Consignment, Movement, Stock
from tests.conftest import City, actor
from tests.resources.test_allocation import INK, demand, two_stores
from tests.resources.test_ledger import lot, on_hand, store
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def said(client: Client, address: str, given: dict[str, Any]) -> str:
    """The page after a button was pressed."""
    answer = client.post(address, given, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_every_page_opens_empty_and_full(city: City, signed_in: SignIn) -> None:
    client = signed_in()
    pages = ["stores/", "ledger/", "rotation/", "scan/", "allocations/", "allocations/new", "requisitions/"]
    for page in pages:
        text(client, f"/resources/{page}")
    near, _far, rows = two_stores(city)
    made = actions.draft_allocation(actor(city.city), city.west.pk, "洪水", [demand(99)])
    pages += [f"stores/{near.pk}/", f"stores/{near.pk}/labels", f"stores/{near.pk}/receive", f"stock/{rows[0].pk}/",
              f"allocations/{made.pk}/", f"ledger/?store={near.pk}&kind=receipt"]  # fmt: skip
    for page in pages:
        text(client, f"/resources/{page}")
    assert "缺 物资1020101 33 箱" in text(client, f"/resources/allocations/{made.pk}/")
    assert "<svg" in text(client, f"/resources/stores/{near.pk}/labels")
    assert client.get(f"/resources/s/{rows[0].code}")["Location"] == f"/resources/stock/{rows[0].pk}/"
    assert client.get("/resources/s/没有").status_code == 404


def test_another_districts_store_is_not_found(city: City, signed_in: SignIn) -> None:
    row = lot(actor(city.city), store(city))
    assert signed_in(city.east).get(f"/resources/stores/{row.store_id}/").status_code == 404


def test_who_may_only_look_cannot_issue(city: City, signed_in: SignIn) -> None:
    row, viewer = lot(actor(city.city), store(city)), signed_in(city.west, "resources.view")
    assert viewer.post(f"/resources/stock/{row.pk}/do/issue", {"quantity": 1, "reason": "x"}).status_code == 403


def test_a_keeper_works_on_the_page_of_a_lot(city: City, signed_in: SignIn) -> None:
    client, row = signed_in(), lot(actor(city.city), store(city))
    here = f"/resources/stock/{row.pk}/do/"
    assert "账面不得为负" in said(client, here + "issue", {"quantity": "11", "reason": "安置"})
    for verb, given, left in (
        ("issue", {"quantity": "4", "reason": "安置"}, 6), ("return", {"quantity": "1", "reason": "余"}, 7),
        ("receive", {"quantity": "3", "reason": "采购"}, 10), ("move", {"quantity": "2", "shelf": "B-01-1"}, 8),
        ("count", {"counted": "7", "book": "8.000", "reason": "受潮"}, 7), ("lose", {"quantity": "1", "reason": "破"}, 6),
        ("rotate", {"quantity": "2", "shelf": "A-01-1", "lot_no": "N", "expires_on": "2030-01-01"}, 4),
    ):  # fmt: skip
        said(client, here + verb, given)
        assert on_hand(row) == left, verb
    assert client.post(here + "steal", {}).status_code == 404
    assert "全程追溯" in text(client, f"/resources/stock/{row.pk}/")
    page = said(
        client, f"/resources/ledger/{Movement.everything.filter(kind='loss').get().pk}/reverse", {"reason": "误"}
    )
    assert on_hand(row) == 5
    assert "平衡" in page


def test_a_plan_is_made_approved_driven_and_signed_on_the_pages(city: City, signed_in: SignIn) -> None:
    near, _far, rows = two_stores(city)
    material = rows[0].material
    material.norm, material.norm_basis = 0.5, "person"
    material.save()
    client = signed_in()
    given = {"title": "安置", "area": city.west.pk, "material": "1020101", "places": "体育馆,106.72,39.52"}
    assert "每行：名称" in said(client, "/resources/allocations/make", given)
    said(client, "/resources/allocations/make", given | {"places": "体育馆,106.72,39.52,10"})
    made = Allocation.everything.get()
    assert made.plan["flows"][0]["quantity"] == "5"
    assert "调整理由" in said(client, f"/resources/allocations/{made.pk}/do/change", {"flow-0": "4"})
    said(client, f"/resources/allocations/{made.pk}/do/approve", {})
    load = Consignment.everything.get()
    said(client, f"/resources/consignments/{load.pk}/do/depart", {"plate": "蒙C1", "driver": "张"})
    assert "确认签收" in text(client, f"/resources/consignments/{load.pk}/")
    on_road = load.lots.get()
    said(client, f"/resources/consignments/{load.pk}/do/hand-over",
         {"receiver": "王", "signature": INK, f"got-{on_road.pk}": "5"})  # fmt: skip
    assert INK in text(client, f"/resources/consignments/{load.pk}/")
    said(client, f"/resources/stores/{near.pk}/send", {"to_store": _far.pk, f"send-{rows[0].pk}": "2"})
    assert Consignment.everything.filter(to_store=_far).count() == 1


def sheet(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content)).active


def saved(book: Any) -> SimpleUploadedFile:
    out = io.BytesIO()
    book.parent.save(out)
    return SimpleUploadedFile("表.xlsx", out.getvalue())


def test_the_books_go_out_to_excel_and_come_back_filled_in(city: City, signed_in: SignIn) -> None:
    client, row = signed_in(), lot(actor(city.city), store(city), lot_no="=P1")
    here = f"/resources/stores/{row.store_id}"
    actions.issue_stock(actor(city.city), row.pk, 3, "安置")
    book = sheet(client.get(f"{here}/book.xlsx").content)
    assert [cell.value for cell in book[4]][-4:] == [0, 10, 3, 7]
    assert book["F4"].data_type == "s"
    form = sheet(client.get(f"{here}/count.xlsx").content)
    form["J4"], form["K4"] = 6, "受潮"
    assert "盘点 1 行" in said(client, f"{here}/count", {"file": saved(form)})
    assert on_hand(row) == 6
    receipt = sheet(client.get(f"{here}/receipt.xlsx").content)
    for n, (code, quantity) in enumerate((("1020101", 12), ("1020101", "多"), ("9", 1)), 4):
        for column, value in zip("AEFHI", (code, "2026.1.5", "2027/6/30", quantity, "C-01-1"), strict=True):
            receipt[f"{column}{n}"] = value
    content = saved(receipt).read()
    for _twice in range(2):
        page = said(client, f"{here}/receipts", {"file": SimpleUploadedFile("入.xlsx", content)})
    assert "第 5 行" in page
    assert "第 6 行" in page
    assert Stock.everything.get(shelf="C-01-1").quantity == Decimal(12), "the same file twice is booked once"
    assert "未损坏的 Excel" in said(client, f"{here}/receipts", {"file": SimpleUploadedFile("x.xlsx", b"no")})
    assert client.get("/resources/rotation/?file=xlsx").status_code == 200


def test_the_reach_of_a_place_is_drawn_around_closures_in_force(city: City, signed_in: SignIn) -> None:
    by, client = actor(city.city), signed_in()
    nodes = [{"code": str(n), "lon": str(106.70 + 0.02 * n), "lat": "39.5"} for n in range(3)]
    edges = [
        {"code": f"e{n}", "start": str(n), "end": str(n + 1), "name": "路", "kind": "主", "length_m": "1700", "speed_km_h": "60"}
        for n in range(2)
    ]  # fmt: skip
    actions.replace_roads(by, nodes, edges)
    far = store(city, "远库")
    type(far).everything.filter(pk=far.pk).update(lon=106.735, lat=39.5)
    address = "/resources/isochrones/?place=106.70,39.5&minutes=2,5"
    assert "远库" in text(client, address).split("<tbody>")[1]
    Closure.everything.create(
        code="C1", name="警戒", kind="cordon", area=city.west, begins_at=clock.now(),
        geometry={"type": "Polygon", "coordinates": [[[106.729, 39.49], [106.73, 39.49], [106.73, 39.51], [106.729, 39.49]]]},
    )  # fmt: skip
    assert "远库" not in text(client, address).split("<tbody>")[1]
    answer = client.get("/api/resources/isochrones?lon=106.70&lat=39.5&minutes=2").json()
    assert answer["features"][0]["properties"]["minutes"] == 2
    assert "0~240" in text(client, address + "0000")
    assert "选一个起点" in text(client, "/resources/isochrones/")


def test_a_program_keeps_a_store_as_the_page_does(city: City, signed_in: SignIn) -> None:
    row = lot(actor(city.city), store(city))
    client, today = signed_in(), clock.now().date()

    def post(path: str, status: int = 200, **data: Any) -> Any:
        answer = client.post(f"/api/resources/{path}", data, content_type="application/json")
        assert answer.status_code == status, answer.content.decode()
        return answer.json()

    fresh = {"material": row.item_code, "shelf": "C-01-1", "quantity": 40, "expires_on": f"{today.year + 1}-01-01"}
    pk = post(f"stores/{row.store_id}/lots", 201, **fresh)["id"]
    assert post(f"stock/{pk}/issue", quantity=10, purpose="救灾")["quantity"] == 30
    assert post(f"stock/{pk}/return", quantity=4, purpose="未用退回")["quantity"] == 34
    assert "盘点以账面未变为前提" in post(f"stock/{pk}/count", 409, counted=33, book=30, reason="少一顶")["rule"]
    assert post(f"stock/{pk}/count", counted=33, book=34, reason="少一顶")["quantity"] == 33
    assert post(f"stock/{pk}/write-off", quantity=3, reason="破损")["quantity"] == 30
    assert post(f"stock/{pk}/move", quantity=5, shelf="C-02-1")["quantity"] == 25
    fresher = post(f"stock/{pk}/rotate", quantity=5, shelf="C-03-1", expires_on=f"{today.year + 2}-01-01")
    assert (fresher["quantity"], fresher["shelf"], on_hand(Stock.everything.get(pk=pk))) == (5, "C-03-1", 20)
    assert "26" in post(f"stock/{pk}/write-off", 422, quantity=26, reason="多了")["error"]
    kinds = [one["kind"] for one in client.get(f"/api/resources/movements?store={row.store_id}&limit=7").json()]
    assert len(set(kinds)) == 7, "every verb left its paper"
    assert queries.trial_balance(actor(city.city)).total == 0
