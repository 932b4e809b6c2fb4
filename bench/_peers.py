"""Peers that are installed when they are first asked for, and what could not be."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What a run could not compare with, and why; told at its end, and the run has failed then.
ABSENT: list[str] = []


def installed(name: str, script: str, wanted: Path) -> bool:
    """Whether a peer is there; it is installed if it is not, and told as absent if that fails."""
    if not wanted.exists():
        done = subprocess.run(
            ["sh", str(ROOT / "bench" / "peers" / script)], capture_output=True, text=True, check=False
        )
        if not wanted.exists():
            ABSENT.append(
                f"{name}: sh bench/peers/{script} did not install it: {(done.stderr or done.stdout)[-300:].strip()}"
            )
            return False
    return True
