"""The end of an event: what was computed for it is kept and leaves the map."""

from __future__ import annotations

from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.simulation.events import StoryEnded
from anlan.simulation.models import Lead, Run


@action("simulation.run")
def end_story(by: Actor, correlation_id: UUID) -> int:
    """Returns how many runs and open leads were ended; a second call ends nothing."""
    now = clock.now()
    runs = Run.objects.visible_to(by, "simulation.run").filter(correlation_id=correlation_id, over_at=None)
    leads = Lead.objects.visible_to(by, "simulation.run").filter(correlation_id=correlation_id, state=Lead.State.OPEN)
    lapsed = list(leads.select_for_update())
    for row in lapsed:
        before = snapshot(row)
        row.state, row.answered_at = Lead.State.LAPSED, now
        row.save()
        record(by, "灾害链提示随事件结束", row, before=before, correlation_id=correlation_id)
    return len(lapsed) + over(by, list(runs), len(lapsed))


@action("simulation.run")
def end_runs(by: Actor, correlation_id: UUID, kind: str, lon: float, lat: float) -> int:
    """What was computed again and again for one place is over, whatever else the event goes on with. Returns how many."""
    rows = Run.objects.visible_to(by, "simulation.run").filter(correlation_id=correlation_id, over_at=None)
    return over(by, list(rows.filter(kind=kind, lon=lon, lat=lat)), 0)


def over(by: Actor, runs: list[Run], lapsed: int) -> int:
    now = clock.now()
    for run in runs:
        before = snapshot(run)
        run.over_at = now
        run.save(update_fields=["over_at"])
        fact = [StoryEnded(len(runs), lapsed)] if run is runs[-1] else []
        record(by, "推演结束", run, *fact, before=before, correlation_id=run.correlation_id)
    return len(runs)
