"""What every page of the shell knows."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from anlan import sandbox
from anlan.kernel import clock
from anlan.web import nav

THEMES = ("dark", "light")
DENSITIES = ("comfortable", "compact", "wall")


def choice(request: HttpRequest, cookie: str, allowed: tuple[str, ...]) -> str:
    value = request.COOKIES.get(cookie, "")
    return value if value in allowed else allowed[0]


def shell(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "menu": lambda: nav.menu(actor, request.path) if actor else [],
        "theme": choice(request, "anlan_theme", THEMES),
        "density": choice(request, "anlan_density", DENSITIES),
        "clock_now": clock.now(),
        "clock_speed": clock.speed(),
        "scenario": clock.scenario(),
        "sandbox": sandbox.name(),
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "version": version("anlan"),
        "languages": settings.LANGUAGES,
    }
