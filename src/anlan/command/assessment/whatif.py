"""假设分支: the same engine with other inputs, beside the incident and not in it. Nothing of the incident is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anlan.command.models import Incident
from anlan.hazards.contract import Input
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Conflict, Invalid
from anlan.simulation import actions as simulation
from anlan.simulation import queries as runs
from anlan.simulation.models import Run


@dataclass(frozen=True)
class Branch:
    """One run and what it differs in from the incident's newest: (title, live value, this value)."""

    run: Run
    people: int
    differs: list[tuple[str, Any, Any]]


def because(row: Incident) -> str:
    return f"假设分支 {row.number}"


def live(actor: Actor, row: Incident) -> Run | None:
    """The newest run that counts for the incident."""
    return runs.runs(actor, row.correlation_id).filter(because="").first() if actor.has("simulation.view") else None


def fields(run: Run) -> list[tuple[str, str, str, Any]]:
    """(name, title, unit, value) of the figures a branch may change."""
    hazard = runs.HAZARDS[run.kind]
    return [
        (one.name, one.title, one.unit, run.inputs.get(one.name))
        for one in hazard.inputs
        if isinstance(one, Input) and run.inputs.get(one.name) is not None
    ]


def branches(actor: Actor, row: Incident) -> list[Branch]:
    base = live(actor, row)
    if base is None:
        return []
    found = runs.runs(actor).filter(because=because(row))[:20]
    return [Branch(run, people(run), differences(base, run)) for run in found]


def people(run: Run) -> int:
    return max((int(zone["people"]) for zone in run.exposure), default=0)


def differences(base: Run, run: Run) -> list[tuple[str, Any, Any]]:
    titles = {one.name: one.title for one in runs.HAZARDS[run.kind].inputs}
    return [
        (titles.get(name, name), base.inputs.get(name), value)
        for name, value in run.inputs.items()
        if base.inputs.get(name) != value
    ]


def suppose(by: Actor, row: Incident, changed: dict[str, str]) -> Run:
    """Run the incident's newest case with some figures changed. Raises `Conflict` when there is none, `Invalid` for a
    figure that is no number or out of its range."""
    base = live(by, row)
    if base is None:
        raise Conflict(f"{row.number}还没有推演，无从假设", rule="先有推演，再作假设")
    inputs = dict(base.inputs)
    for name, title, unit, _value in fields(base):
        text = changed.get(name, "").strip()
        if not text:
            continue
        try:
            inputs[name] = float(text)
        except ValueError:
            raise Invalid(name, text, "数", label=title, unit=unit) from None
    if inputs == base.inputs:
        raise Invalid("inputs", None, "至少改动一项", label="假设")
    return simulation.run(by, base.kind, inputs, base.lon, base.lat, None, f"假设：{base.title}"[:120], because(row))
