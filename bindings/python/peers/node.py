"""`Node`: the calls of the library on one node."""

from __future__ import annotations

import builtins
import ctypes
import math
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from . import _abi, _input
from ._library import check, library
from ._reader import EventReader, _Descriptor
from .errors import HandleError, StoppedError, TimedOutError
from .records import Event, EventKind, Health, InterfaceStatus, LeaveReason, Peer
from .subscription import Subscription

# The handlers of signals run between two calls of the library.
_LONGEST_WAIT = 0.2


class Node(EventReader):
    """A running node, from `peers.start`: it announces itself, and lists the peers it hears.

    Every method may be called from any thread. Use it in a `with` statement, or call `close`: both say
    goodbye. A node that is forgotten, or still open when the interpreter exits, is closed then.

    Every method raises HandleError when the node is closed, ForkedError in a forked child (where only `close`
    works), FailedError after an internal error.
    """

    _what = "the node"
    _next_call = library.peers_next_event
    _fd_call = library.peers_event_fd

    def __init__(self, handle: int, log: Any) -> None:
        self._handle = handle
        # For the garbage collector or the exit, if they come before close(). It keeps the log function for as
        # long as the node may call it.
        self._free = weakref.finalize(self, _free, handle, log)
        try:
            self._descriptor = _Descriptor(self._fd_call, handle)
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

    def register(
        self,
        key: str,
        value: bytes | str = b"",
        ttl: float | None = None,
        *,
        address: str | None = None,
        port: int | None = None,
    ) -> None:
        """Lists a local entry, of which nothing is sent to other nodes; registering again renews it.

        `key` is the name it is listed under: 1 to 255 bytes as UTF-8, no control characters, not the node's
        own name. `value` is up to 1024 bytes; a str is written as UTF-8. After `ttl` seconds (None: the
        node's expiry) it is gone, unless it was registered again. `address` is an IP address as text, and
        `port` the port of its service.

        Raises InvalidError or EncodingError for a key, ttl, address or port that does not do, InterfaceError
        for the zone of an address, TooLargeError, and FullError when the registry holds `max_peers` entries.
        """
        content = _input.data("value", value)
        entry = _abi.peers_entry_t(
            struct_size=ctypes.sizeof(_abi.peers_entry_t),
            key=_input.text("key", key),
            value=ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p),
            value_len=len(content),
            address=_input.text("address", address),
            ttl_ms=_input.duration("ttl", ttl),
            port=_input.number("port", port, _input.UINT16_MAX),
        )
        check(library.peers_register_at(self._open(), ctypes.byref(entry)))

    def unregister(self, key: str) -> None:
        """Removes an entry that was registered. It leaves with UNREGISTERED.

        Raises NotFoundError when no entry of that key is registered.
        """
        check(library.peers_unregister(self._open(), _input.text("key", key)))

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
        return self._read_list(library.peers_list)

    @property
    def me(self) -> Peer:
        """The node's own record, as the peers list it, with the addresses of all interfaces that it uses."""
        (own,) = self._read_list(library.peers_self)
        return own

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """The peers as they come and go, for a `for` loop: first a JOINED for each that is listed, then each
        change from this call on. It ends when the node is closed, or when nothing happens for `timeout`
        seconds (None: without limit).

        Each call has a subscription of its own, so several loops get every event each. Raises as `next_event`
        does otherwise.
        """
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        subscription = self.subscribe()
        return _events(subscription, self.list(), timeout)

    def events_async(self, timeout: float | None = None) -> AsyncIterator[Event]:
        """The same for an `async for` loop of asyncio.

        No thread waits: the event loop watches a descriptor (so it has to be one with `add_reader`, as all
        are on Linux).
        """
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        subscription = self.subscribe()
        return _events_async(subscription, self.list(), timeout)

    def wait_for(self, predicate: Callable[[Peer], object], timeout: float | None = None) -> Peer:
        """Waits until a peer is listed for which `predicate` is true, and returns it; the first in the order
        of the list:

            worker = node.wait_for(lambda peer: peer.txt.get("role") == "worker", timeout=5)

        `timeout` is in seconds of real time; 0 looks once, None waits without limit. It takes no event, and
        Ctrl-C ends it within 0.2 seconds.

        Raises TimedOutError (a TimeoutError) when there is none in time, StoppedError when another thread
        closes the node meanwhile, InvalidError for a negative timeout, and what `predicate` raises.
        """
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        version = 0
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                version = self.wait(version, left)
            except TimedOutError:
                raise _none_fits(timeout) from None
            for peer in self.list():
                if predicate(peer):
                    return peer

    async def wait_for_async(self, predicate: Callable[[Peer], object], timeout: float | None = None) -> Peer:
        """The same for a task of asyncio, without a thread; cancelling the task ends it."""
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.subscribe() as changes:
            while True:
                for peer in self.list():
                    if predicate(peer):
                        return peer
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise _none_fits(timeout)
                await changes._wait_async(left)

    def wait(self, version: int = 0, timeout: float | None = None) -> int:
        """Waits until the version of the list is not `version`, and returns the present one; 0 is no version,
        so it returns at once.

        The version rises when a peer joins, is updated or leaves, and when an entry passes its deadline;
        never by a renewal. It takes no event, and any number of threads may wait. To miss no change, take the
        version first and then the list:

            version = 0
            while True:
                version = node.wait(version)
                use(node.list())

        `timeout` is in seconds of real time, whatever the node's clock; 0 does not wait, None waits without
        limit. A signal's handler runs within 0.2 seconds, so Ctrl-C ends the wait.

        Raises TimedOutError when the version stayed the same, StoppedError when another thread closes the
        node meanwhile, InvalidError for a negative version or timeout.
        """
        number = _input.version(version)
        if timeout is not None:
            _input.milliseconds("timeout", timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        handle, now = self._open(), ctypes.c_uint64()
        while True:
            left = _LONGEST_WAIT if deadline is None else max(0.0, deadline - time.monotonic())
            step = min(left, _LONGEST_WAIT)
            status = library.peers_wait(handle, number, math.ceil(step * 1000), ctypes.byref(now))
            if status == _abi.PEERS_ERR_HANDLE:
                raise StoppedError("the node was closed while this call waited")
            if status != _abi.PEERS_ERR_TIMEOUT or left == 0:
                check(status)
                return now.value

    def subscribe(self) -> Subscription:
        """A further reader of the events from now on, with a queue of its own: each reader gets every
        event."""
        handle = ctypes.c_void_p()
        try:
            check(library.peers_subscribe(self._open(), ctypes.byref(handle)))
            assert handle.value is not None
            return Subscription(handle.value)
        except BaseException:
            # Ctrl-C may come when the subscription is there and nothing holds it yet.
            library.peers_subscription_free(handle)
            raise

    def health(self) -> Health:
        """How the node is: running, degraded or failed, why, and what it has counted. Works on a failed
        node."""
        raw = _abi.peers_health_t(struct_size=ctypes.sizeof(_abi.peers_health_t))
        check(library.peers_health(self._open(), ctypes.byref(raw)))
        return Health._read(raw)

    def interfaces(self) -> builtins.list[InterfaceStatus]:
        """Each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why.

        Each has what the node has counted there. Works on a failed node.
        """
        taken = ctypes.POINTER(_abi.peers_interfaces_t)()
        check(library.peers_interfaces(self._open(), ctypes.byref(taken)))
        try:
            records = (library.peers_interfaces_at(taken, index) for index in range(taken.contents.len))
            return [InterfaceStatus._read(record.contents) for record in records]
        finally:
            library.peers_interfaces_free(taken)

    def advance(self, seconds: float) -> None:
        """Moves the time of a node with a manual clock on, and does all that falls due on the way, in order.

        Raises InvalidError for a node on the system's clock, and for negative seconds.
        """
        check(library.peers_advance(self._open(), _input.milliseconds("seconds", seconds)))

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

    def _read_list(self, call: Any) -> builtins.list[Peer]:
        snapshot = ctypes.POINTER(_abi.peers_list_t)()
        check(call(self._open(), ctypes.byref(snapshot)))
        try:
            records = (library.peers_list_at(snapshot, index) for index in range(snapshot.contents.len))
            return [Peer._read(record.contents) for record in records]
        finally:
            library.peers_list_free(snapshot)


def _none_fits(timeout: float | None) -> TimedOutError:
    return TimedOutError(f"no peer that fits is listed within {timeout} seconds")


def _events(
    subscription: Subscription, listed: builtins.list[Peer], timeout: float | None
) -> Iterator[Event]:
    with subscription:
        yield from map(_joined, listed)
        known = _ids(listed)
        for event in subscription.events(timeout):
            if not _is_known(event, known):
                yield event


async def _events_async(
    subscription: Subscription, listed: builtins.list[Peer], timeout: float | None
) -> AsyncIterator[Event]:
    with subscription:
        for peer in listed:
            yield _joined(peer)
        known = _ids(listed)
        async for event in subscription.events_async(timeout):
            if not _is_known(event, known):
                yield event


def _joined(peer: Peer) -> Event:
    return Event(EventKind.JOINED, LeaveReason.NONE, peer)


def _ids(listed: builtins.list[Peer]) -> set[tuple[str, bytes | None]]:
    return {(peer.name, peer.id) for peer in listed}


def _is_known(event: Event, known: set[tuple[str, bytes | None]]) -> bool:
    """True for a peer that joined between the begin of the subscription and the list, which has it
    already."""
    if event.peer is None:
        return False
    identity = (event.peer.name, event.peer.id)
    is_known = event.kind == EventKind.JOINED and identity in known
    known.discard(identity)
    return is_known


def _free(handle: int, log: Any) -> None:
    """Frees a node that nobody has any more. A status would be of no use to anybody."""
    if library.peers_free(handle) == _abi.PEERS_ERR_DEADLOCK:
        # A handler of the node's own logger dropped it. `log` goes along, to live until the node has ended.
        threading.Thread(target=_free, args=(handle, log), daemon=True).start()
