"""订阅: by place and hazard, without an account: a code proves that the number or address is one's own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from anlan.kernel.accounts.middleware import origin_of
from anlan.kernel.errors import AnlanError
from anlan.kernel.models import Area, Level
from anlan.mobilisation import actions, queries
from anlan.mobilisation.face.documents import issuer

LEAST = [(4, "蓝色及以上（全部）"), (3, "黄色及以上"), (2, "橙色及以上"), (1, "只要红色")]


class SubscribeForm(forms.Form):
    """Where, what, from which colour on, and to whom."""

    area_id = forms.TypedChoiceField(label="地点", coerce=int)
    hazards = forms.MultipleChoiceField(
        label="类别（不选为全部）",
        choices=list(actions.GROUPS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    least = forms.TypedChoiceField(label="级别", choices=LEAST, coerce=int, initial=3)
    address = forms.CharField(label="手机号或邮箱", max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = Area.objects.filter(level__lte=Level.COMMUNITY).defer("geometry")
        choices = [(area.pk, f"{'　' * (area.level - 1)}{area.name}") for area in areas]
        self.fields["area_id"].choices = choices  # type: ignore[attr-defined]


@login_not_required
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = SubscribeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = actions.subscribe(
                data["area_id"], data["address"], data["hazards"], data["least"], origin_of(request)
            )
        except AnlanError as error:
            form.add_error(None, error.message)
        else:
            return redirect("subscription", row.token)
    push_key = point(queries.push_signing_key()) if queries.push_hosts() else ""
    return shown(request, "subscribe", form=form, push_key=push_key)


@login_not_required
@require_http_methods(["POST"])
def push(request: HttpRequest) -> JsonResponse:
    """A browser's own subscription, as the page's script gives it; the answer is the link to leave by."""
    try:
        given = json.loads(request.body)
        hazards = [str(code) for code in given.get("hazards", [])]
        row = actions.subscribe_browser(
            given.get("push") or {}, int(given["area_id"]), hazards, int(given.get("least", 4)), origin_of(request)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return JsonResponse({"why": "应为 JSON：push、area_id、hazards、least"}, status=422)
    except AnlanError as error:
        return JsonResponse({"why": error.message}, status=error.status)
    return JsonResponse({"link": f"/public/s/{row.token}/"})


@login_not_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    wrong = False
    if request.method == "POST":
        row = actions.confirm_subscription(token, request.POST.get("code", ""))
        if row.state == "active" and row.token != token:
            return redirect("subscription", row.token)
        wrong = True
    return shown(request, "subscription", row=queries.subscriber(token), wrong=wrong)


@login_not_required
@require_http_methods(["POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    actions.unsubscribe(token)
    return shown(request, "subscription", row=queries.subscriber(token), wrong=False)


def point(key: EllipticCurvePrivateKey) -> str:
    """The key as browsers take it: 65 bytes, base64url."""
    raw = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def shown(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    response = render(request, f"mobilisation/{template}.html", {"issuer": issuer(), "language": "zh", **context})
    response["Cache-Control"] = "no-store"
    return response
