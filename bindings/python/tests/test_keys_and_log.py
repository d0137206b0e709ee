"""Keys: who finds whom. The log: what Python's logging gets of it."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

from support import PACKAGE, PATIENCE, OnMemoryNetwork

import peers
from peers import EventKind

OLD, NEW = bytes([1]) * 32, bytes([2]) * 32


def let_them_talk(*nodes: peers.Node) -> list[list[str]]:
    """Each hears what the others say, a few times in turn: who has come is asked to prove itself first."""
    for _ in range(4):
        names = [[peer.name for peer in node.list()] for node in nodes]
    return names


class Keys(OnMemoryNetwork):
    def test_those_of_one_key_find_each_other_and_nobody_else(self) -> None:
        kitchen, garden = self.start("kitchen", keys=[OLD]), self.start("garden", keys=(bytearray(OLD),))
        stranger, plain = self.start("stranger", keys=[NEW]), self.start("plain")
        names = let_them_talk(kitchen, garden, stranger, plain)
        self.assertEqual(names, [["garden"], ["kitchen"], [], []])
        self.assertEqual(kitchen.health().wrong_key, 3)  # two questions, and a line

    def test_a_key_is_changed_without_an_outage(self) -> None:
        nodes = self.start("kitchen", keys=[OLD]), self.start("garden", keys=[OLD])
        let_them_talk(*nodes)
        for keys in ([OLD, NEW], [NEW, OLD], [NEW]):
            for node in nodes:
                node.set_keys(keys)
                for speaker in nodes:
                    speaker.advance(15)
        self.assertEqual(let_them_talk(*nodes), [["garden"], ["kitchen"]])
        for node in nodes:
            self.assertEqual([event.kind for event in node.events(0)], [EventKind.JOINED])
            self.assertEqual(node.health().wrong_key, 0)
        self.assertEqual(let_them_talk(self.start("late", keys=[OLD]), *nodes)[0], [])

    def test_what_is_no_key(self) -> None:
        node, plain = self.start(keys=[OLD]), self.start()
        for error, text, keys in [
            (peers.InvalidError, "key 2 has 31 bytes; a key has 32", [OLD, bytes(31)]),
            (peers.InvalidError, "key 1 has 33 bytes; a key has 32", [bytes(33)]),
            (peers.InvalidError, "key 1 has 0 bytes; a key has 32", [b""]),
            (peers.InvalidError, "keys_count is 0", []),
            (peers.InvalidError, "9 keys are given; a node holds at most 8", [OLD] * 9),
            (TypeError, "key 1 must be bytes, not str", ["k" * 32]),
            (TypeError, "key 1 must be bytes, not int", [32]),
            (TypeError, "keys must be a sequence of bytes, not bytes", OLD),
        ]:
            for call in (lambda keys: self.start(keys=keys), node.set_keys):
                with self.subTest(keys=keys), self.assertRaisesRegex(error, text):
                    call(keys)
        node.set_keys([OLD] * 8)
        with self.assertRaisesRegex(peers.InvalidError, "was started without keys"):
            plain.set_keys([OLD])


class KeyFiles(unittest.TestCase):
    def watch(self, content: bytes, mode: int) -> str:
        """What the example says of a key file. It does not come to start: there is no such interface."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name, "key")
        path.write_bytes(content)
        path.chmod(mode)
        watch = [sys.executable, str(PACKAGE / "examples" / "watch.py"), "--interfaces", "nosuch7"]
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        ended = subprocess.run(
            [*watch, "--key-file", str(path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        return ended.stderr

    def test_the_example_takes_a_key_that_only_its_owner_can_read(self) -> None:
        self.assertIn("nosuch7", self.watch(secrets.token_bytes(32), 0o600))
        self.assertIn("key 1 has 31 bytes; a key has 32", self.watch(bytes(31), 0o600))
        self.assertIn("key 1 has 33 bytes; a key has 32", self.watch(bytes(40), 0o600))
        for mode in (0o640, 0o604, 0o620):
            self.assertIn(f"its mode is {mode:o}", self.watch(bytes(32), mode))


class Recorder(logging.Handler):
    """Keeps what is logged, and on which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.threads: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))
        self.threads.add(threading.get_ident())


class Log(OnMemoryNetwork):
    def logger(self, handler: logging.Handler, level: int = logging.DEBUG) -> logging.Logger:
        logger = logging.getLogger(self.id())
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
        return logger

    def test_it_comes_in_order_and_ends_with_the_node(self) -> None:
        for manual_clock in (True, False):
            record = Recorder()
            options = {"network": f"memory:{manual_clock}", "manual_clock": manual_clock}
            with self.start(logger=self.logger(record), **options) as node:
                node.register("100% wool", ttl=3600)
            where = f"a network in memory, on memory:{manual_clock} (10.0.0.1)"
            lines = [
                ("INFO", f'started "kitchen": {where}'),
                ("DEBUG", 'peer joined: "100% wool" (registered)'),
                ("INFO", "stopped"),
            ]
            self.assertEqual(record.lines, lines)
            self.assertEqual(record.threads == {threading.get_ident()}, manual_clock)

    def test_the_loggers_level_holds_and_may_change(self) -> None:
        record = Recorder()
        logger = self.logger(record, logging.WARNING)
        node = self.start(logger=logger)
        node.register("quiet")
        logger.setLevel(logging.DEBUG)
        node.register("loud")
        self.assertEqual(record.lines, [("DEBUG", 'peer joined: "loud" (registered)')])

    def test_what_a_handler_raises_goes_no_further(self) -> None:
        class Broken(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise ZeroDivisionError(record.getMessage())

        for manual_clock in (True, False):
            told: list[sys.UnraisableHookArgs] = []
            hook = mock.patch("sys.unraisablehook", told.append)
            with hook, self.start(logger=self.logger(Broken()), manual_clock=manual_clock) as node:
                node.register("lamp")
                self.assertEqual([peer.name for peer in node.list()], ["lamp"])
                node.close()
            raised = [str(one.exc_value) for one in told]
            self.assertEqual(raised[1:], ['peer joined: "lamp" (registered)', "stopped"])

    def test_a_handler_may_use_the_node_but_not_close_it(self) -> None:
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
            node = self.start(logger=self.logger(user), manual_clock=manual_clock)
            user.node = node
            node.register("lamp")
            self.assertTrue(closing.wait(PATIENCE))
            self.assertEqual(listed, [["lamp"]])
            self.assertFalse(node.closed)
            node.close()
            self.assertTrue(node.closed)
            self.assertEqual(user.lines[-1], ("INFO", "stopped"))

    def test_a_node_that_its_own_handler_drops_is_closed(self) -> None:
        class Dropping(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if record.getMessage().startswith("peer joined"):
                    released.wait(PATIENCE)
                    nodes.clear()
                if record.getMessage() == "stopped":
                    stopped.set()

        released, stopped = threading.Event(), threading.Event()
        logger = self.logger(Dropping())
        nodes = [peers.start("dropped", network=f"memory:{self.id()}", logger=logger)]
        nodes[0].register("lamp")
        released.set()
        self.assertTrue(stopped.wait(PATIENCE))


if __name__ == "__main__":
    unittest.main()
