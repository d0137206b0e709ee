/*
 * libpeers: find the other instances of your program on the local network.
 *
 * Four calls do the main job:
 *
 *     peers_t *node = NULL;
 *     if (peers_start(NULL, &node) != PEERS_OK) { puts(peers_last_error()); return 1; }
 *     peers_list_t *list = NULL;
 *     if (peers_list(node, &list) == PEERS_OK) {
 *         for (size_t i = 0; i < list->len; i++) puts(peers_list_at(list, i)->name);
 *         peers_list_free(list);
 *     }
 *     peers_free(node);
 *
 * Rules that hold for every call:
 *
 * Status      A call that can fail returns int32_t: PEERS_OK (0), or a negative PEERS_ERR_* constant whose number
 *             never changes. peers_strerror() has its fixed text, peers_last_error() the calling thread's details.
 *             Outputs are written only on success. Any call may return PEERS_ERR_FAILED after an internal error.
 * Handles     A peers_t pointer is a token: a stale, freed or made-up one gives PEERS_ERR_HANDLE.
 * Ownership   Inputs are copied during the call. What a call hands out (a snapshot, an event) belongs to the caller
 *             until it is given to the matching _free; it is read-only, and outlives the node.
 * Threads     Every call may be made from any thread. A node has one internal thread, named "peers", in which all
 *             signals are blocked.
 * Log         The library prints nothing. `log` in peers_config_t receives what there is to say.
 * fork        In a forked child every call on a handle of the parent gives PEERS_ERR_FORKED; only peers_free may be
 *             used on it. A new peers_start works.
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
    { sizeof(peers_config_t), NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, \
      0, 0, 0, 0 }
#define PEERS_HEALTH_INIT \
    { sizeof(peers_health_t), 0, 0, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }


/**
 * The call did what it says.
 */
#define PEERS_OK 0

/**
 * A pointer that must not be NULL was NULL.
 */
#define PEERS_ERR_NULL -1

/**
 * The handle is no live node: it was freed already, or never came from `peers_start`.
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
 * The UDP port is held by a socket that does not share it (one opened without SO_REUSEADDR; on
 * Windows, with SO_EXCLUSIVEADDRUSE).
 */
#define PEERS_ERR_ADDRESS_IN_USE -9

/**
 * The system does not permit what was asked.
 */
#define PEERS_ERR_PERMISSION -10

/**
 * The system refused for another reason, which `peers_last_error` gives.
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
 * The node was freed, by another thread, while this call was under way.
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
 * Log level: the node has failed.
 */
#define PEERS_LOG_ERROR 1

/**
 * Log level: part of the node's work is failing.
 */
#define PEERS_LOG_WARN 2

/**
 * Log level: what happens now and then: the start, changes of the network, the end of a trouble.
 */
#define PEERS_LOG_INFO 3

/**
 * Log level: peers that come and go; at most 100 lines a second.
 */
#define PEERS_LOG_DEBUG 4

/**
 * Flag of `peers_config_t`: the node's time stands still until `peers_advance` moves it.
 *
 * For tests. Such a node has no thread: it runs inside the calls made on it, so every run is the same. It needs
 * a memory network.
 */
#define PEERS_MANUAL_CLOCK 1

/**
 * Flag of `peers_config_t`: the node neither sends nor hears by IPv4, and `group_v4` is not used.
 */
#define PEERS_NO_IPV4 2

/**
 * Flag of `peers_config_t`: the node neither sends nor hears by IPv6, and `group_v6` is not used.
 */
#define PEERS_NO_IPV6 4

/**
 * Flag of `peers_config_t`: the node sends no legacy beacon, "multitastic:NAME", and ignores those of others.
 */
#define PEERS_NO_LEGACY 8

/**
 * Mode of `peers_config_t`: peers are found by multicast, on the local network; with `seeds`, by these as well.
 */
#define PEERS_MODE_MULTICAST 1

/**
 * Mode of `peers_config_t`: peers are found by unicast, with seeds and with those who have this node for a seed. Joined to
 * PEERS_MODE_MULTICAST by `|` both ways go together; alone, no multicast is sent, and none heard.
 */
