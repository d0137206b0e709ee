//! The structs of the C ABI, from the table `abi/api.toml`.

use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};

pub use crate::ffi::log::peers_log_fn;
use crate::ffi::sized::SizedStruct;
use crate::health::Counters;

// generated: begin rust/structs

/// The options of `peers_start`. Begin with `PEERS_CONFIG_INIT`, then set what you need; in every field zero
/// (or NULL) means the default.
///
/// `peers_start` copies what it needs: nothing here has to outlive the call. Texts are NUL-terminated UTF-8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct peers_config_t {
    /// `sizeof(peers_config_t)`, which `PEERS_CONFIG_INIT` sets. The library reads and writes no more bytes
    /// than this, so that a program works with a library of another version.
    pub struct_size: usize,
    /// Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host
    /// name. Two processes with the same name are two peers, which have different ids.
    pub name: *const c_char,
    /// Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8
    /// without control characters. Default: the unnamed cluster. The nodes of a named cluster do not use the
    /// legacy beacon, which does not carry the cluster.
    pub cluster: *const c_char,
    /// Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most
    /// 1050 bytes less those of the name and the cluster, hence always 540; 128 bytes less with
    /// PEERS_MODE_SWIM. Default: none. `peers_set_value` replaces it. NULL if `value_len` is 0.
    pub value: *const c_void,
    /// Number of bytes in `value`, 1 or more; 0 if that is NULL.
    pub value_len: usize,
    /// Network interfaces to use. Comma-separated names, in which `*` stands for any characters:
    /// "eth*,wlan0". Default: each interface that is up and can multicast, or loopback if there is none. On
    /// Windows the names are those that the system shows: "Ethernet", "Wi-Fi*".
    pub interfaces: *const c_char,
    /// Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that
    /// give the same NAME. Default: the local network.
    pub network: *const c_char,
    /// IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4.
    pub group_v4: *const c_char,
    /// IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no
    /// error: the node uses IPv4 alone.
    pub group_v6: *const c_char,
    /// Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
    /// /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes
    /// that have one of them list each other. Without a key nothing can be read or forged. The first key
    /// seals, and all open; `peers_set_keys` replaces them. A node with keys does not use the legacy beacon.
    /// The library reads keys from here alone, from no file and no environment. It wipes its copies when it
    /// no longer needs them; wipe yours after the call. The keys follow one another without a gap.
    pub keys: *const c_void,
    /// Number of keys in `keys`, 0 to 8; 0 if `keys` is NULL.
    pub keys_count: usize,
    /// Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4
    /// address or an IPv6 address in brackets, and the `unicast_port` of the node there. Default: none. Two
    /// nodes list each other if either one is a seed of the other; with PEERS_MODE_SWIM, if seeds join both
    /// to one cluster. The node resolves names every minute, or every four intervals if these are shorter.
    /// Each address of a name is a seed. A name that cannot be resolved shows in the node's health. Each seed
    /// costs one datagram per interval. `peers_set_seeds` replaces them. Separated by commas:
    /// "10.0.1.5:49002,peers.example:49002".
    pub seeds: *const c_char,
    /// Receives each line of the node's log. Default: none; nothing is logged, and the library prints
    /// nothing.
    pub log: peers_log_fn,
    /// Passed to `log` as it is. It has to stay valid until `peers_free` has returned, or `peers_start` has
    /// failed.
    pub log_context: *mut c_void,
    /// Most detailed level that `log` receives. PEERS_LOG_ERROR to PEERS_LOG_DEBUG. Default: PEERS_LOG_INFO.
    pub log_level: u32,
    /// Milliseconds between two announcements. 10 to 3600000. Default: 15000.
    pub interval_ms: u32,
    /// Milliseconds after which a peer is removed that sent nothing and answered no probe. Longer than
    /// `interval_ms`, at most 86400000; with PEERS_MODE_SWIM, 7000 or more. Default: 35000. The node
    /// announces it, and the other nodes apply it. If the node receives nothing for this long, it reopens its
    /// sockets.
    pub expiry_ms: u32,
    /// Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and
    /// counted.
    pub max_peers: u32,
    /// Flags, joined by `|`: PEERS_MANUAL_CLOCK, PEERS_NO_IPV4, PEERS_NO_IPV6, PEERS_NO_LEGACY and
    /// PEERS_OBSERVER. Default: none. One of IPv4 and IPv6 has to stay on. An unknown flag gives
    /// PEERS_ERR_UNSUPPORTED.
    pub flags: u32,
    /// Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1,
    /// the local network.
    pub hops: u32,
    /// UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001.
    pub port: u32,
    /// Port at which this program offers its service, announced with the name. 1 to 65535. Default: none.
    pub service_port: u32,
    /// How the node finds peers. PEERS_MODE_MULTICAST, PEERS_MODE_SEEDS, both together, or PEERS_MODE_SWIM.
    /// Default: PEERS_MODE_MULTICAST, and PEERS_MODE_SEEDS too if there are `seeds`.
    pub mode: u32,
    /// UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to 65535;
    /// with multicast not `port`. Default: a port that the system chooses. Set it for a firewall, or if the
    /// node is a seed of others. One node of a host can have it. A memory network ignores it.
    pub unicast_port: u32,
    /// Maximum number of bytes of the names and values of all entries in the registry together. 65536 or
    /// more. Default: 512 for each of `max_peers`, at least 65536. A peer or registration beyond it is
    /// refused as if there were `max_peers` entries.
    pub entries_max_bytes: usize,
}

