"""Keys from files."""

from __future__ import annotations

import os

from ._input import KEY_BYTES
from .errors import InvalidError


def read_key_file(path: str | os.PathLike[str]) -> bytes:
    """The key in a file: its 32 bytes as they are, and nothing else. For `start` and `Node.set_keys`.

    To make one: (umask 077 && head -c 32 /dev/urandom > cluster.key)

    Raises PermissionError when others than the file's owner may read or change it, for then they may know the
    key; InvalidError when it has another length; another OSError when it cannot be read.
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        mode = status.st_mode & 0o777
        if mode & 0o077:
            raise PermissionError(
                f"{os.fspath(path)}: its mode is {mode:o}, so others than its owner may know the key; "
                f"make a new key, in a file of mode 600"
            )
        # One more byte than a key has, so that a longer file is told from a key.
        key = file.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        length = "more" if len(key) > KEY_BYTES else f"{len(key)} bytes"
        raise InvalidError(
            f"{os.fspath(path)}: it has {length}; a key is {KEY_BYTES} random bytes, as they are: "
            f"head -c {KEY_BYTES} /dev/urandom makes one"
        )
    return key
