"""The warning desk: list, draft, review, preview of every channel, issue, cancel, CAP out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, NotFound
from anlan.kernel.models import Area
from anlan.monitoring import actions, queries
from anlan.monitoring.actions.warnings import DRAFT, ISSUE, REVIEW, cap_message, content_of
from anlan.monitoring.models import Warning, WarningLevel
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import to_xml
from anlan.monitoring.views.alarms import actor_of, back

STATUS = {
    "draft": "warn",
    "reviewed": "info",
    "rejected": "bad",
    "issued": "ok",
    "cancelled": "none",
    "expired": "none",
}
WHEN = "%Y-%m-%dT%H:%M"


def moment_field(label: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[WHEN, "%Y-%m-%d %H:%M"])


class DraftForm(forms.Form):
    """What article 64 demands."""

    event_code = forms.ChoiceField(label="事件类型")
    level = forms.ChoiceField(label="级别", choices=WarningLevel.choices)
    headline = forms.CharField(label="标题", max_length=160)
    description = forms.CharField(label="警示事项（内容与可能影响）", widget=forms.Textarea(attrs={"rows": 4}))
    instruction = forms.CharField(label="应采取的措施", widget=forms.Textarea(attrs={"rows": 3}))
    area_ids = forms.TypedMultipleChoiceField(label="可能影响范围", coerce=int)
    onset = moment_field("起始时间")
    expires = moment_field("失效时间")
    basis = forms.CharField(label="依据", max_length=300, required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [area for area in Area.objects.filter(level__lte=4).defer("geometry") if actor.may(DRAFT, area.path)]
        choices = [(area.pk, f"{'　' * (area.level - 1)}{area.name}") for area in areas]
        codes = [(code, f"{name}（{code}）") for code, name in rules.EVENT_NAMES.items()]
        self.fields["area_ids"].choices = choices  # type: ignore[attr-defined]
        self.fields["event_code"].choices = codes  # type: ignore[attr-defined]


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = [(row, STATUS[row.state]) for row in queries.warnings(actor)[:200]]
    return render(request, "monitoring/warnings.html", {"rows": rows, "may_draft": actor.has(DRAFT)})


def blank(request: HttpRequest) -> dict[str, Any]:
    """A new draft, with what a link from an incident or alarm knows already."""
    now: datetime = clock.now()
    known = {key: request.GET[key] for key in ("event_code", "level", "headline", "description") if key in request.GET}
    return {"onset": now, "expires": now + timedelta(hours=6), **known}


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = DraftForm(actor, request.POST) if request.method == "POST" else DraftForm(actor, initial=blank(request))
    if request.method == "POST" and form.is_valid():
        try:
            warning = actions.draft_warning(actor, **form.cleaned_data)
        except AnlanError as error:
            if error.status == 403:
                raise
            form.add_error(None, error.message)
        else:
            messages.success(request, "已起草，等待他人审核")
            return redirect(f"/monitoring/warnings/{warning.pk}/")
    return render(request, "monitoring/warning_draft.html", {"form": form})


def steps_of(actor: Actor, warning: Warning) -> list[dict[str, str]]:
    """What this actor may do with the warning now."""
    own = warning.drafter_id is not None and warning.drafter_id == actor.user_id
    steps = [
        ("draft", "approve", "审核通过", "primary", "", REVIEW, not own),
        ("draft", "reject", "退回", "danger", "退回理由", REVIEW, not own),
        ("reviewed", "issue", "签发", "primary", "", ISSUE, not own and not warning.in_house),
        ("issued", "cancel", "解除", "danger", "解除理由", ISSUE, True),
    ]
    return [
        {"url": f"/monitoring/warnings/{warning.pk}/{verb}", "label": label, "kind": kind, "reason": reason}
        for state, verb, label, kind, reason, permission, allowed in steps
        if warning.state == state and allowed and actor.may(permission, warning.area.path, warning.data_class)
    ]


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    warning = queries.warning(actor, pk)
    content = content_of(warning)
    context = {
        "warning": warning, "status": STATUS[warning.state], "steps": steps_of(actor, warning),
        "previews": rules.previews(content).items(), "missing": rules.missing(content),
        "own_draft": warning.drafter_id == actor.user_id and warning.state == "draft",
        "internal_note": rules.INTERNAL_NOTE if warning.in_house else "",
    }  # fmt: skip
    return render(request, "monitoring/warning.html", context)


@require_GET
def cap(request: HttpRequest, pk: int) -> HttpResponse:
    """The warning as CAP 1.2."""
    warning = queries.warning(actor_of(request), pk)
    return HttpResponse(to_xml(cap_message(warning)), content_type="application/cap+xml; charset=utf-8")


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, reason = actor_of(request), request.POST.get("reason", "")
    try:
        if verb in {"approve", "reject"}:
            actions.review_warning(actor, pk, verb == "approve", reason)
        elif verb == "issue":
            actions.issue_warning(actor, pk)
        elif verb == "cancel":
            actions.cancel_warning(actor, pk, reason)
        else:
            raise NotFound(f"预警没有“{verb}”这个动作")
    except AnlanError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, error.message)
    return back(request, f"/monitoring/warnings/{pk}/")
