"""JSON Patch by the examples of RFC 6902 appendix A, and what only an entity refuses."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.gateways.devices.sensorthings.patching import changes, patched
from anlan.kernel.errors import AnlanError

#: Appendix, document, steps, result.
EXAMPLES: list[tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = [
    ("A.1", {"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ("A.2", {"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ("A.3", {"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ("A.4", {"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ("A.5", {"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        "A.6", {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        "A.7", {"foo": ["all", "grass", "cows", "eat"]}, [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    ("A.8", {"foo": ["a", 2, "c"]}, [{"op": "test", "path": "/foo/1", "value": 2}], {"foo": ["a", 2, "c"]}),
    ("A.14", {"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ("A.16", {"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "steps", "result"), [one[1:] for one in EXAMPLES], ids=[e[0] for e in EXAMPLES])
def test_examples_of_the_standard(document: dict[str, Any], steps: list[dict[str, Any]], result: object) -> None:
    assert patched(document, steps) == result


@pytest.mark.parametrize(
    "step",
    [
        {"op": "test", "path": "/baz", "value": "bar"},  # A.9
        {"op": "add", "path": "/qux/bat", "value": 1},  # A.12
        {"op": "test", "path": "/baz", "value": 10},  # A.15
        {"op": "spam", "path": "/baz"},
        {"op": "add", "path": "/baz"},
        {"op": "remove", "path": ""},
        {"op": "move", "from": "/in", "path": "/in/it"},
        {"op": "remove", "path": "/nothing"},
        {"op": "add", "path": "/list/9", "value": 1},
        "remove /baz",
    ],
)
def test_a_step_that_cannot_be_leaves_everything_as_it_was(step: Any) -> None:
    document = {"baz": "qux", "in": {"it": 1}, "list": [1]}
    with pytest.raises(AnlanError):
        patched(document, [{"op": "replace", "path": "/baz", "value": "new"}, step])
    assert document == {"baz": "qux", "in": {"it": 1}, "list": [1]}


def test_only_what_differs_is_changed() -> None:
    shown = {"name": "站", "properties": {"owner": "甲", "kind": "水文"}}
    steps = [{"op": "remove", "path": "/properties/owner"}, {"op": "replace", "path": "/name", "value": "站"}]
    assert changes(shown, steps) == {"properties": {"owner": None}}
    with pytest.raises(AnlanError):
        changes(shown, [{"op": "remove", "path": "/name"}])
