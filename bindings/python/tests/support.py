"""What the tests share. They wait for no deadline: nodes live on memory networks, most with clocks that the
tests move, and programs are waited for by what they print."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import peers

PACKAGE = Path(__file__).resolve().parents[1]

# Reached only when something hangs.
PATIENCE = 120

# The fixture `start`: as `peers.start`, on the test's own memory network.
Start = Callable[..., peers.Node]


class NodeTest(unittest.TestCase):
    """Nodes on a memory network of the test's own, with clocks that it moves. The test closes them."""

    def start(self, name: str = "kitchen", **options: Any) -> peers.Node:
        network = f"memory:{self.id()}"
        node = peers.start(name, **{"network": network, "manual_clock": True, **options})
        self.addCleanup(node.close)
        return node


def in_thread(work):
    """Runs `work` in a thread. What it returns gives the result, when there is one."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()

    def result():
        thread.join(PATIENCE)
        return results[0]

    return result


def readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def free_port() -> int:
    """A UDP port that nobody holds, so that nobody else is heard on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def started(arguments: Sequence[object], **more: Any) -> subprocess.Popen[str]:
    """A program that uses the package."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), **more.pop("env", {})}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
    # Tests that run in the background may have SIGINT ignored, and an interpreter leaves that as it is.
    options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([str(argument) for argument in arguments], env=environment, **options)


def python(program: str, **environment: str) -> subprocess.Popen[str]:
    """An interpreter that runs a program which uses the package."""
    indent = re.match(r"\n? *", program)[0].lstrip("\n")
    lines = ["import peers", *(line[len(indent) :] for line in program.splitlines())]
    return started([sys.executable, "-c", "\n".join(lines)], env=environment)
