"""Reactions: alarms and hazard events become clues; what others do about an incident goes into its timeline."""

from __future__ import annotations

from typing import Any

from anlan.administration import queries as administration
from anlan.command import sources
from anlan.command.actions.calling import close_calling, start_calling
from anlan.command.actions.proposals import propose, refine_proposal
from anlan.command.actions.quakes import assess_quake
from anlan.command.actions.supplying import follow_load
from anlan.command.common import tell
from anlan.command.models import Callee, CallRound, Headquarters, Incident
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on

DESK = system("接报")
QUAKES = system("震情研判")
#: Warnings after which people are called by telephone. Practice, no text at hand: 待核对.
CALLED_LEVELS = ("红", "橙")
#: Hazard events are weighed by people; an earthquake of this size or more is put first.
STRONG_QUAKE = 5.0
#: Below this an earthquake is not felt and is no clue; it stays in the list of hazard events.
FELT_QUAKE = 3.0


def incident_of(event: Event) -> Incident | None:
    if event.correlation_id is None:
        return None
    return Incident.objects.unscoped(HELD).filter(correlation_id=event.correlation_id).first()


def line(event: Event, kind: str, text: str, **data: Any) -> None:
    """A line in the timeline of the incident the event belongs to, if any."""
    incident = incident_of(event)
    if incident:
        lon, lat = event.payload.get("lon"), event.payload.get("lat")
        tell(incident, kind, text, event.actor, at=event.at, lon=lon, lat=lat, event=event.name, **data)


@on("monitoring.AlarmRaised")
def alarm_raised(event: Event) -> None:
    """Priority 1 is a clue for the desk; every alarm is a line of the incident it belongs to."""
    p = event.payload
    line(event, "alarm", f"告警：{p['title']}", alarm_id=p["alarm_id"])
    if p["priority"] == 1 and incident_of(event) is None:
        propose(DESK, sources.of_alarm(DESK, p["alarm_id"]), 1)


@on("monitoring.AlarmCleared")
def alarm_cleared(event: Event) -> None:
    line(event, "alarm", f"告警 {event.payload['alarm_id']} 恢复", alarm_id=event.payload["alarm_id"])


@on("monitoring.HazardEventReceived")
def hazard_event_received(event: Event) -> None:
    p = event.payload
    magnitude = p.get("magnitude") or 0.0
    if p["kind"] == "bulletin" or (p["kind"] == "earthquake" and magnitude < FELT_QUAKE):
        return
    strong = p["kind"] == "hotspot" or (p["kind"] == "earthquake" and magnitude >= STRONG_QUAKE)
    propose(DESK, sources.of_hazard_event(DESK, p["hazard_event_id"]), 1 if strong else 2)


@on("monitoring.HazardEventReceived")
def earthquake_received(event: Event) -> None:
    """Judged at once: intensity on the map, people, losses, needs."""
    if event.payload["kind"] == "earthquake":
        assess_quake(QUAKES, event.payload["hazard_event_id"])


@on("monitoring.HazardEventRevised")
def earthquake_revised(event: Event) -> None:
    """The feed corrected magnitude or place: judged anew."""
    if event.payload["kind"] == "earthquake":
        assess_quake(QUAKES, event.payload["hazard_event_id"])


@on("command.FeltReported")
def felt_reported(event: Event) -> None:
    p = event.payload
    line(event, "other", f"有感上报：{p['degree']} 度", hazard_event_id=p["hazard_event_id"])
    assess_quake(QUAKES, p["hazard_event_id"])


@on("monitoring.FireLocated")
def fire_located(event: Event) -> None:
    """The clue of a hotspot becomes the clue of a fire; a place that is always hot is put last."""
    p = event.payload
    refine_proposal(DESK, p["hazard_event_ids"], p["title"], p["lon"], p["lat"], 3 if p["static_days"] else 1)
    line(event, "alarm", f"{p['title']}（{p['lon']:.4f}, {p['lat']:.4f}）", fire_id=p["fire_id"])


