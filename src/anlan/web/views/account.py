"""One's own account: password, second factor, API tokens."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import User
from anlan.kernel.errors import AnlanError, Invalid
from anlan.kernel.identity import actions, second_factor
from anlan.web.views.auth import safe_next


def me(request: HttpRequest) -> tuple[Actor, User]:
    return request.actor, cast(User, request.user)  # type: ignore[attr-defined]


class PasswordForm(forms.Form):
    """The old password once, the new one twice."""

    old = forms.CharField(label="原口令", widget=forms.PasswordInput({"autocomplete": "current-password"}))
    new = forms.CharField(label="新口令", widget=forms.PasswordInput({"autocomplete": "new-password"}))
    again = forms.CharField(label="再输一次", widget=forms.PasswordInput({"autocomplete": "new-password"}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") != data.get("again"):
            self.add_error("again", "两次输入的新口令不一致")
        return data


def mine(request: HttpRequest) -> HttpResponse:
    _actor, user = me(request)
    context = {
        "account": user,
        "grants": user.grants.select_related("role", "area"),
        "tokens": user.tokens.order_by("-created_at"),
        "device": second_factor.device_of(user),
        "shown_once": request.session.pop("shown_once", ""),
    }
    return render(request, "web/account/mine.html", context)


def password(request: HttpRequest) -> HttpResponse:
    actor, user = me(request)
    form = PasswordForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            changed = actions.change_own_password(actor, form.cleaned_data["old"], form.cleaned_data["new"])
        except Invalid as error:
            form.add_error(str(error.details["field"]), error.message)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("口令已修改"))
            return redirect(safe_next(request))
    context = {"form": form, "owed": actions.password_is_old(user), "rules": password_validators_help_texts()}
    return render(
        request, "web/account/password.html", context | {"next": safe_next(request)}, status=422 if form.errors else 200
    )


def totp(request: HttpRequest) -> HttpResponse:
    """Enrol a device, or give the code of the one enrolled."""
    actor, user = me(request)
    enrolled = second_factor.device_of(user)
    error = ""
    if request.method == "POST":
        try:
            code = request.POST.get("token", "")
            second_factor.verify(request, code) if enrolled else second_factor.confirm(actor, request, code)
            return redirect(safe_next(request))
        except AnlanError as refused:
            error = refused.message
    context: dict[str, Any] = {"enrolled": enrolled, "error": error, "next": safe_next(request)}
    if enrolled is None:
        draft = second_factor.draft_of(user)
        context |= {"picture": mark_safe(second_factor.picture(draft)), "secret": second_factor.secret(draft)}  # noqa: S308 - our own SVG
    return render(request, "web/account/totp.html", context, status=422 if error else 200)


@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    actor, _user = me(request)
    days = request.POST.get("days", "")
    token = actions.issue_token(actor, request.POST.get("name", ""), int(days) if days.isdigit() else -1)
    request.session["shown_once"] = token
    return redirect("account")


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    actions.revoke_token(me(request)[0], pk)
    messages.success(request, _("接口令牌已吊销"))
    return redirect("account")
