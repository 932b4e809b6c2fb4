"""The form of a registry, generated from its declaration. The import cleans its cells with the same fields."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import parse
from anlan.kernel.register.constraints import describe
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import AnyField, field_of, json_text, key_text, parse_json, split_unit
from anlan.kernel.register.keys import Keys

#: Above this many rows a foreign key is typed, with suggestions, instead of chosen from a list.
CHOOSE_AT_MOST = 300
#: Codes of errors that already are sentences.
OUR_OWN = {None, "sentence", "unknown_key"}
LIMITS = {"lon": (-180.0, 180.0), "lat": (-90.0, 90.0)}
YES, NO = {"是", "true", "1", "on", "yes", "y", "√"}, {"否", "false", "0", "off", "no", "n", "×", ""}


class KeyField(forms.CharField):
    """A foreign key given by the key of the row it points to: `mca:150302`, `HC-01`."""

    def __init__(self, target: type[models.Model], required: bool, label: str, help_text: str) -> None:
        super().__init__(required=required, label=label, help_text=help_text)
        self.target = target
        self.keys: Keys | None = None

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, models.Model):
            return key_text(value)
        if isinstance(value, int):
            return self.keys.text_of(self.target, value) if self.keys else ""
        return value

    def clean(self, value: Any) -> models.Model | None:
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        assert self.keys is not None
        found: models.Model | None = self.keys.find(self.target, text)
        if found is None:
            raise ValidationError(refusal(self.label, text, self.keys.allowed(self.target)), code="unknown_key")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


class WordsField(forms.CharField):
    """A JSON column: a list of words as `fire;hazmat`, a geometry or anything else as JSON."""

    def __init__(self, column: models.JSONField[Any, Any], **options: Any) -> None:
        super().__init__(**options)
        self.column = column
        self.empty = column.get_default()

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None or value == {} else value if isinstance(value, str) else json_text(value)

    def clean(self, value: Any) -> Any:
        text = value if isinstance(value, str) else json.dumps(value) if value is not None else ""
        try:
            found = parse_json(text, self.empty)
        except ValueError as error:
            raise ValidationError(refusal(self.label, text[:40], "JSON 或用分号隔开的词")) from error
        if found is not None and self.column.name == "geometry":
            self.check_geometry(found)
        if found in (None, [], {}) and self.required:
            raise ValidationError(refusal(self.label, "", "不能为空"))
        return found

    def check_geometry(self, found: Any) -> None:
        try:
            parse(found)
        except Invalid as error:
            raise ValidationError(error.message) from error


class YesNoField(forms.BooleanField):
    """是/否, also as files write it."""

    def to_python(self, value: Any) -> bool:
        text = str(value if value is not None else "").strip().lower()
        if text in YES or text in NO:
            return text in YES
        raise ValidationError(refusal(self.label, value, "是、否"))


class ChoiceField(forms.TypedChoiceField):
    """A choice by its value or by its Chinese name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.by_name = {str(name): str(code) for code, name in cast(Any, self.choices)}

    def to_python(self, value: Any) -> Any:
        text = str(value).strip() if value is not None else ""
        return super().to_python(self.by_name.get(text, text))


def refusal(label: Any, value: Any, allowed: str) -> str:
    """The sentence of a wrong value: field, value, what is allowed, unit."""
    name, unit = split_unit(str(label or ""))
    return Invalid(name, value, allowed, unit=unit).message


def limits(column: AnyField) -> tuple[float | None, float | None]:
    """Smallest and largest value of a number, from its type, its validators, its name and the table's checks."""
    low, high = LIMITS.get(column.name.rsplit("_", 1)[-1], (None, None))
    for validator in column.validators:
        bound = getattr(validator, "limit_value", None)
        if bound is None:
            continue
        bound = float(bound() if callable(bound) else bound)
        if isinstance(validator, MinValueValidator):
            low = bound if low is None else max(low, bound)
        elif isinstance(validator, MaxValueValidator) and abs(bound) < 2**31 - 1:
            high = bound if high is None else min(high, bound)
    return checked(column, low, high)


