"""Timers of supervision: the risk of parks follows weather, stock and registers."""

from __future__ import annotations

import itertools
import logging
import threading

from django.db import close_old_connections

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.supervision import actions

TIMER = system("园区风险")
log = logging.getLogger(__name__)
BUSY = threading.Lock()
#: Turns of the clock before the first calculation: what has just started has more pressing work.
WAIT_TURNS = 3
turns = itertools.count()


@every(20.0)
def follow_parks() -> None:
    """A park takes a second or two: that is a thread of its own, so that alarms never wait for it."""
    if next(turns) >= WAIT_TURNS and not BUSY.locked():
        threading.Thread(target=work, name="park-risk", daemon=True).start()


def work() -> None:
    with BUSY:
        try:
            actions.assess_due(TIMER, clock.now())
        except Exception:
            log.exception("park risk failed")
        finally:
            close_old_connections()
