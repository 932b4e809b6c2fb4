"""The listener's door: nobody who came in is forgotten when it closes."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings

from anlan.gateways.devices import discover
from anlan.gateways.devices.listener import Listener
from anlan.gateways.log import ReadingLog
from tests.conftest import free_port


def call_and_close(rounds: int) -> int:
    """Devices call; the listener closes after so many rounds of the loop. Returns how many of them were hung up on."""
    port, lines = free_port(), [socket.socket() for _ in range(20)]

    async def body() -> None:
        listener = Listener(discover()["gb26875"], ReadingLog(""))
        await listener.start("127.0.0.1", port)
        for line in lines:
            line.connect(("127.0.0.1", port))
        for _ in range(rounds):
            await asyncio.sleep(0)
        await listener.close()
        assert not listener.conversations

    asyncio.run(body())
    gone = 0
    for line in lines:
        line.settimeout(2)
        try:
            gone += line.recv(1) == b""
        except ConnectionResetError:
            gone += 1
        line.close()
    return gone


def test_a_listener_that_closes_while_devices_come_in_hangs_up_on_every_one_of_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rounds in range(8):
            assert call_and_close(rounds) == 20
        gc.collect()
