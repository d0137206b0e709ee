"""Asks one node by its own port, again and again; prints `knocked` each time, and `answered` when it was.

usage: knock.py ADDRESS PORT
"""

import itertools
import os
import socket
import sys

from second import MESSAGE_MAX, QUERY, Message, encode


def main() -> None:
    node = sys.argv[1], int(sys.argv[2])
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ours.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    ours.settimeout(0.1)
    instance = os.urandom(16)
    for sequence in itertools.count(1):
        ours.sendto(encode(Message(QUERY, "", instance, sequence, "stranger", 60_000), MESSAGE_MAX), node)
        print("knocked", flush=True)
        try:
            ours.recv(2048)
        except TimeoutError:
            continue
        print("answered", flush=True)
        return


main()
