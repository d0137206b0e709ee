"""A second implementation of the protocol, written from docs/PROTOCOL.md alone: minimal, by its section 9.

One interface, IPv4, no lines, no questions before expiry. It lists who is there and prints a line for each
change, for each answer that it gets, and for each that it gives to the group. SIGUSR1 changes its value;
SIGTERM ends it with a goodbye.

usage: second.py NAME ADDRESS (of the interface)
"""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import struct
import sys
import time
import unicodedata
from dataclasses import dataclass, field, replace

GROUP, PORT = "239.2.3.4", 49001
INTERVAL, EXPIRY = 15.0, 35.0
BURST = (0.0, 0.25, 1.0)
DATAGRAM_MAX, ANNOUNCE_MAX, NAME_MAX = 1200, 1150, 255
PEERS_MAX, ANSWERS_MAX, SMALL, GOODBYES = 1000, 100, 16, 3
SPREAD, ANSWER_GAP, GROUP_ANSWER_GAP, CHANGE_GAP = 0.0005, 0.05, 1.0, 0.1
DEPARTED_MIN = 5.0
LIFE_MIN, LIFE_MAX = 0.01, 86400.0

HEADER = b"PEER\x01"
ANNOUNCE, QUERY, GOODBYE = 1, 2, 3
CLUSTER_KEY, ID_KEY, SEQUENCE_KEY, NAME_KEY, EXPIRY_KEY, PORT_KEY, VALUE_KEY = range(7)
PADDING_KEY, ANSWER_TO_GROUP_KEY, CHALLENGE_KEY, RESPONSE_KEY = 7, 8, 9, 10
KNOWN_KEYS = {*range(PADDING_KEY), ANSWER_TO_GROUP_KEY, CHALLENGE_KEY, RESPONSE_KEY}
CHALLENGE_LEN = 16

# Python has no name for it: only what this socket joined, and not what others of the host did.
IP_MULTICAST_ALL = 49

# CBOR's major types, and its simple values.
UINT, BYTES, TEXT, ARRAY, MAP, TAG = 0, 2, 3, 4, 5, 6
FALSE, TRUE = 0xF4, 0xF5
BREAK, INDEFINITE, UNTIL_BREAK = 0xFF, 31, -1

Address = tuple[str, int]


class Malformed(Exception):
    """The datagram is not a message."""


@dataclass
class Message:
    kind: int
    id: bytes
    sequence: int
    name: str
    expiry: int
    cluster: str = ""
    port: int = 0
    value: bytes = b""
    answer_to_group: bool = False


def head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    info = next(info for info in range(4) if argument < 1 << (8 << info))
    return bytes([major << 5 | 24 + info]) + argument.to_bytes(1 << info, "big")


def encode(message: Message) -> bytes:
    name, cluster = message.name.encode(), message.cluster.encode()
    pairs = {
        CLUSTER_KEY: head(TEXT, len(cluster)) + cluster if cluster else b"",
        ID_KEY: head(BYTES, len(message.id)) + message.id,
        SEQUENCE_KEY: head(UINT, message.sequence),
        NAME_KEY: head(TEXT, len(name)) + name,
        EXPIRY_KEY: head(UINT, message.expiry),
        PORT_KEY: head(UINT, message.port) if message.port else b"",
        VALUE_KEY: head(BYTES, len(message.value)) + message.value if message.value else b"",
        ANSWER_TO_GROUP_KEY: bytes([TRUE]) if message.answer_to_group else b"",
    }
    items = [head(UINT, key) + value for key, value in pairs.items() if value]
    begin, bare = HEADER + bytes([message.kind]), b"".join(items)
    if message.kind != QUERY or len(begin) + 1 + len(bare) >= ANNOUNCE_MAX:
        return begin + head(MAP, len(items)) + bare
    padded = begin + head(MAP, len(items) + 1) + bare + head(UINT, PADDING_KEY)
    return padded + padding(ANNOUNCE_MAX - len(padded))


