#!/usr/bin/env python3
"""A client: waits for a worker, and sends it a line by TCP.

With the package installed: python3 worker.py --name anna; and then: python3 client.py hello

It needs no address: it waits until a peer is listed that announces the role "worker", and tries the addresses
of that peer, those first that are known to answer. It only looks, so no other instance lists it."""

from __future__ import annotations

import argparse
import socket
import sys

import peers

PATIENCE = 10.0


def is_worker(peer: peers.Peer) -> bool:
    """Whether a peer offers what this client needs."""
    return peer.txt.get("role") == "worker" and peer.port is not None


def connect(peer: peers.Peer) -> socket.socket:
    """A connection to the first address that takes one."""
    refusal: OSError = OSError(f"{peer.name} has no address")
    for address in peer.addresses:
        try:
            return socket.create_connection((address, peer.port), timeout=PATIENCE)
        except OSError as error:
            refusal = error
    raise refusal


def main() -> int:
    """Reads the options, and prints the answer."""
    parser = argparse.ArgumentParser(description="Find a worker, and ask it.")
    parser.add_argument("line", help="what to send")
    parser.add_argument("--interfaces", help="the network interfaces to use")
    parser.add_argument("--port", type=int, help="the UDP port of the beacons")
    options = parser.parse_args()
    try:
        with peers.start(observer=True, interfaces=options.interfaces, port=options.port) as node:
            worker = node.wait_for(is_worker, PATIENCE)
            with connect(worker) as connection, connection.makefile("rw") as stream:
                stream.write(options.line + "\n")
                stream.flush()
                print(worker.name, "answers", stream.readline().rstrip())
    except OSError as error:
        # TimedOutError is one, too.
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