#define PEERS_MODE_SEEDS 2

/**
 * Mode of `peers_config_t`, which goes with no other: the nodes are a cluster whose members know of one another by the SWIM
 * protocol, over unicast alone. Any one seed that answers is enough to join. For more than some 200 nodes. A library that is
 * built without the cargo feature "swim" gives PEERS_ERR_UNSUPPORTED.
 */
#define PEERS_MODE_SWIM 4

/**
 * Source: heard by a message of the native protocol.
 */
#define PEERS_SOURCE_MULTICAST 1

/**
 * Source: a legacy beacon, "multitastic:NAME".
 */
#define PEERS_SOURCE_LEGACY 2

/**
 * Source: put there by `peers_register`.
 */
#define PEERS_SOURCE_REGISTERED 3

/**
 * Source: heard by a message of the native protocol that came to this node alone, and not yet by multicast: it is a seed, or
 * has this node for one.
 */
#define PEERS_SOURCE_UNICAST 4

/**
 * Source: a member of the cluster, as the SWIM protocol has it (PEERS_MODE_SWIM).
 */
#define PEERS_SOURCE_GOSSIP 5

/**
 * Event: a peer was heard, or registered, that was not listed before.
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
 * Event: events were lost, because they were not read and the queue was full. Call `peers_list` for the state
 * as it is.
 */
#define PEERS_EVENT_RESYNC 4

/**
 * Reason of an event that is not PEERS_EVENT_LEFT.
 */
#define PEERS_LEFT_NONE 0

/**
 * Reason of PEERS_EVENT_LEFT: the peer said that it ends.
 */
#define PEERS_LEFT_GOODBYE 1

/**
 * Reason of PEERS_EVENT_LEFT: the peer was not heard, nor registered again, for its expiry time, and did not answer when it was asked.
 */
#define PEERS_LEFT_EXPIRED 2

/**
 * Reason of PEERS_EVENT_LEFT: two probes in a row were answered with ICMP port or host unreachable.
 */
#define PEERS_LEFT_UNREACHABLE 3

/**
 * Health state: the node announces itself and hears.
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
 * Health reason: nothing is wrong.
 */
#define PEERS_REASON_NONE 0

/**
 * Health reason: no interface that may be used is up. The node looks again when the system tells of a change, and
 * at every announcement.
 */
#define PEERS_REASON_NO_INTERFACE 1

/**
 * Health reason: nothing was heard for the expiry time, not even the node's own announcements.
 */
#define PEERS_REASON_NOT_RECEIVING 2

/**
 * Health reason: the most recent announcement could not be sent through every interface.
 */
#define PEERS_REASON_SEND_FAILS 3

/**
 * Health reason: the system does not permit sending, or joining the group.
 */
#define PEERS_REASON_PERMISSION 4

/**
 * Health reason: the system did not let the node join the group on every interface.
 */
#define PEERS_REASON_MULTICAST_JOIN 5

/**
 * Health reason: the node met an internal error, of the library or of the program around it, and no longer works. `detail`
 * has what is known.
 */
#define PEERS_REASON_INTERNAL 6

/**
 * Health reason: the name of a seed cannot be resolved. It is tried again every minute; the other seeds, and the addresses
 * that a name had before, are spoken to all the same.
 */
#define PEERS_REASON_RESOLVER 7

/**
 * A running node. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
 * PEERS_ERR_HANDLE.
 */
typedef struct peers_t peers_t;

