"""A real HTTP SMS gateway for tests: it keeps what it took, and can be told to misbehave."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SmsGateway:
    """`faults`: what to do with the next requests, in order: an HTTP status, "hang up" (after taking the message)."""

    def __init__(self, keeps_keys: bool = False) -> None:
        self.taken: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[int | str] = []
        self.answer: dict[str, Any] = {"code": 0, "data": {"msgid": "M-1"}}
        self.keeps_keys = keeps_keys
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                outer.headers.append(dict(self.headers))
                fault = outer.faults.pop(0) if outer.faults else None
                if isinstance(fault, int):
                    self.reply(fault, {"message": "busy"})
                    return
                if not (outer.keeps_keys and any(body["id"] == old["id"] for old in outer.taken)):
                    outer.taken.append(body)
                if fault == "hang up":
                    self.close_connection = True
                    self.connection.close()
                    return
                self.reply(200, outer.answer)

            def reply(self, status: int, content: dict[str, Any]) -> None:
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

            def finish(self) -> None:
                try:
                    super().finish()
                except (OSError, ValueError):
                    return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/send"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
