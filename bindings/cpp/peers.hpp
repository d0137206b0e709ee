/// libpeers for C++17: find the other instances of your program on the local network.
///
///     peers::node node;
///     for (const peers::peer& peer : node.list()) std::cout << peer.name << ' ' << peer.address << '\n';
///     while (std::optional<peers::event> event = node.next_event(std::chrono::minutes(1))) { ... }
///
/// A thin layer over peers.h, whose words hold here too. Rules for every item:
///
/// Errors      A call that fails throws peers::error, which has the status and a sentence with the details; the state is
///             then as it was before. Any call on a node may throw one with status::failed (an internal error),
///             status::forked (in a forked child: start a node of your own) or, once the node was stopped, status::handle.
///             Where memory runs out it is std::bad_alloc. What is noexcept never fails.
/// Ownership   What a call takes is copied. A list and an event own what they show: their std::string_view and
///             peers::peer live exactly as long as they do, through moves, and longer than the node. Take a std::string
///             of what has to live longer.
/// Threads     Every method of a node may be called from any thread, on the same node at once. To move it, to assign to it
///             and to destroy it, one thread must be alone with it: call stop() to end it under the others. A list
///             and an event are values: any number of threads may read one.
///
/// Link with -lpeers, and -pthread where threads are a library of their own (glibc before 2.34). Needs exceptions, no RTTI.
/// Defines no macro but those of peers.h.
#pragma once

#include <peers.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace peers {

/// Why a call failed. A later version of the library may give numbers that have no name here.
enum class status : std::int32_t {
    null = PEERS_ERR_NULL,                      ///< The node was moved from.
    handle = PEERS_ERR_HANDLE,                  ///< The node was stopped.
    size = PEERS_ERR_SIZE,                      ///< The library is older than the header and lacks an option that is set.
    utf8 = PEERS_ERR_UTF8,                      ///< A text is not UTF-8.
    invalid = PEERS_ERR_INVALID,                ///< A value is outside its range.
    too_large = PEERS_ERR_TOO_LARGE,            ///< A name, key or value is longer than its limit.
    unsupported = PEERS_ERR_UNSUPPORTED,        ///< This version or this platform does not have the feature.
    no_such_interface = PEERS_ERR_INTERFACE,    ///< An interface named in the options does not exist.
    address_in_use = PEERS_ERR_ADDRESS_IN_USE,  ///< The UDP port is held by a socket that does not share it.
    permission = PEERS_ERR_PERMISSION,          ///< The system does not permit what was asked.
    system = PEERS_ERR_SYSTEM,                  ///< The system refused for another reason.
    full = PEERS_ERR_FULL,                      ///< The registry holds max_peers entries.
    timeout = PEERS_ERR_TIMEOUT,                ///< Nothing happened in time. No call throws it.
    stopped = PEERS_ERR_STOPPED,                ///< The node was stopped while the call was under way.
    forked = PEERS_ERR_FORKED,                  ///< The node is one of the parent of this forked process.
    failed = PEERS_ERR_FAILED,                  ///< An internal error: the node no longer works.
    deadlock = PEERS_ERR_DEADLOCK,              ///< The node's own log function stops it, which would wait for itself.
    not_found = PEERS_ERR_NOT_FOUND,            ///< No entry of this name is registered.
};

/// The fixed text of a status, such as "registry is full"; "unknown status" for a number that is none. Static.
/// Thread-safe.
inline std::string_view to_string(status code) noexcept { return peers_strerror(static_cast<std::int32_t>(code)); }

/// The version of the library that is running, such as "0.1.0". Static. Thread-safe.
inline std::string_view version() noexcept { return peers_version(); }

/// What every call throws that fails. `what()` is a sentence that names the value and says what would be right.
class error : public std::runtime_error {
public:
    /// An error of this status, in these words.
    error(peers::status code, const std::string& words) : std::runtime_error(words), status_(code) {}

    /// Why the call failed.
    peers::status status() const noexcept { return status_; }

private:
    peers::status status_;
};

/// How much a line of the log matters.
enum class level : std::uint32_t {
    error = PEERS_LOG_ERROR,  ///< The node has failed.
    warn = PEERS_LOG_WARN,    ///< Part of the node's work is failing.
    info = PEERS_LOG_INFO,    ///< What happens now and then: the start, changes of the network, the end of a trouble.
    debug = PEERS_LOG_DEBUG,  ///< Peers that come and go; at most 100 lines a second.
};

/// Receives a node's log: one line a call and in order, UTF-8 without control characters, which lives as long as the call.
///
/// It is called on the node's thread, or on a calling thread with a manual clock; never by two threads at once, and first
/// perhaps before the node's constructor has returned. It may call everything on the node, but stop() throws
/// status::deadlock in it. While it runs the node neither hears nor sends. What it throws is dropped.
using log_function = std::function<void(level, std::string_view)>;

/// A secret of a cluster: 32 bytes from a good source of randomness. Wiped from memory when it is destroyed.
class key {
public:
    /// Number of bytes.
    static constexpr std::size_t size = 32;

