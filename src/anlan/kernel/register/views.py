"""Pages of the registries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.documents.word import WORD
from anlan.kernel.documents.word import render as render_word
from anlan.kernel.models import RefusedRow
from anlan.kernel.register import actions, query, refused, scoping, seen
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of, is_number, label_of
from anlan.kernel.register.forms import KeyField, RegisterForm, form_class
from anlan.kernel.register.keys import Keys
from anlan.kernel.register.show import Cell, cell, filter_inputs, told

SIZES = (20, 50, 100, 200)


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    shown = [register for register in REGISTERS.values() if actor.has(register.view_permission)]
    counts = {r.slug: scoping.visible(r.model, actor, r.view_permission).count() for r in shown}
    groups: dict[str, list[tuple[Register, int]]] = {}
    for register in shown:
        room = str(apps.get_app_config(register.room).verbose_name)
        groups.setdefault(room, []).append((register, counts[register.slug]))
    return render(request, "register/overview.html", {"groups": groups})


def chosen_columns(request: HttpRequest, register: Register) -> list[str]:
    """The columns the user wants to see: chosen now, chosen before in this session, or the declared ones."""
    asked = [name for name in request.GET.getlist("cols") if name in choosable(register)]
    if asked:
        request.session[f"columns:{register.slug}"] = asked
        return asked
    kept = request.session.get(f"columns:{register.slug}", [])
    return [name for name in kept if name in choosable(register)] or list(register.columns)


def choosable(register: Register) -> list[str]:
    return list(dict.fromkeys([*register.columns, *register.fields]))


def header(register: Register, name: str) -> dict[str, Any]:
    title, unit = told(*label_of(register, name))
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "numeric": is_number(field_of(register, name)),
        "sortable": name in query.sortable(register),
    }


@require_GET
def rows(request: HttpRequest, slug: str) -> HttpResponse:
    register, actor = query.find(slug), actor_of(request)
    columns = chosen_columns(request, register)
    size = request.GET.get("size", "")
    found = query.listing(register, actor, request.GET.dict(), columns)
    page = Paginator(found, int(size) if size in map(str, SIZES) else 50).get_page(request.GET.get("page"))
    context = {
        "register": register,
        "headers": [header(register, name) for name in columns],
        "choosable": [(header(register, name), name in columns) for name in choosable(register)],
        "page": page,
        "table": [(row, [cell(register, row, name) for name in columns]) for row in page],
        "filters": filter_inputs(register, actor, request.GET),
        "filtered": any(v for k, v in request.GET.items() if k not in {"page", "size", "sort", "cols"}),
        "q": request.GET.get("q", ""),
        "sort": request.GET.get("sort", ""),
        "size": str(page.paginator.per_page),
        "sizes": SIZES,
        "may_change": actor.has(register.change_permission),
        "refused": refused.mine(actor, register).filter(state=RefusedRow.State.KEPT).count(),
        "address": without(request.GET, "page"),
    }
    return render(request, "register/list.html", context)


def without(given: QueryDict, *names: str) -> str:
    rest = given.copy()
    for name in names:
        rest.pop(name, None)
    return rest.urlencode()


def sections_of(register: Register, row: Any) -> list[tuple[str, list[Cell]]]:
    return [(section.title, [cell(register, row, name) for name in section.fields]) for section in register.sections]


@require_GET
def row(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    register, actor = query.find(slug), actor_of(request)
    query.require_view(actor, register)
    found = query.one(register, actor, pk)
    context = {
        "register": register,
        "row": found,
        "sections": sections_of(register, found),
        "may_change": scoping.may_change(actor, register, found),
        "history": found._meta.label,
    }
    return render(request, "register/row.html", context)


@require_GET
def word(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """登记表: the row as a Word document."""
    register, actor = query.find(slug), actor_of(request)
    query.require_view(actor, register)
    found = query.one(register, actor, pk)
    sections = [
        {"title": title, "cells": [plain(shown) for shown in cells]} for title, cells in sections_of(register, found)
    ]
    words = {
        "title": register.title,
        "name": str(found),
        "demo": getattr(found, "representative", False),
        "sections": sections,
        "by": actor.name,
        "at": f"{localtime(clock.now()):%Y-%m-%d %H:%M}",
    }
    return attachment(f"{register.title}-{found}.docx", WORD, render_word("row.docx", words))


def plain(shown: Cell) -> dict[str, str]:
    """A value as paper shows it."""
    value = shown.value
    if isinstance(value, bool):
        value = "是" if value else "否"
    elif isinstance(value, datetime):
        value = f"{localtime(value):%Y-%m-%d %H:%M:%S}"
    return {"label": shown.label, "value": "—" if value in (None, "") else str(value), "unit": shown.unit}


def attachment(name: str, kind: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(True, name) or ""
    return answer


def show_form(
    request: HttpRequest, register: Register, form: RegisterForm, stamp: str = "", others: seen.Meanwhile | None = None
) -> HttpResponse:
    """The form; with `others` it was refused because somebody else saved first, and shows what they changed."""
    status = 409 if others else 422 if form.is_bound else 200
    context = {"register": register, "form": form, "row": form.instance if form.instance.pk else None}
    context |= {"stamp": stamp, "seen_field": seen.FIELD, "others": others}
    return render(request, "register/form.html", context, status=status)


@transaction.atomic
def new(request: HttpRequest, slug: str) -> HttpResponse:
    register, actor = query.find(slug), actor_of(request)
    form = actions.blank_form(actor, register, request.POST if request.method == "POST" else None)
    return finish(request, register, form)


@transaction.atomic
def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    register, actor = query.find(slug), actor_of(request)
    form = actions.edit_form(actor, register, pk, request.POST if request.method == "POST" else None)
    # Before the form is cleaned, which writes its values into the row.
    others = seen.meanwhile(register, form.instance, request.POST.get(seen.FIELD, ""))
    stamp = seen.stamp(register, form.instance)
    if others:
        return show_form(request, register, form, stamp, others)
    return finish(request, register, form, request.POST.get(seen.FIELD, stamp))


def finish(request: HttpRequest, register: Register, form: RegisterForm, stamp: str = "") -> HttpResponse:
    if not form.is_bound or not form.is_valid():
        return show_form(request, register, form, stamp)
    saved = actions.save(actor_of(request), register, form)
    messages.success(request, f"{_('已保存')}：{saved}")
    return redirect("register-row", register.slug, saved.pk)


@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    register = query.find(slug)
    actions.delete(actor_of(request), register, pk, request.POST.get("reason", "").strip())
    messages.success(request, _("已删除"))
    return redirect("register", slug)


@require_GET
def lookup(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Suggestions for a foreign key too large for a list: `<option>`s for the input's datalist."""
    register, actor = query.find(slug), actor_of(request)
    actions.require_change(actor, register)
    field = form_class(slug).base_fields.get(name)
    if not isinstance(field, KeyField):
        return HttpResponse("")
    keys = Keys(actor)
    text = request.GET.get(name, request.GET.get("q", "")).strip()
    found = keys.suggest(field.target, text)
    return render(request, "register/options.html", {"options": found})
