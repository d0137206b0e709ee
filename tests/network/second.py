"""A second implementation of the protocol, written from docs/PROTOCOL.md alone.

Names in capitals and R1, R2, … are those of the document. The node has one interface, IPv4 and the empty
cluster, and lists legacy nodes. It has no keys and no unicast mode, and sends no beacons. It reads no ICMP
reports, draws no other id, and does not react to suspends and changes of its interface. It prints a line
for each change of its list, for each answer that it receives, and for each that it sends to the group.
SIGUSR1 changes its value. SIGTERM ends it with goodbyes.

usage: second.py NAME ADDRESS     (the address of the interface)
       second.py --vectors FILE   (checks the codec against the test vectors)
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import random
import secrets
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_address
from typing import Any, NamedTuple

GROUP, PORT = "239.2.3.4", 49001
BEACON = b"multitastic:"
HEADER = b"PEER\x01"
SEALED, ANNOUNCE, QUERY, GOODBYE, PROBE, PACKET, ASK, TELL = range(8)
KINDS = ("sealed", "announce", "query", "goodbye", "probe", "packet", "ask", "tell")

DATAGRAM_MAX, MESSAGE_MAX = 1200, 1152
NAME_MAX, NONCE_LEN, ADDRESSES_MAX, FILTER_MIN = 255, 16, 8, 8
PEERS_MAX, TOMBSTONES_MAX, REPLIES_MAX, ECHOES_MAX, PATHS_MAX, NAMESAKES_MAX = 256, 256, 256, 256, 8, 8
BYTES_MAX = 512 * PEERS_MAX
AMPLIFICATION, SMALL, REPEATED_ANNOUNCES = 3, 16, 64
PROBES_MAX, PROBE_TRIES, SUSPECT_TRIES = 64, 4, 3
NUMBER_STEP = 2**32

# Seconds.
INTERVAL, EXPIRY, LIFETIME_MIN, LIFETIME_MAX = 15.0, 35.0, 0.01, 86400.0
BURST, GOODBYES, PROBE_PARTS = (0.0, 0.25, 1.0), (0.0, 0.005, 0.015), (0.57, 0.75, 0.9)
CHANGE_GAP, REPEAT_DELAY, SPREAD, REPLY_GAP, GROUP_REPLY_GAP, ECHO_GAP = 0.1, 0.25, 0.0005, 0.05, 1.0, 0.05
NONCE_EPOCH, PROBE_GAP, PROBES_PERIOD, GROUP_QUERY_GAP = 5.0, 0.25, 0.25, 5.0
SUSPECT_DELAY, SUSPECT_GAP, LATE_MAX, IMPLAUSIBLE_GAP = 0.25, 0.5, 0.5, 1.0
CONFLICT_GAP, CORRECTION_DELAY, TOMBSTONE_MIN = 1.0, 0.6, 10.0
NEVER = math.inf

Path = tuple[str, int]


# --- Section 3: messages ------------------------------------------------------------------------------------


class Malformed(Exception):
    """A datagram that section 3.3 drops."""


@dataclass(frozen=True)
class Message:
    """A message of any kind. A field that the kind does not have keeps its default."""

    kind: int
    cluster: str = ""
    id: bytes = b""
    number: int = 0
    name: str = ""
    expiry: int = 0
    port: int = 0
    value: bytes = b""
    padding: bytes | None = None
    to_group: bool = False
    nonce: bytes | None = None
    echo: bytes | None = None
    packet: bytes | None = None
    digest: int | None = None
    after: bytes | None = None
    entries: bytes | None = None
    addresses: tuple[bytes, ...] = ()
    observer: bool = False
    to_seed: bool = False


# The fields by their keys.
FIELDS = dict(enumerate(field.name for field in fields(Message) if field.name != "kind"))
TEXTS, NUMBERS, FLAGS = (0, 3), (2, 4, 5, 12), (8, 16, 17)
TYPES: dict[int, type] = {
    **dict.fromkeys(FIELDS, bytes),
    **dict.fromkeys(TEXTS, str),
    **dict.fromkeys(NUMBERS, int),
    **dict.fromkeys(FLAGS, bool),
    15: list,
}
ANNOUNCED = {1, 2, 3, 4}
NEEDED = {ANNOUNCE: ANNOUNCED, QUERY: ANNOUNCED, GOODBYE: ANNOUNCED, PROBE: {1, 9}, PACKET: {1, 2, 11}}


BREAK = 0xFF


class Reader:
    """Reads CBOR items from the front of a datagram."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("the datagram ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self) -> tuple[int, int | None]:
        """Returns the major type and the argument, which is None for an indefinite length."""
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        if info < 28:
            return major, int.from_bytes(self.take(1 << (info - 24)), "big")
        if info == 31 and major in (2, 3, 4, 5, 7):
            return major, None
        raise Malformed("a reserved head")

    def value(self) -> Any:
        """Reads an item of a type that a known key can have."""
        initial = self.peek()
        major, argument = self.head()
        if argument is None:
            raise Malformed("an indefinite length")
        if major == 0:
            return argument
        if major == 2:
            return self.take(argument)
        if major == 3:
            return decode_utf8(self.take(argument))
        if major == 4:
            if argument > ADDRESSES_MAX:
                raise Malformed("more than 8 addresses")
            return [self.address() for _ in range(argument)]
        if initial in (0xF4, 0xF5):
            return initial == 0xF5
        raise Malformed("a value of another type")

    def address(self) -> Any:
        if self.peek() >> 5 != 2:
            raise Malformed("an address of another type")
        return self.value()

    def peek(self) -> int:
        return self.data[self.at] if self.at < len(self.data) else -1

    def skip(self) -> None:
        """Skips one well-formed item of any type, without recursion.

        `left` has, for each open container, how many items it still needs: None for an indefinite array, and
        "key" or "value", which comes next, for an indefinite map.
        """
        left: list[int | str | None] = [1]
        while left:
            top = left[-1]
            if top == 0:
                left.pop()
            elif top in (None, "key") and self.peek() == BREAK:
                self.take(1)
                left.pop()
            else:
                left[-1] = (
                    top - 1 if isinstance(top, int) else {"key": "value", "value": "key"}.get(top or "")
                )
                left += self.skip_head()

    def skip_head(self) -> list[int | str | None]:
        """Skips a head and its bytes. Returns what a container that it opens needs."""
        one_byte_simple = self.peek() == 0xF8
        major, argument = self.head()
        if major in (2, 3):
            if argument is None:
                self.skip_chunks(major)
            else:
                self.skip_string(major, argument)
        elif major == 7 and (argument is None or (one_byte_simple and argument < 32)):
            raise Malformed("a break or simple value out of place")
        elif major == 4:
            return [argument]
        elif major == 5:
            return ["key" if argument is None else 2 * argument]
        elif major == 6:
            return [1]
        return []

    def skip_chunks(self, major: int) -> None:
        while True:
            chunk, length = self.head()
            if chunk == 7 and length is None:
                return
            if chunk != major or length is None:
                raise Malformed("a chunk of another type")
            self.skip_string(major, length)

    def skip_string(self, major: int, length: int) -> None:
        data = self.take(length)
        if major == 3:
            decode_utf8(data)


