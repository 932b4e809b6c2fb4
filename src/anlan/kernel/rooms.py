"""A room 业务域: a Django app whose handlers, registers, layers and timers are found at start-up."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

#: Modules that declare something by being imported.
DECLARING = ("events", "registers", "handlers", "layers", "jobs")


class Room(AppConfig):
    """Imports the declaring modules of a room once all models are ready."""

    default_auto_field = "django.db.models.BigAutoField"
    #: Django takes a module's only AppConfig that says so; this class is imported beside each room's own.
    default = False

    def __init_subclass__(cls) -> None:
        cls.default = True

    def ready(self) -> None:
        for module in DECLARING:
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")
