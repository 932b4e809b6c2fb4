"""Links between platforms from the shell."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from anlan.cli import _roles

HELP = "平台互联：公钥、状态、人工摆渡文件"
EXAMPLE = "anlan exchange export --peer mca:150300 -o /media/usb/to-city.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["key", "status", "export", "import"],
        help="key: 本平台公钥（没有则生成）；status: 各外平台的状态；export/import: 摆渡文件")  # fmt: skip
    parser.add_argument("file", nargs="?", type=Path, help="import 的文件")
    parser.add_argument("--algorithm", default="ed25519-sha256", help="key 的算法：ed25519-sha256 或 sm2-sm3")
    parser.add_argument("--peer", default="", help="外平台代码，export 用")
    parser.add_argument("-o", "--output", type=Path, help="export 写到的文件")
    parser.add_argument("--passphrase-file", type=Path, help="口令文件：摆渡文件以 SM4 加密")


def say(what: dict[str, object]) -> None:
    print(json.dumps(what, ensure_ascii=False))


def run(args: argparse.Namespace) -> int:
    """0 done; 2 the order or the file is wrong, told in one JSON line on stderr."""
    _roles.with_database()
    return {"key": key, "status": status, "export": export, "import": bring}[args.what](args)


def key(args: argparse.Namespace) -> int:
    from anlan.gateways.exchange import platform, sealing  # noqa: PLC0415

    if args.algorithm not in sealing.ALGORITHMS:
        sealing.make(args.algorithm)  # names what is allowed
    own = platform.key(args.algorithm)
    say({"platform": platform.code(), "fingerprint": own.fingerprint, "public_key": own.line})
    return 0


def status(args: argparse.Namespace) -> int:
    from anlan.gateways.exchange import queries  # noqa: PLC0415
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415

    del args
    for link in queries.links(system("命令行")):
        peer = link.peer
        say({
            "peer": peer.code, "name": peer.name, "state": link.title, "waiting": peer.waiting, "sent": peer.last_sent,
            "confirmed": peer.last_confirmed, "taken": peer.last_taken, "trouble": peer.trouble,
            "contact_at": peer.contact_at.isoformat() if peer.contact_at else None,
        })  # fmt: skip
    return 0


def passphrase(args: argparse.Namespace) -> str:
    return args.passphrase_file.read_text(encoding="utf-8").strip() if args.passphrase_file else ""


def export(args: argparse.Namespace) -> int:
    from anlan.gateways.exchange import stick  # noqa: PLC0415
    from anlan.gateways.exchange.models import Peer  # noqa: PLC0415
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415
    from anlan.kernel.errors import Invalid, NotFound  # noqa: PLC0415

    if args.output is None:
        raise Invalid("output", None, "-o 文件", label="导出文件")
    by = system("命令行")
    peer = Peer.objects.visible_to(by, "gateways.exchange").filter(code=args.peer).first()
    if peer is None:
        raise NotFound(f"没有外平台 {args.peer!r}")
    data = stick.export(by, peer.pk, passphrase(args))
    args.output.write_bytes(data)
    say({"peer": peer.code, "waiting": peer.waiting, "bytes": len(data), "file": str(args.output)})
    return 0


def bring(args: argparse.Namespace) -> int:
    from anlan.gateways.exchange import stick  # noqa: PLC0415
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415
    from anlan.kernel.errors import Conflict, Invalid  # noqa: PLC0415

    if args.file is None:
        raise Invalid("file", None, "摆渡文件的路径", label="文件")
    try:
        found = stick.bring(system("命令行"), args.file.read_bytes(), passphrase(args))
    except stick.Refused as error:
        raise Conflict(f"文件中的回执不可信：{error.reason}") from error
    say(asdict(found))
    return 0
