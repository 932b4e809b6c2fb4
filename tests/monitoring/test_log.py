"""The layout of a batch in the log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.monitoring.log import Batch, decode, encode, subject

rows = st.lists(
    st.tuples(st.integers(1, 2**31 - 1), st.integers(0, 2**53), st.floats(allow_nan=False), st.integers(0, 5)),
    max_size=50,
)


@given(rows, st.booleans(), st.text(max_size=40))
def test_a_batch_comes_out_of_the_log_as_it_went_in(
    readings: list[tuple[int, int, float, int]], backfill: bool, key: str
) -> None:
    stream, at, value, quality = zip(*readings, strict=True) if readings else ((), (), (), ())
    batch = Batch(
        np.array(stream, "i4"), np.array(at, "i8"), np.array(value, "f8"), np.array(quality, "i2"), 1, backfill, key
    )
    there = decode(encode(batch))
    assert [c.tolist() for c in (there.stream, there.at_ms, there.value, there.quality)] == [
        list(stream), list(at), list(value), list(quality),
    ]  # fmt: skip
    assert (there.backfill, there.key) == (backfill, key)


@given(st.binary(max_size=80))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="batch"):
        decode(b"ANLB" + data)


def test_one_datastream_always_lies_in_the_same_partition() -> None:
    batch = Batch(np.array([130], "i4"), np.array([0]), np.array([1.0]), np.array([0], "i2"), 0)
    assert subject(batch, "sl651") == "obs.2.sl651"
