"""What the tests share. They need no network and wait for no deadline: nodes live on memory networks, most
with clocks that the tests move."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import threading
import unittest
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PACKAGE))

import peers  # noqa: E402

# Reached only when something hangs.
PATIENCE = 60


class OnMemoryNetwork(unittest.TestCase):
    """A test with a memory network of its own."""

    def start(self, name: str = "kitchen", **options: object) -> peers.Node:
        node = peers.start(name, **{"network": f"memory:{self.id()}", "manual_clock": True, **options})
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


def python(program: str, **environment: str) -> subprocess.Popen[str]:
    """An interpreter that runs a program which uses the package."""
    indent = re.match(r"\n? *", program)[0].lstrip("\n")
    # Tests that run in the background may have SIGINT ignored, and an interpreter leaves that as it is.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    lines = [heed, "import peers", *(line[len(indent) :] for line in program.splitlines())]
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
