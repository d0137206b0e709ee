//! The constants of the C ABI, from the table `abi/api.toml`.

use std::ffi::CStr;

// generated: begin rust/constants

// Statuses, which every call that can fail returns.
/// The call did what it says.
pub const PEERS_OK: i32 = 0;
/// A pointer that must not be NULL was NULL.
pub const PEERS_ERR_NULL: i32 = -1;
/// The handle is no live node, or no live subscription: it was freed already, or never came from
/// `peers_start` or `peers_subscribe`.
pub const PEERS_ERR_HANDLE: i32 = -2;
/// A `struct_size` is zero, ends inside a field, or belongs to a newer library whose extra fields are in use.
pub const PEERS_ERR_SIZE: i32 = -3;
/// A text is not valid UTF-8.
pub const PEERS_ERR_UTF8: i32 = -4;
/// A value is outside the range its documentation gives.
pub const PEERS_ERR_INVALID: i32 = -5;
/// A name, key or value is longer than its limit.
pub const PEERS_ERR_TOO_LARGE: i32 = -6;
/// The field, flag or call asks for a feature that this version or this platform does not have.
pub const PEERS_ERR_UNSUPPORTED: i32 = -7;
/// A network interface named in the configuration does not exist.
pub const PEERS_ERR_INTERFACE: i32 = -8;
/// The UDP port is held by a socket that does not share it (one opened without SO_REUSEADDR; on Windows, with
/// SO_EXCLUSIVEADDRUSE).
pub const PEERS_ERR_ADDRESS_IN_USE: i32 = -9;
/// The system does not permit the operation.
pub const PEERS_ERR_PERMISSION: i32 = -10;
/// The system refused for another reason; `peers_last_error` has it.
pub const PEERS_ERR_SYSTEM: i32 = -11;
/// The registry already holds `max_peers` entries.
pub const PEERS_ERR_FULL: i32 = -12;
/// Nothing happened within the time given.
pub const PEERS_ERR_TIMEOUT: i32 = -13;
/// Another thread freed the node or the subscription while this call was under way.
pub const PEERS_ERR_STOPPED: i32 = -14;
/// The handle belongs to the parent of this forked process. Start a node of your own.
pub const PEERS_ERR_FORKED: i32 = -15;
/// The library met an internal error. The node no longer works; free it, and start another.
pub const PEERS_ERR_FAILED: i32 = -16;
/// The call would wait for itself: `peers_free` in a call of the log function of the same node.
pub const PEERS_ERR_DEADLOCK: i32 = -17;
/// No entry of this key is registered, or the value in TXT format does not have the key.
pub const PEERS_ERR_NOT_FOUND: i32 = -18;

// Log levels.
/// Log level: the node has failed.
pub const PEERS_LOG_ERROR: u32 = 1;
/// Log level: part of the node's work is failing.
pub const PEERS_LOG_WARN: u32 = 2;
/// Log level: the start, changes of the network, and the end of a failure.
pub const PEERS_LOG_INFO: u32 = 3;
/// Log level: peers that join and leave; at most 100 lines a second.
pub const PEERS_LOG_DEBUG: u32 = 4;

// Flags of a node.
/// Flag of `peers_config_t`: the node's time moves by `peers_advance` alone.
///
/// For tests. Such a node has no thread: it runs inside the calls made on it, so every run is the same. It
/// needs a memory network.
pub const PEERS_MANUAL_CLOCK: u32 = 1;
/// Flag of `peers_config_t`: the node does not use IPv4, and ignores `group_v4`.
pub const PEERS_NO_IPV4: u32 = 2;
/// Flag of `peers_config_t`: the node does not use IPv6, and ignores `group_v6`.
pub const PEERS_NO_IPV6: u32 = 4;
/// Flag of `peers_config_t`: the node neither sends nor accepts the legacy beacon, "multitastic:NAME".
pub const PEERS_NO_LEGACY: u32 = 8;
/// Flag of `peers_config_t`: the node is an observer. It lists peers, and they do not list it.
///
/// It sends queries and probes, no announcement, goodbye or legacy beacon: its name, value and port reach no
/// peer. In PEERS_MODE_SWIM, where every member is listed, `peers_start` gives PEERS_ERR_INVALID.
pub const PEERS_OBSERVER: u32 = 16;

// Modes, by which a node finds peers.
/// Mode of `peers_config_t`: the node finds peers by multicast, on the local network. With `seeds`, it finds
/// peers by these as well.
pub const PEERS_MODE_MULTICAST: u32 = 1;
/// Mode of `peers_config_t`: the node finds peers by unicast, through its seeds and the nodes of which it is
/// a seed. It can be joined to PEERS_MODE_MULTICAST by `|`; alone, the node neither sends nor receives
/// multicast.
pub const PEERS_MODE_SEEDS: u32 = 2;
/// Mode of `peers_config_t`, which cannot be joined to another: the nodes form a cluster by the SWIM
/// protocol, over unicast alone. One seed that answers is enough to join. Use it for more than about 200
/// nodes. A library that is built without the cargo feature "swim" gives PEERS_ERR_UNSUPPORTED.
pub const PEERS_MODE_SWIM: u32 = 4;

