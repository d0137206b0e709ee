"""Nodes on hosts: processes of the example watch, whose keys and seeds change while they run."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import time
from typing import NamedTuple

from hosts import Host

#: Options of each mode, and the expiry in seconds, of which the times of SWIM are parts.
MODES = {
    "multicast": (["--mode", "multicast"], 4),
    "seeds": (["--mode", "seeds"], 4),
    "cluster": (["--mode", "swim"], 8),
}

#: What all nodes of a run share.
INTERVAL = 1
WATCH = pathlib.Path("target/release/examples/watch")


class Resources(NamedTuple):
    """What a process uses."""

    memory_kb: int
    descriptors: int
    processor_seconds: float


class Node:
    """A watch on a host, with a port of its own there."""

    def __init__(self, host: Host, name: str, port: int, mode: str, folder: pathlib.Path) -> None:
        self.host, self.name, self.port = host, name, port
        self.seeds: list[str] = []
        self.keys: list[bytes] = []
        self.folder = folder / name
        self.folder.mkdir()
        self.options, self.expiry = MODES[mode]
        self.options = [*self.options, *([] if mode == "multicast" else ["--unicast-port", str(port)])]

    @property
    def address(self) -> str:
        """The address and port by which other nodes can have it for a seed."""
        return f"{self.host.address}:{self.port}"

    def start(self) -> None:
        """Starts the process with the keys and seeds that the node has."""
        words = [*self.host.enter, str(WATCH), "--name", self.name, *self.options]
        words += ["--interval", str(INTERVAL * 1000), "--expiry", str(self.expiry * 1000)]
        words += ["--key-file", str(self.folder / "keys")] if self.keys else []
        words += ["--seed-file", str(self.folder / "seeds")] if self.seeds else []
        self.write_files()
        with self.output.open("w") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
        # Before the program blocks the signal, it would end the process.
        while self.is_running() and not self.blocks(signal.SIGUSR1):
            time.sleep(0.01)

    def write_files(self) -> None:
        """Writes the files that the process reads at its start and on SIGHUP."""
        (self.folder / "keys").touch(mode=0o600)
        (self.folder / "keys").write_bytes(b"".join(self.keys))
        (self.folder / "seeds").write_text(",".join(self.seeds))

    def read_again(self) -> None:
        """Gives the running process the keys and seeds that the node has now."""
        self.write_files()
        if self.keys or self.seeds:
            self.send(signal.SIGHUP)

    @property
    def output(self) -> pathlib.Path:
        """The file to which the process prints."""
        return self.folder / "output"

    def is_running(self) -> bool:
        """True until the process has ended."""
        return self.process.poll() is None

    def blocks(self, number: int) -> bool:
        """True if the process blocks a signal."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return bool(int(re.findall(r"SigBlk:\s*(\w+)", status)[0], 16) & 1 << number - 1)

    def send(self, number: int) -> None:
        """Sends the process a signal, if it runs."""
        if self.is_running():
            self.process.send_signal(number)

    def status(self) -> tuple[list[str], str]:
        """Returns the names that the node lists, and its state in words."""
        start = self.output.stat().st_size
        self.send(signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            lines = self.output.read_bytes()[start:].decode().splitlines(keepends=True)
            # A status ends with this line.
            if any(line.startswith("health ") and line.endswith("\n") for line in lines):
                names = sorted(line.split()[1] for line in lines if line.startswith("listed "))
                return names, next(line for line in lines if line.startswith("state ")).strip()
            time.sleep(0.01)
        return [], "none: the process does not answer"

    def resources(self) -> Resources:
        """Returns what the process uses."""
        process = pathlib.Path(f"/proc/{self.process.pid}")
        memory = re.findall(r"VmRSS:\s*(\d+)", (process / "status").read_text())[0]
        times = (process / "stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(times[11]) + int(times[12])
        return Resources(int(memory), len(os.listdir(process / "fd")), ticks / os.sysconf("SC_CLK_TCK"))

    def close(self, number: int = signal.SIGKILL) -> None:
        """Ends the process by a signal."""
        self.send(number)
        self.send(signal.SIGCONT)
        self.process.wait()
