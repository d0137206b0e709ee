"""Asks each of some nodes by its own port, and prints who answered to that: `port of OWNER: NAMES`.

The owner of a port is who sent from it. When it has answered the first question, all are asked once more, by
another socket: the answers to the first that came before those to the second are all there are.

usage: ask.py ADDRESS NODE... (the address of our interface)
"""

from __future__ import annotations

import os
import socket
import sys

from second import ANNOUNCE, GROUP, MESSAGE_MAX, PORT, QUERY, Malformed, Message, Path, decode, encode


class Asker:
    """A socket with which questions are asked, as one instance."""

    def __init__(self, interface: str) -> None:
        self.id, self.sequence = os.urandom(16), 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        self.socket.bind((interface, 0))

    def ask(self, to: Path) -> None:
        self.sequence += 1
        query = Message(QUERY, "", self.id, self.sequence, "asker", 60_000)
        self.socket.sendto(encode(query, MESSAGE_MAX), to)

    def answers(self, count: int) -> list[tuple[str, Path]]:
        """Waits for that many answers, from different nodes; names and addresses in the order they came."""
        answers: list[tuple[str, Path]] = []
        while len({name for name, _ in answers}) < count:
            answers.extend(self.answer())
        return answers

    def rest(self) -> list[tuple[str, Path]]:
        """The answers that wait."""
        answers = []
        self.socket.setblocking(False)
        while True:
            try:
                answers.extend(self.answer())
            except BlockingIOError:
                return answers

    def answer(self) -> list[tuple[str, Path]]:
        """What one datagram is: an answer, or nothing. We are asked, too."""
        datagram, sender = self.socket.recvfrom(2048)
        try:
            message = decode(datagram)
        except Malformed:
            return []
        return [(message.name, sender)] if message.kind == ANNOUNCE else []


def main() -> None:
    interface, nodes = sys.argv[1], sys.argv[2:]
    everybody = Asker(interface)
    everybody.ask((GROUP, PORT))
    owners = dict(everybody.answers(len(nodes)))
    print("ports", len({sender[1] for sender in owners.values()}), flush=True)
    for owner, sender in sorted(owners.items()):
        first, second = Asker(interface), Asker(interface)
        first.ask(sender)
        answers = first.answers(1)
        for other in owners.values():
            second.ask(other)
        second.answers(len(nodes))
        answers += first.rest()
        print(f"port of {owner}:", *sorted(name for name, _ in answers), flush=True)


main()
