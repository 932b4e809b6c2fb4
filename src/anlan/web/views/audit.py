"""The journal, for those who watch."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.models import Area

#: At most so many flaws are shown on the page; `anlan audit verify` lists all.
FLAWS_SHOWN = 50
TEXTS = ("actor", "verb", "subject", "origin")
EXACT = ("subject_type", "subject_id", "correlation_id")


def auditor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.has("kernel.audit"):
        raise Forbidden(f"{actor.name}没有查看审计日志的权限", permission="kernel.audit")
    return actor


def entries(actor: Actor) -> QuerySet[JournalEntry]:
    """What concerns the auditor's areas; entries without an area are for those who audit a whole city."""
    allowed = Q(pk__in=[])
    for path, _top in actor.scopes("kernel.audit"):
        if is_whole_city(path):
            return JournalEntry.objects.order_by("-seq")
        allowed |= Q(area_path__startswith=path)
    return JournalEntry.objects.filter(allowed).order_by("-seq")


def is_whole_city(path: str) -> bool:
    return path == "/" or Area.objects.filter(path=path, parent=None).exists()


def day(text: str, name: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    except ValueError as error:
        raise Invalid(name, text, "日期，如 2026-01-31", label="日期") from error


def chosen(rows: QuerySet[JournalEntry], given: dict[str, str]) -> QuerySet[JournalEntry]:
    for name in TEXTS:
        if given.get(name):
            rows = rows.filter(**{f"{name}__icontains": given[name]})
    for name in EXACT:
        if given.get(name):
            rows = rows.filter(**{name: given[name]})
    if given.get("since"):
        rows = rows.filter(at__gte=day(given["since"], "since"))
    if given.get("until"):
        rows = rows.filter(at__lt=day(given["until"], "until") + timedelta(days=1))
    return rows


def show(request: HttpRequest, **more: Any) -> HttpResponse:
    given = request.GET.dict()
    found = Paginator(chosen(entries(auditor(request)), given), 50).get_page(given.get("page"))
    last = JournalEntry.objects.order_by("-seq").first()
    return render(request, "web/audit.html", {"page": found, "given": given, "last": last, **more})


def page(request: HttpRequest) -> HttpResponse:
    return show(request)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole chain now."""
    auditor(request)
    return show(request, verified=True, flaws=list(islice(journal.flaws(), FLAWS_SHOWN)))
