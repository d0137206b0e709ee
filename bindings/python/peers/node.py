"""`Node`: the calls of the library on one node."""

from __future__ import annotations

import builtins
import ctypes
import os
import select
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _abi, _input
from ._library import check, library
from .errors import HandleError, StoppedError, TimedOutError
from .records import Event, Health, Peer

if TYPE_CHECKING:
    import asyncio

# poll() counts in an int of milliseconds; a longer wait is made of several.
_LONGEST_POLL = 3600.0


class Node:
    """A running node, from `peers.start`: it announces itself, and lists the peers it hears.

    Every method may be called from any thread. Use it in a `with` statement, or call `close`: both say
    goodbye. A node that is forgotten, or still open when the interpreter exits, is closed then.

    Every method raises HandleError when the node is closed, ForkedError in a forked child (where only `close`
    works), FailedError after an internal error.
    """

    def __init__(self, handle: int, log: Any) -> None:
        self._handle = handle
        # For the garbage collector or the exit, if they come before close(). It keeps the log function for as
        # long as the node may call it.
        self._free = weakref.finalize(self, _free, handle, log)
        try:
            self._descriptor = _Descriptor(handle)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Node:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<peers.Node {'closed' if self.closed else f'{self._handle:#x}'}>"

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return not self._free.alive

    def register(self, key: str, value: bytes | str = b"", ttl: float | None = None) -> None:
        """Puts an entry in the registry, exactly as if its beacon had been heard; registering again renews
        it.

        `key` is the name it is listed under: 1 to 255 bytes as UTF-8, no control characters, not the node's
        own name. `value` is up to 1024 bytes; a str is written as UTF-8. After `ttl` seconds (None: the
        node's expiry) it is gone, unless it was registered again.

        Raises InvalidError or EncodingError for a key or ttl that does not do, TooLargeError, and FullError
        when the registry holds `max_peers` entries.
        """
        content = _input.data("value", value)
        milliseconds = _input.duration("ttl", ttl)
        name = _input.text("key", key)
        check(library.peers_register(self._open(), name, content, len(content), milliseconds))

    def set_value(self, value: bytes | str) -> None:
        """Announces another value from now on, b"" for none; a str is written as UTF-8. The peers that hear
        of it get an UPDATED event.

        It is announced at once; a change within 0.1 seconds of the last is held until these are over, and of
        several only the latest is told.

        Raises TooLargeError when it does not fit beside the node's name and cluster; the value stays as it
        was.
        """
        content = _input.data("value", value)
        check(library.peers_set_value(self._open(), content, len(content)))

    def set_keys(self, keys: Sequence[bytes]) -> None:
        """Replaces the keys of a node that was started with keys, without an outage: 1 to 8 of 32 bytes each.
        From now on the first seals and all open.

        To change the key of a cluster, do three rounds over its nodes: give each the new key behind the old
        one, then the new one before the old one, then the new one alone.

        Raises InvalidError for a key of another length, no key, more than 8, and a node that was started
        without keys; the keys stay as they were.
        """
        with _input.keys(keys) as buffer:
            check(library.peers_set_keys(self._open(), buffer, len(keys)))

    def set_seeds(self, seeds: Sequence[str] | str) -> None:
        """Replaces the seeds of a node that was started with `seeds`, or in a `mode` that has them; an empty
        list for none.

        Those that are new are asked at once. Those that are left out are told nothing from now on; a peer
        there expires, unless it has this node for a seed. Names are resolved on a thread of their own, so
        this does not wait for that.

        Raises InvalidError for what is no "host:port", for more than 1024, and for a node that takes no
        seeds; EncodingError. The seeds stay as they were.
        """
        check(library.peers_set_seeds(self._open(), _input.seeds(seeds)))

    def list(self) -> builtins.list[Peer]:
        """The peers that are live now, ordered by name and then by id. The node itself is not listed."""
        snapshot = ctypes.POINTER(_abi.peers_list_t)()
        check(library.peers_list(self._open(), ctypes.byref(snapshot)))
        try:
            records = (library.peers_list_at(snapshot, index) for index in range(snapshot.contents.len))
            return [Peer._read(record.contents) for record in records]
        finally:
            library.peers_list_free(snapshot)

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
                raise StoppedError("the node was closed while this call waited") from None
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

    def health(self) -> Health:
        """How the node is: running, degraded or failed, why, and what it has counted. Works on a failed
        node."""
        raw = _abi.peers_health_t(struct_size=ctypes.sizeof(_abi.peers_health_t))
        check(library.peers_health(self._open(), ctypes.byref(raw)))
        return Health._read(raw)

    def advance(self, seconds: float) -> None:
        """Moves the time of a node with a manual clock on, and does all that falls due on the way, in order.

        Raises InvalidError for a node on the system's clock, and for negative seconds.
        """
        check(library.peers_advance(self._open(), _input.milliseconds("seconds", seconds)))

    def fileno(self) -> int:
        """A descriptor that polls readable while events wait, for `select`, `selectors` or asyncio's
        `add_reader`.

        When it does, call `next_event(0)` until TimedOutError. Do not read from it, nor close it: it is the
        node's, and has to be out of the event loop before `close`. When the node stops or fails it stays
        readable.
        """
        # The call is for its errors: a closed node, a forked child.
        check(library.peers_event_fd(self._open(), ctypes.byref(ctypes.c_int32())))
        return self._descriptor.number

    def close(self) -> None:
        """Ends the node: it says goodbye, and the peers drop it at once. Waits for its thread to end, which
        takes milliseconds. Waiting calls of other threads end with StoppedError. A second call does
        nothing.

        Raises DeadlockError in a handler of the node's own logger, and the node lives on.
        """
        # It holds the log function, which another thread that closes the node too must not let go meanwhile.
        kept = self._free.peek()
        if kept is None:
            return
        status = library.peers_free(self._handle)
        if status == _abi.PEERS_ERR_DEADLOCK:
            check(status)
        self._free.detach()

    def _open(self) -> int:
        """The handle of a node that is not closed."""
        if self.closed:
            raise HandleError("the node is closed")
        return self._handle

    def _take_event(self) -> Event | None:
        """The next event, if one waits."""
        raw = ctypes.POINTER(_abi.peers_event_t)()
        status = library.peers_next_event(self._open(), 0, ctypes.byref(raw))
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


def _free(handle: int, log: Any) -> None:
    """Frees a node that nobody has any more. A status would be of no use to anybody."""
    if library.peers_free(handle) == _abi.PEERS_ERR_DEADLOCK:
        # A handler of the node's own logger dropped it. `log` goes along, to live until the node has ended.
        threading.Thread(target=_free, args=(handle, log), daemon=True).start()


class _Descriptor:
    """A duplicate of a node's event descriptor, closed when the last who uses it lets it go.

    The node's own is closed by `close`, and its number may then be another file's at once. A thread that is
    about to wait must not find that file.
    """

    def __init__(self, handle: int) -> None:
        fd = ctypes.c_int32()
        check(library.peers_event_fd(handle, ctypes.byref(fd)))
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
