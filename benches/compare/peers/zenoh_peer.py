"""Zenoh as a peer of the comparison: `zenoh_peer.py NAME ADDRESS`, with its defaults.

Peers find each other by multicast scouting, connect by TCP, and see each other's liveliness tokens.
What the lines mean is in benches/compare/README.md.
"""

import sys

import zenoh

TOKENS = "peers-cmp"


def tell(what: str, name: str) -> None:
    # In one piece: the callback has a thread of its own.
    sys.stdout.write(f"{what} {name}\n")
    sys.stdout.flush()


def tell_sample(sample: zenoh.Sample) -> None:
    what = "joined" if sample.kind == zenoh.SampleKind.PUT else "left"
    tell(what, str(sample.key_expr).removeprefix(f"{TOKENS}/"))


def main() -> None:
    name = sys.argv[1]
    print("ready", flush=True)
    sys.stdin.readline()
    session = zenoh.open(zenoh.Config())
    liveliness = session.liveliness()
    subscriber = liveliness.declare_subscriber(f"{TOKENS}/*", tell_sample, history=True)
    token = liveliness.declare_token(f"{TOKENS}/{name}")
    tell("started", name)
    sys.stdin.readline()
    token.undeclare()
    subscriber.undeclare()
    session.close()


if __name__ == "__main__":
    main()
