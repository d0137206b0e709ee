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
    # generated: begin python/parameters
    cluster: str | None = None,
    value: bytes | str | None = None,
    interfaces: str | None = None,
    network: str | None = None,
    group_v4: str | None = None,
    group_v6: str | None = None,
    keys: Sequence[bytes] | None = None,
    seeds: Sequence[str] | str | None = None,
    interval: float | None = None,
    expiry: float | None = None,
    max_peers: int | None = None,
    hops: int | None = None,
    port: int | None = None,
    service_port: int | None = None,
    mode: _input.Mode | None = None,
    unicast_port: int | None = None,
    entries_max_bytes: int | None = None,
    manual_clock: bool = False,
    ipv4: bool = True,
    ipv6: bool = True,
    legacy: bool = True,
    observer: bool = False,
    # generated: end
    logger: Logger | None = None,
) -> Node:
    # generated: begin python/documentation
    """Starts a node: it announces itself at once and then every interval, and lists the peers it hears.

    A machine without a network is no error: the node is degraded (see `Node.health`) until one comes up. For
    every option None means the default.

    name: Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host
        name. Two processes with the same name are two peers, which have different ids.
    cluster: Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8
        without control characters. Default: the unnamed cluster. The nodes of a named cluster do not use the
        legacy beacon, which does not carry the cluster.
    value: Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At
        most 1050 bytes less those of the name and the cluster, hence always 540; 128 bytes less with "swim".
        Default: none. `Node.set_value` replaces it.
    interfaces: Network interfaces to use. Comma-separated names, in which `*` stands for any characters:
        "eth*,wlan0". Default: each interface that is up and can multicast, or loopback if there is none. On
        Windows the names are those that the system shows: "Ethernet", "Wi-Fi*".
    network: Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes
        that give the same NAME. Default: the local network.
    group_v4: IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4.
    group_v6: IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is
        no error: the node uses IPv4 alone.
    keys: Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
        /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes
        that have one of them list each other. Without a key nothing can be read or forged. The first key
        seals, and all open; `Node.set_keys` replaces them. A node with keys does not use the legacy beacon.
        The library reads keys from here alone, from no file and no environment. It wipes its copies when it
        no longer needs them; wipe yours after the call.
    seeds: Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4
        address or an IPv6 address in brackets, and the unicast_port of the node there. Default: none. Two
        nodes list each other if either one is a seed of the other; with "swim", if seeds join both to one
        cluster. The node resolves names every minute, or every four intervals if these are shorter. Each
        address of a name is a seed. A name that cannot be resolved shows in the node's health. Each seed
        costs one datagram per interval. `Node.set_seeds` replaces them.
    interval: Seconds between two announcements. 0.01 to 3600. Default: 15.
    expiry: Seconds after which a peer is removed that sent nothing and answered no probe. Longer than
        interval, at most 86400; with "swim", 7 or more. Default: 35. The node announces it, and the other
        nodes apply it. If the node receives nothing for this long, it reopens its sockets.
    max_peers: Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused
        and counted.
    hops: Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default:
        1, the local network.
    port: UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001.
    service_port: Port at which this program offers its service, announced with the name. 1 to 65535. Default:
        none.
    mode: How the node finds peers. "multicast", "seeds", both together, or "swim". Default: "multicast", and
        "seeds" too if there are seeds.
    unicast_port: UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1
        to 65535; with multicast not port. Default: a port that the system chooses. Set it for a firewall, or
        if the node is a seed of others. One node of a host can have it. A memory network ignores it.
    entries_max_bytes: Maximum number of bytes of the names and values of all entries in the registry
        together. 65536 or more. Default: 512 for each of max_peers, at least 65536. A peer or registration
        beyond it is refused as if there were max_peers entries.
    manual_clock: Whether the node's time moves by `Node.advance` alone. For tests; needs a memory network.
    ipv4: Whether the node uses IPv4. One of IPv4 and IPv6 has to stay on.
    ipv6: Whether the node uses IPv6. A system without IPv6 is no error.
    legacy: Whether the node uses the legacy beacon, "multitastic:NAME", beside the native protocol.
    observer: Whether the node is an observer, which lists peers and is not listed by them. It sends queries
        and probes alone. "swim" has no observers.
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
    # generated: end
    # generated: begin python/flags
    flags = 0
    flags |= _abi.PEERS_MANUAL_CLOCK if manual_clock else 0
    flags |= 0 if ipv4 else _abi.PEERS_NO_IPV4
    flags |= 0 if ipv6 else _abi.PEERS_NO_IPV6
    flags |= 0 if legacy else _abi.PEERS_NO_LEGACY
    flags |= _abi.PEERS_OBSERVER if observer else 0
    # generated: end
    config = _abi.peers_config_t(
        struct_size=ctypes.sizeof(_abi.peers_config_t),
        flags=flags,
        # generated: begin python/config
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
        hops=_input.number("hops", hops, _input.UINT32_MAX),
        port=_input.number("port", port, _input.UINT16_MAX),
        service_port=_input.number("service_port", service_port, _input.UINT16_MAX),
        mode=_input.mode(mode),
        unicast_port=_input.number("unicast_port", unicast_port, _input.UINT16_MAX),
        entries_max_bytes=_input.number("entries_max_bytes", entries_max_bytes, _input.SIZE_MAX),
        # generated: end
    )
    handle = ctypes.c_void_p()
    # The two buffers live until the call has copied them; the struct has only their addresses.
    with ExitStack() as buffers:
        content = b"" if value is None else _input.data("value", value)
        if content:
            value_buffer = ctypes.create_string_buffer(content)
            config.value, config.value_len = ctypes.addressof(value_buffer), len(content)
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
