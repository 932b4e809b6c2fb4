"""The way over HTTPS: what waits goes out in batches, in order, until the peer's signed word says it is there.

TLS of both sides: `ANLAN_EXCHANGE_CERT`, `_KEY` (this platform's certificate) and `_CA` (who signs the peers'). A peer out of
reach is tried again after 2, 4, 8 … 300 s; what waits for it waits as long as that takes.
"""

from __future__ import annotations

import json
import logging
import random
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

from anlan.gateways.exchange import ledger, platform, sealing
from anlan.gateways.exchange.models import Peer
from anlan.gateways.exchange.parcel import Refused, common_schema, read_acknowledgement
from anlan.kernel import clock
from anlan.kernel.errors import AnlanError

log = logging.getLogger(__name__)
BATCH, TIMEOUT_S, LONGEST_PAUSE_S, AT_ONCE = 200, 20.0, 300.0, 8
WHY = "the carrier serves every peer"


def trust() -> ssl.SSLContext:
    """Whom we believe, and who we say we are."""
    context = ssl.create_default_context(cafile=settings.EXCHANGE_CA or None)
    if settings.EXCHANGE_CERT:
        context.load_cert_chain(settings.EXCHANGE_CERT, settings.EXCHANGE_KEY or None)
    return context


def client(peer: Peer) -> httpx.Client:
    secure = peer.url.startswith("https:")
    return httpx.Client(
        base_url=peer.url.rstrip("/") + "/", timeout=TIMEOUT_S, verify=trust() if secure else False, trust_env=False
    )


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer. Raises `Refused` with the peer's own words when it is a refusal."""
    try:
        said = response.json()
    except ValueError:
        said = {}
    if response.status_code != 200 or not isinstance(said, dict):
        words = said.get("error") if isinstance(said, dict) else ""
        raise Refused(f"对方答复 {response.status_code}：{words or '不是互联接口'}", final=False)
    return said


def negotiate(peer: Peer, http: httpx.Client) -> int:
    """The schema to write in, asked once and again after every failure."""
    if peer.schema is None or peer.failures:
        schemas = answer_of(http.get("exchange/hello")).get("schemas")
        ledger.keep_schema(ledger.CARRIER, peer.pk, common_schema(schemas if isinstance(schemas, list) else []))
        peer.refresh_from_db()
    return peer.schema or 1


def carry_batch(peer: Peer, http: httpx.Client) -> int:
    """One batch there and its acknowledgement back. Returns how many are confirmed by it."""
    schema = negotiate(peer, http)
    rows = ledger.owed(peer, BATCH)
    if not rows:
        return 0
    key = platform.key(peer.algorithm)
    body = {"sender": platform.code(), "parcels": [sealing.seal(key, ledger.worded(row, schema)) for row in rows]}
    packed = json.dumps(body, ensure_ascii=False).encode()
    sealed = answer_of(http.post("exchange/parcels", content=packed, headers={"Content-Type": "application/json"}))
    word = read_acknowledgement(sealing.opened(sealed, peer.keys))
    return ledger.keep_word(ledger.CARRIER, peer.pk, word)


def carry(peer_id: int) -> int:
    """Everything that waits for one peer, or until it fails. Returns how many were confirmed."""
    try:
        peer = Peer.objects.unscoped(WHY).select_related("area").get(pk=peer_id)
        confirmed = 0
        with client(peer) as http:
            while done := carry_batch(peer, http):
                confirmed += done
                peer.refresh_from_db()
        ledger.keep_contact(ledger.CARRIER, peer.pk, "")
    except (httpx.HTTPError, OSError, Refused, AnlanError) as error:
        ledger.keep_contact(ledger.CARRIER, peer_id, str(error)[:300] or type(error).__name__, pause(peer_id))
        return 0
    else:
        return confirmed
    finally:
        connection.close()


def pause(peer_id: int) -> timedelta:
    """Doubling, with a fifth of chance in it: peers that fell together do not all knock together."""
    failures = Peer.objects.unscoped(WHY).filter(pk=peer_id).values_list("failures", flat=True).first() or 0
    seconds = min(LONGEST_PAUSE_S, 2.0 ** min(failures + 1, 10))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, guards nothing


def due() -> list[int]:
    return ledger.due(clock.real_now())


class Carrier:
    """Carries in a thread of its own: a peer out of reach must not hold up the worker."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None

    def wake(self) -> None:
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self.work, name="exchange", daemon=True)
            self.thread.start()

    def work(self) -> None:
        try:
            with ThreadPoolExecutor(AT_ONCE, "peer") as pool:
                list(pool.map(carry, due()))
        except Exception:
            log.exception("exchange stopped, trying again")
        finally:
            connection.close()
