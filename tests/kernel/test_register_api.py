"""Registries over HTTP with JSON."""

from __future__ import annotations

import pytest
from django.test import Client

from anlan.kernel import clock
from anlan.kernel.models import ApiToken, Organisation
from tests.conftest import City
from tests.web.conftest import SignIn, account, signed_in

__all__ = ["signed_in"]
URL = "/api/registers/organisations"
ROW = {"code": "A", "name": "甲", "kind": "应急", "area": "mca:150302", "data_class": 2, "lon": 106.8}
JSON = "application/json"


@pytest.fixture
def program(city: City) -> dict[str, str]:
    """Headers of a program that holds the token of the eastern district's account."""
    token = ApiToken.issue(account(city.east), "测试", clock.real_now())
    return {"authorization": f"Bearer {token}"}


def test_a_program_creates_reads_changes_and_deletes_a_row(client: Client, program: dict[str, str]) -> None:
    made = client.post(URL, ROW, JSON, headers=program)
    assert made.status_code == 201, made.content.decode()
    pk = made.json()["id"]
    assert client.get(URL, {"q": "甲"}, headers=program).json()["count"] == 1
    changed = client.patch(f"{URL}/{pk}", {"name": "乙"}, JSON, headers=program).json()
    assert (changed["name"], changed["area"], changed["lon"]) == ("乙", "mca:150302", 106.8)
    assert client.delete(f"{URL}/{pk}", headers=program).status_code == 204
    assert client.get(f"{URL}/{pk}", headers=program).status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lon": 206}, "经度的值“206”不正确，允许：-180~180"),
        ({"colour": "red"}, "字段名的值“red”不正确"),
        ({"name": None}, "名称的值空不正确"),
    ],
)
def test_a_wrong_value_gets_a_sentence(
    client: Client, program: dict[str, str], change: dict[str, object], sentence: str
) -> None:
    answer = client.post(URL, ROW | change, JSON, headers=program)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


def test_a_program_of_one_district_cannot_write_into_another(
    client: Client, program: dict[str, str], city: City
) -> None:
    assert client.post(URL, ROW | {"area": "mca:150304"}, JSON, headers=program).status_code == 403
    other = Organisation.everything.create(code="W", name="乌达", kind="应急", area=city.west)
    assert client.get(URL, headers=program).json()["count"] == 0
    assert client.patch(f"{URL}/{other.pk}", {"name": "抢"}, JSON, headers=program).status_code == 404


def test_nobody_is_told_to_sign_in(db: None, client: Client) -> None:
    assert client.get(URL).status_code == 401
    assert client.get(URL, headers={"authorization": "Bearer wrong"}).status_code == 401


def test_a_session_writes_only_with_the_csrf_token(city: City) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    assert client.get(URL).status_code == 200
    assert client.post(URL, ROW, JSON).status_code == 403


def test_the_api_describes_every_registry(signed_in: SignIn) -> None:
    client = signed_in()
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"get", "post"} <= set(paths[URL])
    fields = paths[URL]["post"]["requestBody"]["content"][JSON]["schema"]["properties"]
    assert "-180~180" in fields["lon"]["description"]
    assert client.get("/api/docs").status_code == 200


def test_a_program_that_read_an_older_version_is_refused_with_the_row_as_it_is(
    client: Client, program: dict[str, str]
) -> None:
    address = f"{URL}/{client.post(URL, ROW, JSON, headers=program).json()['id']}"
    read = client.get(address, headers=program)["ETag"]
    first = client.patch(address, {"phone": "0473-1"}, JSON, headers=program | {"if-match": read})
    assert first.status_code == 200
    second = client.patch(address, {"phone": "0473-2"}, JSON, headers=program | {"if-match": read})
    assert (second.status_code, second.json()["now"]["phone"]) == (409, "0473-1")
    third = client.patch(address, {"phone": "0473-2"}, JSON, headers=program | {"if-match": first["ETag"]})
    assert third.json()["phone"] == "0473-2"
