"""What the library hands out, as values: peers, events, health. They stay valid after the node is closed."""

from __future__ import annotations

import base64
import ctypes
import socket
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import _abi, _txt

_NEVER = 2**64 - 1


class _Code(IntEnum):
    """A number of the library. One that a newer library has added is a member named UNKNOWN_<number>."""

    @classmethod
    def _missing_(cls, value: object) -> _Code | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    def _word(self) -> str:
        """The word of the command, which knows as many numbers as this package."""
        return "unknown" if self.name.startswith("UNKNOWN_") else self.name.lower()


class Source(_Code):
    """What last told of a peer."""

    MULTICAST = _abi.PEERS_SOURCE_MULTICAST
    """A message of the native protocol."""
    LEGACY = _abi.PEERS_SOURCE_LEGACY
    """A legacy beacon, "multitastic:NAME"."""
    REGISTERED = _abi.PEERS_SOURCE_REGISTERED
    """`Node.register`."""
    UNICAST = _abi.PEERS_SOURCE_UNICAST
    """A message of the native protocol that came to this node alone, and none yet by multicast: it is a seed,
    or has this node for one."""
    GOSSIP = _abi.PEERS_SOURCE_GOSSIP
    """The cluster: it is a member, as the SWIM protocol has it."""
    SELF = _abi.PEERS_SOURCE_SELF
    """It is the node itself, from `Node.me`."""


class EventKind(_Code):
    """What happened."""

    JOINED = _abi.PEERS_EVENT_JOINED
    """A peer is listed that was not listed before."""
    UPDATED = _abi.PEERS_EVENT_UPDATED
    """A listed peer has another value, address, port, source or id."""
    LEFT = _abi.PEERS_EVENT_LEFT
    """A peer is no longer listed."""
    RESYNC = _abi.PEERS_EVENT_RESYNC
    """Events were lost because they were not read. `Node.list` has the state as it is."""


class LeaveReason(_Code):
    """Why a peer left."""

    NONE = _abi.PEERS_LEFT_NONE
    """It did not: the event is of another kind."""
    GOODBYE = _abi.PEERS_LEFT_GOODBYE
    """It said that it ends."""
    EXPIRED = _abi.PEERS_LEFT_EXPIRED
    """It was not heard, nor registered again, for its expiry time, and did not answer when it was asked."""
    UNREACHABLE = _abi.PEERS_LEFT_UNREACHABLE
    """Two probes in a row were answered with ICMP port or host unreachable."""
    UNREGISTERED = _abi.PEERS_LEFT_UNREGISTERED
    """`Node.unregister` removed it."""


class State(_Code):
    """How a node is."""

    RUNNING = _abi.PEERS_STATE_RUNNING
    DEGRADED = _abi.PEERS_STATE_DEGRADED
    """It works on, but part of its work is failing."""
    FAILED = _abi.PEERS_STATE_FAILED
    """It no longer works: close it, and start another."""


class Reason(_Code):
    """What is wrong with a node, or, of a running node, a note about its network."""

    NONE = _abi.PEERS_REASON_NONE
    NO_INTERFACE = _abi.PEERS_REASON_NO_INTERFACE
    """No interface that may be used is up."""
    NOT_RECEIVING = _abi.PEERS_REASON_NOT_RECEIVING
    """Nothing was heard for the expiry time, not even the node's own announcements."""
    SEND_FAILS = _abi.PEERS_REASON_SEND_FAILS
    """The latest announcement could not be sent through every interface."""
    PERMISSION = _abi.PEERS_REASON_PERMISSION
    """The system does not permit sending, or joining the group."""
    MULTICAST_JOIN = _abi.PEERS_REASON_MULTICAST_JOIN
    """The system did not let the node join the group on every interface."""
    INTERNAL = _abi.PEERS_REASON_INTERNAL
    """It met an internal error, of the library or of the program around it, and no longer works."""
    RESOLVER = _abi.PEERS_REASON_RESOLVER
    """The name of a seed cannot be resolved. It is tried again every minute; the other seeds are spoken to
    all the same."""
    LIST_FULL = _abi.PEERS_REASON_LIST_FULL
    """A newcomer was refused in the last two minutes, because the registry is full."""
    SEND_STALLS = _abi.PEERS_REASON_SEND_STALLS
    """In the last minute the send buffer of the system stayed full."""
    ID_CONFLICT = _abi.PEERS_REASON_ID_CONFLICT
    """In the last two minutes another node sent with the instance id of this node."""
    OTHER_CLUSTER = _abi.PEERS_REASON_OTHER_CLUSTER
    """Note: a node of another cluster is there."""
    OTHER_KEY = _abi.PEERS_REASON_OTHER_KEY
    """Note: a node with another key is there, or one with keys where this node has none, or the other way
    round."""
    OTHER_MODE = _abi.PEERS_REASON_OTHER_MODE
    """Note: a node of the same cluster in another mode is there."""
    LIMITED = _abi.PEERS_REASON_LIMITED
    """A note of a running node: the system refused calls or options that the node can do without."""
    SOCKET = _abi.PEERS_REASON_SOCKET
    """The system refused a socket of the node, which works with the others and tries again."""


