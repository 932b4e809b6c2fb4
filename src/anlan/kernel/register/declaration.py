"""What a room says about a registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models


@dataclass(frozen=True)
class MapSymbol:
    """How the rows appear on the one map; needs `lon`/`lat` columns, or `geometry` (GeoJSON)."""

    layer: str
    title: str
    icon: str
    colour: str
    #: Columns shown in the popup and usable for styling.
    properties: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A titled group of fields of the form."""

    title: str
    fields: Sequence[str]


@dataclass(frozen=True)
class Register:
    """A registry of one model.

    key: the columns that identify a row in an import (usually `("code",)`); foreign keys are given by their own key.
    columns, filters, search: of the list. sections: of the form and the page of one row.
    view, change: permissions, by default `<app>.view` and `<app>.edit`.
    """

    model: type[models.Model]
    slug: str
    title: str
    key: Sequence[str]
    columns: Sequence[str]
    sections: Sequence[Section]
    filters: Sequence[str] = ()
    search: Sequence[str] = ("code", "name")
    symbol: MapSymbol | None = None
    view: str = ""
    change: str = ""
    order: Sequence[str] = ()
    help: str = ""
    #: Words kept in columns as short codes -> what people read ("fire" -> "消防").
    words: Mapping[str, str] = field(default_factory=dict)
    #: Shown on the page of one row below the form: template names that get `row`.
    panels: Sequence[str] = ()
    #: A complete valid row as an import would give it; the conformance test lives on it.
    sample: dict[str, Any] = field(default_factory=dict)

    @property
    def room(self) -> str:
        return self.model._meta.app_label

    @property
    def view_permission(self) -> str:
        return self.view or f"{self.room}.view"

    @property
    def change_permission(self) -> str:
        return self.change or f"{self.room}.edit"

    @property
    def fields(self) -> list[str]:
        return [name for section in self.sections for name in section.fields]
