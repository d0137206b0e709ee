"""`peers doctor`: says in words whether nodes on this host can find others, and if not, why not."""

from __future__ import annotations

import argparse
import os
import platform
import re
import time
from collections.abc import Callable
from contextlib import suppress

from .. import _abi
from .._library import library_version
from .._start import start
from ..errors import PeersError, TimedOutError
from ..node import Node
from ..records import Health, Peer, State
from . import advice, system
from .options import Commands, add_command, duration, mode_of, network_of, node_options
from .text import address_of, printable

_GROUPS = {4: "239.2.3.4", 6: "ff12::ef02:304"}
_PORT = 49001

_DESCRIPTION = """\
Looks at this host's network as a node does, and says what it finds: which interfaces are used, and why the
others are not; whether what a node sends is heard on each, by itself and by a second one; which seeds answer;
who else is heard; and what the node has counted. As root it also looks at the firewall's rules.
"""

_EPILOG = """\
exit status: 0 if nothing is wrong with this host, whether or not another node is heard; else 1.
"""


class Report:
    """What was found, printed as it is found."""

    def __init__(self) -> None:
        self.problems = 0

    def section(self, title: str) -> None:
        """Begins a section."""
        print(f"\n{title}", flush=True)

    def good(self, text: str) -> None:
        """Something is as it should be."""
        self._line("ok", text)

    def note(self, text: str) -> None:
        """Something is worth knowing, and nothing is wrong."""
        self._line("-", text)

    def problem(self, text: str) -> None:
        """Something is wrong."""
        self.problems += 1
        self._line("BAD", text)

    def hint(self, text: str) -> None:
        """What to do, or to look at, about the line before."""
        self._line("", text)

    def _line(self, mark: str, text: str) -> None:
        print(f"  {mark:3} {text}", flush=True)


def add_to(commands: Commands) -> None:
    """Adds the subcommand."""
    parser = add_command(
        commands,
        "doctor",
        help="say in words whether nodes can find each other, and why not",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=duration,
        default=3.0,
        help="how long to wait for what should be heard, such as 500ms, 2s or 1m (default: 3s)",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    report = Report()
    print(f"libpeers {library_version()}, package {_abi.PEERS_VERSION}, Python {platform.python_version()}")
    print(_way(options))
    try:
        _examine(report, options)
    except PeersError as error:
        report.problem(f"a node cannot be started: {error}")
    print(f"\n{_verdict(report.problems)}")
    return 1 if report.problems else 0


def _examine(report: Report, options: argparse.Namespace) -> None:
    joined = []
    if "multicast" in mode_of(options):
        # By nodes in a cluster of their own, of which nobody's programs learn.
        joined = _check_interfaces(report, options)
        if joined:
            _check_own_beacons(report, options, joined)
    with start(**node_options(options)) as node:
        if mode_of(options) != "multicast":
            _check_seeds(report, node, options)
        if joined:
            _check_others(report, node, options, joined)
        _check_health(report, node.health())


def _way(options: argparse.Namespace) -> str:
    """By what a node with these options speaks."""
    groups = f"groups {' and '.join(_groups(options).values())}, UDP port {_port(options)}"
    own = f"own UDP port {options.unicast_port or 'as the system chooses'}"
    mode = mode_of(options)
    if "multicast" not in mode:
        return f"no multicast; {own}"
    return groups if mode == "multicast" else f"{groups}; {own}"


def _port(options: argparse.Namespace) -> int:
    return _PORT if options.group_port is None else int(options.group_port)


def _groups(options: argparse.Namespace) -> dict[int, str]:
    """The group of each version of IP."""
    return {**_GROUPS, **{group.version: str(group) for group in options.group or ()}}


def _check_interfaces(report: Report, options: argparse.Namespace) -> list[tuple[str, int]]:
    """Says which interfaces are used, and why the others are not. Returns the interfaces and versions of IP
    by which a node that was started for it has joined the group."""
    report.section("Interfaces")
    groups = _groups(options)
    # Other programs may be members too: what counts is what comes with the node.
    before = {version: system.members(group) for version, group in groups.items()}
    with _private_node(options):
        after = {version: system.members(group) for version, group in groups.items()}
    everything = system.interfaces()
    joined = [
        (one.name, version)
        for one in everything
        for version in groups
        if after[version].get(one.name, 0) > before[version].get(one.name, 0)
    ]
    used = {name for name, _ in joined}
    for interface in everything:
        _say_if_used(
            report, options, interface, [version for name, version in joined if name == interface.name], used
        )
    if not used:
        report.problem("no interface is used, so nothing can be sent or heard")
    return joined


def _say_if_used(
    report: Report,
    options: argparse.Namespace,
    interface: system.Interface,
    versions: list[int],
    used: set[str],
) -> None:
    what = f"{interface.name} ({', '.join(filter(None, (interface.kind, interface.addresses)))})"
    if versions:
        report.good(
            f"{what} is used: joined the group of {' and '.join(f'IPv{version}' for version in versions)}"
        )
        for hint in advice.of_interface(interface):
            report.hint(hint)
        return
    reason = interface.obstacle()
    is_chosen = _chooses(options.interface, interface.name)
    if reason is None and not is_chosen:
        reason = "--interface does not name it"
    if reason is None and interface.is_loopback and used:
        reason = "loopback is used when there is nothing else, or when --interface names it"
    if reason is None:
        report.problem(f"{what} is not used, and should be: the system did not let a node join the group")
    elif options.interface and is_chosen:
        report.problem(f"{what} is named by --interface, but not used: {reason}")
    else:
        report.note(f"{what} is not used: {reason}")


def _chooses(selection: list[str] | None, name: str) -> bool:
    """True if the options name the interface, or name none."""
    if selection is None:
        return True
    patterns = [pattern.strip() for pattern in ",".join(selection).split(",")]
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) for pattern in patterns)


