"""The feed, open to everybody."""

from __future__ import annotations

import os

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from anlan.kernel import clock
from anlan.kernel.errors import NotFound
from anlan.monitoring import published
from anlan.monitoring.rules.cap import writer


def title() -> str:
    return f"{os.environ.get('ANLAN_CAP_SENDER_NAME', '乌海市应急管理局')}预警"


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Warnings in force, and the ends of the last day."""
    now = clock.now()
    current = published.alerts(now)
    address = request.build_absolute_uri(request.path)
    updated = max((alert.sent for alert in current if alert.sent), default=now)
    content = writer.feed_xml(current, title(), address, updated)
    return HttpResponse(content, content_type="application/atom+xml; charset=utf-8")


@login_not_required
@require_safe
def one(request: HttpRequest, identifier: str) -> HttpResponse:
    """One alert as a CAP 1.2 document."""
    alert = published.alert(identifier)
    if alert is None:
        raise NotFound(f"预警 {identifier} 不存在或未发布")
    return HttpResponse(writer.alert_xml(alert), content_type="application/cap+xml; charset=utf-8")
