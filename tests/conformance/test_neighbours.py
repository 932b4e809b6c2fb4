"""A neighbour's objects: every address with a key in it answers an officer of another district with 403 or 404.

One row of every table of areas is made in the west, all with the same key, so that whatever an address means by its key, it
means a row of the west. An address counts as proven when the west's own officer (or, for what is the whole city's, the city's)
gets an answer there and the east's does not. What is not proven must be excused by name, with the reason.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

import anlan
from anlan.gateways.models import Backfill, FeedSource, OutgoingMessage, Peer, Quarantined
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.models import Area, User
from anlan.kernel.register.declare import REGISTERS
from anlan.web.api import api
from tests.conformance.west import AT, BODIES, PK, QUERIES, REAL, SCRIPTS, WORDS
from tests.conftest import City, actor
from tests.web.conftest import account

REFUSED = {403, 404}
JSON, FORM = "application/json", "multipart/form-data"
#: Tables without an area, which are the whole city's.
CITYS = [Quarantined, Backfill, Peer, FeedSource, OutgoingMessage]
#: Not objects of an area: one's own tokens, roles; accounts have tests of their own (tests/web/test_accounts.py).
OTHER = ("account/", "accounts/", "api/map/layers/", "tiles/", "public/", "c/", "feeds/", "api/feeds/", "api/sta/")
#: Registers are one toolkit; these stand for all (the rows of every table are asked for above).
FEW = ("stations", "teams", "enterprises")
#: Addresses that are not proven, and why not. No address at all answers the neighbour with anything but a refusal.
EXCUSED = {
    "api/command/incidents/<pk>/merge": "needs two incidents of the west: into itself is refused before either is looked for",
    "command/plans/<int:pk>/stress.docx": "needs a computed stress test; the page of the same row is proven",
    "supervision/risks/<int:pk>/report.<str:kind>": "needs a computed risk with its wind rose; the park's page is proven",
    "situation/releases/<int:pk>/": "needs an assessed release; the API of the same row is proven",
    "gateways/backfill/<int:pk>/refused.csv": "needs the file on disk; refused by permission, cancelling is proven",
    "gateways/exchange/peers/<int:pk>/foreign/<str:form>": "needs a real parcel to write out; bringing one in is proven",
}
VALUES: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: False, models.DateTimeField: AT, models.DateField: AT.date(), models.TimeField: AT.time(),
    models.DecimalField: Decimal(1), models.FloatField: 1.0, models.IntegerField: 1, models.JSONField: {},
    models.BinaryField: b"", models.CharField: "x", models.TextField: "x",
}  # fmt: skip


def scoped() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, ScopedModel | ScopedChild)]


class West:
    """One row of every scoped table, belonging to the west, made with what the table demands and no more."""

    def __init__(self, area: Area, user: User) -> None:
        self.area, self.user = area, user
        self.rows: dict[Any, Any] = {}
        for model in [*scoped(), *CITYS]:
            self.row(model)

    def row(self, model: Any) -> Any:
        if model is Area:
            return self.area
        if model is User:
            return self.user
        if model not in self.rows:
            self.rows[model] = None
            try:
                with transaction.atomic():
                    self.rows[model] = model._base_manager.create(**self.values(model))
            except (DatabaseError, ValueError, TypeError):
                self.rows[model] = None
        return self.rows[model]

    def values(self, model: Any) -> dict[str, Any]:
        scope = str(getattr(model, "SCOPE_AREA", "")).partition("__")[0]
        real = REAL.get(model._meta.label, lambda row: {})(lambda label: self.row(apps.get_model(label)))
        needed = [
            field for field in model._meta.concrete_fields
            if not field.primary_key and (field.name == scope or not (field.null or field.has_default()))
        ]  # fmt: skip
        return {field.name: self.value(field) for field in needed} | {model._meta.pk.name: PK} | real

    def value(self, field: Any) -> Any:
        if field.is_relation:
            return self.row(field.related_model)
        if field.choices:
            return field.choices[0][0]
        if isinstance(field, models.UUIDField):
            return uuid.uuid4()
        return next((value for kind, value in VALUES.items() if isinstance(field, kind)), None)


@pytest.fixture
def west(city: City) -> West:
    return West(city.west, account(city.west, "west"))


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(pattern, name) of every address."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one.name or ""


def words() -> dict[str, set[str]]:
    """Name of an address -> the words that pages put into it: verbs, forms of a report."""
    found: dict[str, set[str]] = {}
    for page in Path(anlan.__file__).parent.rglob("*.html"):
        for name, rest in re.findall(r"""{% url ['"]([\w-]+)['"]([^%]*)""", page.read_text(encoding="utf-8")):
            found.setdefault(name, set()).update(re.findall(r"""['"]([\w-]+)['"]""", rest))
    return found


def addresses() -> dict[str, list[str]]:
    """Pattern -> addresses with our key in it; none where a part is neither a key nor a word that some page puts there."""
    many = tuple(f"api/registers/{slug}/" for slug in REGISTERS if slug not in FEW)
    found: dict[str, list[str]] = {}
    said = words()
    for pattern, name in dict.fromkeys(patterns(get_resolver())):
        keyed = re.sub(r"<(int:\w+|pk|\w+_id)>", str(PK), pattern)
        if keyed == pattern or pattern.startswith((*OTHER, *many)):
            continue
        among = FEW if "<slug:slug>" in keyed else WORDS.get(pattern) or sorted(said.get(name, ()))
        named = [re.sub(r"<[\w:]+>", word, keyed) for word in among] if "<" in keyed else [keyed]
        found[pattern] = [address for address in named if "<" not in address]
    return found


def sample(about: dict[str, Any], parts: dict[str, Any]) -> Any:
    """A value that a schema of the API takes, so that the row is what an answer is about and not the body."""
    about = parts.get(str(about.get("$ref", "")).rpartition("/")[2], about)
    if "anyOf" in about:
        return sample(about["anyOf"][0], parts)
    if "properties" in about:
        return {name: sample(about["properties"][name], parts) for name in about.get("required", ())}
    if "enum" in about:
        return about["enum"][0]
    if about.get("format") == "date-time":
        return AT.isoformat()
    kinds = {"string": "x", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return kinds.get(about.get("type", "object"))


Body = tuple[str, Any, str]


def bodies() -> dict[str, Body]:
    """Pattern of the API -> (method, body, kind of content) of its first verb that changes something."""
    schema = api.get_openapi_schema()
    parts = schema["components"]["schemas"]
    found = {}
    for path, verbs in schema["paths"].items():
        method = next((one for one in ("post", "put", "patch", "delete") if one in verbs), "")
        if method:
            content = verbs[method].get("requestBody", {}).get("content", {})
            about = content.get("application/json", {}).get("schema", {})
            found[re.sub(r"{(\w+)}", r"<\1>", path.lstrip("/"))] = (method, sample(about, parts), JSON)
    return found


def asked(pattern: str, known: dict[str, Body]) -> Body:
    method, body, kind = known.get(pattern, ("post", {}, JSON if pattern.startswith("api/") else FORM))
    if pattern in BODIES:
        body = BODIES[pattern] if not isinstance(body, dict) else body | BODIES[pattern]
    if isinstance(body, dict) and kind == FORM:
        body = {name: SimpleUploadedFile("a.csv", one) if isinstance(one, bytes) else one for name, one in body.items()}
    return method, body, JSON if pattern in SCRIPTS else kind


def status(client: Client, pattern: str, address: str, known: dict[str, Body]) -> int:
    """What the address answers, with everything undone; a verb may say on the page it leads to that it refuses."""
    with transaction.atomic():
        answer = client.get(f"/{address}", QUERIES.get(pattern, {}))
        if answer.status_code == 405:
            method, body, kind = asked(pattern, known)
            content = {"content_type": kind} if kind == JSON else {}
            answer = getattr(client, method)(f"/{address}", body, follow=True, **content)
        transaction.set_rollback(True)
    return int(answer.status_code)


def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_a_row_of_the_west_is_no_row_for_the_east(west: West, city: City) -> None:
    made = [row for row in west.rows.values() if isinstance(row, ScopedModel | ScopedChild)]
    own, other = actor(city.west), actor(city.east)
    seen = [row._meta.label for row in made if type(row).objects.visible_to(own).filter(pk=PK).exists()]
    leaked = [row._meta.label for row in made if type(row).objects.visible_to(other).filter(pk=PK).exists()]
    assert leaked == []
    assert len(seen) >= len(scoped()) - 25, sorted({model._meta.label for model in scoped()} - set(seen))


def test_no_address_shows_the_east_an_object_of_the_west(west: West, city: City) -> None:
    logging.disable(logging.CRITICAL)
    other = browser(account(city.east, "east"))
    owners = [browser(west.user), browser(account(city.city, "whole"))]
    known = bodies()
    proven, not_proven, leaks = [], [], {}
    try:
        for pattern, found in addresses().items():
            theirs = {address: status(other, pattern, address, known) for address in found}
            leaks |= {address: code for address, code in theirs.items() if code < 400}
            refused = [address for address, code in theirs.items() if code in REFUSED]
            good = any(
                status(owner, pattern, address, known) not in {*REFUSED, 405, 500}
                for address in refused
                for owner in owners
            )
            (proven if good else not_proven).append(pattern)
    finally:
        logging.disable(logging.NOTSET)
    print(f"proven: {len(proven)}; not proven: {len(not_proven)}:", *not_proven, sep="\n  ")
    assert leaks == {}, leaks
    assert set(not_proven) - set(EXCUSED) == set(), "prove them (tests/conformance/west.py), or say why not"
    assert set(EXCUSED) - set(not_proven) == set(), "they are proven now, or gone: they need no excuse"
