"""One platform for the test of broken lines: its web with TLS of both sides, its dispatcher with timers, orders by stdin.

Run as `python -m tests.exchange.node` with the environment of `anlan serve`. Answers each order by one JSON line. Everything
is the product's own code; only the log of readings is left out, which has no part in it.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
from typing import Any

import django
import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")


def serve(port: int) -> None:
    env = os.environ
    config = uvicorn.Config(
        "anlan.web.asgi:application", host="0.0.0.0", port=port, log_level="error", access_log=False,  # noqa: S104
        ssl_certfile=env["ANLAN_EXCHANGE_CERT"], ssl_keyfile=env["ANLAN_EXCHANGE_KEY"],
        ssl_ca_certs=env["ANLAN_EXCHANGE_CA"], ssl_cert_reqs=ssl.CERT_REQUIRED,
    )  # fmt: skip
    threading.Thread(target=uvicorn.Server(config).run, daemon=True).start()


def order(said: dict[str, Any]) -> Any:
    from anlan.command import actions  # noqa: PLC0415 - needs Django
    from anlan.command.models import Proposal  # noqa: PLC0415
    from anlan.gateways.exchange import platform  # noqa: PLC0415
    from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel, TakenParcel  # noqa: PLC0415
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415
    from anlan.kernel.models import Area  # noqa: PLC0415

    if said["do"] == "key":
        return platform.key(said["algorithm"]).line
    if said["do"] == "peer":
        area = Area.objects.get(code=said.pop("area"))
        Peer.everything.create(area=area, **{k: v for k, v in said.items() if k != "do"})
    if said["do"] == "open":
        area = Area.objects.get(code=said["area"])
        for number in range(said["first"], said["first"] + said["count"]):
            actions.open_incident(
                system("接报"), event_code="12D02", title=f"第{number}起", lon=106.0 + 0.05 * number, lat=39.5,
                area_id=area.pk, occurred_at=None, reported_by="", source="电话",
            )  # fmt: skip
    peer = Peer.everything.first()
    return {
        "waiting": peer.waiting if peer else 0,
        "sent": SentParcel.everything.count(),
        "taken": TakenParcel.everything.count(),
        "records": ForeignRecord.everything.count(),
        "clues": Proposal.everything.count(),
        "trouble": peer.trouble if peer else "",
        "next_in": bool(peer and peer.next_at),
    }


def main() -> None:
    django.setup()
    from anlan.kernel.events import dispatcher  # noqa: PLC0415

    serve(int(sys.argv[1]))
    threading.Thread(target=dispatcher.run, args=(threading.Event(),), daemon=True).start()
    for line in sys.stdin:
        print(json.dumps(order(json.loads(line)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
