"""Puts libpeers and the command `peers` into the wheel, as install.sh builds them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LICENCES = ("LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.txt")


class Library(BuildHookInterface[Any]):
    """Makes the wheel one of its platform, for every Python 3: nothing in it depends on the interpreter."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Gone when the build has ended.
        self.folder = tempfile.TemporaryDirectory(prefix="peers-wheel-")

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it makes a wheel."""
        if version == "editable":
            # The package stays in the checkout, and finds there what Cargo has built last.
            return
        installed = Path(os.environ.get("PEERS_WHEEL_PREFIX") or self.install())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform(os.environ.get('CARGO_BUILD_TARGET'))}"
        files = build_data["force_include"]
        files[str((installed / "lib" / "libpeers.so").resolve())] = "peers/libpeers.so"
        build_data["shared_scripts"][str(installed / "bin" / "peers")] = "peers"
        for licence in LICENCES:
            source = installed / "share" / "doc" / "libpeers" / licence
            files[str(source)] = f"peers-{self.metadata.version}.dist-info/licenses/{licence}"

    def install(self) -> Path:
        """Builds the library and the command. Returns the prefix that has them."""
        if shutil.which("cargo") is None:
            raise SystemExit(
                "cargo is not installed, and the wheel carries a library in Rust. See https://rustup.rs"
            )
        sources = self.sources()
        command = [str(sources / "install.sh")]
        prefix = {"PREFIX": self.folder.name, "LIBDIR": "", "DESTDIR": ""}
        if subprocess.run(command, env={**os.environ, **prefix}).returncode != 0:
            raise SystemExit(f"{command[0]} failed; its output is above")
        return Path(self.folder.name)

    def sources(self) -> Path:
        """The folder of the Rust sources: in an sdist beside this file, in a checkout two above."""
        here = Path(self.root)
        for folder in (here / "rust", here.parent.parent):
            if (folder / "Cargo.toml").is_file():
                return folder
        raise SystemExit(
            f"{here} is not in a checkout of libpeers, and has no Rust sources beside it. Install from a "
            f"checkout (pip install ./bindings/python) or from an sdist, not from this folder alone."
        )


def platform(target: str | None) -> str:
    """The platform tag of a target: its own, with the oldest C library that has to do, or this machine's."""
    if not target:
        return sysconfig.get_platform().replace("-", "_").replace(".", "_")
    machine = {"armv7": "armv7l", "riscv64gc": "riscv64"}.get(target.split("-")[0], target.split("-")[0])
    if "-linux-musl" in target:
        return f"musllinux_1_2_{machine}"
    glibc = re.search(r"\.(\d+)\.(\d+)$", target)
    if glibc:
        return f"manylinux_{glibc[1]}_{glibc[2]}_{machine}"
    # For the machine that builds it: no index takes this tag.
    return f"linux_{machine}"
