"""Every component on one page, for those who build pages."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from anlan.kernel import clock
from anlan.web.icons import ICONS
from anlan.web.views.auth import SignInForm

ROWS = [["氯气", "12.5", "20"], ["液氨", "40", "10"]]


def page(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request, {"username": "", "password": "x"})
    form.is_valid()
    context = {
        "form": form,
        "empty_form": SignInForm(request),
        "icons": list(ICONS),
        "now": clock.now(),
        "rows": ROWS,
        "headers": ["物质", "储量 t", "距离 m"],
        "page": Paginator(range(500), 20).get_page(4),
    }
    return render(request, "web/styleguide.html", context)
