"""Runs a node that is the seed of many. SIGUSR1 gives it a value of 1,000 bytes.

usage: hub.py PORT (of the node; it announces itself every hour)
"""

import signal
import sys

import peers

with peers.start(name="hub", mode="seeds", unicast_port=int(sys.argv[1]), interval=3600, expiry=7200) as node:
    signal.signal(signal.SIGUSR1, lambda *_: node.set_value(bytes(1000)))
    print("started", flush=True)
    while True:
        event = node.next_event()
        if event.kind == peers.EventKind.JOINED:
            print("joined", len(node.list()), flush=True)
