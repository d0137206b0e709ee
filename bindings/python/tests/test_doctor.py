"""`peers doctor`: on loopback, and on hosts of the test's own: network namespaces, which need root."""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import PATIENCE, Command, free_port, started

import peers
from peers.command import system


class Host:
    """A host with a network of its own."""

    def __init__(self, processes: ExitStack) -> None:
        self._processes = processes
        # It keeps the namespace until its input ends.
        self._keeper = processes.enter_context(
            started(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE)
        )
        processes.callback(self._keeper.kill)
        assert self._keeper.stdout.readline() == "ready\n"
        self.run("ip link set lo up")

    def connect(self, other: Host) -> None:
        """Lays a cable: this host is 192.0.2.1, the other 192.0.2.2."""
        self.run(f"ip link add eth0 type veth peer name eth0 netns {other._keeper.pid}")
        for number, host in enumerate([self, other], 1):
            host.run(f"ip address add 192.0.2.{number}/24 dev eth0")
            host.run("ip link set eth0 up")

    def run(self, command: str) -> None:
        subprocess.run(self._here(*shlex.split(command)), check=True, timeout=PATIENCE)

    def peers(self, *arguments: object) -> subprocess.Popen[str]:
        process = started(self._here(sys.executable, "-m", "peers", *arguments))
        self._processes.enter_context(process)
        self._processes.callback(process.kill)
        return process

    def doctor(self, *arguments: object) -> tuple[int, str]:
        return ended(self.peers("doctor", *arguments))

    def _here(self, *command: object) -> list[str]:
        return ["nsenter", "--net", "--target", str(self._keeper.pid), *map(str, command)]