// A field behind padding would be read from bytes that an older caller did not set.
const _: () = {
    let end = offset_of!(peers_config_t, entries_max_bytes) + size_of::<usize>();
    assert!(size_of::<peers_config_t>() == end);
};

// SAFETY: `repr(C)`, `struct_size` is first, and zero is a value of each field: NULL, no function, or the number 0.
unsafe impl SizedStruct for peers_config_t {
    const INIT: &'static str = "PEERS_CONFIG_INIT";
    const NAME: &'static str = "peers_config_t";
    const BOUNDARIES: &'static [usize] = &[
        offset_of!(peers_config_t, name),
        offset_of!(peers_config_t, cluster),
        offset_of!(peers_config_t, value),
        offset_of!(peers_config_t, value_len),
        offset_of!(peers_config_t, interfaces),
        offset_of!(peers_config_t, network),
        offset_of!(peers_config_t, group_v4),
        offset_of!(peers_config_t, group_v6),
        offset_of!(peers_config_t, keys),
        offset_of!(peers_config_t, keys_count),
        offset_of!(peers_config_t, seeds),
        offset_of!(peers_config_t, log),
        offset_of!(peers_config_t, log_context),
        offset_of!(peers_config_t, log_level),
        offset_of!(peers_config_t, interval_ms),
        offset_of!(peers_config_t, expiry_ms),
        offset_of!(peers_config_t, max_peers),
        offset_of!(peers_config_t, flags),
        offset_of!(peers_config_t, hops),
        offset_of!(peers_config_t, port),
        offset_of!(peers_config_t, service_port),
        offset_of!(peers_config_t, mode),
        offset_of!(peers_config_t, unicast_port),
        offset_of!(peers_config_t, entries_max_bytes),
    ];
}

