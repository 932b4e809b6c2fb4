"""Components of the pages: `{% load anlan %}`. Every one is shown on /styleguide."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import template
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, ChoiceField, Textarea
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from anlan.kernel.register.fields import split_unit
from anlan.web.icons import ICONS, SHAPES
from anlan.web.sentences import in_language

register = template.Library()

LEVELS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("红", "red", "1", "一级", "红色", "特别重大", "Ⅰ级"), ("red", "红")),
    **dict.fromkeys(("橙", "orange", "2", "二级", "橙色", "重大", "Ⅱ级"), ("orange", "橙")),
    **dict.fromkeys(("黄", "yellow", "3", "三级", "黄色", "较大", "Ⅲ级"), ("yellow", "黄")),
    **dict.fromkeys(("蓝", "blue", "4", "四级", "蓝色", "一般", "Ⅳ级"), ("blue", "蓝")),
}
MARKS = {
    "demo": ("演示数据", "不是真实数据，仅供演示"),
    "model": ("模型推算", "由模型计算得出，不是实测值"),
    "check": ("待核对", "数值来源待核对"),
    "exercise": ("演练", "登记于演练或情景之中，不是真实事件"),
    "sketch": ("示意", "范围仅为示意，不是勘界成果"),
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon by name; with `label` it is read aloud, without it is decoration."""
    aria = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" {}><path d="{}"/></svg>', aria, ICONS.get(name, ICONS["info"])
    )


@register.simple_tag
def level(value: Any, text: str = "") -> SafeString:
    """A level by colour, shape and text: 红橙黄蓝, 一级…四级, 特别重大…一般 or 1…4."""
    found = LEVELS.get(str(value))
    if found is None:
        return format_html('<span class="tag">{}</span>', tr(text) or _("未定级"))
    colour, name = found
    shown = tr(text) or (_(name) if str(value) in {"1", "2", "3", "4", colour} else _(str(value)))
    return format_html(
        '<span class="level level-{}"><svg viewBox="0 0 12 12" aria-hidden="true"><path d="{}"/></svg>{}</span>',
        colour,
        SHAPES[colour],
        shown,
    )


@register.simple_tag
def status(text: Any, kind: str = "") -> SafeString:
    """A state with its dot; kind: ok, warn, bad, info or nothing."""
    return format_html('<span class="status status-{}">{}</span>', kind or "none", tr(text))


@register.simple_tag
def mark(kind: str) -> SafeString:
    """演示数据 (demo), 演练 (exercise), 模型推算 (model), 待核对 (check), 示意 (sketch)."""
    text, title = MARKS[kind]
    return format_html('<span class="mark mark-{}" title="{}">{}</span>', kind, _(title), _(text))


@register.simple_tag
def demo(row: Any) -> SafeString:
    """The mark 演示数据 when the row is invented."""
    return mark("demo") if getattr(row, "representative", False) else SafeString("")


@register.simple_tag
def when(value: Any, style: str = "") -> SafeString:
    """A time in Beijing time; style `long` has the year and seconds, `time` the time of day only."""
    if value is None or value == "":
        return SafeString('<span class="faint">—</span>')
    if not isinstance(value, datetime):
        return (
            format_html('<time datetime="{0}">{0}</time>', value)
            if isinstance(value, date)
            else format_html("{}", value)
        )
    local = localtime(value)
    shape = {"long": "%Y-%m-%d %H:%M:%S", "time": "%H:%M:%S"}.get(style, "%m-%d %H:%M")
    title = local.strftime("%Y-%m-%d %H:%M:%S")
    return format_html(
        '<time class="num nowrap" datetime="{}" title="{}">{}</time>', local.isoformat(), title, local.strftime(shape)
    )


