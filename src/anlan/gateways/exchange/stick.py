"""The way by file 人工摆渡: the same sealed parcels on a stick, for a peer without a line or while the line is down.

A file holds what waits for the peer and our signed word about what came from it. Carrying the same file twice, or late, or
after the line is back, changes nothing: numbers decide. With a passphrase it is enciphered with SM4-GCM (GB/T 32907), the
key by scrypt (RFC 7914), for the way in somebody's pocket.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from anlan.gateways.exchange import intake, ledger, platform, sealing
from anlan.gateways.exchange.models import Peer
from anlan.gateways.exchange.parcel import SCHEMAS, Acknowledgement, Refused, read_acknowledgement
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Invalid

FORM = "anlan-exchange-1"
MOST = 100_000
#: scrypt's cost: about 0.1 s and 32 MiB for whoever guesses, each time.
COST = {"n": 2**15, "r": 8, "p": 1}


def cipher_key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=16, **COST).derive(passphrase.encode())


def lock(plain: bytes, passphrase: str) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    worker = Cipher(algorithms.SM4(cipher_key(passphrase, salt)), modes.GCM(nonce)).encryptor()
    text = worker.update(plain) + worker.finalize()
    parts = {"salt": salt, "nonce": nonce, "tag": worker.tag, "text": text}
    return json.dumps({"form": f"{FORM}-sm4", **{k: b64encode(v).decode() for k, v in parts.items()}}).encode()


def unlock(said: dict[str, Any], passphrase: str) -> bytes:
    """Raises `Invalid` for a wrong passphrase or a damaged file."""
    try:
        salt, nonce, tag, text = (b64decode(said[name]) for name in ("salt", "nonce", "tag", "text"))
        worker = Cipher(algorithms.SM4(cipher_key(passphrase, salt)), modes.GCM(nonce, tag)).decryptor()
        return worker.update(text) + worker.finalize()
    except (InvalidTag, KeyError, ValueError) as error:
        raise Invalid("passphrase", "******", "导出时所用的口令；文件须未损坏", label="口令") from error


@action("gateways.exchange")
def export(by: Actor, peer_id: int, passphrase: str = "") -> bytes:
    """导出摆渡文件 for one peer: what waits for it, and how far we have taken from it."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    key, schema = platform.key(peer.algorithm), peer.schema or SCHEMAS[-1]
    rows = ledger.owed(peer, MOST)
    word = Acknowledgement(platform.code(), peer.code, peer.last_taken, clock.real_now().isoformat())
    said = {
        "form": FORM,
        "sender": platform.code(),
        "receiver": peer.code,
        "parcels": [sealing.seal(key, ledger.worded(row, schema)) for row in rows],
        "word": sealing.seal(key, asdict(word)),
    }
    record(by, f"导出摆渡文件（{len(rows)} 件）", peer)
    plain = json.dumps(said, ensure_ascii=False).encode()
    return lock(plain, passphrase) if passphrase else plain


@dataclass(frozen=True)
class Brought:
    """What a file brought: taken now, had already, refused for good, confirmed of ours, why it stopped."""

    peer: str
    taken: int
    repeated: int
    refused: int
    confirmed: int
    halted: str


def bring(by: Actor, data: bytes, passphrase: str = "", origin: str = "摆渡文件") -> Brought:
    """导入摆渡文件. Raises `Invalid` when it is none, `Refused` when its acknowledgement is not the peer's."""
    said = read(data, passphrase)
    peer = intake.peer_named(str(said["sender"]), origin, data[:400])
    by.require("gateways.exchange", peer.area)
    if said.get("receiver") != platform.code():
        raise Invalid("receiver", said.get("receiver"), platform.code(), label="文件的接收平台")
    answer = intake.take(peer, said["parcels"], origin)["said"]
    confirmed = 0
    if said.get("word"):
        confirmed = ledger.keep_word(by, peer.pk, read_acknowledgement(sealing.opened(said["word"], peer.keys)))
    return summary(peer, answer, confirmed)


def summary(peer: Peer, answer: Any, confirmed: int) -> Brought:
    verdicts = [row["verdict"] for row in answer["verdicts"]]
    counts = {name: verdicts.count(name) for name in ("taken", "repeated", "refused")}
    return Brought(peer.name, **counts, confirmed=confirmed, halted=answer["halted"])


def read(data: bytes, passphrase: str) -> dict[str, Any]:
    try:
        said = json.loads(data)
        if isinstance(said, dict) and said.get("form") == f"{FORM}-sm4":
            said = json.loads(unlock(said, passphrase))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("form") != FORM or not isinstance(said.get("parcels"), list):
        raise Invalid(
            "file", data[:30].decode("utf-8", "replace"), f"由 anlan exchange export 导出的文件（{FORM}）", label="文件"
        )
    return said


__all__ = ["Brought", "Refused", "bring", "export"]
