"""Write docs/verification/<family>.md: every case with its source, the expected value, ours and the error."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from anlan import hazards
from anlan.hazards.verified import Verified

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
#: Published reference data; its cases are left out where it is absent, and the page says so.
SHARED = Path(os.environ.get("ANLAN_SHARED", ROOT.parent / "shared")) / "data"
PAGES = ROOT / "docs" / "verification"
MODULES = {
    path.parents[1].name: f"anlan.hazards.{path.parents[1].name}.tests.verification"
    for path in sorted(Path(hazards.__file__).parent.glob("*/tests/verification.py"))
} | {"signals": "tests.monitoring.verification"}


def rows_of(family: str) -> list[Verified]:
    return list(importlib.import_module(MODULES[family]).rows(SHARED if SHARED.is_dir() else None))


def notes_of(family: str) -> str:
    """What a family has to say beside its figures (`NOTES` of its verification module)."""
    return str(getattr(importlib.import_module(MODULES[family]), "NOTES", ""))


def page(family: str, rows: list[Verified]) -> str:
    good = sum(row.passes for row in rows)
    lines = [
        f"# Verification: {family}",
        "",
        f"Written by `make verify`. {good} of {len(rows)} cases within their limit.",
        "",
        "| case | source | expected | ours | unit | error | limit | |",
        "|---|---|---:|---:|---|---:|---:|---|",
    ]
    for row in rows:
        error, limit = (
            (f"{row.error:.3%}", f"{row.limit:.3g}") if row.relative else (f"{row.error:.3g}", f"{row.limit:.3g} abs.")
        )
        case = f"{row.case} ({row.note})" if row.note else row.case
        mark = "ok" if row.passes else "**off**"
        lines.append(
            f"| {case} | {row.source} | {row.expected:.6g} | {row.ours:.6g} | {row.unit} | {error} | {limit} | {mark} |"
        )
    return "\n".join(lines) + "\n" + notes_of(family)


def main() -> int:
    """0 when every row is within its limit."""
    PAGES.mkdir(parents=True, exist_ok=True)
    off = 0
    for family in sys.argv[1:] or MODULES:
        rows = rows_of(family)
        (PAGES / f"{family}.md").write_text(page(family, rows), encoding="utf-8")
        off += sum(not row.passes for row in rows)
        print(f"{family}: {sum(row.passes for row in rows)}/{len(rows)}")
    return 1 if off else 0


if __name__ == "__main__":
    raise SystemExit(main())
