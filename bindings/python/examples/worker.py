#!/usr/bin/env python3
"""A worker: serves by TCP, over IPv4 and IPv6, and announces its port and its role. `client.py` finds it.

With the package installed: python3 worker.py --name anna; and then: python3 client.py hello

The service: each line that comes is sent back in capital letters.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys

import peers


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each line of a connection."""
    with contextlib.suppress(ConnectionError):
        async for line in reader:
            writer.write(line.upper())
            await writer.drain()
    writer.close()


async def run(options: argparse.Namespace) -> None:
    """Serves at a free port until Ctrl-C or SIGTERM."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # One socket for both families, where the system has both.
    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=dual) as listener:
        server = await asyncio.start_server(serve, sock=listener)
        async with server:
            port = listener.getsockname()[1]
            with peers.start(service_port=port, value=peers.txt(role="worker"), **vars(options)) as node:
                print(node.me.name, "serves at port", port, flush=True)
                await ended.wait()


def main() -> int:
    """Reads the options, and serves."""
    parser = argparse.ArgumentParser(description="Serve, and be found.")
    parser.add_argument("--name", help="the name to announce; the host name if it is left out")
    parser.add_argument("--interfaces", help="the network interfaces to use")
    parser.add_argument("--port", type=int, help="the UDP port of the beacons")
    try:
        asyncio.run(run(parser.parse_args()))
    except (peers.PeersError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
