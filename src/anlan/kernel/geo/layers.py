"""Layers of the one map: a room declares, the shell shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.shapes import BBox

FeatureCollection = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One layer. `features` returns GeoJSON (WGS84) of what `actor` may see inside `bbox` (None = everywhere).

    The collection may carry `source`: where the figures come from and of what date, shown below the legend.
    """

    key: str
    title: str
    kind: str
    features: Callable[[Actor, BBox | None], FeatureCollection]
    permission: str
    icon: str = ""
    colour: str = "#4a7bd0"
    #: Names of events after which the layer is fetched again.
    refresh: Sequence[str] = ()
    group: str = ""
    shown: bool = True
    #: What the symbols or colours mean: (colour or level, text).
    legend: Sequence[tuple[str, str]] = ()
    #: What the tree says when the layer has nothing to show: which data are missing, so that empty is not read as "none".
    empty: str = ""
    #: Event that moves one feature, and the key of its payload that names the feature's id; it carries `lon`, `lat`.
    moved_by: tuple[str, str] | None = None
    #: Signs of single features by the name in their property `symbol`: (SVG path on a 24 x 24 grid, colour).
    symbols: Mapping[str, tuple[str, str]] = field(default_factory=dict)


LAYERS: dict[str, Layer] = {}


def layer(declaration: Layer) -> Layer:
    if declaration.key in LAYERS:
        raise ValueError(f"map layer key used twice: {declaration.key}")
    LAYERS[declaration.key] = declaration
    return declaration
