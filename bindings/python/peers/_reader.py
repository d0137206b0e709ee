"""`EventReader`: the calls that take events, of a node and of a subscription."""

from __future__ import annotations

import ctypes
import os
import select
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from . import _abi, _input
from ._library import check, library
from .errors import HandleError, StoppedError, TimedOutError
from .records import Event

if TYPE_CHECKING:
    import asyncio

# poll() counts in an int of milliseconds; a longer wait is made of several.
_LONGEST_POLL = 3600.0


class EventReader:
    """The calls that take events. `_what` says what is read, and the two calls are those of the library."""

    _what: str
    _next_call: Any
    _fd_call: Any
    _descriptor: _Descriptor

    def _open(self) -> int:
        """The handle, which is not closed."""
        raise NotImplementedError

    def next_event(self, timeout: float | None = None) -> Event:
        """Waits for the next event, and takes it: events come in the order they happened, each to one caller.

        `timeout` is in seconds of real time, whatever the node's clock; 0 does not wait, None waits without
        limit. A signal's handler runs during the wait, so Ctrl-C ends it.

        Raises TimedOutError (a TimeoutError) when nothing happened in time, StoppedError when another thread
        closes the node meanwhile, InvalidError for a negative timeout.
        """
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        descriptor = self._descriptor
        event = self._take_event()
        while event is None:
            left = _LONGEST_POLL if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimedOutError(f"no event within {timeout} seconds")
            # Readable is not yet an event: another thread may have taken it, and a node with a manual clock
            # may only have had datagrams to look at.
            descriptor.wait(min(left, _LONGEST_POLL))
            try:
                event = self._take_event()
            except HandleError:
                raise StoppedError(f"{self._what} was closed while this call waited") from None
        return event

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """The events as they come, for a `for` loop. It ends when the node is closed, or when nothing happens
        for `timeout` seconds (None: without limit). Raises as `next_event` does otherwise."""
        self._open()
        return self._events(timeout)

    def events_async(self, timeout: float | None = None) -> AsyncIterator[Event]:
        """The events as they come, for an `async for` loop of asyncio. It ends as that of `events` does.

        No thread waits: the event loop watches the node's descriptor (so it has to be one with `add_reader`,
        as all are on Linux). A task that is cancelled while it waits takes no event with it. Several tasks,
        and several loops, may take from one node at once, each with a call of its own; each event goes to one
        of them.
        """
        self._open()
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        return self._events_async(timeout)

    def fileno(self) -> int:
        """A descriptor that polls readable while events wait, for `select`, `selectors` or asyncio's
        `add_reader`.

        When it does, call `next_event(0)` until TimedOutError. Do not read from it, nor close it: it
        has to be out of the event loop before `close`. When the node stops or fails it stays
        readable.
        """
        # The call is for its errors: a closed node, a forked child.
        check(self._fd_call(self._open(), ctypes.byref(ctypes.c_int32())))
        return self._descriptor.number

    async def _wait_async(self, left: float | None) -> None:
        """Waits until events have come, and drops them."""
        await self._descriptor.wait_async(left)
        while self._take_event() is not None:
            pass

    def _take_event(self) -> Event | None:
        """The next event, if one waits."""
        raw = ctypes.POINTER(_abi.peers_event_t)()
        status = self._next_call(self._open(), 0, ctypes.byref(raw))
        if status == _abi.PEERS_ERR_TIMEOUT:
            return None
        check(status)
        try:
            return Event._read(raw.contents)
        finally:
            library.peers_event_free(raw)

    def _events(self, timeout: float | None) -> Iterator[Event]:
        while True:
            try:
                event = self.next_event(timeout)
            except (StoppedError, HandleError, TimedOutError):
                # HandleError: it was closed between two events.
                return
            yield event

    async def _events_async(self, timeout: float | None) -> AsyncIterator[Event]:
        descriptor = self._descriptor
        while True:
            deadline = None if timeout is None else time.monotonic() + timeout
            try:
                event = self._take_event()
                while event is None:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        return
                    await descriptor.wait_async(left)
                    event = self._take_event()
            except (StoppedError, HandleError):
                return
            yield event


class _Descriptor:
    """A duplicate of a reader's event descriptor, closed when the last who uses it lets it go.

    The reader's own is closed by `close`, and its number may then be another file's at once. A thread that is
    about to wait must not find that file.
    """

    def __init__(self, fd_call: Any, handle: int) -> None:
        fd = ctypes.c_int32()
        check(fd_call(handle, ctypes.byref(fd)))
        self.number = os.dup(fd.value)
        # Not at exit: a daemon thread may still wait on it, and the process is about to close it anyway.
        weakref.finalize(self, os.close, self.number).atexit = False

    def wait(self, seconds: float) -> None:
        """Waits until it is readable, or the time is over. Unlike a call of the library, Python's own wait
        lets the handlers of signals run."""
        waiting = select.poll()
        waiting.register(self.number, select.POLLIN)
        waiting.poll(seconds * 1000)

    async def wait_async(self, seconds: float | None) -> None:
        """The same, for a task: its event loop waits. None is without limit."""
        # Only here: programs without asyncio would wait for it at their start.
        import asyncio

        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        # A loop has one reader for a number, so each task brings its own.
        number = os.dup(self.number)
        try:
            loop.add_reader(number, _set, readable)
            try:
                await asyncio.wait([readable], timeout=seconds)
            finally:
                loop.remove_reader(number)
        finally:
            os.close(number)


def _set(future: asyncio.Future[None]) -> None:
    """Tells who awaits it. A loop may call a reader once more before the task has taken it away."""
    if not future.done():
        future.set_result(None)
