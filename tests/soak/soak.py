#!/usr/bin/env python3
"""Runs nodes on hosts of their own, network namespaces, where interfaces, addresses and processes come, go and freeze.

Every half minute the changes stop, the hosts are joined again, and each node has to list each other one, and no other. Needs root,
and the example watch: cargo build --release --example watch. Prints each comparison, and the figures of all in the end.

usage: churn.py [--minutes M] [--hosts H] [--nodes N] [--seed S] [--watch PATH]
"""

import argparse
import contextlib
import os
import pathlib
import random
import re
import signal
import subprocess
import time

INTERVAL, EXPIRY = 1.0, 4.0
CHURN, SETTLE = 25.0, 30.0


def run(*words, namespace=None, check=True):
    """Runs a tool, in a namespace if one is named."""
    inside = ["nsenter", f"--net={namespace}"] if namespace else []
    return subprocess.run([*inside, *words], check=check, capture_output=True, text=True)


class Namespace:
    """A network namespace, held by a process that sleeps."""

    def __init__(self):
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo ready; exec sleep infinity"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout.readline() == "ready\n"
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.ip("link", "set", "lo", "up")

    def ip(self, *words, check=True):
        return run("ip", *words, namespace=self.path, check=check)

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Host(Namespace):
    """A host with a card eth0 on the common bridge."""

    def __init__(self, hub, number):
        super().__init__()
        self.hub, self.number, self.nodes = hub, number, {}
        self.plug_in()

    def plug_in(self):
        """Gives it the card, up, with its own addresses alone."""
        if self.ip("link", "show", "eth0", check=False).returncode:
            port = f"p{self.number}"
            self.hub.ip(
                "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid)
            )
            self.hub.ip("link", "set", port, "master", "hub", "up")
        self.ip("link", "set", "eth0", "up")
        self.ip("-4", "addr", "flush", "dev", "eth0")
        self.ip("addr", "add", f"10.7.0.{self.number}/24", "dev", "eth0")
        self.ip("link", "delete", "extra", check=False)

    def change(self, dice):
        """Changes an interface or an address."""
        kind = dice.choice(
            ["down", "up", "address", "no address", "second", "unplug", "extra", "no extra", "port"]
        )
        with contextlib.suppress(subprocess.CalledProcessError):
            if kind in ("down", "up"):
                self.ip("link", "set", "eth0", kind)
            elif kind == "address":
                self.ip("-4", "addr", "flush", "dev", "eth0")
                self.ip("addr", "add", f"10.7.{dice.randrange(1, 4)}.{self.number}/16", "dev", "eth0")
            elif kind == "no address":
                self.ip("addr", "flush", "dev", "eth0")
            elif kind == "second":
                self.ip("addr", "add", f"10.7.9.{self.number}/24", "dev", "eth0")
            elif kind == "unplug":
                self.ip("link", "delete", "eth0")
            elif kind == "extra":
                self.ip("link", "add", "extra", "type", "dummy")
                self.ip("link", "set", "extra", "multicast", "on", "up")
                self.ip("addr", "add", f"10.8.{self.number}.1/24", "dev", "extra")
            elif kind == "no extra":
                self.ip("link", "delete", "extra")
            else:
                self.ip("link", "add", "veil", "type", "bridge")
                self.ip("link", "delete", "veil")


