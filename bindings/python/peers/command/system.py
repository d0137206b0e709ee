"""What Linux tells of its network: interfaces, who is a member of a group, and the firewall."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIOCGIFFLAGS, _SIOCGIFADDR = 0x8913, 0x8915
_UP, _LOOPBACK, _RUNNING, _MULTICAST = 0x1, 0x8, 0x40, 0x1000


@dataclass(frozen=True)
class Interface:
    """A network interface, as it is now."""

    name: str
    flags: int
    v4: str | None
    """Its first IPv4 address."""
    v6: str | None
    """Its first link-local IPv6 address."""
    kind: str
    """"bridge", "wlan" and so on, as the system calls it; "" for a plain one."""

    @property
    def is_loopback(self) -> bool:
        """True for `lo`."""
        return bool(self.flags & _LOOPBACK)

    @property
    def addresses(self) -> str:
        """Its addresses in words."""
        return ", ".join(filter(None, (self.v4, self.v6))) or "no address"

    def obstacle(self) -> str | None:
        """Why no multicast can go through it at the moment."""
        if not self.flags & _UP:
            return "it is down"
        if not self.flags & _RUNNING:
            return "it is up, but has no carrier: nothing is connected to it"
        if not self.flags & (_MULTICAST | _LOOPBACK):
            return "it cannot do multicast"
        if self.v4 is None and self.v6 is None:
            return "it has neither an IPv4 address nor a link-local IPv6 one"
        return None


def interfaces() -> list[Interface]:
    """All interfaces of this host, in the system's order."""
    link_local = dict(_link_local_addresses())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        return [
            Interface(name, _flags(asking, name), _v4(asking, name), link_local.get(name), _kind(name))
            for _, name in socket.if_nameindex()
        ]


def addresses_of(seed: str) -> set[str]:
    """The addresses of a seed, "host:port"; none if its name cannot be resolved."""
    host = seed.strip().rpartition(":")[0].strip("[]")
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)}
    except OSError:
        return set()


def members(group: str) -> dict[str, int]:
    """How many sockets of this host are members of a group, by interface."""
    address = ipaddress.ip_address(group)
    if address.version == 4:
        return _v4_members(Path("/proc/net/igmp").read_text(), address)
    table = Path("/proc/net/igmp6")
    return _v6_members(table.read_text(), address) if table.exists() else {}


def own_addresses() -> set[str]:
    """The IPv4 addresses and the link-local IPv6 ones by which this host is heard."""
    return {address for one in interfaces() for address in (one.v4, one.v6) if address}


def in_container() -> bool:
    """True if the container engine left its mark."""
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


@dataclass(frozen=True)
class Firewall:
    """What nftables does with what comes in; the rules of iptables are among them."""

    dropping: list[str]
    """The chains that drop or refuse what no rule before allows, each with family and table."""
    names_port: bool
    """True if any rule anywhere names the port."""


def firewall(port: int) -> Firewall | str:
    """The host's firewall, or why it cannot be looked at."""
    nft = shutil.which("nft") or shutil.which("nft", path="/usr/sbin:/sbin")
    if nft is None:
        return "nft, which tells of it, is not installed"
    asked = subprocess.run([nft, "--json", "list", "ruleset"], capture_output=True, text=True)
    if asked.returncode != 0:
        return "it takes root to look at it"
    entries = json.loads(asked.stdout)["nftables"]
    rules = [entry["rule"] for entry in entries if "rule" in entry]
    chains = [entry["chain"] for entry in entries if entry.get("chain", {}).get("hook") == "input"]
    dropping = [_chain_name(chain) for chain in chains if _drops(chain, rules)]
    return Firewall(dropping, any(_names(rule, port) for rule in rules))


def _flags(asking: socket.socket, name: str) -> int:
    flags: int = struct.unpack_from("=H", _ask(asking, _SIOCGIFFLAGS, name), 16)[0]
    return flags


def _v4(asking: socket.socket, name: str) -> str | None:
    try:
        return socket.inet_ntoa(_ask(asking, _SIOCGIFADDR, name)[20:24])
    except OSError:
        return None


def _ask(asking: socket.socket, what: int, name: str) -> bytes:
    """A `struct ifreq`: 16 bytes of name, and then what is asked for."""
    return fcntl.ioctl(asking, what, struct.pack("16s24x", name.encode()))


def _kind(name: str) -> str:
    """What the system calls a device of this type."""
    device = Path("/sys/class/net", name)
    try:
        lines = (device / "uevent").read_text().splitlines()
    except OSError:
        return ""
    if (device / "tun_flags").exists():
        return "tunnel"
    return next((line.partition("=")[2] for line in lines if line.startswith("DEVTYPE=")), "")


def _link_local_addresses() -> Iterator[tuple[str, str]]:
    """Interface and address; the first of each comes last."""
    table = Path("/proc/net/if_inet6")
    lines = table.read_text().splitlines() if table.exists() else []
    for line in reversed(lines):
        digits, *_, name = line.split()
        address = ipaddress.IPv6Address(int(digits, 16))
        if address.is_link_local:
            yield name, str(address)


def _v4_members(table: str, group: ipaddress.IPv4Address | ipaddress.IPv6Address) -> dict[str, int]:
    """A line for each interface, "index name : ...", and below it one for each of its groups: the address as
    if its bytes were a number of this machine, then the count."""
    digits = f"{int.from_bytes(group.packed, sys.byteorder):08X}"
    found = {}
    name = ""
    for line in table.splitlines()[1:]:
        words = line.split()
        if not line[0].isspace():
            name = words[1]
        elif words[0] == digits:
            found[name] = int(words[1])
    return found


def _v6_members(table: str, group: ipaddress.IPv4Address | ipaddress.IPv6Address) -> dict[str, int]:
    """A line for each membership: index, interface, group, count."""
    lines = (line.split() for line in table.splitlines())
    return {name: int(count) for _, name, digits, count, *_ in lines if digits == group.packed.hex()}


def _chain_name(chain: dict[str, Any]) -> str:
    return f"{chain['family']} {chain['table']} {chain['name']}"


def _drops(chain: dict[str, Any], rules: list[dict[str, Any]]) -> bool:
    """By its policy, or by a rule without a condition."""
    names = chain["family"], chain["table"], chain["name"]
    own = [rule["expr"] for rule in rules if (rule["family"], rule["table"], rule["chain"]) == names]
    verdicts = [expression[-1] for expression in own if not any("match" in part for part in expression)]
    return chain.get("policy") == "drop" or any("drop" in last or "reject" in last for last in verdicts)


def _names(rule: dict[str, Any], port: int) -> bool:
    """True if a condition of the rule is about the port, alone or in a set."""
    compared = [part["match"]["right"] for part in rule["expr"] if "match" in part]
    return any(
        port == right or (isinstance(right, dict) and port in right.get("set", ())) for right in compared
    )
