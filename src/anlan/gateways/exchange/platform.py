"""Which platform this is, and its key."""

from __future__ import annotations

from django.conf import settings

from anlan.gateways.exchange import sealing
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict


def code() -> str:
    """`ANLAN_PLATFORM`, else `system:code` of the top division: what peers know this platform by."""
    if settings.PLATFORM:
        return str(settings.PLATFORM)
    top = Area.objects.order_by("level", "path").first()
    if top is None:
        raise Conflict("尚未登记任何行政区划，平台没有代码", rule="先导入行政区划或设置 ANLAN_PLATFORM")
    return area_code(top)


def area_code(area: Area) -> str:
    return f"{area.code_system}:{area.code}"


def area_of(said: str) -> Area | None:
    """The division of `system:code`, if it is one of ours."""
    system, _, number = said.partition(":")
    return Area.objects.filter(code_system=system, code=number).first()


def key(algorithm: str) -> sealing.Key:
    return sealing.own(settings.VAR / "exchange", algorithm)
