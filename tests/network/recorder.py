"""Records all UDP of IPv4 that crosses the link, and sends it again.

Prints `spoke ADDRESS PORT` of each sender that is new, and `readable TEXT` whenever one of the texts is seen.
SIGUSR1 has it send all again from its own address, SIGUSR2 frame by frame as it was, with the addresses of
who sent it.

usage: recorder.py TEXT...
"""

from __future__ import annotations

import signal
import socket
import struct
import sys

ETH_P_ALL = 3
IPV4, UDP = 0x0800, 17
ETHERNET, UDP_HEAD = 14, 8


class Frame:
    """An Ethernet frame with a whole datagram."""

    def __init__(self, data: bytes) -> None:
        self.udp = ETHERNET + (data[ETHERNET] & 15) * 4
        # The card of the sender was to work out the checksum, and this one does not. 0 is for none.
        self.data = data[: self.udp + 6] + bytes(2) + data[self.udp + UDP_HEAD :]

    @property
    def sender(self) -> tuple[str, int]:
        (port,) = struct.unpack_from("!H", self.data, self.udp)
        return socket.inet_ntoa(self.data[ETHERNET + 12 : ETHERNET + 16]), port

    @property
    def receiver(self) -> tuple[str, int]:
        (port,) = struct.unpack_from("!H", self.data, self.udp + 2)
        return socket.inet_ntoa(self.data[ETHERNET + 16 : ETHERNET + 20]), port

    @property
    def payload(self) -> bytes:
        (length,) = struct.unpack_from("!H", self.data, self.udp + 4)
        return self.data[self.udp + UDP_HEAD : self.udp + length]


def is_udp(data: bytes) -> bool:
    (kind,) = struct.unpack_from("!H", data, 12)
    return kind == IPV4 and data[ETHERNET + 9] == UDP


def main() -> None:
    texts, frames = [text.encode() for text in sys.argv[1:]], list[Frame]()
    senders = set[tuple[str, int]]()
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind(("eth0", ETH_P_ALL))

    def send_as_ourselves(*_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
            for frame in list(frames):
                ours.sendto(frame.payload, frame.receiver)
        print("sent", len(frames), flush=True)

    def send_as_they_did(*_: object) -> None:
        for frame in list(frames):
            link.send(frame.data)
        print("sent", len(frames), flush=True)

    signal.signal(signal.SIGUSR1, send_as_ourselves)
    signal.signal(signal.SIGUSR2, send_as_they_did)
    print("listening", flush=True)
    while True:
        data, address = link.recvfrom(2048)
        if address[2] == socket.PACKET_OUTGOING or not is_udp(data):
            continue
        frame = Frame(data)
        frames.append(frame)
        for text in texts:
            if text in data:
                print("readable", text.decode(), flush=True)
        if frame.sender not in senders:
            senders.add(frame.sender)
            print("spoke", *frame.sender, flush=True)


main()
