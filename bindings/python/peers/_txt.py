"""Values in the TXT format of DNS-SD (RFC 6763, section 6)."""

from __future__ import annotations

import ctypes

from . import _input
from ._library import check, library


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
