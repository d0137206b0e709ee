"""How a peer is written: as a line, as a row of a table, as JSON."""

from __future__ import annotations

import base64
import socket
from typing import Any

from ..records import Event, Peer

COLUMNS = ("NAME", "ADDRESS", "PORT", "VALUE", "HEARD", "BY")


def printable(text: str) -> str:
    """The text, with what would move a terminal's cursor or change its colours written as an escape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def value_of(peer: Peer) -> str:
    """The value for people: text if it is UTF-8, and base64 if not."""
    try:
        return printable(peer.value.decode())
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(peer.value).decode()}"


def address_of(peer: Peer) -> str:
    """The address, with the interface where it means nothing without."""
    if peer.address is None:
        return "-"
    interface = interface_of(peer)
    return f"{peer.address}%{interface}" if interface and peer.address.startswith("fe80:") else peer.address


def interface_of(peer: Peer) -> str | None:
    """The name of the interface that it was heard through, if it is known and still there."""
    if peer.interface_index is None:
        return None
    try:
        return socket.if_indextoname(peer.interface_index)
    except OSError:
        return None


def row_of(peer: Peer) -> tuple[str, ...]:
    """The cells below `COLUMNS`."""
    port = "-" if peer.port is None else str(peer.port)
    heard = f"{peer.age:.0f} s ago"
    return printable(peer.name), address_of(peer), port, value_of(peer), heard, peer.source.name.lower()


def line_of(event: Event) -> str:
    """An event as a line."""
    what = event.kind.name.lower()
    if event.peer is None:
        return what
    words = [what, printable(event.peer.name), address_of(event.peer)]
    if event.reason:
        return " ".join([*words, f"({event.reason.name.lower()})"])
    if event.peer.port is not None:
        words.append(f"port {event.peer.port}")
    if event.peer.value:
        words.append(f"value {value_of(event.peer)}")
    return " ".join(words)


def peer_json(peer: Peer) -> dict[str, Any]:
    """A peer as `peers list --json` prints it."""
    try:
        value = {"value": peer.value.decode()}
    except UnicodeDecodeError:
        value = {"value_base64": base64.b64encode(peer.value).decode()}
    return {
        "name": peer.name,
        **value,
        "address": peer.address,
        "port": peer.port,
        "interface": interface_of(peer),
        "id": peer.id.hex() if peer.id else None,
        "source": peer.source.name.lower(),
        "age": peer.age,
        "expires_in": peer.expires_in,
    }


def event_json(event: Event) -> dict[str, Any]:
    """An event as `peers watch --json` prints it."""
    return {
        "event": event.kind.name.lower(),
        "reason": event.reason.name.lower() if event.reason else None,
        "peer": peer_json(event.peer) if event.peer else None,
    }


JSON_OF_A_PEER = """\
  name        text; two peers may have the same
  value       its value as text, if that is UTF-8; otherwise
  value_base64  its bytes as base64: of the two there is always one
  address     the IP address it was heard from
  port        the port of its service, or null
  interface   the interface it was heard through, or null
  id          32 hexadecimal digits, of this run of it, or null if unknown
  source      "multicast"; "unicast" if only unicast reaches this node; "gossip" with --mode swim;
              "legacy" if the peer sends legacy beacons only
  age         seconds since it was last heard
  expires_in  seconds until it is gone unless it is heard again
"""
