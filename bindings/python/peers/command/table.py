"""Tables of peers, plain or by `rich` if that is installed, once or again and again in a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..records import Peer
from .text import COLUMNS, row_of

try:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text
except ImportError:
    HAS_RICH = False
else:
    HAS_RICH = True

_GAP = "  "
# No column but this one may be cut to make room: what is left of a name or an address would be wrong.
_VALUE = COLUMNS.index("VALUE")
_LEAST_VALUE = 8

Draw = Callable[[Sequence[Peer], str], None]


def is_terminal() -> bool:
    """True if the output goes to a terminal in which something can be drawn again."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def print_table(peers: Sequence[Peer]) -> None:
    """A table on the standard output: colours only in a terminal, nothing cut elsewhere."""
    if HAS_RICH and is_terminal():
        Console().print(_rich_table(peers))
        return
    width = shutil.get_terminal_size().columns if is_terminal() else None
    print("\n".join(_plain_lines(peers, width)))


@contextmanager
def live_table() -> Iterator[Draw]:
    """Gives a function that draws a table, and a line below it, where it drew the one before."""
    if HAS_RICH:
        with Live(console=Console(), auto_refresh=False) as live:
            yield lambda peers, below: live.update(Group(_rich_table(peers), Text(below)), refresh=True)
    else:
        yield _Plain().draw


class _Plain:
    """A terminal that understands the cursor movements that all do."""

    def __init__(self) -> None:
        self.lines = 0

    def draw(self, peers: Sequence[Peer], below: str) -> None:
        columns, rows = shutil.get_terminal_size()
        lines = _plain_lines(peers, columns)
        # One for the line below, and one for the cursor.
        room = max(rows - 2, 1)
        if len(lines) > room:
            below = f"{len(lines) - room} more do not fit; {below}"
        lines = [*lines[:room], _fitted(below, columns)]
        up_and_erase = f"\x1b[{self.lines}A\x1b[J" if self.lines else ""
        sys.stdout.write(up_and_erase + "\n".join(lines) + "\n")
        sys.stdout.flush()
        self.lines = len(lines)


def _rich_table(peers: Sequence[Peer]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        # Who may wrap is narrowed first; its cells do not wrap even so.
        table.add_column(column, no_wrap=column != "VALUE")
    table.columns[0].style = "green"
    for peer in peers:
        # Text, so that brackets in a name are not taken for colours.
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row_of(peer)))
    return table


def _plain_lines(peers: Sequence[Peer], width: int | None) -> list[str]:
    """The table, header first. With a `width` no line is longer: values are cut first."""
    rows = [COLUMNS, *map(row_of, peers)]
    widths = [max(map(_width, cells)) for cells in zip(*rows)]
    if width is not None:
        too_much = max(0, sum(widths) + len(_GAP) * (len(widths) - 1) - width)
        widths[_VALUE] = max(min(widths[_VALUE], _LEAST_VALUE), widths[_VALUE] - too_much)
    lines = [_GAP.join(map(_padded, row, widths)).rstrip() for row in rows]
    return lines if width is None else [_fitted(line, width) for line in lines]


def _padded(text: str, width: int) -> str:
    text = _fitted(text, width)
    return text + " " * (width - _width(text))


def _fitted(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis."""
    if _width(text) <= width:
        return text
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _width(text: str) -> int:
    """Columns of a terminal: some letters take two, and some, that change the one before, none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
