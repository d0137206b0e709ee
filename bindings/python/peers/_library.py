"""Finds libpeers, loads it, and turns its statuses into errors.

It is looked for in this order:

1. at $PEERS_LIBRARY, and if that is set nowhere else;
2. in the package, where a wheel has it;
3. in the checkout that the package is part of: what Cargo has built last;
4. on the system, as the dynamic linker finds it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from pathlib import Path

from . import _abi
from .errors import error_for

_FILE = "libpeers.so"
_SONAME = "libpeers.so.0"


def check(status: int) -> None:
    """Raises the error that the calling thread's last call ended with, if it failed."""
    if status != _abi.PEERS_OK:
        raise failure(status)


def failure(status: int) -> Exception:
    """The error that the calling thread's last call ended with."""
    text = library.peers_last_error() or library.peers_strerror(status)
    return error_for(status, text.decode())


def library_version() -> str:
    """The version of the C library that is loaded, for example "0.1.0"."""
    version: bytes = library.peers_version()
    return version.decode()


def _load() -> ctypes.CDLL:
    tried = []
    for place in _places():
        try:
            found = ctypes.CDLL(place)
        except OSError as error:
            tried.append(f"  {place}: {error}")
            continue
        _check_version(found, place)
        _declare(found, place)
        return found
    advice = "Set PEERS_LIBRARY to the path of libpeers.so. Looked at:"
    raise ImportError("\n".join([f"cannot load libpeers. {advice}", *tried]))


def _places() -> Iterator[str]:
    chosen = os.environ.get("PEERS_LIBRARY")
    if chosen:
        # Who names a library means that one; another in its place would only hide the mistake.
        yield chosen
        return
    package = Path(__file__).resolve().parent
    yield str(package / _FILE)
    yield from _cargo_builds((package / "../../..").resolve())
    system = ctypes.util.find_library("peers")
    if system:
        yield system
    yield _SONAME


def _cargo_builds(checkout: Path) -> list[str]:
    """What Cargo has built, newest first, if the package is part of a checkout."""
    if not (checkout / "include" / "peers.h").is_file():
        return []
    target = Path(os.environ.get("CARGO_TARGET_DIR") or checkout / "target")
    builds = [*target.glob(f"*/{_FILE}"), *target.glob(f"*/deps/{_FILE}")]
    newest_first = sorted(builds, key=lambda build: build.stat().st_mtime, reverse=True)
    return [str(build) for build in newest_first] or [str(target / "debug" / _FILE)]


def _check_version(found: ctypes.CDLL, place: str) -> None:
    """A struct or a call may differ between two minor versions below 1.0."""
    try:
        version_of = found.peers_version
    except AttributeError:
        raise ImportError(f"{place} is not libpeers: it has no peers_version()") from None
    version_of.restype = ctypes.c_char_p
    version = version_of().decode()
    if version.split(".")[:2] != _abi.PEERS_VERSION.split(".")[:2]:
        raise ImportError(f"{place} is libpeers {version}, but this package needs {_abi.PEERS_VERSION}")


def _declare(found: ctypes.CDLL, place: str) -> None:
    """A function may have come with a patch."""
    try:
        _abi.declare(found)
    except AttributeError as error:
        raise ImportError(f"{place} is an older libpeers than this package needs: {error}") from None


library = _load()
