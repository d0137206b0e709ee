"""Sends beacons of peers that there are not, as fast as it can: messages, lines, and garbage between them.

Prints `flooding`, and `flooded` at the end.

usage: flood.py ADDRESS COUNT (of the interface eth0)
"""

import os
import socket
import sys

from second import ANNOUNCE, GROUP, PORT, Message, encode


def main() -> None:
    address, count = sys.argv[1], int(sys.argv[2])
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flood.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    flood.connect((GROUP, PORT))
    print("flooding", flush=True)
    for number in range(count):
        announce = Message(ANNOUNCE, "", os.urandom(16), 1, f"flood-{number}", 60_000, value=bytes(100))
        flood.send(encode(announce))
        flood.send(f"multitastic:line-{number}".encode())
        flood.send(os.urandom(60))
    print("flooded", flush=True)


main()
