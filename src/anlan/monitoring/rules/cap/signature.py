"""Signatures of CAP alerts: XML Signature, enveloped (CAP 1.2 section 3.3.4.1; W3C xmldsig-core1). Pure: bytes and keys.

One narrow profile, so that nothing can be wrapped or swapped: one signature, the root's own child, over the whole document
(URI ""), exclusive canonicalisation, SHA-256, ECDSA (P-256) or RSA. SHA-1 is refused.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from anlan.monitoring.rules.cap.table import SIGNATURE as DS

C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
SHA = "http://www.w3.org/2001/04/xmlenc#sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#: Bytes of each half of a P-256 signature.
HALF = 32
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class SignatureError(ValueError):
    """There is no signature, it is not of our profile, or it does not fit; the message says which."""


def parsed(document: bytes) -> Any:
    """No entities, no DTD, no network: the reader has refused documents with any before, this is the second lock."""
    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def canonical(element: Any) -> bytes:
    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_comments=False))


def q(name: str) -> str:
    return f"{{{DS}}}{name}"


def sign(document: bytes, key: ec.EllipticCurvePrivateKey, key_name: str) -> bytes:
    """The document with its signature as the last element."""
    root = parsed(document)
    digest = base64.b64encode(hashlib.sha256(canonical(root)).digest()).decode()
    signature = etree.SubElement(root, q("Signature"), nsmap={None: DS})
    info = etree.SubElement(signature, q("SignedInfo"))
    etree.SubElement(info, q("CanonicalizationMethod"), Algorithm=C14N)
    etree.SubElement(info, q("SignatureMethod"), Algorithm=ECDSA)
    reference = etree.SubElement(info, q("Reference"), URI="")
    transforms = etree.SubElement(reference, q("Transforms"))
    for algorithm in (ENVELOPED, C14N):
        etree.SubElement(transforms, q("Transform"), Algorithm=algorithm)
    etree.SubElement(reference, q("DigestMethod"), Algorithm=SHA)
    etree.SubElement(reference, q("DigestValue")).text = digest
    r, s = decode_dss_signature(key.sign(canonical(info), ec.ECDSA(SHA256())))
    value = r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big")
    etree.SubElement(signature, q("SignatureValue")).text = base64.b64encode(value).decode()
    etree.SubElement(etree.SubElement(signature, q("KeyInfo")), q("KeyName")).text = key_name
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def verify(document: bytes, key: PublicKey) -> None:
    """Raises SignatureError unless the whole document is signed by the owner of `key`."""
    root = parsed(document)
    found = root.findall(f".//{q('Signature')}")
    if len(found) != 1 or found[0].getparent() is not root:
        raise SignatureError(f"应有且只有一个签名，在根元素下，实有 {len(found)} 个")
    signature, info = found[0], found[0].find(q("SignedInfo"))
    if info is None:
        raise SignatureError("签名没有 SignedInfo")
    check_profile(info)
    signed, value = canonical(info), text(signature, "SignatureValue")
    expected = text(info, f"{q('Reference')}/{q('DigestValue')}", qualified=True)
    tail = signature.tail
    root.remove(signature)
    if tail:  # what stood behind the signature was signed, too
        last = root[-1] if len(root) else None
        if last is not None:
            last.tail = (last.tail or "") + tail
        else:
            root.text = (root.text or "") + tail
    if hashlib.sha256(canonical(root)).digest() != decoded(expected):
        raise SignatureError("内容与签名的摘要不符，已被改动")
    fits(key, signed, decoded(value))


def check_profile(info: Any) -> None:
    def algorithm(path: str) -> str:
        element = info.find(path)
        return str(element.get("Algorithm", "")) if element is not None else ""

    references = info.findall(q("Reference"))
    if len(references) != 1 or references[0].get("URI") != "":
        raise SignatureError("签名应覆盖整个报文（URI 为空）")
    transforms = [str(t.get("Algorithm")) for t in references[0].iter(q("Transform"))]
    used = {algorithm(q("CanonicalizationMethod")), *transforms[1:]}
    if transforms[:1] != [ENVELOPED] or used != {C14N} or len(transforms) > 2:
        raise SignatureError("只接受 enveloped-signature 与 exc-c14n")
    if algorithm(q("SignatureMethod")) not in {ECDSA, RSA} or algorithm(f"{q('Reference')}/{q('DigestMethod')}") != SHA:
        raise SignatureError("只接受 ECDSA 或 RSA 与 SHA-256")


def text(element: Any, path: str, *, qualified: bool = False) -> str:
    return str(element.findtext(path if qualified else q(path)) or "")


def decoded(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except ValueError as error:
        raise SignatureError("签名不是 Base64") from error


def fits(key: PublicKey, signed: bytes, value: bytes) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), SHA256())
        else:
            r, s = int.from_bytes(value[:HALF], "big"), int.from_bytes(value[HALF:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise SignatureError("签名与发布单位的密钥不符") from error
