#!/usr/bin/env python3
"""Shows the peers in a browser, and keeps the page up to date.

With the package installed: python3 http_list.py --http-port 8000; then open http://localhost:8000

    GET /        the page
    GET /peers   the list as JSON, for curl and scripts
    GET /events  the list as a stream of server-sent events: at once, and again after each change

It only looks, so no peer lists it. asyncio does everything, in one thread.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys

import peers

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Peers</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
  h1 { font-size: 1.4rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d8dee4; }
  th { color: #57606a; font-weight: 600; }
  td.addresses, td.value { font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere; }
  #state { color: #57606a; }
  #state.lost { color: #cf222e; }
</style>
<h1>Peers on this network</h1>
<p id="state" role="status">connecting</p>
<table>
  <thead><tr><th>Name<th>Addresses<th>Port<th>Value<th>Source</tr></thead>
  <tbody id="peers"></tbody>
</table>
<script>
  const cell = (row, text, kind) => {
    const cell = row.insertCell();
    cell.textContent = text ?? "";
    cell.className = kind;
  };
  const state = (text, kind) => {
    Object.assign(document.getElementById("state"), { textContent: text, className: kind });
  };
  const stream = new EventSource("/events");
  stream.onmessage = (message) => {
    const peers = JSON.parse(message.data);
    const rows = document.createElement("tbody");
    rows.id = "peers";
    for (const peer of peers) {
      const row = rows.insertRow();
      cell(row, peer.name, "name");
      cell(row, peer.addresses.join(", "), "addresses");
      cell(row, peer.port, "port");
      cell(row, peer.value ?? peer.value_base64, "value");
      cell(row, peer.source, "source");
    }
    document.getElementById("peers").replaceWith(rows);
    state(peers.length === 1 ? "1 peer" : `${peers.length} peers`, "");
  };
  stream.onerror = () => state("the server does not answer; the list below is old", "lost");
</script>
</html>
"""


def listed(node: peers.Node) -> str:
    """The list as JSON."""
    return json.dumps([peer.to_dict() for peer in node.list()])


async def stream(node: peers.Node, writer: asyncio.StreamWriter) -> None:
    """Sends the list, and again after each change, until the browser goes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n")
    with node.subscribe() as changes:
        writer.write(f"data: {listed(node)}\n\n".encode())
        await writer.drain()
        async for _ in changes.events_async():
            writer.write(f"data: {listed(node)}\n\n".encode())
            await writer.drain()


def answer(node: peers.Node, target: str) -> bytes:
    """The response to a request for a page."""
    status, kind, body = {
        "/": ("200 OK", "text/html; charset=utf-8", PAGE),
        "/peers": ("200 OK", "application/json", listed(node)),
    }.get(target, ("404 Not Found", "text/plain", "There are /, /peers and /events.\n"))
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + content


async def handle(node: peers.Node, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the one request of a connection."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        request = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = [*request.decode("latin-1").split(" ", 2), "", ""]
        if method == "GET" and target == "/events":
            await stream(node, writer)
        else:
            writer.write(answer(node, target if method == "GET" else ""))
            await writer.drain()
    writer.close()


async def run(options: argparse.Namespace) -> None:
    """Serves until Ctrl-C or SIGTERM."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    network = {"interfaces": options.interfaces, "port": options.port, "cluster": options.cluster}
    with peers.start(observer=True, **network) as node:
        place = ("127.0.0.1", options.http_port)
        server = await asyncio.start_server(lambda *streams: handle(node, *streams), *place)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await ended.wait()
        # Ends the streams, which wait for changes.
        node.close()
        server.close()


def main() -> int:
    """Reads the options, and serves."""
    parser = argparse.ArgumentParser(description="Show the peers in a browser.")
    parser.add_argument("--http-port", type=int, default=8000, help="the TCP port of the page; 0 for any")
    parser.add_argument("--interfaces", help="the network interfaces to use")
    parser.add_argument("--port", type=int, help="the UDP port of the beacons")
    parser.add_argument("--cluster", help="the cluster to show")
    try:
        asyncio.run(run(parser.parse_args()))
    except (peers.PeersError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
