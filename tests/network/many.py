"""Listens at many ports, and says when each has heard something.

usage: many.py ADDRESS FIRST_PORT COUNT
"""

import selectors
import signal
import socket
import sys

address, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
listeners = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
with selectors.DefaultSelector() as selector:
    for port, listener in enumerate(listeners, first):
        listener.bind((address, port))
        selector.register(listener, selectors.EVENT_READ)
    print("listening", flush=True)
    while selector.get_map():
        for key, _ in selector.select():
            selector.unregister(key.fileobj)
    print("all have heard", flush=True)
    signal.pause()