// How a peer was learned.
/// Source: a multicast message of the native protocol.
pub const PEERS_SOURCE_MULTICAST: u32 = 1;
/// Source: a legacy beacon, "multitastic:NAME".
pub const PEERS_SOURCE_LEGACY: u32 = 2;
/// Source: `peers_register` or `peers_register_at`.
pub const PEERS_SOURCE_REGISTERED: u32 = 3;
/// Source: a unicast message of the native protocol. No multicast of the peer has arrived yet.
pub const PEERS_SOURCE_UNICAST: u32 = 4;
/// Source: the member list of the cluster (PEERS_MODE_SWIM).
pub const PEERS_SOURCE_GOSSIP: u32 = 5;
/// Source: the record is the node's own, from `peers_self`.
pub const PEERS_SOURCE_SELF: u32 = 6;

// Kinds of events.
/// Event: a peer is listed that was not listed before.
pub const PEERS_EVENT_JOINED: u32 = 1;
/// Event: a listed peer has another value, address, port, source or id.
pub const PEERS_EVENT_UPDATED: u32 = 2;
/// Event: a peer is no longer listed; `reason` says why.
pub const PEERS_EVENT_LEFT: u32 = 3;
/// Event: the queue was full, and its events were dropped. Call `peers_list` for the present state.
pub const PEERS_EVENT_RESYNC: u32 = 4;

// Why a peer left.
/// Reason of an event that is not PEERS_EVENT_LEFT.
pub const PEERS_LEFT_NONE: u32 = 0;
/// Reason of PEERS_EVENT_LEFT: the peer sent a goodbye.
pub const PEERS_LEFT_GOODBYE: u32 = 1;
/// Reason of PEERS_EVENT_LEFT: no message and no registration renewed the entry for its expiry time, and the
/// peer did not answer the probes.
pub const PEERS_LEFT_EXPIRED: u32 = 2;
/// Reason of PEERS_EVENT_LEFT: two consecutive probes were answered with ICMP port or host unreachable.
pub const PEERS_LEFT_UNREACHABLE: u32 = 3;
/// Reason of PEERS_EVENT_LEFT: `peers_unregister` removed the entry.
pub const PEERS_LEFT_UNREGISTERED: u32 = 4;

// States of a node.
/// Health state: the node sends and receives. `reason` may have a note about the network.
pub const PEERS_STATE_RUNNING: u32 = 0;
/// Health state: the node works on, but part of its work is failing; `reason` says which.
pub const PEERS_STATE_DEGRADED: u32 = 1;
/// Health state: the node met an internal error and no longer works.
pub const PEERS_STATE_FAILED: u32 = 2;

// What is wrong with a node, and, with the state PEERS_STATE_RUNNING, notes about its network.
/// Health reason: nothing is wrong, and there is no note.
pub const PEERS_REASON_NONE: u32 = 0;
/// Health reason: no interface that may be used is up. The node looks again when the system reports a change,
/// and at every announcement. Bring an interface up, or correct `interfaces`.
pub const PEERS_REASON_NO_INTERFACE: u32 = 1;
/// Health reason: the node received nothing for the expiry time, not even its own announcements. Let UDP
/// `port` through the firewall of this host; `peers doctor` shows its rules.
pub const PEERS_REASON_NOT_RECEIVING: u32 = 2;
/// Health reason: the most recent announcement could not be sent through every interface. `detail` has the
/// interface and the error of the system: look at its addresses, and at the firewall for output.
pub const PEERS_REASON_SEND_FAILS: u32 = 3;
/// Health reason: the system does not permit sending, or joining the group. Look at the sandbox of the
/// process (seccomp, AppArmor, SELinux), and at the firewall for output.
pub const PEERS_REASON_PERMISSION: u32 = 4;
/// Health reason: the system did not let the node join the group on every interface. `detail` has the error,
/// and the setting to raise if it is a limit; or name fewer `interfaces`.
pub const PEERS_REASON_MULTICAST_JOIN: u32 = 5;
/// Health reason: the node met an internal error, of the library or of the program around it, and no longer
/// works. `detail` describes it. Free the node and start another, or restart the program.
pub const PEERS_REASON_INTERNAL: u32 = 6;
/// Health reason: the name of a seed cannot be resolved. The node tries again every minute. It keeps sending
/// to the other seeds, and to the addresses that the name had before. Correct the name, or the resolver of
/// the host.
pub const PEERS_REASON_RESOLVER: u32 = 7;
/// Health reason: a newcomer was refused in the last two minutes, because the registry holds `max_peers`
/// entries, or `entries_max_bytes` bytes. `detail` has its address. Raise the limit, or look for a host that
/// invents peers; `keys` keep such a host out.
pub const PEERS_REASON_LIST_FULL: u32 = 8;
/// Health reason: in the last minute the send buffer of the system stayed full, so datagrams were late or
/// dropped. Look for a link that is down or saturated, or for seeds whose hosts are off.
pub const PEERS_REASON_SEND_STALLS: u32 = 9;
/// Health reason: in the last two minutes another node sent with the instance id of this node; `detail` has
/// its address. A clone of this machine or process makes the node take a new id, which resolves it. Otherwise
/// a host forges messages: `keys` keep it out.
pub const PEERS_REASON_ID_CONFLICT: u32 = 10;
/// Note of a running node: in the last two minutes a node of another cluster was there. `detail` has its
/// cluster and address. Give both the same `cluster` if they are to list each other.
pub const PEERS_REASON_OTHER_CLUSTER: u32 = 11;
/// Note of a running node: in the last two minutes a node with another key was there, or one with keys where
/// this node has none, or the other way round. `detail` has its address. Give both a key in common if they
/// are to list each other.
pub const PEERS_REASON_OTHER_KEY: u32 = 12;
/// Note of a running node: in the last two minutes a node of its cluster in another mode was there. `detail`
/// has its address. Give both PEERS_MODE_SWIM, or neither, if they are to list each other.
pub const PEERS_REASON_OTHER_MODE: u32 = 13;
/// Note of a running node: the system refused calls or options that the node can do without. `detail` names
/// each, with its error and what is lost. Use a newer kernel, or let the sandbox of the process allow them.
pub const PEERS_REASON_LIMITED: u32 = 14;
/// Health reason: the system refused a socket of the node; `detail` has the call, its error and what to do.
/// The node works with the others, and tries again at each announcement.
pub const PEERS_REASON_SOCKET: u32 = 15;

