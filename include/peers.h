/*
 * libpeers: find the other instances of your program on the local network.
 *
 * Five calls do the main job:
 *
 *     peers_t *node = NULL;
 *     peers_list_t *list = NULL;
 *     uint64_t version = 1;
 *     if (peers_start(NULL, &node) != PEERS_OK) { puts(peers_last_error()); return 1; }
 *     peers_wait(node, version, 1000, &version); // until a peer is listed, or for a second
 *     if (peers_list(node, &list) == PEERS_OK) {
 *         for (size_t i = 0; i < list->len; i++) puts(peers_list_at(list, i)->name);
 *         peers_list_free(list);
 *     }
 *     peers_free(node);
 *
 * Rules for every call:
 *
 * Status      A call that can fail returns int32_t: PEERS_OK (0), or a negative PEERS_ERR_* constant, whose number never
 *             changes. peers_strerror() returns the text of a status, peers_last_error() the details of the thread's last failure.
 *             Outputs are written on success only. After an internal error any call may return PEERS_ERR_FAILED.
 * Handles     A peers_t or peers_subscription_t pointer is a token. One that is stale, freed or made up gives
 *             PEERS_ERR_HANDLE.
 * Ownership   A call copies its inputs. A list or an event belongs to the caller until the matching _free. It is
 *             read-only, and outlives the node.
 * Threads     Every call may be made from any thread. A node has one internal thread, named "peers", in which all signals
 *             are blocked.
 * Log         The library prints nothing. The function `log` of peers_config_t receives the log.
 * fork        In a forked child every call on a handle of the parent gives PEERS_ERR_FORKED, except peers_free and
 *             peers_subscription_free. A new peers_start works. See below.
 *
 * Limits:
 *
 * Descriptors A node has up to 10: three sockets for each of IPv4 and IPv6 (two on macOS and Windows), one for changes of the
 *             network, and three to wake its thread. Beyond 20 interfaces each further 20 take one socket more. A reader whose
 *             descriptor was asked for has 2 more. RLIMIT_NOFILE may be lowered after the start.
 *             If the program closes them (closefrom), the node fails within an interval, with PEERS_REASON_INTERNAL. If a file
 *             of the program then has such a number, the node neither reads, writes nor closes it; on macOS this holds for
 *             files that are no sockets. The descriptor of peers_event_fd may be made blocking; its data has no meaning.
 * Threads     A node has one thread, and one more ("peers-look-up") for each name of a seed that is being looked up, at most 8. Each
 *             has a stack of 2 MiB.
 * Stack       Every call works on a stack of 64 KiB.
 * Memory      If the system has no memory, the process aborts, and nothing is printed. A node has at most `max_peers` entries, and
 *             at most `entries_max_bytes` bytes of names and values. Entries that leave free their memory.
 * Cancelling  No call is a cancellation point: a pthread_cancel takes effect after the call, also after a log function that
 *             runs in the call. A thread whose cancellation is asynchronous may make no call.
 * Signals     No call may be made in a signal handler. A signal does not end a call that waits.
 * Unloading   The shared library stays in memory after dlclose. A plugin with the static library frees all nodes first.
 * Copies      Two copies of the library in one process work side by side. A handle of one gives PEERS_ERR_HANDLE in the other.
 * Sandboxes   The minimum kernel is Linux 3.10. docs/peers.service of the source lists the system calls and the address families
 *             (AF_INET, AF_INET6, AF_NETLINK, AF_UNIX) that a node uses. The refusal of an optional call is a note in
 *             peers_health.
 * Forking     A child has no node, because it has no thread. It has copies of the parent's sockets until it calls peers_free, runs
 *             another program, or ends. Until then the copies hold the port of `unicast_port`.
 *             In a server that forks workers, each worker frees the handles that it inherited, and starts a node of its own. Or the
 *             parent starts its node after the last fork. With Python's multiprocessing, start the node in the worker (in the
 *             `initializer` of a pool), or use the start method "spawn".
 *             A child of vfork, _Fork or clone makes no call.
 *
 * Generated from src/ffi by cbindgen; do not edit.
 */


#ifndef PEERS_H
#define PEERS_H

#include <stddef.h>
#include <stdint.h>
/* The version of this header. peers_version() is the version of the library that is running. */
#define PEERS_VERSION_MAJOR 0
#define PEERS_VERSION_MINOR 1
#define PEERS_VERSION_PATCH 0
#define PEERS_VERSION "0.1.0"

