"""What must be done before the roles start: tables as this version wants them, and the city at the first start."""

from __future__ import annotations

import argparse
import sys

from django.conf import settings
from django.core.management import call_command

from anlan.cli import _roles

HELP = "建立或升级数据表，首次启动时装载城市（anlan up 会自动执行）"
EXAMPLE = "anlan prepare"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    _roles.with_database()
    call_command("migrate", verbosity=0)
    from anlan.web.city import loader  # noqa: PLC0415 - its tables need Django to be set up

    loaded = loader.load_once()
    if loaded is None and (new := loader.lacking(settings.CITY)):
        print(f"城市包有本库还没有的登记簿：{'、'.join(new)}。装载：anlan city load {settings.CITY}", file=sys.stderr)
    for line in loaded.refused if loaded else ():
        print(f"拒绝：{line}", file=sys.stderr)
    return 0
