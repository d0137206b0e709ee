"""`peers announce`: speaks for a program that does not do so itself."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from .options import Commands, add_command, start_node


def add_to(commands: Commands) -> None:
    """Adds the subcommand."""
    parser = add_command(
        commands,
        "announce",
        help="announce a name, a value and a port until Ctrl-C",
        epilog="Ended by Ctrl-C or SIGTERM, it says goodbye, and the others drop the name at once.",
    )
    parser.add_argument("--name", help="the name to announce (default: the host name)")
    parser.add_argument("--port", metavar="PORT", type=int, help="the port of the service that is announced")
    value = parser.add_mutually_exclusive_group()
    value.add_argument("--value", metavar="TEXT", help="a text to announce with the name")
    value.add_argument(
        "--value-file", metavar="PATH", type=Path, help="a file whose bytes to announce with it"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    name = socket.gethostname() if options.name is None else options.name
    value = options.value_file.read_bytes() if options.value_file else os.fsencode(options.value or "")
    with suppress(KeyboardInterrupt), start_node(options, name=name, value=value, service_port=options.port):
        print(_words(options, name, value), flush=True)
        while True:
            signal.pause()
    return 0


def _words(options: argparse.Namespace, name: str, value: bytes) -> str:
    """What is announced, and where to look if it is not found: in the same cluster."""
    words = [f"announcing {name!r}"]
    if options.port is not None:
        words.append(f"port {options.port}")
    if options.value_file:
        words.append(f"the {len(value)} bytes of {options.value_file}")
    elif value:
        words.append(f"value {options.value!r}")
    if options.cluster:
        words.append(f"in cluster {options.cluster!r}")
    if options.key_file:
        words.append("sealed")
    return f"{', '.join(words)}; Ctrl-C ends it"
