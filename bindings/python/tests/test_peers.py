"""A node's registry and events. These need the standard library alone: `python3 -m unittest`."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import threading
from collections.abc import Iterator
from unittest import mock

from support import PATIENCE, NodeTest, in_thread, readable

import peers
from peers import EventKind, LeaveReason, Source


class RegistryAndEvents(NodeTest):
    def test_two_nodes_list_each_other(self) -> None:
        kitchen = self.start("kitchen", value=b"\0warm", service_port=8080)
        garden = self.start("garden", value="grün")
        # It hears the garden's question, and answers.
        (peer,) = kitchen.list()
        assert (peer.name, peer.value, peer.port) == ("garden", "grün".encode(), None)
        (peer,) = garden.list()
        assert (peer.name, peer.value, peer.address) == ("kitchen", b"\0warm", "10.0.0.1")
        assert (peer.source, peer.port, len(peer.id)) == (Source.MULTICAST, 8080, 16)

    def test_nodes_of_one_name_are_two_peers(self) -> None:
        observer, first, second = self.start("observer"), self.start("twin"), self.start("twin")
        twins = observer.list()
        assert [twin.name for twin in twins] == ["twin", "twin"]
        assert twins[0].id < twins[1].id
        # The second has heard the answers to its question, the first those to its own and that question.
        assert [peer.name for peer in first.list()] == ["observer", "twin"]
        assert [peer.name for peer in second.list()] == ["observer", "twin"]

    def test_clusters_do_not_see_each_other(self) -> None:
        home, work = self.start("a", cluster="home"), self.start("b", cluster="work")
        assert (home.list(), work.list()) == ([], [])
        health = home.health()
        assert (health.other_cluster, health.stale) == (1, 0)

    def test_the_legacy_beacon_can_be_left_out(self) -> None:
        sent = [self.start(legacy=legacy).health().sent for legacy in (True, False)]
        assert sent == [2, 1]

    def test_the_group_of_a_family_that_is_off_is_not_used(self) -> None:
        self.start(ipv4=False, group_v4="192.0.2.1")
        self.start(ipv6=False, group_v6="2001:db8::1")

    def test_a_registered_entry_expires_and_returns(self) -> None:
        node = self.start(expiry=20)
        node.register("lamp", b"\0\xff", ttl=1.5)
        node.advance(1.499)
        (lamp,) = node.list()
        assert (lamp.name, lamp.value, lamp.source) == ("lamp", b"\0\xff", Source.REGISTERED)
        assert (lamp.age, lamp.expires_in, lamp.address) == (1.499, 0.001, None)
        node.advance(0.001)
        assert node.list() == []
        node.register("lamp", "grün")
        (lamp,) = node.list()
        assert (lamp.value, lamp.expires_in) == ("grün".encode(), 20)

    def test_the_list_is_ordered_and_outlives_the_node(self) -> None:
        with self.start() as node:
            for key in ("b", "ü", "a", "c"):
                node.register(key)
            entries = node.list()
        assert [peer.name for peer in entries] == ["a", "b", "c", "ü"]

    def test_health_counts(self) -> None:
        node = self.start(max_peers=1)
        node.register("lamp")
        health = node.health()
        assert (health.state, health.reason) == (peers.State.RUNNING, peers.Reason.NONE)
        assert (health.detail, health.peers, health.sent, health.looped_back) == ("", 1, 2, 2)
        assert (health.last_send_age, health.last_receive_age) == (0, 0)
        assert (health.other_cluster, health.stale) == (0, 0)

    def test_they_come_in_order(self) -> None:
        node = self.start()
        events = node.events(timeout=0)
        node.register("lamp", "off", ttl=30)
        node.register("lamp", "on", ttl=30)
        node.register("door", ttl=10)
        node.advance(40)
        told = [(event.kind, event.peer and event.peer.name, event.reason) for event in events]
        expected = [
            (EventKind.JOINED, "lamp", LeaveReason.NONE),
            (EventKind.UPDATED, "lamp", LeaveReason.NONE),
            (EventKind.JOINED, "door", LeaveReason.NONE),
            (EventKind.LEFT, "door", LeaveReason.EXPIRED),
            (EventKind.LEFT, "lamp", LeaveReason.EXPIRED),
        ]
        assert told == expected

    def test_a_new_value_is_told(self) -> None:
        node, other = self.start("kitchen"), self.start("garden")
        assert node.next_event(0).kind == EventKind.JOINED
        for value, content in [(b"\0wet", b"\0wet"), ("grün", "grün".encode()), (b"", b"")]:
            other.set_value(value)
            event = node.next_event(0)
            assert (event.kind, event.peer.value) == (EventKind.UPDATED, content)
            other.advance(0.1)

    def test_the_end_of_a_with_block_says_goodbye(self) -> None:
        node = self.start("kitchen")
        for error in (None, KeyboardInterrupt):
            with contextlib.suppress(KeyboardInterrupt), self.start("garden"):
                assert node.next_event(0).kind == EventKind.JOINED
                if error:
                    raise error
            event = node.next_event(0)
            assert (event.kind, event.reason) == (EventKind.LEFT, LeaveReason.GOODBYE)
            assert (event.peer.name, node.list()) == ("garden", [])

    def test_lost_events_are_told_by_a_resync(self) -> None:
        node = self.start()
        for number in range(1025):
            node.register(f"entry {number}")
        event = node.next_event(0)
        assert (event.kind, event.peer) == (EventKind.RESYNC, None)

    def test_no_event_is_a_timeout(self) -> None:
        node = self.start()
        with self.assertRaises(TimeoutError):
            node.next_event(0)
        with self.assertRaises(peers.TimedOutError) as caught:
            node.next_event(0.001)
        assert caught.exception.status == peers.TimedOutError.status

    def test_a_wait_ends_with_the_event(self) -> None:
        node = self.start(manual_clock=False)
        events = in_thread(lambda: node.next_event(PATIENCE))
        node.register("lamp")
        event = events()
        assert (event.kind, event.peer.name) == (EventKind.JOINED, "lamp")

    def test_datagrams_that_are_no_event_do_not_end_a_wait(self) -> None:
        # With a manual clock the descriptor is readable for them too.
        node = self.start("kitchen")
        self.start("garden", cluster="another")
        assert readable(node.fileno())
        with self.assertRaises(peers.TimedOutError):
            node.next_event(0.001)
        assert not readable(node.fileno())

    def test_each_event_of_a_reader_goes_to_one_of_its_threads(self) -> None:
        node = self.start(manual_clock=False)
        reader = node.subscribe()
        self.addCleanup(reader.close)
        threads = [in_thread(lambda: [event.peer.name for event in reader.events()]) for _ in range(4)]
        keys = [f"entry {number:03}" for number in range(200)]
        for key in keys:
            node.register(key)
        # Closed when all are taken, which the descriptor tells.
        while readable(reader.fileno()):
            os.sched_yield()
        node.close()
        assert sorted(key for thread in threads for key in thread()) == keys

    def test_each_iteration_begins_with_the_list_and_gets_every_event(self) -> None:
        node = self.start()
        node.register("lamp")
        one = node.events(timeout=0)
        node.register("door")
        node.unregister("lamp")
        other = node.events(timeout=0)
        node.register("lamp")

        def told(events: Iterator[peers.Event]) -> list[tuple[str, str]]:
            return [(event.kind.name, event.peer.name) for event in events]

        joined, left = "JOINED", "LEFT"
        assert told(one) == [(joined, "lamp"), (joined, "door"), (left, "lamp"), (joined, "lamp")]
        assert told(other) == [(joined, "door"), (joined, "lamp")]
        # None of them took an event of the node's own reader.
        assert (node.next_event(0).kind, node.next_event(0).peer.name) == (EventKind.JOINED, "door")

    def test_a_peer_that_joins_while_an_iteration_begins_joins_once(self) -> None:
        node = self.start()
        listed = node.list

        def join_and_list() -> list[peers.Peer]:
            node.register("lamp")
            return listed()

        with mock.patch.object(node, "list", join_and_list):
            events = node.events(timeout=0)
        node.unregister("lamp")
        node.register("lamp")
        assert [event.kind.name for event in events] == ["JOINED", "LEFT", "JOINED"]

    def test_an_iteration_that_is_left_ends_its_subscription(self) -> None:
        node = self.start()
        before = len(os.listdir("/proc/self/fd"))
        node.register("lamp")
        for _ in range(3):
            for event in node.events():
                assert event.peer.name == "lamp"
                break
            node.events()
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) == before

    def test_a_wait_for_a_peer_ends_with_it(self) -> None:
        node = self.start(manual_clock=False)
        found = in_thread(lambda: node.wait_for(lambda peer: peer.txt.get("role") == "worker", PATIENCE))
        node.register("lamp", "role=worker")
        node.register("door", peers.txt(role="worker"))
        assert found().name == "door"
        with self.assertRaises(peers.TimedOutError):
            node.wait_for(lambda peer: peer.name == "stove", 0)
        with self.assertRaises(peers.TimedOutError):
            node.wait_for(lambda peer: peer.name == "stove", 0.001)
        with self.assertRaises(peers.InvalidError):
            node.wait_for(lambda peer: True, -1)
        with self.assertRaises(ZeroDivisionError):
            node.wait_for(lambda peer: 1 // 0)

    def test_closing_ends_a_wait_for_a_peer(self) -> None:
        node = self.start(manual_clock=False)
        asked = threading.Event()

        def wait() -> type[BaseException]:
            with self.assertRaises(peers.PeersError) as caught:
                node.wait_for(lambda peer: asked.set())
            return type(caught.exception)

        node.register("lamp")
        waiting = in_thread(wait)
        assert asked.wait(PATIENCE)
        node.close()
        assert waiting() in (peers.StoppedError, peers.HandleError)

    def test_the_descriptor_is_readable_while_events_wait(self) -> None:
        node = self.start()
        assert node.fileno() == node.fileno()
        node.register("lamp")
        assert readable(node.fileno())
        node.next_event(0)
        with self.assertRaises(peers.TimedOutError):
            node.next_event(0)
        assert not readable(node.fileno())

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
        assert first.wait(PATIENCE)
        node.close()
        assert kinds() == [EventKind.JOINED]

    def test_ctrl_c_in_the_midst_of_a_start_leaves_no_node(self) -> None:
        node = self.start()
        events = node.events(0)
        with (
            mock.patch("peers._start.Node", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.start("garden")
        assert [event.reason for event in events] == [LeaveReason.NONE, LeaveReason.GOODBYE]

    def test_a_version_rises_with_changes_alone(self) -> None:
        node = self.start()
        version = node.wait()
        node.register("lamp", ttl=3)
        version, before = node.wait(version), version
        assert version > before
        node.advance(2)
        node.register("lamp", ttl=3)
        for timeout in (0, 0.001):
            with self.assertRaises(peers.TimedOutError):
                node.wait(version, timeout)
        node.advance(3)
        assert node.wait(version) > version
        for wrong in (-1, 2**64):
            with self.assertRaises(peers.InvalidError):
                node.wait(wrong)

    def test_a_wait_ends_with_the_change(self) -> None:
        node = self.start()
        node.register("lamp", ttl=3)
        version = node.wait()
        changed = in_thread(lambda: node.wait(version, PATIENCE))
        node.advance(3)
        assert changed() > version

    def test_closing_ends_a_wait(self) -> None:
        node = self.start()
        version = node.wait()

        def wait() -> type[Exception] | None:
            try:
                node.wait(version)
            except peers.PeersError as error:
                return type(error)
            return None

        ended = in_thread(wait)
        node.close()
        assert ended() in (peers.StoppedError, peers.HandleError)

    def test_each_subscription_has_every_event(self) -> None:
        node = self.start()
        node.register("before")
        with node.subscribe() as one, node.subscribe() as two:
            assert one.fileno() != two.fileno() != node.fileno()
            node.register("lamp")
            assert readable(one.fileno())
            assert [event.peer.name for event in one.events(0)] == ["lamp"]
            assert not readable(one.fileno())
            for number in range(1024):
                node.register(f"entry {number}")
                assert one.next_event(0).kind == EventKind.JOINED
            assert two.next_event(0).kind == EventKind.RESYNC
            node.close()
            assert list(one.events()) == []
            with self.assertRaises(peers.StoppedError):
                one.next_event()
        with self.assertRaises(peers.HandleError):
            one.next_event(0)

    def test_the_own_record_is_what_others_list(self) -> None:
        node, other = self.start("kitchen", value=b"warm", service_port=80), self.start("garden")
        # It answers the query of the other one.
        assert len(node.list()) == 1
        (listed,), own = other.list(), node.me
        assert (own.name, own.value, own.port, own.id) == ("kitchen", b"warm", 80, listed.id)
        assert (own.source, own.address) == (Source.SELF, listed.address)
        for peer in own, listed:
            assert (peer.addresses, peer.addresses_validated) == (("10.0.0.1",), 1)

    def test_an_entry_has_a_place_until_it_is_unregistered(self) -> None:
        node = self.start()
        events = node.events(0)
        node.register("lamp", b"\0on", address="192.0.2.7", port=80)
        (lamp,) = node.list()
        assert (lamp.value, lamp.address, lamp.port) == (b"\0on", "192.0.2.7", 80)
        with self.assertRaises(peers.InvalidError):
            node.register("door", address="nowhere")
        node.unregister("lamp")
        with self.assertRaises(peers.NotFoundError):
            node.unregister("lamp")
        assert [event.reason for event in events] == [LeaveReason.NONE, LeaveReason.UNREGISTERED]

    def test_a_peer_has_the_pairs_that_it_announces(self) -> None:
        node = self.start(value=peers.txt({"Role": "worker", "note": "grün"}, flag=None, empty=""))
        assert node.me.txt == {"role": "worker", "note": "grün", "flag": None, "empty": ""}
        for value, pairs in [
            (b"", {}),
            ("role=worker", {}),
            (b"\x03a=1\x03A=2\x02=3", {"a": "1"}),
            (b"\x03a=\xff", {"a": "\ufffd"}),
            (b"\x02\xff=", {}),
        ]:
            node.set_value(value)
            assert node.me.txt == pairs, value
        for wrong in ({"a=b": "c"}, {"": "c"}):
            with self.assertRaises(peers.InvalidError):
                peers.txt(wrong)

    def test_peers_and_events_are_written_as_json(self) -> None:
        node = self.start()
        events = node.events(0)
        node.register("lamp", b"\0\xff", address="192.0.2.7", port=80, ttl=3)
        node.unregister("lamp")
        joined, left = (json.loads(json.dumps(event.to_dict())) for event in events)
        lamp = {"name": "lamp", "value_base64": "AP8=", "address": "192.0.2.7", "addresses": ["192.0.2.7"]}
        lamp |= {"addresses_validated": 1, "port": 80, "interface": None, "id": None, "source": "registered"}
        assert joined == {"event": "joined", "reason": None, "peer": {**lamp, "age": 0, "expires_in": 3}}
        assert (left["event"], left["reason"], left["peer"]["name"]) == ("left", "unregistered", "lamp")
        own = node.me.to_dict()
        assert (own["value"], own["id"], own["source"]) == ("", node.me.id.hex(), "self")

    def test_values_in_txt_format(self) -> None:
        txt = b""
        for key, value in [("role", "a"), ("empty", b""), ("alone", None), ("ROLE", b"\0b")]:
            txt = peers.txt_put(txt, key, value)
        assert txt == b"\x06empty=\x05alone\x07ROLE=\0b"
        values = [peers.txt_get(txt, key) for key in ("role", "empty", "alone")]
        assert values == [b"\0b", b"", None]
        with self.assertRaises(peers.NotFoundError):
            peers.txt_get(txt, "none")
        with self.assertRaises(peers.InvalidError):
            peers.txt_get(txt[:-1], "role")
        with self.assertRaises(peers.TooLargeError):
            peers.txt_put(b"", "key", bytes(252))

    def test_an_observer_lists_and_is_not_listed(self) -> None:
        node, observer = self.start("node"), self.start("observer", observer=True)
        assert [node.list(), [peer.name for peer in observer.list()]] == [[], ["node"]]
        with self.assertRaises(peers.InvalidError):
            self.start(observer=True, mode="swim")
