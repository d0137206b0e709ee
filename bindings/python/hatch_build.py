"""Builds libpeers and the command `peers` with Cargo, and puts them into the wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The shared library, and nothing else: with several kinds at once Cargo drops the optimisation at link time.
LIBRARY = ("rustc", "--package", "peers", "--lib", "--crate-type", "cdylib")
COMMAND = ("build", "--package", "peers-cli", "--bin", "peers")


class Library(BuildHookInterface[Any]):
    """Makes the wheel one of this platform, for every Python 3: nothing in it depends on the interpreter."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it makes a wheel."""
        if version == "editable":
            # The package stays in the checkout, and finds there what Cargo has built last.
            return
        crate = self.crate()
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        files = build_data["force_include"]
        files[str(build(crate, *LIBRARY))] = "peers/libpeers.so"
        build_data["shared_scripts"][str(build(crate, *COMMAND))] = "peers"
        for licence in ("LICENSE-APACHE", "LICENSE-MIT"):
            files[str(crate / licence)] = f"peers-{self.metadata.version}.dist-info/licenses/{licence}"

    def crate(self) -> Path:
        """The folder of the Rust sources: in an sdist beside this file, in a checkout two above."""
        here = Path(self.root)
        for folder in (here / "rust", here.parent.parent):
            if (folder / "Cargo.toml").is_file():
                return folder
        raise SystemExit(
            f"{here} is not in a checkout of libpeers, and has no Rust sources beside it. Install from a "
            f"checkout (pip install ./bindings/python) or from an sdist, not from this folder alone."
        )


def build(crate: Path, *arguments: str) -> Path:
    """Builds one file. Returns its path."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise SystemExit(
            "cargo is not installed, and the wheel carries a library in Rust. See https://rustup.rs"
        )
    command = [cargo, *arguments, "--release", "--locked", "--message-format", "json-render-diagnostics"]
    # In folders apart: for the command Cargo builds the library in other kinds, under the same names.
    target = Path(os.environ.get("CARGO_TARGET_DIR", crate / "target"), "wheel", arguments[0])
    built = subprocess.run([*command, "--target-dir", target], cwd=crate, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise SystemExit(f"{' '.join(command)} in {crate} failed; what it said is above")
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    artifacts = [message for message in messages if message["reason"] == "compiler-artifact"]
    return Path(artifacts[-1]["filenames"][0])
