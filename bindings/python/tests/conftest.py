from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support import Command, Start, free_port, started

import peers


@pytest.fixture
def network(request: pytest.FixtureRequest) -> str:
    """A memory network of the test's own."""
    return f"memory:{request.node.name}"


@pytest.fixture
def start(network: str) -> Iterator[Start]:
    """Starts nodes on the test's own network, with clocks that it moves. They are closed after the test."""
    with ExitStack() as nodes:

        def start(name: str = "kitchen", **options: object) -> peers.Node:
            return nodes.enter_context(
                peers.start(name, **{"network": network, "manual_clock": True, **options})
            )

        yield start


@pytest.fixture
def port() -> int:
    """A UDP port of the test's own: what is started on it, on loopback, is alone there."""
    return free_port()


@pytest.fixture
def command(port: int) -> Iterator[Command]:
    """Starts `peers` on loopback and the test's port. What still runs after the test is killed."""
    with ExitStack() as running:

        def command(name: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
            where = ["--interface", "lo", "--group-port", port]
            process = started([sys.executable, "-m", "peers", name, *where, *arguments], **more)
            running.enter_context(process)
            running.callback(process.kill)
            return process

        yield command


@pytest.fixture
def observer(port: int) -> Iterator[peers.Node]:
    """A node on loopback and the test's port, which hears what the command does."""
    with peers.start("observer", interfaces="lo", port=port) as node:
        yield node
