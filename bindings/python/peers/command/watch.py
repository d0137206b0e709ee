"""`peers watch`: the peers as they come and go."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress

from ..node import Node
from ..records import Event, EventKind
from . import table, text
from .options import Commands, add_command, start_node

# How long ago each was heard is told in seconds.
_REDRAW_SECONDS = 1.0

_EPILOG = f"""\
In a terminal it is a table. Elsewhere, and with --json, it is a line for each event, written at once.

--json prints an object for each event:
  event       "joined", "updated" or "left"; or "resync": events were lost, and those that are there follow
  reason      of one that left: "goodbye", "expired" or "unreachable"; else null
  peer        an object, or null in a "resync":

{text.JSON_OF_A_PEER}"""


def add_to(commands: Commands) -> None:
    """Adds the subcommand."""
    parser = add_command(commands, "watch", help="show the peers as they come and go", epilog=_EPILOG)
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each event")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Ctrl-C is how it ends.
    with suppress(KeyboardInterrupt), start_node(options) as node:
        if table.is_terminal() and not options.json:
            _draw(node)
        else:
            _print_lines(node, options.json)
    return 0


def _draw(node: Node) -> None:
    with table.live_table() as draw:
        while True:
            peers, health = node.list(), node.health()
            count = f"{len(peers)} peer{'' if len(peers) == 1 else 's'}; Ctrl-C ends"
            draw(peers, f"{count}; {health.detail}" if health.detail else count)
            # The first is waited for; whatever came with it is in the same picture.
            for _ in node.events(_REDRAW_SECONDS):
                break
            for _ in node.events(0):
                pass


def _print_lines(node: Node, as_json: bool) -> None:
    for event in node.events():
        _print_line(event, as_json)
        if event.kind == EventKind.RESYNC:
            for peer in node.list():
                _print_line(Event(EventKind.JOINED, event.reason, peer), as_json)


def _print_line(event: Event, as_json: bool) -> None:
    print(json.dumps(text.event_json(event)) if as_json else text.line_of(event), flush=True)
