#!/usr/bin/env python3
"""A program for a container: finds its other copies, and tells of them by what it prints and by HTTP.

`/` lists the peers, one a line. `/healthz` is for a liveness probe: 200 while the node works, 503 when it has
failed and only a restart helps. Who sees no other one is not sick, so that is no failure.

All options come from the environment, as manifests give them. The key does not: it is a file.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import peers


def options() -> dict[str, Any]:
    """What `peers.start` is given."""
    found: dict[str, Any] = {
        "name": os.environ.get("PEERS_NAME"),
        "cluster": os.environ.get("PEERS_CLUSTER"),
        "mode": os.environ["PEERS_MODE"],
        "seeds": os.environ["PEERS_SEEDS"].split(","),
        "unicast_port": int(os.environ["PEERS_UNICAST_PORT"]),
        "service_port": http_port(),
    }
    if "PEERS_KEY_FILE" in os.environ:
        # Not by `peers.read_key_file`, which refuses a file that its group can read: a Secret's is one, for a
        # user that is not root. Nobody else is in that group here.
        found["keys"] = [Path(os.environ["PEERS_KEY_FILE"]).read_bytes()]
    return found


def http_port() -> int:
    """Where it serves."""
    return int(os.environ.get("HTTP_PORT", "8080"))


def handler(node: peers.Node) -> type[BaseHTTPRequestHandler]:
    """Answers for a node."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                health = node.health()
                self.answer(503 if health.state == peers.State.FAILED else 200, f"{health.state.name}\n")
            else:
                self.answer(200, "".join(f"{peer.name} {peer.address} {peer.port}\n" for peer in node.list()))

        def answer(self, status: int, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *values: object) -> None:
            """Probes come every few seconds; they are not worth a line."""

    return Handler


def main() -> int:
    """Runs until Ctrl-C or SIGTERM, and then says goodbye, so the others drop it at once."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with peers.start(**options()) as node, ThreadingHTTPServer(("", http_port()), handler(node)) as http:
            threading.Thread(target=http.serve_forever, daemon=True).start()
            for event in node.events():
                if event.peer is not None:
                    print(event.kind.name.lower(), event.peer.name, event.peer.address, flush=True)
    except KeyboardInterrupt:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
