"""What a hazard may reach: each room declares the things it keeps, whoever judges a hazard finds them by place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor


@dataclass(frozen=True)
class Thing:
    """One thing at a place. `facts` is what criteria read (SI, the unit in the name); `shape` only where it is no point."""

    kind: str
    key: int
    name: str
    lon: float
    lat: float
    people: int | None = None
    phone: str = ""
    representative: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    shape: BaseGeometry | None = None


@dataclass(frozen=True)
class Exposed:
    """One kind of thing: how it is called and how those that touch a geometry are found."""

    kind: str
    title: str
    permission: str
    find: Callable[[Actor, BaseGeometry], list[Thing]]


EXPOSED: dict[str, Exposed] = {}


def exposes(kind: str, title: str, permission: str, find: Callable[[Actor, BaseGeometry], list[Thing]]) -> None:
    """Declare a kind of thing that hazards may reach."""
    if kind in EXPOSED:
        raise ValueError(f"kind of exposed thing used twice: {kind}")
    EXPOSED[kind] = Exposed(kind, title, permission, find)


def things_in(actor: Actor, geometry: BaseGeometry, kinds: Iterable[str] = ()) -> list[Thing]:
    """Things of these kinds (all, if none is named) that touch the geometry and that the actor may see."""
    wanted = list(kinds) or list(EXPOSED)
    return [
        thing
        for kind in wanted
        if kind in EXPOSED and actor.has(EXPOSED[kind].permission)
        for thing in EXPOSED[kind].find(actor, geometry)
    ]