@on("monitoring.JudgementChanged")
def judgement_changed(event: Event) -> None:
    p = event.payload
    line(event, "warning", f"{p['title']}：{p['reason']}" if p["colour"] else f"研判结束：{p['title']}")


@on("simulation.SimulationFinished")
def simulation_finished(event: Event) -> None:
    p = event.payload
    supposed = "假设推演" if p.get("because") else "推演"
    line(event, "simulation", f"{supposed}完成：{p['title']}，影响约 {p['people']} 人（模型推算）", run_id=p["run_id"])
    incident = incident_of(event)
    # what would only follow is no ground for a response level
    if incident and not p.get("because"):
        keep_factor(DESK, incident.pk, "people_in_zone", sources.known(p["people"], "模型推算", event.at))


@on("simulation.LeadsFound")
def leads_found(event: Event) -> None:
    p = event.payload
    line(
        event,
        "simulation",
        f"灾害链：{p['title']}，其中较可能 {p['likely']} 条（起因：{p['because']}）",
        node=p["node"],
    )


@on("simulation.LeadAnswered")
def lead_answered(event: Event) -> None:
    p = event.payload
    found = {"confirmed": "已发生或存在", "cleared": "已排除"}.get(p["state"], p["state"])
    line(event, "simulation", f"核查“{p['title']}”：{found}。{p['answer']}", lead_id=p["lead_id"])


@on("simulation.CombinationSeen")
def combination_seen(event: Event) -> None:
    p = event.payload
    line(event, "simulation", f"少见组合：{p['title']}。{p['why']}", nodes=p["nodes"])


@on("monitoring.WarningDrafted")
def warning_drafted(event: Event) -> None:
    line(event, "warning", f"拟制{event.payload['level']}色预警：{event.payload['headline']}", state="drafted")


@on("monitoring.WarningIssued")
def warning_issued(event: Event) -> None:
    p = event.payload
    line(event, "warning", f"发布{p['level']}色预警：{p['headline']}", state="issued", warning_id=p["warning_id"])
    incident = incident_of(event)
    if incident:
        keep_factor(DESK, incident.pk, "warning_level", sources.known(p["level"], "生效预警", event.at))


@on("monitoring.WarningIssued")
def call_those_warned(event: Event) -> None:
    """红、橙预警: those in charge of the warned areas are called, whether or not a message reached them."""
    p = event.payload
    if p["level"] in CALLED_LEVELS and not CallRound.objects.unscoped(HELD).filter(warning_id=p["warning_id"]).exists():
        incident = incident_of(event)
        start_calling(
            DESK,
            title=f"{p['level']}色预警叫应：{p['headline']}"[:120],
            text=p["headline"][:400],
            area_ids=list(p["area_ids"]),
            level=p["level"],
            incident_id=incident.pk if incident else None,
            warning_id=p["warning_id"],
            messages=False,
            exercise=p.get("exercise", False),
        )


@on("gateways.NoticeDelivered")
def notice_delivered(event: Event) -> None:
    """A message of a 叫应 arrived on somebody's telephone. It is kept; it is not an answer."""
    asked = Event.objects.filter(pk=event.payload["notice_event_id"], payload__subject_type="command.Callee").first()
    if asked is not None:
        rows = Callee.objects.unscoped(HELD).filter(pk=asked.payload["subject_id"], delivered_at__isnull=True)
        rows.update(delivered_at=event.at)


@on("monitoring.WarningCancelled")
def stop_calling(event: Event) -> None:
    """What was called for is over: nobody is chased for it any more; who never answered stays on record as such."""
    rows = CallRound.objects.unscoped(HELD).filter(warning_id=event.payload.get("warning_id"), closed_at=None)
    for pk in rows.values_list("pk", flat=True):
        close_calling(DESK, pk, f"预警解除：{event.payload.get('reason') or '到期'}"[:400])


