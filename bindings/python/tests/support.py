"""What the tests share. They wait for no deadline: nodes live on memory networks, most with clocks that the
tests move, and programs are waited for by what they print."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import peers

PACKAGE = Path(__file__).resolve().parents[1]

# Reached only when something hangs.
PATIENCE = 120

# The fixture `start`: as `peers.start`, on the test's own memory network.
Start = Callable[..., peers.Node]


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