    /// A copy of these bytes; wipe yours. Throws error with status::invalid if they are not 32.
    explicit key(std::string_view bytes) {
        if (bytes.size() != size)
            throw error(status::invalid, "a key has 32 bytes, and this has " + std::to_string(bytes.size()));
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    }
    key(const key&) = default;
    key& operator=(const key&) = default;
    ~key() {
        // Volatile, so that no compiler leaves it out for the bytes being about to end.
        for (volatile char& byte : bytes_) byte = 0;
    }

private:
    std::array<char, size> bytes_{};
};
static_assert(sizeof(key) == key::size, "peers.h takes keys one after the other, and so has a vector to hold them");

/// By which ways peers are found.
enum class mode : std::uint32_t {
    automatic = 0,                     ///< By multicast, and with seeds if there are any.
    multicast = PEERS_MODE_MULTICAST,  ///< On the local network.
    seeds = PEERS_MODE_SEEDS,          ///< By unicast alone, with seeds and with those who have this node for one.
    multicast_and_seeds = PEERS_MODE_MULTICAST | PEERS_MODE_SEEDS,  ///< Both ways together.
    swim = PEERS_MODE_SWIM,  ///< As members of a cluster, by unicast. One seed is enough to join. For more than some 200.
};

/// The options of a node. In every member an empty text or list, and zero, mean the default. Ranges are checked by the
/// node's constructor. In C++20 it takes them by name: `peers::node node({.name = "kitchen", .service_port = 8080});`
struct config {
    // generated: begin cpp/config
    /// Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host name. Two
    /// processes with the same name are two peers, which have different ids.
    std::string name = {};
    /// Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8 without control
    /// characters. Default: the unnamed cluster. The nodes of a named cluster do not use the legacy beacon, which does
    /// not carry the cluster.
    std::string cluster = {};
    /// Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most 1050
    /// bytes less those of the name and the cluster, hence always 540; 128 bytes less with mode::swim. Default: none.
    /// node::set_value() replaces it.
    std::string value = {};
    /// Network interfaces to use. Comma-separated names, in which `*` stands for any characters: "eth*,wlan0". Default:
    /// each interface that is up and can multicast, or loopback if there is none. On Windows the names are those that
    /// the system shows: "Ethernet", "Wi-Fi*".
    std::string interfaces = {};
    /// Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that give the
    /// same NAME. Default: the local network.
    std::string network = {};
    /// IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4.
    std::string group_v4 = {};
    /// IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no error: the
    /// node uses IPv4 alone.
    std::string group_v6 = {};
    /// Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
    /// /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one
    /// of them list each other. Without a key nothing can be read or forged. The first key seals, and all open;
    /// node::set_keys() replaces them. A node with keys does not use the legacy beacon. The library reads keys from
    /// here alone, from no file and no environment. It wipes its copies when it no longer needs them; wipe yours after
    /// the call.
    std::vector<key> keys = {};
    /// Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4 address or an
    /// IPv6 address in brackets, and the `unicast_port` of the node there. Default: none. Two nodes list each other if
    /// either one is a seed of the other; with mode::swim, if seeds join both to one cluster. The node resolves names
    /// every minute, or every four intervals if these are shorter. Each address of a name is a seed. A name that cannot
    /// be resolved shows in the node's health. Each seed costs one datagram per interval. node::set_seeds() replaces
    /// them.
    std::string seeds = {};
    /// Receives each line of the node's log. Default: none; nothing is logged, and the library prints nothing.
    log_function log = {};
    /// Most detailed level that `log` receives. level::error to level::debug. Default: level::info.
    level log_level = level::info;
    /// Time between two announcements. 10 ms to 1 h. Default: 15 s.
    std::chrono::milliseconds interval{0};
    /// Time after which a peer is removed that sent nothing and answered no probe. Longer than `interval`, at most 24
    /// h; with mode::swim, 7 s or more. Default: 35 s. The node announces it, and the other nodes apply it. If the node
    /// receives nothing for this long, it reopens its sockets.
    std::chrono::milliseconds expiry{0};
    /// Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and counted.
    std::uint32_t max_peers = 0;
    /// Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1, the local
    /// network.
    std::uint32_t hops = 0;
    /// UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001.
    std::uint32_t port = 0;
    /// Port at which this program offers its service, announced with the name. 1 to 65535. Default: none.
    std::uint32_t service_port = 0;
    /// How the node finds peers. mode::multicast, mode::seeds, both together, or mode::swim. Default: mode::multicast,
    /// and mode::seeds too if there are `seeds`.
    peers::mode mode = peers::mode::automatic;
    /// UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to 65535; with
    /// multicast not `port`. Default: a port that the system chooses. Set it for a firewall, or if the node is a seed
    /// of others. One node of a host can have it. A memory network ignores it.
    std::uint32_t unicast_port = 0;
    /// Maximum number of bytes of the names and values of all entries in the registry together. 65536 or more. Default:
    /// 512 for each of `max_peers`, at least 65536. A peer or registration beyond it is refused as if there were
    /// `max_peers` entries.
    std::size_t entries_max_bytes = 0;
    /// Whether the node uses IPv4. One of IPv4 and IPv6 has to stay on.
    bool ipv4 = true;
    /// Whether the node uses IPv6. A system without IPv6 is no error.
    bool ipv6 = true;
    /// Whether the node uses the legacy beacon, "multitastic:NAME", beside the native protocol.
    bool legacy = true;
    /// Whether the node's time moves by node::advance() alone. For tests; needs a memory network.
    bool manual_clock = false;
    /// Whether the node is an observer, which lists peers and is not listed by them. It sends queries and probes alone.
    /// mode::swim has no observers.
    bool observer = false;
    // generated: end
};