def decode_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8") from error


def check_text(text: str) -> None:
    if len(text.encode()) > NAME_MAX:
        raise Malformed("a text of more than 255 bytes")
    if any(ord(letter) < 0x20 or 0x7F <= ord(letter) <= 0x9F for letter in text):
        raise Malformed("a control character")


def check_name(name: str) -> None:
    check_text(name)
    if not name:
        raise Malformed("an empty name")


def decode(datagram: bytes) -> Message:
    if len(datagram) > DATAGRAM_MAX:
        raise Malformed("longer than DATAGRAM_MAX")
    if datagram[:5] != HEADER or len(datagram) < 6:
        raise Malformed("another header")
    kind, reader = datagram[5], Reader(datagram[6:])
    if not ANNOUNCE <= kind <= TELL:
        raise Malformed("sealed, or a kind that is not known")
    major, pairs = reader.head()
    if major != 5 or pairs is None:
        raise Malformed("no definite map")
    found = dict(read_pairs(reader, pairs))
    if reader.at != len(reader.data):
        raise Malformed("bytes after the map")
    check_map(kind, found)
    return Message(kind, **{FIELDS[key]: value for key, value in found.items()})


def read_pairs(reader: Reader, pairs: int) -> Iterator[tuple[int, Any]]:
    seen = set()
    for _ in range(pairs):
        major, key = reader.head()
        if major != 0 or key is None:
            raise Malformed("a key that is no unsigned integer")
        if key not in FIELDS:
            reader.skip()
            continue
        if key in seen:
            raise Malformed(f"key {key} comes twice")
        seen.add(key)
        value = reader.value()
        check_value(key, value)
        yield key, tuple(value) if key == 15 else value


def check_value(key: int, value: Any) -> None:
    is_of_type = type(value) is TYPES[key]
    if not is_of_type:
        raise Malformed(f"key {key}: a value of another type")
    if key in (1, 9, 10, 13) and len(value) != NONCE_LEN:
        raise Malformed(f"key {key} of {len(value)} bytes")
    if key == 5 and value > 0xFFFF:
        raise Malformed("a port above 65535")
    if key == 15 and any(len(address) not in (4, 16) for address in value):
        raise Malformed("an address of another length")


def check_map(kind: int, found: dict[int, Any]) -> None:
    digest_or_page = {12} if 12 in found else {13, 14}
    for key in NEEDED.get(kind, {1, 2} | digest_or_page):
        if key not in found:
            raise Malformed(f"key {key} is missing")
    check_text(found.get(0, ""))
    if kind <= GOODBYE:
        check_name(found[3])


def decode_beacon(datagram: bytes) -> str:
    name = decode_utf8(datagram[len(BEACON) :])
    check_name(name)
    return name


def head(major: int, argument: int, size: int = 0) -> bytes:
    """Returns a head of the shortest form, or one with an argument of `size` bytes."""
    if argument < 24 and not size:
        return bytes([major << 5 | argument])
    size = size or next(size for size in (1, 2, 4, 8) if argument < 1 << 8 * size)
    return bytes([major << 5 | 23 + size.bit_length()]) + argument.to_bytes(size, "big")


