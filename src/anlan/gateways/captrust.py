"""Which alerts of others are believed: not sent in the future, and signed where we know the sender's key.

ANLAN_CAP_TRUST   folder of public keys or certificates, `<sender>.pem` (ANLAN_VAR/cap-trust)
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings

from anlan.monitoring.rules.cap import signature
from anlan.monitoring.rules.cap.model import Alert
from anlan.monitoring.rules.cap.reader import MAX_AHEAD_S


def folder() -> Path:
    return Path(os.environ.get("ANLAN_CAP_TRUST") or Path(settings.VAR) / "cap-trust")


def key_of(sender: str) -> signature.PublicKey | None:
    """The sender's key; None where we were given none."""
    file = folder() / f"{sender.replace('/', '_')}.pem"
    if not file.is_file():
        return None
    data = file.read_bytes()
    key = load_pem_x509_certificate(data).public_key() if b"CERTIFICATE" in data else load_pem_public_key(data)
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise signature.SignatureError(f"{file.name} 不是 ECDSA 或 RSA 公钥")
    return key


def refusal(alert: Alert, document: bytes | Element, now: datetime) -> str:
    """Why the alert is not taken in; "" when nothing stands against it."""
    if alert.sent is not None and alert.sent > now + timedelta(seconds=MAX_AHEAD_S):
        return f"sent：{alert.sent.isoformat()} 比现在晚 {MAX_AHEAD_S // 60} 分钟以上，时钟不准或伪造"
    try:
        key = key_of(alert.sender)
        if key is None:
            return ""
        if not alert.signed:
            return f"Signature：{alert.sender} 的预警须有签名"
        signature.verify(document if isinstance(document, bytes) else tostring(document, encoding="utf-8"), key)
    except (signature.SignatureError, ValueError, OSError) as error:
        return f"Signature：{error}"
    return ""