/// One peer, as it was when the snapshot was taken or the event raised. Read-only; lives as long as the
/// snapshot or the event it is part of.
#[repr(C)]
pub struct peers_peer_t {
    /// Name, NUL-terminated UTF-8. Two peers may have the same; their `id` differs.
    pub name: *const c_char,
    /// Value: `value_len` bytes, then a NUL that does not count. Never NULL.
    pub value: *const c_void,
    /// Number of bytes in `value`.
    pub value_len: usize,
    /// IP address to reach the peer at, as text ("192.0.2.7", "2001:db8::7"): the first of `addresses`. A
    /// link-local IPv6 address has its zone ("fe80::7%eth0"). "" for an entry that was only registered.
    pub address: *const c_char,
    /// Milliseconds since the last message or registration.
    pub age_ms: u64,
    /// Milliseconds until the entry expires if nothing renews it; 0 in an event of a peer that left.
    pub expires_in_ms: u64,
    /// PEERS_SOURCE_*: how the peer was last learned.
    pub source: u32,
    /// Index of the interface that its messages arrive through (see if_indextoname), the scope of a
    /// link-local address; 0 if it is unknown or the entry was only registered.
    pub interface_index: u32,
    /// Port at which the peer offers its service; 0 if it announces none.
    pub port: u16,
    /// Random id of this run of the peer; all zero if it is unknown, as with legacy nodes and registered
    /// entries.
    pub id: [u8; 16],
    /// All addresses as text, as `address` is: first `address`, then the others from which messages came or
    /// that answered a probe, then those that the peer only claims. Of a host with several networks, try them
    /// in this order. NULL if `addresses_len` is 0.
    pub addresses: *const *const c_char,
    /// Number of addresses in `addresses`; 0 if the peer has none.
    pub addresses_len: usize,
    /// Number of the first addresses in `addresses` from which messages came or that answered a probe. The
    /// rest is only claimed.
    pub addresses_validated: usize,
}

/// A snapshot of the registry, ordered by name and then by id. It does not change; free it with
/// `peers_list_free`.
#[repr(C)]
pub struct peers_list_t {
    /// Number of records.
    pub len: usize,
    /// Bytes from one record to the next, at least `sizeof(peers_peer_t)` of the library's version.
    pub stride: usize,
    /// The first record. Use `peers_list_at`, which keeps to `stride`.
    pub records: *const peers_peer_t,
    /// Version of the list, for `peers_wait`: 1 or more; 0 in a list from `peers_self`. Two lists of a node
    /// that have the same version differ in times and interface indexes at most.
    pub version: u64,
}

/// An entry for `peers_register_at`. Begin with `PEERS_ENTRY_INIT`, then set what you need; in every field
/// but `key` zero (or NULL) means the default. Texts are NUL-terminated UTF-8. The call copies what it needs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct peers_entry_t {
    /// `sizeof(peers_entry_t)`, which `PEERS_ENTRY_INIT` sets. The library reads and writes no more bytes
    /// than this, so that a program works with a library of another version.
    pub struct_size: usize,
    /// Name that the entry is listed under: 1 to 255 bytes, no control characters, not the node's own name.
    pub key: *const c_char,
    /// Value of the entry: at most 1024 bytes. Default: none. NULL if `value_len` is 0.
    pub value: *const c_void,
    /// Number of bytes in `value`.
    pub value_len: usize,
    /// IP address of the entry, IPv4 or IPv6: "192.0.2.7", "2001:db8::7". A link-local IPv6 address has the
    /// name or the index of its interface as its zone: "fe80::7%eth0". Default: none.
    pub address: *const c_char,
    /// Milliseconds until the entry expires if it is not registered again. Default: the node's expiry.
    pub ttl_ms: u32,
    /// Port of the entry's service. 1 to 65535. Default: none.
    pub port: u32,
}

// A field behind padding would be read from bytes that an older caller did not set.
const _: () = {
    let end = offset_of!(peers_entry_t, port) + size_of::<u32>();
    assert!(size_of::<peers_entry_t>() == end);
};

// SAFETY: `repr(C)`, `struct_size` is first, and zero is a value of each field: NULL, no function, or the number 0.
unsafe impl SizedStruct for peers_entry_t {
    const INIT: &'static str = "PEERS_ENTRY_INIT";
    const NAME: &'static str = "peers_entry_t";
    const BOUNDARIES: &'static [usize] = &[
        offset_of!(peers_entry_t, key),
        offset_of!(peers_entry_t, value),
        offset_of!(peers_entry_t, value_len),
        offset_of!(peers_entry_t, address),
        offset_of!(peers_entry_t, ttl_ms),
        offset_of!(peers_entry_t, port),
    ];
}