/// What last told of a peer. A later version may add some.
enum class source : std::uint32_t {
    multicast = PEERS_SOURCE_MULTICAST,    ///< A message of the native protocol.
    legacy = PEERS_SOURCE_LEGACY,          ///< A legacy beacon, "multitastic:NAME".
    registered = PEERS_SOURCE_REGISTERED,  ///< node::register_peer.
    unicast = PEERS_SOURCE_UNICAST,        ///< A message that came to this node alone, and none yet by multicast.
    gossip = PEERS_SOURCE_GOSSIP,          ///< The cluster, in mode::swim.
    self = PEERS_SOURCE_SELF,              ///< It is the node itself.
};

/// The random id of one run of a peer; all zero when unknown, as with legacy nodes and registered entries.
using peer_id = std::array<std::uint8_t, 16>;

/// One peer, as it was when the list was taken or the event raised. Its views live as long as that list or event.
struct peer {
    std::string_view name;     ///< Its name, UTF-8. Two peers may have the same; `id` tells them apart.
    std::string_view value;    ///< The bytes it announces.
    std::string_view address;  ///< Its IP address ("192.0.2.7", "fe80::7%eth0"); "" for one that was only registered.
    std::uint16_t port;        ///< Where it offers its service; 0 when it announces none.
    peer_id id;                ///< Which run of it this is.
    peers::source source;      ///< What last told of it.
    std::uint32_t interface_index;         ///< The interface it was heard through (if_indextoname); 0 when unknown.
    std::chrono::milliseconds age;         ///< Since it was last heard or registered.
    std::chrono::milliseconds expires_in;  ///< Until it is gone unless it is heard again; 0 in an event of one that left.
    /// All its addresses: `address` first, then the others that sent or answered a probe, then those that it only claims.
    std::vector<std::string_view> addresses;
    std::size_t addresses_validated;  ///< How many of the first addresses sent or answered a probe.
};

/// What an event tells. A later version may add kinds: ignore those you do not know.
enum class event_kind : std::uint32_t {
    joined = PEERS_EVENT_JOINED,    ///< A peer was heard, or registered, that was not listed before.
    updated = PEERS_EVENT_UPDATED,  ///< A listed peer has another value, address, port, source or id.
    left = PEERS_EVENT_LEFT,        ///< A peer is no longer listed; the event's reason says why.
    resync = PEERS_EVENT_RESYNC,    ///< Events were not read in time and are lost: node::list has the state as it is.
};

/// Why a peer left. A later version may add some.
enum class left_reason : std::uint32_t {
    none = PEERS_LEFT_NONE,                ///< It has not: the event is of another kind.
    goodbye = PEERS_LEFT_GOODBYE,          ///< It said that it ends.
    expired = PEERS_LEFT_EXPIRED,          ///< It was not heard for its expiry time, nor did it answer when asked.
    unreachable = PEERS_LEFT_UNREACHABLE,  ///< Two probes in a row met ICMP port or host unreachable.
    unregistered = PEERS_LEFT_UNREGISTERED,  ///< The program unregistered it.
};

/// How a node does.
enum class node_state : std::uint32_t {
    running = PEERS_STATE_RUNNING,    ///< It announces itself and hears.
    degraded = PEERS_STATE_DEGRADED,  ///< It works on, but part of its work is failing.
    failed = PEERS_STATE_FAILED,      ///< It met an internal error and no longer works.
};

/// What is wrong with a node, or, of a running node, a note about its network. peers.h says of each what to do. A later version
/// may add some.
enum class health_reason : std::uint32_t {
    none = PEERS_REASON_NONE,                      ///< Nothing is wrong.
    no_interface = PEERS_REASON_NO_INTERFACE,      ///< No interface that may be used is up.
    not_receiving = PEERS_REASON_NOT_RECEIVING,    ///< Nothing was received for the expiry time, not even its own messages.
    send_fails = PEERS_REASON_SEND_FAILS,          ///< An announcement could not be sent through every interface.
    permission = PEERS_REASON_PERMISSION,          ///< The system does not permit sending, or joining the group.
    multicast_join = PEERS_REASON_MULTICAST_JOIN,  ///< The system did not let it join the group on every interface.
    internal = PEERS_REASON_INTERNAL,              ///< It met an internal error and no longer works.
    resolver = PEERS_REASON_RESOLVER,              ///< The name of a seed cannot be resolved; it is tried again.
    list_full = PEERS_REASON_LIST_FULL,            ///< A newcomer was refused, because the registry is full.
    send_stalls = PEERS_REASON_SEND_STALLS,        ///< The send buffer of the system stayed full.
    id_conflict = PEERS_REASON_ID_CONFLICT,        ///< Another node sent with the instance id of this node.
    other_cluster = PEERS_REASON_OTHER_CLUSTER,    ///< Note: a node of another cluster is there.
    other_key = PEERS_REASON_OTHER_KEY,            ///< Note: a node with another key is there.
    other_mode = PEERS_REASON_OTHER_MODE,          ///< Note: a node of the same cluster in another mode is there.
    limited = PEERS_REASON_LIMITED,                ///< A note: the system refused what the node can do without.
    socket = PEERS_REASON_SOCKET,                  ///< The system refused a socket; the node works with the others.
};

