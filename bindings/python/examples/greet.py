#!/usr/bin/env python3
"""Several copies of this program, on one host or on many, greet each other by TCP, as they find each other.

With the package installed: python3 greet.py --name anna; and elsewhere: python3 greet.py --name otto

Each serves on a port of its own and announces it; asyncio does everything, in one thread.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

import peers


async def greet(name: str, peer: peers.Peer) -> None:
    """Connects to a peer, and tells it who is there."""
    if peer.port is None:
        return
    try:
        _, writer = await asyncio.open_connection(peer.address, peer.port)
    except OSError as error:
        print(f"{peer.name} cannot be reached: {error}", file=sys.stderr)
        return
    writer.write(f"hello {peer.name}, this is {name}\n".encode())
    with contextlib.suppress(ConnectionError):
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Prints what another one says."""
    print((await reader.readline()).decode().rstrip(), flush=True)
    writer.close()


async def run(options: argparse.Namespace) -> None:
    """Serves, and greets whoever comes, until the node is closed."""
    server = await asyncio.start_server(listen, "0.0.0.0", 0)
    port = server.sockets[0].getsockname()[1]
    # The server is reached by IPv4, so that is how it should be found.
    network = {"interfaces": options.interfaces, "port": options.port, "ipv6": False}
    async with server:
        with peers.start(options.name, service_port=port, **network) as node:
            # With the node closed the loop below ends, and the `with` blocks are left.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, node.close)
            async for event in node.events_async():
                if event.kind == peers.EventKind.JOINED and event.peer is not None:
                    await greet(options.name, event.peer)


def main() -> None:
    """Reads the options, and runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description="Greet the other copies of this program.")
    parser.add_argument("--name", required=True, help="the name to announce")
    parser.add_argument("--interfaces", help="comma-separated names; * stands for any characters")
    parser.add_argument("--port", type=int, help="the UDP port of the group")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
