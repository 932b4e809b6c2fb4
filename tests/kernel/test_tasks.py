"""Ending the tasks of an event loop."""

from __future__ import annotations

import asyncio

import pytest

from anlan.kernel import tasks


class Deaf:
    """Work that loses the first cancellations, as one does that comes together with what `asyncio.wait_for` waited for."""

    def __init__(self, times: int) -> None:
        self.left, self.tidied = times, False

    async def run(self) -> None:
        try:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if not self.left:
                        raise
                    self.left -= 1
        finally:
            self.tidied = True


def test_a_task_that_lost_the_word_is_told_again_until_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    works = [Deaf(0), Deaf(1), Deaf(3)]

    async def main() -> list[asyncio.Task[None]]:
        running = [asyncio.create_task(work.run()) for work in works]
        await asyncio.sleep(0)
        await tasks.end(running)
        return running

    assert all(task.cancelled() for task in asyncio.run(main()))
    assert all(work.tidied and not work.left for work in works)


def test_what_arrives_in_the_same_moment_as_the_cancellation_does_not_keep_a_task_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)

    async def main() -> bool:
        queue: asyncio.Queue[int] = asyncio.Queue()

        async def read() -> None:
            while True:
                await asyncio.wait_for(queue.get(), 60)

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        queue.put_nowait(1)
        await asyncio.sleep(0)  # `wait_for` knows of it now, and its task is not yet told
        await tasks.end([reading])
        return reading.cancelled()

    assert asyncio.run(main())


def test_an_error_at_the_end_is_written_to_the_log_and_nothing_has_to_run_for_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("disk")

    async def main() -> None:
        await tasks.end([])
        running = asyncio.create_task(fails())
        await asyncio.sleep(0)
        await tasks.end([running])

    asyncio.run(main())
    assert "disk" in caplog.text