/// Whether a node uses an interface by an address family, and if not, why. A later version may add some.
enum class interface_usage : std::uint32_t {
    used = PEERS_INTERFACE_USED,                  ///< The node sends and receives through it.
    not_named = PEERS_INTERFACE_NOT_NAMED,        ///< The option interfaces does not name it.
    family_off = PEERS_INTERFACE_FAMILY_OFF,      ///< The node does not use the family.
    down = PEERS_INTERFACE_DOWN,                  ///< It is down.
    no_carrier = PEERS_INTERFACE_NO_CARRIER,      ///< Nothing is connected to it.
    port = PEERS_INTERFACE_PORT,                  ///< It is a port of a bridge, a bond or a team, or is in a VRF.
    no_multicast = PEERS_INTERFACE_NO_MULTICAST,  ///< It has no MULTICAST flag.
    no_address = PEERS_INTERFACE_NO_ADDRESS,      ///< It has no address of the family; for IPv6, no link-local one.
    loopback = PEERS_INTERFACE_LOOPBACK,          ///< It is loopback, and another interface is used.
};

/// An interface of the host and an address family. Owns all it has.
struct interface_status {
    std::string name;        ///< Name of the interface.
    std::uint32_t index;     ///< Index of the interface.
    std::uint32_t family;    ///< 4 or 6.
    interface_usage usage;   ///< Whether the node uses it, and if not, why.
    std::string why;         ///< The usage in words; "" if the node uses it.
    std::string kind;        ///< "loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network card.
    std::string address;     ///< The address that the node sends from, or would send from; "" if there is none.
    std::uint64_t sent;      ///< Datagrams sent to the group through it.
    std::uint64_t looped_back;  ///< Received through it: the node's own datagrams, which the system loops back.
    std::uint64_t received;  ///< Datagrams received through it, of every kind.
    std::string last_error;  ///< The last system call for it that failed, with its error; "" if none did.
};

/// How a node is, and what it has counted since its start. Owns all it has.
struct health {
    // generated: begin cpp/health
    /// State of the node.
    node_state state;
    /// What is wrong with the node, or a note about its network while it is running.
    health_reason reason;
    /// The reason in words; "" if there is none.
    std::string detail;
    /// Time since the node last sent a datagram; none before the first.
    std::optional<std::chrono::milliseconds> last_send_age;
    /// Time since the node last received a datagram, its own included; none before the first.
    std::optional<std::chrono::milliseconds> last_receive_age;
    /// Number of interfaces in use.
    std::uint64_t interfaces;
    /// Number of entries in the registry.
    std::uint64_t peers;
    /// Datagrams sent.
    std::uint64_t sent;
    /// Sends that the system refused.
    std::uint64_t send_errors;
    /// Datagrams received, of every kind.
    std::uint64_t received;
    /// Received: the node's own messages, and legacy beacons with its name.
    std::uint64_t looped_back;
    /// Received and dropped: neither a message of the protocol nor a legacy beacon.
    std::uint64_t malformed;
    /// Peers refused because the registry was full.
    std::uint64_t refused_full;
    /// Datagrams lost because the node's queue on a memory network was full.
    std::uint64_t dropped;
    /// Times that the node reopened its sockets, or joined or left interfaces.
    std::uint64_t sockets_reopened;
    /// Events dropped because the queue was full; one resync event reports each loss.
    std::uint64_t events_lost;
    /// Received and dropped: messages of another cluster, and legacy beacons if the node does not use them.
    std::uint64_t other_cluster;
    /// Received and dropped: messages not newer than the known one of their sender (duplicates, replays).
    std::uint64_t stale;
    /// Received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no keys. If
    /// it rises, another node has other keys, or none.
    std::uint64_t wrong_key;
    /// Replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or under forged
    /// messages.
    std::uint64_t rate_limited;
    /// Received and dropped: datagrams from outside the links in use, while `hops` is 1.
    std::uint64_t off_link;
    /// Received by a node with keys: messages of an unlisted instance whose path is not validated. Each new peer begins
    /// so. If it rises and no peer joins, recorded messages are replayed.
    std::uint64_t unvalidated;
    /// Received: messages with the instance id of the node that another node sent. If it rises, a clone of this machine
    /// or process is there, or a host forges messages.
    std::uint64_t id_conflicts;
    // generated: end
};

/// What is no part of the interface.
namespace detail {

inline void check(std::int32_t code) {
    if (code != PEERS_OK) throw error(static_cast<status>(code), peers_last_error());
}

/// A text for C, which would take one with a NUL in it for its beginning alone.
inline const char* c_text(const char* what, const std::string& text) {
    const std::size_t nul = text.find('\0');
    if (nul == std::string::npos) return text.c_str();
    throw error(status::invalid, std::string(what) + " has a NUL at byte " + std::to_string(nul) + "; text has none");
}

/// An option for C, where NULL is the default.
inline const char* c_option(const char* what, const std::string& text) {
    return text.empty() ? nullptr : c_text(what, text);
}

/// Milliseconds for C, which would take -1 for 49 days.
inline std::uint32_t c_milliseconds(const char* what, std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds most{std::numeric_limits<std::uint32_t>::max()};
    if (time >= time.zero() && time <= most) return static_cast<std::uint32_t>(time.count());
    throw error(status::invalid, std::string(what) + " is " + std::to_string(time.count()) + " ms; it can be 0 to " +
                                     std::to_string(most.count()) + " ms");
}

inline std::chrono::milliseconds milliseconds(std::uint64_t count) {
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(count));
}

