"""Errors become answers here and nowhere else; every page carries the security headers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation

from anlan.kernel.errors import AnlanError
from anlan.kernel.identity import actions, second_factor

Next = Callable[[HttpRequest], HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")


def stays(request: HttpRequest) -> bool:
    return "Anlan-Form" in request.headers


class ErrorMiddleware:
    """`AnlanError` -> its status, as JSON for programs, as a page or a fragment of one for people.

    A form that stays (`frontend/stay.js`) is told where to go on instead of being sent there: it keeps what was typed until
    that is accepted, and shows a refusal beside it.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if stays(request) and response.status_code in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
            return HttpResponse(status=204, headers={"Anlan-Location": response["Location"]})
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, AnlanError):
            return None
        if wants_json(request):
            return JsonResponse(
                exception.as_json(), status=exception.status, json_dumps_params={"ensure_ascii": False, "default": str}
            )
        fragment = stays(request) or request.headers.get("HX-Request") == "true"
        template = "web/error_fragment.html" if fragment else "web/error.html"
        answer = render(request, template, {"error": exception}, status=exception.status)
        answer["Anlan-Refused"] = str(exception.details.get("field", ""))
        return answer


class SecurityHeadersMiddleware:
    """Content from ourselves only; the import map is the one inline script and carries a nonce."""

    POLICY = (
        "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; "
        "frame-ancestors 'self'; form-action 'self'; base-uri 'self'; object-src 'none'"
    )

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.csp_nonce = secrets.token_urlsafe(12)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.POLICY.format(nonce=request.csp_nonce))  # type: ignore[attr-defined]
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(self)")
        if request.user.is_authenticated:
            # 剩余信息保护: what one officer saw is not to be had from the cache of a shared desk.
            response.setdefault("Cache-Control", "private, no-store")
        return response


class LanguageMiddleware:
    """Chinese, unless this browser chose another language on a page; what the browser prefers does not count."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        with translation.override(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            response = self.get_response(request)
            response.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response


class SignedInMiddleware:
    """Pages are for people who signed in; a program shows a token and is judged by the view.

    Views that are open to all carry Django's `@login_not_required`.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or request.by_token:  # type: ignore[attr-defined]
            return None
        if request.user.is_authenticated:
            return self.owes(request)
        return None if request.path.startswith("/api/") else self.sign_in_first(request)

    def owes(self, request: HttpRequest) -> HttpResponse | None:
        """Before anything else: the second factor a role asks for, and a new password when the old one is too old.

        Only the page that pays the debt is open (signing out always is): not the tokens, not even the password while the
        second factor is owed.
        """
        user: Any = request.user
        here = request.resolver_match.view_name if request.resolver_match else ""
        if not user.is_verified() and (second_factor.required(user) or second_factor.device_of(user)):
            place, text, open_here = "/account/totp", "请先完成双因子验证", {"totp"}
        elif actions.password_is_old(user):
            place, text, open_here = "/account/password", "请先修改口令", {"totp", "password"}
        else:
            return None
        if here in open_here:
            return None
        if wants_json(request):
            return JsonResponse({"error": text}, status=403, json_dumps_params={"ensure_ascii": False})
        return redirect(f"{place}?next={quote(request.get_full_path())}")

    def sign_in_first(self, request: HttpRequest) -> HttpResponse:
        if wants_json(request) or "text/event-stream" in request.headers.get("Accept", ""):
            return JsonResponse({"error": "请先登录"}, status=401, json_dumps_params={"ensure_ascii": False})
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401, headers={"HX-Redirect": settings.LOGIN_URL})
        return redirect(f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}")
