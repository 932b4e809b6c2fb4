"""Fetching one JSON document again and again."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from anlan.gateways.devices.contract import FrameError, Reading
from anlan.gateways.devices.jsonmap.codec import check, decode, named

MAX_BYTES = 20 * 2**20


class JsonPoller:
    """Entry: url, mapping (a name, a file, or the mapping itself), headers."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.name, self.raw = str(entry.get("url", "")), b""
        if not self.name.startswith(("http://", "https://")):
            raise FrameError(f"json 设备的 url {self.name!r} 应以 http:// 或 https:// 开头")
        self.mapping = self.find(entry.get("mapping"))
        self.headers = entry.get("headers", {})
        self.client: httpx.AsyncClient | None = None

    def find(self, given: object) -> dict[str, Any]:
        if isinstance(given, str) and given.endswith(".json"):
            try:
                return check(json.loads(Path(given).read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                raise FrameError(f"映射文件 {given} 读不出：{error}") from error
        return named(given) if isinstance(given, str) else check(given)

    async def read(self, now: datetime) -> list[Reading]:
        """The document's readings; a document larger than MAX_BYTES is not read on."""
        if self.client is None:
            self.client = httpx.AsyncClient(headers=self.headers, timeout=8, follow_redirects=False)
        data = bytearray()
        async with self.client.stream("GET", self.name) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise FrameError(f"文档超过 {MAX_BYTES} 字节")
        self.raw = bytes(data)
        return self.again(self.raw, now)

    def again(self, raw: bytes, now: datetime) -> list[Reading]:
        return decode(raw, self.mapping, now)

    async def close(self) -> None:
        if self.client is not None:
            client, self.client = self.client, None
            await client.aclose()