@on("monitoring.WarningCancelled")
def warning_cancelled(event: Event) -> None:
    line(event, "warning", "预警解除", state="cancelled", warning_id=event.payload.get("warning_id"))
    incident = incident_of(event)
    if incident:
        keep_factor(DESK, incident.pk, "warning_level", None)


@action("command.incident")
def keep_factor(by: Any, incident_id: int, name: str, entry: dict[str, Any] | None) -> None:
    """A factor that comes by itself, from another room."""
    incident = Incident.objects.visible_to(by, "command.incident").one(incident_id, lock=True)
    before = snapshot(incident)
    incident.factors = {key: value for key, value in incident.factors.items() if key != name}
    if entry:
        incident.factors[name] = entry
    incident.save()
    record(by, "更新研判要素", incident, before=before, correlation_id=incident.correlation_id)


@on("resources.TeamReadinessChanged")
def team_readiness_changed(event: Event) -> None:
    words = {"ready": "待命", "dispatched": "出动", "resting": "休整", "off": "停用"}
    p = event.payload
    readiness = words.get(p["readiness"], p["readiness"])
    line(event, "resource", f"{p['name']}转为{readiness}", team_id=p["team_id"])


@on("resources.StockIssued")
def stock_issued(event: Event) -> None:
    p = event.payload
    line(event, "resource", f"物资出库：{p['item']} {p['quantity']:g}（{p['purpose']}）", stock_id=p["stock_id"])


@on("resources.ConsignmentChanged")
def consignment_changed(event: Event) -> None:
    """The needs a load is for follow it; the load itself is a line of the incident."""
    p = event.payload
    words = {"picking": "备货", "on_road": "发车", "delivered": "签收", "cancelled": "撤回"}
    goods = f"（{p['what']}）" if p["what"] else ""
    text = f"调拨单 {p['number']} {words.get(p['state'], p['state'])}：{p['store']}→{p['to_name']}{goods}"
    line(event, "resource", text, consignment_id=p["consignment_id"])
    follow_load(DESK, p["consignment_id"])


@on("gateways.NoticeFailed")
def notice_failed(event: Event) -> None:
    p = event.payload
    line(event, "task", f"通知未送达（{p.get('channel', '')}）：{p.get('detail', '')}", notice=p.get("notice_event_id"))


INSIDE = {"entered": "进入危险区", "left": "撤出危险区", "overdue": "超时未撤出"}


@on("resources.PersonInside")
def person_inside(event: Event) -> None:
    """In and out are lines; who stays over the limit is told to the commander and the duty leader at once."""
    p, incident = event.payload, incident_of(event)
    if p["what"] not in INSIDE:
        return
    line(event, "note", f"{p['person']}{INSIDE[p['what']]}", presence_id=p["presence_id"])
    if incident is not None and p["what"] == "overdue":
        warn_overdue(DESK, incident.pk, p["presence_id"], p["person"])


@action("command.incident")
def warn_overdue(by: Any, incident_id: int, presence_id: int, person: str) -> None:
    """人员超时告警: by message to whoever commands on the spot, else to the duty leader."""
    incident = Incident.objects.visible_to(by, "command.incident").one(incident_id)
    post = Headquarters.objects.unscoped(HELD).filter(incident=incident, dissolved_at=None).first()
    watch = administration.watch(incident.area, clock.now())
    leader = watch.leaders[0] if watch and watch.leaders else None
    name = post.commander if post else leader.name if leader else "值班室"
    record(
        by, "人员超时告警", incident,
        NoticeRequested(
            to_name=name, phone=leader.phone if leader else "", to_person_id=leader.pk if leader else None,
            text=f"【人员超时】{incident.title}：{person}超过限时仍在危险区内，请立即核实撤出", purpose="人员超时",
            subject_type="resources.Presence", subject_id=str(presence_id), urgency="high",
            correlation_id=str(incident.correlation_id),
        ),
        correlation_id=incident.correlation_id,
    )  # fmt: skip