class Node:
    """A watch on a host."""

    def __init__(self, host, name, watch):
        self.host, self.name = host, name
        words = ["nsenter", f"--net={host.path}", watch, "--name", name]
        words += ["--interval", str(int(INTERVAL * 1000)), "--expiry", str(int(EXPIRY * 1000))]
        self.output = pathlib.Path(f"/tmp/churn.{os.getpid()}.{name}")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
        # It ends the process that does not expect it yet.
        while self.process.poll() is None and not self.takes(signal.SIGUSR1):
            time.sleep(0.01)

    def takes(self, number):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return bool(int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16) & 1 << number - 1)

    def send(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def listed(self):
        """The names that it lists, and its state."""
        start = self.output.stat().st_size
        self.send(signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            lines = self.output.read_bytes()[start:].decode().splitlines()
            if any(line.startswith("health ") for line in lines):
                names = sorted(line.split()[1] for line in lines if line.startswith("listed "))
                state = next(line for line in lines if line.startswith("state "))
                return names, state
            time.sleep(0.01)
        return [], "state none: it does not answer"

    def resources(self):
        """Resident memory in kB and open descriptors."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1]), len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def close(self, number=signal.SIGKILL):
        self.send(signal.SIGCONT)
        self.send(number)
        self.process.wait()
        self.output.unlink(missing_ok=True)


class Churn:
    """All hosts and nodes, and what was found."""

    def __init__(self, options):
        self.options, self.dice = options, random.Random(options.seed)
        self.hub = Namespace()
        self.hub.ip("link", "add", "hub", "type", "bridge", "mcast_snooping", "0")
        self.hub.ip("link", "set", "hub", "up")
        self.hosts = [Host(self.hub, number) for number in range(1, options.hosts + 1)]
        self.nodes, self.count, self.actions = [], 0, {}
        self.comparisons = self.wrong = self.crashed = 0
        self.figures = []
        # One that is never stopped: memory and descriptors that are lost add up here.
        self.oldest = self.start(self.hosts[0])

    def start(self, host):
        self.count += 1
        node = Node(host, f"n{self.count}", self.options.watch)
        self.nodes.append(node)
        return node

    def act(self):
        others = [node for node in self.nodes if node is not self.oldest]
        kind = self.dice.choice(
            ["start", "start", "kill", "stop", "freeze", "thaw", "network", "network", "network"]
        )
        self.actions[kind] = self.actions.get(kind, 0) + 1
        if kind == "network":
            self.dice.choice(self.hosts).change(self.dice)
        elif kind == "start" and len(self.nodes) < self.options.nodes:
            self.start(self.dice.choice(self.hosts))
        elif kind in ("kill", "stop") and others:
            node = self.dice.choice(others)
            self.nodes.remove(node)
            node.close(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
        elif kind in ("freeze", "thaw"):
            self.dice.choice(self.nodes).send(signal.SIGSTOP if kind == "freeze" else signal.SIGCONT)

    def compare(self):
        """Joins all hosts again, waits until each node lists each other one, and notes those that do not."""
        for host in self.hosts:
            host.plug_in()
        for node in self.nodes:
            node.send(signal.SIGCONT)
        for node in [node for node in self.nodes if node.process.poll() is not None]:
            print("crashed:", node.name, node.process.returncode, node.output.read_text()[-400:], flush=True)
            self.crashed += 1
            self.nodes.remove(node)
        names = sorted(node.name for node in self.nodes)
        begin = time.monotonic()
        while True:
            found = {node.name: node.listed() for node in self.nodes}
            wrong = {
                name: (listed, state)
                for name, (listed, state) in found.items()
                if listed != [other for other in names if other != name]
                or not state.startswith("state Running")
            }
            settled = time.monotonic() - begin
            if not wrong or settled > SETTLE:
                break
            time.sleep(0.1)
        self.comparisons += len(names)
        self.wrong += len(wrong)
        for name, (listed, state) in wrong.items():
            missing, extra = set(names) - {*listed, name}, set(listed) - set(names)
            print(f"wrong: {name}: missing {missing or 'none'}, extra {extra or 'none'}, {state}", flush=True)
        memory, descriptors = self.oldest.resources()
        self.figures.append((memory, descriptors, settled))
        print(
            f"{len(names)} lists compared, {len(wrong)} wrong, equal after {settled:.1f} s; "
            f"the oldest node has {memory} kB and {descriptors} descriptors",
            flush=True,
        )

    def run(self):
        end = time.monotonic() + self.options.minutes * 60
        while time.monotonic() < end:
            until = time.monotonic() + CHURN
            while time.monotonic() < until:
                self.act()
                time.sleep(self.dice.uniform(0.05, 0.5))
            self.compare()
        (first, first_open, _), (last, last_open, _) = self.figures[0], self.figures[-1]
        print(f"{self.comparisons} lists compared, {self.wrong} wrong, {self.crashed} crashed")
        print(f"actions: {self.actions}; nodes started: {self.count}")
        print(f"longest until equal: {max(settled for _, _, settled in self.figures):.1f} s")
        print(
            f"the oldest node: {first} kB at first, {last} kB at last, {first_open} and {last_open} descriptors"
        )
        return self.wrong + self.crashed == 0

    def close(self):
        for node in self.nodes:
            node.close()
        for namespace in [*self.hosts, self.hub]:
            namespace.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--watch", default="target/release/examples/watch")
    churn = Churn(parser.parse_args())
    try:
        raise SystemExit(0 if churn.run() else 1)
    finally:
        churn.close()


if __name__ == "__main__":
    main()
