"""REST of the situation room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from anlan.kernel.accounts.actor import Actor
from anlan.situation import actions, queries
from anlan.situation.models import ReleaseWatch

router = Router(tags=["situation 灾情管理"])


class ReleaseIn(Schema):
    """A hazard unit (or a place) and what is known of the hole; the weather comes from the nearest station."""

    unit_id: int | None = None
    lon: float | None = None
    lat: float | None = None
    given: dict[str, Any] = {}
    correlation_id: UUID | None = None


class GivenIn(Schema):
    given: dict[str, Any]


class ReasonIn(Schema):
    reason: str


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def shown(watch: ReleaseWatch) -> dict[str, Any]:
    names = (
        "id title lon lat given weather advice source origin confirmed_at confirmed_by rounds took_ms started_at assessed_at "
        "ended_at correlation_id"
    ).split()
    return {**{name: getattr(watch, name) for name in names}, "run_id": watch.run_id}


@router.get("/releases", summary="泄漏研判")
def releases(request: HttpRequest) -> list[dict[str, Any]]:
    return [shown(watch) for watch in queries.watches(who(request))[:50]]


@router.get("/releases/{pk}", summary="一次泄漏研判")
def release(request: HttpRequest, pk: int) -> dict[str, Any]:
    return shown(queries.watch(who(request), pk))


@router.post("/releases", summary="开始泄漏研判", response={201: dict[str, Any]})
def follow(request: HttpRequest, data: ReleaseIn) -> Status[dict[str, Any]]:
    by = who(request)
    return Status(
        201, shown(actions.follow_release(by, data.given, data.unit_id, data.lon, data.lat, data.correlation_id))
    )


@router.post("/releases/{pk}/revise", summary="更新泄漏条件")
def revise(request: HttpRequest, pk: int, data: GivenIn) -> dict[str, Any]:
    return shown(actions.revise_release(who(request), pk, data.given))


@router.post("/releases/{pk}/confirm", summary="确认自动研判的泄漏")
def confirm(request: HttpRequest, pk: int, data: GivenIn) -> dict[str, Any]:
    return shown(actions.confirm_release(who(request), pk, data.given))


@router.post("/releases/{pk}/detectors", summary="由气体探测器反演源强")
def detectors(request: HttpRequest, pk: int) -> dict[str, Any]:
    return shown(actions.weigh_detectors(who(request), pk))


@router.post("/releases/{pk}/end", summary="结束泄漏研判")
def end(request: HttpRequest, pk: int, data: ReasonIn) -> dict[str, Any]:
    return shown(actions.end_release(who(request), pk, data.reason))
