"""Signing in and out, and how the pages look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from anlan.web.context import DENSITIES, THEMES

LOCK_OUT = {"limit": settings.AXES_FAILURE_LIMIT, "minutes": round(settings.AXES_COOLOFF_TIME * 60)}
YEAR_S = 365 * 24 * 3600


class SignInForm(AuthenticationForm):
    """Account and password; what is wrong is not told apart."""

    error_messages = {"invalid_login": "账号或口令不正确。", "inactive": "账号或口令不正确。"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["password"].label = "口令"


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """Where to go on: only an address of this site."""
    target = request.POST.get("next") or request.GET.get("next") or default
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else default


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(safe_next(request))
    if getattr(request, "axes_locked_out", False):
        return locked_out(request)
    context = {"form": form, "next": safe_next(request), **LOCK_OUT}
    return render(request, "web/login.html", context, status=401 if form.is_bound else 200)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/login")


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords (等保三级 8.1.4.1): the account waits."""
    return render(request, "web/locked.html", LOCK_OUT, status=429)


@login_not_required
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Theme, density and language are kept in cookies of the browser."""
    answer = redirect(safe_next(request))
    for name, allowed in (("theme", THEMES), ("density", DENSITIES)):
        if (value := request.POST.get(name, "")) in allowed:
            answer.set_cookie(f"anlan_{name}", value, max_age=YEAR_S, samesite="Lax", httponly=True)
    if (language := request.POST.get("language", "")) in dict(settings.LANGUAGES):
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR_S, samesite="Lax", httponly=True)
    return answer
