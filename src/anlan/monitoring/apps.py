"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class MonitoringConfig(Room):
    name = "anlan.monitoring"
    label = "monitoring"
    verbose_name = "监测预警"