inline std::optional<std::chrono::milliseconds> age(std::uint64_t count) {
    if (count == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return milliseconds(count);
}

inline peer view(const peers_peer_t& record) {
    peer peer{};
    peer.name = record.name;
    peer.value = {static_cast<const char*>(record.value), record.value_len};
    peer.address = record.address;
    peer.port = record.port;
    std::copy(std::begin(record.id), std::end(record.id), peer.id.begin());
    peer.source = static_cast<source>(record.source);
    peer.interface_index = record.interface_index;
    peer.age = milliseconds(record.age_ms);
    peer.expires_in = milliseconds(record.expires_in_ms);
    peer.addresses.assign(record.addresses, record.addresses + record.addresses_len);
    peer.addresses_validated = record.addresses_validated;
    return peer;
}

/// Frees what the library handed out.
struct give_back {
    void operator()(peers_list_t* list) const noexcept { peers_list_free(list); }
    void operator()(peers_event_t* event) const noexcept { peers_event_free(event); }
    void operator()(peers_subscription_t* subscription) const noexcept { peers_subscription_free(subscription); }
    void operator()(peers_interfaces_t* interfaces) const noexcept { peers_interfaces_free(interfaces); }
};

/// Calls `wait` with so many milliseconds, as often as it takes, until it returns something. Zero and less do not wait.
template <class Wait>
auto in_steps(std::chrono::milliseconds timeout, Wait wait) -> decltype(wait(std::int32_t{})) {
    constexpr std::chrono::milliseconds longest{std::numeric_limits<std::int32_t>::max()};
    for (; timeout > longest; timeout -= longest)
        if (auto early = wait(static_cast<std::int32_t>(longest.count()))) return early;
    return wait(static_cast<std::int32_t>(std::max(timeout, timeout.zero()).count()));
}

/// Ends a node, and then its log function, which the node may call until then.
struct end_node {
    std::unique_ptr<log_function> log;

    /// The one error there can be is status::deadlock: the node is being destroyed in its own log function. It then ends
    /// on a thread of its own, when that function has returned; if no thread is to be had it lives on with the process.
    void operator()(peers_t* handle) noexcept {
        if (peers_free(handle) != PEERS_ERR_DEADLOCK) return;
        log_function* kept = log.release();
        try {
            std::thread([handle, kept] {
                peers_free(handle);
                delete kept;
            }).detach();
        } catch (const std::system_error&) {
        }
    }
};

/// The log function that C calls. Nothing may be thrown through C.
inline void write_log(std::int32_t level, const char* message, void* context) noexcept {
    try {
        (*static_cast<log_function*>(context))(static_cast<peers::level>(level), message);
    } catch (...) {
    }
}

}  // namespace detail

/// The peers that were live when it was taken, ordered by name and then by id; the node itself is not among them.
///
/// A constant range with random access. Owns its peers: their views live as long as it, wherever it is moved. Movable, not
/// copyable. Nothing here fails.
class list {
public:
    using value_type = peer;                                     ///< What it holds.
    using size_type = std::size_t;                               ///< What counts them.
    using const_iterator = std::vector<peer>::const_iterator;    ///< Random access.
    using iterator = const_iterator;                             ///< The same: a list is not changed.

    /// The first peer.
    const_iterator begin() const noexcept { return peers_.begin(); }
    /// The end of the peers.
    const_iterator end() const noexcept { return peers_.end(); }
    /// How many there are.
    size_type size() const noexcept { return peers_.size(); }
    /// True if there is none.
    bool empty() const noexcept { return peers_.empty(); }
    /// The peer at an index below size().
    const peer& operator[](size_type index) const noexcept { return peers_[index]; }
    /// The version of the list, for node::wait(); 0 in the list of node::self().
    std::uint64_t version() const noexcept { return snapshot_->version; }

private:
    friend class node;
    explicit list(peers_list_t* snapshot) : snapshot_(snapshot) {
        peers_.reserve(snapshot->len);
        for (std::size_t index = 0; index < snapshot->len; ++index)
            peers_.push_back(detail::view(*peers_list_at(snapshot, index)));
    }

    std::unique_ptr<peers_list_t, detail::give_back> snapshot_;
    std::vector<peers::peer> peers_;
};

/// One change of the registry.
///
/// Owns its peer, whose views live as long as it, wherever it is moved. Movable, not copyable. Nothing here fails.
class event {
public:
    /// What it tells.
    event_kind kind() const noexcept { return static_cast<event_kind>(event_->kind); }
    /// Why the peer left.
    left_reason reason() const noexcept { return static_cast<left_reason>(event_->reason); }
    /// The peer as it was when the event was raised; none with event_kind::resync.
    const std::optional<peers::peer>& peer() const noexcept { return peer_; }

private:
    friend class node;
    friend class subscription;
    explicit event(peers_event_t* taken) : event_(taken) {
        if (taken->peer != nullptr) peer_ = detail::view(*taken->peer);
    }

    /// The event that a call of C has written to `taken`; none if it waited in vain.
    static std::optional<event> taken_by(std::int32_t code, peers_event_t* taken) {
        if (code == PEERS_ERR_TIMEOUT) return std::nullopt;
        detail::check(code);
        return event(taken);
    }

