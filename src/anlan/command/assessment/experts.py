"""专家: who knows about this kind of event, and calling him in."""

from __future__ import annotations

from anlan.command.common import Kind, hold, tell
from anlan.command.models import Incident
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Conflict, NotFound
from anlan.kernel.events.facts import NoticeRequested
from anlan.resources.models.teams import Availability, Expert

#: Words of specialities that fit a group of event types. This platform's own choice; a city changes it with its register.
SPECIALITIES = {
    "12D": ("危化", "氯碱", "化工", "毒理", "环境", "泄漏"),
    "12E": ("消防", "火灾", "爆炸"),
    "11A": ("水利", "防汛", "凌汛", "冰", "水文"),
    "11B": ("气象",),
    "11C": ("地震", "建筑", "结构"),
    "11D": ("地质",),
    "11G": ("林", "草原", "火"),
}


def fitting(actor: Actor, row: Incident) -> list[tuple[Expert, bool]]:
    """(expert, does the speciality fit), those who can come and fit first, those who are away last."""
    words = SPECIALITIES.get(row.event_code[:3], ())
    rows = Expert.objects.visible_to(actor, "resources.view") if actor.has("resources.view") else []
    today = clock.now().astimezone(clock.BEIJING).date()
    marked = [(one, any(word in one.speciality for word in words)) for one in rows]
    return sorted(
        marked, key=lambda pair: (pair[0].availability_on(today) == Availability.AWAY, not pair[1], pair[0].code)
    )


@action("command.dispatch")
def call_expert(by: Actor, incident_id: int, expert_id: int, what: str) -> Expert:
    """请专家: a message to him, a line in the timeline."""
    row = hold(by, "command.dispatch", incident_id)
    expert = Expert.objects.visible_to(by, "resources.view").filter(pk=expert_id).first()
    if expert is None:
        raise NotFound(f"专家 {expert_id} 不存在，或不在您的管辖范围内")
    if expert.availability_on(clock.now().astimezone(clock.BEIJING).date()) == Availability.AWAY:
        raise Conflict(f"{expert.name}暂不可用（至 {expert.away_until or '未定'}）", rule="只请可用的专家")
    text = (
        f"【专家会商】{row.title}（{row.area.name}），请就“{what.strip() or expert.speciality}”提供意见，请回电值班室。"
    )
    notice = NoticeRequested(
        expert.name, text[:400], "专家会商", "command.Incident", str(row.pk), phone=expert.phone, urgency="high",
        correlation_id=str(row.correlation_id),
    )  # fmt: skip
    tell(row, Kind.RESOURCE, f"请{expert.unit}{expert.name}（{expert.speciality}）会商", by.name, at=clock.now())
    record(by, "请专家会商", row, notice, correlation_id=row.correlation_id)
    return expert
