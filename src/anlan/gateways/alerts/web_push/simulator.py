"""A push service to test against: it takes what is encrypted for its browsers, and knows that some of them are gone."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric import ec

from anlan.gateways.alerts.web_push import codec


class PushService:
    """Endpoints are `/p/<name>`; the browser "gone" has cancelled (410). `read` is what the browsers decrypted."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}
        self.read: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body, name = self.rfile.read(int(self.headers["Content-Length"])), self.path.removeprefix("/p/")
                status = service.take(name, body, dict(self.headers))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def subscription(self, name: str) -> dict[str, object]:
        """What the browser of that name gives the page."""
        key, auth = self.keys.setdefault(name, (ec.generate_private_key(ec.SECP256R1()), os.urandom(16)))
        keys = {"p256dh": codec.b64(codec.point(key.public_key())), "auth": codec.b64(auth)}
        return {"endpoint": f"http://127.0.0.1:{self.port}/p/{name}", "keys": keys}

    def take(self, name: str, body: bytes, headers: dict[str, str]) -> int:
        if name == "gone" or name not in self.keys:
            return 410
        if "TTL" not in headers or not headers.get("Authorization", "").startswith("vapid "):
            return 400
        self.headers.append(headers)
        self.read.append(codec.decrypted(body, *self.keys[name]))
        return 201

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
