from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support import Start, free_port

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
