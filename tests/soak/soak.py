"""Changes hosts, processes, links, addresses, keys and seeds at random, and compares lists with the truth.

usage: soak.py MODE SECONDS FOLDER

MODE is multicast, seeds or cluster, or one of these with "-keys" behind it. FOLDER gets what the nodes print.
PEERS_SEED is the seed of the random numbers. The run fails if a list is wrong at a quiet point, if a node
ends by itself, or if the oldest node has grown.
"""

from __future__ import annotations

import collections
import os
import pathlib
import random
import shutil
import signal
import sys
import time

from hosts import Host, Hub
from nodes import MODES, Node, Resources

HOSTS, PORTS, MAX_NODES = 6, (49002, 49003, 49004), 12

#: Seconds of a round of changes; then of the time in which all lists become right, and for which they stay.
ROUND, SETTLE, STABLE = 25, 40, 3

#: Growth of the oldest node that is no leak: peers that left, and what the allocator keeps.
MAX_GROWTH_KB = 1024

#: Nodes with the first two keys, in either order, read each other. Nodes with the third read only each other.
OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))

ACTIONS = [*["start"] * 4, "kill", "stop", "freeze", "thaw", "host", *["network"] * 4]


class Soak:
    """All hosts and nodes of a run, and its figures."""

    def __init__(self, mode: str, folder: pathlib.Path, dice: random.Random) -> None:
        self.mode, _, keys = mode.partition("-")
        self.has_keys = keys == "keys"
        self.has_seeds = self.mode != "multicast"
        self.kinds = ACTIONS + ["keys"] * self.has_keys + ["seeds"] * self.has_seeds
        self.folder, self.dice = folder, dice
        self.hub = Hub()
        self.hosts = [Host(self.hub, number) for number in range(1, HOSTS + 1)]
        self.addresses = [f"{host.address}:{port}" for host in self.hosts for port in PORTS]
        self.nodes: list[Node] = []
        self.actions: collections.Counter[str] = collections.Counter()
        self.started = self.compared = self.wrong = self.crashed = 0
        self.slowest = 0.0
        # It never ends, so what it loses adds up.
        self.oldest = self.start()

    def run(self, seconds: float) -> bool:
        """Changes and compares for so long. True if nothing was wrong."""
        end = time.monotonic() + seconds
        self.compare()
        first = self.oldest.resources()
        while time.monotonic() < end:
            until = min(end, time.monotonic() + ROUND)
            while time.monotonic() < until:
                self.act()
                time.sleep(self.dice.uniform(0.05, 0.5))
            self.compare()
        return self.report(first, self.oldest.resources())

    def act(self) -> None:
        """Changes one thing."""
        kind = self.dice.choice(self.kinds)
        others = [node for node in self.nodes if node is not self.oldest]
        if kind == "start" and len(self.nodes) < MAX_NODES:
            self.start()
        elif kind in ("kill", "stop") and others:
            self.end(self.dice.choice(others), signal.SIGKILL if kind == "kill" else signal.SIGTERM)
        elif kind in ("freeze", "thaw"):
            self.dice.choice(self.nodes).send(signal.SIGSTOP if kind == "freeze" else signal.SIGCONT)
        elif kind == "host":
            self.replace_host()
        elif kind == "network":
            kind = self.dice.choice(self.hosts).change(self.dice)
        elif kind in ("keys", "seeds"):
            node = self.dice.choice(self.nodes)
            self.draw_keys(node) if kind == "keys" else self.draw_seeds(node)
            node.read_again()
        self.actions[kind] += 1

    def start(self) -> Node:
        """Starts a node at a free port of some host."""
        held = {node.address for node in self.nodes}
        free = [(host, port) for host in self.hosts for port in PORTS if f"{host.address}:{port}" not in held]
        host, port = self.dice.choice(free)
        self.started += 1
        node = Node(host, f"n{self.started}", port, self.mode, self.folder)
        self.draw_keys(node)
        self.draw_seeds(node)
        node.start()
        self.nodes.append(node)
        return node

    def end(self, node: Node, number: int) -> None:
        """Ends a node by a signal."""
        self.nodes.remove(node)
        node.close(number)
        shutil.rmtree(node.folder)

    def replace_host(self) -> None:
        """Takes a host away, with its nodes, and puts a new one in its place."""
        at = self.dice.randrange(HOSTS)
        if self.hosts[at] is self.oldest.host:
            return
        for node in [node for node in self.nodes if node.host is self.hosts[at]]:
            self.end(node, signal.SIGKILL)
        self.hosts[at].close()
        self.hosts[at] = Host(self.hub, at + 1)

    def draw_keys(self, node: Node) -> None:
        """Gives a node keys by which it may or may not read the others."""
        if self.has_keys:
            node.keys = self.dice.choice([[OLD], [NEW], [OLD, NEW], [NEW, OLD], [OTHER]])

    def draw_seeds(self, node: Node) -> None:
        """Gives a node seeds: places where a node may be or not, its own among them."""
        if self.has_seeds:
            node.seeds = self.dice.sample(self.addresses, self.dice.randint(1, len(self.addresses)))

    def settle(self) -> None:
        """Restores hosts and processes, and gives keys and seeds that decide all lists."""
        for host in self.hosts:
            host.restore()
        for node in self.nodes:
            node.send(signal.SIGCONT)
            if self.has_keys and node.keys != [OTHER]:
                node.keys = self.dice.choice([[OLD, NEW], [NEW, OLD]])
            # Members that met by a node that has left know each other still.
            if self.mode == "cluster":
                node.seeds = self.addresses
            node.read_again()

    def truth(self, node: Node) -> list[str]:
        """Returns the names that a node has to list."""
        return sorted(other.name for other in self.nodes if other is not node and self.are_peers(node, other))

    def are_peers(self, one: Node, other: Node) -> bool:
        """True if two nodes have to list each other."""
        can_read = (one.keys == [OTHER]) == (other.keys == [OTHER])
        is_seed = one.address in other.seeds or other.address in one.seeds
        return can_read and (self.mode != "seeds" or is_seed)

    def compare(self) -> None:
        """Waits until all lists are right, and notes those that do not become so, or do not stay so."""
        self.settle()
        self.note_crashes()
        begin = time.monotonic()
        while self.wrong_lists() and time.monotonic() < begin + SETTLE:
            time.sleep(0.1)
        settled = time.monotonic() - begin
        time.sleep(STABLE)
        wrong = self.wrong_lists()
        self.slowest = max(self.slowest, settled)
        self.compared += len(self.nodes)
        self.wrong += len(wrong)
        for line in wrong:
            print("wrong:", line)
        memory, descriptors, _ = self.oldest.resources()
        print(
            f"{len(self.nodes)} lists, {len(wrong)} wrong, right after {settled:.1f} s; "
            f"the oldest node has {memory} kB and {descriptors} descriptors",
            flush=True,
        )

    def wrong_lists(self) -> list[str]:
        """Returns a line for each node whose list or state is wrong."""
        lines = []
        for node in self.nodes:
            (listed, state), truth = node.status(), self.truth(node)
            if listed != truth or not state.startswith("state Running"):
                missing, extra = set(truth) - set(listed), set(listed) - set(truth)
                lines.append(f"{node.name}: lists {listed}, lacks {missing}, has too many {extra}; {state}")
        return lines

    def note_crashes(self) -> None:
        """Removes the nodes that have ended by themselves."""
        for node in [node for node in self.nodes if not node.is_running()]:
            print("crashed:", node.name, node.process.returncode, node.output.read_text()[-400:])
            self.crashed += 1
            self.nodes.remove(node)

    def report(self, first: Resources, last: Resources) -> bool:
        """Prints the figures of the run. True if they are as they should be."""
        print(f"{self.started} nodes started; changes: {dict(sorted(self.actions.items()))}")
        print(
            f"the oldest node: {first.memory_kb} kB at first, {last.memory_kb} kB at last; "
            f"{first.descriptors} and {last.descriptors} descriptors; "
            f"{last.processor_seconds:.1f} s of processor time"
        )
        print(
            f"{self.compared} lists compared, {self.wrong} wrong, {self.crashed} nodes crashed, "
            f"right after {self.slowest:.1f} s at the latest"
        )
        has_grown = last.memory_kb > first.memory_kb + MAX_GROWTH_KB or last.descriptors != first.descriptors
        return not (self.wrong or self.crashed or has_grown)

    def close(self) -> None:
        """Ends all processes and namespaces."""
        for node in self.nodes:
            node.close()
        for namespace in [*self.hosts, self.hub]:
            namespace.close()


def main() -> None:
    """Runs one mode."""
    mode, seconds, folder = sys.argv[1], float(sys.argv[2]), pathlib.Path(sys.argv[3])
    if mode.removesuffix("-keys") not in MODES:
        sys.exit(f"mode {mode} is not known; there are {', '.join(MODES)}, and each with -keys")
    # As an exception, so that all processes end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    soak = Soak(mode, folder, random.Random(os.environ["PEERS_SEED"]))
    try:
        sys.exit(0 if soak.run(seconds) else 1)
    finally:
        soak.close()


if __name__ == "__main__":
    main()
