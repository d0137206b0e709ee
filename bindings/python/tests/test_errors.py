"""What a wrong call, an unknown number and a closed node give."""

from __future__ import annotations

import os
import pickle
from typing import get_args

import pytest
from support import Start

import peers
from peers import EventKind, LeaveReason, Source, _abi, _input, errors

# Nothing is sent: these do not come to start.
REAL = {"network": None, "manual_clock": False}


def assert_fails(error: type[peers.PeersError], text: str, call, *values: object, **named: object):
    with pytest.raises(error) as caught:
        call(*values, **named)
    assert text in str(caught.value)
    assert caught.value.detail == str(caught.value)
    assert caught.value.status == error.status


def test_each_status_has_its_class() -> None:
    statuses = {value for name, value in vars(_abi).items() if name.startswith("PEERS_ERR_")}
    assert set(errors.BY_STATUS) == statuses


def test_each_code_has_its_name() -> None:
    for prefix, code in [
        ("SOURCE", Source),
        ("EVENT", EventKind),
        ("LEFT", LeaveReason),
        ("STATE", peers.State),
        ("REASON", peers.Reason),
    ]:
        names = {name: value for name, value in vars(_abi).items() if name.startswith(f"PEERS_{prefix}_")}
        assert {f"PEERS_{prefix}_{member.name}": member.value for member in code} == names


def test_each_mode_has_its_word() -> None:
    names = {name: value for name, value in vars(_abi).items() if name.startswith("PEERS_MODE_")}
    words = {f"PEERS_MODE_{word.upper()}": value for word, value in _input.MODES.items() if "+" not in word}
    assert words == names
    assert _input.MODES["multicast+seeds"] == _input.MODES["multicast"] | _input.MODES["seeds"]
    assert get_args(peers.Mode) == tuple(_input.MODES)


def test_a_number_of_a_newer_library_is_no_error() -> None:
    kind = EventKind(99)
    assert (kind, kind.name, repr(kind)) == (99, "UNKNOWN_99", "<EventKind.UNKNOWN_99: 99>")
    assert pickle.loads(pickle.dumps(kind)) == kind
    error = errors.error_for(-99, "new")
    assert (type(error), error.status, str(error)) == (peers.PeersError, -99, "new")


def test_errors_can_be_sent_to_another_process() -> None:
    for status, error in errors.BY_STATUS.items():
        copy = pickle.loads(pickle.dumps(errors.error_for(status, "why")))
        assert (type(copy), copy.status, copy.detail, str(copy)) == (error, status, "why", "why")


def test_they_are_pythons_own_too() -> None:
    assert issubclass(peers.InvalidError, ValueError)
    assert issubclass(peers.PermissionDeniedError, PermissionError)
    assert isinstance(peers.AddressInUseError("why"), OSError)


@pytest.mark.parametrize(
    ("error", "text", "options"),
    [
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
        (peers.InvalidError, 'the seed "192.0.2.1" has no port', {"seeds": "192.0.2.1"}),
        (peers.InvalidError, 'the seed "" has no port', {"seeds": ["192.0.2.1:1", ""]}),
        (peers.InvalidError, "does not resolve", {"seeds": ["peers.example:1"]}),
        (peers.InvalidError, "NUL", {"seeds": ["a\0:1"]}),
        (peers.EncodingError, "seeds", {"seeds": ["\udc80:1"]}),
        (
            peers.InvalidError,
            "mode is 'moon'; it is one of multicast, seeds,",
            {"mode": "moon"},
        ),
        (peers.InvalidError, "unicast_port is 65536", {"unicast_port": 65536}),
        (peers.InvalidError, "unicast_port is 49001, the port of the groups", {"unicast_port": 49001}),
    ],
)
def test_options_out_of_range(
    start: Start, error: type[peers.PeersError], text: str, options: dict[str, object]
) -> None:
    assert_fails(error, text, start, **options)


def test_an_interface_that_does_not_exist(start: Start) -> None:
    assert_fails(peers.InterfaceError, "nosuch0", start, **REAL, interfaces="nosuch0")


def test_calls_out_of_range(start: Start) -> None:
    node = start(max_peers=1)
    assert_fails(peers.InvalidError, "kitchen", node.register, "kitchen")
    assert_fails(peers.InvalidError, "ttl is -1", node.register, "lamp", ttl=-1)
    assert_fails(peers.InvalidError, "ttl is 0", node.register, "lamp", ttl=0)
    assert_fails(peers.TooLargeError, "1025", node.register, "lamp", bytes(1025))
    assert_fails(peers.TooLargeError, "room for", node.set_value, bytes(1200))
    assert_fails(peers.InvalidError, "timeout is -1", node.next_event, -1)
    assert_fails(peers.InvalidError, "seconds is -1", node.advance, -1)
    node.register("lamp")
    assert_fails(peers.FullError, "door", node.register, "door")
    assert_fails(peers.InvalidError, "clock", start("b", manual_clock=False).advance, 1)


@pytest.mark.parametrize(
    "options",
    [
        {"name": b"kitchen"},
        {"port": "80"},
        {"port": 80.0},
        {"interval": "1"},
        {"value": 1},
        {"mode": 2},
        {"seeds": b"10.0.0.1:1"},
        {"seeds": [("10.0.0.1", 1)]},
    ],
)
def test_wrong_types(start: Start, options: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        start(**options)


def test_a_closed_node(start: Start) -> None:
    node = start()
    node.close()
    node.close()
    assert node.closed
    calls = [node.list, node.health, node.next_event, node.events, node.events_async, node.fileno]
    calls += [lambda: node.register("lamp"), lambda: node.set_value(b""), lambda: node.advance(1)]
    calls += [lambda: node.set_seeds([])]
    for call in calls:
        assert_fails(peers.HandleError, "the node is closed", call)


def test_nodes_leave_no_descriptors(network: str) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = descriptors()
    for _ in range(10):
        with peers.start(network=network, manual_clock=True) as node:
            node.register("lamp")
        del node
    assert descriptors() == before
