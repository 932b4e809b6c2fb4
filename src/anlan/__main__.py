"""`anlan`: finds the command's module and runs it. Commands are imported only when called, so `calc` stays fast."""

from __future__ import annotations

import argparse
import importlib
import json
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
        words = "、".join(one.rstrip("_") for one in commands())
        said = {"error": f"没有命令 {argv[0]}", "field": "COMMAND", "value": argv[0], "allowed": words}
        print(json.dumps(said, ensure_ascii=False), file=sys.stderr)
        return 2
    return told(name, argv)


def told(name: str, argv: list[str]) -> int:
    """The command's exit code; what it refuses, or cannot do, is one JSON object on stderr."""
    from anlan.cli import _edge  # noqa: PLC0415 - with the command

    try:
        return command(name, argv)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our answer has enough of it; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        found = _edge.refusal(error)
        if found is None:
            raise
        _edge.tell(found[1])
        return found[0]


def command(name: str, argv: list[str]) -> int:
    from anlan.cli._edge import Parser  # noqa: PLC0415 - with the command

    module = importlib.import_module(f"anlan.cli.{name}")
    parser = Parser(
        prog=f"anlan {argv[0]}",
        description=module.HELP,
        epilog=f"例: {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(argv[1:])) or 0)


if __name__ == "__main__":
    sys.exit(main())
