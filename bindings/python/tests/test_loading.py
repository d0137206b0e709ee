"""Which library the package takes, and what it says of one that does not fit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import PACKAGE, PATIENCE


def library(folder: Path, version: str) -> Path:
    """A library of that version that can nothing but tell it."""
    path = folder / "libpeers.so"
    source = f'const char *peers_version(void) {{ return "{version}"; }}'
    compiler = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-", "-o", str(path)]
    subprocess.run(compiler, input=source, text=True, check=True, timeout=PATIENCE)
    return path


def told(package: Path, **environment: str) -> str:
    """What the import of a package that fails says in its last line."""
    clean = {name: value for name, value in os.environ.items() if name != "PEERS_LIBRARY"}
    ended = subprocess.run(
        [sys.executable, "-c", "import peers"],
        env={**clean, "PYTHONPATH": str(package), **environment},
        # Not in the checkout, whose package Python would take first.
        cwd=package.parent if package != PACKAGE else None,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 1
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, away from the checkout."""
    shutil.copytree(PACKAGE / "peers", tmp_path / "package" / "peers")
    return tmp_path / "package"


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = library(tmp_path, "9.1.2")
    expected = f"ImportError: {path} is libpeers 9.1.2, but this package needs 0.1.0"
    assert told(PACKAGE, PEERS_LIBRARY=str(path)) == expected


def test_an_older_patch_that_lacks_a_function_is_refused(tmp_path: Path) -> None:
    path = library(tmp_path, "0.1.99")
    expected = (
        f"ImportError: {path} is an older libpeers than this package needs: {path}: undefined symbol: peers_"
    )
    assert told(PACKAGE, PEERS_LIBRARY=str(path)).startswith(expected)


def test_the_library_in_the_package_comes_before_the_systems(package: Path, tmp_path: Path) -> None:
    (tmp_path / "system").mkdir()
    library(tmp_path / "system", "8.0.0").rename(tmp_path / "system" / "libpeers.so.0")
    system = {"LD_LIBRARY_PATH": str(tmp_path / "system")}
    assert "libpeers.so.0 is libpeers 8.0.0" in told(package, **system)
    library(package / "peers", "9.0.0")
    assert "libpeers.so is libpeers 9.0.0" in told(package, **system)


def test_the_library_that_is_named_comes_first_and_alone(package: Path, tmp_path: Path) -> None:
    library(package / "peers", "9.0.0")
    (tmp_path / "named").mkdir()
    assert "is libpeers 7.0.0" in told(package, PEERS_LIBRARY=str(library(tmp_path / "named", "7.0.0")))
    assert told(package, PEERS_LIBRARY="/nonexistent.so").startswith("  /nonexistent.so: ")
