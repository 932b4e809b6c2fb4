"""The warning desk: list, draft, review, preview of every channel, issue, cancel, CAP out."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden, Invalid, NotFound
from anlan.kernel.models import Area
from anlan.monitoring import actions, published, queries
from anlan.monitoring.actions.drafting import survey
from anlan.monitoring.actions.warnings import content_of, roles_of
from anlan.monitoring.models import Warning, WarningLevel
from anlan.monitoring.rules import proposals, templates
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import national, writer
from anlan.monitoring.rules.proposals import Proposal, from_alarm, from_run
from anlan.monitoring.rules.warnings import DRAFT, State, Step
from anlan.monitoring.views.alarms import actor_of, back
from anlan.simulation import queries as simulation

STATUS = {
    "draft": "warn",
    "reviewed": "info",
    "rejected": "bad",
    "issued": "ok",
    "editing": "none",
    "replaced": "none",
    "cancelled": "none",
    "expired": "none",
}
#: States in which the page offers the form: a draft is changed, what is in force is continued.
EDITABLE = {"editing", "draft", "reviewed", "rejected", "issued"}
STAGES = (("stage", "水位 m"), ("alert", "警戒水位 m"), ("guarantee", "保证水位 m"))
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
    area_ids = forms.TypedMultipleChoiceField(
        label="可能影响范围", coerce=int, required=False, help_text="画了范围而不选：取范围所在的区划"
    )
    onset = moment_field("起始时间")
    expires = moment_field("失效时间")
    basis = forms.CharField(label="依据", max_length=300, required=False)
    geometry = forms.CharField(
        label="范围（GeoJSON；在地图上画，或由推演带入）", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    snap = forms.BooleanField(label="按区划边界取整（范围内过半的区划整个纳入）", required=False)
    en_event = forms.CharField(label="英文：类型", max_length=60, required=False)
    en_headline = forms.CharField(label="英文：标题", max_length=160, required=False)
    en_instruction = forms.CharField(
        label="英文：应采取的措施", required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    exercise = forms.BooleanField(label="演练预警（永远不会成为真实预警，不出本单位）", required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [area for area in Area.objects.filter(level__lte=4).defer("geometry") if actor.may(DRAFT, area.path)]
        choices = [(area.pk, f"{'　' * (area.level - 1)}{area.name}") for area in areas]
        codes = [(code, f"{name}（{code}）") for code, name in rules.EVENT_NAMES.items()]
        self.fields["area_ids"].choices = choices  # type: ignore[attr-defined]
        self.fields["event_code"].choices = codes  # type: ignore[attr-defined]

    def clean_geometry(self) -> dict[str, Any] | None:
        text = self.cleaned_data["geometry"]
        try:
            found = json.loads(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(f"不是 JSON：{error}") from error
        if found is not None and not isinstance(found, dict):
            raise forms.ValidationError("应为 GeoJSON 多边形")
        return found

    def given(self) -> dict[str, Any]:
        """What `draft_warning` takes."""
        data = dict(self.cleaned_data)
        english = {name: data.pop(f"en_{name}") for name in ("event", "headline", "instruction")}
        words = {name: value for name, value in english.items() if value}
        return {**data, "translations": {"en-US": words} if words else {}}


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = [(row, STATUS[row.state], together_of(actor, row)) for row in queries.warnings(actor)[:200]]
    verbs = [(verb, title) for verb, title in TOGETHER.items() if any(verb in can for _, _, can in rows)]
    context = {"rows": rows, "may_draft": actor.has(DRAFT), "verbs": verbs}
    return render(request, "monitoring/warnings.html", context)


#: What is done with several at once.
TOGETHER = {"approve": "审核通过所选", "issue": "签发所选"}


def together_of(actor: Actor, warning: Warning) -> set[str]:
    """Which of these steps the actor may take with it now."""
    open_ = {step.verb: step for step in rules.LAW if step.before.value == warning.state and step.verb in TOGETHER}
    return {verb for verb, step in open_.items() if allowed(actor, warning, step, roles_of(actor, warning))}


@require_POST
def together(request: HttpRequest) -> HttpResponse:
    """One step with all that are ticked: all of them or none."""
    actor, verb = actor_of(request), request.POST.get("verb", "")
    ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isdigit()]
    try:
        if not ids:
            raise Invalid("ids", "", "至少勾选一条", label="预警")
        if verb == "approve":
            done = actions.review_warnings(actor, ids, True, request.POST.get("reason", ""))
        elif verb == "issue":
            done = actions.issue_warnings(actor, ids)
        else:
            raise NotFound(f"预警没有“{verb}”这个批量动作")
        messages.success(request, f"{len(done)} 条已{'审核通过' if verb == 'approve' else '签发'}")
    except AnlanError as error:
        if error.status == 404:
            raise
        messages.error(request, f"一条也没有办：{error.message}")
    return redirect("warnings")


def blank(request: HttpRequest) -> dict[str, Any]:
    """A new draft: the template of its hazard and colour, and what a link from an incident, alarm or run knows already."""
    now, given = clock.now(), request.GET
    level = given.get("level", "")
    words = (
        templates.words(given.get("event_code", ""), level, given.get("place", "")) if level in rules.COLOURS else None
    )
    known = {key: given[key] for key in ("event_code", "level", "headline", "description", "basis") if key in given}
    begun = vars(words) if words else {}
    begun = {key: begun[key] for key in ("headline", "description", "instruction") if key in begun}
    hours = words.hours if words else 6
    english = {f"en_{key}": value for key, value in words.english.items()} if words else {}
    return {"onset": now, "expires": now + timedelta(hours=hours), **begun, **english, **known, **outline_of(request)}


def outline_of(request: HttpRequest) -> dict[str, str]:
    """The outermost zone of the run that the link names, if the actor may see it."""
    run_id = request.GET.get("run", "")
    run = simulation.runs(actor_of(request)).filter(pk=run_id).first() if run_id.isdigit() else None
    zones = [zone.get("geometry") for zone in run.zones] if run else []
    outer = next((zone for zone in reversed(zones) if zone and zone.get("type") in {"Polygon", "MultiPolygon"}), None)
    return {"geometry": json.dumps(outer)} if outer else {}


def proposed(actor: Actor) -> list[Proposal]:
    """Warnings that open alarms and today's runs could be drafted into, the most severe first."""
    since = clock.now() - timedelta(hours=24)
    alarms = queries.open_alarms(actor).filter(priority__lte=2).select_related("station")[:20]
    runs = simulation.runs(actor).filter(at__gte=since, because="")[:10]
    found = [
        *(from_alarm(alarm.station.kind, alarm.priority, alarm.title) for alarm in alarms if alarm.station),
        *(from_run(run.kind, run.pk, run.title, people_of(run.exposure)) for run in runs),
    ]
    kept = list(dict.fromkeys(one for one in found if one is not None))
    return sorted(kept, key=lambda one: rules.COLOURS.index(one.level))[:12]


