"""House lint: the laws of ARCHITECTURE.md that no off-the-shelf linter knows. Each finding says what to do instead."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src" / "anlan"
FILE_CAP, FUNCTION_LONG, LONG_SHARE = 800, 60, 0.02
FUNCTION_MEDIAN, FUNCTION_P95, FILE_P95 = 8, 40, 500
AREA_FURNITURE = {
    "models",
    "migrations",
    "rules",
    "actions",
    "queries",
    "events",
    "handlers",
    "registers",
    "forms",
    "views",
    "api",
    "jobs",
    "layers",
    "templates",
    "apps",
    "urls",
    "static",
    "templatetags",
    "__init__",
    "__pycache__",
}
#: Furniture that only one room has, with the reason.
EXTRA = {
    # the stream of readings: its bytes, the process that keeps them, the registry as a gateway holds it; warnings as the public
    # may read them
    "monitoring": {"directory", "log", "pipeline", "published"},
    # plans as data; what earthquakes are judged from and the catalogue of past ones; the duty desk (intake, clocks of every party,
    # calling); and what its verbs are made of: states, numbers, texts, clocks, tasks, the review's measures
    "command": set(
        "assessment plans planning data common documents duty quakes escalation event_codes figures grading guess numbering "
        "reporting review sources states tasking weather".split()
    ),
    # the road graph; which unit goes to which task, which goods to which place (pure); posting; books, labels and passes on paper
    "resources": set("roads routing assignment allocation ledger papers passes".split()),
    "administration": set(),
    "supervision": {"park_risk"},  # from the registers of a park to the risk engine and its report
    "simulation": {"report"},  # a run as Word, PDF and picture
    "situation": {"report"},  # a release as Word, PDF and picture
    "mobilisation": {"face", "officer"},  # what the public can have, and the fast way to it; the page behind a call's link
}  # fmt: skip
CLOCK_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("timezone", "now"),
    ("date", "today"),
    ("datetime", "today"),
}

Finding = tuple[Path, int, str]


def trees() -> list[tuple[Path, ast.Module, int]]:
    found = []
    for path in sorted(SRC.rglob("*.py")):
        if "migrations" not in path.parts:
            text = path.read_text(encoding="utf-8")
            found.append((path, ast.parse(text), text.count("\n")))
    return found


def clock_reads(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Law 3: time is passed in or comes from kernel.clock."""
    if path.is_relative_to(SRC / "kernel" / "clock"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if (name, node.func.attr) in CLOCK_CALLS:
                yield path, node.lineno, f"{name}.{node.func.attr}(): use anlan.kernel.clock"


def unscoped_reads(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Law 5: application code asks through `objects`, which demands a scope."""
    if path == SRC / "kernel" / "accounts" / "scope.py" or "tests" in path.parts:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "everything":
            yield path, node.lineno, ".everything: use .objects.visible_to(actor) or .objects.unscoped(reason)"


def furniture(path: Path) -> Iterator[Finding]:
    """Inside every area the same names and nothing else."""
    parts = path.relative_to(SRC).parts
    room = parts[0]
    if room in EXTRA and len(parts) > 1:
        name = parts[1].removesuffix(".py")
        if name not in AREA_FURNITURE | EXTRA[room] and len(parts) == 2:
            yield path, 1, f"a room has no {name}: see ARCHITECTURE.md, or give a reason in tools/house.py"


def functions(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def sizes(parsed: list[tuple[Path, ast.Module, int]]) -> Iterator[Finding]:
    lengths: list[int] = []
    long: list[Finding] = []
    for path, tree, lines in parsed:
        if "tests" in path.parts:
            continue
        if lines > FILE_CAP:
            yield path, 1, f"{lines} lines, the cap is {FILE_CAP}: make it a package"
        for name, line, length in functions(tree):
            lengths.append(length)
            if length > FUNCTION_LONG:
                long.append((path, line, f"{name}: {length} lines"))
    files = sorted(lines for path, _, lines in parsed if "tests" not in path.parts)
    lengths.sort()
    checks = [
        ("median function", statistics.median(lengths), FUNCTION_MEDIAN),
        ("95 % of functions", lengths[int(0.95 * len(lengths))], FUNCTION_P95),
        ("95 % of files", files[int(0.95 * len(files))], FILE_P95),
        ("functions over 60 lines, share", len(long) / len(lengths), LONG_SHARE),
    ]
    for what, value, budget in checks:
        print(f"house: {what}: {value:.3g} (budget {budget})")
        if value > budget:
            yield SRC, 0, f"{what} is {value:.3g}, over the budget of {budget}"
            yield from long


def main() -> int:
    parsed = trees()
    findings: list[Finding] = []
    for path, tree, _ in parsed:
        findings += [*clock_reads(path, tree), *unscoped_reads(path, tree), *furniture(path)]
    findings += sizes(parsed)
    for path, line, what in findings:
        print(f"{path.relative_to(SRC.parent.parent)}:{line}: {what}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
