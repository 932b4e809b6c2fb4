"""Signatures between platforms: Ed25519 over SHA-256 (RFC 8032), or SM2 over SM3 (GB/T 32918.2, GB/T 32905).

A platform has one key pair of each algorithm it uses, kept beside its data, and hands the public half to its peers on a
sheet of paper or a stick, with the fingerprint read out over the telephone. SM2 needs the extra `guomi`.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anlan.gateways.exchange.parcel import Refused, canonical
from anlan.kernel.errors import Conflict, Invalid

ED25519, SM2 = "ed25519-sha256", "sm2-sm3"
ALGORITHMS = (ED25519, SM2)
#: The signer's identity in GB/T 32918.2 5.5 where nothing else was agreed (GB/T 35276-2017).
SM2_IDENTITY = b"1234567812345678"


@dataclass(frozen=True)
class Key:
    """One key pair; `secret` is empty when only the public half is known."""

    algorithm: str
    public: bytes
    secret: bytes = b""

    @property
    def fingerprint(self) -> str:
        """Short enough to be read out: 16 hex digits of SHA-256 of the public half."""
        return hashlib.sha256(self.algorithm.encode() + self.public).hexdigest()[:16]

    @property
    def line(self) -> str:
        """What is handed to the peer: algorithm and public half."""
        return f"{self.algorithm} {b64encode(self.public).decode()}"


def gm() -> Any:
    """The library of the SM algorithms, or what to do about its absence."""
    try:
        import gmalg  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise Conflict("未安装国密算法库：pip install 'anlan[guomi]'", rule="SM2 签名需要 guomi 组件") from None
    return gmalg


def make(algorithm: str) -> Key:
    if algorithm == ED25519:
        fresh = Ed25519PrivateKey.generate()
        return Key(ED25519, fresh.public_key().public_bytes_raw(), fresh.private_bytes_raw())
    if algorithm == SM2:
        secret, public = gm().SM2().generate_keypair()
        return Key(SM2, public, secret)
    raise Invalid("algorithm", algorithm, "、".join(ALGORITHMS), label="签名算法")


def own(folder: Path, algorithm: str) -> Key:
    """This platform's key, made at the first use and readable by its owner alone."""
    file = folder / f"{algorithm}.key"
    if not file.exists():
        fresh = make(algorithm)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(f"{b64encode(fresh.public).decode()} {b64encode(fresh.secret).decode()}")
    public, secret = file.read_text(encoding="ascii").split()
    return Key(algorithm, b64decode(public), b64decode(secret))


def read_line(line: str) -> Key:
    """A peer's public key as it was handed over. Raises `Invalid`."""
    algorithm, _, text = line.strip().partition(" ")
    try:
        public = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        public = b""
    if algorithm not in ALGORITHMS or len(public) != {ED25519: 32, SM2: 65}.get(algorithm):
        raise Invalid("public_keys", line[:60], "每行一个：算法 公钥（Base64），如 ed25519-sha256 …", label="公钥")
    return Key(algorithm, public)


def digest(algorithm: str, message: bytes) -> bytes:
    return hashlib.new("sm3" if algorithm == SM2 else "sha256", message).digest()


def sign(key: Key, message: bytes) -> bytes:
    if key.algorithm == SM2:
        r, s = gm().SM2(key.secret, SM2_IDENTITY, key.public).sign(message)
        return bytes(r + s)
    return Ed25519PrivateKey.from_private_bytes(key.secret).sign(message)


def proves(key: Key, message: bytes, signature: bytes) -> bool:
    """Whether this key signed these bytes."""
    if key.algorithm == SM2:
        if len(signature) != 64:
            return False
        return bool(gm().SM2(uid=SM2_IDENTITY, pk=key.public).verify(message, signature[:32], signature[32:]))
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def seal(key: Key, said: Mapping[str, Any]) -> dict[str, Any]:
    """`said` with who signed it and how."""
    message = canonical(said)
    return {
        "said": dict(said),
        "algorithm": key.algorithm,
        "key": key.fingerprint,
        "digest": digest(key.algorithm, message).hex(),
        "signature": b64encode(sign(key, message)).decode(),
    }


def opened(sealed: object, keys: list[Key]) -> dict[str, Any]:
    """What was said, when one of these keys signed it. Raises `Refused` (not final: it proves nothing about the sender)."""
    if not isinstance(sealed, dict) or not isinstance(sealed.get("said"), dict):
        raise Refused("不是签名报文", final=False)
    key = next((one for one in keys if one.fingerprint == sealed.get("key")), None)
    if key is None or key.algorithm != sealed.get("algorithm"):
        raise Refused(f"签名公钥 {str(sealed.get('key'))[:16]} 未登记", final=False)
    try:
        message = canonical(sealed["said"])
        signature = b64decode(str(sealed.get("signature")), validate=True)
    except (ValueError, TypeError):
        raise Refused("签名不是 Base64，或内容无法规范化", final=False) from None
    if digest(key.algorithm, message).hex() != sealed.get("digest") or not proves(key, message, signature):
        raise Refused("签名与内容不符", final=False)
    return dict(sealed["said"])
