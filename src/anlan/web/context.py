"""What every page of the shell knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from anlan.kernel import clock


def shell(request: HttpRequest) -> dict[str, Any]:
    return {
        "actor": getattr(request, "actor", None),
        "clock_now": clock.now(),
        "scenario": clock.scenario(),
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }
