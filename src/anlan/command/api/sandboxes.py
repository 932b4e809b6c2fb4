"""REST of 演练沙盒: order one for a drill, direct it, stop it, see how far it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import FiniteFloat

from anlan.command.actions import sandboxes as verbs
from anlan.command.duty import sandboxes
from anlan.command.models import Drill, SandboxRun
from anlan.kernel.accounts.actor import Actor

router = Router(tags=["command 演练沙盒"])
VIEW = "command.view"


class SandboxIn(Schema):
    """`people`: live (people respond) or played (the script does); without `minutes`, `speed` as the scenario says;
    `today`: with a copy of today's registers, else with the city package."""

    scenario: str
    people: str = "live"
    minutes: FiniteFloat | None = None
    speed: FiniteFloat | None = None
    today: bool = True


class DirectIn(Schema):
    kind: str
    text: str
    event_code: str = ""
    place: str = ""
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None
    figures: dict[str, int] = {}


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def run_out(row: SandboxRun) -> dict[str, Any]:
    names = (
        "id", "drill_id", "name", "scenario", "people", "today", "minutes", "speed", "state", "ordered_at", "ordered_by", "stop_by",
        "seen", "seen_at", "ended_at", "error",
    )  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "minute": sandboxes.minute(row)}


@router.get("/scenarios", summary="演练场景")
def list_stories(request: HttpRequest) -> list[dict[str, Any]]:
    return [vars(one) for one in sandboxes.stories()] if who(request).has(VIEW) else []


@router.get("/drills/{pk}/sandboxes", summary="一次演练的沙盒")
def list_runs(request: HttpRequest, pk: int) -> list[dict[str, Any]]:
    drill = Drill.objects.visible_to(who(request), VIEW).one(pk)
    return [run_out(row) for row in SandboxRun.objects.visible_to(who(request), VIEW).filter(drill=drill)]


@router.post("/drills/{pk}/sandbox", summary="启动演练沙盒", response={201: dict[str, Any]})
def start(request: HttpRequest, pk: int, data: SandboxIn) -> dict[str, Any]:
    return run_out(verbs.start_sandbox(who(request), pk, **data.dict()))


@router.post("/sandboxes/{pk}/stop", summary="停止演练沙盒")
def stop(request: HttpRequest, pk: int) -> dict[str, Any]:
    return run_out(verbs.stop_sandbox(who(request), pk))


@router.post("/sandboxes/{pk}/inject", summary="追加导调")
def direct(request: HttpRequest, pk: int, data: DirectIn) -> dict[str, Any]:
    return run_out(verbs.direct_sandbox(who(request), pk, **data.dict()))
