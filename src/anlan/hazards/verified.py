"""What a verification case of an engine came to: the rows of `docs/verification/<family>.md`.

A family lists its cases in `<family>/tests/verification.py` as `rows(shared: Path | None) -> Iterable[Verified]`, where
`shared` is the folder of published reference data (`../shared/data`) or None where it is absent. `make verify` writes the
pages; the conformance tests hold every row to its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Verified:
    """One figure: whose case it is, what was expected, what we say, and how far off it may be."""

    case: str
    source: str
    expected: float
    ours: float
    unit: str
    #: Largest error allowed: a share of the expected value, or, where `relative` is false, in the unit itself.
    limit: float
    relative: bool = True
    #: What a reader should know of the comparison (an option chosen, a figure read off a chart).
    note: str = ""

    @property
    def error(self) -> float:
        difference = abs(self.ours - self.expected)
        return difference / abs(self.expected) if self.relative else difference

    @property
    def passes(self) -> bool:
        return isfinite(self.ours) and self.error <= self.limit