/**
 * Receives a node's log, one line a call and in order: one of the PEERS_LOG_* levels, and NUL-terminated UTF-8 without
 * control characters, which lives as long as the call. The words may change with every version.
 *
 * It is called on the node's internal thread, or on a calling thread if the node has PEERS_MANUAL_CLOCK; never while a
 * lock of the node is held, and never by two threads at once; the first call may come before `peers_start` has
 * returned. It may make every call on the node but `peers_free`, which
 * gives PEERS_ERR_DEADLOCK. While it runs, the node neither hears nor sends: do not take long in it, and do not wait for
 * events or for another thread that frees the node. No call comes after `peers_free` has returned. It must neither throw
 * an exception nor leave by longjmp; a child forked in it must not return from it.
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
     * `sizeof(peers_config_t)`, which `PEERS_CONFIG_INIT` sets. It tells the library which fields the caller
     * was compiled with.
     */
    size_t struct_size;
    /**
     * The name this node announces: 1 to 255 bytes, no control characters. Default: the host name. It need not be
     * unique: two processes of one name, on one host or on two, are two peers, which `id` tells apart.
     */
    const char *name;
    /**
     * Only nodes of the same cluster list each other: at most 255 bytes, no control characters. Default: "". The
     * nodes of a cluster with a name send no legacy beacon, which has no cluster.
     */
    const char *cluster;
    /**
     * Bytes announced with the name: a version, a role, a path, whatever the peers should know. NULL for none, and
     * then `value_len` is 0. `peers_set_value` replaces it.
     */
    const void *value;
    /**
     * Number of bytes in `value`. Name, cluster and value share one datagram: there is room for 1050 bytes less those
     * of the name and the cluster, so always for 540; with PEERS_MODE_SWIM for 128 bytes less.
     */
    size_t value_len;
    /**
     * The interfaces to use: comma-separated names, `*` stands for any characters ("eth*,wlan0"). Default: every
     * interface that is up and can multicast, or loopback when there is none. On Windows the names are those that the
     * system shows: "Ethernet", "Wi-Fi*".
     */
    const char *interfaces;
    /**
     * Where the node lives. Default: the local network. "memory:NAME" is a network inside this process, shared
     * by the nodes that give the same NAME, for tests.
     */
    const char *network;
    /**
     * The IPv4 multicast group, 224.0.0.0 to 239.255.255.255. Default: "239.2.3.4".
     */
    const char *group_v4;
    /**
     * The IPv6 multicast group. Default: "ff12::ef02:304". A system without IPv6 is no error: IPv4 remains.
     */
    const char *group_v6;
    /**
     * The secrets of the cluster: `keys_count` times 32 bytes, one key after the other, from a good source of randomness
     * (`head -c 32 /dev/urandom`). With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one of
     * them list each other, and nobody else can read names and values, speak for a node or end it. The first seals and
     * all open; `peers_set_keys` replaces them. Such a node sends no legacy beacon. NULL for none.
     *
     * The library reads keys from here alone, from no file and no environment. It wipes its copies when they are not
     * needed any more; wipe yours after the call.
     */
    const void *keys;
    /**
     * Number of keys, 1 to 8; 0 for none, and then `keys` is NULL.
     */
    size_t keys_count;
    /**
     * Where to find peers that multicast does not reach: comma-separated `host:port`, at most 1024, with a name, an IPv4 address
     * or an IPv6 address in brackets, and the `unicast_port` of the nodes there ("10.0.1.5:49002,peers.example:49002").
     * Default: none.
     *
     * Two nodes list each other if one has the other for a seed, whose mode has seeds as well; with PEERS_MODE_SWIM, if seeds have
     * joined both to one cluster. Names are resolved on a thread of their own, and again every minute (with a shorter `interval_ms`, every four of these); a name with several addresses is several seeds. One that
     * cannot be resolved shows in `peers_health`. A seed that is no node costs a datagram an interval and is not listed.
     * `peers_set_seeds` replaces them.
     */
    const char *seeds;
    /**
     * Called with each line of the node's log. Default: NULL, nothing is logged.
     */
    peers_log_fn log;
    /**
     * Passed to `log` as it is. It has to hold until `peers_free` has returned, or `peers_start` has failed.
     */
    void *log_context;
    /**
     * The most detailed level passed to `log`: PEERS_LOG_ERROR to PEERS_LOG_DEBUG. Default: PEERS_LOG_INFO.
     */
    uint32_t log_level;
    /**
     * Milliseconds between two announcements, 10 to 3600000 (an hour). Default: 15000.
     */
    uint32_t interval_ms;
    /**
     * Milliseconds after which a peer that was not heard is gone: longer than `interval_ms`, at most 86400000
     * (a day). Default: 35000. It is announced, and holds at the others. Also the silence after which the node's own
     * sockets are opened anew.
     */
    uint32_t expiry_ms;
    /**
     * The most entries the registry holds. A newcomer beyond it is refused and counted. Default: 65536.
     */
    uint32_t max_peers;
    /**
     * `PEERS_MANUAL_CLOCK`, `PEERS_NO_IPV4`, `PEERS_NO_IPV6` and `PEERS_NO_LEGACY`, joined by `|`, or 0. One of
     * IPv4 and IPv6 has to stay on. A flag that the library does not know gives PEERS_ERR_UNSUPPORTED.
     */
    uint32_t flags;
    /**
     * How many routers an announcement may cross (the multicast TTL or hop limit), 1 to 255. Default: 1, the local network.
     */
    uint32_t hops;
    /**
     * The UDP port of both groups, 1 to 65535. Default: 49001. The processes of a host share it.
     */
    uint32_t port;
    /**
     * The port at which this program offers its service, 1 to 65535, announced with the name: `port` in the peers'
     * lists. Default: none.
     */
    uint32_t service_port;
    /**
     * By which ways peers are found: PEERS_MODE_MULTICAST, PEERS_MODE_SEEDS, both joined by `|`, or PEERS_MODE_SWIM. Default:
     * PEERS_MODE_MULTICAST, and PEERS_MODE_SEEDS too if there are `seeds`.
     */
    uint32_t mode;
    /**
     * The UDP port of the node's own socket, 1 to 65535, from which it sends and by which it is reached alone: that a firewall
     * can be opened for it, and others can have this node for a seed. One node of a host can have it, and with multicast it
     * is not `port`. Default: the system chooses. On a memory network it has no meaning.
     */
    uint32_t unicast_port;
} peers_config_t;

