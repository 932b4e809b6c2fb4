"""Buttons of the resources room."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from anlan.resources import actions


@require_POST
def readiness(request: HttpRequest, pk: int) -> HttpResponse:
    """待命、休整、停用."""
    given = request.POST
    team = actions.set_readiness(request.actor, pk, given.get("readiness", ""), given.get("reason", ""))  # type: ignore[attr-defined]
    messages.success(request, f"{team.name}：{team.get_readiness_display()}")
    goal = given.get("next", "")
    safe = url_has_allowed_host_and_scheme(goal, {request.get_host()})
    return redirect(goal if safe else f"/registers/teams/{pk}/")
