"""Timers: the wind of every release that is followed."""

from __future__ import annotations

from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import AnlanError
from anlan.kernel.events.outbox import every
from anlan.situation.actions import follow_wind
from anlan.situation.models import ReleaseWatch

WIND = system("泄漏研判")


@every(2)
def watch_the_wind() -> int:
    """Compute anew what the wind has made out of date. Returns how many."""
    running = ReleaseWatch.objects.unscoped("the wind is watched for all releases").filter(ended_at__isnull=True)
    return sum(attempt(pk) for pk in running.values_list("pk", flat=True))


def attempt(pk: int) -> int:
    """1 if it was computed anew. What cannot be computed is left to people, who see its time."""
    try:
        return int(follow_wind(WIND, pk))
    except AnlanError:
        return 0
