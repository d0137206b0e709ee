#!/usr/bin/env python3
"""Elects a leader: of all instances of this program that are alive, the one with the smallest id.

With the package installed: python3 leader.py --name anna; and elsewhere: python3 leader.py --name otto

Each prints the leader whenever it changes. Two instances may disagree while a message is under way, so this
is no lock: work that two leaders must never do at once needs a store with consensus."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import NoReturn

import peers


def leader(node: peers.Node) -> peers.Peer:
    """The instance with the smallest id, this one included. A legacy node has no id, and does not know of
    it."""
    candidates = [node.me, *(peer for peer in node.list() if peer.id)]
    return min(candidates, key=lambda peer: peer.id or b"")


def follow(node: peers.Node) -> NoReturn:
    """Prints the leader whenever it changes."""
    leading, version = None, 0
    while True:
        version = node.wait(version)
        chosen = leader(node)
        if chosen.id != leading:
            print(chosen.name, "leads", flush=True)
        leading = chosen.id


def main() -> int:
    """Reads the options, and runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Elect a leader.")
    parser.add_argument("--name", help="the name to announce; the host name if it is left out")
    parser.add_argument("--interfaces", help="the network interfaces to use")
    parser.add_argument("--port", type=int, help="the UDP port of the beacons")
    # SIGTERM ends the loop as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # Programs outside of the cluster are no candidates.
        with peers.start(cluster="leader", **vars(parser.parse_args())) as node:
            follow(node)
    except KeyboardInterrupt:
        return 0
    except peers.PeersError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
