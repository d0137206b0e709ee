"""`start`: the options of a node, written as the library wants them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import ExitStack

from . import _abi, _input, _log
from ._library import check, library
from ._log import Logger
from .node import Node


def start(
    name: str | None = None,
    *,
    cluster: str | None = None,
    value: bytes | str | None = None,
    interfaces: str | None = None,
    network: str | None = None,
    group_v4: str | None = None,
    group_v6: str | None = None,
    keys: Sequence[bytes] | None = None,
    mode: _input.Mode | None = None,
    seeds: Sequence[str] | str | None = None,
    unicast_port: int | None = None,
    interval: float | None = None,
    expiry: float | None = None,
    max_peers: int | None = None,
    hops: int | None = None,
    port: int | None = None,
    service_port: int | None = None,
    ipv4: bool = True,
    ipv6: bool = True,
    legacy: bool = True,
    manual_clock: bool = False,
    logger: Logger | None = None,
) -> Node:
    """Starts a node: it announces itself at once and then every interval, and lists the peers it hears.

    A machine without a network is no error: the node is degraded (see `Node.health`) until one comes up. For
    every option None means the default.

    name: what it announces, 1 to 255 bytes as UTF-8, no control characters. Default: the host name. Two
        processes of one name, on one host or on two, are two peers, which `Peer.id` tells apart.
    cluster: only nodes of the same one list each other; at most 255 bytes as UTF-8, no control characters.
        The nodes of a cluster with a name send no legacy beacon. Default: "".
    value: bytes announced with the name; a str is written as UTF-8. There is room for 1050 bytes less those
        of the name and the cluster. `Node.set_value` replaces it. Default: none.
    interfaces: comma-separated names, `*` stands for any characters ("eth*,wlan0"). Default: every interface
        that is up and can multicast, or loopback when there is none.
    network: "memory:NAME" is a network inside this process, for tests. Default: the local network.
    group_v4: the IPv4 multicast group. Default: "239.2.3.4".
    group_v6: the IPv6 multicast group. Default: "ff12::ef02:304".
    interval: seconds between two announcements, 0.01 to 3600 (an hour). Default: 15.
    expiry: seconds after which a peer that was not heard is gone: longer than interval, at most 86400 (a
        day). Default: 35. It is announced, and holds at the others.
    max_peers: the most entries the registry holds. Default: 65536.
    hops: how many routers an announcement may cross, 1 to 255. Default: 1.
    port: the UDP port of both groups. Default: 49001.
    service_port: the port at which this program offers its service, announced with the name. Default: none.
    ipv4, ipv6: whether to send and to hear by it; one has to stay on. A system without IPv6 is no error.
    legacy: whether to send and read legacy beacons, "multitastic:NAME", beside the native protocol.
    manual_clock: the node's time stands still until `Node.advance` moves it. For tests; needs a memory
        network.

    mode: by which ways peers are found: "multicast", on the local network; "seeds", by unicast alone, with
        seeds and with those who have this node for one; "multicast+seeds"; or "swim", as members of a cluster
        who know of one another by the SWIM protocol, over unicast alone, where one seed that answers is
        enough to join. Default: by multicast, and with seeds if there are any.
    seeds: where to find peers that multicast does not reach: a list, or a comma-separated text, of at most
        1024 "host:port", with a name, an IPv4 address or an IPv6 address in brackets, and the unicast_port of
        the nodes there. Two nodes list each other if one has the other for a seed. Names are resolved on a
        thread of their own, and again every minute. `Node.set_seeds` replaces them. Default: none.
    unicast_port: the UDP port of the node's own socket, from which it sends and by which it is reached alone:
        for a firewall, and for those who have this node for a seed. One node of a host can have it. Default:
        the system chooses.

    keys: the secrets of the cluster, 1 to 8 of 32 bytes each. With keys every datagram is sealed: only nodes
        that have one of them list each other, and nobody else can read names and values, speak for a node or
        end it. The first seals and all open; `Node.set_keys` replaces them. Such a node does not speak the
        legacy beacon. Default: none.
    logger: receives the node's log, for example `logging.getLogger("peers")`; of an object with a method
        `log(level, message, *values)`. Default: nothing is logged, and nothing is ever printed.

    A key is made once, by `secrets.token_bytes(32)`, and kept in a file that its owner alone can read, never
    in a program's text, its arguments or its environment:

        node = peers.start(keys=[peers.read_key_file("/etc/kitchen/cluster.key")])

    The library wipes its copies. Python cannot wipe `bytes`; if that matters, give a `bytearray` and
    overwrite it.

    The logger is called on the node's internal thread (with a manual clock on the calling one), with the
    levels DEBUG (peers that come and go, at most 100 lines a second) to ERROR. Its handlers may use the node,
    but not close it, which raises DeadlockError; they should not take long, for the node waits. What they
    raise goes to `sys.unraisablehook` and no further. After `Node.close` it is not called any more.

    Raises InvalidError, EncodingError, TooLargeError, UnsupportedError, InterfaceError, AddressInUseError,
    PermissionDeniedError, RefusedError.
    """
    flags = _abi.PEERS_MANUAL_CLOCK if manual_clock else 0
    flags |= 0 if ipv4 else _abi.PEERS_NO_IPV4
    flags |= 0 if ipv6 else _abi.PEERS_NO_IPV6
    flags |= 0 if legacy else _abi.PEERS_NO_LEGACY
    config = _abi.peers_config_t(
        struct_size=ctypes.sizeof(_abi.peers_config_t),
        name=_input.text("name", name),
        cluster=_input.text("cluster", cluster),
        interfaces=_input.text("interfaces", interfaces),
        network=_input.text("network", network),
        group_v4=_input.text("group_v4", group_v4),
        group_v6=_input.text("group_v6", group_v6),
        seeds=_input.seeds(seeds),
        interval_ms=_input.duration("interval", interval),
        expiry_ms=_input.duration("expiry", expiry),
        max_peers=_input.number("max_peers", max_peers, _input.UINT32_MAX),
        flags=flags,
        hops=_input.number("hops", hops, _input.UINT32_MAX),
        port=_input.number("port", port, _input.UINT16_MAX),
        service_port=_input.number("service_port", service_port, _input.UINT16_MAX),
        mode=_input.mode(mode),
        unicast_port=_input.number("unicast_port", unicast_port, _input.UINT16_MAX),
    )
    handle = ctypes.c_void_p()
    # The two buffers live until the call has copied them; the struct has only their addresses.
    with ExitStack() as buffers:
        if value is not None:
            value_buffer = ctypes.create_string_buffer(_input.data("value", value))
            config.value, config.value_len = ctypes.addressof(value_buffer), len(value_buffer) - 1
        if keys is not None:
            keys_buffer = buffers.enter_context(_input.keys(keys))
            config.keys, config.keys_count = ctypes.addressof(keys_buffer), len(keys)
        if logger is not None:
            config.log, config.log_level = _log.function(logger), _abi.PEERS_LOG_DEBUG
        try:
            check(library.peers_start(ctypes.byref(config), ctypes.byref(handle)))
            assert handle.value is not None
            return Node(handle.value, config.log)
        except BaseException:
            # Ctrl-C may come when the node runs and nobody has it yet. To free none, or twice, does no harm.
            library.peers_free(handle)
            raise