/**
 * One peer, as it was when the snapshot was taken or the event raised. Read-only; lives as long as the snapshot
 * or the event it is part of.
 */
typedef struct peers_peer_t {
    /**
     * Its name, NUL-terminated UTF-8. Two peers may have the same; `id` tells them apart.
     */
    const char *name;
    /**
     * Its value: `value_len` bytes, then a NUL that does not count. Never NULL.
     */
    const void *value;
    /**
     * Number of bytes in `value`.
     */
    size_t value_len;
    /**
     * The IP address it was heard from, as text ("192.0.2.7", "2001:db8::7"); "" for one that was only registered. A
     * peer that is heard from several has the one it was first heard from, for as long as it is heard from it.
     */
    const char *address;
    /**
     * Milliseconds since it was last heard or registered.
     */
    uint64_t age_ms;
    /**
     * Milliseconds until it is gone unless it is heard again; 0 in an event of one that left.
     */
    uint64_t expires_in_ms;
    /**
     * PEERS_SOURCE_*: what last told of it.
     */
    uint32_t source;
    /**
     * Index of the interface it was heard through (see if_indextoname), the scope of a link-local address; 0 when
     * unknown or only registered.
     */
    uint32_t interface_index;
    /**
     * The port at which it offers its service; 0 when it announces none.
     */
    uint16_t port;
    /**
     * The random id of this run of it; all zero when unknown, as with legacy nodes and registered entries.
     */
    uint8_t id[16];
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
} peers_list_t;

/**
 * One change of the registry. Free it with `peers_event_free`.
 */
