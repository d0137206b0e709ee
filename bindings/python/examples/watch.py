#!/usr/bin/env python3
"""Announces itself, and prints the other peers as they come and go, until Ctrl-C or SIGTERM.

From a checkout: cargo build && PYTHONPATH=bindings/python python3 bindings/python/examples/watch.py
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Iterator
from typing import Any

import peers


def options() -> dict[str, Any]:
    """What the command line says. What it does not say is None, and so the library's default."""
    parser = argparse.ArgumentParser(description="Announce this program, and print the others.")
    parser.add_argument("--name", help="the name to announce (default: the host name)")
    parser.add_argument("--cluster", help="list only the nodes of this cluster")
    parser.add_argument("--value", help="a text to announce with the name")
    parser.add_argument("--interval", type=float, help="seconds between two announcements")
    parser.add_argument("--expiry", type=float, help="seconds after which a silent peer is gone")
    parser.add_argument("--port", type=int, help="the UDP port of the group")
    parser.add_argument("--group", dest="group_v4", help="the IPv4 multicast group")
    parser.add_argument("--interfaces", help="comma-separated names; * stands for any characters")
    parser.add_argument(
        "--seeds", help="comma-separated HOST:PORT, where to find peers that multicast does not reach"
    )
    parser.add_argument("--unicast-port", type=int, help="the UDP port at which it is reached, for seeds")
    parser.add_argument(
        "--key-file", help="a file with the cluster's key: 32 bytes, for its owner's eyes only"
    )
    parser.add_argument("--verbose", action="store_true", help="print the node's log to the standard error")
    given = vars(parser.parse_args())
    key_file, verbose = given.pop("key_file"), given.pop("verbose")
    if key_file is not None:
        given["keys"] = [peers.read_key_file(key_file)]
    if verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s")
        given["logger"] = logging.getLogger("peers")
    return given


def lines(node: peers.Node, event: peers.Event) -> Iterator[str]:
    """What there is to print about an event."""
    peer = event.peer
    if event.kind == peers.EventKind.RESYNC:
        yield "resync"
        yield from (f"listed {listed.name} {listed.address}" for listed in node.list())
    elif peer is not None and event.kind == peers.EventKind.LEFT:
        yield f"left {peer.name} ({event.reason.name.lower()})"
    elif peer is not None:
        yield f"{event.kind.name.lower()} {peer.name} {peer.address}"


def main() -> int:
    """Runs until a signal ends it. The `with` block is left then, and the node says goodbye."""
    # SIGTERM ends the loop as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with peers.start(**options()) as node:
            for event in node.events():
                for line in lines(node, event):
                    print(line, flush=True)
    except KeyboardInterrupt:
        return 0
    except (peers.PeersError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