// Whether a node uses an interface, and if not, why.
/// Usage: the node sends to the group through the interface, and receives from it.
pub const PEERS_INTERFACE_USED: u32 = 0;
/// Usage: not used; the option `interfaces` does not name it.
pub const PEERS_INTERFACE_NOT_NAMED: u32 = 1;
/// Usage: not used; the options turn the address family off, or the system has refused its sockets.
pub const PEERS_INTERFACE_FAMILY_OFF: u32 = 2;
/// Usage: not used; it is down.
pub const PEERS_INTERFACE_DOWN: u32 = 3;
/// Usage: not used; nothing is connected to it.
pub const PEERS_INTERFACE_NO_CARRIER: u32 = 4;
/// Usage: not used; it is a port of a bridge, a bond or a team, or is in a VRF. The option `interfaces` can
/// name it: its whole name, without a star.
pub const PEERS_INTERFACE_PORT: u32 = 5;
/// Usage: not used; it has no MULTICAST flag, as with WireGuard.
pub const PEERS_INTERFACE_NO_MULTICAST: u32 = 6;
/// Usage: not used; it has no address of the family, for IPv6 no link-local one.
pub const PEERS_INTERFACE_NO_ADDRESS: u32 = 7;
/// Usage: not used; it is loopback, and another interface is used. The option `interfaces` can name it.
pub const PEERS_INTERFACE_LOOPBACK: u32 = 8;

/// Returns the fixed text of a status, or `None` for another number.
pub(super) fn text_of(status: i32) -> Option<&'static CStr> {
    Some(match status {
        PEERS_OK => c"success",
        PEERS_ERR_NULL => c"a pointer that must not be NULL is NULL",
        PEERS_ERR_HANDLE => c"not a handle of a live node",
        PEERS_ERR_SIZE => c"struct_size does not fit this library",
        PEERS_ERR_UTF8 => c"text is not valid UTF-8",
        PEERS_ERR_INVALID => c"value out of range",
        PEERS_ERR_TOO_LARGE => c"longer than the limit",
        PEERS_ERR_UNSUPPORTED => c"not supported by this version on this platform",
        PEERS_ERR_INTERFACE => c"no such network interface",
        PEERS_ERR_ADDRESS_IN_USE => c"port in use by a socket that does not share it",
        PEERS_ERR_PERMISSION => c"not permitted by the system",
        PEERS_ERR_SYSTEM => c"system error",
        PEERS_ERR_FULL => c"registry is full",
        PEERS_ERR_TIMEOUT => c"nothing happened in time",
        PEERS_ERR_STOPPED => c"node was freed during the call",
        PEERS_ERR_FORKED => c"handle belongs to the parent process",
        PEERS_ERR_FAILED => c"node failed: an internal error of the library",
        PEERS_ERR_DEADLOCK => c"call would wait for itself",
        PEERS_ERR_NOT_FOUND => c"no such entry or key",
        _ => return None,
    })
}

/// Each flag with its name.
pub(super) const FLAGS: &[(u32, &str)] = &[
    (PEERS_MANUAL_CLOCK, "PEERS_MANUAL_CLOCK"),
    (PEERS_NO_IPV4, "PEERS_NO_IPV4"),
    (PEERS_NO_IPV6, "PEERS_NO_IPV6"),
    (PEERS_NO_LEGACY, "PEERS_NO_LEGACY"),
    (PEERS_OBSERVER, "PEERS_OBSERVER"),
];
// generated: end
