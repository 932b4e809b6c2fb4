"""Tasks of an event loop, ended for certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

log = logging.getLogger(__name__)
#: A task that goes on so long after it was cancelled has not heard it, seconds. Longer than any takes to tidy up.
AGAIN_S = 5.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them and return when all have ended; what one ends with besides is logged.

    Whoever goes on is cancelled again: until Python 3.12 `asyncio.wait_for` (and the libraries that stand on it, such
    as the log's client) drops a cancellation that comes in the same moment as what it waits for.
    """
    ending = {task for task in tasks if not task.done()}
    while left := {task for task in ending if not task.done()}:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=AGAIN_S)
    for task in ending:
        if not task.cancelled() and (error := task.exception()):
            log.warning("%s ended with %r", task.get_name(), error)
