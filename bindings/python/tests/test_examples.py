"""The examples, and the programs of the README."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest
from support import PACKAGE, PATIENCE, started

import peers


def test_copies_of_greet_greet_each_other(port: int) -> None:
    def greet(name: str) -> subprocess.Popen[str]:
        options = ["--interfaces", "lo", "--port", port, "--name", name]
        return started([sys.executable, PACKAGE / "examples" / "greet.py", *options])

    with greet("anna") as anna, greet("otto") as otto:
        assert anna.stdout.readline() == "hello anna, this is otto\n"
        assert otto.stdout.readline() == "hello otto, this is anna\n"
        for process, how in [(anna, signal.SIGTERM), (otto, signal.SIGINT)]:
            process.send_signal(how)
            assert process.communicate(timeout=PATIENCE) == ("", "")
            assert process.returncode == 0


def test_a_program_that_does_not_answer_is_no_trouble_for_greet(port: int) -> None:
    options = ["--interfaces", "lo", "--port", port]
    greet = [sys.executable, PACKAGE / "examples" / "greet.py", *options, "--name", "anna"]
    with started(greet) as anna, peers.start("web", interfaces="lo", port=port, service_port=9):
        assert anna.stderr.readline().startswith("web cannot be reached: ")
        anna.terminate()
        anna.communicate(timeout=PATIENCE)
        assert anna.returncode == 0


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("program", blocks("python"))
def test_the_readmes_programs_run(program: str) -> None:
    with started([sys.executable, "-W", "error", "-c", program]) as process:
        assert process.communicate(timeout=PATIENCE)[1] == ""
        assert process.returncode == 0


def test_the_readme_has_programs() -> None:
    assert len(blocks("python")) == 3
