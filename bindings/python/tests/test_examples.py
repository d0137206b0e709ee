"""The examples, and the programs of the README."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from browser import Page
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


def test_the_page_of_the_peers_follows_them_in_a_browser(port: int, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        assert "PEERS_REQUIRE_ALL_TESTS" not in os.environ, "chromium is not installed"
        pytest.skip("chromium is not installed")
    network = {"interfaces": "lo", "port": port}
    command = [sys.executable, PACKAGE / "examples" / "http_list.py", "--http-port", 0]
    with started([*command, "--interfaces", "lo", "--port", port]) as server:
        url = server.stdout.readline().strip()
        with Page(chromium, tmp_path) as page:
            page.open(url)
            assert "0 peers" in page.until("document.getElementById('state').textContent === '0 peers'")
            kitchen = peers.start("kitchen", value="warm", service_port=8080, **network)
            with kitchen, peers.start("<b>garden</b>", value=b"\xff", **network):
                text = page.until("document.querySelectorAll('#peers td.name').length === 2")
                # A name is text, whatever it holds.
                for shown in ("<b>garden</b>", "kitchen", "127.0.0.1", "8080", "warm", "/w==", "multicast"):
                    assert shown in text
                page.screenshot(PACKAGE.parents[1] / "target" / "http-list.png")
                kitchen.set_value("cold")
                page.until(
                    "[...document.querySelectorAll('td.value')].some((it) => it.textContent === 'cold')"
                )
                with urllib.request.urlopen(f"{url}/peers") as answer:
                    listed = json.load(answer)
                assert [peer["name"] for peer in listed] == ["<b>garden</b>", "kitchen"]
                # The server looks, and is not listed.
                assert [peer.name for peer in kitchen.list()] == ["<b>garden</b>"]
            page.until("document.getElementById('state').textContent === '0 peers'")
            server.terminate()
            assert server.wait(PATIENCE) == 0
            page.until("document.getElementById('state').className === 'lost'")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("program", blocks("python"))
def test_the_readmes_programs_run(program: str) -> None:
    with started([sys.executable, "-W", "error", "-c", program]) as process:
        assert process.communicate(timeout=PATIENCE)[1] == ""
        assert process.returncode == 0


def test_the_readme_has_programs() -> None:
    assert len(blocks("python")) == 4
