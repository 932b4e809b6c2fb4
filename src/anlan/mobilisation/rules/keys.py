"""A signing key in a file, made at the first use."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


@cache
def kept_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """P-256, PEM, readable by its owner alone."""
    if not file.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.parent.mkdir(parents=True, exist_ok=True)
        # Its owner's alone from the beginning; whoever else makes one at the same moment, thread or process, takes the first.
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.stem) as draft:
            draft.write(pem)
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, file)
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{file}: 不是椭圆曲线（P-256）私钥")
    return key
