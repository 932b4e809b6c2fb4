"""What the pages share."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from anlan.kernel.accounts.actor import Actor


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def back(request: HttpRequest, address: str, done: str) -> HttpResponse:
    """To where the user came from (`next`, ours only) or to `address`, with a word of what was done."""
    messages.success(request, done)
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return HttpResponseRedirect(wanted if safe else address)


def attachment(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep, under its Chinese name."""
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}"}
    return HttpResponse(content, content_type=kind, headers=headers)
