"""Sends datagrams in the name of another host, each from another port of it, and prints `sent BYTES`.

usage: spoof.py FROM TO TOPORT HEX...
"""

import socket
import struct
import sys

FIRST_PORT = 20_000


def packet(source: str, port: int, to: tuple[str, int], payload: bytes) -> bytes:
    """IPv4 and UDP. The system fills in lengths and the checksum of IPv4; of UDP, 0 is for none."""
    ip = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        0,
        0,
        0,
        255,
        socket.IPPROTO_UDP,
        0,
        socket.inet_aton(source),
        socket.inet_aton(to[0]),
    )
    return ip + struct.pack("!HHHH", port, to[1], 8 + len(payload), 0) + payload


def main() -> None:
    source, to, payloads = sys.argv[1], (sys.argv[2], int(sys.argv[3])), sys.argv[4:]
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sent = 0
    for number, text in enumerate(payloads):
        payload = bytes.fromhex(text)
        raw.sendto(packet(source, FIRST_PORT + number, to, payload), to)
        sent += len(payload)
    print("sent", sent, flush=True)


if __name__ == "__main__":
    main()