    std::unique_ptr<peers_event_t, detail::give_back> event_;
    std::optional<peers::peer> peer_;
};

/// A further reader of a node's events, from node::subscribe(), with a queue of 1,024 events and a descriptor of its own.
///
/// If its queue is full, its events alone are dropped, and event_kind::resync takes their place. It may be destroyed before or
/// after the node, whose end makes next_event throw status::stopped. Any number of threads may use it at once; to move it and to
/// destroy it, one must be alone with it. Movable, not copyable.
class subscription {
public:
    /// As node::next_event.
    std::optional<event> next_event(std::chrono::milliseconds timeout) {
        return detail::in_steps(timeout, [this](std::int32_t step) { return take_event(step); });
    }

    /// The same without a limit to the wait.
    event next_event() { return *take_event(-1); }

    /// As node::event_fd. It belongs to the subscription.
    int event_fd() const {
        std::int32_t descriptor = -1;
        detail::check(peers_subscription_fd(handle_.get(), &descriptor));
        return descriptor;
    }

private:
    friend class node;
    explicit subscription(peers_subscription_t* handle) : handle_(handle) {}

    std::optional<event> take_event(std::int32_t timeout) {
        peers_event_t* taken = nullptr;
        const std::int32_t code = peers_subscription_next(handle_.get(), timeout, &taken);
        return event::taken_by(code, taken);
    }

    std::unique_ptr<peers_subscription_t, detail::give_back> handle_;
};

/// An entry for node::register_peer(). In C++20: `node.register_peer({.name = "lamp", .address = "192.0.2.7", .port = 80})`.
struct entry {
    std::string name = {};   ///< What it is listed under: 1 to 255 bytes of UTF-8, no control characters, not the node's own.
    std::string value = {};  ///< At most 1024 bytes.
    std::string address = {};  ///< IP address as text, a link-local one with its zone; "" for none.
    std::uint32_t port = 0;    ///< Port of its service; 0 for none.
    std::chrono::milliseconds ttl{0};  ///< Time after which it is gone unless it is registered again; zero: the node's expiry.
};

/// Keys and values for config::value and node::set_value, in the format of DNS-SD's TXT records (RFC 6763, section 6):
/// `node.set_value(peers::txt().put("role", "worker").bytes())`.
class txt {
public:
    /// Adds a key and its value, in the place of a former value of the key. A key is printable ASCII without '='; its case does not
    /// matter.
    ///
    /// Throws error with status::invalid, or too_large: key and value have more than 254 bytes.
    txt& put(std::string_view key, std::string_view value) {
        constexpr std::size_t longest = 256;
        std::string longer = bytes_;
        std::size_t size = longer.size();
        longer.resize(size + longest);
        const std::string name(key);
        detail::check(peers_txt_put(longer.data(), longer.size(), &size, detail::c_text("the key", name), value.data(),
                                    value.size()));
        longer.resize(size);
        bytes_ = std::move(longer);
        return *this;
    }

    /// The value.
    const std::string& bytes() const noexcept { return bytes_; }

    /// The value of a key in `bytes`, which it is a view of. None if the key is not there, or without a value, or if `bytes` are not in
    /// the format. Throws error with status::invalid for what is no key.
    static std::optional<std::string_view> get(std::string_view bytes, std::string_view key) {
        const std::string name(key);
        const void* value = nullptr;
        std::size_t size = 0;
        const std::int32_t code =
            peers_txt_get(bytes.data(), bytes.size(), detail::c_text("the key", name), &value, &size);
        if (code != PEERS_OK || value == nullptr) return std::nullopt;
        return std::string_view(static_cast<const char*>(value), size);
    }

private:
    std::string bytes_;
};

/// A running node: it announces itself, and lists the peers it hears.
///
/// Destroying it says goodbye and waits for its thread, which takes milliseconds and a log function that is under way; so
/// does assigning another to it. It never throws: in the node's own log function, for which it cannot wait, the node ends
/// as soon as that has returned; in a forked child it releases memory, and the parent's node runs on. Movable, not copyable:
/// one that was moved from throws status::null.
class node {
public:
    /// Starts a node: it announces itself at once, and its list fills within milliseconds. A machine without a network is
    /// no error: health() tells of it until one comes up. Does not wait for the network.
    ///
    /// Throws error with status::utf8, invalid, too_large (name, cluster or value), unsupported, no_such_interface,
    /// address_in_use, permission, system, or size (the library is older than this header).
    explicit node(config options = {}) {
        auto log = options.log ? std::make_unique<log_function>(std::move(options.log)) : nullptr;
        peers_config_t raw = c_config(options);
        if (log != nullptr) {
            raw.log = detail::write_log;
            raw.log_context = log.get();
        }
        peers_t* handle = nullptr;
        detail::check(peers_start(&raw, &handle));
        handle_ = {handle, detail::end_node{std::move(log)}};
    }

    /// Lists a local entry, of which nothing is sent to other nodes: it is gone after its ttl unless it is registered again.
    ///
    /// Throws error with status::utf8, invalid (a name, ttl, address or port that does not do), no_such_interface (the zone of the
    /// address), too_large, or full.
    void register_peer(const entry& entry) {
        peers_entry_t raw = PEERS_ENTRY_INIT;
        raw.key = detail::c_text("the name", entry.name);
        raw.value = entry.value.data();
        raw.value_len = entry.value.size();
        raw.address = detail::c_option("the address", entry.address);
        raw.ttl_ms = detail::c_milliseconds("the ttl", entry.ttl);
        raw.port = entry.port;
        detail::check(peers_register_at(handle_.get(), &raw));
    }

