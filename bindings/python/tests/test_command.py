"""The command `peers`: announce, list and watch, on loopback and a port of the test's own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE, Command, free_port, started

import peers
from peers import EventKind, LeaveReason


def peer_of(event: peers.Event) -> peers.Peer:
    assert event.peer is not None
    return event.peer


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Status, output and errors of a process that is about to end."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def announce(command: Command, *arguments: object) -> subprocess.Popen[str]:
    """An announcement that has begun."""
    process = command("announce", *arguments)
    assert process.stdout.readline().startswith("announcing ")
    return process


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_announce_speaks_until_a_signal_and_says_goodbye(
    command: Command, observer: peers.Node, how: signal.Signals
) -> None:
    process = command("announce", "--name", "web", "--value", "grün", "--port", 8080)
    assert process.stdout.readline() == "announcing 'web', port 8080, value 'grün'; Ctrl-C ends it\n"
    web = peer_of(observer.next_event(PATIENCE))
    assert (web.name, web.value, web.port) == ("web", "grün".encode(), 8080)
    process.send_signal(how)
    assert ended(process) == (0, "", "")
    assert observer.next_event(PATIENCE).reason == LeaveReason.GOODBYE


def test_list_prints_a_table(command: Command) -> None:
    announce(command, "--name", "web", "--value", "two words", "--port", 8080)
    status, output, errors = ended(command("list", "--count", 1, "--wait", f"{PATIENCE}s"))
    header, row = output.splitlines()
    assert (status, errors) == (0, "")
    assert header == "NAME  ADDRESS    PORT  VALUE      HEARD    BY"
    assert row == "web   127.0.0.1  8080  two words  0 s ago  multicast"


def test_list_prints_json(command: Command, tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_bytes(b"\0\xff")
    announce(command, "--name", "bytes", "--value-file", value)
    announce(command, "--name", "text", "--value", "grün", "--port", 8080)
    status, output, errors = ended(command("list", "--json", "--count", 2, "--wait", f"{PATIENCE}s"))
    assert (status, errors) == (0, "")
    first, second = json.loads(output)
    assert (first.pop("value_base64"), second.pop("value")) == (base64.b64encode(b"\0\xff").decode(), "grün")
    assert (len(bytes.fromhex(first.pop("id"))), len(bytes.fromhex(second.pop("id")))) == (16, 16)
    assert 0 <= first.pop("age") <= PATIENCE and 0 < first.pop("expires_in") <= 35
    common = {"address": "127.0.0.1", "interface": "lo", "source": "multicast"}
    assert first == {"name": "bytes", "port": None, **common}
    assert second.items() >= {"name": "text", "port": 8080, **common}.items()


def test_list_waits_no_longer_than_it_is_told(command: Command) -> None:
    assert ended(command("list", "--wait", "1ms", "--json")) == (0, "[]\n", "")
    fewer = "peers list: 0 of 1 peers were heard\n"
    assert ended(command("list", "--wait", "1ms", "--json", "--count", 1)) == (1, "[]\n", fewer)


def test_only_those_of_one_cluster_and_key_list_each_other(command: Command, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(32))
    announce(command, "--name", "secret", "--key-file", key)
    announce(command, "--name", "apart", "--cluster", "apart")
    for where, name in [(("--key-file", key), "secret"), (("--cluster", "apart"), "apart")]:
        _, output, _ = ended(command("list", *where, "--json", "--count", 1, "--wait", f"{PATIENCE}s"))
        assert [peer["name"] for peer in json.loads(output)] == [name]


@pytest.mark.parametrize("mode", ["seeds", "multicast+seeds"])
def test_who_is_beyond_multicast_is_found_by_a_seed(command: Command, mode: str) -> None:
    own = free_port()
    announce(command, "--name", "beyond", "--mode", "seeds", "--unicast-port", own)
    asking = ("list", "--json", "--mode", mode, "--seed", "192.0.2.1:1", "--seed", f"127.0.0.1:{own}")
    status, output, errors = ended(command(*asking, "--count", 1, "--wait", f"{PATIENCE}s"))
    assert (status, errors) == (0, "")
    assert [(peer["name"], peer["source"]) for peer in json.loads(output)] == [("beyond", "unicast")]


def test_seeds_are_used_without_a_mode(command: Command) -> None:
    own = free_port()
    announce(command, "--name", "beyond", "--mode", "seeds", "--unicast-port", own)
    announce(command, "--name", "near")
    asking = ("list", "--json", "--seed", f"127.0.0.1:{own}", "--count", 2, "--wait", f"{PATIENCE}s")
    _, output, _ = ended(command(*asking))
    assert [peer["name"] for peer in json.loads(output)] == ["beyond", "near"]


def test_watch_prints_a_line_for_each_event_at_once(command: Command, observer: peers.Node) -> None:
    watch = command("watch")
    assert watch.stdout.readline() == "joined observer 127.0.0.1\n"
    web = announce(command, "--name", "web", "--value", "two\nlines", "--port", 8080)
    assert watch.stdout.readline() == "joined web 127.0.0.1 port 8080 value two\\nlines\n"
    web.terminate()
    assert watch.stdout.readline() == "left web 127.0.0.1 (goodbye)\n"
    watch.send_signal(signal.SIGINT)
    assert ended(watch) == (0, "", "")


def test_watch_prints_a_line_of_json_for_each_event(command: Command, observer: peers.Node) -> None:
    watch = command("watch", "--json")
    assert json.loads(watch.stdout.readline())["peer"]["name"] == "observer"
    web = announce(command, "--name", "web")
    web.terminate()
    joined, left = (json.loads(watch.stdout.readline()) for _ in range(2))
    assert (joined["event"], joined["reason"], joined["peer"]["name"]) == ("joined", None, "web")
    assert (left["event"], left["reason"], left["peer"]["value"]) == ("left", "goodbye", "")
    watch.terminate()
    assert ended(watch) == (0, "", "")


def test_who_looks_is_told_apart_by_its_name(command: Command, observer: peers.Node) -> None:
    watch = command("watch")
    assert peer_of(observer.next_event(PATIENCE)).name == f"{socket.gethostname()} (peers watch {watch.pid})"


def test_ctrl_c_ends_list_without_a_traceback(command: Command, observer: peers.Node) -> None:
    process = command("list", "--wait", "1h")
    assert observer.next_event(PATIENCE).kind == EventKind.JOINED
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, "", "")
    assert observer.next_event(PATIENCE).reason == LeaveReason.GOODBYE


@pytest.mark.parametrize("arguments", [("watch",), ("list", "--count", 1, "--wait", f"{PATIENCE}s")])
def test_a_reader_that_goes_away_ends_it(
    command: Command, observer: peers.Node, arguments: tuple[object, ...]
) -> None:
    reader, writer = os.pipe()
    process = command(*arguments, stdout=writer)
    os.close(reader)
    os.close(writer)
    assert ended(process)[::2] == (141, "")
    assert [observer.next_event(PATIENCE).reason for _ in range(2)][1] == LeaveReason.GOODBYE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("list", "--wait", "2"), "argument --wait: '2' is no duration; it is a number with ms, s, m or h"),
        (("list", "--group", "kitchen"), "argument --group: 'kitchen' is no IP address"),
        (("announce", "--value", "a", "--value-file", "b"), "not allowed with argument --value"),
        (("list", "--port", "1"), "unrecognized arguments: --port 1"),
        (("list", "--mode", "moon"), "argument --mode: invalid choice: 'moon'"),
    ],
)
def test_a_wrong_command_line(command: Command, arguments: tuple[str, ...], told: str) -> None:
    status, output, errors = ended(command(*arguments))
    assert (status, output) == (2, "")
    assert told in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("list", "--interface", "nosuch7"), "interface 'nosuch7' does not exist; there are: "),
        (("list", "--group-port", 0), "port is 0; it is 1 to 65535"),
        (("list", "--seed", "a:1", "--seed", "nowhere"), 'the seed "nowhere" has no port'),
        (("watch", "--unicast-port", 65536), "unicast_port is 65536; it is 1 to 65535"),
        (("watch", "--key-file", "/nonexistent/key"), "No such file or directory: '/nonexistent/key'"),
        (("announce", "--value-file", "/nonexistent/value"), "No such file or directory"),
        (("announce", "--value", "a" * 1200), "the value has 1200 bytes"),
        (("announce", "--port", 65536), "service_port is 65536; it is 1 to 65535"),
        (("announce", "--name", b"\xff".decode(errors="surrogateescape")), "name"),
    ],
)
def test_an_error_is_a_line(command: Command, arguments: tuple[str, ...], told: str) -> None:
    status, output, errors = ended(command(*arguments))
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(f"peers {arguments[0]}: ")
    assert told in errors


def test_verbose_prints_the_log(command: Command) -> None:
    _, output, errors = ended(command("list", "--json", "--wait", "0ms", "--verbose"))
    assert output == "[]\n"
    assert errors.splitlines()[0].startswith("INFO started ")


def test_letters_that_the_terminal_lacks_are_escaped(command: Command) -> None:
    announce(command, "--name", "grün")
    arguments = ("list", "--count", 1, "--wait", f"{PATIENCE}s")
    _, output, _ = ended(command(*arguments, env={"PYTHONIOENCODING": "ascii"}))
    assert output.splitlines()[1].startswith("gr\\xfcn")


def test_help_and_version() -> None:
    def told(*arguments: str) -> str:
        status, output, errors = ended(started([sys.executable, "-m", "peers", *arguments]))
        assert (status, errors) == (0, "")
        return output

    assert told("--version") == f"peers {peers.library_version()}, libpeers {peers.library_version()}\n"
    assert "exit status" in told("--help")
    for command in ("watch", "list", "announce", "doctor"):
        assert "--cluster" in told(command, "--help")
