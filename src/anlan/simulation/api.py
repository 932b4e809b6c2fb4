"""REST of the simulation room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from anlan.kernel.accounts.actor import Actor
from anlan.simulation import actions, queries
from anlan.simulation.models import Run

router = Router(tags=["simulation 模拟推演"])


class RunIn(Schema):
    """Which engine, where, with what; inputs left out take the engine's defaults."""

    kind: str
    lon: float
    lat: float
    inputs: dict[str, Any] = {}
    correlation_id: UUID | None = None
    subject: str = ""


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def run_out(row: Run) -> dict[str, Any]:
    names = "id kind title lon lat inputs model zones assumptions limits summary exposure at took_ms by correlation_id"
    return {name: getattr(row, name) for name in names.split()}


@router.get("/engines", summary="可用的推演引擎")
def engines(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "kind": hazard.kind,
            "title": hazard.title,
            "model": hazard.model,
            "grade": hazard.grade,
            "citation": hazard.citation,
            "inputs": [vars(item) for item in hazard.inputs],
        }
        for hazard in queries.HAZARDS.values()
    ]


@router.post("/run", summary="运行推演", response={201: dict[str, Any]})
def run(request: HttpRequest, data: RunIn) -> Status[dict[str, Any]]:
    row = actions.run(who(request), data.kind, data.inputs, data.lon, data.lat, data.correlation_id, data.subject)
    return Status(201, run_out(row))


@router.get("/runs", summary="推演结果")
def runs(request: HttpRequest, correlation_id: UUID | None = None) -> list[dict[str, Any]]:
    return [run_out(row) for row in queries.runs(who(request), correlation_id)[:50]]