typedef struct peers_event_t {
    /**
     * PEERS_EVENT_JOINED, _UPDATED, _LEFT or _RESYNC. A later version may add kinds: ignore those you do not
     * know.
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
     * `sizeof(peers_health_t)`, which `PEERS_HEALTH_INIT` sets. The library fills no more than this.
     */
    size_t struct_size;
    /**
     * `PEERS_STATE_RUNNING`, `_DEGRADED` or `_FAILED`.
     */
    uint32_t state;
    /**
     * `PEERS_REASON_NONE`, or what is wrong.
     */
    uint32_t reason;
    /**
     * The reason in words, NUL-terminated UTF-8; "" when nothing is wrong.
     */
    char detail[256];
    /**
     * Milliseconds since a datagram was last sent; UINT64_MAX before the first.
     */
    uint64_t last_send_age_ms;
    /**
     * Milliseconds since a datagram was last heard, the node's own included; UINT64_MAX before the first.
     */
    uint64_t last_receive_age_ms;
    /**
     * Interfaces in use.
     */
    uint64_t interfaces;
    /**
     * Entries in the registry.
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
     * Received: the node's own messages, looped back, and legacy beacons with its name.
     */
    uint64_t looped_back;
    /**
     * Received: neither a message of the protocol nor a legacy beacon, and ignored.
     */
    uint64_t malformed;
    /**
     * Newcomers refused because the registry held `max_peers` entries.
     */
    uint64_t refused_full;
    /**
     * Datagrams lost because the node's queue on a memory network was full.
     */
    uint64_t dropped;
    /**
     * Times the sockets were opened anew, after silence, or interfaces were joined or left.
     */
    uint64_t sockets_reopened;
    /**
     * Events lost because the queue was full; each loss is told by one `PEERS_EVENT_RESYNC`.
     */
    uint64_t events_lost;
    /**
     * Received: messages of another cluster, and legacy beacons where the node sends none; ignored.
     */
    uint64_t other_cluster;
    /**
     * Received: messages not newer than what was known of their sender (duplicates, latecomers, replays), and ignored.
     */
    uint64_t stale;
    /**
     * Received: messages that none of the node's keys opens or that are not sealed; by a node without keys, sealed ones.
     * Ignored. Where they rise, somebody has another key or none.
     */
    uint64_t wrong_key;
    /**
     * Answers, challenges and questions not sent, because too many were asked for: somebody floods, or forges.
     */
    uint64_t rate_limited;
    /**
     * Received: datagrams from beyond the links in use, by a router, and ignored because `hops` is 1.
     */
    uint64_t off_link;
    /**
     * Received, by a node with keys: messages of an instance that is not listed and has answered no challenge. Each newcomer
     * begins so; where they rise and nobody comes, somebody replays what was recorded.
     */
    uint64_t unvalidated;
} peers_health_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The fixed text of a status, for example "registry is full" for `PEERS_ERR_FULL`.
 *
 * Never NULL: a number that is no status gives "unknown status". The text is static; do not free it.
 * Thread-safe. Needs no node.
 */
const char *peers_strerror(int32_t status);

/**
 * What went wrong in the calling thread's most recent failed call: a sentence that names the value and says
 * what would be right, for example "interface 'eth7' does not exist; there are: lo, eth0".
 *
 * Never NULL: before the first failure it is "". A successful call leaves it as it was. The text belongs to
 * the library and holds until the same thread's next failed call; do not free it. Thread-safe: each thread has
 * its own. Needs no node.
 */
const char *peers_last_error(void);

/**
 * The version of the library that is running, for example "0.1.0". Compare with `PEERS_VERSION`, the version of
 * the header the caller was compiled with.
 *
 * The text is static; do not free it. Thread-safe. Needs no node.
 */
const char *peers_version(void);

