#!/usr/bin/env python3
"""Writes peers/_abi.py, the ctypes declarations, from include/peers.h.

    generate.py           write the file
    generate.py --check   exit 1 with a diff if the file is not what would be written

The parser knows the few forms of C that the header uses. Anything else is an error, never skipped: a
declaration that is silently missing here would be a crash in somebody's program.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = HERE.parents[1] / "include" / "peers.h"
OUTPUT = HERE / "peers" / "_abi.py"

PREAMBLE = '''\
# Generated from include/peers.h by generate.py; do not edit.
"""The C ABI of libpeers, as ctypes declarations. The names and their meaning are those of peers.h."""

import ctypes

'''

DECLARE = '''

def declare(library: ctypes.CDLL) -> None:
    """Tells ctypes the types of every function."""
'''

SCALARS = {
    "int32_t": "ctypes.c_int32",
    "uint8_t": "ctypes.c_uint8",
    "uint16_t": "ctypes.c_uint16",
    "uint32_t": "ctypes.c_uint32",
    "uint64_t": "ctypes.c_uint64",
    "size_t": "ctypes.c_size_t",
    "char": "ctypes.c_char",
}

# What the preprocessor would do to the text is nothing that Python needs. Constants are taken out before
# this.
IGNORED = re.compile(
    r"#ifdef __cplusplus\n.*?\n#endif.*|#ifndef PEERS_H|#define PEERS_H\b|#endif|#include <std\w+\.h>"
    r"|#define PEERS_\w+_INIT \\\n(?:.*\\\n)*.*",
)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
CONSTANT = re.compile(r'#define (PEERS_\w+) (-?\d+|"[^"\\]*")$', re.MULTILINE)
OPAQUE = re.compile(r"typedef struct (\w+) \1;")
CALLBACK = re.compile(r"typedef (\w+) \(\*(\w+)\)\(([^()]*)\);")
STRUCT = re.compile(r"typedef struct (\w+) \{([^{}]*)\} \1;")
FUNCTION = re.compile(r"((?:const )?(?:struct )?\w+ \**)(\w+)\(([^()]*)\);")
VARIABLE = re.compile(r"(?P<type>.*?[ *])(?P<name>\w+)(?:\[(?P<length>\d+)\])?")


class Unknown(Exception):
    """The header has something that the parser was not made for."""


class Declarations:
    """The types met so far, and the Python text made of everything."""

    def __init__(self) -> None:
        self.types = dict(SCALARS)
        self.opaque: set[str] = set()
        self.definitions: list[str] = []
        self.prototypes: list[str] = []

    def opaque_type(self, found: re.Match[str]) -> None:
        self.opaque.add(found[1])

    def callback(self, found: re.Match[str]) -> None:
        types = [self.type_of(found[1]), *(kind for _, kind in self.variables(found[3], ","))]
        self.definitions.append(f"\n{found[2]} = ctypes.CFUNCTYPE({', '.join(types)})\n")
        self.types[found[2]] = found[2]

    def struct(self, found: re.Match[str]) -> None:
        fields = "".join(f'        ("{name}", {kind}),\n' for name, kind in self.variables(found[2], ";"))
        body = f"    _fields_ = [\n{fields}    ]\n"
        self.definitions.append(f"\n\nclass {found[1]}(ctypes.Structure):\n{body}")
        self.types[found[1]] = found[1]

    def function(self, found: re.Match[str]) -> None:
        result, name, parameters = found.groups()
        kinds = "".join(f"        {kind},\n" for _, kind in self.variables(parameters, ","))
        arguments = f"[\n{kinds}    ]" if kinds else "[]"
        self.prototypes.append(f"    library.{name}.argtypes = {arguments}\n")
        self.prototypes.append(f"    library.{name}.restype = {self.type_of(result)}\n")

    def variables(self, text: str, separator: str) -> list[tuple[str, str]]:
        """The name and the ctypes type of each parameter or field."""
        parts = [" ".join(part.split()) for part in text.split(separator)]
        return [self.variable(part) for part in parts if part not in ("", "void")]

    def variable(self, text: str) -> tuple[str, str]:
        found = VARIABLE.fullmatch(text)
        if found is None:
            raise Unknown(f"not a field or parameter: {text!r}")
        kind = self.type_of(found["type"])
        return found["name"], f"{kind} * {found['length']}" if found["length"] else kind

    def type_of(self, text: str) -> str:
        base = re.sub(r"\b(const|struct)\b|\*|\s", "", text)
        depth = text.count("*")
        if base == "void" and depth == 0:
            return "None"
        if depth and (base == "void" or base in self.opaque):
            kind, depth = "ctypes.c_void_p", depth - 1
        elif depth and base == "char":
            kind, depth = "ctypes.c_char_p", depth - 1
        elif base in self.types:
            kind = self.types[base]
        else:
            raise Unknown(f"unknown type: {text.strip()!r}")
        return "ctypes.POINTER(" * depth + kind + ")" * depth


def generate(header: str) -> str:
    """The text of _abi.py."""
    header = COMMENT.sub("", header)
    constants = "".join(f"{name} = {value}\n" for name, value in CONSTANT.findall(header))
    code = " ".join(IGNORED.sub("", CONSTANT.sub("", header)).split())
    made = Declarations()
    forms = {OPAQUE: made.opaque_type, CALLBACK: made.callback, STRUCT: made.struct, FUNCTION: made.function}
    while code:
        matches = ((pattern.match(code), use) for pattern, use in forms.items())
        found, use = next(((found, use) for found, use in matches if found), (None, None))
        if found is None or use is None:
            raise Unknown(f"not a declaration that is known here: {code[:80]!r}")
        use(found)
        code = code[found.end() :].lstrip()
    return "".join([PREAMBLE, constants, *made.definitions, DECLARE, *made.prototypes])


def main() -> int:
    """Writes the file, or compares it."""
    parser = argparse.ArgumentParser(description="Write peers/_abi.py from include/peers.h.")
    parser.add_argument(
        "--check", action="store_true", help="only compare; exit 1 with a diff if it is stale"
    )
    check = parser.parse_args().check
    try:
        fresh = generate(HEADER.read_text(encoding="utf-8"))
    except Unknown as error:
        print(f"{HEADER.name}: {error}", file=sys.stderr)
        return 2
    if not check:
        OUTPUT.write_text(fresh, encoding="utf-8")
        return 0
    present = OUTPUT.read_text(encoding="utf-8") if OUTPUT.exists() else ""
    old, new = present.splitlines(keepends=True), fresh.splitlines(keepends=True)
    sys.stdout.writelines(difflib.unified_diff(old, new, "peers/_abi.py", "generated"))
    return int(present != fresh)


if __name__ == "__main__":
    sys.exit(main())
