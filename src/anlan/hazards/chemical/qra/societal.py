"""Societal risk: how often so many die at once. F(N) and the expected deaths a year (AQ/T 3046-2013; GB 36894-2018)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anlan.hazards.chemical.qra.individual import by_ray
from anlan.hazards.chemical.qra.model import Disc, Floats, Footprint, Outline, People, Plume, Study

#: Rays by which a filled sector is read: each is one accident that meets its own people.
RAYS = 5


class Societal(NamedTuple):
    """curve: (N, F 1/y) of N = 1 and every number of deaths met; deaths a year; by scenario the deaths a year it brings."""

    curve: list[tuple[float, float]]
    pll: float
    by_scenario: dict[int, float]


def deaths(item: Footprint, people: People, number: Floats, inside: Floats, rays: Floats) -> Floats:
    """Expected deaths [weather, ray] (a disc: [1, 1])."""
    outside = number * (1 - inside)
    indoor = number * inside
    if isinstance(item, Disc):
        r = np.hypot(people.places[:, 0] - item.x, people.places[:, 1] - item.y)
        at = np.linspace(0, item.reach, item.shares.shape[1])
        out, within = (np.interp(r, at, item.shares[i], right=0.0) for i in (1, 2))
        return np.array([[float(out @ outside + within @ indoor)]])
    assert isinstance(item, Plume | Outline)
    met = outside * item.outdoors + indoor * item.indoors
    return np.asarray(by_ray(item, people.places, rays) @ met)


def near(item: Footprint, people: People, owner: int = -1) -> People | None:
    """Only the people whom the footprint may reach, whatever the wind, and who are not its owner's own; None = nobody."""
    far = float(np.max(item.reach)) if isinstance(item, Plume | Outline | Disc) else 0.0
    core = float(item.core.max()) if isinstance(item, Plume) else 0.0
    inside = np.hypot(people.places[:, 0] - item.x, people.places[:, 1] - item.y) <= far * 1.5 + core
    if people.owners is not None and owner >= 0:
        inside &= people.owners != owner
    if not inside.any():
        return None
    return People(
        people.places[inside], people.day[inside], people.night[inside], people.indoors_day[inside], people.indoors_night[inside]
    )  # fmt: skip


def societal(study: Study, each: int = RAYS) -> Societal:
    """F(N) of a study with people."""
    if study.people is None:
        return Societal([], 0.0, {})
    rays, count = study.rose.rays(each)
    lit = np.full_like(study.rose.probability, study.day) if study.rose.by_day is None else study.rose.by_day
    numbers: list[Floats] = []
    frequencies: list[Floats] = []
    by_scenario: dict[int, float] = {}
    for item in study.footprints:
        people = near(item, study.people, study.owners[item.scenario] if study.owners else -1)
        if people is None:
            continue
        for number, inside, share in (
            (people.day, people.indoors_day, lit),
            (people.night, people.indoors_night, 1 - lit),
        ):
            weight = item.weight * share
            if not weight.any():
                continue
            died = deaths(item, people, number, inside, rays)
            often = (
                np.array([[weight.sum()]]) if isinstance(item, Disc) else np.repeat(weight, count, axis=1) / count
            )  # fmt: skip
            hit = (died > 0) & (often > 0)
            numbers.append(died[hit])
            frequencies.append(often[hit])
            by_scenario[item.scenario] = by_scenario.get(item.scenario, 0.0) + float((died * often).sum())
    if not numbers:
        return Societal([], 0.0, {})
    return Societal(curve(np.concatenate(numbers), np.concatenate(frequencies)), sum(by_scenario.values()), by_scenario)


def curve(numbers: Floats, frequencies: Floats, most: int = 200) -> list[tuple[float, float]]:
    """(N, F(N)): frequency of at least N deaths, at N = 1 and up to `most` numbers, evenly in ln N; never rising."""
    if numbers.size == 0 or numbers.max() < 1:
        return []
    order = np.argsort(numbers)
    sorted_numbers = numbers[order]
    at_least = np.cumsum(frequencies[order][::-1])[::-1]
    # at every N where F falls, thinned evenly in ln N when they are many
    steps = np.unique(sorted_numbers[sorted_numbers >= 1])
    if len(steps) > most:
        steps = np.unique(
            np.append(steps[np.linspace(0, len(steps) - 1, 20).astype(int)], np.geomspace(1, steps[-1], most))
        )
    steps = np.unique(np.append(1.0, steps))
    first = np.searchsorted(sorted_numbers, steps * (1 - 1e-12))
    kept = first < len(at_least)
    return [(float(n), float(f)) for n, f in zip(steps[kept], at_least[first[kept]], strict=True)]