class Usage(_Code):
    """Whether a node uses an interface by an address family, and if not, why."""

    USED = _abi.PEERS_INTERFACE_USED
    NOT_NAMED = _abi.PEERS_INTERFACE_NOT_NAMED
    """The option `interfaces` does not name it."""
    FAMILY_OFF = _abi.PEERS_INTERFACE_FAMILY_OFF
    """The node does not use the family, or the system has refused its sockets."""
    DOWN = _abi.PEERS_INTERFACE_DOWN
    NO_CARRIER = _abi.PEERS_INTERFACE_NO_CARRIER
    """Nothing is connected to it."""
    PORT = _abi.PEERS_INTERFACE_PORT
    """It is a port of a bridge, a bond or a team, or is in a VRF."""
    NO_MULTICAST = _abi.PEERS_INTERFACE_NO_MULTICAST
    """It has no MULTICAST flag."""
    NO_ADDRESS = _abi.PEERS_INTERFACE_NO_ADDRESS
    """It has no address of the family; for IPv6, no link-local one."""
    LOOPBACK = _abi.PEERS_INTERFACE_LOOPBACK
    """It is loopback, and another interface is used."""


@dataclass(frozen=True)
class InterfaceStatus:
    """An interface of the host and an address family."""

    name: str
    index: int
    family: int
    """4 or 6."""
    usage: Usage
    why: str
    """The usage in words; "" if the node uses it."""
    kind: str
    """"loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network card."""
    address: str | None
    """The address that the node sends from, or would send from; None if there is none."""
    sent: int
    """Datagrams sent to the group through it."""
    looped_back: int
    """Received through it: the node's own datagrams, which the system loops back."""
    received: int
    """Datagrams received through it, of every kind."""
    last_error: str
    """The last system call for it that failed, with its error; "" if none did."""

    @classmethod
    def _read(cls, raw: Any) -> InterfaceStatus:
        return cls(
            name=raw.name.decode(),
            index=raw.index,
            family=raw.family,
            usage=Usage(raw.usage),
            why=raw.why.decode(),
            kind=raw.kind.decode(),
            address=raw.address.decode() or None,
            sent=raw.sent,
            looped_back=raw.looped_back,
            received=raw.received,
            last_error=raw.last_error.decode(),
        )


@dataclass(frozen=True)
class Peer:
    """One peer, as it was when the list was taken or the event raised."""

    name: str
    """Two peers may have the same; `id` tells them apart."""
    value: bytes
    address: str | None
    """The IP address to reach it at, IPv4 or IPv6: the first of `addresses`. A link-local IPv6 address has
    its zone. None if it was only registered."""
    port: int | None
    """The port at which it offers its service; None if it announces none."""
    age: float
    """Seconds since it was last heard or registered."""
    expires_in: float
    """Seconds until it is gone unless it is heard again; 0.0 in the event of one that left."""
    source: Source
    interface_index: int | None
    """The interface it was heard through (see `socket.if_indextoname`), the scope of a link-local address;
    None if unknown."""
    id: bytes | None
    """The 16 random bytes of this run of it; None if unknown."""
    addresses: tuple[str, ...] = ()
    """All addresses, as `address` is: `address` first, then the others from which messages came or that
    answered a probe, then those that the peer only claims."""
    addresses_validated: int = 0
    """Number of the first addresses in `addresses` from which messages came or that answered a probe."""

    @property
    def txt(self) -> dict[str, str | None]:
        """The keys and values that `peers.txt` has written: keys in lower case, None for a key without a
        value. {} if the value is not in that format, so `peer.txt.get("role") == "worker"` does for every
        peer."""
        return _txt.parse(self.value)

    @property
    def interface(self) -> str | None:
        """The name of the interface it was heard through; None if unknown, or if there is none any more."""
        try:
            return socket.if_indextoname(self.interface_index) if self.interface_index else None
        except OSError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """The peer as `json.dumps` takes it, in the form of `peers list --json`: a value that is not UTF-8 is
        there as "value_base64"."""
        try:
            value = {"value": self.value.decode()}
        except UnicodeDecodeError:
            value = {"value_base64": base64.b64encode(self.value).decode()}
        return {
            "name": self.name,
            **value,
            "address": self.address,
            "addresses": list(self.addresses),
            "addresses_validated": self.addresses_validated,
            "port": self.port,
            "interface": self.interface,
            "id": self.id.hex() if self.id else None,
            "source": self.source._word(),
            "age": self.age,
            "expires_in": self.expires_in,
        }

    @classmethod
    def _read(cls, raw: Any) -> Peer:
        return cls(
            name=raw.name.decode(),
            value=ctypes.string_at(raw.value, raw.value_len),
            address=raw.address.decode() or None,
            port=raw.port or None,
            age=raw.age_ms / 1000,
            expires_in=raw.expires_in_ms / 1000,
            source=Source(raw.source),
            interface_index=raw.interface_index or None,
            id=bytes(raw.id) if any(raw.id) else None,
            addresses=tuple(raw.addresses[index].decode() for index in range(raw.addresses_len)),
            addresses_validated=raw.addresses_validated,
        )


