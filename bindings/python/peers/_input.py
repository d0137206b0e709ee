"""Turns Python values into those of C. What C would cut short without a word is an error here; every other
range is the library's to check, so that it is written down once."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from . import _abi
from .errors import InvalidError

UINT16_MAX = 2**16 - 1
UINT32_MAX = 2**32 - 1
SIZE_MAX = ctypes.c_size_t(-1).value
KEY_BYTES = 32

Mode = Literal["multicast", "seeds", "multicast+seeds", "swim"]

MODES: dict[Mode, int] = {
    "multicast": _abi.PEERS_MODE_MULTICAST,
    "seeds": _abi.PEERS_MODE_SEEDS,
    "multicast+seeds": _abi.PEERS_MODE_MULTICAST | _abi.PEERS_MODE_SEEDS,
    "swim": _abi.PEERS_MODE_SWIM,
}


def text(what: str, value: str | None) -> bytes | None:
    """A text for a `const char *`. A lone surrogate passes here, and the library says what is wrong with
    it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise InvalidError(f"{what} {value!r} contains a NUL character")
    return value.encode("utf-8", "surrogatepass")


def mode(value: Mode | None) -> int:
    """The number of a mode; of None that of the default."""
    if value is None:
        return 0
    if not isinstance(value, str):
        raise TypeError(f"mode must be a str, not {type(value).__name__}")
    if value not in MODES:
        raise InvalidError(f"mode is {value!r}; it is one of {', '.join(MODES)}")
    return MODES[value]


def seeds(value: Sequence[str] | str | None) -> bytes | None:
    """The comma-separated text of a list of seeds, or of such a text."""
    if value is None or isinstance(value, str):
        return text("seeds", value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"seeds must be a str or a sequence of str, not {type(value).__name__}")
    return b",".join(text("a seed", seed) or b"" for seed in value)


def data(what: str, value: bytes | str) -> bytes:
    """Bytes for a `const void *`; a str as UTF-8."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{what} must be bytes or a str, not {type(value).__name__}")


@contextmanager
def keys(values: Sequence[bytes]) -> Iterator[ctypes.Array[ctypes.c_char]]:
    """Keys one after the other for a `const void *`, in a buffer that is wiped afterwards. Of each the length
    is checked, which C takes for granted."""
    if isinstance(values, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"keys must be a sequence of bytes, not {type(values).__name__}")
    buffer = ctypes.create_string_buffer(len(values) * KEY_BYTES)
    try:
        for place, key in enumerate(values):
            # An int, too, can be made bytes of: that many zeros.
            if not isinstance(key, (bytes, bytearray, memoryview)):
                raise TypeError(f"key {place + 1} must be bytes, not {type(key).__name__}")
            content = memoryview(key).cast("B")
            if len(content) != KEY_BYTES:
                raise InvalidError(f"key {place + 1} has {len(content)} bytes; a key has {KEY_BYTES}")
            memoryview(buffer).cast("B")[place * KEY_BYTES : (place + 1) * KEY_BYTES] = content
        yield buffer
    finally:
        ctypes.memset(buffer, 0, len(buffer))


def number(what: str, value: int | None, largest: int) -> int:
    """A whole number, of which C takes 0 for "the default": here None says that, and 0 is refused."""
    if value is None:
        return 0
    if not isinstance(value, int):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    if not 1 <= value <= largest:
        raise InvalidError(f"{what} is {value}; it is 1 to {largest}")
    return value


def duration(what: str, seconds: float | None) -> int:
    """Milliseconds of a duration, of which C takes 0 for "the default": here None says that, and 0 is
    refused."""
    if seconds is None:
        return 0
    if seconds == 0:
        raise InvalidError(f"{what} is 0 seconds; it is more than that")
    # What is shorter than a millisecond must not become the default.
    return max(1, milliseconds(what, seconds))


def version(value: int) -> int:
    """The version of a list, of which ctypes would drop the high bits."""
    if not isinstance(value, int):
        raise TypeError(f"version must be an int, not {type(value).__name__}")
    if not 0 <= value < 2**64:
        raise InvalidError(f"version is {value}; it is 0 or what `Node.wait` returned")
    return value


def milliseconds(what: str, seconds: float) -> int:
    """Milliseconds that fit 32 bits."""
    # Written so that NaN, which no comparison holds for, is refused too.
    if not 0 <= seconds * 1000 <= UINT32_MAX:
        raise InvalidError(f"{what} is {seconds} seconds; it is 0 to {UINT32_MAX // 1000}")
    return round(seconds * 1000)