def ended(doctor: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and report of a doctor, who has no errors to tell."""
    report, errors = doctor.communicate(timeout=PATIENCE)
    assert errors == ""
    return doctor.returncode, report


@pytest.fixture
def hosts() -> Iterator[ExitStack]:
    """What hosts need. Where the test has to run, as PEERS_REQUIRE_ALL_TESTS says, it is not skipped."""
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True)
    if tried.returncode != 0 and os.environ.get("PEERS_REQUIRE_ALL_TESTS") != "1":
        pytest.skip(f"no network namespaces: {tried.stderr.strip()}")
    with ExitStack() as processes:
        yield processes


def test_a_host_that_is_well(command: Command) -> None:
    announced = command("announce", "--name", "web")
    announced.stdout.readline()
    status, report = ended(command("doctor", "--wait", "200ms"))
    assert status == 0, report
    assert "ok  lo (127.0.0.1) is used: joined the group of IPv4\n" in report
    assert "ok  lo, IPv4: a node hears its own beacon, and a second node\n" in report
    assert "ok  on this host: web (127.0.0.1)\n" in report
    assert "-   no node of another host was heard within 0.2 s." in report
    assert "ok  running: " in report
    assert report.endswith("\nNothing is wrong with this host.\n")


def test_an_interface_that_is_not_named_is_told(command: Command, hosts: ExitStack) -> None:
    near, far = Host(hosts), Host(hosts)
    near.connect(far)
    _, report = near.doctor("--wait", "0ms", "--interface", "eth*")
    assert "-   lo (127.0.0.1) is not used: --interface does not name it\n" in report
    near.run("ip link set eth0 down")
    status, report = near.doctor("--wait", "0ms", "--interface", "eth*")
    assert status == 1
    assert "BAD eth0 (192.0.2.1) is named by --interface, but not used: it is down\n" in report
    assert "BAD no interface is used, so nothing can be sent or heard\n" in report
    assert "BAD degraded: no interface that may be used is up" in report
    assert report.endswith("\n3 things are wrong: see BAD above.\n")


def test_the_node_of_another_host_is_heard(hosts: ExitStack) -> None:
    near, far = Host(hosts), Host(hosts)
    near.connect(far)
    assert far.peers("announce", "--name", "far").stdout.readline().startswith("announcing")
    status, report = near.doctor("--wait", f"{PATIENCE}s")
    assert status == 0, report
    assert "-   lo (127.0.0.1) is not used: loopback is used when there is nothing else" in report
    assert "ok  eth0, IPv4: a node hears its own beacon, and a second node\n" in report
    assert "ok  on other hosts: far (192.0.2.2)\n" in report


def test_a_firewall_is_found_and_what_is_advised_helps(hosts: ExitStack) -> None:
    near, far = Host(hosts), Host(hosts)
    near.connect(far)
    near.run("nft add table inet filter")
    near.run("nft add chain inet filter input { type filter hook input priority 0; policy drop; }")
    near.run("nft add rule inet filter input iif lo accept")
    status, report = near.doctor("--wait", "200ms")
    assert status == 1
    assert "BAD eth0, IPv4: a node does not hear its own beacon\n" in report
    assert (
        "firewall drops what no rule allows (inet filter input). Of UDP port 49001: no rule names it."
        in report
    )
    (advised,) = {line.split(": ", 1)[1] for line in report.splitlines() if "To let the port in" in line}
    assert advised == "nft insert rule inet filter input udp dport 49001 accept"
    near.run(advised)
    assert far.peers("announce", "--name", "far").stdout.readline().startswith("announcing")
    status, report = near.doctor("--wait", f"{PATIENCE}s")
    assert status == 0, report
    assert "ok  on other hosts: far" in report


def test_what_is_counted_is_explained(command: Command, port: int, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(32))
    # Who has another key or cluster does not answer, and is heard when it announces itself.
    often = {"interfaces": "lo", "port": port, "interval": 0.05}
    with peers.start("sealed", keys=[bytes(32)], **often), peers.start("apart", cluster="another", **often):
        _, sealed = ended(command("doctor", "--wait", "1s", "--key-file", key))
        _, plain = ended(command("doctor", "--wait", "1s"))
    assert ": datagrams that no key here opens, or that are not sealed while ours are" in sealed
    assert ": datagrams that no key here opens" in plain and ": datagrams of another --cluster" in plain
    assert "sealed (" not in plain and "apart (" not in plain


def test_seeds_are_asked_and_those_that_are_silent_are_told(command: Command) -> None:
    own = free_port()
    alone = command("announce", "--name", "beyond", "--mode", "seeds", "--unicast-port", own)
    alone.stdout.readline()
    answering = ("--mode", "seeds", "--seed", f"127.0.0.1:{own}")
    status, report = ended(command("doctor", *answering, "--wait", f"{PATIENCE}s"))
    assert status == 0, report
    assert "\nno multicast; own UDP port as the system chooses\n" in report
    assert f"ok  127.0.0.1:{own}: a node there is heard: beyond (127.0.0.1)\n" in report
    assert "Interfaces" not in report and "ok  running: " in report
    status, report = ended(command("doctor", *answering, "--seed", "127.0.0.2:1", "--wait", "200ms"))
    assert status == 0, report
    assert "-   127.0.0.2:1: no node there was heard within 0.2 s\n" in report
    assert "It has to have the same --cluster and --key-file, and the port of the seed" in report


def test_a_seed_without_an_address_is_told(command: Command) -> None:
    both = ("--seed", "nosuch.invalid:1", "--unicast-port", free_port())
    status, report = ended(command("doctor", *both, "--wait", "5s"))
    assert status == 1
    assert "-   nosuch.invalid:1: the name has no address\n" in report and "there was heard" not in report
    assert "ok  lo, IPv4: a node hears its own beacon, and a second node\n" in report
    assert "BAD degraded: " in report and "'getent ahosts NAME'" in report


def test_a_node_that_nobody_can_name_is_told(command: Command) -> None:
    _, report = ended(command("doctor", "--mode", "seeds", "--wait", "0ms"))
    assert "-   no --seed is given: only those who have this node for a seed find it" in report
    assert "Give it a --unicast-port" in report


def test_a_port_that_is_held_is_told(command: Command, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("", port))
        status, report = ended(command("doctor", "--wait", "0ms"))
    assert status == 1
    assert "BAD a node cannot be started: " in report and str(port) in report
    assert report.endswith("\n1 thing is wrong: see BAD above.\n")


def test_who_is_a_member_is_read_from_the_systems_tables() -> None:
    group = "239.2.3.4"
    with peers.start(interfaces="lo", group_v4=group, port=49777):
        once = system.members(group).get("lo", 0)
        with peers.start(interfaces="lo", group_v4=group, port=49777):
            assert system.members(group)["lo"] == once + 1
    assert system.members("239.255.255.254") == {}


def test_interfaces_have_what_the_system_tells() -> None:
    loopback = next(one for one in system.interfaces() if one.name == "lo")
    assert (loopback.is_loopback, loopback.v4, loopback.v6) == (True, "127.0.0.1", None)
    assert loopback.obstacle() is None
    down = system.Interface("eth7", 0x1003 & ~1, None, None, "")
    assert down.obstacle() == "it is down"
    assert (
        system.Interface("eth7", 0x1003, None, None, "").obstacle().startswith("it is up, but has no carrier")
    )
    assert system.Interface("eth7", 0x43, "192.0.2.1", None, "").obstacle() == "it cannot do multicast"
    assert system.Interface("eth7", 0x1043, None, None, "").obstacle().startswith("it has neither an IPv4")
    assert system.Interface("eth7", 0x1043, None, "fe80::1", "").obstacle() is None
