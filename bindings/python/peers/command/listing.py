"""`peers list`: who is there."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import suppress

from ..errors import TimedOutError
from ..node import Node
from . import table, text
from .options import Commands, add_command, duration, start_node

_EPILOG = f"""\
--json prints an array with an object for each peer, ordered by name:

{text.JSON_OF_A_PEER}"""


def add_to(commands: Commands) -> None:
    """Adds the subcommand."""
    parser = add_command(commands, "list", help="ask who is there, and list who answers", epilog=_EPILOG)
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=duration,
        default=2.0,
        help="how long to wait for answers, such as 500ms, 2s or 1m (default: 2s). "
        "Peers answer within milliseconds; legacy nodes do not answer, and are heard every 15 s",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        type=int,
        help="wait no longer than until N peers are there; if fewer are in the end, the exit status is 1",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, as described below")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    with start_node(options) as node:
        _wait(node, options.wait, options.count)
        found = node.list()
    if options.json:
        print(json.dumps([text.peer_json(peer) for peer in found], indent=2))
    else:
        table.print_table(found)
    if options.count is not None and len(found) < options.count:
        print(f"peers list: {len(found)} of {options.count} peers were heard", file=sys.stderr)
        return 1
    return 0


def _wait(node: Node, seconds: float, count: int | None) -> None:
    """Waits until the time is over, or that many are there."""
    deadline = time.monotonic() + seconds
    while count is None or len(node.list()) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        with suppress(TimedOutError):
            node.next_event(left)