def padding(missing: int) -> bytes:
    """A byte string of so many bytes, its head included, which may be longer than it need be."""
    if missing <= 24:
        return head(BYTES, max(missing - 1, 0)) + bytes(max(missing - 1, 0))
    head_len = 2 if missing <= 257 else 3
    zeros = missing - head_len
    return bytes([BYTES << 5 | 22 + head_len]) + zeros.to_bytes(head_len - 1, "big") + bytes(zeros)


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("it ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self) -> tuple[int, int]:
        """The major type and argument of the next item; `UNTIL_BREAK` for an indefinite length."""
        major, info = divmod(self.take(1)[0], 32)
        if info < 24:
            return major, info
        if info == INDEFINITE and major in (BYTES, TEXT, ARRAY, MAP):
            return major, UNTIL_BREAK
        if info > 27:
            raise Malformed("no such head")
        return major, int.from_bytes(self.take(1 << (info - 24)), "big")

    def expect(self, major: int) -> int:
        found, argument = self.head()
        if found != major or argument == UNTIL_BREAK:
            raise Malformed("another type or an indefinite length")
        return argument

    def text(self) -> str:
        try:
            return self.take(self.expect(TEXT)).decode()
        except UnicodeDecodeError:
            raise Malformed("not UTF-8") from None

    def boolean(self) -> bool:
        item = self.take(1)[0]
        if item not in (FALSE, TRUE):
            raise Malformed("neither false nor true")
        return item == TRUE

    def skip(self) -> None:
        """Skips an item, however deeply it is nested: how many items are to come is kept for each level."""
        levels = [1]
        while levels:
            if levels[-1] == 0:
                levels.pop()
            elif levels[-1] == UNTIL_BREAK and self.data[self.at : self.at + 1] == bytes([BREAK]):
                self.take(1)
                levels.pop()
            else:
                levels[-1] -= levels[-1] != UNTIL_BREAK
                self.skip_head(levels)

    def skip_head(self, levels: list[int]) -> None:
        major, argument = self.head()
        if argument == UNTIL_BREAK or major == ARRAY:
            levels.append(argument)
        elif major in (BYTES, TEXT):
            self.take(argument)
        elif major == MAP:
            levels.append(2 * argument)
        elif major == TAG:
            levels.append(1)


def check_text(text: str) -> None:
    if len(text.encode()) > NAME_MAX or any(unicodedata.category(char) == "Cc" for char in text):
        raise Malformed("too long, or with a control character")


def decode(datagram: bytes) -> Message:
    if len(datagram) > DATAGRAM_MAX or not datagram.startswith(HEADER):
        raise Malformed("no message of this version")
    kind = datagram[len(HEADER) : len(HEADER) + 1]
    if not kind or kind[0] not in (ANNOUNCE, QUERY, GOODBYE):
        raise Malformed("no such kind")
    reader = Reader(datagram[len(HEADER) + 1 :])
    message, found = Message(kind[0], b"", 0, "", 0), set()
    for _ in range(reader.expect(MAP)):
        key = reader.expect(UINT)
        if key in found:
            raise Malformed("a key comes twice")
        if key in KNOWN_KEYS:
            found.add(key)
        decode_value(key, reader, message)
    if not found >= {ID_KEY, SEQUENCE_KEY, NAME_KEY, EXPIRY_KEY} or reader.at < len(reader.data):
        raise Malformed("a key is missing, or bytes are left")
    if len(message.id) != 16 or message.port > 0xFFFF or not message.name:
        raise Malformed("a value out of its range")
    check_text(message.name)
    check_text(message.cluster)
    return message


def decode_value(key: int, reader: Reader, message: Message) -> None:
    if key == CLUSTER_KEY:
        message.cluster = reader.text()
    elif key == ID_KEY:
        message.id = reader.take(reader.expect(BYTES))
    elif key == SEQUENCE_KEY:
        message.sequence = reader.expect(UINT)
    elif key == NAME_KEY:
        message.name = reader.text()
    elif key == EXPIRY_KEY:
        message.expiry = reader.expect(UINT)
    elif key == PORT_KEY:
        message.port = reader.expect(UINT)
    elif key == VALUE_KEY:
        message.value = reader.take(reader.expect(BYTES))
    elif key == ANSWER_TO_GROUP_KEY:
        message.answer_to_group = reader.boolean()
    elif key in (CHALLENGE_KEY, RESPONSE_KEY):
        # Of nodes with keys; they mean nothing here.
        if len(reader.take(reader.expect(BYTES))) != CHALLENGE_LEN:
            raise Malformed("a challenge or response of another length")
    else:
        reader.skip()


@dataclass
class Peer:
    news: Message
    address: Address
    deadline: float


@dataclass
class Node:
    name: str
    interface: str
    id: bytes = field(default_factory=lambda: os.urandom(16))
    sequence: int = 0
    value: bytes = b""
    peers: dict[bytes, Peer] = field(default_factory=dict)
    departed: dict[bytes, tuple[int, float]] = field(default_factory=dict)
    answers: dict[Address, float] = field(default_factory=dict)
    served: dict[Address, float] = field(default_factory=dict)
    group_answer: float | None = None
    last_group_answer: float = -GROUP_ANSWER_GAP
    last_query: float | None = None
    last_unicast: float = 0.0

    def __post_init__(self) -> None:
        membership = socket.inet_aton(GROUP) + socket.inet_aton(self.interface)
        self.group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.group.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.group.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        self.group.bind((GROUP, PORT))
        self.group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self.unicast = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.unicast.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.interface))
        self.unicast.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("B", 1))
        self.unicast.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        self.unicast.bind(("", 0))
        self.begin = time.monotonic()
        self.burst = list(BURST)
        self.next_announce = self.begin + INTERVAL
        self.next_change: float | None = None
        self.last_change = self.begin - CHANGE_GAP

    def about(self, kind: int) -> Message:
        return Message(kind, self.id, self.sequence, self.name, int(EXPIRY * 1000), value=self.value)

    def message(self, kind: int, answer_to_group: bool = False) -> bytes:
        self.sequence += 1
        return encode(replace(self.about(kind), answer_to_group=answer_to_group))

    def longest_answer(self) -> int:
        return len(encode(replace(self.about(ANNOUNCE), sequence=(1 << 64) - 1)))

    def speak(self, kind: int, now: float, answer_to_group: bool = False) -> None:
        """To the group: whoever waits for an answer, or for the changed value, has it by this."""
        self.unicast.sendto(self.message(kind, answer_to_group), (GROUP, PORT))
        if self.next_change is not None:
            self.next_change, self.last_change = None, now
        self.answers.clear()
        self.group_answer = None

    def plan_announce(self, now: float) -> None:
        self.next_announce = now + INTERVAL * random.uniform(0.9, 1)

    def ask(self, now: float) -> None:
        is_unanswered = self.last_query is not None and self.last_unicast < self.last_query
        self.speak(QUERY, now, answer_to_group=is_unanswered)
        self.last_query = now
        self.plan_announce(now)

    def change_value(self, value: bytes, now: float) -> None:
        self.value = value
        self.next_change = max(now, self.last_change + CHANGE_GAP)

    def stop(self) -> None:
        goodbye = self.message(GOODBYE)
        for _ in range(GOODBYES):
            self.unicast.sendto(goodbye, (GROUP, PORT))

    def next_timeout(self) -> float:
        deadlines = [self.begin + at for at in self.burst[:1]] + [self.next_announce]
        deadlines += [due for due in (self.next_change, self.group_answer) if due is not None]
        return min([*deadlines, *self.answers.values(), *(peer.deadline for peer in self.peers.values())])

    def handle_timeout(self, now: float) -> None:
        if self.burst and self.begin + self.burst[0] <= now:
            self.burst.pop(0)
            self.ask(now)
        if self.next_announce <= now:
            self.speak(ANNOUNCE, now)
            self.plan_announce(now)
        if self.next_change is not None and self.next_change <= now:
            self.speak(ANNOUNCE, now)
        if self.group_answer is not None and self.group_answer <= now:
            self.speak(ANNOUNCE, now)
            self.last_group_answer = now
            print("answered the group", flush=True)
        for address in [address for address, due in self.answers.items() if due <= now]:
            del self.answers[address]
            self.unicast.sendto(self.message(ANNOUNCE), address)
        for peer in [peer for peer in self.peers.values() if peer.deadline <= now]:
            self.remove(peer, "expired")
        self.departed = {id: entry for id, entry in self.departed.items() if now < entry[1]}

    def handle_readable(self, sock: socket.socket, now: float) -> None:
        datagram, address = sock.recvfrom(DATAGRAM_MAX + 1)
        if sock is self.unicast:
            self.last_unicast = now
        try:
            message = decode(datagram)
        except Malformed:
            return
        if message.id == self.id or message.cluster != "" or address[1] == 0:
            return
        if message.kind == GOODBYE:
            self.handle_goodbye(message, now)
        elif self.hear(message, address, now):
            if message.kind == QUERY and len(datagram) >= self.longest_answer():
                self.owe_answer(message, address, 0 if sock is self.unicast else self.spread(), now)
            if sock is self.unicast:
                print("answer", message.name, flush=True)

    def known_sequence(self, id: bytes) -> int:
        """The number that a message of this instance has to exceed."""
        listed = self.peers[id].news.sequence if id in self.peers else -1
        return max(listed, self.departed.get(id, (-1, 0.0))[0])

    def hear(self, news: Message, address: Address, now: float) -> bool:
        """False if it was no news."""
        peer = self.peers.get(news.id)
        if news.sequence <= self.known_sequence(news.id) or (peer and peer.news.name != news.name):
            return False
        deadline = now + min(max(news.expiry / 1000, LIFE_MIN), LIFE_MAX)
        if peer is None:
            if len(self.peers) < PEERS_MAX:
                self.peers[news.id] = Peer(news, address, deadline)
                print("joined", news.name, address[0], flush=True)
            return True
        is_changed = (peer.news.port, peer.news.value) != (news.port, news.value)
        peer.news, peer.deadline = news, deadline
        if is_changed:
            print("updated", news.name, peer.address[0], flush=True)
        return True

    def spread(self) -> float:
        longest = SPREAD * len(self.peers) if len(self.peers) > SMALL else 0
        return random.uniform(0, longest)

    def owe_answer(self, query: Message, address: Address, delay: float, now: float) -> None:
        if query.answer_to_group:
            if self.group_answer is None and self.last_group_answer + GROUP_ANSWER_GAP <= now:
                self.group_answer = now + self.spread()
            return
        self.served = {served: until for served, until in self.served.items() if now < until}
        waits = address in self.answers and delay == 0
        if waits or (address not in self.served and len(self.served) < ANSWERS_MAX):
            self.answers[address], self.served[address] = now + delay, now + delay + ANSWER_GAP

    def handle_goodbye(self, message: Message, now: float) -> None:
        if message.sequence <= self.known_sequence(message.id):
            return
        if message.id in self.departed or len(self.departed) < PEERS_MAX:
            self.departed[message.id] = message.sequence, now + max(EXPIRY, DEPARTED_MIN)
        if message.id in self.peers:
            self.remove(self.peers[message.id], "goodbye")

    def remove(self, peer: Peer, reason: str) -> None:
        del self.peers[peer.news.id]
        print("left", peer.news.name, f"({reason})", flush=True)


def main() -> None:
    node = Node(sys.argv[1], sys.argv[2])
    # Blocked, they wait until the loop looks for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
    print("started", flush=True)
    while True:
        wait = min(max(node.next_timeout() - time.monotonic(), 0), 0.1)
        for sock in select.select([node.group, node.unicast], [], [], wait)[0]:
            node.handle_readable(sock, time.monotonic())
        node.handle_timeout(time.monotonic())
        if signal.SIGTERM in signal.sigpending():
            return node.stop()
        if signal.SIGUSR1 in signal.sigpending():
            signal.sigwait([signal.SIGUSR1])
            node.change_value(b"another", time.monotonic())


if __name__ == "__main__":
    main()
