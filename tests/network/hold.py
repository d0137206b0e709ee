"""Holds the group's port at one address, with a socket that does not share it.

usage: hold.py ADDRESS
"""

import signal
import socket
import sys

address = sys.argv[1]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as held:
    held.bind((address, 49001))
    print("holding", flush=True)
    signal.pause()
