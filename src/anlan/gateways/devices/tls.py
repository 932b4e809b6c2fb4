"""A second, encrypted door for protocols that have one: the server's certificate, and whether clients must show theirs."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Any

#: A client that does not finish its handshake holds nobody up, seconds.
HANDSHAKE_S = 10.0


def context(prefix: str, environment: Mapping[str, str] = os.environ) -> ssl.SSLContext | None:
    """`<prefix>_CERT` and `_KEY` (PEM) open the door, None without; `_CA` = only clients with a certificate of that authority."""
    certificate, key = environment.get(f"{prefix}_CERT", ""), environment.get(f"{prefix}_KEY", "")
    if not certificate and not key:
        return None
    try:
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.minimum_version = ssl.TLSVersion.TLSv1_2
        found.load_cert_chain(certificate, key)
        authority = environment.get(f"{prefix}_CA", "")
        if authority:
            found.load_verify_locations(authority)
            found.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise OSError(f"{prefix}_CERT、_KEY、_CA 须为可读的 PEM 证书、私钥、签发机构证书：{error}") from error
    return found


def name_of(certificate: Mapping[str, Any] | None) -> str:
    """The common name of a verified client certificate, as `getpeercert` gives it; "" without."""
    for part in (certificate or {}).get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return str(value)
    return ""
