"""Web push: the published vectors, and a push service that decrypts."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from anlan.gateways.alerts.contract import Message
from anlan.gateways.alerts.web_push import codec, sender

#: RFC 8291 section 5 and appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
AUTH = codec.unb64("BTBZMqHH6r4Tts7J_aSIgg")
RECEIVER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
RECEIVER_KEY, SENDER_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = codec.unb64("DGv6ra1nlYgDCS1FRnbzlw")
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl9"
    "5bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(codec.unb64(text), "big"), ec.SECP256R1())


def test_the_published_message_comes_out_to_the_last_byte() -> None:
    body = codec.encrypted(TEXT, codec.unb64(RECEIVER), AUTH, private(SENDER_KEY), SALT)
    assert codec.b64(body) == BODY
    assert codec.decrypted(body, private(RECEIVER_KEY), AUTH) == TEXT


def test_the_senders_word_holds_against_its_key_and_only_for_that_service() -> None:
    key = private(SENDER_KEY)
    scheme, token, public = codec.vapid(key, "https://push.example", "mailto:a@b.example", 1_800_000_000).split()
    head, claims, signature = token.removeprefix("t=").rstrip(",").split(".")
    raw = codec.unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), codec.unb64(public.removeprefix("k=")))
    known.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert (scheme, json.loads(codec.unb64(claims))["aud"]) == ("vapid", "https://push.example")


def test_long_texts_are_shortened_and_points_off_the_curve_refused() -> None:
    message = Message("1:2", "", "push:x", "氯气泄漏。" * 900, "预警发布", "", "")
    assert len(sender.content(message)) <= codec.MOST
    with pytest.raises(ValueError, match="字节"):
        codec.encrypted(b"x" * 4000, codec.unb64(RECEIVER), AUTH, private(SENDER_KEY), SALT)
    with pytest.raises(ValueError, match="Invalid EC key"):
        codec.encrypted(b"x", b"\x04" + b"\x01" * 64, AUTH, private(SENDER_KEY), SALT)
