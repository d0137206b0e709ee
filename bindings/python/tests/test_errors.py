"""What a wrong call, an unknown number and a closed node give."""

from __future__ import annotations

import os
import pickle
import unittest

from support import OnMemoryNetwork

import peers
from peers import EventKind, LeaveReason, Source, _abi, errors

# Nothing is sent: these do not come to start.
REAL = {"network": None, "manual_clock": False}


class Errors(OnMemoryNetwork):
    def assert_fails(self, error: type[peers.PeersError], text: str, call, *values: object, **named: object):
        with self.assertRaises(error) as caught:
            call(*values, **named)
        self.assertIn(text, str(caught.exception))
        self.assertEqual(caught.exception.detail, str(caught.exception))
        self.assertEqual(caught.exception.status, error.status)

    def test_each_status_has_its_class(self) -> None:
        statuses = {value for name, value in vars(_abi).items() if name.startswith("PEERS_ERR_")}
        self.assertEqual(set(errors.BY_STATUS), statuses)

    def test_each_code_has_its_name(self) -> None:
        for prefix, code in [
            ("SOURCE", Source),
            ("EVENT", EventKind),
            ("LEFT", LeaveReason),
            ("STATE", peers.State),
            ("REASON", peers.Reason),
        ]:
            names = {name: value for name, value in vars(_abi).items() if name.startswith(f"PEERS_{prefix}_")}
            self.assertEqual({f"PEERS_{prefix}_{member.name}": member.value for member in code}, names)

    def test_a_number_of_a_newer_library_is_no_error(self) -> None:
        kind = EventKind(99)
        self.assertEqual((kind, kind.name, repr(kind)), (99, "UNKNOWN_99", "<EventKind.UNKNOWN_99: 99>"))
        self.assertEqual(pickle.loads(pickle.dumps(kind)), kind)
        error = errors.error_for(-99, "new")
        self.assertEqual((type(error), error.status, str(error)), (peers.PeersError, -99, "new"))

    def test_errors_can_be_sent_to_another_process(self) -> None:
        for status, error in errors.BY_STATUS.items():
            copy = pickle.loads(pickle.dumps(errors.error_for(status, "why")))
            self.assertEqual((type(copy), copy.status, copy.detail, str(copy)), (error, status, "why", "why"))

    def test_they_are_pythons_own_too(self) -> None:
        self.assertTrue(issubclass(peers.InvalidError, ValueError))
        self.assertTrue(issubclass(peers.PermissionDeniedError, PermissionError))
        self.assertIsInstance(peers.AddressInUseError("why"), OSError)

    def test_options_out_of_range(self) -> None:
        for error, text, options in [
            (peers.InvalidError, "interval is 5 ms", {"interval": 0.005}),
            (peers.InvalidError, "interval is 1 ms", {"interval": 1e-9}),
            (peers.InvalidError, "interval is 0", {"interval": 0}),
            (peers.InvalidError, "interval is -1", {"interval": -1}),
            (peers.InvalidError, "expiry is 1e+99", {"expiry": 1e99}),
            (peers.InvalidError, "expiry is nan", {"expiry": float("nan")}),
            (peers.InvalidError, "port is 65536", {"port": 65536}),
            (peers.InvalidError, "hops is 256", {"hops": 256}),
            (peers.InvalidError, "max_peers is 0", {"max_peers": 0}),
            (peers.InvalidError, "192.0.2.1", {"group_v4": "192.0.2.1"}),
            (peers.InvalidError, "NUL", {"name": "a\0b"}),
            (peers.InvalidError, "name", {"name": ""}),
            (peers.InvalidError, "network", {"network": "moon"}),
            (peers.InvalidError, "manual clock", {"network": None}),
            (peers.TooLargeError, "256 bytes", {"name": "a" * 256}),
            (peers.EncodingError, "name", {"name": "\udc80"}),
            (peers.InvalidError, "2001:db8::1", {"group_v6": "2001:db8::1"}),
            (peers.InvalidError, "service_port is 0", {"service_port": 0}),
            (peers.InvalidError, "service_port is 65536", {"service_port": 65536}),
            (peers.InvalidError, "cluster", {"cluster": "a\tb"}),
            (peers.InvalidError, "leave one on", {**REAL, "ipv4": False, "ipv6": False}),
            (peers.TooLargeError, "256 bytes", {"cluster": "a" * 256}),
            (peers.TooLargeError, "the value has 1200 bytes", {"value": bytes(1200)}),
            (peers.UnsupportedError, "seeds", {"seeds": "192.0.2.1"}),
        ]:
            with self.subTest(**options):
                self.assert_fails(error, text, self.start, **options)

    def test_an_interface_that_does_not_exist(self) -> None:
        self.assert_fails(peers.InterfaceError, "nosuch0", self.start, **REAL, interfaces="nosuch0")

    def test_calls_out_of_range(self) -> None:
        node = self.start(max_peers=1)
        self.assert_fails(peers.InvalidError, "kitchen", node.register, "kitchen")
        self.assert_fails(peers.InvalidError, "ttl is -1", node.register, "lamp", ttl=-1)
        self.assert_fails(peers.InvalidError, "ttl is 0", node.register, "lamp", ttl=0)
        self.assert_fails(peers.TooLargeError, "1025", node.register, "lamp", bytes(1025))
        self.assert_fails(peers.TooLargeError, "room for", node.set_value, bytes(1200))
        self.assert_fails(peers.InvalidError, "timeout is -1", node.next_event, -1)
        self.assert_fails(peers.InvalidError, "seconds is -1", node.advance, -1)
        node.register("lamp")
        self.assert_fails(peers.FullError, "door", node.register, "door")
        self.assert_fails(peers.InvalidError, "clock", self.start("b", manual_clock=False).advance, 1)

    def test_wrong_types(self) -> None:
        for options in (
            {"name": b"kitchen"},
            {"port": "80"},
            {"port": 80.0},
            {"interval": "1"},
            {"value": 1},
        ):
            with self.subTest(**options), self.assertRaises(TypeError):
                self.start(**options)

    def test_a_closed_node(self) -> None:
        node = self.start()
        node.close()
        node.close()
        self.assertTrue(node.closed)
        calls = [node.list, node.health, node.next_event, node.events, node.fileno]
        calls += [lambda: node.register("lamp"), lambda: node.set_value(b""), lambda: node.advance(1)]
        for call in calls:
            self.assert_fails(peers.HandleError, "the node is closed", call)

    def test_nodes_leave_no_descriptors(self) -> None:
        def descriptors() -> int:
            return len(os.listdir("/proc/self/fd"))

        before = descriptors()
        for _ in range(10):
            with self.start() as node:
                node.register("lamp")
            del node
            self.doCleanups()
        self.assertEqual(descriptors(), before)


if __name__ == "__main__":
    unittest.main()
