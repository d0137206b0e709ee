#!/usr/bin/env python3
"""Lists what etcd has below a prefix, beside the peers that are heard, and prints who comes and goes.

With the package installed: python3 from_etcd.py --prefix services/

`follow` is what to take into a program of your own: with it the node's list has both, and everything that
reads the list or the events works on. A key without the prefix becomes a name, and its value the value. An
entry that is registered has no address: what is to be reached says in its value where. It asks the JSON
gateway that etcd has under /v3 since version 3.4.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import peers


def follow(node: peers.Node, etcd: str, prefix: str, ttl: float) -> None:
    """Keeps registering what etcd has, until the node is closed.

    Nothing takes an entry out: that of a key that was deleted expires, at most `ttl` seconds later. What etcd
    had last stays listed while etcd does not answer.
    """
    # Three times in a ttl all is read and registered again, so nothing that was missed is missed for long.
    round_seconds = ttl / 3
    entries: dict[str, bytes] = {}
    while not node.closed:
        ends = time.monotonic() + round_seconds
        try:
            revision, entries = read(etcd, prefix, round_seconds)
            register(node, entries, ttl)
            for name, value in changes(etcd, prefix, revision + 1, round_seconds):
                if value is None:
                    entries.pop(name, None)
                else:
                    entries[name] = value
                    register(node, {name: value}, ttl)
                if time.monotonic() >= ends:
                    break
        except (OSError, ValueError) as error:
            print(f"etcd does not answer: {error}", file=sys.stderr, flush=True)
            register(node, entries, ttl)
        time.sleep(max(0, ends - time.monotonic()))


def register(node: peers.Node, entries: dict[str, bytes], ttl: float) -> None:
    """Registers each. One that the node does not take is told, and the others are not kept from it."""
    for name, value in entries.items():
        try:
            node.register(name, value, ttl)
        except (peers.HandleError, peers.StoppedError):
            return  # The node is closed.
        except peers.PeersError as error:
            print(f"{name!r} cannot be listed: {error}", file=sys.stderr, flush=True)


def read(etcd: str, prefix: str, seconds: float) -> tuple[int, dict[str, bytes]]:
    """All that is below the prefix, and the revision of etcd's that has it."""
    with ask(etcd, "kv/range", below(prefix), seconds) as answer:
        found = json.load(answer)
    entries = dict(entry(pair, prefix) for pair in found.get("kvs", ()))
    return int(found["header"]["revision"]), entries


def changes(etcd: str, prefix: str, revision: int, seconds: float) -> Iterator[tuple[str, bytes | None]]:
    """What is put (with its value) and deleted (with None), from a revision on. Ends when nothing was for so
    many seconds."""
    request = {"create_request": {**below(prefix), "start_revision": revision}}
    with contextlib.suppress(socket.timeout), ask(etcd, "watch", request, seconds) as answer:
        for line in answer:
            for event in json.loads(line).get("result", {}).get("events", ()):
                name, value = entry(event["kv"], prefix)
                yield name, None if event.get("type") == "DELETE" else value


def ask(etcd: str, call: str, request: dict[str, Any], seconds: float) -> Any:
    """A call of etcd's JSON gateway. Waits at most so many seconds, here and for every line of the answer."""
    content = json.dumps(request).encode()
    return urllib.request.urlopen(f"{etcd}/v3/{call}", content, timeout=seconds)


def below(prefix: str) -> dict[str, str]:
    """The range of the keys that begin with a prefix: from itself to the next text that does not."""
    first = prefix.encode()
    beyond = first[:-1] + bytes([first[-1] + 1])
    return {"key": base64.b64encode(first).decode(), "range_end": base64.b64encode(beyond).decode()}


def entry(pair: dict[str, str], prefix: str) -> tuple[str, bytes]:
    """The name and the value of one of etcd's pairs."""
    key = base64.b64decode(pair["key"]).decode(errors="replace")
    return key[len(prefix) :], base64.b64decode(pair.get("value", ""))


def main() -> int:
    """Prints events until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="List what etcd has, beside the peers that are heard.")
    parser.add_argument("--etcd", default="http://127.0.0.1:2379", help="default: %(default)s")
    parser.add_argument("--prefix", required=True, help="what the keys begin with: services/")
    parser.add_argument("--ttl", type=float, default=15, help="seconds until what was deleted is gone")
    parser.add_argument("--name", help="the name to announce (default: the host name)")
    parser.add_argument("--interfaces", help="comma-separated names; * stands for any characters")
    parser.add_argument("--port", type=int, help="the UDP port of the group")
    given = parser.parse_args()
    # SIGTERM ends the loop as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with peers.start(given.name, interfaces=given.interfaces, port=given.port) as node:
        source = (node, given.etcd, given.prefix, given.ttl)
        threading.Thread(target=follow, args=source, daemon=True).start()
        try:
            for event in node.events():
                if event.peer is not None:
                    value = event.peer.value.decode(errors="replace")
                    print(event.kind.name.lower(), event.peer.name, value, flush=True)
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
