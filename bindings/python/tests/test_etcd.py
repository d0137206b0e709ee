"""The example that lists what a real etcd has."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import PACKAGE, PATIENCE, in_thread, started

pytestmark = pytest.mark.etcd


class Etcd:
    """A server on loopback that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        client, other = tcp_ports(2)
        self.url = f"http://127.0.0.1:{client}"
        self._arguments = ["etcd", "--name", "one", "--data-dir", folder, "--log-outputs", "stderr"]
        self._arguments += ["--listen-client-urls", self.url, "--advertise-client-urls", self.url]
        peer = f"http://127.0.0.1:{other}"
        self._arguments += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        self._arguments += ["--initial-cluster", f"one={peer}"]

    def start(self) -> None:
        """Starts it, and waits until it says that it serves."""
        self._process = started(self._arguments, stdout=subprocess.DEVNULL)
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "ready to serve client requests" in line:
                break
        else:
            raise AssertionError("".join(said))
        # What it goes on saying must not fill the pipe.
        self._rest = in_thread(self._process.stderr.read)

    def stop(self) -> None:
        """Kills it, and waits for its end."""
        with self._process:
            self._process.kill()
            self._rest()

    def put(self, key: str, value: str) -> None:
        self._ask("put", key, value)

    def delete(self, key: str) -> None:
        assert self._ask("del", key) == "1\n"

    def _ask(self, *arguments: str) -> str:
        """etcd's own client, which knows nothing of how the example asks."""
        command = ["etcdctl", "--endpoints", self.url, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def tcp_ports(count: int) -> list[int]:
    """Ports that nobody holds."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[Etcd]:
    server = Etcd(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def example(etcd: Etcd, port: int) -> Iterator[subprocess.Popen[str]]:
    """The example, with a ttl that is short enough to wait for."""
    where = ["--interfaces", "lo", "--port", port, "--etcd", etcd.url]
    options = [*where, "--prefix", "services/", "--ttl", "2", "--name", "us"]
    with started([sys.executable, PACKAGE / "examples" / "from_etcd.py", *options]) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


def test_what_etcd_has_is_listed_as_long_as_it_has_it(etcd: Etcd, example: subprocess.Popen[str]) -> None:
    etcd.put("elsewhere/no", "not ours")
    etcd.put("services/web", "192.0.2.1:80")
    assert example.stdout.readline() == "joined web 192.0.2.1:80\n"
    etcd.put("services/web", "192.0.2.2:80")
    assert example.stdout.readline() == "updated web 192.0.2.2:80\n"
    etcd.put("services/api", "192.0.2.3:80")
    assert example.stdout.readline() == "joined api 192.0.2.3:80\n"
    # It takes a ttl until this one is gone. The other one was told of before, and would be gone before it,
    # were it not registered again.
    etcd.delete("services/api")
    assert example.stdout.readline() == "left api 192.0.2.3:80\n"
    etcd.put("services/web", "192.0.2.4:80")
    assert example.stdout.readline() == "updated web 192.0.2.4:80\n"


def test_what_was_there_before_is_found(etcd: Etcd, port: int) -> None:
    etcd.put("services/b", "2")
    etcd.put("services/a", "1")
    where = ["--interfaces", "lo", "--port", port, "--etcd", etcd.url, "--prefix", "services/"]
    with started([sys.executable, PACKAGE / "examples" / "from_etcd.py", *where]) as process:
        assert [process.stdout.readline() for _ in "ab"] == ["joined a 1\n", "joined b 2\n"]
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_what_etcd_had_stays_while_it_is_away(etcd: Etcd, example: subprocess.Popen[str]) -> None:
    etcd.put("services/web", "1")
    assert example.stdout.readline() == "joined web 1\n"
    etcd.stop()
    # Three rounds are a ttl: after these without etcd it would be gone.
    for _ in range(5):
        assert example.stderr.readline().startswith("etcd does not answer: ")
    etcd.start()
    etcd.put("services/late", "2")
    assert example.stdout.readline() == "joined late 2\n"
    etcd.put("services/web", "3")
    assert example.stdout.readline() == "updated web 3\n"


def test_what_cannot_be_listed_is_told(etcd: Etcd, example: subprocess.Popen[str]) -> None:
    etcd.put("services/us", "the node's own name")
    assert example.stderr.readline().startswith("'us' cannot be listed: ")
    etcd.put("services/web", "1")
    assert example.stdout.readline() == "joined web 1\n"
