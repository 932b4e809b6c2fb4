"""One workload in a process of its own: each makes its own database, environment and threads.

`python -m bench._one <workload> <file>` writes its rows, and what it could not compare with, as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from bench._peers import ABSENT


def main() -> int:
    name, file = sys.argv[1:]
    rows: list[dict[str, Any]] = []
    try:
        rows = importlib.import_module(f"bench.{name}").run()
    except Exception as error:  # told at the end, by name
        traceback.print_exc()
        ABSENT.append(f"{name}: {type(error).__name__}: {error}")
    Path(file).write_text(json.dumps({"rows": rows, "absent": ABSENT}, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
