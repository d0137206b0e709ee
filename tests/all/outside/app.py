"""Two nodes on a network in memory, of which one finds the other."""

import peers

test = dict(network="memory:outside", manual_clock=True)
with peers.start("kitchen", **test) as kitchen, peers.start("hall", **test):
    for peer in kitchen.list():
        print("found", peer.name)
