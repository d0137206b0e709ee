#!/usr/bin/env python3
"""Writes which code of others the library and the command contain: THIRD-PARTY.txt, or a CycloneDX SBOM.

usage: third_party.py notices|sbom

The crates are those that `cargo metadata` names for any system, without build and test dependencies.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What is released. Only these have dependencies of interest.
RELEASED = ("peers", "peers-cli")
# Licence texts of a crate begin so.
TEXTS = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")

HEADING = """\
libpeers and the command peers contain code of the Rust standard library
(https://github.com/rust-lang/rust, MIT or Apache-2.0) and of the crates below. The released libraries
also contain libunwind of LLVM (Apache-2.0 WITH LLVM-exception), and static programs for musl contain
musl (MIT).

foca is under the Mozilla Public License 2.0. Its source, which libpeers does not change, is at
https://crates.io/crates/foca, in the version below. A library built with --no-default-features does not
contain foca.
"""


def metadata() -> dict[str, Any]:
    cargo = ["cargo", "metadata", "--locked", "--format-version", "1"]
    told = subprocess.run(cargo, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def linked(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the packages of others that are linked in, in the order of their names."""
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    reached: set[str] = set()
    left = [package["id"] for package in packages.values() if package["name"] in RELEASED]
    while left:
        here = left.pop()
        if here in reached or is_macro(packages[here]):
            continue
        reached.add(here)
        for dependency in nodes[here]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                left.append(dependency["pkg"])
    theirs = [packages[here] for here in reached if packages[here]["source"]]
    return sorted(theirs, key=lambda package: (package["name"], package["version"]))


def is_macro(package: dict[str, Any]) -> bool:
    """True if the package runs in the compiler alone."""
    return any("proc-macro" in target["kind"] for target in package["targets"])


def notices(crates: list[dict[str, Any]]) -> str:
    lines = [f"{crate['name']} {crate['version']}: {crate['license']}, {home(crate)}" for crate in crates]
    users: dict[str, list[str]] = {}
    for crate in crates:
        for text in texts(crate):
            users.setdefault(text, []).append(crate["name"])
    chapters = [f"{', '.join(names)}:\n\n{text}" for text, names in users.items()]
    ruler = "\n\n" + "-" * 80 + "\n\n"
    return HEADING + "\n" + "\n".join(lines) + ruler + ruler.join(chapters) + "\n"


def home(crate: dict[str, Any]) -> str:
    return crate["repository"] or f"https://crates.io/crates/{crate['name']}"


def texts(crate: dict[str, Any]) -> list[str]:
    """Returns the licence texts of a crate, without the Apache licence if it offers another one."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(
        file for file in folder.iterdir() if file.name.upper().startswith(TEXTS) and file.is_file()
    )
    others = [file for file in files if "APACHE" not in file.name.upper()]
    return [tidy(file.read_text()) for file in others or files]


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def sbom(crates: list[dict[str, Any]], version: str) -> str:
    components = [
        {
            "type": "library",
            "name": crate["name"],
            "version": crate["version"],
            "purl": f"pkg:cargo/{crate['name']}@{crate['version']}",
            "licenses": [{"expression": crate["license"].replace("/", " OR ")}],
            "externalReferences": [{"type": "vcs", "url": home(crate)}],
        }
        for crate in crates
    ]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "library", "name": "libpeers", "version": version}},
        "components": components,
    }
    return json.dumps(document, indent=2) + "\n"


def main() -> None:
    found = metadata()
    crates = linked(found)
    (version,) = [package["version"] for package in found["packages"] if package["name"] == "peers"]
    kinds = {"notices": lambda: notices(crates), "sbom": lambda: sbom(crates, version)}
    if sys.argv[1:] not in [[kind] for kind in kinds]:
        sys.exit(__doc__)
    sys.stdout.write(kinds[sys.argv[1]]())


if __name__ == "__main__":
    main()
