"""The envelope."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

import pytest

from anlan.gateways.exchange.adapters.edxl_de import codec

SENT = datetime(2026, 11, 28, 1, 30, tzinfo=UTC)
RING = ((106.6, 39.4), (106.8, 39.4), (106.8, 39.6), (106.6, 39.4))


def envelope() -> codec.Distribution:
    targets = (codec.Target((RING,), ((106.7, 39.5, 2.5),), "CN", ("CN-NM",)),)
    content = codec.ContentObject("泄漏", "W-1", "液氯泄漏", "内部", (Element("x"), Element("y")))
    return codec.Distribution(
        "d-1",
        "wuda",
        SENT,
        "Actual",
        "Report",
        "内部",
        "zh-CN",
        (),
        ("a,b,c",),
        (("anlan-platform", "mca:150300"),),
        targets,
        (content,),
    )


def test_an_envelope_comes_out_as_it_went_in() -> None:
    again = codec.read(codec.write(envelope()))
    tags = [one.tag for one in again.contents[0].embedded]
    assert tags == ["x", "y"]
    bare = codec.ContentObject("泄漏", "W-1", "液氯泄漏", "内部", envelope().contents[0].embedded)
    assert (again.targets, again.addresses, again.references) == (envelope().targets, envelope().addresses, ("a,b,c",))
    assert (again.number, again.sent, again.status, again.kind) == ("d-1", SENT, "Actual", "Report")
    assert (again.contents[0].incident_id, again.contents[0].description) == (bare.incident_id, bare.description)


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("<de:distributionID>d-1</de:distributionID>", "", "缺少 distributionID"),
        (">Actual<", ">Real<", "distributionStatus 的值“Real”不在"),
        (">Report<", ">Gossip<", "distributionType"),
        ("39.6,106.8", "139.6,106.8", "不在地球上"),
        (" 39.4,106.6<", " 39.4,106.7<", "首尾相同"),
        ("106.7 2.5", "106.7", "没有半径"),
        ("DE:1.0", "DE:2.0", "应为 EDXLDistribution"),
        ("<de:EDXL", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><de:EDXL', "文档类型声明"),
    ],
)
def test_what_is_no_envelope_is_refused_by_name(was: str, becomes: str, words: str) -> None:
    text = codec.write(envelope()).decode().split("?>")[1].strip()
    assert was in text
    with pytest.raises(codec.EdxlError, match=words):
        codec.read(text.replace(was, becomes, 1).encode())
