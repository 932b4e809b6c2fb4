"""Registries over HTTP with JSON: list, one row, create, update, delete. Mounted at `/api/registers`."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models
from django.http import HttpRequest, HttpResponse
from ninja import Router

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.kernel.register import actions, query, seen
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of, is_number, key_text, split_unit
from anlan.kernel.register.forms import allowed
from anlan.kernel.register.query import related

MOST = 1000
router = Router(tags=["registers"])


def as_json(register: Register, row: Any) -> dict[str, Any]:
    """One row: every column by its name, foreign keys by their keys."""
    found: dict[str, Any] = {"id": row.pk}
    for name in dict.fromkeys([*register.key, *register.fields, *register.columns]):
        value = getattr(row, name)
        found[name] = key_text(value) if isinstance(value, models.Model) else value
    return found


def answer(content: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(content, default=str), content_type="application/json", status=status)


def tagged(register: Register, row: models.Model) -> HttpResponse:
    """One row with its version: sent back as `If-Match`, a change is refused when somebody else was faster."""
    made = answer(as_json(register, row))
    made["ETag"] = seen.tag(register, row)
    return made


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def number(request: HttpRequest, name: str, default: int, most: int) -> int:
    text = request.GET.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= most:
        raise Invalid(name, text, f"0~{most} 的整数")
    return int(text)


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the request as form data."""
    try:
        given = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid("body", str(error), "一个 JSON 对象") from error
    if not isinstance(given, dict):
        raise Invalid("body", type(given).__name__, "一个 JSON 对象")
    return {name: form_value(value) for name, value in given.items()}


def form_value(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return value if isinstance(value, bool) else str(value)


def known(register: Register, data: dict[str, Any]) -> dict[str, Any]:
    for name in data:
        if name not in register.fields:
            raise Invalid(name, data[name], f"这些字段：{'、'.join(register.fields)}", label="字段名")
    return data


def schema(register: Register) -> dict[str, Any]:
    """The JSON Schema of a row, with label, unit and what is allowed."""
    properties = {}
    for name in register.fields:
        column = field_of(register, name)
        label, unit = split_unit(str(column.verbose_name))
        kind = "number" if is_number(column) else "boolean" if isinstance(column, models.BooleanField) else None
        words = (
            f"{label}{f'（{unit}）' if unit else ''}；允许：{allowed(column)}"
            if not column.is_relation
            else f"{label}的编码"
        )
        properties[name] = {"description": words, **({"type": kind} if kind else {})}
    return {"type": "object", "properties": properties}


def operations(register: Register) -> None:
    """The five operations of one registry, each with its own place in the OpenAPI document."""
    slug, title = register.slug, register.title

    def rows(request: HttpRequest) -> HttpResponse:
        limit, offset = number(request, "limit", 100, MOST), number(request, "offset", 0, 10**9)
        found = query.listing(register, actor_of(request), request.GET.dict(), register.fields)
        total = found.count()
        items = [
            as_json(register, row)
            for row in found.select_related(*related(register, register.fields))[offset : offset + limit]
        ]
        return answer({"count": total, "items": items})

    def row(request: HttpRequest, pk: int) -> HttpResponse:
        query.require_view(actor_of(request), register)
        return tagged(register, query.one(register, actor_of(request), pk))

    def create(request: HttpRequest) -> HttpResponse:
        made = actions.create(actor_of(request), register, known(register, body(request)))
        return answer(as_json(register, made), 201)

    def update(request: HttpRequest, pk: int) -> HttpResponse:
        expected = request.headers.get("If-Match", "")

        def as_read(row: models.Model) -> None:
            seen.refuse_other(register, row, expected, as_json(register, row))

        return tagged(
            register, actions.update(actor_of(request), register, pk, known(register, body(request)), as_read)
        )

    def delete(request: HttpRequest, pk: int) -> HttpResponse:
        actions.delete(actor_of(request), register, pk, request.GET.get("reason", ""))
        return HttpResponse(status=204)

    content = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema(register)}}}}
    add(f"/{slug}", "GET", rows, f"{title}列表", listing_parameters(register))
    add(f"/{slug}", "POST", create, f"新增{title}", content)
    add(f"/{slug}/{{int:pk}}", "GET", row, f"{title}一条")
    add(f"/{slug}/{{int:pk}}", "PATCH", update, f"修改{title}", content)
    add(f"/{slug}/{{int:pk}}", "DELETE", delete, f"删除{title}")


def add(path: str, method: str, view: Any, summary: str, extra: dict[str, Any] | None = None) -> None:
    slug, *one = path.strip("/").split("/")
    router.add_api_operation(
        path,
        [method],
        view,
        operation_id=f"{method.lower()}_{slug}{'_row' if one else ''}".replace("-", "_"),
        summary=summary,
        openapi_extra=extra or {},
    )


def listing_parameters(register: Register) -> dict[str, Any]:
    """Query parameters of the list for the OpenAPI document."""
    named = {"q": "查找", "sort": "排序的字段，前加 - 为降序", "limit": f"至多 {MOST}", "offset": "从第几条起"}
    for name in register.filters:
        column = field_of(register, name)
        label = str(column.verbose_name)
        if is_number(column) and not column.is_relation:
            named |= {f"{name}_min": f"{label} 不小于", f"{name}_max": f"{label} 不大于"}
        else:
            named[name] = f"{label}（编号）" if column.is_relation else label
    parameters = [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name, words in named.items()
    ]
    return {"parameters": parameters}


for declared in REGISTERS.values():
    operations(declared)
