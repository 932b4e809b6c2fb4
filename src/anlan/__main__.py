"""`anlan`: finds the command's module and runs it. Commands are imported only when called, so `calc` stays fast."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys

from anlan import cli


def commands() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(cli.__path__) if not module.name.startswith("_"))


def overview() -> str:
    lines = ["用法: anlan 命令 [选项]    （anlan 命令 --help 看每条命令的选项）", ""]
    for name in commands():
        module = importlib.import_module(f"anlan.cli.{name}")
        lines += [f"  {name.rstrip('_'):<10} {module.HELP}", f"             例: {module.EXAMPLE}"]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(overview())
        return 0
    name = argv[0].replace("-", "_")
    if f"{name}_" in commands():
        # `import` is a word of the language and cannot be a module's name.
        name = f"{name}_"
    if name not in commands():
        print(f"没有命令 {argv[0]}。可用: {', '.join(commands())}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"anlan.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"anlan {argv[0]}",
        description=module.HELP,
        epilog=f"例: {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(argv[1:])) or 0)


if __name__ == "__main__":
    sys.exit(main())
