"""Counts the bytes of all datagrams that reach its card for its address. SIGUSR1 has it print `got BYTES`.

usage: bystander.py ADDRESS
"""

import signal
import socket
import struct
import sys

IPV4, ETHERNET, UDP_HEAD = 0x0800, 14, 8


def main() -> None:
    address, got = socket.inet_aton(sys.argv[1]), 0
    signal.signal(signal.SIGUSR1, lambda *_: print("got", got, flush=True))
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(IPV4))
    link.bind(("eth0", IPV4))
    print("listening", flush=True)
    while True:
        data = link.recv(2048)
        udp = ETHERNET + (data[ETHERNET] & 15) * 4
        if data[ETHERNET + 9] == socket.IPPROTO_UDP and data[ETHERNET + 16 : ETHERNET + 20] == address:
            got += struct.unpack_from("!H", data, udp + 4)[0] - UDP_HEAD


main()
