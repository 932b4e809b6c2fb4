"""JSON Patch (RFC 6902) on an entity as it is shown: what of it changes goes the same way as a plain PATCH. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from anlan.kernel.errors import Conflict, Invalid

#: Operation -> the members it needs beside `path` (RFC 6902 section 4).
NEEDS = {"add": "value", "replace": "value", "test": "value", "remove": "", "move": "from", "copy": "from"}
MOST_STEPS = 1000


def changes(shown: Mapping[str, Any], steps: list[Any]) -> dict[str, Any]:
    """What a plain PATCH would name; of `properties` only those that differ, None for one that was removed. All steps hold,
    or none does."""
    after = patched(shown, steps)
    found = {name: value for name, value in after.items() if value != shown.get(name, value) or name not in shown}
    gone = set(shown) - set(after)
    if gone:
        raise Invalid("path", "/" + sorted(gone)[0], "可去掉的只有 properties 中的项")
    if isinstance(found.get("properties"), dict):
        old, new = shown["properties"], found["properties"]
        found["properties"] = {name: new.get(name) for name in {*old, *new} if new.get(name) != old.get(name)}
    return found


def patched(shown: Mapping[str, Any], steps: list[Any]) -> dict[str, Any]:
    """The document after all steps. Raises Invalid by the step's number, Conflict when a `test` does not hold."""
    if len(steps) > MOST_STEPS:
        raise Invalid("body", len(steps), f"不超过 {MOST_STEPS} 步")
    document: dict[str, Any] = copy.deepcopy(dict(shown))
    for number, step in enumerate(steps):
        where = f"[{number}]"
        if not isinstance(step, dict) or step.get("op") not in NEEDS:
            raise Invalid(f"{where}.op", step.get("op") if isinstance(step, dict) else step, "、".join(NEEDS))
        needed = NEEDS[step["op"]]
        if needed and needed not in step:
            raise Invalid(f"{where}.{needed}", None, f"{step['op']} 须给出 {needed}")
        apply(document, step, where)
    return document


def apply(document: dict[str, Any], step: dict[str, Any], where: str) -> None:
    operation, path = step["op"], pointer(step.get("path"), f"{where}.path")
    if operation in ("move", "copy"):
        source = pointer(step["from"], f"{where}.from")
        if operation == "move" and path[: len(source)] == source and path != source:
            raise Invalid(f"{where}.path", step["path"], "不在 from 之内")
        value = copy.deepcopy(at(document, source, f"{where}.from"))
        if operation == "move":
            take(document, source, f"{where}.from")
        put(document, path, value, f"{where}.path")
    elif operation == "add":
        put(document, path, copy.deepcopy(step["value"]), f"{where}.path")
    else:
        there = at(document, path, f"{where}.path")
        if operation == "test":
            if there != step["value"] or isinstance(there, bool) != isinstance(step["value"], bool):
                raise Conflict(f"{step['path']} 现为 {there!r}，与 test 的值不同，未作任何修改")
        else:
            take(document, path, f"{where}.path")
            if operation == "replace":
                put(document, path, copy.deepcopy(step["value"]), f"{where}.path")


def pointer(text: object, field: str) -> list[str]:
    """RFC 6901; the whole document cannot be replaced here."""
    if not isinstance(text, str) or not text.startswith("/"):
        raise Invalid(field, text, "以 / 开头的路径，如 /properties/owner")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def at(document: Any, path: list[str], field: str) -> Any:
    found = document
    for part in path:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Invalid(field, "/" + "/".join(path), "已有的路径")
    return found


def put(document: Any, path: list[str], value: Any, field: str) -> None:
    holder, last = at(document, path[:-1], field), path[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list) and (last == "-" or (last.isdecimal() and int(last) <= len(holder))):
        holder.insert(len(holder) if last == "-" else int(last), value)
    else:
        raise Invalid(field, "/" + "/".join(path), "对象的成员，或列表中已有的位置及其后一位")


def take(document: Any, path: list[str], field: str) -> None:
    at(document, path, field)
    holder = at(document, path[:-1], field)
    del holder[path[-1] if isinstance(holder, dict) else int(path[-1])]