def checked(column: AnyField, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """Narrow limits by CHECK constraints of the plain form `column >= number`."""
    for constraint in column.model._meta.constraints:
        condition = getattr(constraint, "condition", None)
        for name, bound in getattr(condition, "children", []) if isinstance(constraint, models.CheckConstraint) else []:
            if isinstance(bound, int | float) and name == f"{column.name}__gte":
                low = bound if low is None else max(low, bound)
            if isinstance(bound, int | float) and name == f"{column.name}__lte":
                high = bound if high is None else min(high, bound)
    return low, high


def span(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g}~{high:g}"
    if low is not None:
        return f"不小于 {low:g}"
    return f"不大于 {high:g}" if high is not None else "数字"


def allowed(column: AnyField) -> str:
    """What a column takes, in words."""
    if column.choices:
        return "、".join(str(name) for _code, name in column.flatchoices)
    if isinstance(column, models.BooleanField):
        return "是、否"
    if isinstance(column, models.IntegerField):
        low, high = limits(column)
        return f"整数，{span(low, high)}" if low is not None or high is not None else "整数"
    if isinstance(column, models.FloatField | models.DecimalField):
        return span(*limits(column))
    if isinstance(column, models.DateTimeField):
        return "日期时间，如 2026-01-31 08:00"
    if isinstance(column, models.DateField):
        return "日期，如 2026-01-31"
    return f"1~{column.max_length} 个字" if getattr(column, "max_length", None) else "不能为空"


def sentence(column: AnyField, value: Any, error: ValidationError) -> ValidationError:
    """Our own sentence in the place of Django's, which does not name the value."""
    if all(e.code in OUR_OWN for e in error.error_list):
        return error
    if any(e.code == "unique" for e in error.error_list):
        words = f"没有被其他{column.model._meta.verbose_name}用过的值"
    else:
        words = allowed(column)
    return ValidationError(refusal(column.verbose_name, value, words), code="sentence")


def clean_value(field: forms.Field, column: AnyField, value: Any) -> Any:
    """The value of one cell of a file, by the field of the form."""
    try:
        return field.clean(value)
    except ValidationError as error:
        raise sentence(column, value, error) from error


def formfield(column: AnyField, **options: Any) -> forms.Field | None:
    """The form field of a column."""
    help_text, required = str(column.help_text), not column.blank
    label = str(column.verbose_name)
    if isinstance(column, models.ForeignKey):
        return KeyField(column.related_model, required, label, help_text)
    if isinstance(column, models.JSONField):
        return WordsField(column, required=False, label=label, help_text=help_text, widget=forms.Textarea({"rows": 2}))
    if isinstance(column, models.BooleanField):
        return YesNoField(required=False, label=label, help_text=help_text)
    return (
        column.formfield(choices_form_class=ChoiceField)
        if column.choices
        else column.formfield(**number_options(column))
    )


def number_options(column: AnyField) -> dict[str, Any]:
    if not isinstance(column, models.FloatField | models.IntegerField):
        return {}
    low, high = limits(column)
    options = {"min_value": low, "max_value": high}
    return {name: value for name, value in options.items() if value is not None}


class RegisterForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row as the actor edits it."""

    register: Register

    def __init__(self, actor: Actor, keys: Keys, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        bind(self.fields, keys)
        for name, field in self.fields.items():
            if isinstance(field, KeyField):
                field.widget = key_widget(self.register, name, field, keys)
                field.widget.is_required = field.required

    def add_error(self, field: str | None, error: Any) -> None:
        """Django's own messages become sentences that name the value."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            told = {name: self.sentence(name, ValidationError(list(found))) for name, found in error.error_dict.items()}
            error = ValidationError(told)
        elif field is not None and isinstance(error, ValidationError):
            error = self.sentence(field, error)
        super().add_error(field, error)

    def validate_constraints(self) -> None:
        """Django's hook: constraints of the table, each told by what it asks for."""
        for constraint in self.register.model._meta.constraints:
            try:
                constraint.validate(self.register.model, self.instance, exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
            except ValidationError:
                self.add_error(None, describe(self.register.model, constraint))

    def sentence(self, name: str, error: ValidationError) -> ValidationError:
        if name not in self.fields:
            return error
        return sentence(field_of(self.register, name), self[name].data, error)

    def typed_keys(self) -> list[str]:
        """Fields whose foreign key is typed with suggestions."""
        return [name for name, field in self.fields.items() if "hx-get" in field.widget.attrs]

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(section.title, [self[name] for name in section.fields]) for section in self.register.sections]


def bind(fields: dict[str, forms.Field], keys: Keys) -> None:
    """Give the fields of one form, or of one import, the actor's keys and their sentences."""
    for field in fields.values():
        if isinstance(field, KeyField):
            field.keys = keys


def key_widget(register: Register, name: str, field: KeyField, keys: Keys) -> forms.Widget:
    choices = keys.choices(field.target, CHOOSE_AT_MOST)
    if choices is not None:
        return forms.Select(choices=[("", "—"), *choices])
    lookup = {
        "hx-get": f"/registers/{register.slug}/lookup/{name}",
        "hx-target": f"#keys-{name}",
        "hx-trigger": "input changed delay:200ms",
        "hx-swap": "innerHTML",
    }
    return forms.TextInput({"list": f"keys-{name}", "placeholder": "编码", "autocomplete": "off", **lookup})


@cache
def form_class(slug: str) -> type[RegisterForm]:
    """The form class of a registry, made once."""
    register = REGISTERS[slug]
    made = cast(
        "type[RegisterForm]",
        forms.modelform_factory(register.model, RegisterForm, fields=register.fields, formfield_callback=formfield),
    )
    made.register = register
    return made
