"""A user's program, for a type checker alone: what is annotated here is what the package promises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import peers


def lines(node: peers.Node) -> Iterator[str]:
    for event in node.events(timeout=60):
        peer: peers.Peer | None = event.peer
        if event.kind is peers.EventKind.LEFT and peer is not None:
            reason: peers.LeaveReason = event.reason
            yield f"{peer.name} {reason.name}"


async def count(node: peers.Node) -> int:
    events: AsyncIterator[peers.Event] = node.events_async(timeout=0.5)
    return len([event async for event in events])


def main() -> None:
    logger = logging.getLogger("peers")
    key: bytes = peers.read_key_file("cluster.key")
    try:
        with peers.start("kitchen", value="warm", keys=[key], service_port=8080, logger=logger) as node:
            both: peers.Mode = "multicast+seeds"
            with peers.start(mode=both, seeds=["peers.example:49002"], unicast_port=49002) as beyond:
                beyond.set_seeds("10.0.1.5:49002,peers.example:49002")
            known: list[peers.Peer] = node.list()
            address: str | None = known[0].address
            port: int | None = known[0].port
            health: peers.Health = node.health()
            wrong: int = health.wrong_key + health.rate_limited + health.off_link + health.unvalidated
            print(address, port, wrong, *lines(node), asyncio.run(count(node)))
    except peers.InterfaceError as error:
        as_value_error: ValueError = error
        status: int = error.status
        print(as_value_error, status, peers.library_version())