/**
 * Starts a node: it announces itself at once and then every interval, and lists the peers it hears.
 * With its announcement it asks who is there; the nodes that hear it answer, so the list fills within milliseconds.
 *
 * `config` may be NULL for defaults in everything. On success `*node` is a handle that the caller ends with
 * `peers_free`. A machine without a network is no error: the node is degraded (see `peers_health`) until one
 * comes up.
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
 * Puts an entry in the registry, exactly as if its beacon had been heard: it is listed, it raises events, and it
 * is gone after `ttl_ms` milliseconds unless it is registered again. A second registration of a key replaces the
 * value and renews the entry.
 *
 * `key` is the name the entry is listed under: NUL-terminated UTF-8, 1 to 255 bytes, no control characters, not
 * the node's own name. `value` is `value_len` bytes, at most 1024, and may be NULL when that is 0. `ttl_ms` 0
 * means the node's expiry. Everything is copied.
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
 * Announces another value from now on: `value_len` bytes in place of what `value` in `peers_config_t` or an earlier
 * call said. The peers that hear of it raise PEERS_EVENT_UPDATED.
 *
 * It is announced at once; a change within 100 ms of the last is held until these are over, and of several only the
 * latest is told. `value` may be NULL when `value_len` is 0, for no value. There is as much room as `value_len` of
 * `peers_config_t` says. The bytes are copied. Legacy nodes do not learn it: a legacy beacon has no value.
 *
 * Errors: PEERS_ERR_TOO_LARGE (the value does not fit beside the node's name and cluster; `peers_last_error` tells
 * its bytes and the room there is; the value stays as it was), PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
 * PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
 *
 * Arguments: `value` is NULL or points to `value_len` readable bytes.
 */
int32_t peers_set_value(struct peers_t *node,
                        const void *value,
                        size_t value_len);

/**
 * Replaces the keys of a node that was started with keys, without an outage: `keys_count` times 32 bytes, 1 to 8 keys, as
 * in `peers_config_t`. From now on the first seals and all open.
 *
 * To change the key of a cluster, do three rounds over its nodes: give each the new key behind the old one, then the new
 * one before the old one, then the new one alone. The bytes are copied, and the copies of the former keys wiped.
 *
 * Errors: PEERS_ERR_NULL (`keys`, with a count), PEERS_ERR_INVALID (no key, more than 8, a pointer without a count, or
 * the node was started without keys), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. After an
 * error the keys are as they were. Thread-safe; does not wait for the network.
 *
 * Arguments: `keys` is NULL or points to `keys_count` times 32 readable bytes.
 */
int32_t peers_set_keys(struct peers_t *node,
                       const void *keys,
                       size_t keys_count);

/**
 * Replaces the seeds of a node that was started with `seeds`, or in a `mode` that has them: a list as in `peers_config_t`;
 * NULL or "" for none.
 *
 * Those that are new are asked at once. Those that are left out are told nothing from now on; a peer there expires, unless
 * it has this node for a seed. The text is copied.
 *
 * Errors: PEERS_ERR_INVALID (one of the list is no `host:port`, there are more than 1024, the node takes no seeds, or one of a
 * node with PEERS_MANUAL_CLOCK has a name), PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
 * PEERS_ERR_SYSTEM (no thread can be started), PEERS_ERR_FAILED, PEERS_ERR_STOPPED. After an error the seeds are as they
 * were. Thread-safe; does not wait for the network, nor for names to be resolved.
 *
 * Arguments: `seeds` is NULL or NUL-terminated.
 */
int32_t peers_set_seeds(struct peers_t *node,
                        const char *seeds);

/**
 * Moves the time of a node with PEERS_MANUAL_CLOCK on by `ms` milliseconds and does all that falls due on the
 * way, in order: announcements, questions, expiries. When it returns, all of it has happened.
 *
 * Each node has a time of its own: one that is not advanced falls silent, and expires at the others.
 *
 * Errors: PEERS_ERR_INVALID (the node runs on the system's clock), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
 * PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe.
 */
int32_t peers_advance(struct peers_t *node, uint32_t ms);

/**
 * Ends the node: it says goodbye, its thread ends, and all it holds is released. NULL is a no-op.
 *
 * The peers that hear the goodbye drop the node from their lists at once, with PEERS_LEFT_GOODBYE. Legacy nodes'
 * nodes do not understand it, and keep the name until their expiry; so do all after a process that ended without
 * this call.
 *
 * The handle is dead at once: later calls with it, a second `peers_free` among them, give PEERS_ERR_HANDLE.
 * Calls that other threads have under way end first; one that waits in `peers_next_event` returns
 * PEERS_ERR_STOPPED. Snapshots and events stay valid. The log function of the node is not called any more when this
 * returns; in a call of it, `peers_free` of the same node gives PEERS_ERR_DEADLOCK, and the node lives on.
 *
 * In a forked child it releases the memory and the descriptors of a parent's node and nothing more: no goodbye is
 * said, and the parent's node runs on. What a thread of the parent was busy with at the very moment of the fork is not released.
 *
 * Errors: PEERS_ERR_HANDLE, PEERS_ERR_DEADLOCK. Thread-safe; blocks for as long as the node's thread needs to end,
 * which is milliseconds, and a log function that is under way.
 */
