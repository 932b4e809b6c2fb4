"""Forms: thin, they only turn what was typed into what the verbs take."""

from __future__ import annotations

from typing import Any

from django import forms

from anlan.command import event_codes
from anlan.command.duty.places import PAIR, area_at
from anlan.command.models import CASUALTIES, Incident
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.kernel.models import Area

FIGURES = (*CASUALTIES, "loss_cny")


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class IncidentForm(forms.Form):
    """新建事件: six fields a duty officer fills while on the telephone; the rest can wait."""

    event_code = forms.ChoiceField(label="事件类型", initial="12D02")
    title = forms.CharField(label="标题", max_length=120)
    location = forms.CharField(label="经度,纬度", help_text="WGS84，如 106.72,39.51；可在一张图上右键复制")
    place = forms.CharField(label="地点", max_length=120, required=False)
    occurred_at = forms.DateTimeField(label="发生时间", required=False, widget=DateTimeInput())
    reported_by = forms.CharField(label="报告人及电话", max_length=80)
    area = forms.ModelChoiceField(
        Area.objects.none(), label="所属区划", required=False, help_text="留空则按坐标自动判定"
    )
    source = forms.CharField(label="信息来源", max_length=40, initial="电话报告")
    description = forms.CharField(label="简要经过", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    deaths = forms.IntegerField(label="死亡 人", min_value=0, required=False)
    missing = forms.IntegerField(label="失踪 人", min_value=0, required=False)
    serious = forms.IntegerField(label="重伤 人", min_value=0, required=False)
    trapped = forms.IntegerField(label="被困 人", min_value=0, required=False)

    FIRST = ("event_code", "title", "location", "place", "occurred_at", "reported_by")

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["event_code"].choices = event_codes.choices()  # type: ignore[attr-defined]
        paths = tuple(path for path, _ in actor.scopes("command.incident"))
        mine = [area.pk for area in Area.objects.only("pk", "path") if area.path.startswith(paths)]
        self.fields["area"].queryset = Area.objects.filter(pk__in=mine)  # type: ignore[attr-defined]
        self.fields["title"].widget.attrs["autofocus"] = True

    def clean_location(self) -> tuple[float, float]:
        found = PAIR.fullmatch(self.cleaned_data["location"])
        if not found:
            raise forms.ValidationError("应为“经度,纬度”，如 106.72,39.51")
        return float(found[1]), float(found[2])

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if data.get("location") and not data.get("area"):
            data["area"] = area_at(self.actor, *data["location"])
            if data["area"] is None:
                self.add_error("area", "坐标不在任何区划范围内，请选择所属区划")
        return data

    def values(self) -> dict[str, Any]:
        """What `open_incident` takes."""
        data = dict(self.cleaned_data)
        data["lon"], data["lat"] = data.pop("location")
        data["area_id"] = data.pop("area").pk
        data["received_at"] = clock.now()
        return data

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST]

    def rest(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.FIRST]


class CasualtiesForm(forms.ModelForm):  # type: ignore[type-arg]
    """伤亡与损失; an empty field means not known."""

    reason = forms.CharField(label="说明（核减时必填）", required=False)

    class Meta:
        model = Incident
        fields = FIGURES


def number_of(text: str, field: str, label: str) -> float | int:
    """A number somebody typed."""
    try:
        value = float(text)
    except ValueError as error:
        raise Invalid(field, text, "数值", label=label) from error
    return int(value) if value.is_integer() else value
