"""Role `serve`: the web."""

from __future__ import annotations

import argparse
import ssl

import uvicorn

from anlan import sandbox
from anlan.cli import _roles
from anlan.cli._edge import at_least_one, can_listen, port, readable

HELP = "网页与接口服务（角色 serve）"
EXAMPLE = "anlan serve --host 0.0.0.0 --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="监听地址")
    parser.add_argument("--port", type=port, default=8000, help="监听端口")
    parser.add_argument("--workers", type=at_least_one, default=1, help="进程数")
    parser.add_argument("--tls-cert", type=readable, help="证书（PEM），给出即为 HTTPS")
    parser.add_argument("--tls-key", type=readable, help="证书的私钥（PEM）")
    parser.add_argument(
        "--client-ca", type=readable, help="只接受由此 CA（PEM）签发证书的对方：平台互联用的双向 TLS 端口"
    )


def run(args: argparse.Namespace) -> int:
    _roles.setup()
    can_listen(args.host, args.port)
    uvicorn.run(
        "anlan.web.asgi:application",
        host=args.host,
        port=args.port,
        workers=args.workers,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        loop="asyncio" if sandbox.name() else "auto",
        server_header=False,
        ssl_certfile=args.tls_cert,
        ssl_keyfile=args.tls_key,
        ssl_ca_certs=args.client_ca,
        ssl_cert_reqs=ssl.CERT_REQUIRED if args.client_ca else ssl.CERT_NONE,
    )
    return 0