def tidy(value: Any) -> str:
    """A number as people write it: up to 6 significant digits, thousands separated."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.6g}"


@register.simple_tag
def measure(
    value: Any, unit: str = "", at: datetime | None = None, source: str = "", places: int | None = None
) -> SafeString:
    """A measured or computed value with unit, time and source."""
    if value is None or value == "":
        return format_html('<span class="measure faint" title="{}">—</span>', _("无数据"))
    shown = f"{value:,.{places}f}" if places is not None else tidy(value)
    tail = format_html("<small>{} {}</small>", when(at) if at else "", source) if at or source else ""
    return format_html('<span class="measure"><b>{}</b><i>{}</i>{}</span>', tr(shown), tr(unit), tail)


@register.simple_tag
def figure(label: str, value: Any, unit: str = "", note: str = "") -> SafeString:
    """A large figure for the head of a page."""
    shown = "—" if value is None else tidy(value)
    return format_html(
        '<div class="figure"><span>{}</span><b>{}<i>{}</i></b><small>{}</small></div>',
        tr(label),
        shown,
        tr(unit),
        tr(note),
    )


@register.simple_tag
def progress(done: float, total: float, label: str = "") -> SafeString:
    share = 0 if not total else max(0, min(100, 100 * done / total))
    return format_html(
        '<div class="progress" role="progressbar" aria-valuenow="{0}" aria-valuemin="0" aria-valuemax="100" '
        'aria-label="{1}"><i style="width:{0}%"></i></div>',
        round(share),
        label or f"{tidy(done)}/{tidy(total)}",
    )


def state(kind: str, sign: SafeString, title: str, hint: str) -> SafeString:
    role = "alert" if kind == "error-state" else "status"
    return format_html(
        '<div class="state {}" role="{}">{}<strong>{}</strong><span>{}</span></div>', kind, role, sign, title, hint
    )


@register.simple_tag
def empty(title: str = "没有数据", hint: str = "") -> SafeString:
    return state("empty-state", icon("empty"), _(title), _(hint) if hint else "")


@register.simple_tag
def failure(title: str = "未能完成", hint: str = "") -> SafeString:
    return state("error-state", icon("warning"), _(title), _(hint) if hint else "")


@register.simple_tag
def loading(title: str = "正在读取…") -> SafeString:
    return state("loading-state", SafeString('<span class="spinner"></span>'), _(title), "")


@register.simple_tag
def note(text: str, kind: str = "info") -> SafeString:
    """A message in the page; kind: info, success, warning, error."""
    sign = {"success": "check", "warning": "warning", "error": "warning"}.get(kind, "info")
    role = "alert" if kind == "error" else "status"
    return format_html('<div class="note {}" role="{}">{}<span>{}</span></div>', kind, role, icon(sign), tr(text))


def spoken(choices: Any) -> list[tuple[Any, Any]]:
    """Choices in the language of the page, groups included; the codes stay as they are."""
    return [(code, spoken(text) if isinstance(text, list | tuple) else tr(text)) for code, text in choices]


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, wide: bool = False) -> dict[str, Any]:
    """A form field with label, unit, hint and errors."""
    label, unit = split_unit(str(bound.label or ""))
    widget = bound.field.widget
    if isinstance(bound.field, ChoiceField):
        widget.choices = spoken(bound.field.choices)
    if bound.errors:
        widget.attrs["aria-invalid"] = "true"
        widget.attrs["aria-describedby"] = f"{bound.id_for_label}-error"
    return {
        "bound": bound,
        "label": _(label),
        "unit": tr(unit),
        "wide": wide or isinstance(widget, Textarea),
        "check": isinstance(widget, CheckboxInput),
    }


@register.inclusion_tag("web/parts/table.html")
def table(headers: list[str], rows: list[list[Any]], caption: str = "") -> dict[str, Any]:
    """A plain table of values; units belong into the headers ("数量 t")."""
    return {"headers": [(_(h), u) for h, u in map(split_unit, headers)], "rows": rows, "caption": caption}


@register.inclusion_tag("web/parts/pagination.html", takes_context=True)
def pagination(context: dict[str, Any], page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Pages of a Django `Page`, keeping the rest of the address."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    query.pop(parameter, None)
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return {"page": page, "numbers": list(numbers), "query": query.urlencode(), "parameter": parameter}


@register.simple_tag(takes_context=True)
def tabs(context: dict[str, Any], *pairs: str) -> SafeString:
    """`{% tabs "概况" url1 "记录" url2 %}`; the tab of the current address is marked."""
    path = context["request"].get_full_path()
    plain = context["request"].path
    items = [
        (url, SafeString(' aria-current="page"') if url in {path, plain} else "", _(title))
        for title, url in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return format_html('<nav class="tabs">{}</nav>', format_html_join("", '<a href="{}"{}>{}</a>', items))


@register.simple_tag
def breadcrumb(*parts: Any) -> SafeString:
    """`{% breadcrumb "登记" url "队伍" %}`: pairs of title and address, the last title alone."""
    items = [
        format_html('<a href="{}">{}</a>', url, _(str(t))) for t, url in zip(parts[:-1:2], parts[1::2], strict=False)
    ]
    if len(parts) % 2:
        items.append(format_html('<span aria-current="page">{}</span>', _(str(parts[-1]))))
    return format_html('<ol class="breadcrumb">{}</ol>', format_html_join("", "<li>{}</li>", ((i,) for i in items)))


@register.inclusion_tag("web/parts/verb.html", takes_context=True)
def verb(
    context: dict[str, Any],
    url: str,
    title: str,
    kind: str = "",
    confirm: str = "",
    reason: str = "",
    sign: str = "",
    **fields: Any,
) -> dict[str, Any]:
    """A button that POSTs. `confirm` asks first, `reason` names a text field to fill; other arguments are sent along.

    Works without script: a plain form, and a native popover for the question.
    """
    return {
        "url": url,
        "title": _(title),
        "kind": kind,
        "confirm": tr(confirm),
        "reason": tr(reason),
        "sign": sign,
        "fields": fields,
        "id": f"v{uuid4().hex[:8]}",
        "csrf_token": context.get("csrf_token"),
        "next": context["request"].get_full_path() if "request" in context else "",
    }


@register.simple_tag(takes_context=True)
def sorted_by(context: dict[str, Any], name: str, title: str, current: str) -> SafeString:
    """A column header that sorts: again on the same column turns the order round."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{name}" if current == name else name
    sign = icon("up" if current == name else "down") if current.lstrip("-") == name else ""
    return format_html('<a href="?{}">{}{}</a>', query.urlencode(), title, sign)


@register.filter
def has(actor: Any, permission: str) -> bool:
    """`{% if actor|has:"command.respond" %}`."""
    return bool(actor) and actor.has(permission)


@register.filter
def tr(text: Any) -> str:
    """A Chinese text, or a sentence with figures, in the language of the page; a nought stays a nought."""
    return "" if text is None or text is False or text == "" else in_language(str(text))


@register.filter
def diff(entry: Any) -> list[tuple[str, Any, Any]]:
    """What a journal entry changed: column, before, after."""
    was, now = entry.before or {}, entry.after or {}
    return [(name, was.get(name), now.get(name)) for name in dict.fromkeys([*now, *was])]
