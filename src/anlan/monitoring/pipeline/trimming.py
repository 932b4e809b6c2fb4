"""Keeping the log within its disk: what the tables have is dropped early when the log grows large; nothing else ever is.

Without this the log would keep everything for `KEEP_S` and, at a province's rate, fill its disk in hours; a full log takes
nothing more, and no device is answered.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from nats.js import JetStreamContext

from anlan.monitoring.log import STREAM

log = logging.getLogger(__name__)
#: From this size on, bytes (`ANLAN_LOG_BYTES`); the embedded server's limit is 20 GB.
KEEP_BYTES = 4 * 2**30
EVERY_S = 30.0


def keep_bytes() -> int:
    return max(2**20, int(os.environ.get("ANLAN_LOG_BYTES", KEEP_BYTES)))


async def trim(stream: JetStreamContext, committed: Mapping[int, int], most: int) -> bool:
    """Drop what is committed of these partitions (partition -> last sequence in the tables) while the log is larger than
    `most`; whether it was."""
    info = await stream.stream_info(STREAM)
    if info.state.bytes <= most:
        return False
    for partition, seq in committed.items():
        if seq > 0:
            await stream.purge_stream(STREAM, seq=seq + 1, subject=f"obs.{partition}.*")
    log.info("log of %d MiB trimmed", info.state.bytes // 2**20)
    return True
