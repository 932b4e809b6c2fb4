"""`/wall`: the wall display 大屏."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.http import require_GET

from anlan.web import board
from anlan.web.views.layers import json_answer, signed_in
from anlan.web.views.map import shell_context

SHEETS = (
    "css/tokens.css",
    "css/base.css",
    "css/layout.css",
    "css/components.css",
    "islands/map.css",
    "islands/wall.css",
)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    context = shell_context(actor) | board.wall(actor) | {"sheets": [static(sheet) for sheet in SHEETS]}
    return render(request, "web/wall.html", context)


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """The figures and lists again, after an event."""
    return render(request, "web/wall_board.html", board.wall(signed_in(request)))


@require_GET
def trends(request: HttpRequest) -> HttpResponse:
    return json_answer(request, board.trends(signed_in(request)))
