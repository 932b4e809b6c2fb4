"""Facts of this platform that become parcels for its peers. One parcel per state of a thing and peer."""

from __future__ import annotations

from typing import Any

from anlan.command import queries as command
from anlan.command.actions.needs import aid_sent
from anlan.gateways.exchange.effects import AID, LOSSES
from anlan.gateways.exchange.models import Peer, split
from anlan.gateways.exchange.offers import Offer, offer_to_all, post
from anlan.gateways.exchange.parcel import Kind
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.monitoring import published
from anlan.monitoring.published import PublicWarning
from anlan.resources import queries as resources

EXCHANGE = system("平台互联")


def any_peer() -> bool:
    """Most installations of a district have none; then nothing is read."""
    return Peer.objects.unscoped("whether there is anybody to tell").filter(enabled=True).exists()


def incident_payload(row: Any) -> dict[str, Any]:
    figures = {name: getattr(row, name) for name in ("deaths", "missing", "serious", "minor", "trapped", "evacuated")}
    return {
        "number": row.number,
        "title": row.title,
        "event_code": row.event_code,
        "event_name": row.event_name,
        "place": row.place,
        "lon": row.lon,
        "lat": row.lat,
        "at": (row.occurred_at or row.received_at).isoformat(),
        "grade": row.working_grade,
        "status": row.get_status_display(),
        "closed": not row.is_open,
        "figures": figures,
        "figures_at": row.figures_at.isoformat() if row.figures_at else None,
        "description": row.description,
        "measures": row.measures,
    }


@on(
    "command.IncidentOpened", "command.IncidentUpdated", "command.ResponseStarted", "command.ResponseAdjusted",
    "command.ResponseEnded", "command.IncidentClosed",
)  # fmt: skip
def incident_changed(event: Event) -> None:
    if not any_peer():
        return
    row = command.incident(EXCHANGE, event.payload["incident_id"])
    offer_to_all(
        EXCHANGE,
        Offer(
            Kind.INCIDENT, f"incident:{row.number}", row.version, str(row), row.area, row.data_class,
            incident_payload(row), row.correlation_id, row.exercise,
        ),
    )  # fmt: skip


def report_payload(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.name,
        "title": f"{row.incident.title} {row.name}",
        "incident": row.incident.number,
        "superior": row.superior,
        "signed_by": row.signed_by,
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "lateness_min": row.lateness_min,
        "fields": row.fields,
    }


@on("command.ReportSent")
def report_sent(event: Event) -> None:
    """The written report; what went ahead by telephone has no paper yet."""
    row = command.report(EXCHANGE, event.payload["report_id"])
    if row.sent_at is None or not any_peer():
        return
    incident = row.incident
    offer_to_all(
        EXCHANGE,
        Offer(
            Kind.REPORT, f"report:{row.number}", row.version, f"{row} {incident.title}", incident.area,
            incident.data_class, report_payload(row), incident.correlation_id, incident.exercise,
        ),
    )  # fmt: skip


@on("command.LossesReturned")
def losses_returned(event: Event) -> None:
    """灾情统计: what our top level submitted goes to the superior as a report; the levels between are in our own house."""
    row = command.loss_return(EXCHANGE, event.payload["return_id"])
    if row.area.parent_id is not None or not any_peer():
        return
    process = row.round.process
    said = {
        "number": f"{process.pk}-{row.round}", "kind": f"灾情{row.round}", "title": f"{process} 灾情{row.round}",
        "incident": process.incident.number if process.incident else "", "fields": row.figures,
        "data_to": row.round.data_to.isoformat(), "hazard": process.hazard, "dictionary": process.dictionary,
        "correction": row.correction, "explanation": row.explanation, "signed_by": row.submitted_by,
    }  # fmt: skip
    offer_to_all(
        EXCHANGE,
        Offer(
            Kind.REPORT, f"{LOSSES}{row.pk}", row.version, said["title"], row.area, row.data_class, said,
            event.correlation_id, process.exercise,
        ),
    )  # fmt: skip


def warning_payload(row: PublicWarning, state: str) -> dict[str, Any]:
    return {
        "identifier": row.identifier,
        "event_code": row.event_code,
        "event_name": row.event_name,
        "level": row.level,
        "headline": row.headline,
        "description": row.description,
        "instruction": row.instruction,
        "onset": row.onset.isoformat(),
        "expires": row.expires.isoformat(),
        "state": state,
        "reason": row.reason,
        "sender": row.sender,
        "areas": [f"{area.code_system}:{area.code}" for area in row.areas],
        "geometry": row.geometry,
    }


@on("monitoring.WarningIssued", "monitoring.WarningCancelled")
def warning_changed(event: Event) -> None:
    row = published.warning(event.payload["warning_id"])
    if row is None or not row.areas or not any_peer():
        return
    over = event.name == "monitoring.WarningCancelled"
    offer_to_all(
        EXCHANGE,
        Offer(
            Kind.WARNING, f"warning:{row.identifier}", 2 if over else 1, row.headline, row.areas[0], 1,
            warning_payload(row, "解除" if over else "生效"), event.correlation_id, bool(row.exercise),
        ),
    )  # fmt: skip


@on("resources.TeamReadinessChanged")
def team_changed(event: Event) -> None:
    if not any_peer():
        return
    team = resources.team(EXCHANGE, event.payload["team_id"])
    said = {
        "code": team.code,
        "name": team.name,
        "what": team.kind,
        "lon": team.position_lon if team.position_lon is not None else team.lon,
        "lat": team.position_lat if team.position_lat is not None else team.lat,
        "readiness": team.get_readiness_display(),
        "members": team.members,
        "capabilities": team.capabilities,
        "representative": team.representative,
    }
    offer_to_all(
        EXCHANGE, Offer(Kind.RESOURCE, f"team:{team.code}", event.pk, team.name, team.area, team.data_class, said)
    )  # fmt: skip


@on("command.AidRequested")
def aid_requested(event: Event) -> None:
    """请求支援 goes as a task to every platform of that relation with which tasks were agreed; the desk learns to whom."""
    said = event.payload
    peers = Peer.objects.unscoped("whom aid is asked of").filter(enabled=True, relation=said["relation"])
    agreed = [peer for peer in peers.select_related("area") if Kind.TASK.value in split(peer.sends)]
    payload = {name: said[name] for name in ("title", "text", "due_at")} | {"by": event.actor}
    exercise = command.incident(EXCHANGE, said["incident_id"]).exercise
    for peer in agreed:
        post(
            EXCHANGE, peer.pk,
            Offer(Kind.TASK, f"{AID}{said['key']}", 1, said["title"], peer.area, 2, payload, event.correlation_id, exercise),
        )  # fmt: skip
    aid_sent(EXCHANGE, said["key"], [peer.name for peer in agreed])
