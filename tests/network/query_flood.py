"""Sends queries to the group from addresses and ports where no host is, 1,000 a second for some seconds.

Prints `flooding`, and `flooded` at the end.

usage: query_flood.py PREFIX SECONDS (three numbers of the address: 192.0.2)
"""

import os
import socket
import sys
import time

from second import GROUP, PORT, QUERY, Message, encode
from spoof import packet

RATE = 1000
HOSTS = range(100, 250)

# Longer than the announce that answers.
LENGTH = 200


def main() -> None:
    prefix, seconds = sys.argv[1], int(sys.argv[2])
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    print("flooding", flush=True)
    start = time.monotonic()
    for number in range(RATE * seconds):
        source, port = f"{prefix}.{HOSTS[number % len(HOSTS)]}", 1024 + number
        query = encode(Message(QUERY, "", os.urandom(16), 1, f"flood-{number}", 60_000), LENGTH)
        raw.sendto(packet(source, port, (GROUP, PORT), query), (GROUP, PORT))
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
    print("flooded", flush=True)


main()