def _check_own_beacons(report: Report, options: argparse.Namespace, joined: list[tuple[str, int]]) -> None:
    """Says of each interface whether what a node sends there is heard there, by itself and by another."""
    report.section("What a node sends, on this host")
    is_silent = False
    for name, version in joined:
        where = f"{name}, IPv{version}"
        heard_itself, heard_second = _probe(options, name, version)
        if heard_itself and heard_second:
            report.good(f"{where}: a node hears its own beacon, and a second node")
        elif heard_itself:
            report.problem(f"{where}: a node hears its own beacon, but not a second node")
        else:
            report.problem(f"{where}: a node does not hear its own beacon")
            is_silent = True
    if is_silent:
        report.hint("It was sent, and the system gives it back to the sender, unless a firewall drops it:")
        for hint in advice.of_firewall(_port(options)):
            report.hint(hint)


def _probe(options: argparse.Namespace, interface: str, version: int) -> tuple[bool, bool]:
    """Starts two nodes on one interface. Returns whether the first hears itself, and whether the second."""
    cluster = _private_cluster()
    family = {"ipv4": version == 4, "ipv6": version == 6}
    place = {**network_of(options), "interfaces": interface, "cluster": cluster, **family}
    with start("first", **place) as first, start("second", **place):
        both = _until(first, options.wait, lambda: first.health().looped_back > 0 and len(first.list()) > 0)
        return both or first.health().looped_back > 0, both or len(first.list()) > 0


def _check_seeds(report: Report, node: Node, options: argparse.Namespace) -> None:
    """Says of each seed whether a node is heard from there."""
    report.section("Seeds")
    if not options.seed:
        report.note("no --seed is given: only those who have this node for a seed find it, and are found")
        for hint in advice.of_no_seed(options.unicast_port):
            report.hint(hint)
        return
    places = {seed: system.addresses_of(seed) for seed in ",".join(options.seed).split(",")}

    def answering(seed: str) -> list[Peer]:
        return [peer for peer in node.list() if peer.address in places[seed]]

    _until(node, options.wait, lambda: all(answering(seed) for seed in places))
    is_silent = False
    for seed, addresses in places.items():
        if not addresses:
            report.note(f"{seed}: the name has no address")
        elif there := answering(seed):
            report.good(f"{seed}: a node there is heard: {_names(there)}")
        else:
            report.note(f"{seed}: no node there was heard within {options.wait:g} s")
            is_silent = True
    if is_silent:
        report.hint("If there is one:")
        for hint in advice.of_silent_seeds():
            report.hint(hint)


def _check_others(
    report: Report, node: Node, options: argparse.Namespace, joined: list[tuple[str, int]]
) -> None:
    """Says who is heard with the options as they are given."""
    report.section("Other nodes")
    own = system.own_addresses()
    _until(node, options.wait, lambda: any(peer.address not in own for peer in node.list()))
    here = [peer for peer in node.list() if peer.address in own]
    elsewhere = [peer for peer in node.list() if peer.address not in own]
    if here:
        report.good(f"on this host: {_names(here)}")
    if elsewhere:
        report.good(f"on other hosts: {_names(elsewhere)}")
        return
    report.note(f"no node of another host was heard within {options.wait:g} s. If there is one:")
    kinds = {one.kind for one in system.interfaces() if one.name in dict(joined)}
    for hint in advice.of_nobody(_port(options), kinds):
        report.hint(hint)


def _names(peers: list[Peer]) -> str:
    shown = ", ".join(f"{printable(peer.name)} ({address_of(peer)})" for peer in peers[:5])
    return shown if len(peers) <= 5 else f"{shown} and {len(peers) - 5} more"


def _check_health(report: Report, health: Health) -> None:
    """Says what the node itself says."""
    report.section("What the node says of itself")
    if health.state == State.RUNNING:
        report.good(
            f"running: {health.sent} datagrams sent, {health.received} received, "
            f"{health.looped_back} of them its own"
        )
    else:
        report.problem(f"{health.state.name.lower()}: {health.detail}")
        for hint in advice.of_reason(health.reason):
            report.hint(hint)
    for text in advice.of_counters(health):
        report.note(text)


def _private_node(options: argparse.Namespace) -> Node:
    return start(cluster=_private_cluster(), **network_of(options))


def _private_cluster() -> str:
    return f"peers doctor {os.getpid()} {os.urandom(8).hex()}"


def _until(node: Node, seconds: float, is_so: Callable[[], bool]) -> bool:
    """Waits until it is so, which an event may bring about, or the time is over."""
    deadline = time.monotonic() + seconds
    while not is_so():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        with suppress(TimedOutError):
            node.next_event(min(left, 0.1))
    return True


def _verdict(problems: int) -> str:
    if problems == 0:
        return "Nothing is wrong with this host."
    return f"{problems} thing{'s are' if problems > 1 else ' is'} wrong: see BAD above."
