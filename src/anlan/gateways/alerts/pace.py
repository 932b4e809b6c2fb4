"""限速: what a channel's other side allows a second, kept by all senders of all processes together.

The generic cell rate algorithm (ITU-T I.371 annex A) with one row per channel: `free_at` is when everything promised so far
will have been taken; whoever has something to send promises it, and waits until his turn.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection

from anlan.gateways.alerts.models import ChannelTerms
from anlan.kernel import clock

PROMISE = """
update gateways_channelterms set free_at = greatest(coalesce(free_at, %s), %s) + %s * interval '1 second' / per_second
where channel = %s and per_second > 0
returning free_at - %s * interval '1 second' / per_second
"""


def limits() -> dict[str, int]:
    """Messages a second of the channels that have a limit."""
    rows = ChannelTerms.objects.unscoped("limits hold for everybody").filter(per_second__gt=0)
    return dict(rows.values_list("channel", "per_second"))


def wait_s(channel: str, count: int, now: datetime) -> float:
    """Promise so many messages to a channel; how long to wait before they are sent."""
    with connection.cursor() as cursor:
        cursor.execute(PROMISE, [now, now, count, channel, count])
        row = cursor.fetchone()
    start: datetime = row[0] if row else now
    return max(0.0, (start - now) / timedelta(seconds=1))


def take_turn(channel: str, count: int) -> None:
    """Wait for one's turn; returns at once where there is no limit."""
    time.sleep(wait_s(channel, count, clock.real_now()))
