"""Works off ordered stress tests in a thread of the worker, so that its reactions go on."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from anlan.command.actions.stress import keep_stress
from anlan.command.models import StressRun
from anlan.command.planning.gather import means_of
from anlan.command.plans.stress import Assumptions, helps, stress
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system

log = logging.getLogger(__name__)
BY = system("压力试验")
WHY = "the worker computes for everybody"
#: A run whose worker has given no sign of life for this time is taken up again.
LEASE = timedelta(minutes=10)
#: Incidents for each single change tried.
FOR_CHANGES = 1000


def claim() -> StressRun | None:
    now = clock.real_now()
    with transaction.atomic():
        rows = StressRun.objects.unscoped(WHY).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        lapsed = rows.filter(state=StressRun.State.RUNNING, claimed_at__lt=now - LEASE).first()
        row = rows.filter(state=StressRun.State.QUEUED).first() or lapsed
        if row is not None:
            row.state, row.claimed_at = StressRun.State.RUNNING, now
            row.save(update_fields=["state", "claimed_at"])
    return row


def compute(row: StressRun) -> dict[str, Any]:
    """The result as JSON: the run, the changes that help most, the means it was run on in short."""
    plan = row.plan_version.document()
    given = Assumptions(**{**row.assumptions, "level_shares": tuple(row.assumptions["level_shares"])})
    means = means_of(BY, plan, clock.now())

    mine = StressRun.objects.unscoped(WHY).filter(pk=row.pk)

    def progress(done: int) -> None:
        mine.update(done_count=done, claimed_at=clock.real_now())

    def alive(_done: int) -> None:
        mine.update(claimed_at=clock.real_now())

    base = stress(plan, means, given, row.incidents, row.seed, progress)
    changes = helps(plan, means, base, given, min(FOR_CHANGES, row.incidents), row.seed, alive)
    return {
        **asdict(base),
        "changes": [asdict(one) for one in changes],
        "means": {"teams": len(means.teams), "sites": len(means.sites), "stock": len(means.stock)},
    }


def work_off() -> int:
    """Everything that was ordered. Returns how many runs were made."""
    made = 0
    while (row := claim()) is not None:
        began = time.monotonic()
        try:
            result = compute(row)
        except Exception as error:  # whatever it is: a run that is not kept as failed would be taken up again for ever
            log.exception("stress test %s failed", row.pk)
            result = {"error": f"{error}" or type(error).__name__}
        keep_stress(BY, row.pk, result, time.monotonic() - began)
        made += 1
    return made


class Runner:
    """One thread, started only for work."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        rows = StressRun.objects.unscoped(WHY).filter(state__in=["queued", "running"])
        if rows.exists() and (self.thread is None or not self.thread.is_alive()):
            self.thread = threading.Thread(target=self.work, name="stress", daemon=True)
            self.thread.start()

    def work(self) -> None:
        try:
            work_off()
        finally:
            connection.close()
