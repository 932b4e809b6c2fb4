"""The API of the gateways: documents of other makers' platforms, over HTTPS where they can, as by file.

A foreign platform is given an account with `gateways.exchange` over its own area alone, and a token of it; who gave it the
token answers for what comes by it, as who carries a file does.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from anlan.gateways.exchange import queries
from anlan.gateways.exchange.adapters import carrying
from anlan.kernel.accounts.actor import Actor

router = Router(tags=["互联"])


class Refusal(Schema):
    """Which thing of the document, and why not."""

    key: str
    reason: str


class Taken(Schema):
    """What a document brought."""

    taken: int
    known: int
    refused: list[Refusal]


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


@router.post("/exchange/{peer}/{form}", response=Taken)
def bring(request: HttpRequest, peer: str, form: str) -> Any:
    """外系统报文 as the body (`application/xml`): `gbt35965` or `edxl_de`; the same again changes nothing."""
    by = actor_of(request)
    found = carrying.bring(by, queries.peer_coded(by, peer).pk, form, request.body)
    refused = [{"key": key, "reason": reason} for key, reason in found.refused]
    return {"taken": found.taken, "known": found.known, "refused": refused}


@router.get("/exchange/{peer}/{form}")
def export(request: HttpRequest, peer: str, form: str, exercise: bool = False) -> HttpResponse:
    """What the agreement lets this platform know, latest state of each thing, in its own form."""
    by = actor_of(request)
    data = carrying.export(by, queries.peer_coded(by, peer).pk, form, exercise)
    return HttpResponse(data, content_type="application/xml")