    /// The same for an entry that has a name and a value alone.
    void register_peer(std::string_view name, std::string_view value = {}, std::chrono::milliseconds ttl = {}) {
        const std::string text(name);
        detail::check(peers_register(handle_.get(), detail::c_text("the name", text), value.data(), value.size(),
                                     detail::c_milliseconds("the ttl", ttl)));
    }

    /// Removes an entry that was registered. It leaves with left_reason::unregistered.
    ///
    /// Throws error with status::not_found: no entry of this name is registered.
    void unregister_peer(std::string_view name) {
        const std::string text(name);
        detail::check(peers_unregister(handle_.get(), detail::c_text("the name", text)));
    }

    /// Announces another value from now on. It is told at once; a change within 100 ms of the last is held until these
    /// are over, and of several only the latest is told.
    ///
    /// Throws error with status::too_large: it does not fit beside the node's name and cluster.
    void set_value(std::string_view value) { detail::check(peers_set_value(handle_.get(), value.data(), value.size())); }

    /// Replaces the keys of a node that was started with keys, without an outage: 1 to 8. To change the key of a cluster,
    /// do three rounds over its nodes: the new key behind the old one, then before it, then alone.
    ///
    /// Throws error with status::invalid: another number of keys, or the node was started without.
    void set_keys(const std::vector<key>& keys) {
        detail::check(peers_set_keys(handle_.get(), keys.data(), keys.size()));
    }

    /// Replaces the seeds of a node that was started with some, or in a mode that has them: a list as in the options, "" for
    /// none. Those that are new are asked at once; those that are left out are told nothing from now on. Does not wait for
    /// names to be resolved.
    ///
    /// Throws error with status::utf8, invalid (one is no host:port, there are more than 1024, or the node takes no seeds),
    /// or system.
    void set_seeds(const std::string& seeds) {
        detail::check(peers_set_seeds(handle_.get(), detail::c_text("seeds", seeds)));
    }

    /// A snapshot of the peers that are live now. Does not wait for the network.
    peers::list list() const {
        peers_list_t* snapshot = nullptr;
        detail::check(peers_list(handle_.get(), &snapshot));
        return peers::list(snapshot);
    }

    /// The node's own record, as a list of one: its name, id, value, port and addresses.
    peers::list self() const {
        peers_list_t* own = nullptr;
        detail::check(peers_self(handle_.get(), &own));
        return peers::list(own);
    }

    /// Waits until the version of the list is not `version`, and returns the present one; none if it stays the same for
    /// `timeout`. 0 is no version: it returns at once. Any number of threads may wait, and none takes an event.
    ///
    /// Throws error with status::stopped when another thread stops the node meanwhile.
    std::optional<std::uint64_t> wait(std::uint64_t version, std::chrono::milliseconds timeout) const {
        return detail::in_steps(timeout, [&](std::int32_t step) -> std::optional<std::uint64_t> {
            std::uint64_t now = 0;
            const std::int32_t code = peers_wait(handle_.get(), version, step, &now);
            if (code == PEERS_ERR_TIMEOUT) return std::nullopt;
            detail::check(code);
            return now;
        });
    }

    /// Waits until `predicate` is true of the list, and returns that list; none if it is not within `timeout`:
    ///
    ///     auto found = node.wait_until([](const peers::list& list) { return list.size() >= 3; }, 5s);
    ///
    /// Throws as wait() and list() do, and what `predicate` throws.
    template <class Predicate>
    std::optional<peers::list> wait_until(Predicate predicate, std::chrono::milliseconds timeout) const {
        using clock = std::chrono::steady_clock;
        // A timeout of years is no time that the clock reaches.
        constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
        const clock::time_point deadline = clock::now() + std::clamp(timeout, timeout.zero(), longest);
        for (std::optional<std::uint64_t> version = 0; version.has_value();) {
            peers::list now = list();
            if (predicate(std::as_const(now))) return now;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
            version = wait(now.version(), left);
        }
        return std::nullopt;
    }

    /// Adds a reader of events, which has a queue of its own, and gets the events from now on.
    peers::subscription subscribe() {
        peers_subscription_t* added = nullptr;
        detail::check(peers_subscribe(handle_.get(), &added));
        return peers::subscription(added);
    }

    /// Waits for the next event and takes it from the queue; none if nothing happens within `timeout`. Zero and less do not
    /// wait. The wait is in real time, whatever the node's clock. Events come in the order they happened, each to one caller;
    /// 1024 are kept, and if more wait event_kind::resync takes their place.
    ///
    /// Throws error with status::stopped when another thread stops the node meanwhile.
    std::optional<event> next_event(std::chrono::milliseconds timeout) {
        return detail::in_steps(timeout, [this](std::int32_t step) { return take_event(step); });
    }

    /// The same without a limit to the wait.
    event next_event() { return *take_event(-1); }

    /// A descriptor that polls readable while events wait, for poll, epoll or libuv. When it does, call next_event(0) until
    /// there is none; do not read from it. It stays readable once the node was stopped or has failed. Every call gives
    /// the same one. It belongs to the node: take it out of your event loop before that ends, and do not close it.
    ///
    /// Throws error with status::system: no descriptor to be had.
    int event_fd() const {
        std::int32_t descriptor = -1;
        detail::check(peers_event_fd(handle_.get(), &descriptor));
        return descriptor;
    }

