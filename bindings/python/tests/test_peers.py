"""A node's registry and events."""

from __future__ import annotations

import os
import threading
import unittest

from support import PATIENCE, OnMemoryNetwork, in_thread, readable

import peers
from peers import EventKind, LeaveReason, Source


class Registry(OnMemoryNetwork):
    def test_two_nodes_list_each_other(self) -> None:
        kitchen, garden = self.start("kitchen"), self.start("garden")
        # The garden was not there yet to hear the kitchen's first announcement.
        kitchen.advance(15)
        self.assertEqual([peer.name for peer in kitchen.list()], ["garden"])
        (peer,) = garden.list()
        self.assertEqual((peer.name, peer.value, peer.address), ("kitchen", b"", "10.0.0.1"))
        self.assertEqual((peer.source, peer.port, peer.id), (Source.ANCESTOR, None, None))

    def test_a_registered_entry_expires_and_returns(self) -> None:
        node = self.start(expiry=20)
        node.register("lamp", b"\0\xff", ttl=1.5)
        node.advance(1.499)
        (lamp,) = node.list()
        self.assertEqual((lamp.name, lamp.value, lamp.source), ("lamp", b"\0\xff", Source.REGISTERED))
        self.assertEqual((lamp.age, lamp.expires_in, lamp.address), (1.499, 0.001, None))
        node.advance(0.001)
        self.assertEqual(node.list(), [])
        node.register("lamp", "grün")
        (lamp,) = node.list()
        self.assertEqual((lamp.value, lamp.expires_in), ("grün".encode(), 20))

    def test_the_list_is_ordered_and_outlives_the_node(self) -> None:
        with self.start() as node:
            for key in ("b", "ü", "a", "c"):
                node.register(key)
            entries = node.list()
        self.assertEqual([peer.name for peer in entries], ["a", "b", "c", "ü"])

    def test_health_counts(self) -> None:
        node = self.start(max_peers=1)
        node.register("lamp")
        node.advance(15)
        health = node.health()
        self.assertEqual((health.state, health.reason), (peers.State.RUNNING, peers.Reason.NONE))
        self.assertEqual((health.detail, health.peers, health.sent, health.own), ("", 1, 2, 2))
        self.assertEqual((health.last_send_age, health.last_receive_age), (0, 0))


class Events(OnMemoryNetwork):
    def test_they_come_in_order(self) -> None:
        node = self.start()
        node.register("lamp", "off", ttl=30)
        node.register("lamp", "on", ttl=30)
        node.register("door", ttl=10)
        node.advance(40)
        told = [
            (event.kind, event.peer and event.peer.name, event.reason) for event in node.events(timeout=0)
        ]
        expected = [
            (EventKind.JOINED, "lamp", LeaveReason.NONE),
            (EventKind.UPDATED, "lamp", LeaveReason.NONE),
            (EventKind.JOINED, "door", LeaveReason.NONE),
            (EventKind.LEFT, "door", LeaveReason.EXPIRED),
            (EventKind.LEFT, "lamp", LeaveReason.EXPIRED),
        ]
        self.assertEqual(told, expected)

    def test_lost_events_are_told_by_a_resync(self) -> None:
        node = self.start()
        for number in range(1025):
            node.register(f"entry {number}")
        event = node.next_event(0)
        self.assertEqual((event.kind, event.peer), (EventKind.RESYNC, None))

    def test_no_event_is_a_timeout(self) -> None:
        node = self.start()
        with self.assertRaises(TimeoutError):
            node.next_event(0)
        with self.assertRaises(peers.TimedOutError) as caught:
            node.next_event(0.001)
        self.assertEqual(caught.exception.status, peers.TimedOutError.status)

    def test_a_wait_ends_with_the_event(self) -> None:
        node = self.start(manual_clock=False)
        events = in_thread(lambda: node.next_event(PATIENCE))
        node.register("lamp")
        event = events()
        self.assertEqual((event.kind, event.peer.name), (EventKind.JOINED, "lamp"))

    def test_datagrams_that_are_no_event_do_not_end_a_wait(self) -> None:
        # With a manual clock the descriptor is readable for them too.
        node = self.start("kitchen")
        self.start("kitchen")
        self.assertEqual(readable(node.fileno()), True)
        with self.assertRaises(peers.TimedOutError):
            node.next_event(0.001)
        self.assertEqual(readable(node.fileno()), False)

    def test_each_event_goes_to_one_of_many_threads(self) -> None:
        node = self.start(manual_clock=False)
        readers = [in_thread(lambda: [event.peer.name for event in node.events()]) for _ in range(4)]
        keys = [f"entry {number:03}" for number in range(200)]
        for key in keys:
            node.register(key)
        # Closed when all are taken, which the descriptor tells.
        while readable(node.fileno()):
            os.sched_yield()
        node.close()
        self.assertEqual(sorted(key for reader in readers for key in reader()), keys)

    def test_the_descriptor_is_readable_while_events_wait(self) -> None:
        node = self.start()
        self.assertEqual(node.fileno(), node.fileno())
        node.register("lamp")
        self.assertTrue(readable(node.fileno()))
        node.next_event(0)
        with self.assertRaises(peers.TimedOutError):
            node.next_event(0)
        self.assertFalse(readable(node.fileno()))

    def test_closing_ends_the_iteration_of_another_thread(self) -> None:
        node = self.start(manual_clock=False)
        first = threading.Event()

        def read() -> list[EventKind]:
            kinds = []
            for event in node.events():
                kinds.append(event.kind)
                first.set()
            return kinds

        kinds = in_thread(read)
        node.register("lamp")
        self.assertTrue(first.wait(PATIENCE))
        node.close()
        self.assertEqual(kinds(), [EventKind.JOINED])


if __name__ == "__main__":
    unittest.main()
