"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class SimulationConfig(Room):
    name = "anlan.simulation"
    label = "simulation"
    verbose_name = "模拟推演"
