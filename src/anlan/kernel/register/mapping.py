"""A registry on the one map: GeoJSON straight from the columns, without making model instances."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.layers import FeatureCollection, Layer
from anlan.kernel.geo.shapes import BBox
from anlan.kernel.register.declaration import MapSymbol, Register
from anlan.kernel.register.scoping import visible


def layer_of(register: Register, symbol: MapSymbol, kind: str) -> Layer:
    """The layer that shows the rows of this registry."""
    return Layer(
        key=symbol.layer,
        title=symbol.title,
        kind=kind,
        features=lambda actor, bbox: features(register, symbol, actor, bbox),
        permission=register.view_permission,
        icon=symbol.icon,
        colour=symbol.colour,
        refresh=("kernel.RegisterRowChanged",),
        group=register.room,
    )


def column_names(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields}


def shape_kind(model: type[models.Model]) -> str:
    """Points where there are coordinates; else what `geometry` holds."""
    names = column_names(model)
    return "point" if {"lon", "lat"} <= names else "line" if "start" in names else "polygon"


def within(bbox: BBox | None) -> Q:
    if bbox is None:
        return Q()
    west, south, east, north = bbox
    return Q(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)


def features(register: Register, symbol: MapSymbol, actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """The rows `actor` may see inside `bbox`. Choices are shown by their Chinese names; `mark` says 演示数据."""
    model = register.model
    rows = visible(model, actor, register.view_permission)
    names = column_names(model)
    properties = list(dict.fromkeys([*title_columns(names), *symbol.properties, *({"representative"} & names)]))
    choices = {n: dict(f.flatchoices) for n in properties if (f := model._meta.get_field(n)).choices}  # type: ignore[union-attr]
    point = shape_kind(model) == "point"
    rows = (
        rows.filter(within(bbox), lon__isnull=False, lat__isnull=False)
        if point
        else rows.filter(geometry__isnull=False)
    )
    place = ("lon", "lat") if point else ("geometry",)
    lines = rows.order_by().values_list("pk", *place, *properties).iterator(5000)
    build = point_feature if point else shape_feature
    found = [build(line, properties, choices, register.slug) for line in lines]
    return {"type": "FeatureCollection", "features": found}


def title_columns(names: set[str]) -> list[str]:
    return [name for name in ("code", "name", "title") if name in names]


def point_feature(
    line: tuple[Any, ...], names: list[str], choices: dict[str, dict[Any, Any]], slug: str
) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": (line[1], line[2])}
    return feature(line[0], geometry, line[3:], names, choices, slug)


def shape_feature(
    line: tuple[Any, ...], names: list[str], choices: dict[str, dict[Any, Any]], slug: str
) -> dict[str, Any]:
    return feature(line[0], line[1], line[2:], names, choices, slug)


def feature(
    pk: int, geometry: Any, values: Any, names: list[str], choices: dict[str, dict[Any, Any]], slug: str
) -> dict[str, Any]:
    properties = dict(zip(names, values, strict=True))
    for name, known in choices.items():
        properties[name] = str(known.get(properties[name], properties[name]))
    properties["url"] = f"/registers/{slug}/{pk}/"
    return {"type": "Feature", "id": pk, "geometry": geometry, "properties": properties}
