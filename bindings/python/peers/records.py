"""What the library hands out, as values: peers, events, health. They stay valid after the node is closed."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import _abi

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
    """It is the node itself, from `Node.own_record`."""


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
    """What is wrong with a node."""

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


@dataclass(frozen=True)
class Peer:
    """One peer, as it was when the list was taken or the event raised."""

    name: str
    """Two peers may have the same; `id` tells them apart."""
    value: bytes
    address: str | None
    """The IP address it was heard from, IPv4 or IPv6; None if it was only registered."""
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
    """All addresses: `address` first, then the others from which messages came or that answered a probe, then
    those that the peer only claims. In this version there is `address` alone."""
    addresses_validated: int = 0
    """Number of the first addresses in `addresses` from which messages came or that answered a probe."""

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
    """Why the node is not running."""
    detail: str
    """The reason in words; "" if the node is running."""
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
            # generated: end
        )


def _age(milliseconds: int) -> float | None:
    return None if milliseconds == _NEVER else milliseconds / 1000
