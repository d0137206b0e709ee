"""Keys: who finds whom. The log: what Python's logging gets of it."""

from __future__ import annotations

import contextlib
import logging
import secrets
import sys
import threading
from pathlib import Path
from unittest import mock

import pytest
from support import PATIENCE, Start

import peers
from peers import EventKind

OLD, NEW = bytes([1]) * 32, bytes([2]) * 32


def let_them_talk(*nodes: peers.Node) -> list[list[str]]:
    """Each hears what the others say, a few times in turn: who has come is asked to prove itself first."""
    for _ in range(4):
        names = [[peer.name for peer in node.list()] for node in nodes]
    return names


def test_those_of_one_key_find_each_other_and_nobody_else(start: Start) -> None:
    kitchen, garden = start("kitchen", keys=[OLD]), start("garden", keys=(bytearray(OLD),))
    stranger, plain = start("stranger", keys=[NEW]), start("plain")
    names = let_them_talk(kitchen, garden, stranger, plain)
    assert names == [["garden"], ["kitchen"], [], []]
    assert kitchen.health().wrong_key == 3  # two queries and a legacy beacon


def test_a_key_is_changed_without_an_outage(start: Start) -> None:
    nodes = start("kitchen", keys=[OLD]), start("garden", keys=[OLD])
    let_them_talk(*nodes)
    for keys in ([OLD, NEW], [NEW, OLD], [NEW]):
        for node in nodes:
            node.set_keys(keys)
            for speaker in nodes:
                speaker.advance(15)
    assert let_them_talk(*nodes) == [["garden"], ["kitchen"]]
    for node in nodes:
        assert node.next_event(0).kind == EventKind.JOINED
        with pytest.raises(peers.TimedOutError):
            node.next_event(0)
        assert node.health().wrong_key == 0
    assert let_them_talk(start("late", keys=[OLD]), *nodes)[0] == []


@pytest.mark.parametrize(
    ("error", "text", "keys"),
    [
        (peers.InvalidError, "key 2 has 31 bytes; a key has 32", [OLD, bytes(31)]),
        (peers.InvalidError, "key 1 has 33 bytes; a key has 32", [bytes(33)]),
        (peers.InvalidError, "key 1 has 0 bytes; a key has 32", [b""]),
        (peers.InvalidError, "keys_count is 0", []),
        (peers.InvalidError, "9 keys are given; a node holds at most 8", [OLD] * 9),
        (TypeError, "key 1 must be bytes, not str", ["k" * 32]),
        (TypeError, "key 1 must be bytes, not int", [32]),
        (TypeError, "keys must be a sequence of bytes, not bytes", OLD),
    ],
)
def test_what_is_no_key(start: Start, error: type[Exception], text: str, keys: list[bytes]) -> None:
    with pytest.raises(error, match=text):
        start(keys=keys)
    with pytest.raises(error, match=text):
        start(keys=[OLD]).set_keys(keys)


def test_keys_are_replaced_by_others_only(start: Start) -> None:
    start(keys=[OLD]).set_keys([OLD] * 8)
    with pytest.raises(peers.InvalidError, match="was started without keys"):
        start().set_keys([OLD])


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.touch(0o600)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_key_is_read_from_a_file_of_its_owner(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    path = key_file(tmp_path, key)
    assert peers.read_key_file(path) == peers.read_key_file(str(path)) == key


@pytest.mark.parametrize(
    ("content", "told"),
    [(bytes(31), "it has 31 bytes"), (bytes(33), "it has more"), (b"ab" * 32, "it has more")],
)
def test_a_file_that_holds_no_key(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(peers.InvalidError, match=f"key: {told}; a key is 32 random bytes"):
        peers.read_key_file(key_file(tmp_path, content))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_that_others_may_use(tmp_path: Path, mode: int) -> None:
    with pytest.raises(PermissionError, match=f"key: its mode is {mode:o}"):
        peers.read_key_file(key_file(tmp_path, bytes(32), mode))


class Recorder(logging.Handler):
    """Keeps what is logged, and on which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.threads: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))
        self.threads.add(threading.get_ident())


def logger_to(handler: logging.Handler, level: int = logging.DEBUG) -> logging.Logger:
    logger = logging.getLogger("tests")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)
    return logger


def test_it_comes_in_order_and_ends_with_the_node(start: Start) -> None:
    for manual_clock in (True, False):
        record = Recorder()
        options = {"network": f"memory:{manual_clock}", "manual_clock": manual_clock}
        with start(logger=logger_to(record), **options) as node:
            node.register("100% wool", ttl=3600)
        where = f"a network in memory, on memory:{manual_clock} (10.0.0.1)"
        lines = [
            ("INFO", f'started "kitchen": {where}'),
            ("DEBUG", 'peer joined: "100% wool" (registered)'),
            ("INFO", "stopped"),
        ]
        assert record.lines == lines
        assert (record.threads == {threading.get_ident()}) == manual_clock


def test_the_loggers_level_holds_and_may_change(start: Start) -> None:
    record = Recorder()
    logger = logger_to(record, logging.WARNING)
    node = start(logger=logger)
    node.register("quiet")
    logger.setLevel(logging.DEBUG)
    node.register("loud")
    assert record.lines == [("DEBUG", 'peer joined: "loud" (registered)')]


def test_what_a_handler_raises_goes_no_further(start: Start) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ZeroDivisionError(record.getMessage())

    for manual_clock in (True, False):
        told: list[sys.UnraisableHookArgs] = []
        hook = mock.patch("sys.unraisablehook", told.append)
        with hook, start(logger=logger_to(Broken()), manual_clock=manual_clock) as node:
            node.register("lamp")
            assert [peer.name for peer in node.list()] == ["lamp"]
            node.close()
        raised = [str(one.exc_value) for one in told]
        assert raised[1:] == ['peer joined: "lamp" (registered)', "stopped"]


def test_a_handler_may_use_the_node_but_not_close_it(start: Start) -> None:
    class User(Recorder):
        node: peers.Node | None = None

        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            if self.node is None or closing.is_set():
                return
            listed.append([peer.name for peer in self.node.list()])
            with contextlib.suppress(peers.DeadlockError):
                self.node.close()
                listed.append("closed")
            closing.set()

    for manual_clock in (True, False):
        closing, listed, user = threading.Event(), [], User()
        node = start(logger=logger_to(user), manual_clock=manual_clock)
        user.node = node
        node.register("lamp")
        assert closing.wait(PATIENCE)
        assert listed == [["lamp"]]
        assert not node.closed
        node.close()
        assert node.closed
        assert user.lines[-1] == ("INFO", "stopped")


def test_a_node_that_its_own_handler_drops_is_closed(network: str) -> None:
    class Dropping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("peer joined"):
                released.wait(PATIENCE)
                nodes.clear()
            if record.getMessage() == "stopped":
                stopped.set()

    released, stopped = threading.Event(), threading.Event()
    logger = logger_to(Dropping())
    nodes = [peers.start("dropped", network=network, logger=logger)]
    nodes[0].register("lamp")
    released.set()
    assert stopped.wait(PATIENCE)
