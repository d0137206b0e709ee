"""meet.py FILE PROGRAM KEY: starts two copies of the program on loopback, with the environment that the file
gives its container. They have to find each other by seeds, and to answer the probe."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

# Reached only when something hangs.
PATIENCE = 120


def environment(file: Path) -> dict[str, str]:
    """What the container is given. What the cluster would fill in is set later."""
    documents = list(yaml.safe_load_all(file.read_text()))
    if "services" in documents[0]:
        return {name: str(value) for name, value in documents[0]["services"]["app"]["environment"].items()}
    (pods,) = [document["spec"]["template"] for document in documents if "template" in document["spec"]]
    (container,) = pods["spec"]["containers"]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def ports(kind: socket.SocketKind, count: int) -> list[int]:
    """Ports of loopback that nobody holds."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def start(program: str, given: dict[str, str]) -> subprocess.Popen[str]:
    """A copy with this environment."""
    return subprocess.Popen([sys.executable, program], env={**os.environ, **given}, stdout=-1, text=True)


def line(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline()


def get(port: int, path: str) -> str:
    """What it answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def late(_signal: int, _frame: Any) -> None:
    """Ends the script, and so the copies."""
    raise TimeoutError(f"nothing happened for {PATIENCE} seconds")


file, program, key = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
given = environment(file)
unicast, http = ports(socket.SOCK_DGRAM, 2), ports(socket.SOCK_STREAM, 2)
# As in a pod: every copy has the same seeds, itself among them. On one host their ports have to differ.
here = {"PEERS_SEEDS": f"127.0.0.1:{unicast[0]},127.0.0.1:{unicast[1]}", "PEERS_KEY_FILE": key}
assert here.keys() <= given.keys(), f"{file} does not give all of {here.keys()}"
own = [
    {"PEERS_NAME": name, "PEERS_UNICAST_PORT": str(unicast[at]), "HTTP_PORT": str(http[at])}
    for at, name in enumerate(["a", "b"])
]
signal.signal(signal.SIGALRM, late)
signal.alarm(PATIENCE)
with start(program, {**given, **here, **own[0]}) as a, start(program, {**given, **here, **own[1]}) as b:
    try:
        assert line(a) == "joined b 127.0.0.1\n"
        assert line(b) == "joined a 127.0.0.1\n"
        assert get(http[0], "/") == f"b 127.0.0.1 {http[1]}\n"
        assert get(http[0], "/healthz").strip() in ("RUNNING", "DEGRADED")
        b.terminate()
        assert line(a) == "left b 127.0.0.1\n"
        a.terminate()
        assert [line(process) for process in (a, b)] == ["", ""]
        assert [process.wait() for process in (a, b)] == [0, 0]
    finally:
        a.kill()
        b.kill()
