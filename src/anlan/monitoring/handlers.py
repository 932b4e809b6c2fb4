"""Reactions of monitoring: hotspots become fires with a place, an error and a spread."""

from __future__ import annotations

from anlan.kernel.accounts.actor import system
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.monitoring import actions

FIRES = system("热点定位")


@on("monitoring.HazardEventReceived")
def hotspot_received(event: Event) -> None:
    if event.payload["kind"] == "hotspot":
        actions.locate_fire(FIRES, event.payload["hazard_event_id"])


@on("monitoring.FireLocated")
def fire_located(event: Event) -> None:
    """Run in a delivery of its own: when an engine fails, the place of the fire is not lost with it."""
    actions.run_fire(FIRES, event.payload["fire_id"])
