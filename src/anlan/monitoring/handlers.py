"""Reactions of monitoring: hotspots become fires with a place, an error and a spread; a park that breaks a risk criterion is news
for the desk, as a hazard event is."""

from __future__ import annotations

from datetime import datetime

from anlan.kernel.accounts.actor import system
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.monitoring import actions
from anlan.monitoring.models import HazardEventKind

WATCH = system("园区风险")
FIRES = system("热点定位")


@on("supervision.ParkRiskCrossed")
def park_risk_crossed(event: Event) -> None:
    """Only what is broken goes to the desk; that it is kept again stands on the park's page."""
    p = event.payload
    if p["broken"]:
        actions.receive_event(
            WATCH, HazardEventKind.PARK_RISK, f"{p['park_id']}-{p['risk_id']}", datetime.fromisoformat(p["at"]), p["lon"], p["lat"],
            p["title"], round(p["k"], 3), {"why": p["why"], "basis": p["basis"], "url": f"/supervision/parks/{p['park_id']}/"},
            "安澜园区风险评估（模型推算）",
        )  # fmt: skip


@on("supervision.ParkRiskAssessed")
def park_risk_assessed(event: Event) -> None:
    """What it breaks of GB 36894 is an alarm for as long as it does."""
    actions.judge_park_risk(WATCH, event.payload["risk_id"])


@on("monitoring.HazardEventReceived")
def hotspot_received(event: Event) -> None:
    if event.payload["kind"] == "hotspot":
        actions.locate_fire(FIRES, event.payload["hazard_event_id"])


@on("monitoring.FireLocated")
def fire_located(event: Event) -> None:
    """Run in a delivery of its own: when an engine fails, the place of the fire is not lost with it."""
    actions.run_fire(FIRES, event.payload["fire_id"])
