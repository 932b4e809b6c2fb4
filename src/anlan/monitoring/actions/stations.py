"""What operators do with stations themselves."""

from __future__ import annotations

from statistics import median

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict
from anlan.monitoring.models import Latest, Station

#: Below this a difference is the way through the network, not a clock, seconds.
LEAST_S = 30
MOST_S = 30 * 24 * 3600


@action("monitoring.edit")
def correct_clock(by: Actor, station_id: int) -> Station:
    """订正时钟: what its newest readings are late or early by is taken out of its times from now on."""
    station = Station.objects.visible_to(by, "monitoring.edit").one(station_id, lock=True)
    rows = Latest.objects.filter(datastream__station=station)
    late = [(one.received_at - one.at).total_seconds() for one in rows]
    measured = round(median(late)) if late else 0
    if not LEAST_S <= abs(measured) <= MOST_S:
        raise Conflict(
            f"{station.name}的读数与接收时间相差 {measured} s，不在可订正的 {LEAST_S} s～30 d 内", measured_s=measured
        )
    was = snapshot(station)
    station.clock_offset_s = (station.clock_offset_s or 0) + measured
    station.save(update_fields=["clock_offset_s"])
    record(by, "订正测站时钟", station, before=was, reason=f"实测偏差 {measured} s")
    return station