@dataclass(frozen=True)
class Event:
    """One change of the registry."""

    kind: EventKind
    reason: LeaveReason
    peer: Peer | None
    """The peer as it was when the event was raised; None in a RESYNC."""

    def to_dict(self) -> dict[str, Any]:
        """The event as `json.dumps` takes it, in the form of `peers watch --json`."""
        return {
            "event": self.kind._word(),
            "reason": self.reason._word() if self.reason else None,
            "peer": self.peer.to_dict() if self.peer else None,
        }

    @classmethod
    def _read(cls, raw: Any) -> Event:
        peer = Peer._read(raw.peer.contents) if raw.peer else None
        return cls(EventKind(raw.kind), LeaveReason(raw.reason), peer)


@dataclass(frozen=True)
class Health:
    """How a node is, and what it has counted since it was started."""

    # generated: begin python/health
    state: State
    """State of the node."""
    reason: Reason
    """What is wrong with the node, or a note about its network while it is running."""
    detail: str
    """The reason in words; "" if there is none."""
    last_send_age: float | None
    """Seconds since the node last sent a datagram; None before the first."""
    last_receive_age: float | None
    """Seconds since the node last received a datagram, its own included; None before the first."""
    interfaces: int
    """Number of interfaces in use."""
    peers: int
    """Number of entries in the registry."""
    sent: int
    """Datagrams sent."""
    send_errors: int
    """Sends that the system refused."""
    received: int
    """Datagrams received, of every kind."""
    looped_back: int
    """Received: the node's own messages, and legacy beacons with its name."""
    malformed: int
    """Received and dropped: neither a message of the protocol nor a legacy beacon."""
    refused_full: int
    """Peers refused because the registry was full."""
    dropped: int
    """Datagrams lost because the node's queue on a memory network was full."""
    sockets_reopened: int
    """Times that the node reopened its sockets, or joined or left interfaces."""
    events_lost: int
    """Events dropped because the queue was full; one resync event reports each loss."""
    other_cluster: int
    """Received and dropped: messages of another cluster, and legacy beacons if the node does not use them."""
    stale: int
    """Received and dropped: messages not newer than the known one of their sender (duplicates, replays)."""
    wrong_key: int
    """Received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no
    keys. If it rises, another node has other keys, or none."""
    rate_limited: int
    """Replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or under
    forged messages."""
    off_link: int
    """Received and dropped: datagrams from outside the links in use, while hops is 1."""
    unvalidated: int
    """Received by a node with keys: messages of an unlisted instance whose path is not validated. Each new
    peer begins so. If it rises and no peer joins, recorded messages are replayed."""
    id_conflicts: int
    """Received: messages with the instance id of the node that another node sent. If it rises, a clone of
    this machine or process is there, or a host forges messages."""
    # generated: end

    @classmethod
    def _read(cls, raw: Any) -> Health:
        return cls(
            # generated: begin python/read_health
            state=State(raw.state),
            reason=Reason(raw.reason),
            detail=raw.detail.decode(),
            last_send_age=_age(raw.last_send_age_ms),
            last_receive_age=_age(raw.last_receive_age_ms),
            interfaces=raw.interfaces,
            peers=raw.peers,
            sent=raw.sent,
            send_errors=raw.send_errors,
            received=raw.received,
            looped_back=raw.looped_back,
            malformed=raw.malformed,
            refused_full=raw.refused_full,
            dropped=raw.dropped,
            sockets_reopened=raw.sockets_reopened,
            events_lost=raw.events_lost,
            other_cluster=raw.other_cluster,
            stale=raw.stale,
            wrong_key=raw.wrong_key,
            rate_limited=raw.rate_limited,
            off_link=raw.off_link,
            unvalidated=raw.unvalidated,
            id_conflicts=raw.id_conflicts,
            # generated: end
        )


def _age(milliseconds: int) -> float | None:
    return None if milliseconds == _NEVER else milliseconds / 1000
