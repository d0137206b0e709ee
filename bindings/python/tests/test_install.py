"""What a user installs: a wheel with library and command inside, from a checkout and from an sdist."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from support import PACKAGE

import hatch_build
import peers

# Cargo builds everything, on whatever machine this is.
LIMIT = 1200

TYPING = PACKAGE / "tests" / "typing"


def run(*command: object, **environment: str) -> str:
    """Runs a command as a user would who has never heard of the checkout. Returns what it prints."""
    ended = outcome(*command, **environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def outcome(*command: object, cwd: Path = Path("/"), **environment: str) -> subprocess.CompletedProcess[str]:
    ours = ("PEERS_LIBRARY", "PYTHONPATH")
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    arguments = [str(word) for word in command]
    return subprocess.run(
        arguments, env={**clean, **environment}, capture_output=True, text=True, timeout=LIMIT, cwd=cwd
    )


def target() -> str:
    """The checkout's target folder, which has other crates compiled already."""
    return os.environ.get("CARGO_TARGET_DIR") or str(PACKAGE.parents[1] / "target")


def wheel_of(source: Path, folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run(*pip, "--wheel-dir", folder, source, CARGO_TARGET_DIR=target())
    (wheel,) = folder.glob("*.whl")
    return wheel


def build(source: Path, kind: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Builds with the backend of this environment, in the folder of the sources."""
    script = f"from hatchling import build; build.build_{kind}({str(folder)!r})"
    return outcome(sys.executable, "-c", script, cwd=source, **environment)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(PACKAGE, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def bin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which pip has installed the package from the checkout."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "pip", "install", "--quiet", PACKAGE)
    return folder / "bin"


@pytest.mark.install
@pytest.mark.timeout(LIMIT)
def test_the_wheel_has_the_library_inside(wheel: Path) -> None:
    assert wheel.name == f"peers-{peers.library_version()}-py3-none-linux_{platform.machine()}.whl"
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        assert content.read("peers/libpeers.so").startswith(b"\x7fELF")
        scripts = [name for name in names if name.endswith(".data/scripts/peers")]
        assert [content.read(name)[:4] for name in scripts] == [b"\x7fELF"]
    assert "peers/py.typed" in names
    assert {name.rsplit("/", 1)[1] for name in names if "/licenses/" in name} == {
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "THIRD-PARTY.txt",
    }


@pytest.mark.install
@pytest.mark.timeout(LIMIT)
def test_what_is_installed_uses_the_library_inside(bin: Path) -> None:
    maps = "[line.split()[-1] for line in open('/proc/self/maps') if 'libpeers' in line]"
    package, library = run(bin / "python", "-c", f"import peers; print(peers.__file__, {maps}[0])").split()
    assert Path(library) == Path(package).with_name("libpeers.so")
    assert bin.parent in Path(package).parents


@pytest.mark.install
@pytest.mark.timeout(LIMIT)
def test_the_command_is_installed(bin: Path) -> None:
    assert run(bin / "peers", "--version") == f"peers {peers.library_version()}\n"
    where = ["--interface", "lo", "--group-port", 50999]
    listed = run(bin / "peers", "list", *where, "--json", "--wait", "0ms")
    assert json.loads(listed) == []


@pytest.mark.install
@pytest.mark.timeout(LIMIT)
def test_a_type_checker_knows_the_types_of_what_is_installed(bin: Path) -> None:
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        bin / "python",
        "--cache-dir",
        os.devnull,
    ]
    for version in ("3.9", "3.13"):
        assert run(*mypy, "--python-version", version, TYPING / "user.py", TYPING / "wrong.py").startswith(
            "Success"
        )


@pytest.mark.install
@pytest.mark.timeout(LIMIT)
def test_the_sdist_installs_without_a_network_or_a_checkout(tmp_path: Path) -> None:
    made = build(PACKAGE, "sdist", tmp_path)
    assert made.returncode == 0, made.stderr
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as content:
        names = content.getnames()
    assert not [name for name in names if ".so" in Path(name).suffixes or "/target/" in name]

    site = tmp_path / "site"
    # The build backend is in this environment, and the crates are in the cache that the tests filled.
    offline = ["--quiet", "--no-index", "--no-build-isolation", "--no-deps"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", site, sdist]
    run(*pip, CARGO_TARGET_DIR=target(), CARGO_NET_OFFLINE="true")
    version = "import peers; print(peers.library_version())"
    assert run(sys.executable, "-c", version, PYTHONPATH=str(site)) == f"{peers.library_version()}\n"
    assert (site / "peers" / "libpeers.so").read_bytes().startswith(b"\x7fELF")


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        ("x86_64-unknown-linux-gnu.2.17", "manylinux_2_17_x86_64"),
        ("aarch64-unknown-linux-gnu.2.17", "manylinux_2_17_aarch64"),
        ("armv7-unknown-linux-gnueabihf.2.17", "manylinux_2_17_armv7l"),
        ("aarch64-unknown-linux-musl", "musllinux_1_2_aarch64"),
        ("aarch64-unknown-linux-gnu", "linux_aarch64"),
        (None, f"linux_{platform.machine()}"),
    ],
)
def test_the_tag_of_a_wheel_is_that_of_its_target(target: str | None, tag: str) -> None:
    assert hatch_build.platform(target) == tag


def test_the_package_alone_is_refused_with_a_reason(tmp_path: Path) -> None:
    alone = tmp_path / "one" / "two" / "python"
    shutil.copytree(PACKAGE, alone, ignore=shutil.ignore_patterns("__pycache__"))
    made = build(alone, "wheel", tmp_path)
    assert made.returncode != 0
    assert (
        "is not in a checkout of libpeers, and has no Rust sources beside it. Install from a" in made.stderr
    )


def test_a_machine_without_cargo_is_told(tmp_path: Path) -> None:
    made = build(PACKAGE, "wheel", tmp_path, PATH=str(tmp_path))
    assert made.returncode != 0
    assert made.stderr.startswith("cargo is not installed, and the wheel carries a library in Rust.")
