"""What the duty desk has to look at now: incidents and alarms by priority. Used by the map and the wall."""

from __future__ import annotations

from collections import Counter
from typing import Any

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.monitoring import queries as monitoring

#: As many as a person can take in; the rest is one click away in the room's own list.
MOST = 60


def worklist(actor: Actor) -> dict[str, Any]:
    """Open incidents and standing alarms this actor may see, the most urgent first."""
    alarms = list(monitoring.open_alarms(actor)[: MOST + 1]) if actor.has("monitoring.view") else []
    return {
        "alarms": alarms[:MOST],
        "more_alarms": len(alarms) > MOST,
        "alarm_counts": sorted(Counter(alarm.priority for alarm in alarms).items()),
        "incidents": [],
        "at": clock.now(),
    }
