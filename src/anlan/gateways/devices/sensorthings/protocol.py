"""SensorThings API v1.1 (OGC 18-088) without the web: a request in, an answer out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from django.http import QueryDict

from anlan.gateways.devices.sensorthings import patching, writing
from anlan.gateways.devices.sensorthings.entities import JOINT, SETS, EntitySet, Together
from anlan.gateways.devices.sensorthings.odata import Options, parse_query, wrong
from anlan.gateways.devices.sensorthings.store import Collection, Page, Store, below
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden, Invalid, NotFound

SEGMENT = re.compile(r"(?P<name>[A-Za-z]\w*)(?:\((?P<key>[^()]*)\))?|(?P<dollar>\$\w+)")
CONFORMANCE = [
    f"http://www.opengis.net/spec/iot_sensing/1.1/req/{part}"
    for part in (
        "datamodel", "resource-path/resource-path-to-entities", "request-data", "create-update-delete/create-entity",
        "create-update-delete/link-to-existing-entities", "create-update-delete/deep-insert",
        "create-update-delete/deep-insert-status-code", "create-update-delete/update-entity",
        "create-update-delete/update-entity-jsonpatch", "create-update-delete/delete-entity",
        "batch-request/batch-request", "multi-datastream", "data-array/data-array",
        "create-observations-via-mqtt/observations-creation",
    )
]  # fmt: skip
#: What of a class is offered for some entities only, told as the standard lets a server tell it (7.1.2).
SETTINGS: dict[str, Any] = {
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/create-entity": {
        "entities": ["Things", "Datastreams", "Observations"]
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/deep-insert": {
        "entities": {"Things": ["Locations", "Datastreams"]}
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/multi-datastream": {
        "madeOf": "all Datastreams of a Thing that has several, in the order of their @iot.id",
        "filter": ["phenomenonTime"],
        "notIn": ["data-array", "create-entity"],
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/delete-entity": {
        "entities": ["Things", "Datastreams"]
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/update-entity": {
        "entities": ["Things", "Locations", "Datastreams"]
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/update-entity-jsonpatch": {
        "entities": ["Things", "Locations", "Datastreams"]
    },
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation": {
        "topics": ["v1.1/Datastreams(id)/Observations"]
    },
}


@dataclass(frozen=True)
class Request:
    """method, path below v1.1 without leading slash, query string, body as JSON."""

    method: str
    path: str
    query: str
    body: Any
    actor: Actor
    base: str
    origin: str = ""


@dataclass
class Answer:
    """What goes back; content None = no body, text = plain text ($value)."""

    status: int
    content: Any = None
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """Where a path leads: a collection, an entity of it, a property of that; `tail` is $value or $ref."""

    collection: Collection | None = None
    entity: Any = None
    kind: EntitySet | None = None
    field: str = ""
    tail: str = ""


def answer(request: Request) -> Answer:
    """Run one request. Raises the four refusals; the caller turns them into answers."""
    if not request.path:
        return Answer(200, index(request.base))
    if request.path == "$batch":
        return batch(request)
    if request.method == "POST" and request.path == "CreateObservations":
        return Answer(201, writing.create_observations(request.actor, request.body, request.base))
    target = locate(Store(request.actor), request.path)
    if request.method == "GET":
        return read(request, target)
    if request.method == "POST":
        return create(request, target)
    if request.method in ("PATCH", "PUT", "DELETE"):
        return change(request, target)
    raise Unsupported(request.method)


class Unsupported(AnlanError):
    """The verb exists in the standard and not here."""

    status = 501

    def __init__(self, method: str) -> None:
        super().__init__(
            f"这里不支持 {method}：可改的是 Things、Locations、Datastreams，可删的是 Things、Datastreams；观测不可更改",
            field="method", value=method, allowed="GET、POST、PATCH、PUT、DELETE",
        )  # fmt: skip


def index(base: str) -> dict[str, Any]:
    return {
        "value": [{"name": name, "url": f"{base}/{name}"} for name in SETS],
        "serverSettings": {"conformance": CONFORMANCE, **SETTINGS},
    }


def segments(path: str) -> list[re.Match[str]]:
    found = []
    for part in split_path(path):
        match = SEGMENT.fullmatch(part)
        if match is None:
            raise NotFound(f"路径“{part}”无法识别", field="path", value=part)
        found.append(match)
    return found


def split_path(path: str) -> list[str]:
    """At slashes outside of quotes: keys may hold any text."""
    parts, quoted, start = [], False, 0
    for position, char in enumerate(path):
        if char == "'":
            quoted = not quoted
        elif char == "/" and not quoted:
            parts.append(path[start:position])
            start = position + 1
    return [part for part in [*parts, path[start:]] if part]


def key_of(text: str) -> str:
    return unquote(text[1:-1].replace("''", "'")) if text.startswith("'") and text.endswith("'") else text


def locate(store: Store, path: str) -> Target:
    """Walk the path from the root."""
    target, tail = Target(), ""
    for match in segments(path):
        if match["dollar"]:
            tail = match["dollar"]
        elif target.collection is None and target.entity is None:
            target = enter(store, first_collection(match["name"]), match["key"])
        elif target.entity is not None and target.kind is not None:
            target = onward(store, target, match["name"], match["key"])
        else:
            raise NotFound(f"路径“{path}”中 {match['name']} 之前应指明编号", field="path", value=path)
    if tail not in {"", "$ref", "$value"} or (tail == "$value" and not target.field):
        raise NotFound(f"路径“{path}”不能以 {tail} 结尾", field="path", value=path)
    return Target(target.collection, target.entity, target.kind, target.field, tail)


def first_collection(name: str) -> Collection:
    if name not in SETS:
        raise NotFound(f"没有“{name}”，可用：{'、'.join(SETS)}", field="path", value=name)
    return Collection(SETS[name])


def enter(store: Store, collection: Collection, key: str | None) -> Target:
    if key is None:
        return Target(collection)
    row = store.one(collection, key_of(key))
    return Target(collection, row, JOINT if isinstance(row, Together) else collection.kind)


def onward(store: Store, target: Target, name: str, key: str | None) -> Target:
    """From an entity to what it is linked with, or to one of its properties."""
    assert target.kind is not None
    if name in target.kind.links:
        collection = below(target.kind, target.entity, name)
        if target.kind.links[name][1]:
            return enter(store, collection, key)
        rows = store.page(collection, Options(top=1)).rows
        if not rows:
            raise NotFound(f"{target.kind.name} 没有 {name}", field="path", value=name)
        return Target(collection, rows[0], collection.kind)
    if name in target.kind.show(target.entity):
        return Target(target.collection, target.entity, target.kind, name)
    return Target(below(target.kind, target.entity, name))


def read(request: Request, target: Target) -> Answer:
    store, options = Store(request.actor), parse_query(request.query)
    if target.field:
        assert target.kind is not None
        value = target.kind.show(target.entity)[target.field]
        if target.tail == "$value":
            return Answer(200, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        return Answer(200, {target.field: value})
    shower = Shower(store, request.base, target.tail == "$ref")
    if target.entity is not None and target.kind is not None:
        return Answer(200, shower.entity(target.kind, target.entity, options))
    assert target.collection is not None
    page = store.page(target.collection, options)
    if options.result_format and target.collection.kind.name == "Observations":
        return Answer(200, shower.data_array(page))
    return Answer(
        200, shower.collection(target.collection, page, options, f"{request.base}/{request.path}", request.query)
    )


class Shower:
    """Entities as JSON with their links."""

    def __init__(self, store: Store | None, base: str, only_links: bool = False) -> None:
        self.store, self.base, self.only_links = store, base, only_links

    def link(self, kind: EntitySet, row: Any) -> str:
        return f"{self.base}/{kind.name}({shown_key(row.pk, kind)})"

    def collection(
        self, where: Collection, page: Page, options: Options, address: str, query: str = ""
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {} if page.count is None else {"@iot.count": page.count}
        if page.more and options.top:
            given = QueryDict(query).copy()
            given["$skip"] = str(options.skip + options.top)
            given["$top"] = str(options.top)
            shown["@iot.nextLink"] = f"{address}?{urlencode(list(given.items()), safe='$,()/;=', quote_via=quote)}"
        return {**shown, "value": [self.entity(where.kind, row, options) for row in page.rows]}

    def entity(self, kind: EntitySet, row: Any, options: Options) -> dict[str, Any]:
        itself = self.link(kind, row)
        if self.only_links:
            return {"@iot.selfLink": itself}
        content = kind.show(row)
        shown: dict[str, Any] = {"@iot.id": row.pk, "@iot.selfLink": itself}
        if options.select:
            unknown = [name for name in options.select if name not in {*content, "id", "@iot.id", *kind.links}]
            if unknown:
                raise wrong("$select", "、".join(unknown), "、".join(content))
            shown.update({name: content[name] for name in options.select if name in content})
        else:
            shown.update(content)
            shown.update({f"{name}@iot.navigationLink": f"{itself}/{name}" for name in kind.links})
        for name, inside in options.expand.items():
            shown[name] = self.expanded(kind, row, name, inside, shown)
        return shown

    def expanded(self, kind: EntitySet, row: Any, name: str, options: Options, shown: dict[str, Any]) -> Any:
        if name not in kind.links:
            raise wrong("$expand", name, "、".join(kind.links))
        where = below(kind, row, name)
        shown.pop(f"{name}@iot.navigationLink", None)
        assert self.store is not None
        page = self.store.page(where, options)
        if not kind.links[name][1]:
            return self.entity(where.kind, page.rows[0], options) if page.rows else None
        if page.count is not None:
            shown[f"{name}@iot.count"] = page.count
        if page.more:
            shown[f"{name}@iot.nextLink"] = (
                f"{self.link(kind, row)}/{name}?$top={options.top}&$skip={options.skip + options.top}"
            )
        return [self.entity(where.kind, found, options) for found in page.rows]

    def data_array(self, page: Page) -> dict[str, Any]:
        """9.3.3: readings as rows of values, grouped by datastream."""
        groups: dict[tuple[str, int], list[list[Any]]] = {}
        for reading in page.rows:
            joint = isinstance(reading, Together)
            content = (JOINT if joint else SETS["Observations"]).show(reading)
            row = [reading.pk, content["phenomenonTime"], content["resultTime"], content["result"]]
            whose = ("MultiDatastream", reading.station) if joint else ("Datastream", reading.stream)
            groups.setdefault(whose, []).append(row)
        count = {} if page.count is None else {"@iot.count": page.count}
        return {**count, "value": [
            {
                f"{kind}@iot.navigationLink": f"{self.base}/{kind}s({pk})",
                "components": ["id", "phenomenonTime", "resultTime", "result"],
                "dataArray@iot.count": len(rows),
                "dataArray": rows,
            }
            for (kind, pk), rows in groups.items()
        ]}  # fmt: skip


def shown_key(pk: Any, kind: EntitySet) -> str:
    if isinstance(pk, int):
        return str(pk)
    return "'" + quote(str(pk).replace("'", "''"), safe="'") + "'"


def create(request: Request, target: Target) -> Answer:
    """A new entity in a collection; a reading answers only when the log has it."""
    if target.collection is None or target.entity is not None:
        raise wrong("path", request.path, "实体集，如 Things、Datastreams(1)/Observations")
    kind = target.collection.kind
    joint = kind is JOINT or (kind.name == "Observations" and "MultiDatastream" in (request.body or ()))
    makers: Mapping[str, Callable[..., Any]] = {
        "Observations": writing.create_joint if joint else writing.create_observation,
        "Things": writing.create_thing,
        "Datastreams": writing.create_datastream,
    }
    if kind.name not in makers:
        raise wrong("path", kind.name, "Things、Datastreams、Observations（位置随 Things 一同给出）")
    if not isinstance(request.body, dict):
        raise wrong("body", type(request.body).__name__, "JSON 对象")
    parent = parent_of(request)
    row = makers[kind.name](request.actor, {**request.body, **parent})
    shower = Shower(Store(request.actor), request.base)
    shown = JOINT if joint else kind
    return Answer(201, shower.entity(shown, row, Options()), shower.link(shown, row))


def change(request: Request, target: Target) -> Answer:
    """10.3 and 10.4: PATCH changes what it names, or as JSON Patch says; PUT must name what is needed, DELETE removes what
    nothing refers to."""
    if target.entity is None or target.kind is None or target.field or target.tail:
        raise wrong("path", request.path, "一个实体，如 Things(1)")
    name = target.kind.name
    if request.method == "DELETE":
        if name not in writing.LABELS or name == "Locations":
            raise Unsupported(f"{request.method} {name}")
        writing.remove(request.actor, name, target.entity.pk)
        return Answer(200)
    if name not in writing.LABELS:
        raise Unsupported(f"{request.method} {name}")
    body = request.body
    if request.method == "PATCH" and isinstance(body, list):
        body = patching.changes(target.kind.show(target.entity), body)
        writing.only_changeable(name, body)
    if not isinstance(body, dict):
        raise wrong("body", type(body).__name__, "JSON 对象，或 JSON Patch 的步骤列表（PATCH）")
    if request.method == "PUT":
        writing.text(body, "name")
    row = writing.change(request.actor, name, target.entity.pk, body)
    shower = Shower(Store(request.actor), request.base)
    return Answer(200, shower.entity(target.kind, row, Options()), shower.link(target.kind, row))


def parent_of(request: Request) -> dict[str, Any]:
    """`Datastreams(3)/Observations`: the entity that the new one belongs to."""
    before = split_path(request.path)[:-1]
    if not before:
        return {}
    parent = locate(Store(request.actor), "/".join(before))
    if parent.kind is None or parent.entity is None:
        raise wrong("path", request.path, "实体(编号)/实体集")
    return {parent.kind.single: {"@iot.id": parent.entity.pk}}


def batch(request: Request) -> Answer:
    """9.4 as JSON: several requests, one after the other; one that is refused does not stop the rest."""
    asked = request.body.get("requests") if isinstance(request.body, dict) else None
    if not isinstance(asked, list) or len(asked) > 1000:
        raise wrong("requests", type(asked).__name__, "不超过 1000 个请求的列表")
    made: dict[str, str] = {}
    answers = []
    for number, part in enumerate(asked):
        if not isinstance(part, dict):
            raise wrong(f"requests[{number}]", type(part).__name__, "JSON 对象")
        answers.append({"id": part.get("id", str(number)), **one_of_batch(request, part, made)})
    return Answer(200, {"responses": answers})


def one_of_batch(request: Request, part: dict[str, Any], made: dict[str, str]) -> dict[str, Any]:
    """`$id` in a later request stands for what the request with that id made."""
    address, text = str(part.get("url", "")), json.dumps(part.get("body"))
    for name, location in made.items():
        address = address.replace(f"${name}", location.removeprefix(f"{request.base}/"))
        text = text.replace(f'"${name}"', location.rsplit("(", 1)[-1].rstrip(")"))
    path, _, query = address.removeprefix(request.base).lstrip("/").partition("?")
    try:
        if path == "$batch":
            raise wrong("url", path, "不含 $batch")
        inner = Request(
            str(part.get("method", "get")).upper(), path, query, json.loads(text), request.actor, request.base,
            request.origin,
        )  # fmt: skip
        found = answer(inner)
    except AnlanError as error:
        return {"status": 400 if isinstance(error, Invalid) else error.status, "body": error.as_json()}
    if found.location:
        made[str(part.get("id"))] = found.location
    return {"status": found.status, "body": found.content, **({"location": found.location} if found.location else {})}


def require_reader(actor: Actor) -> None:
    if not actor.has("monitoring.view"):
        raise Forbidden(f"{actor.name}没有“monitoring.view”权限", permission="monitoring.view")
