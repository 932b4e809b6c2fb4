"""A district's platform as the city's sees it: its key is here, so a test can speak as it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from anlan.gateways.exchange import intake, sealing
from anlan.gateways.exchange.models import Peer
from anlan.gateways.exchange.parcel import Parcel
from anlan.kernel import clock
from tests.conftest import City
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


@dataclass
class Far:
    """The other side: writes parcels and signs them."""

    peer: Peer
    key: sealing.Key
    own: str
    seq: int = field(default=0)

    def parcel(self, **changes: Any) -> Parcel:
        self.seq += 1
        now = clock.real_now()
        plain = Parcel(
            sender=self.peer.code, receiver=self.own, seq=self.seq, kind="incident", key=f"incident:W-{self.seq}",
            revision=1, area="mca:150304", data_class=2, sent_at=now.isoformat(), payload=incident(self.seq, now),
        )  # fmt: skip
        return replace(plain, **changes)

    def seal(self, parcel: Parcel) -> dict[str, Any]:
        return sealing.seal(self.key, parcel.as_json())

    def send(self, *parcels: Parcel) -> dict[str, Any]:
        """What our platform answers, opened: {up_to, halted, verdicts}."""
        answer = intake.take(fresh(self.peer), [self.seal(one) for one in parcels], "10.0.0.2")
        return dict(answer["said"])  # type: ignore[call-overload]


def fresh(peer: Peer) -> Peer:
    return Peer.everything.get(pk=peer.pk)


def incident(number: int, at: datetime) -> dict[str, Any]:
    return {
        "number": f"W-{number}", "title": f"第{number}起泄漏", "event_code": "12D02", "lon": 106.70 + number / 20,
        "lat": 39.50, "at": at.isoformat(), "status": "已登记",
    }  # fmt: skip


@pytest.fixture
def far(city: City, settings: Any, tmp_path: Any) -> Far:
    settings.VAR = tmp_path
    key = sealing.make(sealing.ED25519)
    peer = Peer.everything.create(
        code="wuda", name="乌达区应急指挥平台", relation="lower", area=city.west, public_keys=key.line, top_class=3
    )
    return Far(peer, key, "mca:150300")
