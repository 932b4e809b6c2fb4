"""Every registry through its form and through its API: made, changed, refused to the second of two, wrong values named."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import models
from django.test import Client

from anlan.kernel.register import actions
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of, is_number, label_of
from anlan.kernel.register.forms import limits
from tests.conformance.test_registers import LOADER, load_needed, row_of, sample
from tests.conftest import City
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
EVERY = pytest.mark.parametrize("slug", sorted(REGISTERS))
JSON = "application/json"


def entered(register: Register, pk: int | None = None) -> dict[str, str]:
    """What stands in the fields of the form: of a new row, or of this one."""
    form = actions.edit_form(LOADER, register, pk) if pk else actions.blank_form(LOADER, register)
    values = {name: form[name].value() for name in register.fields}
    shown = {name: form.fields[name].prepare_value(value) for name, value in values.items() if value is not None}
    return {name: str(value) for name, value in shown.items() if value is not False}


def plain_fields(register: Register) -> list[tuple[str, Any]]:
    """Columns that neither name the row nor point to another."""
    found = ((name, field_of(register, name)) for name in register.fields if name not in register.key)
    return [(name, field) for name, field in found if not field.is_relation]


def another(register: Register, row: dict[str, str]) -> dict[str, str]:
    """One changed field: words where there are any, else a date, a number or a choice."""
    shared: set[str] = set()
    for one in register.model._meta.constraints:
        shared |= {*getattr(one, "fields", ()), *(getattr(e, "name", "") for e in getattr(one, "expressions", ()))}
    fields = [(name, field) for name, field in plain_fields(register) if not field.unique and name not in shared]
    for name, field in fields:
        if isinstance(field, models.CharField | models.TextField) and not field.choices and not field.validators[1:]:
            return {name: "改"}
    for name, field in fields:
        if is_number(field):
            low, high = limits(field)
            now = float(row.get(name) or 0)
            return {name: f"{now + 1 if high is None or now + 1 <= high else low:g}"}
    name, field = next((name, field) for name, field in fields if field.choices)
    return {name: next(str(word) for code, word in field.flatchoices if row.get(name) not in {str(code), str(word)})}


def wrong(register: Register) -> list[tuple[str, str, str]]:
    """(field, wrong value, what the answer must allow): no number, a number out of its range, no such choice, too long."""
    found: list[tuple[str, str, str]] = []
    for name, field in plain_fields(register):
        if is_number(field):
            low, high = limits(field)
            found.append((name, "不是数", "" if low is None else f"{low:g}"))
            found += [(name, f"{low - 1:g}", f"{low:g}")] if low is not None else []
            found += [(name, f"{high + 1:g}", f"{high:g}")] if high is not None and high < 1e6 else []
        elif field.choices:
            found.append((name, "没有这个", str(field.flatchoices[0][1])))
        elif field.max_length:
            found.append((name, "长" * (field.max_length + 1), str(field.max_length)))
    units = [case for case in found if label_of(register, case[0])[1]]
    return [*units[:3], *[case for case in found if case not in units][:3]]


def names(sentence: str, register: Register, name: str, value: str, allowed: str) -> bool:
    """Whether it says field, value, what is allowed, and the unit where there is one."""
    label, unit = label_of(register, name)
    told = re.search(rf"{re.escape(label)}的值“{re.escape(value)}”不正确，允许：([^<]+)", sentence)
    return told is not None and allowed in told[1] and (not unit or f"（单位：{unit}）" in told[1])


def mark(page: str) -> str:
    found = re.search(r'name="seen_row" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def form_serves(client: Client, register: Register) -> None:
    home = f"/registers/{register.slug}"
    given = entered(register) | sample(register)
    answer = client.post(f"{home}/new", given)
    assert answer.status_code == 302, re.findall(r"[^<>]*不正确[^<>]*|errorlist[^/]*", answer.content.decode())
    pk = row_of(register).pk
    kept = entered(register, pk)
    change = another(register, kept)
    seen = mark(client.get(f"{home}/{pk}/edit").content.decode())
    assert client.post(f"{home}/{pk}/edit", kept | change | {"seen_row": seen}).status_code == 302
    assert {name: entered(register, pk)[name] for name in change} != {name: kept.get(name) for name in change}
    late = client.post(f"{home}/{pk}/edit", kept | {"seen_row": seen})
    assert (late.status_code, "别人已修改了这条记录" in late.content.decode()) == (409, True)
    for name, value, allowed in wrong(register):
        refused = client.post(f"{home}/new", given | {name: value})
        assert refused.status_code == 422, (name, value)
        assert names(refused.content.decode(), register, name, value, allowed), (name, value, allowed)

    assert client.post(f"{home}/{pk}/delete", {"reason": "登错"}).status_code == 302
    assert client.get(f"{home}/{pk}/").status_code == 404


def api_serves(client: Client, register: Register) -> None:
    home = f"/api/registers/{register.slug}"
    given = sample(register)
    made = client.post(home, given, JSON)
    assert made.status_code == 201, made.content.decode()
    row = f"{home}/{made.json()['id']}"
    read = client.get(row)["ETag"]
    change = another(register, entered(register, made.json()["id"]))
    assert client.patch(row, change, JSON, headers={"if-match": read}).status_code == 200
    late = client.patch(row, change, JSON, headers={"if-match": read})
    assert (late.status_code, set(change) <= set(late.json()["now"])) == (409, True)
    for name, value, allowed in wrong(register):
        refused = client.patch(row, {name: value}, JSON)
        assert refused.status_code == 422, (name, value)
        told = refused.json()
        assert names(told["error"], register, name, value, allowed), told
        assert (told["field"], told["unit"], allowed in told["allowed"]) == (name, label_of(register, name)[1], True), (
            told
        )
    assert client.delete(row).status_code == 204
    assert client.get(row).status_code == 404


@EVERY
def test_a_registry_is_kept_by_its_form_and_by_its_api(slug: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load_needed(register, {slug})
    form_serves(client, register)
    api_serves(client, register)
