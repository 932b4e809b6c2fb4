"""地震研判: the assessment of an earthquake that may be felt here, and what people report of it."""

from __future__ import annotations

from anlan.command.events import FeltReported
from anlan.command.models import FeltReport
from anlan.command.quakes import judged
from anlan.command.quakes.judged import OPEN_FOR, inputs_of, last_assessment, near_enough, same
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Conflict, Invalid
from anlan.monitoring import queries as monitoring
from anlan.simulation import actions as simulation
from anlan.simulation.models import Run


@action("simulation.run")
def assess_quake(by: Actor, hazard_event_id: int) -> Run | None:
    """Judge an earthquake anew from what is known by now; None where it is not felt here or nothing has changed since."""
    event = monitoring.hazard_event(by, hazard_event_id)
    if event.kind != "earthquake" or not near_enough(event):
        return None
    inputs = inputs_of(by, event)
    before = last_assessment(by, event.correlation_id)
    if before is not None and same(before, inputs, event.lon, event.lat):
        return None
    seen = len(inputs.get("readings", [])) + len(inputs.get("reports", []))
    subject = f"{event.title[:80]} 烈度速判" + (f"（{seen} 处实测、有感修正）" if seen else "")
    return simulation.run(
        by, "seismic", inputs, event.lon, event.lat, event.correlation_id, subject, extra={judged.MARK: event.pk}
    )


@action("command.incident")
def report_felt(by: Actor, hazard_event_id: int, lon: float, lat: float, degree: int, words: str = "") -> FeltReport:
    """Note what people at a place felt; the next judgement counts it."""
    event = monitoring.hazard_event(by, hazard_event_id)
    if event.kind != "earthquake":
        raise Invalid("hazard_event_id", hazard_event_id, "地震", label="灾害信息")
    if clock.now() - event.at > OPEN_FOR:
        raise Conflict(
            f"“{event.title}”已超过 {OPEN_FOR.total_seconds() / 3600:.0f} 小时，不再接收有感上报", rule="有感上报有期限"
        )
    if not 1 <= degree <= 12:
        raise Invalid("degree", degree, "1 至 12", label="烈度", unit="度")
    if not (-180 <= lon <= 180 and -85 <= lat <= 85):
        raise Invalid("lon,lat", f"{lon},{lat}", "经度 -180~180，纬度 -85~85", label="位置", unit="度")
    area = simulation.district_at(lon, lat)
    by.require("command.incident", area)
    row = FeltReport.objects.create(
        event=event, lon=lon, lat=lat, degree=degree, words=words.strip()[:200], area=area, at=clock.now(), by=by.name
    )
    record(
        by, "登记有感上报", row, FeltReported(row.pk, event.pk, degree, lon, lat), correlation_id=event.correlation_id
    )
    return row
