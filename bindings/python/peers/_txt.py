"""Values in the TXT format of DNS-SD (RFC 6763, section 6)."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from . import _input
from ._library import check, library


def txt(pairs: Mapping[str, bytes | str | None] | None = None, **more: bytes | str | None) -> bytes:
    """A value for `start` and `Node.set_value` of these keys and values: `peers.txt(role="worker",
    zone="a")`. A str is written as UTF-8; None is a key without a value. Peers read it by `Peer.txt`.

    Raises TooLargeError when a key and its value are longer than 254 bytes, InvalidError for what is no key:
    it is printable ASCII without "=".
    """
    content = b""
    for key, value in {**(pairs or {}), **more}.items():
        content = txt_put(content, key, value)
    return content


def parse(content: bytes) -> dict[str, str | None]:
    """The keys, in lower case, and their values; {} for what is not in the format. The first string of a key
    counts, and one without a key is none (RFC 6763, section 6.4)."""
    pairs: dict[str, str | None] = {}
    at = 0
    while at < len(content):
        start, at = at + 1, at + 1 + content[at]
        key, equals, value = content[start:at].partition(b"=")
        if at > len(content) or not all(0x20 <= byte <= 0x7E for byte in key):
            return {}
        if key:
            pairs.setdefault(key.decode().lower(), value.decode(errors="replace") if equals else None)
    return pairs


def txt_get(txt: bytes, key: str) -> bytes | None:
    """The value of a key in `txt`; None if the key is there without a value. The case of the key does not
    matter.

    Raises NotFoundError when the key is not there, InvalidError for bytes that are not in the format and for
    what is no key: it is printable ASCII without "=".
    """
    content = _input.data("txt", txt)
    buffer = ctypes.create_string_buffer(content, max(1, len(content)))
    value, value_len = ctypes.c_void_p(), ctypes.c_size_t()
    name = _input.text("key", key)
    check(library.peers_txt_get(buffer, len(content), name, ctypes.byref(value), ctypes.byref(value_len)))
    return None if value.value is None else ctypes.string_at(value.value, value_len.value)


def txt_put(txt: bytes, key: str, value: bytes | str | None) -> bytes:
    """`txt` with a key and its value, in the place of each former string of the key. b"" is an empty value,
    None is none. Begin with b"".

    Raises TooLargeError when key and value are longer than 254 bytes, InvalidError as `txt_get`.
    """
    content = _input.data("txt", txt)
    # A string has at most 255 bytes behind its length.
    buffer = ctypes.create_string_buffer(content, len(content) + 256)
    length = ctypes.c_size_t(len(content))
    data = None if value is None else _input.data("value", value)
    name = _input.text("key", key)
    check(
        library.peers_txt_put(
            buffer, len(buffer), ctypes.byref(length), name, data, 0 if data is None else len(data)
        )
    )
    return buffer.raw[: length.value]
