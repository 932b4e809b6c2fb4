"""Many runs of an engine on a cluster, where one is configured: portions as Dask tasks instead of threads.

`ANLAN_DASK` is the scheduler's address (tcp://host:8786); its workers need this package in the same version. Without it, or
without the extra `cluster`, everything runs on threads at home: the answer is the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

#: Runs a function over argument tuples and gives the results in order.
Runner = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


@cache
def connected() -> Any | None:
    """The `distributed.Client` of the configured cluster, connected once; None where none is configured."""
    address = os.environ.get("ANLAN_DASK", "")
    return import_module("distributed").Client(address) if address else None


@cache
def configured() -> tuple[Runner, int] | None:
    """(the cluster's runner, its threads); None where no cluster is configured."""
    client = connected()
    return None if client is None else (through(client), sum(client.ncores().values()) or 1)


def through(client: Any) -> Runner:
    """Calls as tasks of a `distributed.Client`; what they have in common travels once."""

    def run(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        shared = client.scatter([calls[0][:-1]], broadcast=True, hash=False)[0] if calls else None
        tasks = [client.submit(joined, function, shared, call[-1], pure=False) for call in calls]
        return list(client.gather(tasks))

    return run


def joined(function: Callable[..., Any], shared: tuple[Any, ...], own: Any) -> Any:
    return function(*shared, own)