/// An interface of the host and an address family. Read-only; lives as long as the list it is part of.
#[repr(C)]
pub struct peers_interface_t {
    /// Name of the interface.
    pub name: *const c_char,
    /// Index of the interface.
    pub index: u32,
    /// Address family: 4 or 6.
    pub family: u32,
    /// PEERS_INTERFACE_*: whether the node uses it, and if not, why. A later version may add some.
    pub usage: u32,
    /// The usage in words; "" if the node uses it.
    pub why: *const c_char,
    /// Kind of the interface: "loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network
    /// card.
    pub kind: *const c_char,
    /// Address that the node sends from, or would send from; "" if there is none.
    pub address: *const c_char,
    /// Datagrams sent to the group through it.
    pub sent: u64,
    /// Received through it: the node's own datagrams, which the system loops back. If this stays 0 beside
    /// `sent`, a firewall of this host drops them.
    pub looped_back: u64,
    /// Datagrams received through it, of every kind.
    pub received: u64,
    /// The last system call for it that failed, with its error; "" if none did.
    pub last_error: *const c_char,
}

/// The interfaces of the host, as a node sees them. It does not change; free it with `peers_interfaces_free`.
#[repr(C)]
pub struct peers_interfaces_t {
    /// Number of records.
    pub len: usize,
    /// Bytes from one record to the next, at least `sizeof(peers_interface_t)` of the library's version.
    pub stride: usize,
    /// The first record. Use `peers_interfaces_at`, which keeps to `stride`.
    pub records: *const peers_interface_t,
}

/// One change of the registry. Free it with `peers_event_free`.
#[repr(C)]
pub struct peers_event_t {
    /// PEERS_EVENT_JOINED, _UPDATED, _LEFT or _RESYNC. A later version may add kinds: ignore unknown ones.
    pub kind: u32,
    /// Why the peer left: a PEERS_LEFT_* code. A later version may add some.
    pub reason: u32,
    /// The peer as it was when the event was raised; NULL in a PEERS_EVENT_RESYNC.
    pub peer: *const peers_peer_t,
}

/// How a node is. Filled by `peers_health`; begin with `PEERS_HEALTH_INIT`.
///
/// Counters count from `peers_start` and do not wrap in practice.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct peers_health_t {
    /// `sizeof(peers_health_t)`, which `PEERS_HEALTH_INIT` sets. The library reads and writes no more bytes
    /// than this, so that a program works with a library of another version.
    pub struct_size: usize,
    /// State of the node. PEERS_STATE_RUNNING, _DEGRADED or _FAILED.
    pub state: u32,
    /// What is wrong with the node, or a note about its network while it is running. PEERS_REASON_NONE if
    /// there is neither; each PEERS_REASON_* says what to do.
    pub reason: u32,
    /// The reason in words; "" if there is none. NUL-terminated UTF-8.
    pub detail: [c_char; 256],
    /// Milliseconds since the node last sent a datagram; UINT64_MAX before the first.
    pub last_send_age_ms: u64,
    /// Milliseconds since the node last received a datagram, its own included; UINT64_MAX before the first.
    pub last_receive_age_ms: u64,
    /// Number of interfaces in use.
    pub interfaces: u64,
    /// Number of entries in the registry.
    pub peers: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Sends that the system refused.
    pub send_errors: u64,
    /// Datagrams received, of every kind.
    pub received: u64,
    /// Received: the node's own messages, and legacy beacons with its name.
    pub looped_back: u64,
    /// Received and dropped: neither a message of the protocol nor a legacy beacon.
    pub malformed: u64,
    /// Peers refused because the registry was full.
    pub refused_full: u64,
    /// Datagrams lost because the node's queue on a memory network was full.
    pub dropped: u64,
    /// Times that the node reopened its sockets, or joined or left interfaces.
    pub sockets_reopened: u64,
    /// Events dropped because the queue was full; one resync event reports each loss.
    pub events_lost: u64,
    /// Received and dropped: messages of another cluster, and legacy beacons if the node does not use them.
    pub other_cluster: u64,
    /// Received and dropped: messages not newer than the known one of their sender (duplicates, replays).
    pub stale: u64,
    /// Received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no
    /// keys. If it rises, another node has other keys, or none.
    pub wrong_key: u64,
    /// Replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or under
    /// forged messages.
    pub rate_limited: u64,
    /// Received and dropped: datagrams from outside the links in use, while `hops` is 1.
    pub off_link: u64,
    /// Received by a node with keys: messages of an unlisted instance whose path is not validated. Each new
    /// peer begins so. If it rises and no peer joins, recorded messages are replayed.
    pub unvalidated: u64,
    /// Received: messages with the instance id of the node that another node sent. If it rises, a clone of
    /// this machine or process is there, or a host forges messages.
    pub id_conflicts: u64,
}

