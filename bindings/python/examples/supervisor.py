#!/usr/bin/env python3
"""A supervisor: runs a command, and starts it again whenever the peer that it announces has left.

With the package installed: python3 supervisor.py web peers announce --name web

What counts is that the program is seen on the network: one that hangs, and so announces nothing, is killed
and started again when it expires. A program that ends before it was ever listed is started again within a
second."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import NoReturn

import peers
from peers import EventKind


class Supervised:
    """A command that runs, and what is known of the peer that it announces."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, command
        self.start()

    def start(self) -> None:
        """Starts the command."""
        print("started", self.name, flush=True)
        self.process, self.is_listed = subprocess.Popen(self.command), False

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends the command, unless it has ended."""
        self.process.send_signal(number)
        self.process.wait()

    def note(self, event: peers.Event) -> None:
        """Starts the command again if its peer has left."""
        if event.kind == EventKind.LEFT and self.is_listed:
            print(f"{self.name} left ({event.reason.name.lower()})", flush=True)
            self.end(signal.SIGKILL)
            self.start()
        elif event.kind == EventKind.JOINED:
            print(self.name, "is alive", flush=True)
            self.is_listed = True

    def check(self) -> None:
        """Starts the command again if it ended before it was listed."""
        if self.process.poll() is not None and not self.is_listed:
            self.start()


def supervise(node: peers.Node, supervised: Supervised) -> NoReturn:
    """Follows the events of the node until KeyboardInterrupt."""
    while True:
        try:
            event = node.next_event(timeout=1)
        except peers.TimedOutError:
            supervised.check()
            continue
        if event.peer is not None and event.peer.name == supervised.name:
            supervised.note(event)


def main() -> int:
    """Reads the options, and runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Keep a program on the network.")
    parser.add_argument("--interfaces", help="the network interfaces to use")
    parser.add_argument("--port", type=int, help="the UDP port of the beacons")
    parser.add_argument("--cluster", help="the cluster of the program")
    parser.add_argument("name", help="the name that the program announces")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the program and its arguments")
    options = parser.parse_args()
    network = {"interfaces": options.interfaces, "port": options.port, "cluster": options.cluster}
    # SIGTERM ends the loop as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with peers.start(observer=True, **network) as node:
            supervised = Supervised(options.name, options.command)
            try:
                supervise(node, supervised)
            finally:
                supervised.end()
    except KeyboardInterrupt:
        return 0
    except (peers.PeersError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
