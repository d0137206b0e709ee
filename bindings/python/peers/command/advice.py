"""What `peers doctor` advises: what is known of firewalls, of kinds of networks, and of what is counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ..records import Health, Reason
from . import system

_KINDS = {
    "wlan": "Wi-Fi: some access points keep their stations apart ('client isolation') or drop multicast.",
    "tunnel": "a tunnel: most VPNs do not carry multicast.",
    "wireguard": "WireGuard: it carries multicast to no peer.",
    "bridge": "a bridge: containers on it are reached, hosts behind the other interfaces are not.",
}

_COUNTERS = {
    "wrong_key": "datagrams that no key here opens, or that are not sealed while ours are: "
    "somebody has another --key-file, or none",
    "other_cluster": "datagrams of another --cluster, or legacy beacons where the node sends none",
    "malformed": "datagrams that are not libpeers's: another program uses this group and port",
    "off_link": "datagrams from beyond the local network: a router forwards multicast, or somebody forges",
    "rate_limited": "answers not sent, because too many were asked for: somebody floods, or forges",
    "unvalidated": "datagrams of nodes that had not proved their key yet: each newcomer begins so, "
    "and if none comes, somebody replays what was recorded",
    "send_errors": "sends that the system refused",
}


def of_interface(interface: system.Interface) -> Iterator[str]:
    """What to know of this kind of interface."""
    if interface.kind in _KINDS:
        yield _KINDS[interface.kind]


def of_firewall(port: int) -> Iterator[str]:
    """What the host's firewall does with the port, and how to let it in."""
    found = system.firewall(port)
    if isinstance(found, str):
        yield f"This host's firewall was not looked at: {found}."
    elif found.dropping:
        allowed = "a rule names it" if found.names_port else "no rule names it"
        chains = ", ".join(found.dropping)
        yield f"This host's firewall drops what no rule allows ({chains}). Of UDP port {port}: {allowed}."
    else:
        yield "This host's firewall drops nothing unless a rule says so."
        return
    yield f"To let the port in: {_opening(port, found)}"


def of_nobody(port: int, kinds: set[str]) -> Iterator[str]:
    """Why a node of another host may not be heard."""
    yield "It has to have the same --cluster, --key-file, --group and --group-port. Who has another cluster"
    yield "or key does not answer: with --wait 20s its announcements are counted below."
    yield "It has to be in the same network: beacons do not cross routers, so neither subnets nor VLANs."
    yield f"Its firewall has to let in UDP port {port}. Run 'peers doctor' there too."
    yield from of_firewall(port)
    if system.in_container():
        yield "This is a container. An engine's own network is not the host's: try --network host."
    if "wlan" in kinds:
        yield f"This host is on {_KINDS['wlan']}"
    if kinds & {"tunnel", "wireguard"}:
        yield "This host is on a VPN. Name the local interface by --interface."
    yield "A switch that snoops IGMP needs a querier in the network, or multicast ends after minutes."


def of_no_seed(unicast_port: int | None) -> Iterator[str]:
    """How a node that has no seed is found."""
    if unicast_port is None:
        yield "Give it a --unicast-port, or its port is another one at each start, and nobody can name it."
    else:
        yield f"They name it by --seed, with an address of this host and port {unicast_port}."


def of_silent_seeds() -> Iterator[str]:
    """Why a seed may not answer."""
    yield "It has to have the same --cluster and --key-file, and the port of the seed as its --unicast-port."
    yield "It has to be in a mode with seeds, or with seeds of its own: by multicast alone it does not answer"
    yield "whoever is beyond the local network. Where one side has --mode swim, both need it."
    yield "Every firewall on the way has to let in that UDP port. Run 'peers doctor' there too."


def of_reason(reason: Reason) -> Iterator[str]:
    """What to do about what is wrong with a node, where its own words leave that open."""
    if reason == Reason.RESOLVER:
        yield "Ask this host for the name by 'getent ahosts NAME'. If it is right, look at /etc/resolv.conf:"
        yield "who resolves it, and whether that can be reached. Other seeds are spoken to all the same."


def of_counters(health: Health) -> Iterator[str]:
    """What the counters say of the network, those that say anything."""
    for counter, meaning in _COUNTERS.items():
        count: int = getattr(health, counter)
        if count:
            yield f"{counter} {count}: {meaning}."


def _opening(port: int, found: system.Firewall | str) -> str:
    """The command that lets the port in, of the firewall's front end that is there."""
    if shutil.which("ufw"):
        return f"ufw allow {port}/udp"
    if shutil.which("firewall-cmd"):
        return f"firewall-cmd --permanent --add-port={port}/udp && firewall-cmd --reload"
    chain = "inet filter input" if isinstance(found, str) or not found.dropping else found.dropping[0]
    return f"nft insert rule {chain} udp dport {port} accept"
