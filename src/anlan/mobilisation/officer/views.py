"""The page of one call. Who has the link is the officer it was sent to: it opens this call and nothing else."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from anlan.mobilisation import actions, queries

#: Doors on one page: a cheap phone need not load more.
DOORS = 40
#: The link is a secret: it goes to nobody else, and into no cache.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@gzip_page  # a bad line: a page of forty doors is a tenth of its size
@login_not_required
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    call = queries.call_by_token(token)
    doors = queries.doors(call)
    context = {
        "call": call,
        "doors": doors[:DOORS],
        "more": len(doors) - DOORS,
        "left": sum(k is None for _, k in doors),
    }
    response = render(request, "mobilisation/officer.html", context)
    for name, value in HEADERS.items():
        response[name] = value
    return response


@csrf_exempt  # the secret is in the address; there is no session to ride on
@login_not_required
@require_POST
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    del request
    actions.confirm_by_token(token)
    return redirect("officer", token)


@csrf_exempt
@login_not_required
@require_POST
def door(request: HttpRequest, token: str, household: int) -> HttpResponse:
    actions.knock(token, household, request.POST.get("result", "told"))
    return redirect("officer", token)