// A field behind padding would be read from bytes that an older caller did not set.
const _: () = {
    let end = offset_of!(peers_health_t, id_conflicts) + size_of::<u64>();
    assert!(size_of::<peers_health_t>() == end);
};

// SAFETY: `repr(C)`, `struct_size` is first, and zero is a value of each field: NULL, no function, or the number 0.
unsafe impl SizedStruct for peers_health_t {
    const INIT: &'static str = "PEERS_HEALTH_INIT";
    const NAME: &'static str = "peers_health_t";
    const BOUNDARIES: &'static [usize] = &[
        offset_of!(peers_health_t, state),
        offset_of!(peers_health_t, reason),
        offset_of!(peers_health_t, detail),
        offset_of!(peers_health_t, last_send_age_ms),
        offset_of!(peers_health_t, last_receive_age_ms),
        offset_of!(peers_health_t, interfaces),
        offset_of!(peers_health_t, peers),
        offset_of!(peers_health_t, sent),
        offset_of!(peers_health_t, send_errors),
        offset_of!(peers_health_t, received),
        offset_of!(peers_health_t, looped_back),
        offset_of!(peers_health_t, malformed),
        offset_of!(peers_health_t, refused_full),
        offset_of!(peers_health_t, dropped),
        offset_of!(peers_health_t, sockets_reopened),
        offset_of!(peers_health_t, events_lost),
        offset_of!(peers_health_t, other_cluster),
        offset_of!(peers_health_t, stale),
        offset_of!(peers_health_t, wrong_key),
        offset_of!(peers_health_t, rate_limited),
        offset_of!(peers_health_t, off_link),
        offset_of!(peers_health_t, unvalidated),
        offset_of!(peers_health_t, id_conflicts),
    ];
}
/// Returns the health with these counters, in which each other field is zero.
pub(super) fn with_counters(counters: &Counters) -> peers_health_t {
    peers_health_t {
        struct_size: 0,
        state: 0,
        reason: 0,
        detail: [0; 256],
        last_send_age_ms: 0,
        last_receive_age_ms: 0,
        interfaces: 0,
        peers: 0,
        sent: counters.sent,
        send_errors: counters.send_errors,
        received: counters.received,
        looped_back: counters.looped_back,
        malformed: counters.malformed,
        refused_full: counters.refused_full,
        dropped: counters.dropped,
        sockets_reopened: counters.sockets_reopened,
        events_lost: counters.events_lost,
        other_cluster: counters.other_cluster,
        stale: counters.stale,
        wrong_key: counters.wrong_key,
        rate_limited: counters.rate_limited,
        off_link: counters.off_link,
        unvalidated: counters.unvalidated,
        id_conflicts: counters.id_conflicts,
    }
}
// generated: end
