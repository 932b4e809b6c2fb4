"""Facts of the registry toolkit."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class RegisterRowChanged(Fact):
    """Rows of a registry were created, updated or deleted (`change`); an import says so once per area.

    `pk` and `key` name the row when it is one, `count` says how many they are.
    """

    slug: str
    model: str
    change: str
    count: int = 1
    pk: int | None = None
    key: str = ""