    /// How the node is, and what it has counted. Works on a failed node.
    peers::health health() const {
        peers_health_t raw = PEERS_HEALTH_INIT;
        detail::check(peers_health(handle_.get(), &raw));
        peers::health health{};
        // generated: begin cpp/read_health
        health.state = static_cast<node_state>(raw.state);
        health.reason = static_cast<health_reason>(raw.reason);
        health.detail = raw.detail;
        health.last_send_age = detail::age(raw.last_send_age_ms);
        health.last_receive_age = detail::age(raw.last_receive_age_ms);
        health.interfaces = raw.interfaces;
        health.peers = raw.peers;
        health.sent = raw.sent;
        health.send_errors = raw.send_errors;
        health.received = raw.received;
        health.looped_back = raw.looped_back;
        health.malformed = raw.malformed;
        health.refused_full = raw.refused_full;
        health.dropped = raw.dropped;
        health.sockets_reopened = raw.sockets_reopened;
        health.events_lost = raw.events_lost;
        health.other_cluster = raw.other_cluster;
        health.stale = raw.stale;
        health.wrong_key = raw.wrong_key;
        health.rate_limited = raw.rate_limited;
        health.off_link = raw.off_link;
        health.unvalidated = raw.unvalidated;
        health.id_conflicts = raw.id_conflicts;
        // generated: end
        return health;
    }

    /// Each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why; and what it has counted
    /// there. Works on a failed node.
    std::vector<interface_status> interfaces() const {
        peers_interfaces_t* taken = nullptr;
        detail::check(peers_interfaces(handle_.get(), &taken));
        const std::unique_ptr<peers_interfaces_t, detail::give_back> owned(taken);
        std::vector<interface_status> all;
        all.reserve(taken->len);
        for (std::size_t index = 0; index < taken->len; ++index) {
            const peers_interface_t& raw = *peers_interfaces_at(taken, index);
            all.push_back({raw.name, raw.index, raw.family, static_cast<interface_usage>(raw.usage), raw.why, raw.kind,
                           raw.address, raw.sent, raw.looped_back, raw.received, raw.last_error});
        }
        return all;
    }

    /// Moves the time of a node with a manual clock on, and does all that falls due on the way, in order. Each node has a
    /// time of its own: one that is not advanced falls silent, and expires at the others.
    ///
    /// Throws error with status::invalid: the node runs on the system's clock, or the time is negative or above 49 days.
    void advance(std::chrono::milliseconds time) {
        detail::check(peers_advance(handle_.get(), detail::c_milliseconds("the time to advance", time)));
    }

    /// Ends the node, as its destruction does, while other threads may use it: what waits in next_event throws
    /// status::stopped, and later calls status::handle. A second call does nothing.
    ///
    /// Throws error with status::deadlock in the node's own log function; the node lives on.
    void stop() {
        const std::int32_t code = peers_free(handle_.get());
        if (code != PEERS_ERR_HANDLE) detail::check(code);
    }

private:
    /// Points into `options`.
    static peers_config_t c_config(const config& options) {
        peers_config_t raw = PEERS_CONFIG_INIT;
        // generated: begin cpp/c_config
        raw.name = detail::c_option("name", options.name);
        raw.cluster = detail::c_option("cluster", options.cluster);
        raw.value = options.value.empty() ? nullptr : options.value.data();
        raw.value_len = options.value.size();
        raw.interfaces = detail::c_option("interfaces", options.interfaces);
        raw.network = detail::c_option("network", options.network);
        raw.group_v4 = detail::c_option("group_v4", options.group_v4);
        raw.group_v6 = detail::c_option("group_v6", options.group_v6);
        raw.keys = options.keys.empty() ? nullptr : options.keys.data();
        raw.keys_count = options.keys.size();
        raw.seeds = detail::c_option("seeds", options.seeds);
        raw.log_level = static_cast<std::uint32_t>(options.log_level);
        raw.interval_ms = detail::c_milliseconds("interval", options.interval);
        raw.expiry_ms = detail::c_milliseconds("expiry", options.expiry);
        raw.max_peers = options.max_peers;
        raw.hops = options.hops;
        raw.port = options.port;
        raw.service_port = options.service_port;
        raw.mode = static_cast<std::uint32_t>(options.mode);
        raw.unicast_port = options.unicast_port;
        raw.entries_max_bytes = options.entries_max_bytes;
        if (options.manual_clock) raw.flags |= PEERS_MANUAL_CLOCK;
        if (!options.ipv4) raw.flags |= PEERS_NO_IPV4;
        if (!options.ipv6) raw.flags |= PEERS_NO_IPV6;
        if (!options.legacy) raw.flags |= PEERS_NO_LEGACY;
        if (options.observer) raw.flags |= PEERS_OBSERVER;
        // generated: end
        return raw;
    }

    std::optional<event> take_event(std::int32_t timeout) {
        peers_event_t* taken = nullptr;
        const std::int32_t code = peers_next_event(handle_.get(), timeout, &taken);
        return event::taken_by(code, taken);
    }

    std::unique_ptr<peers_t, detail::end_node> handle_{nullptr, detail::end_node{}};
};

}  // namespace peers
