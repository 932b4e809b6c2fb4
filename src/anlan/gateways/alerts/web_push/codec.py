"""Web Push as bytes: encryption of one message (RFC 8291, RFC 8188 aes128gcm) and the sender's word (VAPID, RFC 8292). Pure."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: One record, and in it: text, the mark of the last record (1 byte), the tag of AES-GCM (16 bytes).
RECORD, MOST = 4096, 3993


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def keys(shared: bytes, auth: bytes, receiver: bytes, sender: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """(content key, nonce): RFC 8291 section 3.4."""
    secret = derived(shared, auth, b"WebPush: info\0" + receiver + sender, 32)
    return (
        derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16),
        derived(secret, salt, b"Content-Encoding: nonce\0", 12),
    )


def encrypted(text: bytes, p256dh: bytes, auth: bytes, key: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """The body of one push. p256dh, auth: the receiver's; key: of this message alone; salt: 16 bytes. Raises ValueError for
    a text that is too long and for a point that lies not on the curve."""
    if len(text) > MOST:
        raise ValueError(f"推送内容 {len(text)} 字节，至多 {MOST} 字节")
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh))
    sender = point(key.public_key())
    content, nonce = keys(shared, auth, p256dh, sender, salt)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(sender)]) + sender
    return head + AESGCM(content).encrypt(nonce, text + b"\x02", None)


def decrypted(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What the browser reads; for the fake push service."""
    salt, length = body[:16], body[20]
    sender = body[21 : 21 + length]
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    content, nonce = keys(shared, auth, point(key.public_key()), sender, salt)
    return AESGCM(content).decrypt(nonce, body[21 + length :], None).rstrip(b"\0")[:-1]


def vapid(key: ec.EllipticCurvePrivateKey, audience: str, subject: str, expires: int) -> str:
    """The value of Authorization: who sends, for this push service alone, until `expires` (seconds since 1970)."""
    claims = {"aud": audience, "exp": expires, "sub": subject}
    parts = [b64(json.dumps(part, separators=(",", ":")).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims)]
    signed = ".".join(parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={b64(point(key.public_key()))}"
