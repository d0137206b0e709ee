"""The errors: one class for each status of the library, all of them a `PeersError`."""

from __future__ import annotations

import errno as _errno

from . import _abi


class PeersError(Exception):
    """A call failed. Also what a status of a newer library becomes that this package does not know."""

    status: int = 0
    """The library's status, a negative number that never changes its meaning."""

    detail: str
    """A sentence that names the value, and says what would be right."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NullError(PeersError):
    """A pointer was NULL: a bug of this package."""

    status = _abi.PEERS_ERR_NULL


class HandleError(PeersError):
    """The node is closed."""

    status = _abi.PEERS_ERR_HANDLE


class SizeError(PeersError):
    """A struct has the wrong size: this package and the library do not fit together."""

    status = _abi.PEERS_ERR_SIZE


class EncodingError(PeersError, ValueError):
    """A text cannot be written as UTF-8."""

    status = _abi.PEERS_ERR_UTF8


class InvalidError(PeersError, ValueError):
    """A value is outside its range."""

    status = _abi.PEERS_ERR_INVALID


class TooLargeError(PeersError, ValueError):
    """A name, key or value is longer than its limit."""

    status = _abi.PEERS_ERR_TOO_LARGE


class UnsupportedError(PeersError, NotImplementedError):
    """This version of the library, or this platform, does not have the feature."""

    status = _abi.PEERS_ERR_UNSUPPORTED


class InterfaceError(PeersError, ValueError):
    """There is no network interface of that name."""

    status = _abi.PEERS_ERR_INTERFACE


class AddressInUseError(PeersError, OSError):
    """Another program holds the UDP port and does not share it."""

    status = _abi.PEERS_ERR_ADDRESS_IN_USE
    errno = _errno.EADDRINUSE


class PermissionDeniedError(PeersError, PermissionError):
    """The system does not permit what was asked."""

    status = _abi.PEERS_ERR_PERMISSION


class RefusedError(PeersError, OSError):
    """The system refused for another reason, which `detail` gives."""

    status = _abi.PEERS_ERR_SYSTEM


class FullError(PeersError):
    """The registry already holds `max_peers` entries."""

    status = _abi.PEERS_ERR_FULL


class TimedOutError(PeersError, TimeoutError):
    """Nothing happened within the time given."""

    status = _abi.PEERS_ERR_TIMEOUT


class StoppedError(PeersError):
    """The node was closed, by another thread, while this call was under way."""

    status = _abi.PEERS_ERR_STOPPED


class ForkedError(PeersError):
    """The node belongs to the parent of this forked process. Start one of your own."""

    status = _abi.PEERS_ERR_FORKED


class FailedError(PeersError):
    """The library met an internal error. The node no longer works: close it, and start another."""

    status = _abi.PEERS_ERR_FAILED


class DeadlockError(PeersError):
    """The call would wait for itself: `Node.close` in a handler of the node's own logger."""

    status = _abi.PEERS_ERR_DEADLOCK


class NotFoundError(PeersError, LookupError):
    """No entry of that key is registered, or the value in TXT format does not have the key."""

    status = _abi.PEERS_ERR_NOT_FOUND


BY_STATUS: dict[int, type[PeersError]] = {error.status: error for error in PeersError.__subclasses__()}


def error_for(status: int, detail: str) -> PeersError:
    """The error to raise for a status of the library."""
    error = BY_STATUS.get(status, PeersError)(detail)
    error.status = status
    return error
