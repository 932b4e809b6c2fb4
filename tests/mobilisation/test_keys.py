"""The key that signs what the public face tells browsers: one, however many ask for it first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from anlan.mobilisation.rules.keys import kept_key


def test_whoever_asks_at_the_same_moment_gets_the_same_key_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "push-key.pem"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: kept_key.__wrapped__(file).private_numbers().private_value, range(16)))
    assert len(set(made)) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in file.parent.iterdir()] == [file.name]
