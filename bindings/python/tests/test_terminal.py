"""What `peers watch` and `peers list` draw in a terminal, with `rich` and without."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pyte
import pytest
from support import PACKAGE, PATIENCE

import peers
from peers.command import table

WITH_RICH = "from peers.command import main; sys.exit(main())"
WITHOUT_RICH = f"sys.modules['rich'] = None; {WITH_RICH}"

both = pytest.mark.parametrize("program", [WITH_RICH, WITHOUT_RICH], ids=["rich", "plain"])


class Terminal:
    """A terminal with `peers` in it."""

    def __init__(self, program: str, *arguments: object, columns: int = 80, rows: int = 12) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.written = b""
        self._stream = pyte.ByteStream(self.screen)
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; {program}", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(PACKAGE), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=self._take_over,
        )
        os.close(inner)

    @staticmethod
    def _take_over() -> None:
        """The terminal becomes the one of the process, so that its Ctrl-C is a signal."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    @property
    def lines(self) -> list[str]:
        """What is to be seen."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def until(self, is_so: Callable[[list[str]], bool]) -> list[str]:
        """Waits until the lines that are to be seen are so."""
        deadline = time.monotonic() + PATIENCE
        while not is_so(self.lines):
            assert time.monotonic() < deadline, self.lines
            self._read(deadline - time.monotonic())
        return self.lines

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def status(self) -> int:
        """The exit status, when it has ended; what it still wrote is to be seen."""
        while self._read(PATIENCE):
            pass
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._fd)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            new = os.read(self._fd, 4096)
        except OSError:
            # What a terminal gives that nobody writes to any more.
            return False
        self.written += new
        self._stream.feed(new)
        return True


@pytest.fixture
def terminal(port: int) -> Iterator[Callable[..., Terminal]]:
    with ExitStack() as open_ones:

        def start(program: str, name: str, *arguments: object, **size: int) -> Terminal:
            where = ["--interface", "lo", "--group-port", port]
            return open_ones.enter_context(closing(Terminal(program, name, *where, *arguments, **size)))

        yield start


@both
def test_watch_draws_a_table_again_and_again(
    terminal: Callable[..., Terminal], port: int, program: str
) -> None:
    watch = terminal(program, "watch")
    watch.until(lambda lines: lines[-1:] == ["0 peers; Ctrl-C ends"])
    with peers.start("web [bold]", interfaces="lo", port=port, value="\x1b[31mwarm", service_port=8080):
        header, row, below = watch.until(lambda lines: len(lines) == 3)
        assert header.split() == ["NAME", "ADDRESS", "PORT", "VALUE", "HEARD", "BY"]
        assert row.startswith("web [bold]  127.0.0.1  8080  \\x1b[31mwarm  ")
        assert below == "1 peer; Ctrl-C ends"
        # It tells how long ago, so it is drawn though nothing happens.
        watch.until(lambda lines: "1 s ago" in lines[1])
    watch.until(lambda lines: lines[1:] == ["0 peers; Ctrl-C ends"])
    watch.press(b"\x03")
    assert watch.status() == 0
    # Bold is drawn by rich alone.
    assert (b"\x1b[1m" in watch.written) == (program == WITH_RICH)


def test_what_does_not_fit_the_terminal_is_left_out(terminal: Callable[..., Terminal], port: int) -> None:
    with ExitStack() as nodes:
        for number in range(9):
            nodes.enter_context(peers.start(f"node {number}", interfaces="lo", port=port, value="v" * 99))
        watch = terminal(WITHOUT_RICH, "watch", columns=60, rows=8)
        lines = watch.until(lambda lines: lines and "9 peers" in lines[-1])
        assert len(lines) == 7
        assert lines[0].startswith("NAME") and lines[5].startswith("node 4")
        assert lines[-1] == "4 more do not fit; 9 peers; Ctrl-C ends"
        assert all("v…" in line and "multicast" in line for line in lines[1:6])


@both
def test_list_prints_a_table_as_wide_as_the_terminal(
    terminal: Callable[..., Terminal], port: int, program: str
) -> None:
    with peers.start("web", interfaces="lo", port=port, value="v" * 99):
        listing = terminal(program, "list", "--count", 1, "--wait", f"{PATIENCE}s")
        assert listing.status() == 0
    header, row = listing.lines
    assert header.split()[:2] == ["NAME", "ADDRESS"]
    assert row.startswith("web   127.0.0.1") and "v…" in row and row.endswith("multicast")


def test_a_letter_may_take_two_columns_or_none() -> None:
    def peer(name: str) -> peers.Peer:
        return peers.Peer(name, b"", None, None, 0.0, 1.0, peers.Source.REGISTERED, None, None)

    lines = table._plain_lines([peer("日本"), peer("e\u0301t"), peer("abcd")], None)
    assert [line.split(" ", 1)[0] for line in lines[1:]] == ["日本", "e\u0301t", "abcd"]
    # Four columns each, and two between; counted here in letters.
    assert [line.index("-") for line in lines[1:]] == [4, 7, 6]
    # Cut to a width, a letter is left out that would have half its room.
    assert table._fitted("日本日本", 6) == "日本…"
