"""DEGADIS (degadisx) on a line of JSON {"deck": text of an input file} -> axis kg/m3 at `x`, and the seconds it took."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import degadisx
import numpy as np

for line in sys.stdin:
    case = json.loads(line)
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "case.inp"
        deck.write_text(case["deck"], encoding="ascii")
        began = time.perf_counter()
        profile, _source = degadisx.run_steady(deck)
        spent = time.perf_counter() - began
    x, level = profile.rows[:, 0], profile.rows[:, 2]
    found = np.exp(np.interp(np.log(case["x"]), np.log(x), np.log(level)))
    print(json.dumps({"axis": found.tolist(), "seconds": spent}), flush=True)
