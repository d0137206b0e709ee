"""The options that every subcommand has, and the node they describe."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

from .._input import MODES, Mode
from .._key_file import read_key_file
from .._start import start
from ..node import Node
from ..records import State

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def add_command(commands: Commands, name: str, help: str, **more: Any) -> argparse.ArgumentParser:
    """A subcommand, with the options that all have."""
    more.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
    parser = commands.add_parser(name, help=help, allow_abbrev=False, **more)
    group = parser.add_argument_group("which network")
    group.add_argument("--cluster", metavar="NAME", help="list only the nodes of this cluster")
    group.add_argument(
        "--interface",
        metavar="NAMES",
        action="append",
        help="the interfaces to use, comma-separated, * for any characters (default: all but loopback)",
    )
    group.add_argument(
        "--group",
        metavar="ADDRESS",
        action="append",
        type=_group,
        help="the multicast group; twice for IPv4 and IPv6 (default: 239.2.3.4 and ff12::ef02:304)",
    )
    group.add_argument("--group-port", metavar="PORT", type=int, help="the groups' UDP port (default: 49001)")
    group.add_argument(
        "--seed",
        metavar="HOST:PORT",
        action="append",
        help="where to ask for peers that multicast does not reach; the port is the --unicast-port of a node "
        "there; may be given again",
    )
    group.add_argument(
        "--mode",
        choices=MODES,
        help="by which ways peers are found (default: multicast, and seeds if there are any)",
    )
    group.add_argument(
        "--unicast-port",
        metavar="PORT",
        type=int,
        help="the UDP port to send from and to be reached at alone, for a firewall, and for --seed of others "
        "(default: any)",
    )
    group.add_argument(
        "--key-file",
        metavar="PATH",
        help="the cluster's key: a file of 32 random bytes that only its owner can read "
        "(umask 077; head -c 32 /dev/urandom > PATH)",
    )
    parser.add_argument("--verbose", action="store_true", help="print the node's log to the standard error")
    return parser


def duration(text: str) -> float:
    """Seconds, from a text such as 500ms, 2s or 1m."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no duration; it is a number with ms, s, m or h, such as 500ms, 2s or 1m"
        )
    return float(found[1]) * _UNITS[found[2]]


def network_of(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `start` that say where the node lives, and that several nodes of a host can have."""
    groups = {f"group_v{group.version}": str(group) for group in options.group or ()}
    interfaces = ",".join(options.interface) if options.interface else None
    return {"interfaces": interfaces, "port": options.group_port, **groups}


def mode_of(options: argparse.Namespace) -> Mode:
    """By which ways a node with these options finds its peers."""
    mode: Mode = options.mode or "multicast"
    return "multicast+seeds" if mode == "multicast" and options.seed else mode


def node_options(options: argparse.Namespace) -> dict[str, Any]:
    """All arguments of `start` that the options say, and a name that tells which command it is."""
    found = {**network_of(options), "cluster": options.cluster, "unicast_port": options.unicast_port}
    found.update(mode=mode_of(options), seeds=options.seed)
    found["name"] = f"{socket.gethostname()} (peers {options.command} {os.getpid()})"
    if options.key_file is not None:
        found["keys"] = [read_key_file(options.key_file)]
    if options.verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s", stream=sys.stderr)
        found["logger"] = logging.getLogger("peers")
    return found


def start_node(options: argparse.Namespace, **more: Any) -> Node:
    """The node that the options describe. If it cannot work, that is said, for silence then tells nothing."""
    node = start(**{**node_options(options), **more})
    health = node.health()
    if health.state != State.RUNNING:
        print(f"peers {options.command}: warning: {health.detail}", file=sys.stderr)
    return node


def _group(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no IP address") from None