int32_t peers_free(struct peers_t *node);

/**
 * A snapshot of the peers that are live now: every entry whose time has not run out, ordered by name and then
 * by id. The node itself is not listed.
 *
 * On success `*list` is a snapshot that the caller owns and frees with `peers_list_free`; it stays valid after
 * the node is freed.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
 * does not wait for the network.
 *
 * Arguments: `list` is NULL or points to a writable pointer.
 */
int32_t peers_list(struct peers_t *node,
                   struct peers_list_t **list);

/**
 * The record at `index` (from 0), or NULL when `index` is not below `list->len` or `list` is NULL.
 *
 * The record and the texts in it belong to the snapshot and live until `peers_list_free`. Thread-safe.
 *
 * Arguments: `list` is NULL or a snapshot from `peers_list` that was not freed.
 */
const struct peers_peer_t *peers_list_at(const struct peers_list_t *list, size_t index);

/**
 * Frees a snapshot. NULL is a no-op. Every record and text of it is gone afterwards. Each snapshot is freed
 * once, by any thread, before or after its node.
 *
 * Arguments: `list` is NULL or a snapshot from `peers_list` that was not freed.
 */
void peers_list_free(struct peers_list_t *list);

/**
 * Waits for the next event and takes it from the queue.
 *
 * `timeout_ms`: 0 does not wait, a negative number waits without limit. The wait is in real time even on a node
 * with a manual clock. Events come in the order they happened, each to one caller. The queue holds 1024; when it
 * is full all are dropped and one PEERS_EVENT_RESYNC takes their place.
 *
 * On success `*event` belongs to the caller, who frees it with `peers_event_free`.
 *
 * Errors: PEERS_ERR_TIMEOUT when nothing happened in time; PEERS_ERR_STOPPED when the node is freed meanwhile;
 * PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to `timeout_ms`.
 *
 * Arguments: `event` is NULL or points to a writable pointer.
 */
int32_t peers_next_event(struct peers_t *node,
                         int32_t timeout_ms,
                         struct peers_event_t **event);

/**
 * Frees an event. NULL is a no-op. The peer in it is gone afterwards. Each event is freed once, by any thread,
 * before or after its node.
 *
 * Arguments: `event` is NULL or an event from `peers_next_event` that was not freed.
 */
void peers_event_free(struct peers_event_t *event);

/**
 * A file descriptor that polls readable while events wait, for poll, epoll, libuv or asyncio. When it does, call
 * `peers_next_event` with a timeout of 0 until PEERS_ERR_TIMEOUT; do not read from the descriptor itself.
 *
 * On a node with a manual clock it is also readable while datagrams wait that the node has not looked at; the
 * next call on the node looks. When the node is stopped or fails, it stays readable, so that a loop learns it.
 *
 * On success `*fd` is the descriptor. It belongs to the node and is closed by `peers_free`: take it out of your
 * event loop before that, and do not close it. Every call on a node gives the same descriptor.
 *
 * On Windows, where there are no file descriptors, it is a SOCKET as an int: `(SOCKET)fd`, for WSAPoll, select,
 * WSAEventSelect, libuv's uv_poll_init_socket or asyncio's selector loop. There, and on macOS, it may now and then poll
 * readable when nothing waits; the loop above ends at once then.
 *
 * Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_SYSTEM (no descriptor to be had).
 * Thread-safe; does not block.
 *
 * Arguments: `fd` is NULL or points to a writable int.
 */
int32_t peers_event_fd(struct peers_t *node,
                       int32_t *fd);

/**
 * How the node is: running, degraded or failed, why in a code and in words, and what it has counted.
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

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PEERS_H */
