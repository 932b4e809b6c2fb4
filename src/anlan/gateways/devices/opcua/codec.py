"""The head of an OPC UA connection-protocol message (IEC 62541-6, 7.1.2), for looking at captured bytes. Pure."""

from __future__ import annotations

import json
import struct
from typing import Any

from anlan.gateways.devices.contract import Decoded, FrameError

KINDS = {
    b"HEL": "建立连接", b"ACK": "接受连接", b"ERR": "错误", b"RHE": "反向连接", b"OPN": "打开安全通道", b"CLO": "关闭安全通道",
    b"MSG": "消息",
}  # fmt: skip
HEAD = struct.Struct("<3scI")
MAX_TEXT = 4096


def rows_of(data: bytes) -> list[dict[str, Any]]:
    """What a poll brought, as it is kept: a JSON list of `node, value, status, at`. Raises FrameError."""
    try:
        rows = json.loads(data)
        whole = all({"node", "value", "status", "at"} <= set(row) for row in rows)
    except (ValueError, TypeError) as error:
        raise FrameError(f"不是节点读数的记录：{error}") from error
    if not isinstance(rows, list) or not whole:
        raise FrameError("节点读数的记录应为含 node、value、status、at 的列表")
    return rows


def decode(data: bytes) -> Decoded:
    """One message, or what a poll brought. Raises FrameError when the bytes are none."""
    if data[:1] == b"[":
        return Decoded(True, None, True, True, {"nodes": rows_of(data)})
    if len(data) < HEAD.size:
        raise FrameError(f"消息头应有 {HEAD.size} 字节，实为 {len(data)} 字节")
    kind, chunk, size = HEAD.unpack_from(data)
    if kind not in KINDS or chunk not in b"CFA":
        raise FrameError(f"消息类型 {kind!r}{chunk!r} 不认识")
    whole = size == len(data)
    told: dict[str, Any] = {"type": kind.decode(), "type_name": KINDS[kind], "chunk": chunk.decode(), "size": size}
    problem = None if whole else f"长度字段 {size} 与实际 {len(data)} 字节不符"
    try:
        if kind in (b"HEL", b"ACK"):
            names = ("protocol", "receive_buffer", "send_buffer", "max_message", "max_chunks")
            told.update(zip(names, struct.unpack_from("<5I", data, 8), strict=True))
            if kind == b"HEL":
                told["endpoint"] = text(data, 28)
        elif kind == b"ERR":
            told["error"] = f"0x{struct.unpack_from('<I', data, 8)[0]:08X}"
            told["reason"] = text(data, 12)
        elif kind in (b"OPN", b"CLO", b"MSG"):
            told["channel"] = struct.unpack_from("<I", data, 8)[0]
            if kind == b"OPN":
                told["security_policy"] = text(data, 12)
    except struct.error:
        problem = problem or "消息被截断"
    return Decoded(problem is None, problem, True, whole, told)


def text(data: bytes, at: int) -> str:
    """A String: length (-1 = null) and UTF-8."""
    length = struct.unpack_from("<i", data, at)[0]
    return data[at + 4 : at + 4 + min(max(length, 0), MAX_TEXT)].decode(errors="replace")


def hello(endpoint: str) -> bytes:
    """HEL as a client sends it first."""
    body = struct.pack("<5I", 0, 65_536, 65_536, 0, 0) + struct.pack("<i", len(endpoint.encode())) + endpoint.encode()
    return HEAD.pack(b"HEL", b"F", HEAD.size + len(body)) + body
