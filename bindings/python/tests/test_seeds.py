"""Seeds: nodes without multicast, each of which knows where to ask, on a network in memory."""

from __future__ import annotations

import pytest
from support import Start

import peers
from peers import Source


def names(node: peers.Node) -> list[str]:
    return [peer.name for peer in node.list()]


@pytest.mark.parametrize("seeds", ["10.0.0.1:49153, 10.9.9.9:1", ["10.9.9.9:1", "10.0.0.1:49153"]])
def test_two_find_each_other_by_one_seed(start: Start, seeds: str | list[str]) -> None:
    first = start("first", mode="seeds")
    outside = start("outside", mode="multicast")
    second = start("second", mode="seeds", seeds=seeds)
    assert (names(first), names(second), names(outside)) == (["second"], ["first"], [])
    assert first.list()[0].source == second.list()[0].source == Source.UNICAST
    second.close()
    assert names(first) == []


def test_who_is_given_seeds_uses_multicast_as_well(start: Start) -> None:
    beyond, near = start("beyond", mode="seeds"), start("near")
    both = start("both", seeds=["10.0.0.1:49153"], unicast_port=49002)
    assert (names(beyond), names(near)) == (["both"], ["both"])
    assert names(both) == ["beyond", "near"]
    near.advance(15)
    assert [peer.source for peer in both.list()] == [Source.UNICAST, Source.MULTICAST]


def test_they_are_replaced_while_a_node_runs(start: Start) -> None:
    first, second = start("first", mode="seeds"), start("second", mode="seeds")
    assert (names(first), names(second)) == ([], [])
    first.set_seeds(["10.0.0.2:49154"])
    assert (names(second), names(first)) == (["first"], ["second"])
    with pytest.raises(peers.InvalidError):
        first.set_seeds("nowhere")
    first.set_seeds([])
    second.advance(35)
    assert names(second) == []


def test_a_node_without_seeds_takes_none(start: Start) -> None:
    with pytest.raises(peers.InvalidError, match="was started without seeds"):
        start().set_seeds(["10.0.0.2:49154"])
