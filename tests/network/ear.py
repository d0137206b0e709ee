"""Prints each message to the group that is heard: `v4 KIND NAME COUNT`, or v6. It counts the same ones.

usage: ear.py ADDRESS (IPv4, of the interface eth0)
"""

import collections
import contextlib
import select
import socket
import struct
import sys

from second import GROUP, PORT, Malformed, decode

GROUP_V6 = "ff12::ef02:304"
KINDS = {1: "announce", 2: "query", 3: "goodbye"}


def open_socket(family: int, group: str, option: tuple[int, int], membership: bytes) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((group, PORT))
    sock.setsockopt(*option, membership)
    return sock


def main() -> None:
    v4 = socket.inet_aton(GROUP) + socket.inet_aton(sys.argv[1])
    v6 = socket.inet_pton(socket.AF_INET6, GROUP_V6) + struct.pack("I", socket.if_nametoindex("eth0"))
    sockets = {
        open_socket(socket.AF_INET, GROUP, (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP), v4): "v4",
        open_socket(socket.AF_INET6, "::", (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP), v6): "v6",
    }
    counts: collections.Counter[str] = collections.Counter()
    print("listening", flush=True)
    while True:
        for sock in select.select(list(sockets), [], [])[0]:
            # The legacy beacon is no message.
            with contextlib.suppress(Malformed):
                message = decode(sock.recv(2048))
                what = f"{sockets[sock]} {KINDS[message.kind]} {message.name}"
                counts[what] += 1
                print(what, counts[what], flush=True)


main()