/* Initialisers: begin every peers_config_t and peers_health_t with one of these. */
#define PEERS_CONFIG_INIT \
    { sizeof(peers_config_t), NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, 0, \
      0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define PEERS_ENTRY_INIT \
    { sizeof(peers_entry_t), NULL, NULL, 0, NULL, 0, 0 }
#define PEERS_HEALTH_INIT \
    { sizeof(peers_health_t), 0, 0, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }


/**
 * The call did what it says.
 */
#define PEERS_OK 0

/**
 * A pointer that must not be NULL was NULL.
 */
#define PEERS_ERR_NULL -1

/**
 * The handle is no live node, or no live subscription: it was freed already, or never came from
 * `peers_start` or `peers_subscribe`.
 */
#define PEERS_ERR_HANDLE -2

/**
 * A `struct_size` is zero, ends inside a field, or belongs to a newer library whose extra fields are in use.
 */
#define PEERS_ERR_SIZE -3

/**
 * A text is not valid UTF-8.
 */
#define PEERS_ERR_UTF8 -4

/**
 * A value is outside the range its documentation gives.
 */
#define PEERS_ERR_INVALID -5

/**
 * A name, key or value is longer than its limit.
 */
#define PEERS_ERR_TOO_LARGE -6

/**
 * The field, flag or call asks for a feature that this version or this platform does not have.
 */
#define PEERS_ERR_UNSUPPORTED -7

/**
 * A network interface named in the configuration does not exist.
 */
#define PEERS_ERR_INTERFACE -8

/**
 * The UDP port is held by a socket that does not share it (one opened without SO_REUSEADDR; on Windows, with
 * SO_EXCLUSIVEADDRUSE).
 */
#define PEERS_ERR_ADDRESS_IN_USE -9

/**
 * The system does not permit the operation.
 */
#define PEERS_ERR_PERMISSION -10

/**
 * The system refused for another reason; `peers_last_error` has it.
 */
#define PEERS_ERR_SYSTEM -11

/**
 * The registry already holds `max_peers` entries.
 */
#define PEERS_ERR_FULL -12

/**
 * Nothing happened within the time given.
 */
#define PEERS_ERR_TIMEOUT -13

/**
 * Another thread freed the node or the subscription while this call was under way.
 */
#define PEERS_ERR_STOPPED -14

/**
 * The handle belongs to the parent of this forked process. Start a node of your own.
 */
#define PEERS_ERR_FORKED -15

/**
 * The library met an internal error. The node no longer works; free it, and start another.
 */
#define PEERS_ERR_FAILED -16

/**
 * The call would wait for itself: `peers_free` in a call of the log function of the same node.
 */
#define PEERS_ERR_DEADLOCK -17

/**
 * No entry of this key is registered, or the value in TXT format does not have the key.
 */
#define PEERS_ERR_NOT_FOUND -18

/**
 * Log level: the node has failed.
 */
#define PEERS_LOG_ERROR 1

/**
 * Log level: part of the node's work is failing.
 */
#define PEERS_LOG_WARN 2

/**
 * Log level: the start, changes of the network, and the end of a failure.
 */
#define PEERS_LOG_INFO 3

/**
 * Log level: peers that join and leave; at most 100 lines a second.
 */
#define PEERS_LOG_DEBUG 4

/**
 * Flag of `peers_config_t`: the node's time moves by `peers_advance` alone.
 *
 * For tests. Such a node has no thread: it runs inside the calls made on it, so every run is the same. It
 * needs a memory network.
 */
#define PEERS_MANUAL_CLOCK 1

/**
 * Flag of `peers_config_t`: the node does not use IPv4, and ignores `group_v4`.
 */
#define PEERS_NO_IPV4 2

/**
 * Flag of `peers_config_t`: the node does not use IPv6, and ignores `group_v6`.
 */
#define PEERS_NO_IPV6 4

/**
 * Flag of `peers_config_t`: the node neither sends nor accepts the legacy beacon, "multitastic:NAME".
 */
#define PEERS_NO_LEGACY 8

/**
 * Flag of `peers_config_t`: the node is an observer. It lists peers, and they do not list it.
 *
 * It sends queries and probes, no announcement, goodbye or legacy beacon: its name, value and port reach no
 * peer. In PEERS_MODE_SWIM, where every member is listed, `peers_start` gives PEERS_ERR_INVALID.
 */
#define PEERS_OBSERVER 16

/**
 * Mode of `peers_config_t`: the node finds peers by multicast, on the local network. With `seeds`, it finds
 * peers by these as well.
 */
#define PEERS_MODE_MULTICAST 1

/**
 * Mode of `peers_config_t`: the node finds peers by unicast, through its seeds and the nodes of which it is
 * a seed. It can be joined to PEERS_MODE_MULTICAST by `|`; alone, the node neither sends nor receives
 * multicast.
 */
#define PEERS_MODE_SEEDS 2

/**
 * Mode of `peers_config_t`, which cannot be joined to another: the nodes form a cluster by the SWIM
 * protocol, over unicast alone. One seed that answers is enough to join. Use it for more than about 200
 * nodes. A library that is built without the cargo feature "swim" gives PEERS_ERR_UNSUPPORTED.
 */
#define PEERS_MODE_SWIM 4

/**
 * Source: a multicast message of the native protocol.
 */
#define PEERS_SOURCE_MULTICAST 1

/**
 * Source: a legacy beacon, "multitastic:NAME".
 */
#define PEERS_SOURCE_LEGACY 2

/**
 * Source: `peers_register` or `peers_register_at`.
 */
#define PEERS_SOURCE_REGISTERED 3

/**
 * Source: a unicast message of the native protocol. No multicast of the peer has arrived yet.
 */
#define PEERS_SOURCE_UNICAST 4

/**
 * Source: the member list of the cluster (PEERS_MODE_SWIM).
 */
#define PEERS_SOURCE_GOSSIP 5

/**
 * Source: the record is the node's own, from `peers_self`.
 */
#define PEERS_SOURCE_SELF 6

/**
 * Event: a peer is listed that was not listed before.
 */
#define PEERS_EVENT_JOINED 1

/**
 * Event: a listed peer has another value, address, port, source or id.
 */
#define PEERS_EVENT_UPDATED 2

/**
 * Event: a peer is no longer listed; `reason` says why.
 */
#define PEERS_EVENT_LEFT 3

/**
 * Event: the queue was full, and its events were dropped. Call `peers_list` for the present state.
 */
#define PEERS_EVENT_RESYNC 4

/**
 * Reason of an event that is not PEERS_EVENT_LEFT.
 */
#define PEERS_LEFT_NONE 0

/**
 * Reason of PEERS_EVENT_LEFT: the peer sent a goodbye.
 */
#define PEERS_LEFT_GOODBYE 1

/**
 * Reason of PEERS_EVENT_LEFT: no message and no registration renewed the entry for its expiry time, and the
 * peer did not answer the probes.
 */
#define PEERS_LEFT_EXPIRED 2

/**
 * Reason of PEERS_EVENT_LEFT: two consecutive probes were answered with ICMP port or host unreachable.
 */
#define PEERS_LEFT_UNREACHABLE 3

/**
 * Reason of PEERS_EVENT_LEFT: `peers_unregister` removed the entry.
 */
#define PEERS_LEFT_UNREGISTERED 4

/**
 * Health state: the node sends and receives. `reason` may have a note about the network.
 */
#define PEERS_STATE_RUNNING 0

/**
 * Health state: the node works on, but part of its work is failing; `reason` says which.
 */
#define PEERS_STATE_DEGRADED 1

/**
 * Health state: the node met an internal error and no longer works.
 */
#define PEERS_STATE_FAILED 2

/**
 * Health reason: nothing is wrong, and there is no note.
 */
#define PEERS_REASON_NONE 0

/**
 * Health reason: no interface that may be used is up. The node looks again when the system reports a change,
 * and at every announcement. Bring an interface up, or correct `interfaces`.
 */
#define PEERS_REASON_NO_INTERFACE 1

/**
 * Health reason: the node received nothing for the expiry time, not even its own announcements. Let UDP
 * `port` through the firewall of this host; `peers doctor` shows its rules.
 */
#define PEERS_REASON_NOT_RECEIVING 2

/**
 * Health reason: the most recent announcement could not be sent through every interface. `detail` has the
 * interface and the error of the system: look at its addresses, and at the firewall for output.
 */
#define PEERS_REASON_SEND_FAILS 3

/**
 * Health reason: the system does not permit sending, or joining the group. Look at the sandbox of the
 * process (seccomp, AppArmor, SELinux), and at the firewall for output.
 */
#define PEERS_REASON_PERMISSION 4

/**
 * Health reason: the system did not let the node join the group on every interface. `detail` has the error,
 * and the setting to raise if it is a limit; or name fewer `interfaces`.
 */
#define PEERS_REASON_MULTICAST_JOIN 5

/**
 * Health reason: the node met an internal error, of the library or of the program around it, and no longer
 * works. `detail` describes it. Free the node and start another, or restart the program.
 */
#define PEERS_REASON_INTERNAL 6

/**
 * Health reason: the name of a seed cannot be resolved. The node tries again every minute. It keeps sending
 * to the other seeds, and to the addresses that the name had before. Correct the name, or the resolver of
 * the host.
 */
#define PEERS_REASON_RESOLVER 7

/**
 * Health reason: a newcomer was refused in the last two minutes, because the registry holds `max_peers`
 * entries, or `entries_max_bytes` bytes. `detail` has its address. Raise the limit, or look for a host that
 * invents peers; `keys` keep such a host out.
 */
#define PEERS_REASON_LIST_FULL 8

/**
 * Health reason: in the last minute the send buffer of the system stayed full, so datagrams were late or
 * dropped. Look for a link that is down or saturated, or for seeds whose hosts are off.
 */
#define PEERS_REASON_SEND_STALLS 9

/**
 * Health reason: in the last two minutes another node sent with the instance id of this node; `detail` has
 * its address. A clone of this machine or process makes the node take a new id, which resolves it. Otherwise
 * a host forges messages: `keys` keep it out.
 */
#define PEERS_REASON_ID_CONFLICT 10

/**
 * Note of a running node: in the last two minutes a node of another cluster was there. `detail` has its
 * cluster and address. Give both the same `cluster` if they are to list each other.
 */
#define PEERS_REASON_OTHER_CLUSTER 11

/**
 * Note of a running node: in the last two minutes a node with another key was there, or one with keys where
 * this node has none, or the other way round. `detail` has its address. Give both a key in common if they
 * are to list each other.
 */
#define PEERS_REASON_OTHER_KEY 12

/**
 * Note of a running node: in the last two minutes a node of its cluster in another mode was there. `detail`
 * has its address. Give both PEERS_MODE_SWIM, or neither, if they are to list each other.
 */
#define PEERS_REASON_OTHER_MODE 13

/**
 * Note of a running node: the system refused calls or options that the node can do without. `detail` names
 * each, with its error and what is lost. Use a newer kernel, or let the sandbox of the process allow them.
 */
#define PEERS_REASON_LIMITED 14

/**
 * Health reason: the system refused a socket of the node; `detail` has the call, its error and what to do.
 * The node works with the others, and tries again at each announcement.
 */
#define PEERS_REASON_SOCKET 15

/**
 * Usage: the node sends to the group through the interface, and receives from it.
 */
#define PEERS_INTERFACE_USED 0

/**
 * Usage: not used; the option `interfaces` does not name it.
 */
#define PEERS_INTERFACE_NOT_NAMED 1

/**
 * Usage: not used; the options turn the address family off, or the system has refused its sockets.
 */
#define PEERS_INTERFACE_FAMILY_OFF 2

/**
 * Usage: not used; it is down.
 */
#define PEERS_INTERFACE_DOWN 3

/**
 * Usage: not used; nothing is connected to it.
 */
#define PEERS_INTERFACE_NO_CARRIER 4

/**
 * Usage: not used; it is a port of a bridge, a bond or a team, or is in a VRF. The option `interfaces` can
 * name it: its whole name, without a star.
 */
#define PEERS_INTERFACE_PORT 5

/**
 * Usage: not used; it has no MULTICAST flag, as with WireGuard.
 */
#define PEERS_INTERFACE_NO_MULTICAST 6

/**
 * Usage: not used; it has no address of the family, for IPv6 no link-local one.
 */
#define PEERS_INTERFACE_NO_ADDRESS 7

/**
 * Usage: not used; it is loopback, and another interface is used. The option `interfaces` can name it.
 */
#define PEERS_INTERFACE_LOOPBACK 8

/**
 * A reader of a node's events. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
 * PEERS_ERR_HANDLE.
 */
typedef struct peers_subscription_t peers_subscription_t;

/**
 * A running node. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
 * PEERS_ERR_HANDLE.
 */
typedef struct peers_t peers_t;

/**
 * Receives one line of a node's log: a PEERS_LOG_* level, and NUL-terminated UTF-8 without control characters.
 *
 * The text is valid during the call. The words may change with every version. The library calls the function on the node's
 * thread, or on a calling thread if the node has PEERS_MANUAL_CLOCK. It holds no lock of the node then, and makes one call
 * at a time, in the order of the lines. The first call may come before `peers_start` has returned, and none comes after
 * `peers_free` has.
 *
 * The function may make every call on the node except `peers_free`, which gives PEERS_ERR_DEADLOCK. While it runs, the node
 * neither receives nor sends. So it must not take long, and must not wait for events or for a thread that frees the node. It
 * must not throw an exception or leave by longjmp. A child that is forked in it must not return from it.
 */
typedef void (*peers_log_fn)(int32_t level, const char *message, void *context);

/**
 * The options of `peers_start`. Begin with `PEERS_CONFIG_INIT`, then set what you need; in every field zero
 * (or NULL) means the default.
 *
 * `peers_start` copies what it needs: nothing here has to outlive the call. Texts are NUL-terminated UTF-8.
 */
typedef struct peers_config_t {
    /**
     * `sizeof(peers_config_t)`, which `PEERS_CONFIG_INIT` sets. The library reads and writes no more bytes
     * than this, so that a program works with a library of another version.
     */
    size_t struct_size;
    /**
     * Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host
     * name. Two processes with the same name are two peers, which have different ids.
     */
    const char *name;
    /**
     * Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8
     * without control characters. Default: the unnamed cluster. The nodes of a named cluster do not use the
     * legacy beacon, which does not carry the cluster.
     */
    const char *cluster;
    /**
     * Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most
     * 1050 bytes less those of the name and the cluster, hence always 540; 128 bytes less with
     * PEERS_MODE_SWIM. Default: none. `peers_set_value` replaces it. NULL if `value_len` is 0.
     */
    const void *value;
    /**
     * Number of bytes in `value`, 1 or more; 0 if that is NULL.
     */
    size_t value_len;
    /**
     * Network interfaces to use. Comma-separated names, in which `*` stands for any characters:
     * "eth*,wlan0". Default: each interface that is up and can multicast, or loopback if there is none. On
     * Windows the names are those that the system shows: "Ethernet", "Wi-Fi*".
     */
    const char *interfaces;
    /**
     * Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that
     * give the same NAME. Default: the local network.
     */
    const char *network;
    /**
     * IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4.
     */
    const char *group_v4;
    /**
     * IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no
     * error: the node uses IPv4 alone.
     */
    const char *group_v6;
    /**
     * Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
     * /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes
     * that have one of them list each other. Without a key nothing can be read or forged. The first key
     * seals, and all open; `peers_set_keys` replaces them. A node with keys does not use the legacy beacon.
     * The library reads keys from here alone, from no file and no environment. It wipes its copies when it
     * no longer needs them; wipe yours after the call. The keys follow one another without a gap.
     */
    const void *keys;
    /**
     * Number of keys in `keys`, 0 to 8; 0 if `keys` is NULL.
     */
    size_t keys_count;
    /**
     * Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4
     * address or an IPv6 address in brackets, and the `unicast_port` of the node there. Default: none. Two
     * nodes list each other if either one is a seed of the other; with PEERS_MODE_SWIM, if seeds join both
     * to one cluster. The node resolves names every minute, or every four intervals if these are shorter.
     * Each address of a name is a seed. A name that cannot be resolved shows in the node's health. Each seed
     * costs one datagram per interval. `peers_set_seeds` replaces them. Separated by commas:
     * "10.0.1.5:49002,peers.example:49002".
     */
    const char *seeds;
    /**
     * Receives each line of the node's log. Default: none; nothing is logged, and the library prints
     * nothing.
     */
    peers_log_fn log;
    /**
     * Passed to `log` as it is. It has to stay valid until `peers_free` has returned, or `peers_start` has
     * failed.
     */
    void *log_context;
    /**
     * Most detailed level that `log` receives. PEERS_LOG_ERROR to PEERS_LOG_DEBUG. Default: PEERS_LOG_INFO.
     */
    uint32_t log_level;
    /**
     * Milliseconds between two announcements. 10 to 3600000. Default: 15000.
     */
    uint32_t interval_ms;
    /**
     * Milliseconds after which a peer is removed that sent nothing and answered no probe. Longer than
     * `interval_ms`, at most 86400000; with PEERS_MODE_SWIM, 7000 or more. Default: 35000. The node
     * announces it, and the other nodes apply it. If the node receives nothing for this long, it reopens its
     * sockets.
     */
    uint32_t expiry_ms;
    /**
     * Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and
     * counted.
     */
    uint32_t max_peers;
    /**
     * Flags, joined by `|`: PEERS_MANUAL_CLOCK, PEERS_NO_IPV4, PEERS_NO_IPV6, PEERS_NO_LEGACY and
     * PEERS_OBSERVER. Default: none. One of IPv4 and IPv6 has to stay on. An unknown flag gives
     * PEERS_ERR_UNSUPPORTED.
     */
    uint32_t flags;
    /**
     * Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1,
     * the local network.
     */
    uint32_t hops;
    /**
     * UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001.
     */
    uint32_t port;
    /**
     * Port at which this program offers its service, announced with the name. 1 to 65535. Default: none.
     */
    uint32_t service_port;
    /**
     * How the node finds peers. PEERS_MODE_MULTICAST, PEERS_MODE_SEEDS, both together, or PEERS_MODE_SWIM.
     * Default: PEERS_MODE_MULTICAST, and PEERS_MODE_SEEDS too if there are `seeds`.
     */
    uint32_t mode;
    /**
     * UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to 65535;
     * with multicast not `port`. Default: a port that the system chooses. Set it for a firewall, or if the
     * node is a seed of others. One node of a host can have it. A memory network ignores it.
     */
    uint32_t unicast_port;
    /**
     * Maximum number of bytes of the names and values of all entries in the registry together. 65536 or
     * more. Default: 512 for each of `max_peers`, at least 65536. A peer or registration beyond it is
     * refused as if there were `max_peers` entries.
     */
    size_t entries_max_bytes;
} peers_config_t;

/**
 * An entry for `peers_register_at`. Begin with `PEERS_ENTRY_INIT`, then set what you need; in every field
 * but `key` zero (or NULL) means the default. Texts are NUL-terminated UTF-8. The call copies what it needs.
 */
typedef struct peers_entry_t {
    /**
     * `sizeof(peers_entry_t)`, which `PEERS_ENTRY_INIT` sets. The library reads and writes no more bytes
     * than this, so that a program works with a library of another version.
     */
    size_t struct_size;
    /**
     * Name that the entry is listed under: 1 to 255 bytes, no control characters, not the node's own name.
     */
    const char *key;
    /**
     * Value of the entry: at most 1024 bytes. Default: none. NULL if `value_len` is 0.
     */
    const void *value;
    /**
     * Number of bytes in `value`.
     */
    size_t value_len;
    /**
     * IP address of the entry, IPv4 or IPv6: "192.0.2.7", "2001:db8::7". A link-local IPv6 address has the
     * name or the index of its interface as its zone: "fe80::7%eth0". Default: none.
     */
    const char *address;
    /**
     * Milliseconds until the entry expires if it is not registered again. Default: the node's expiry.
     */
    uint32_t ttl_ms;
    /**
     * Port of the entry's service. 1 to 65535. Default: none.
     */
    uint32_t port;
} peers_entry_t;

/**
 * One peer, as it was when the snapshot was taken or the event raised. Read-only; lives as long as the
 * snapshot or the event it is part of.
 */
typedef struct peers_peer_t {
    /**
     * Name, NUL-terminated UTF-8. Two peers may have the same; their `id` differs.
     */
    const char *name;
    /**
     * Value: `value_len` bytes, then a NUL that does not count. Never NULL.
     */
    const void *value;
    /**
     * Number of bytes in `value`.
     */
    size_t value_len;
    /**
     * IP address to reach the peer at, as text ("192.0.2.7", "2001:db8::7"): the first of `addresses`. A
     * link-local IPv6 address has its zone ("fe80::7%eth0"). "" for an entry that was only registered.
     */
    const char *address;
    /**
     * Milliseconds since the last message or registration.
     */
    uint64_t age_ms;
    /**
     * Milliseconds until the entry expires if nothing renews it; 0 in an event of a peer that left.
     */
    uint64_t expires_in_ms;
    /**
     * PEERS_SOURCE_*: how the peer was last learned.
     */
    uint32_t source;
    /**
     * Index of the interface that its messages arrive through (see if_indextoname), the scope of a
     * link-local address; 0 if it is unknown or the entry was only registered.
     */
    uint32_t interface_index;
    /**
     * Port at which the peer offers its service; 0 if it announces none.
     */
    uint16_t port;
    /**
     * Random id of this run of the peer; all zero if it is unknown, as with legacy nodes and registered
     * entries.
     */
    uint8_t id[16];
    /**
     * All addresses as text, as `address` is: first `address`, then the others from which messages came or
     * that answered a probe, then those that the peer only claims. Of a host with several networks, try them
     * in this order. NULL if `addresses_len` is 0.
     */
    const char *const *addresses;
    /**
     * Number of addresses in `addresses`; 0 if the peer has none.
     */
    size_t addresses_len;
    /**
     * Number of the first addresses in `addresses` from which messages came or that answered a probe. The
     * rest is only claimed.
     */
    size_t addresses_validated;
} peers_peer_t;

/**
 * A snapshot of the registry, ordered by name and then by id. It does not change; free it with
 * `peers_list_free`.
 */
typedef struct peers_list_t {
    /**
     * Number of records.
     */
    size_t len;
    /**
     * Bytes from one record to the next, at least `sizeof(peers_peer_t)` of the library's version.
     */
    size_t stride;
    /**
     * The first record. Use `peers_list_at`, which keeps to `stride`.
     */
    const struct peers_peer_t *records;
    /**
     * Version of the list, for `peers_wait`: 1 or more; 0 in a list from `peers_self`. Two lists of a node
     * that have the same version differ in times and interface indexes at most.
     */
    uint64_t version;
} peers_list_t;

/**
 * One change of the registry. Free it with `peers_event_free`.
 */
typedef struct peers_event_t {
    /**
     * PEERS_EVENT_JOINED, _UPDATED, _LEFT or _RESYNC. A later version may add kinds: ignore unknown ones.
     */
    uint32_t kind;
    /**
     * Why the peer left: a PEERS_LEFT_* code. A later version may add some.
     */
    uint32_t reason;
    /**
     * The peer as it was when the event was raised; NULL in a PEERS_EVENT_RESYNC.
     */
    const struct peers_peer_t *peer;
} peers_event_t;

/**
 * How a node is. Filled by `peers_health`; begin with `PEERS_HEALTH_INIT`.
 *
 * Counters count from `peers_start` and do not wrap in practice.
 */
typedef struct peers_health_t {
    /**
     * `sizeof(peers_health_t)`, which `PEERS_HEALTH_INIT` sets. The library reads and writes no more bytes
     * than this, so that a program works with a library of another version.
     */
    size_t struct_size;
    /**
     * State of the node. PEERS_STATE_RUNNING, _DEGRADED or _FAILED.
     */
    uint32_t state;
    /**
     * What is wrong with the node, or a note about its network while it is running. PEERS_REASON_NONE if
     * there is neither; each PEERS_REASON_* says what to do.
     */
    uint32_t reason;
    /**
     * The reason in words; "" if there is none. NUL-terminated UTF-8.
     */
    char detail[256];
    /**
     * Milliseconds since the node last sent a datagram; UINT64_MAX before the first.
     */
    uint64_t last_send_age_ms;
    /**
     * Milliseconds since the node last received a datagram, its own included; UINT64_MAX before the first.
     */
    uint64_t last_receive_age_ms;
    /**
     * Number of interfaces in use.
     */
    uint64_t interfaces;
    /**
     * Number of entries in the registry.
     */
    uint64_t peers;
    /**
     * Datagrams sent.
     */
    uint64_t sent;
    /**
     * Sends that the system refused.
     */
    uint64_t send_errors;
    /**
     * Datagrams received, of every kind.
     */
    uint64_t received;
    /**
     * Received: the node's own messages, and legacy beacons with its name.
     */
    uint64_t looped_back;
    /**
     * Received and dropped: neither a message of the protocol nor a legacy beacon.
     */
    uint64_t malformed;
    /**
     * Peers refused because the registry was full.
     */
    uint64_t refused_full;
    /**
     * Datagrams lost because the node's queue on a memory network was full.
     */
    uint64_t dropped;
    /**
     * Times that the node reopened its sockets, or joined or left interfaces.
     */
    uint64_t sockets_reopened;
    /**
     * Events dropped because the queue was full; one resync event reports each loss.
     */
    uint64_t events_lost;
    /**
     * Received and dropped: messages of another cluster, and legacy beacons if the node does not use them.
     */
    uint64_t other_cluster;
    /**
     * Received and dropped: messages not newer than the known one of their sender (duplicates, replays).
     */
    uint64_t stale;
    /**
     * Received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no
     * keys. If it rises, another node has other keys, or none.
     */
    uint64_t wrong_key;
    /**
     * Replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or under
     * forged messages.
     */
    uint64_t rate_limited;
    /**
     * Received and dropped: datagrams from outside the links in use, while `hops` is 1.
     */
    uint64_t off_link;
    /**
     * Received by a node with keys: messages of an unlisted instance whose path is not validated. Each new
     * peer begins so. If it rises and no peer joins, recorded messages are replayed.
     */
    uint64_t unvalidated;
    /**
     * Received: messages with the instance id of the node that another node sent. If it rises, a clone of
     * this machine or process is there, or a host forges messages.
     */
    uint64_t id_conflicts;
} peers_health_t;

/**
 * An interface of the host and an address family. Read-only; lives as long as the list it is part of.
 */
typedef struct peers_interface_t {
    /**
     * Name of the interface.
     */
    const char *name;
    /**
     * Index of the interface.
     */
    uint32_t index;
    /**
     * Address family: 4 or 6.
     */
    uint32_t family;
    /**
     * PEERS_INTERFACE_*: whether the node uses it, and if not, why. A later version may add some.
     */
    uint32_t usage;
    /**
     * The usage in words; "" if the node uses it.
     */
    const char *why;
    /**
     * Kind of the interface: "loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network
     * card.
     */
    const char *kind;
    /**
     * Address that the node sends from, or would send from; "" if there is none.
     */
    const char *address;
    /**
     * Datagrams sent to the group through it.
     */
    uint64_t sent;
    /**
     * Received through it: the node's own datagrams, which the system loops back. If this stays 0 beside
     * `sent`, a firewall of this host drops them.
     */
    uint64_t looped_back;
    /**
     * Datagrams received through it, of every kind.
     */
    uint64_t received;
    /**
     * The last system call for it that failed, with its error; "" if none did.
     */
    const char *last_error;
} peers_interface_t;

/**
 * The interfaces of the host, as a node sees them. It does not change; free it with `peers_interfaces_free`.
 */
typedef struct peers_interfaces_t {
    /**
     * Number of records.
     */
    size_t len;
    /**
     * Bytes from one record to the next, at least `sizeof(peers_interface_t)` of the library's version.
     */
    size_t stride;
    /**
     * The first record. Use `peers_interfaces_at`, which keeps to `stride`.
     */
    const struct peers_interface_t *records;
} peers_interfaces_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the fixed text of a status, for example "registry is full" for `PEERS_ERR_FULL`.
 *
 * Never NULL: a number that is no status gives "unknown status". The text is static; do not free it.
 * Thread-safe. Needs no node.
 */
const char *peers_strerror(int32_t status);

/**
 * Returns why the last failed call of the calling thread failed.
 *
 * The text names the call and the value, and says what would be right, for example `peers_start: interface "eth7" does not
 * exist; there are: lo, eth0`. Before the first failure it is "". It is never NULL. A successful call does not change it;
 * the next failed call of the thread does. Each thread has one buffer of 512 bytes, which stays valid until the thread ends;
 * do not free it. A longer text is cut between two characters. Thread-safe. Needs no node.
 */
const char *peers_last_error(void);

/**
 * Returns the version of the library that is running, for example "0.1.0".
 *
 * `PEERS_VERSION` is the version of the header that the caller was compiled with. The text is static; do not free it.
 * Thread-safe. Needs no node.
 */
const char *peers_version(void);

/**
 * Starts a node. It announces itself at once and then in every interval, and lists the peers that it receives.
 *
 * With its first announcement it queries the group. The other nodes reply, so the list fills within milliseconds.
 *
 * With `config` NULL all options have their defaults. On success `*node` is a handle that the caller ends with
 * `peers_free`. On a machine without a network the node is degraded (see `peers_health`) until one comes up.
 *
 * Errors: PEERS_ERR_NULL (`node`, or a `value` or `keys` with a length), PEERS_ERR_SIZE, PEERS_ERR_UTF8, PEERS_ERR_INVALID,
 * PEERS_ERR_TOO_LARGE (name, cluster or value), PEERS_ERR_UNSUPPORTED, PEERS_ERR_INTERFACE,
 * PEERS_ERR_ADDRESS_IN_USE, PEERS_ERR_PERMISSION, PEERS_ERR_SYSTEM. Thread-safe; does not wait for the network.
 *
 * Arguments: `config` is NULL or as documented at `peers_config_t`; `node` is NULL or points to a writable pointer.
 */
int32_t peers_start(const struct peers_config_t *config,
                    struct peers_t **node);

/**
 * Lists a local entry. Nothing is sent to other nodes.
 *
 * The entry raises events as a peer does, and expires after `ttl_ms` milliseconds. A second registration of its key replaces the
 * value and renews the entry. `peers_unregister` removes it. `peers_register_at` lists an entry with an address or a port.
 *
 * `key` is the name of the entry: NUL-terminated UTF-8, 1 to 255 bytes, no control characters, not the node's own name. `value`
 * is `value_len` bytes, at most 1024, and may be NULL if that is 0. `ttl_ms` 0 is the node's expiry. The call copies its inputs.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_UTF8, PEERS_ERR_INVALID,
 * PEERS_ERR_TOO_LARGE, PEERS_ERR_FULL (a new key, and the registry holds `max_peers`), PEERS_ERR_FAILED,
 * PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
 *
 * Arguments: `key` is NULL or NUL-terminated; `value` is NULL or points to `value_len` readable bytes.
 */
int32_t peers_register(struct peers_t *node,
                       const char *key,
                       const void *value,
                       size_t value_len,
                       uint32_t ttl_ms);

/**
 * Lists a local entry that may have an address and a port. Nothing is sent to other nodes.
 *
 * A second registration of a key replaces value, address and port, and renews the entry. Otherwise as `peers_register`.
 *
 * Errors: PEERS_ERR_NULL (`entry`, its `key`, or a `value` with a length), PEERS_ERR_SIZE, PEERS_ERR_UTF8, PEERS_ERR_INVALID
 * (key, address or port), PEERS_ERR_INTERFACE (the zone of the address), PEERS_ERR_TOO_LARGE, PEERS_ERR_FULL (a new key, and the
 * registry holds `max_peers`), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait
 * for the network.
 *
 * Arguments: `entry` is NULL or as documented at `peers_entry_t`.
 */
int32_t peers_register_at(struct peers_t *node,
                          const struct peers_entry_t *entry);

/**
 * Removes a registered entry. It raises PEERS_EVENT_LEFT with PEERS_LEFT_UNREGISTERED. Nothing is sent.
 *
 * `key` is NUL-terminated UTF-8, as in the registration. If legacy beacons of that name arrive as well, the next one lists
 * the entry again.
 *
 * Errors: PEERS_ERR_NOT_FOUND (no entry of this key is registered, or it has expired), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
 * PEERS_ERR_FORKED, PEERS_ERR_UTF8, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
 *
 * Arguments: `key` is NULL or NUL-terminated.
 */
int32_t peers_unregister(struct peers_t *node,
                         const char *key);

/**
 * Replaces the value that the node announces. The other nodes raise PEERS_EVENT_UPDATED.
 *
 * The node announces it at once, or 100 ms after the last change. Of several changes within that time it announces only
 * the latest. `value` may be NULL if `value_len` is 0, for no value. The limit is that of `value` in `peers_config_t`. The
 * call copies the bytes. Legacy nodes do not receive it: a legacy beacon has no value.
 *
 * Errors: PEERS_ERR_TOO_LARGE (the value does not fit beside the node's name and cluster; `peers_last_error` has
 * its length and the limit; the value stays as it was), PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
 * PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
 *
 * Arguments: `value` is NULL or points to `value_len` readable bytes.
 */
int32_t peers_set_value(struct peers_t *node,
                        const void *value,
                        size_t value_len);

/**
 * Replaces the keys of a node that was started with keys. No peer leaves by it.
 *
 * `keys` has `keys_count` times 32 bytes, 1 to 8 keys. The first one seals from now on, and all open. To change the key of a
 * cluster, do three rounds over its nodes: the new key behind the old one; the new key before the old one; the new key only.
 * The call copies the bytes, and wipes its copies of the former keys.
 *
 * Errors: PEERS_ERR_NULL (`keys`, with a count), PEERS_ERR_INVALID (no key, more than 8, a pointer without a count, or
 * the node was started without keys), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. An
 * error changes no key. Thread-safe; does not wait for the network.
 *
 * Arguments: `keys` is NULL or points to `keys_count` times 32 readable bytes.
 */
int32_t peers_set_keys(struct peers_t *node,
                       const void *keys,
                       size_t keys_count);

/**
 * Replaces the seeds of a node that was started with `seeds`, or in a `mode` that has them.
 *
 * `seeds` is a list as in `peers_config_t`; NULL or "" is none. The node queries new seeds at once. It sends nothing more to
 * seeds that are left out. A peer there expires, unless it has this node as a seed. The call copies the text.
 *
 * Errors: PEERS_ERR_INVALID (one of the list is no `host:port`, there are more than 1024, the node takes no seeds, or one of a
 * node with PEERS_MANUAL_CLOCK has a name), PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
 * PEERS_ERR_FAILED, PEERS_ERR_STOPPED. An error changes no seed. Thread-safe; does not wait for the network, nor
 * for names to be resolved.
 *
 * Arguments: `seeds` is NULL or NUL-terminated.
 */
int32_t peers_set_seeds(struct peers_t *node,
                        const char *seeds);

/**
 * Advances the time of a node with PEERS_MANUAL_CLOCK by `ms` milliseconds.
 *
 * It does all that is due in that time, in order, before it returns: announcements, probes, expiries. Each node has its own time.
 * A node that is not advanced sends nothing, and expires at the others.
 *
 * Errors: PEERS_ERR_INVALID (the node runs on the system's clock), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
 * PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe.
 */
int32_t peers_advance(struct peers_t *node,
                      uint32_t ms);

/**
 * Ends the node: it sends a goodbye, ends its thread, and frees its memory and descriptors. NULL is a no-op.
 *
 * Peers that receive the goodbye remove the node from their lists at once, with PEERS_LEFT_GOODBYE. Legacy nodes ignore it, and
 * list the node until it expires.
 *
 * Later calls with the handle give PEERS_ERR_HANDLE, a second `peers_free` as well. Another thread's call that waits in
 * `peers_next_event`, `peers_wait` or `peers_subscription_next` returns PEERS_ERR_STOPPED. Lists and events stay valid. The
 * log function is not called after the return. A `peers_free` in the log function of the same node gives PEERS_ERR_DEADLOCK,
 * and the node runs on.
 *
 * In a forked child it closes the child's copies of the node's descriptors, so that the child holds no port. It sends no
 * goodbye, and the parent's node runs on. Descriptors that a thread of the parent used at the fork stay open, and the memory
 * stays allocated.
 *
 * Errors: PEERS_ERR_HANDLE, PEERS_ERR_DEADLOCK. Thread-safe; blocks until the node's thread has ended, which takes milliseconds,
 * and until a log function has returned.
 */
int32_t peers_free(struct peers_t *node);

/**
 * Returns a snapshot of the live peers, ordered by name and then by id. The node itself is not listed.
 *
 * On success `*list` is a snapshot that the caller owns and frees with `peers_list_free`. It stays valid after the node is
 * freed.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
 * does not wait for the network.
 *
 * Arguments: `list` is NULL or points to a writable pointer.
 */
int32_t peers_list(struct peers_t *node,
                   struct peers_list_t **list);

/**
 * Returns the node's own record, as a list of one: its name, id, value and port, as it announces them.
 *
 * Its source is PEERS_SOURCE_SELF. Its `addresses` are those of all interfaces in use, link-local ones last. On success
 * `*list` is a snapshot that the caller owns and frees with `peers_list_free`. Its `version` is 0: `peers_wait` does not
 * wait for changes of it.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
 * does not wait for the network.
 *
 * Arguments: `list` is NULL or points to a writable pointer.
 */
int32_t peers_self(struct peers_t *node,
                   struct peers_list_t **list);

/**
 * Returns the record at `index` (from 0), or NULL if `index` is not below `list->len` or `list` is NULL.
 *
 * The record and its texts belong to the snapshot, and are valid until `peers_list_free`. Thread-safe.
 *
 * Arguments: `list` is NULL or a snapshot from `peers_list` or `peers_self` that was not freed.
 */
const struct peers_peer_t *peers_list_at(const struct peers_list_t *list, size_t index);

/**
 * Waits until the version of the node's list differs from `version`, the `version` of an earlier list.
 *
 * The version rises when a peer joins, is updated or leaves, and when an entry passes its deadline. A renewal does not
 * change it. The call takes no event, and any number of threads may wait. A loop that misses no change:
 *
 * ```c
 * uint64_t version = 0;
 * while (peers_wait(node, version, -1, &version) == PEERS_OK) {
 *     peers_list_t *list = NULL;
 *     if (peers_list(node, &list) != PEERS_OK) break;
 *     version = list->version;
 *     use(list);
 *     peers_list_free(list);
 * }
 * ```
 *
 * With `version` 0 the call returns at once. `timeout_ms`: 0 does not wait, a negative number waits without limit. The wait is in
 * real time, also on a node with a manual clock, which another thread advances meanwhile. On success `*now` is the present
 * version.
 *
 * Errors: PEERS_ERR_TIMEOUT if the version stayed the same; PEERS_ERR_STOPPED if the node is freed meanwhile; PEERS_ERR_NULL,
 * PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to `timeout_ms`.
 *
 * Arguments: `now` is NULL or points to a writable number.
 */
int32_t peers_wait(struct peers_t *node,
                   uint64_t version,
                   int32_t timeout_ms,
                   uint64_t *now);

/**
 * Frees a snapshot with its records and texts. NULL is a no-op. Free each snapshot once, on any thread, before or after its
 * node.
 *
 * Arguments: `list` is NULL or a snapshot from `peers_list` or `peers_self` that was not freed.
 */
void peers_list_free(struct peers_list_t *list);

/**
 * Waits for the next event and takes it from the queue.
 *
 * `timeout_ms`: 0 does not wait, a negative number waits without limit. The wait is in real time, also on a node with a
 * manual clock. Events come in order, each to one caller; `peers_subscribe` adds a reader that gets each event as well. The
 * queue has room for 1024. If it is full, all are dropped and one PEERS_EVENT_RESYNC takes their place.
 *
 * On success `*event` belongs to the caller, which frees it with `peers_event_free`.
 *
 * Errors: PEERS_ERR_TIMEOUT if no event came in time; PEERS_ERR_STOPPED if the node is freed meanwhile;
 * PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to `timeout_ms`.
 *
 * Arguments: `event` is NULL or points to a writable pointer.
 */
int32_t peers_next_event(struct peers_t *node,
                         int32_t timeout_ms,
                         struct peers_event_t **event);

/**
 * Frees an event and its peer. NULL is a no-op. Free each event once, on any thread, before or after its node.
 *
 * Arguments: `event` is NULL or an event from `peers_next_event` or `peers_subscription_next` that was not freed.
 */
void peers_event_free(struct peers_event_t *event);

/**
 * Returns a file descriptor that polls readable while events wait, for poll, epoll, libuv or asyncio.
 *
 * When it is readable, call `peers_next_event` with a timeout of 0 until PEERS_ERR_TIMEOUT. Do not read from the descriptor. On a
 * node with a manual clock it is also readable while datagrams wait for the next call. After the end of the node it stays
 * readable, so that an event loop sees the end.
 *
 * On success `*fd` is the descriptor; every call on a node gives the same one. `peers_free` closes it: remove it from your event
 * loop before that, and do not close it yourself.
 *
 * On Windows it is a SOCKET as an int: `(SOCKET)fd`, for WSAPoll, select, WSAEventSelect, libuv's uv_poll_init_socket or
 * asyncio's selector loop. There, and on macOS, it may poll readable although no event waits; the loop above then ends at
 * once.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_SYSTEM (no descriptor to be had).
 * Thread-safe; does not block.
 *
 * Arguments: `fd` is NULL or points to a writable int.
 */
int32_t peers_event_fd(struct peers_t *node,
                       int32_t *fd);

/**
 * Adds a reader of the node's events, with its own queue of 1024 and its own descriptor.
 *
 * Each reader gets every event. `peers_next_event` and `peers_event_fd` are the node's first reader. The new reader gets later
 * events only: call `peers_list` after this for the peers that are listed already. If its queue is full, the events of this queue
 * are dropped, and one PEERS_EVENT_RESYNC takes their place.
 *
 * On success `*subscription` is a handle that the caller ends with `peers_subscription_free`, before or after the node. It holds
 * memory of the node until then.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED.
 * Thread-safe; does not wait for the network.
 *
 * Arguments: `subscription` is NULL or points to a writable pointer.
 */
int32_t peers_subscribe(struct peers_t *node,
                        struct peers_subscription_t **subscription);

/**
 * Waits for the next event of a subscription and takes it from its queue; otherwise as `peers_next_event`.
 *
 * `timeout_ms`: 0 does not wait, a negative number waits without limit. On success `*event` belongs to the caller, which frees it
 * with `peers_event_free`. Of several threads that wait on one subscription, one gets the event.
 *
 * Errors: PEERS_ERR_TIMEOUT if no event came in time; PEERS_ERR_STOPPED if the node or the subscription is freed meanwhile,
 * or the node was freed before; PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to
 * `timeout_ms`.
 *
 * Arguments: `event` is NULL or points to a writable pointer.
 */
int32_t peers_subscription_next(struct peers_subscription_t *subscription,
                                int32_t timeout_ms,
                                struct peers_event_t **event);

/**
 * Returns a file descriptor that polls readable while events of the subscription wait; otherwise as `peers_event_fd`.
 *
 * When it is readable, call `peers_subscription_next` with a timeout of 0 until PEERS_ERR_TIMEOUT. On success `*fd` is the
 * descriptor; every call on a subscription gives the same one. `peers_subscription_free` closes it: remove it from your
 * event loop before that, and do not close it yourself.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED, PEERS_ERR_SYSTEM (no
 * descriptor to be had). Thread-safe; does not block.
 *
 * Arguments: `fd` is NULL or points to a writable int.
 */
int32_t peers_subscription_fd(struct peers_subscription_t *subscription,
                              int32_t *fd);

/**
 * Ends a subscription and drops its queue. NULL is a no-op. The node runs on.
 *
 * Later calls with the handle give PEERS_ERR_HANDLE. A call that waits in `peers_subscription_next` returns
 * PEERS_ERR_STOPPED. Events that were taken stay valid. In a forked child the subscription of the parent goes on.
 *
 * Errors: PEERS_ERR_HANDLE. Thread-safe; does not block.
 */
int32_t peers_subscription_free(struct peers_subscription_t *subscription);

/**
 * Fills in the health of the node: running, degraded or failed, why in a code and in words, and its counters.
 *
 * `health` belongs to the caller and begins with its `struct_size`; a shorter struct of an older caller is
 * filled as far as it goes, and what a longer one has more is set to zero. Works on a failed node.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_SIZE (`struct_size` is below 16 or
 * above 4096). Thread-safe; does not block.
 *
 * Arguments: `health` is NULL or points to `struct_size` writable bytes.
 */
int32_t peers_health(struct peers_t *node, struct peers_health_t *health);

/**
 * Returns the interfaces of the host, each by IPv4 and by IPv6, as the node saw them last.
 *
 * A record says whether the node uses the interface, and if not, why. It has counters and the last error. Interfaces with a
 * default route come first. A node on a memory network, or without multicast, counts nothing there. On success `*interfaces`
 * is a list that the caller owns and frees with `peers_interfaces_free`. It stays valid after the node is freed.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED. Works on a failed node. Thread-safe; does not wait for the network.
 *
 * Arguments: `interfaces` is NULL or points to a writable pointer.
 */
int32_t peers_interfaces(struct peers_t *node,
                         struct peers_interfaces_t **interfaces);

/**
 * Returns the record at `index` (from 0), or NULL if `index` is not below `interfaces->len` or `interfaces` is NULL.
 *
 * The record and its texts belong to the list, and are valid until `peers_interfaces_free`. Thread-safe.
 *
 * Arguments: `interfaces` is NULL or a list from `peers_interfaces` that was not freed.
 */
const struct peers_interface_t *peers_interfaces_at(const struct peers_interfaces_t *interfaces,
                                                    size_t index);

/**
 * Frees a list of interfaces. NULL is a no-op. Free each list once, on any thread, before or after its node.
 *
 * Arguments: `interfaces` is NULL or a list from `peers_interfaces` that was not freed.
 */
void peers_interfaces_free(struct peers_interfaces_t *interfaces);

/**
 * Reads the value of a key from `txt_len` bytes in the TXT format of DNS-SD (RFC 6763, section 6).
 *
 * The format is a sequence of strings `key=value` or `key`, each of up to 255 bytes behind a byte with its length. `key` is
 * NUL-terminated: 1 or more printable ASCII characters except `=`. Its case does not matter. Of several strings of a key the
 * first counts.
 *
 * On success `*value` points to the value inside `txt`, without a NUL behind it, and `*value_len` is its number of bytes. An empty
 * value gives a pointer and 0, a key without a value NULL and 0.
 *
 * Errors: PEERS_ERR_NOT_FOUND (`txt` does not have the key), PEERS_ERR_INVALID (`txt` is not in the format, or `key` is no key),
 * PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_TOO_LARGE (`txt_len` is more than memory can hold). Thread-safe. Needs no node.
 *
 * Arguments: `txt` is NULL or points to `txt_len` readable bytes; `key` is NULL or NUL-terminated; `value` and `value_len` are NULL or can be
 * written.
 */
int32_t peers_txt_get(const void *txt,
                      size_t txt_len,
                      const char *key,
                      const void **value,
                      size_t *value_len);

/**
 * Writes a key and its value into a buffer in the TXT format of `peers_txt_get`. It replaces each string of the same key.
 *
 * `txt` has room for `capacity` bytes. `*txt_len` is the number of bytes in use, before and after the call; begin with 0.
 * These bytes are a `value` for `peers_config_t` or `peers_set_value`. With `value` NULL the key has no value; with another
 * `value` and `value_len` 0 its value is empty. The value must not be in the buffer. The call allocates no memory, except
 * for the text of an error.
 *
 * Errors: PEERS_ERR_TOO_LARGE (key and value have more than 254 bytes, a key alone more than 255, or the buffer is too
 * small), PEERS_ERR_INVALID (`key` is no key, `*txt_len` is more than `capacity`, or the bytes in use are not in the
 * format), PEERS_ERR_NULL, PEERS_ERR_UTF8. An error changes neither the buffer nor `*txt_len`. Thread-safe. Needs no
 * node.
 *
 * Arguments: `txt` is NULL or points to `capacity` bytes that can be read and written; `txt_len` is NULL or can be read and written; `key` is
 * NULL or NUL-terminated; `value` is NULL or points to `value_len` readable bytes outside of `txt`.
 */
int32_t peers_txt_put(void *txt,
                      size_t capacity,
                      size_t *txt_len,
                      const char *key,
                      const void *value,
                      size_t value_len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PEERS_H */
