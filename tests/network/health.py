"""Runs a node and prints its health whenever that changes, and `reopened` whenever its sockets were.

usage: health.py INTERVAL EXPIRY (in seconds)
"""

import contextlib
import sys

import peers

interval, expiry = float(sys.argv[1]), float(sys.argv[2])
with peers.start(name="patient", interval=interval, expiry=expiry) as node:
    last, reopened = "", 0
    while True:
        health = node.health()
        now = f"{health.state.name} {health.reason.name} {health.detail}".lower()
        if now != last:
            print(last := now, flush=True)
        if health.reopened > reopened:
            print("reopened", flush=True)
            reopened = health.reopened
        with contextlib.suppress(peers.TimedOutError):
            node.next_event(0.02)
