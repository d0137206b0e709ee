"""Runs a node. Prints its health at each change, "reopened" when it has reopened its sockets, and peers that
join. SIGUSR1 changes its value.

usage: health.py INTERVAL EXPIRY (in seconds)
"""

import contextlib
import signal
import sys

import peers

interval, expiry = float(sys.argv[1]), float(sys.argv[2])
with peers.start(name="patient", interval=interval, expiry=expiry) as node:
    signal.signal(signal.SIGUSR1, lambda *_: node.set_value("another"))
    last, reopened = "", 0
    while True:
        health = node.health()
        now = f"{health.state.name} {health.reason.name} {health.detail}".lower()
        if now != last:
            print(last := now, flush=True)
        if health.sockets_reopened > reopened:
            print("reopened", flush=True)
            reopened = health.sockets_reopened
        with contextlib.suppress(peers.TimedOutError):
            event = node.next_event(0.02)
            if event.kind == peers.EventKind.JOINED and event.peer is not None:
                print("joined", event.peer.name, event.peer.address, flush=True)