def people_of(exposure: Any) -> int:
    """People in the widest zone of a run."""
    counts = (
        [zone.get("people") or 0 for zone in exposure if isinstance(zone, dict)] if isinstance(exposure, list) else []
    )
    return max(counts, default=0)


@require_GET
def judge(request: HttpRequest) -> HttpResponse:
    """研判: observations against the criteria; each proposal with its clause, and the way to a draft."""
    actor = actor_of(request)
    seen = {name: number(request.GET.get(name, "")) for name in proposals.fields()}
    stages = [number(request.GET.get(name, "")) for name, _ in STAGES]
    found = proposals.from_observations(seen, *stages)
    asked = any(value is not None for value in [*seen.values(), *stages])
    context = {
        "fields": [(name, words, request.GET.get(name, "")) for name, words in proposals.fields().items()],
        "stages": [(name, title, request.GET.get(name, "")) for name, title in STAGES],
        "found": found, "asked": asked, "may_draft": actor.has(DRAFT),
    }  # fmt: skip
    return render(request, "monitoring/warning_judge.html", context)


def number(text: str) -> float | None:
    """A finite number, or None for what is not filled in or is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = DraftForm(actor, request.POST) if request.method == "POST" else DraftForm(actor, initial=blank(request))
    if request.method == "POST" and form.is_valid():
        try:
            warning = actions.draft_warning(actor, **form.given())
        except AnlanError as error:
            if error.status == 403:
                raise
            form.add_error(None, error.message)
        else:
            messages.success(request, "已起草，等待他人审核")
            return redirect(f"/monitoring/warnings/{warning.pk}/")
    context = {
        "form": form,
        "proposals": proposed(actor) if request.method == "GET" else [],
        "templates": template_links(),
    }
    return render(request, "monitoring/warning_draft.html", context)


@require_POST
def outline(request: HttpRequest) -> JsonResponse:
    """What the drawn outline would become, while it is being drawn: legal or why not, and the divisions it is about."""
    actor = actor_of(request)
    if not actor.has(DRAFT):
        raise Forbidden(f"{actor.name}没有“{DRAFT}”权限", permission=DRAFT)
    try:
        given = json.loads(request.body)
        found = survey(actor, given) if isinstance(given, dict) else None
    except ValueError:
        found = None
    except Invalid as error:
        return JsonResponse({"legal": False, "why": error.message})
    if found is None:
        return JsonResponse({"legal": False, "why": "应为 GeoJSON 多边形"})
    areas = [{"id": area.pk, "name": area.name} for area in found.areas]
    return JsonResponse(
        {"legal": True, "geometry": found.legal, "notes": found.notes, "areas": areas, "snapped": found.snapped}
    )


def template_links() -> list[tuple[str, str]]:
    return [(code, rules.EVENT_NAMES[code]) for code in templates.TEMPLATES]


#: Steps that stand as a button on the page: (verb of the law, address, look). The others are the system's, or forms.
BUTTONS = (
    ("submit", "submit", "primary"), ("approve", "approve", "primary"), ("reject", "reject", "danger"),
    ("issue", "issue", "primary"), ("fast", "issue-fast", "danger"), ("confirm", "confirm", "primary"),
    ("confirm", "confirm-wrong", "danger"), ("cancel", "cancel", "danger"),
)  # fmt: skip
#: One step of the law that ends in two ways.
SAID = {"confirm": "事后审核：符合", "confirm-wrong": "事后审核：不符合"}


def steps_of(actor: Actor, warning: Warning) -> list[dict[str, str]]:
    """What the law of the workflow lets this actor do with the warning now."""
    roles, state = roles_of(actor, warning), State(warning.state)
    found = [(rules.BY_STEP.get((state, verb)), address, look) for verb, address, look in BUTTONS]
    return [
        {
            "url": f"/monitoring/warnings/{warning.pk}/{address}", "label": SAID.get(address, step.label),
            "kind": look,
            "reason": f"{step.label}理由" if step.reason else "",
        }
        for step, address, look in found
        if step is not None and allowed(actor, warning, step, roles)
    ]  # fmt: skip


def allowed(actor: Actor, warning: Warning, step: Step, roles: set[str]) -> bool:
    fits = {
        "issue": not warning.in_house,
        "fast": not warning.in_house and warning.level in rules.FAST_LEVELS,
        "confirm": warning.review_due_at is not None,
    }.get(step.verb, True)
    may = actor.may(step.permission, warning.area.path, warning.data_class)
    return fits and may and not rules.barred(step, roles)


def history(warning: Warning) -> list[tuple[Any, list[tuple[str, str, str]]]]:
    """(step, [(name of what it changed, was, is now)]) of every step there was."""
    names = {field.name: str(getattr(field, "verbose_name", field.name)) for field in Warning._meta.get_fields()}
    return [
        (row, [(names[name], shown(name, was), shown(name, now)) for name, (was, now) in row.changes.items()])
        for row in warning.steps.all()
    ]


def shown(name: str, value: Any) -> str:
    if name in {"onset", "expires"} and value:
        return rules.clock_text(datetime.fromisoformat(value))
    return str(value)


def shown_previews(content: rules.Content) -> list[tuple[str, str, str]]:
    """(channel, text, what it costs or holds)."""
    sizes = rules.sizes(content)
    return [(name, text, sizes.get(name, "")) for name, text in rules.previews(content).items()]


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    warning = queries.warning(actor, pk)
    content = content_of(warning)
    context = {
        "warning": warning, "status": STATUS[warning.state], "steps": steps_of(actor, warning),
        "previews": shown_previews(content), "missing": rules.missing(content),
        "own_draft": rules.AUTHOR in roles_of(actor, warning) and warning.state == "draft", "history": history(warning),
        "may_edit": actor.may(DRAFT, warning.area.path), "editable": warning.state in EDITABLE,
        "internal_note": rules.INTERNAL_NOTE if warning.in_house else "",
    }  # fmt: skip
    return render(request, "monitoring/warning.html", context)


class RedraftForm(forms.Form):
    """What may be changed of a draft, and why."""

    headline = forms.CharField(label="标题", max_length=160)
    description = forms.CharField(label="警示事项（内容与可能影响）", widget=forms.Textarea(attrs={"rows": 4}))
    instruction = forms.CharField(label="应采取的措施", widget=forms.Textarea(attrs={"rows": 3}))
    expires = moment_field("失效时间")
    reason = forms.CharField(label="修改理由", max_length=200, required=False)


class ContinueForm(RedraftForm):
    """续发: the same, in another colour or for longer."""

    level = forms.ChoiceField(label="级别", choices=WarningLevel.choices)
    reason = None  # type: ignore[assignment]
    field_order = ["level"]


def changed(actor: Actor, pk: int, given: dict[str, Any], issued: bool) -> Warning:
    if not issued:
        return actions.redraft_warning(actor, pk, **given)
    level, expires = given.pop("level"), given.pop("expires")
    return actions.continue_warning(actor, pk, level=level, expires=expires, words=given)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """改稿 of what was not issued yet, or 续发 of what was."""
    actor = actor_of(request)
    warning = queries.warning(actor, pk)
    issued = warning.state == State.ISSUED.value
    kind = ContinueForm if issued else RedraftForm
    names = ("level", "headline", "description", "instruction", "expires")
    form = kind(request.POST or None, initial={name: getattr(warning, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            goal = changed(actor, pk, form.cleaned_data, issued)
        except AnlanError as error:
            if error.status == 403:
                raise
            form.add_error(None, error.message)
        else:
            messages.success(request, "已起草续发，等待他人审核" if issued else "已修改，须重新审核")
            return redirect(f"/monitoring/warnings/{goal.pk}/")
    title = "续发预警" if issued else "修改预警"
    return render(request, "monitoring/warning_edit.html", {"form": form, "warning": warning, "title": title})


@require_GET
def cap(request: HttpRequest, pk: int) -> HttpResponse:
    """The warning as CAP 1.2."""
    alert = published.draft_alert(queries.warning(actor_of(request), pk))
    return HttpResponse(writer.alert_xml(alert), content_type="application/cap+xml; charset=utf-8")


@require_GET
def cap_12379(request: HttpRequest, pk: int) -> HttpResponse:
    """The warning as the national platform's message, under the file name it asks for."""
    alert = published.national_alert(queries.warning(actor_of(request), pk))
    name = {"Content-Disposition": f'attachment; filename="{national.file_name(alert)}"'}
    return HttpResponse(national.to_xml(alert), content_type="application/xml; charset=utf-8", headers=name)


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    actor, reason = actor_of(request), request.POST.get("reason", "")
    try:
        if verb in {"approve", "reject"}:
            actions.review_warning(actor, pk, verb == "approve", reason)
        elif verb == "submit":
            actions.submit_warning(actor, pk)
        elif verb == "issue":
            actions.issue_warning(actor, pk)
        elif verb == "issue-fast":
            actions.issue_fast(actor, pk, reason)
        elif verb in SAID:
            actions.confirm_warning(actor, pk, verb == "confirm", reason)
        elif verb == "cancel":
            actions.cancel_warning(actor, pk, reason)
        else:
            raise NotFound(f"预警没有“{verb}”这个动作")
    except AnlanError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, error.message)
    return back(request, f"/monitoring/warnings/{pk}/")
