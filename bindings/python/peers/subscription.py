"""`Subscription`: a further reader of a node's events."""

from __future__ import annotations

import weakref
from types import TracebackType

from ._library import library
from ._reader import EventReader, _Descriptor
from .errors import HandleError


class Subscription(EventReader):
    """A reader of a node's events, from `Node.subscribe`, with a queue of 1024 events and a descriptor of its
    own.

    If its queue is full, its events alone are dropped, and a RESYNC takes their place. Use it in a `with`
    statement, or call `close`; before or after the node is closed. When the node is closed, its calls raise
    StoppedError, and its iterations end.
    """

    _what = "the node or the subscription"
    _next_call = library.peers_subscription_next
    _fd_call = library.peers_subscription_fd

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._free = weakref.finalize(self, library.peers_subscription_free, handle)
        try:
            self._descriptor = _Descriptor(self._fd_call, handle)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the subscription. Waiting calls of other threads end with StoppedError. A second call does
        nothing."""
        self._free()

    def _open(self) -> int:
        if not self._free.alive:
            raise HandleError("the subscription is closed")
        return self._handle
