"""Events for asyncio: driven by the loop, without a thread, and none is lost."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator

import pytest
from support import PATIENCE, Start, in_thread, readable

import peers
from peers import EventKind
from peers._reader import EventReader


async def names(events: AsyncIterator[peers.Event]) -> list[str]:
    return [event.peer.name async for event in events]


async def waiting(reader: EventReader, timeout: float | None = None) -> asyncio.Task[list[str]]:
    """A task that takes all events of a reader, and has come to where it has to wait."""
    task = asyncio.create_task(names(reader.events_async(timeout)))
    await asyncio.sleep(0)
    assert not task.done()
    return task


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_they_come_in_order(start: Start) -> None:
    async def run() -> None:
        node = start()
        events = node.events_async(timeout=0)
        node.register("lamp", ttl=30)
        node.register("door", ttl=10)
        node.advance(40)
        told = [(event.kind, event.peer.name) async for event in events]
        assert told == [
            (EventKind.JOINED, "lamp"),
            (EventKind.JOINED, "door"),
            (EventKind.LEFT, "door"),
            (EventKind.LEFT, "lamp"),
        ]

    asyncio.run(run())


def test_an_event_wakes_the_task_and_no_thread_waits(start: Start) -> None:
    async def run() -> None:
        node = start()
        threads = threading.active_count()
        events = node.events_async()
        first = asyncio.ensure_future(events.__anext__())
        await asyncio.sleep(0)
        assert (first.done(), threading.active_count()) == (False, threads)
        node.register("lamp")
        event = await asyncio.wait_for(first, PATIENCE)
        assert (event.kind, event.peer.name) == (EventKind.JOINED, "lamp")

    asyncio.run(run())


def test_an_event_of_the_nodes_own_thread_wakes_the_task(start: Start) -> None:
    async def run() -> None:
        node = start("kitchen", manual_clock=False)
        first = asyncio.ensure_future(node.events_async().__anext__())
        await asyncio.sleep(0)
        start("garden", manual_clock=False)
        assert (await asyncio.wait_for(first, PATIENCE)).peer.name == "garden"

    asyncio.run(run())


@pytest.mark.parametrize("by_another_thread", [False, True])
def test_closing_the_node_ends_the_loop(start: Start, by_another_thread: bool) -> None:
    async def run() -> None:
        node = start()
        task = await waiting(node)
        if by_another_thread:
            await asyncio.get_running_loop().run_in_executor(None, node.close)
        else:
            node.close()
        assert await asyncio.wait_for(task, PATIENCE) == []

    asyncio.run(run())


def test_closing_the_node_between_two_events_ends_the_loop(start: Start) -> None:
    async def run() -> None:
        node = start()
        node.register("lamp")
        node.register("door")
        async for _ in node.events_async():
            node.close()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


@pytest.mark.parametrize("turns_of_the_loop", range(6))
def test_a_cancelled_task_takes_no_event_along(start: Start, turns_of_the_loop: int) -> None:
    async def run() -> None:
        node = start()
        reader = node.subscribe()
        before = open_descriptors()
        taken = []

        async def take() -> None:
            async for event in reader.events_async():
                taken.append(event.peer.name)

        task = asyncio.create_task(take())
        await asyncio.sleep(0)
        node.register("lamp")
        # The loop is on its way to tell the task when the cancellation comes, or has told it.
        for _ in range(turns_of_the_loop):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert open_descriptors() == before
        assert taken + await names(reader.events_async(0)) == ["lamp"]

    asyncio.run(run())


def test_a_loop_that_is_left_can_be_taken_up_again(start: Start) -> None:
    async def run() -> None:
        node = start()
        reader = node.subscribe()
        for name in ("lamp", "door"):
            node.register(name)
        async for event in reader.events_async():
            assert event.peer.name == "lamp"
            break
        assert await names(reader.events_async(0)) == ["door"]

    asyncio.run(run())


def test_each_event_of_a_reader_goes_to_one_of_its_tasks(start: Start) -> None:
    async def run() -> None:
        node = start()
        reader = node.subscribe()
        tasks = [await waiting(reader), await waiting(reader)]
        keys = [f"entry {number:03}" for number in range(200)]
        for key in keys:
            node.register(key)
            await asyncio.sleep(0)
        while readable(reader.fileno()):
            await asyncio.sleep(0)
        node.close()
        taken = await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
        assert sorted(taken[0] + taken[1]) == keys

    asyncio.run(run())


def test_each_event_of_a_reader_goes_to_one_of_its_loops(start: Start) -> None:
    node = start(manual_clock=False)
    reader = node.subscribe()
    loops = [in_thread(lambda: asyncio.run(names(reader.events_async()))) for _ in range(2)]
    keys = [f"entry {number:03}" for number in range(200)]
    for key in keys:
        node.register(key)
    while readable(reader.fileno()):
        os.sched_yield()
    node.close()
    assert sorted(loops[0]() + loops[1]()) == keys


def test_nothing_for_the_timeout_ends_the_loop(start: Start) -> None:
    async def run() -> None:
        node = start()
        task = await waiting(node, timeout=0.001)
        assert await asyncio.wait_for(task, PATIENCE) == []
        with pytest.raises(peers.InvalidError, match="timeout is -1"):
            node.events_async(-1)

    asyncio.run(run())


def test_datagrams_that_are_no_event_do_not_end_it(start: Start) -> None:
    async def run() -> None:
        node = start("kitchen")
        start("garden", cluster="another")
        assert readable(node.fileno())
        assert await names(node.events_async(0.001)) == []

    asyncio.run(run())


def test_each_iteration_begins_with_the_list_and_gets_every_event(start: Start) -> None:
    async def run() -> None:
        node = start()
        node.register("lamp")
        iterations = [node.events_async() for _ in range(2)]
        node.register("door")
        for events in iterations:
            assert [(await events.__anext__()).peer.name for _ in range(2)] == ["lamp", "door"]

    asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_a_wait_for_a_peer_ends_with_it_and_no_thread_waits(start: Start) -> None:
    async def run() -> None:
        node = start()
        node.register("lamp")
        assert (await node.wait_for_async(lambda peer: peer.name == "lamp", 0)).name == "lamp"
        threads, before = threading.active_count(), open_descriptors()
        found = asyncio.create_task(node.wait_for_async(lambda peer: peer.name == "door", PATIENCE))
        await asyncio.sleep(0)
        assert (found.done(), threading.active_count()) == (False, threads)
        node.register("stove")
        await asyncio.sleep(0)
        node.register("door")
        assert (await found).name == "door"
        with pytest.raises(peers.TimedOutError):
            await node.wait_for_async(lambda peer: False, 0.001)
        assert open_descriptors() == before
        with pytest.raises(peers.InvalidError):
            await node.wait_for_async(lambda peer: True, -1)

    asyncio.run(run())


def test_a_wait_for_a_peer_is_cancelled_or_ends_with_the_node(start: Start) -> None:
    async def run() -> None:
        node = start()
        before = open_descriptors()
        cancelled, ended = (asyncio.create_task(node.wait_for_async(lambda peer: False)) for _ in range(2))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        node.close()
        with pytest.raises(peers.StoppedError):
            await asyncio.wait_for(ended, PATIENCE)
        assert open_descriptors() <= before

    asyncio.run(run())


def test_no_descriptor_stays_open(start: Start) -> None:
    async def run() -> None:
        node = start()
        before = open_descriptors()
        for _ in range(3):
            assert await names(node.events_async(0.001)) == []
        assert open_descriptors() == before

    asyncio.run(run())
