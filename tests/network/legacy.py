"""A legacy node, written from its description: it sends and reads legacy beacons alone.

One UDP socket on 0.0.0.0:49001 that shares its port with nobody; member of 239.2.3.4 on the system's choice
of interface; TTL 1, loop on. The beacon is `multitastic:<hostname>`, at start and every 15 s. The name of
whoever is heard, unless it is our own, is registered with the sender's address, and is gone 35 s after it was
last heard.

usage: legacy.py HOSTNAME
"""

import select
import socket
import struct
import sys
import time

GROUP, PORT = "239.2.3.4", 49001
PREFIX = b"multitastic:"
INTERVAL, EXPIRY = 15.0, 35.0


def open_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    sock.bind(("0.0.0.0", PORT))
    membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0"))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return sock


def main() -> None:
    hostname = sys.argv[1]
    sock = open_socket()
    registry: dict[str, tuple[str, float]] = {}
    next_beacon = time.monotonic()
    while True:
        now = time.monotonic()
        if now >= next_beacon:
            sock.sendto(PREFIX + hostname.encode(), (GROUP, PORT))
            next_beacon = now + INTERVAL
        for name in [name for name, (_, heard) in registry.items() if now - heard >= EXPIRY]:
            del registry[name]
            print("left", name, "(expired)", flush=True)
        if not select.select([sock], [], [], 0.1)[0]:
            continue
        line, (address, _) = sock.recvfrom(2048)
        if not line.startswith(PREFIX):
            continue
        name = line[len(PREFIX) :].decode()
        if name != hostname:
            if name not in registry:
                print("joined", name, address, flush=True)
            registry[name] = (address, time.monotonic())


main()