def item(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    return head(4, len(value)) + b"".join(item(part) for part in value)


def is_sent(value: Any) -> bool:
    """Returns false for a default, which a sender leaves out."""
    return value not in (None, False, "", b"", ())


def encode(message: Message, length: int = 0, known: Iterable[bytes] = ()) -> bytes:
    """Returns the datagram, padded to `length` bytes with a filter of the `known` instances."""
    pairs = [(key, getattr(message, name)) for key, name in FIELDS.items()]
    # One of these stands in each ask and tell, whatever it has.
    synced = {key for key in (12, 13, 14) if getattr(message, FIELDS[key]) is not None}
    needed = NEEDED.get(message.kind, {1, 2}) | synced
    kept = [(key, value) for key, value in pairs if key in needed or is_sent(value)]
    body = b"".join(head(0, key) + item(value) for key, value in kept)
    room = length - len(HEADER) - 1 - len(head(5, len(kept) + 1)) - len(body)
    if room < 2:
        return HEADER + bytes([message.kind]) + head(5, len(kept)) + body
    return HEADER + bytes([message.kind]) + head(5, len(kept) + 1) + body + padding(room, message, known)


def padding(room: int, message: Message, known: Iterable[bytes]) -> bytes:
    """Returns key 7 in `room` bytes. Its head is longer than need be where no other fits."""
    size = 0 if room < 26 else 1 if room < 259 else 2
    content = bytearray(room - 2 - size)
    for instance in list(known)[: len(content)]:
        for bit in filter_bits(instance, message.number, len(content)):
            content[bit // 8] |= 1 << bit % 8
    return head(0, 7) + head(2, len(content), size) + bytes(content)


def filter_bits(instance: bytes, number: int, length: int) -> list[int]:
    """Returns the positions of an instance in a filter of `length` bytes (section 3.6)."""
    mask = 2**64 - 1
    h = 0xCBF29CE484222325
    for byte in instance + number.to_bytes(8, "big"):
        h = (h ^ byte) * 0x100000001B3 & mask
    h ^= h >> 32
    h = h * 0x9E3779B97F4A7C15 & mask
    h ^= h >> 32
    return [(h >> 16 * part & 0xFFFF) % (8 * length) for part in range(4)]


def knows(query: Message, instance: bytes) -> bool:
    content = query.padding or b""
    bits = filter_bits(instance, query.number, len(content)) if len(content) >= FILTER_MIN else []
    return bool(bits) and all(content[bit // 8] >> bit % 8 & 1 for bit in bits)


def longest_announce(name: str, port: int, value: bytes) -> int:
    """Returns the length of the longest announce of an instance (section 3.4)."""
    bound, blank = 2**64 - 1, bytes(NONCE_LEN)
    message = Message(ANNOUNCE, "", blank, bound, name, bound, port, value)
    return len(encode(replace(message, nonce=blank, echo=blank, to_seed=True)))


def longest_of(message: Message) -> int:
    return longest_announce(message.name, message.port, message.value)


# --- Section 4: state ---------------------------------------------------------------------------------------


class Step(NamedTuple):
    """One step of the probing of a peer."""

    when: float
    last: bool = False
    widely: bool = False
    concludes: bool = False


@dataclass
class Seen:
    """A path that messages of a peer came from."""

    when: float
    validated: bool = False


@dataclass
class Peer:
    told: Message
    path: Path
    granted: float
    listed_at: float
    counted_at: float = 0.0
    lifetime: float = 0.0
    deadline: float = 0.0
    paths: dict[Path, Seen] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    probed: set[Path] = field(default_factory=set)
    extra_path: Path | None = None
    steps: list[Step] = field(default_factory=list)
    suspect: bool = False
    was_validated: bool = False
    implausible_at: float = -NEVER
    budget: int = 0
    ports: list[int] = field(default_factory=list)

    @property
    def validated(self) -> bool:
        return self.paths[self.path].validated

    def due(self) -> float:
        return min(self.deadline, self.steps[0].when if self.steps else NEVER)

    def plan(self) -> None:
        """Plans the probes of section 6.5 for the lifetime that began with the last message that counted."""
        gap = min(PROBE_GAP, self.lifetime / 40)
        tries = range(PROBE_TRIES)
        self.suspect = False
        self.steps = [
            Step(self.counted_at + part * self.lifetime + gap * i, last=i == PROBE_TRIES - 1)
            for part in PROBE_PARTS
            for i in tries
        ]

    def begin_suspicion(self, when: float) -> None:
        if not self.suspect:
            self.suspect = True
            self.steps = [
                Step(when + SUSPECT_GAP * i, last=i == SUSPECT_TRIES - 1, widely=i == 1)
                for i in range(SUSPECT_TRIES)
            ]
            self.steps.append(Step(when + SUSPECT_GAP * SUSPECT_TRIES, concludes=True))


@dataclass
class Tombstone:
    number: int
    counted_at: float
    until: float
    name: str
    ports: list[int]


@dataclass
class LegacyEntry:
    path: Path
    received_at: float
    deadline: float


class Reply(NamedTuple):
    due: float
    message: Message
    length: int
    by_unicast: bool
    waits: bool


class Arrival(NamedTuple):
    """Where a datagram came from, and how."""

    path: Path
    by_group: bool
    length: int
    now: float


# --- Sections 5 and 6: the node -----------------------------------------------------------------------------


class Node:
    def __init__(self, name: str, address: str) -> None:
        self.network = network_of(address)
        self.group_socket = open_group_socket(address)
        self.socket = open_unicast_socket(address)
        self.path: Path = (address, self.socket.getsockname()[1])
        self.id = secrets.token_bytes(16)
        self.secret = secrets.token_bytes(32)
        self.started = time.monotonic()
        self.name, self.value, self.number = name, b"", 0
        self.peers: dict[bytes, Peer] = {}
        self.tombstones: dict[bytes, Tombstone] = {}
        self.legacy: dict[str, LegacyEntry] = {}
        self.legacy_gone: dict[tuple[str, int], float] = {}
        self.replies: dict[Path, Reply] = {}
        self.group_reply: Message | None = None
        self.group_reply_at, self.group_replied_at = NEVER, -NEVER
        self.echoes: dict[str, float] = {}
        self.probes_sent: list[float] = []
        self.probers: set[bytes] = set()
        self.repeats_left = 0
        self.burst: list[float] = []
        self.burst_began = self.queried_at = -NEVER
        self.unicast_since_query = True
        self.announce_at = self.change_at = self.repeat_at = self.correction_at = NEVER
        self.changed_at = self.conflict_at = -NEVER
        self.last_announce = b""
        self.begin_burst(self.started)

    # Sending

    def message(self, kind: int, **more: Any) -> Message:
        """Returns a message of this node with the next number."""
        self.number += 1
        return Message(kind, "", self.id, self.number, self.name, int(EXPIRY * 1000), 0, self.value, **more)

    def longest(self) -> int:
        return longest_announce(self.name, 0, self.value)

    def send_group(self, datagram: bytes) -> None:
        self.replies = {path: reply for path, reply in self.replies.items() if not droppable(reply)}
        self.change_at = self.repeat_at = NEVER
        send(self.socket, datagram, (GROUP, PORT), 0)

    def send_unicast(self, datagram: bytes, path: Path, peer: Peer | None = None) -> None:
        """Sends within the budget of R10."""
        if peer and not (path in peer.paths and peer.paths[path].validated):
            if peer.budget < len(datagram):
                return
            peer.budget -= len(datagram)
        send(self.socket, datagram, path, socket.MSG_DONTROUTE)

    def begin_burst(self, now: float) -> None:
        self.burst, self.burst_began = [now + after for after in BURST], now

    def query_group(self, now: float, known_since: float, to_group: bool) -> None:
        known = [id for id, peer in self.peers.items() if peer.counted_at >= known_since]
        query = self.message(QUERY, nonce=self.query_nonce(self.epoch(now)), to_group=to_group)
        self.queried_at, self.unicast_since_query = now, False
        self.send_group(encode(query, MESSAGE_MAX, known))

    def announce(self, repeated: bool, now: float) -> None:
        self.last_announce = encode(self.message(ANNOUNCE))
        self.send_group(self.last_announce)
        if repeated:
            self.repeat_at = now + REPEAT_DELAY

    def change_value(self) -> None:
        """Announces a new value at once, or CHANGE_GAP after the last change."""
        self.value = b"changed " + str(self.number).encode()
        self.change_at = max(time.monotonic(), self.changed_at + CHANGE_GAP)

    def say_goodbye(self) -> None:
        datagram, began = encode(self.message(GOODBYE)), time.monotonic()
        for after in GOODBYES:
            time.sleep(max(0.0, began + after - time.monotonic()))
            self.send_group(datagram)

    # Nonces (section 3.5)

    def epoch(self, now: float) -> int:
        return int((now - self.started) / NONCE_EPOCH)

    def nonce(self, *parts: object) -> bytes:
        text = repr((self.path[0], *parts)).encode()
        return hashlib.blake2b(text, key=self.secret, digest_size=NONCE_LEN).digest()

    def query_nonce(self, epoch: int) -> bytes:
        return self.nonce("query", epoch, self.id)

    def probe_nonce(self, epoch: int, instance: bytes, path: Path) -> bytes:
        tombstone = self.tombstones.get(instance)
        return self.nonce("probe", epoch, instance, path, tombstone and tombstone.number)

    def is_query_echo(self, message: Message, now: float) -> bool:
        epoch = self.epoch(now)
        return message.echo in (self.query_nonce(epoch), self.query_nonce(epoch - 1))

    def validated_path(self, message: Message, arrival: Arrival) -> Path | None:
        """Returns the path that the message's echo validates."""
        peer = self.peers.get(message.id)
        paths = {arrival.path} | (peer.probed | {peer.path} if peer else set())
        epoch = self.epoch(arrival.now)
        for path in paths if message.echo else ():
            if message.echo in [self.probe_nonce(e, message.id, path) for e in (epoch, epoch - 1)]:
                return path
        return None

    # Receiving (section 5)

    def receive(self, sock: socket.socket) -> None:
        datagram, ttl, source = receive_datagram(sock)
        by_group = sock is self.group_socket
        arrival = Arrival(source, by_group, len(datagram), time.monotonic())
        if not self.is_on_link(source, by_group, ttl):
            return
        self.unicast_since_query |= not by_group
        try:
            if datagram.startswith(BEACON):
                if by_group:
                    self.on_beacon(decode_beacon(datagram), arrival)
            else:
                self.on_message(decode(datagram), arrival)
        except Malformed:
            return

    def is_on_link(self, source: Path, by_group: bool, ttl: int | None) -> bool:
        """Implements section 2.4."""
        address = IPv4Address(source[0])
        if not is_unicast(address) or address == self.network.broadcast_address or source[1] == 0:
            return False
        return by_group or (address in self.network if ttl is None else ttl == 255)

    def on_message(self, message: Message, arrival: Arrival) -> None:
        if message.cluster or message.kind >= PACKET:
            return
        if message.id == self.id:
            self.on_own_id(message, arrival)
        elif message.kind == PROBE:
            self.on_probe(message, arrival)
        elif message.kind == GOODBYE:
            self.on_goodbye(message, arrival)
        elif message.kind == QUERY and message.observer:
            self.answer_query(message, arrival, may_validate=False)
        else:
            self.on_announce(message, arrival)

    def on_own_id(self, message: Message, arrival: Arrival) -> None:
        """Reacts to another node of this id with a higher number (section 5.5, step 1)."""
        looped_back = message.number <= self.number and arrival.path == self.path
        reached_itself = message.nonce == self.query_nonce(self.epoch(arrival.now))
        if looped_back or reached_itself or arrival.now < self.conflict_at + CONFLICT_GAP:
            return
        self.conflict_at = arrival.now
        if self.number < message.number <= self.number + NUMBER_STEP:
            self.number = message.number
        self.announce(repeated=False, now=arrival.now)
        self.correction_at = arrival.now + CORRECTION_DELAY

    def on_probe(self, probe: Message, arrival: Arrival) -> None:
        peer = self.peers.get(probe.id)
        if peer:
            peer.budget += AMPLIFICATION * arrival.length
            self.note_prober(probe.id)
        self.echo(probe, arrival)

    def note_prober(self, instance: bytes) -> None:
        self.probers.add(instance)
        if len(self.probers) >= 2:
            self.repeats_left = REPEATED_ANNOUNCES

    def on_announce(self, message: Message, arrival: Arrival) -> None:
        peer, tombstone = self.peers.get(message.id), self.tombstones.get(message.id)
        proved = self.validated_path(message, arrival)
        if proved or self.is_query_echo(message, arrival.now):
            print("answer", message.name, flush=True)
        if peer:
            self.on_peer(peer, message, arrival, proved)
            return
        standing = "counts"
        if tombstone and not proved:
            standing = judge(message.number, tombstone.number, tombstone.counted_at, arrival.now)
        if standing == "implausible" or (standing == "counts" and self.is_full() and proved != arrival.path):
            self.validate_first(message, arrival, tombstone is not None and standing == "implausible")
        elif standing == "counts" and self.make_room():
            self.list_peer(message, arrival, proved)
            self.answer(message, arrival)

    def validate_first(self, message: Message, arrival: Arrival, stale: bool) -> None:
        if message.kind == QUERY and not stale:
            self.answer_query(message, arrival)
        else:
            length = min(longest_of(message), AMPLIFICATION * arrival.length)
            self.enqueue(self.probe(message.id, arrival.path, arrival.now), length, arrival)

    def on_peer(self, peer: Peer, message: Message, arrival: Arrival, proved: Path | None) -> None:
        standing = judge(message.number, peer.told.number, peer.counted_at, arrival.now)
        if proved and (proved == peer.path or not peer.validated):
            standing = "counts"
            if message.name != peer.told.name:
                self.remove(message.id, "unreachable")
                self.list_peer(message, arrival, proved)
                self.answer(message, arrival)
                return
        elif standing == "counts" and message.name != peer.told.name:
            standing = "implausible"
        if proved and proved in peer.paths:
            peer.paths[proved].validated = peer.was_validated = True
        if standing == "counts":
            self.renew(peer, message, arrival, proved)
            self.answer(message, arrival)
        elif standing == "same":
            self.take_path(peer, message, arrival, counts=False)
        elif standing == "implausible" and arrival.now >= peer.implausible_at + IMPLAUSIBLE_GAP:
            peer.budget += AMPLIFICATION * arrival.length
            peer.implausible_at, peer.extra_path = arrival.now, arrival.path
            peer.begin_suspicion(arrival.now)

    def renew(self, peer: Peer, message: Message, arrival: Arrival, proved: Path | None) -> None:
        before = (peer.told.value, peer.told.port, peer.path[0], peer.claims)
        announced = min(max(message.expiry / 1000, LIFETIME_MIN), LIFETIME_MAX)
        peer.granted = max(peer.granted, 2 * (arrival.now - peer.counted_at), announced if proved else 0.0)
        fits = self.bytes_used(message.id) + len(message.value) <= BYTES_MAX
        peer.told = message if fits else replace(message, value=peer.told.value)
        peer.counted_at, peer.lifetime = arrival.now, min(announced, peer.granted)
        peer.deadline = arrival.now + peer.lifetime
        peer.budget += AMPLIFICATION * arrival.length
        if not peer.suspect:
            peer.plan()
        self.take_path(peer, message, arrival, counts=True)
        self.prefer_validated(peer, proved, arrival.now)
        if before != (peer.told.value, peer.told.port, peer.path[0], peer.claims):
            print("updated", message.name, peer.path[0], flush=True)

    def take_path(self, peer: Peer, message: Message, arrival: Arrival, counts: bool) -> None:
        """Implements R9 for a message that counts or has the known number."""
        peer.claims = tuple(self.claims_of(message))
        if arrival.path == peer.path:
            peer.paths[peer.path].when = arrival.now
            if peer.suspect:
                peer.plan()
            return
        for path, seen in list(peer.paths.items()):
            if path != peer.path and arrival.now > seen.when + peer.lifetime:
                del peer.paths[path]
        if arrival.path in peer.paths or len(peer.paths) <= PATHS_MAX:
            peer.paths.setdefault(arrival.path, Seen(0.0)).when = arrival.now
        if arrival.path[1] not in peer.ports:
            peer.ports = [*peer.ports[-1:], arrival.path[1]]
        if counts:
            peer.begin_suspicion(arrival.now + SUSPECT_DELAY)

    def prefer_validated(self, peer: Peer, proved: Path | None, now: float) -> None:
        if proved and (proved in peer.paths or len(peer.paths) <= PATHS_MAX):
            peer.paths.setdefault(proved, Seen(now)).validated = peer.was_validated = True
        if proved in peer.paths and not peer.validated:
            peer.path = proved
            peer.plan()

    def claims_of(self, message: Message) -> Iterator[str]:
        for claim in (IPv4Address(packed) for packed in message.addresses if len(packed) == 4):
            if is_unicast(claim) and str(claim) != self.path[0]:
                yield str(claim)

    def on_goodbye(self, message: Message, arrival: Arrival) -> None:
        peer = self.peers.get(message.id)
        if peer and peer.told.number < message.number:
            known = any(path[0] == arrival.path[0] for path in peer.paths)
            if known and message.number <= peer.told.number + NUMBER_STEP:
                peer.told = replace(peer.told, number=message.number)
                self.remove(message.id, "goodbye")
            else:
                peer.begin_suspicion(arrival.now)
        entry = self.legacy.get(message.name)
        if entry and entry.path[1] == arrival.path[1]:
            self.remove_legacy(message.name, "goodbye")
            self.legacy_gone[message.name, arrival.path[1]] = arrival.now + EXPIRY

    # Answers (sections 5.3 and 6.4)

    def answer(self, message: Message, arrival: Arrival) -> None:
        if message.kind == QUERY:
            self.answer_query(message, arrival)
        elif message.nonce and (not arrival.by_group or self.is_query_echo(message, arrival.now)):
            self.echo(message, arrival)

    def own_nonce(self, message: Message, arrival: Arrival) -> bytes | None:
        """Returns the nonce of an answer, if this node wants the path validated."""
        if self.is_full() and message.id not in self.peers:
            return self.probe_nonce(self.epoch(arrival.now), message.id, arrival.path)
        return None

    def answer_query(self, query: Message, arrival: Arrival, may_validate: bool = True) -> None:
        if arrival.length < self.longest() or knows(query, self.id):
            return
        if query.to_group and arrival.by_group:
            if self.group_reply_at == NEVER and arrival.now >= self.group_replied_at + GROUP_REPLY_GAP:
                self.group_reply, self.group_reply_at = query, arrival.now + self.delay(arrival)
            return
        nonce = self.own_nonce(query, arrival) if may_validate else None
        length = longest_of(query) if nonce else 0
        reply = Message(ANNOUNCE, id=self.id, nonce=nonce, echo=query.nonce)
        self.enqueue(reply, min(length, arrival.length), arrival)

    def delay(self, arrival: Arrival) -> float:
        small = not arrival.by_group or len(self.peers) + len(self.legacy) <= SMALL
        return 0.0 if small else random.uniform(0.0, SPREAD * len(self.peers))

    def enqueue(self, message: Message, length: int, arrival: Arrival) -> None:
        """Enqueues a reply. An announce gets its number when it is sent."""
        before = self.replies.get(arrival.path)
        replaces = before is not None and before.waits and not before.by_unicast and not arrival.by_group
        has_room = before is None and len(self.replies) < REPLIES_MAX
        if not has_room and not replaces:
            return
        due = arrival.now + self.delay(arrival)
        self.replies[arrival.path] = Reply(due, message, length, not arrival.by_group, True)

    def echo(self, message: Message, arrival: Arrival) -> None:
        """Answers a nonce at once (R13)."""
        self.echoes = {address: until for address, until in self.echoes.items() if arrival.now < until}
        address = arrival.path[0]
        if arrival.length < self.longest() or address in self.echoes or len(self.echoes) >= ECHOES_MAX:
            return
        self.echoes[address] = arrival.now + ECHO_GAP
        nonce = self.own_nonce(message, arrival)
        reply = self.message(ANNOUNCE, nonce=nonce, echo=message.nonce)
        datagram = encode(reply, arrival.length if nonce else 0)
        self.send_unicast(datagram, arrival.path, self.peers.get(message.id))

    def probe(self, instance: bytes, path: Path, now: float) -> Message:
        return Message(PROBE, id=self.id, nonce=self.probe_nonce(self.epoch(now), instance, path))

    # The table

    def is_full(self) -> bool:
        return len(self.peers) + len(self.legacy) >= PEERS_MAX

    def bytes_used(self, but: bytes) -> int:
        others = (peer.told for id, peer in self.peers.items() if id != but)
        return sum(len(told.name.encode()) + len(told.value) for told in others)

    def make_room(self) -> bool:
        """Evicts the newest peer that was never validated, if the list is full (R7)."""
        if not self.is_full():
            return True
        unproved = [id for id, peer in self.peers.items() if not peer.was_validated]
        if unproved:
            self.remove(max(unproved, key=lambda id: self.peers[id].listed_at), "evicted")
        return bool(unproved)

    def list_peer(self, message: Message, arrival: Arrival, proved: Path | None) -> None:
        tombstone = self.tombstones.pop(message.id, None)
        gap = arrival.now - tombstone.counted_at if tombstone else 0.0
        granted = max(EXPIRY, 2 * gap)
        self.replace_namesakes(message.name, arrival)
        entry = self.legacy.get(message.name)
        known_as_legacy = entry is not None and entry.path[1] != PORT
        if known_as_legacy:
            del self.legacy[message.name]
        peer = Peer(replace(message, value=b""), arrival.path, granted, arrival.now, arrival.now)
        peer.paths[arrival.path] = Seen(arrival.now, proved == arrival.path)
        peer.ports = [arrival.path[1]]
        self.peers[message.id] = peer
        print("updated" if known_as_legacy else "joined", message.name, arrival.path[0], flush=True)
        self.fill(peer, message, arrival, proved)

    def fill(self, peer: Peer, message: Message, arrival: Arrival, proved: Path | None) -> None:
        """Takes over what the first message of a peer has. It is no update."""
        room = self.bytes_used(message.id) + len(message.name.encode()) + len(message.value) <= BYTES_MAX
        peer.told = replace(message, value=message.value if room else b"")
        peer.claims = tuple(self.claims_of(message))
        self.renew(peer, peer.told, arrival, proved)

    def replace_namesakes(self, name: str, arrival: Arrival) -> None:
        """Implements R8."""
        namesakes = [(id, peer) for id, peer in self.peers.items() if peer.told.name == name]
        for id, peer in namesakes:
            if peer.path == arrival.path:
                self.remove(id, "unreachable")
        others = [peer for id, peer in namesakes if id in self.peers and peer.path[0] == arrival.path[0]]
        for peer in sorted(others, key=lambda peer: peer.counted_at)[:NAMESAKES_MAX]:
            peer.begin_suspicion(arrival.now)

    def remove(self, instance: bytes, reason: str) -> None:
        peer, now = self.peers.pop(instance), time.monotonic()
        kept = max(EXPIRY, TOMBSTONE_MIN, peer.told.expiry / 1000 if reason == "expired" else 0.0)
        if len(self.tombstones) < TOMBSTONES_MAX:
            self.tombstones[instance] = Tombstone(
                peer.told.number, peer.counted_at, now + kept, peer.told.name, peer.ports
            )
        print("left", peer.told.name, f"({reason})", flush=True)

    # Legacy beacons (section 7.1)

    def on_beacon(self, name: str, arrival: Arrival) -> None:
        port, now = arrival.path[1], arrival.now
        namesakes = [peer for peer in self.peers.values() if peer.told.name == name]
        owners = [peer for peer in namesakes if port in peer.ports]
        buried = any(stone.name == name and port in stone.ports for stone in self.tombstones.values())
        gone = buried or (name, port) in self.legacy_gone
        if name == self.name:
            return
        for peer in owners:
            peer.deadline = now + peer.lifetime
        if owners or gone or (namesakes and port != PORT):
            return
        entry = self.legacy.get(name)
        if entry is None:
            if not self.is_full():
                self.legacy[name] = LegacyEntry(arrival.path, now, now + EXPIRY)
                print("joined", name, arrival.path[0], flush=True)
            return
        entry.deadline = now + EXPIRY
        if entry.path[0] == arrival.path[0]:
            entry.received_at, entry.path = now, arrival.path
        elif now >= entry.received_at + EXPIRY / 2:
            entry.received_at, entry.path = now, arrival.path
            print("updated", name, arrival.path[0], flush=True)

    def remove_legacy(self, name: str, reason: str) -> None:
        del self.legacy[name]
        print("left", name, f"({reason})", flush=True)

    # Time (section 6)

    def due(self) -> float:
        replies = (reply.due if reply.waits else reply.due + REPLY_GAP for reply in self.replies.values())
        own = (self.announce_at, self.change_at, self.repeat_at, self.correction_at, self.group_reply_at)
        peers = (peer.due() for peer in self.peers.values())
        legacy = (entry.deadline for entry in self.legacy.values())
        return min([*self.burst[:1], *replies, *own, *peers, *legacy])

    def run(self, now: float) -> None:
        self.expire(now)
        self.run_burst(now)
        self.run_announces(now)
        self.run_replies(now)
        self.run_probes(now)

    def expire(self, now: float) -> None:
        for id in [id for id, peer in self.peers.items() if now >= peer.deadline]:
            self.remove(id, "expired")
        for name in [name for name, entry in self.legacy.items() if now >= entry.deadline]:
            self.remove_legacy(name, "expired")
        self.tombstones = {id: stone for id, stone in self.tombstones.items() if now < stone.until}
        self.legacy_gone = {gone: until for gone, until in self.legacy_gone.items() if now < until}

    def run_burst(self, now: float) -> None:
        if self.burst and now >= self.burst[0]:
            self.burst.pop(0)
            self.query_group(now, self.burst_began, to_group=not self.unicast_since_query)
            self.announce_at = self.next_announce(now)

    def next_announce(self, now: float) -> float:
        return now + INTERVAL * random.uniform(0.9, 1.0)

    def run_announces(self, now: float) -> None:
        if now >= self.announce_at:
            self.announce(self.repeats_left > 0, now)
            self.repeats_left = max(0, self.repeats_left - 1)
            self.probers.clear()
            self.announce_at = self.next_announce(now)
        if now >= self.change_at:
            self.changed_at = now
            self.announce(repeated=True, now=now)
        if now >= self.repeat_at:
            self.send_group(self.last_announce)
        if now >= self.correction_at:
            self.correction_at = NEVER
            self.announce(repeated=False, now=now)

    def run_replies(self, now: float) -> None:
        if self.group_reply and now >= self.group_reply_at:
            self.send_group(encode(self.message(ANNOUNCE, echo=self.group_reply.nonce)))
            self.group_reply, self.group_reply_at, self.group_replied_at = None, NEVER, now
            print("answered the group", flush=True)
        for path, reply in list(self.replies.items()):
            if reply.waits and now >= reply.due:
                self.replies[path] = reply._replace(waits=False)
                self.send_reply(reply, path)
            elif not reply.waits and now >= reply.due + REPLY_GAP:
                del self.replies[path]

    def send_reply(self, reply: Reply, path: Path) -> None:
        message = reply.message
        if message.kind == ANNOUNCE:
            message = self.message(ANNOUNCE, nonce=message.nonce, echo=message.echo)
        self.send_unicast(encode(message, reply.length), path)

    def run_probes(self, now: float) -> None:
        due = list(self.due_probes(now))
        self.probes_sent = [sent for sent in self.probes_sent if now < sent + PROBES_PERIOD]
        if len(self.probes_sent) + len(due) > PROBES_MAX:
            if not self.burst and now >= self.queried_at + GROUP_QUERY_GAP:
                self.query_group(now, now - INTERVAL, to_group=False)
            return
        for id, path, length in due:
            peer = self.peers[id]
            peer.probed.add(path)
            self.probes_sent.append(now)
            self.send_unicast(encode(self.probe(id, path, now), length), path, peer)

    def due_probes(self, now: float) -> Iterator[tuple[bytes, Path, int]]:
        """Takes the steps that are due, and returns the probes that they send."""
        for id, peer in self.peers.items():
            while peer.steps and now >= peer.steps[0].when:
                step = peer.steps.pop(0)
                length = MESSAGE_MAX if step.last else longest_of(peer.told)
                if step.concludes:
                    if not self.conclude(peer):
                        continue
                    length = longest_of(peer.told)
                yield id, peer.path, length
                if step.widely:
                    for path in self.other_paths(peer):
                        yield id, path, length

    def other_paths(self, peer: Peer) -> set[Path]:
        claims = {(claim, peer.path[1]) for claim in peer.claims}
        return (set(peer.paths) | claims | {peer.extra_path or peer.path}) - {peer.path}

    def conclude(self, peer: Peer) -> bool:
        """Ends a suspicion that nothing ended. Returns true if another path is listed now."""
        now = time.monotonic()
        listed = peer.paths[peer.path]
        listed.validated = False
        others = peer.paths.items()
        better = {path: seen for path, seen in others if seen.validated or seen.when > listed.when}
        peer.plan()
        peer.steps = [step for step in peer.steps if step.when > now]
        if better:
            peer.path = max(better, key=lambda path: (better[path].validated, better[path].when))
            print("updated", peer.told.name, peer.path[0], flush=True)
        return bool(better)


def droppable(reply: Reply) -> bool:
    return reply.waits and reply.message.kind == ANNOUNCE and reply.message.nonce is None


def judge(number: int, known: int, counted_at: float, now: float) -> str:
    """Classifies a number by R6."""
    if number == known:
        return "same"
    if known < number <= known + NUMBER_STEP:
        return "counts"
    return "late" if number < known and now < counted_at + LATE_MAX else "implausible"


# --- Section 2: transport -----------------------------------------------------------------------------------


def network_of(address: str) -> IPv4Network:
    """Returns the network of the interface that has the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode())
            try:
                found, mask = (fcntl.ioctl(probe, code, request)[20:24] for code in (0x8915, 0x891B))
            except OSError:
                continue  # An interface without an IPv4 address.
            if socket.inet_ntoa(found) == address:
                return IPv4Interface(f"{address}/{socket.inet_ntoa(mask)}").network
    sys.exit(f"second.py: no interface has the address {address}; give one that `ip address` lists")


def is_unicast(address: IPv4Address) -> bool:
    others = (address.is_unspecified, address.is_multicast, address.is_reserved, address.is_loopback)
    return not any(others)


def open_group_socket(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, 49, 0)  # IP_MULTICAST_ALL
    sock.bind((GROUP, PORT))
    membership = socket.inet_aton(GROUP) + socket.inet_aton(address)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    sock.setblocking(False)
    return sock


def open_unicast_socket(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sock.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
    sock.setblocking(False)
    return sock


def receive_datagram(sock: socket.socket) -> tuple[bytes, int | None, Path]:
    datagram, ancillary, _, source = sock.recvmsg(DATAGRAM_MAX + 1, 64)
    ttls = [int.from_bytes(data, sys.byteorder) for _, kind, data in ancillary if kind == socket.IP_TTL]
    return datagram, ttls[0] if ttls else None, source


def send(sock: socket.socket, datagram: bytes, path: Path, flags: int) -> None:
    try:
        sock.sendto(datagram, flags, path)
    except OSError as error:
        print(f"second.py: to {path[0]} port {path[1]}: {error}", file=sys.stderr, flush=True)


def receive_all(node: Node, sock: socket.socket) -> None:
    """Receives the datagrams that a socket has, before any peer expires, but no more than 256 of a flood."""
    try:
        for _ in range(256):
            node.receive(sock)
    except BlockingIOError:
        return


def run_node(name: str, address: str) -> None:
    node = Node(name, address)
    ended = False
    wakeup, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    print("started", flush=True)
    on_signal: dict[int, Callable[[], None]] = {
        signal.SIGUSR1: node.change_value,
        signal.SIGTERM: node.say_goodbye,
    }
    while not ended:
        timeout = max(0.0, node.due() - time.monotonic())
        sockets = {sock.fileno(): sock for sock in (node.group_socket, node.socket)}
        ready, _, _ = select.select([wakeup, *sockets], [], [], timeout)
        for sock in (sockets[ready_one] for ready_one in ready if ready_one in sockets):
            receive_all(node, sock)
        for received in os.read(wakeup, 64) if wakeup in ready else b"":
            on_signal[received]()
            ended |= received == signal.SIGTERM
        if not ended:
            node.run(time.monotonic())


# --- Appendix B: test vectors -------------------------------------------------------------------------------

VECTOR_FIELDS = {name: name for name in ("cluster", "expiry", "port", "observer", "to_seed", "digest")}
VECTOR_FIELDS.update({"sequence": "number", "node": "name", "answer_to_group": "to_group"})
VECTOR_BYTES = ("id", "value", "nonce", "echo", "packet", "after", "entries")


def expected_message(vector: dict[str, Any]) -> Message:
    told = {name: vector[key] for key, name in VECTOR_FIELDS.items() if key in vector}
    told.update({key: bytes.fromhex(vector[key]) for key in VECTOR_BYTES if key in vector})
    addresses = tuple(ip_address(address).packed for address in vector.get("addresses", []))
    return Message(KINDS.index(vector["meaning"]), addresses=addresses, **told)


def check_vector(vector: dict[str, Any]) -> str | None:
    """Returns how the codec differs from a vector."""
    datagram, meaning = bytes.fromhex(vector["hex"]), vector["meaning"]
    try:
        if datagram.startswith(BEACON):
            name = decode_beacon(datagram)
            return None if name == vector.get("node") else f"decoded as a beacon of {name}"
        message = decode(datagram)
    except Malformed as reason:
        return None if meaning in ("malformed", "sealed") else f"dropped: {reason}"
    if meaning in ("malformed", "sealed"):
        return f"accepted, but {vector.get('reason', 'sealed')}"
    known = [bytes.fromhex(instance) for instance in vector.get("known", [])]
    expected = expected_message(vector)
    if replace(message, padding=None) != expected:
        return f"decoded as {message}"
    if not all(knows(message, instance) for instance in known):
        return "a known answer is not in the filter"
    if vector.get("canonical") and encode(expected, len(datagram), known) != datagram:
        return f"encoded as {encode(expected, len(datagram), known).hex()}"
    return None


def check_vectors(file: str) -> None:
    with open(file, encoding="utf-8") as text:
        vectors = json.load(text)
    wrong = [f"{vector['name']}: {fault}" for vector in vectors if (fault := check_vector(vector))]
    for line in wrong:
        print("wrong", line, flush=True)
    print(len(vectors) - len(wrong), "of", len(vectors), "vectors hold", flush=True)
    sys.exit(1 if wrong or not vectors else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: second.py NAME ADDRESS, or second.py --vectors FILE")
    if sys.argv[1] == "--vectors":
        check_vectors(sys.argv[2])
    else:
        run_node(sys.argv[1], sys.argv[2])
