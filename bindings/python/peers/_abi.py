"""The C ABI of libpeers, as ctypes declarations. The names and their meaning are those of peers.h.

From the table abi/api.toml of the repository; do not edit.
"""

import ctypes

# generated: begin python/abi
PEERS_VERSION = "0.1.0"
PEERS_OK = 0
PEERS_ERR_NULL = -1
PEERS_ERR_HANDLE = -2
PEERS_ERR_SIZE = -3
PEERS_ERR_UTF8 = -4
PEERS_ERR_INVALID = -5
PEERS_ERR_TOO_LARGE = -6
PEERS_ERR_UNSUPPORTED = -7
PEERS_ERR_INTERFACE = -8
PEERS_ERR_ADDRESS_IN_USE = -9
PEERS_ERR_PERMISSION = -10
PEERS_ERR_SYSTEM = -11
PEERS_ERR_FULL = -12
PEERS_ERR_TIMEOUT = -13
PEERS_ERR_STOPPED = -14
PEERS_ERR_FORKED = -15
PEERS_ERR_FAILED = -16
PEERS_ERR_DEADLOCK = -17
PEERS_ERR_NOT_FOUND = -18
PEERS_LOG_ERROR = 1
PEERS_LOG_WARN = 2
PEERS_LOG_INFO = 3
PEERS_LOG_DEBUG = 4
PEERS_MANUAL_CLOCK = 1
PEERS_NO_IPV4 = 2
PEERS_NO_IPV6 = 4
PEERS_NO_LEGACY = 8
PEERS_OBSERVER = 16
PEERS_MODE_MULTICAST = 1
PEERS_MODE_SEEDS = 2
PEERS_MODE_SWIM = 4
PEERS_SOURCE_MULTICAST = 1
PEERS_SOURCE_LEGACY = 2
PEERS_SOURCE_REGISTERED = 3
PEERS_SOURCE_UNICAST = 4
PEERS_SOURCE_GOSSIP = 5
PEERS_SOURCE_SELF = 6
PEERS_EVENT_JOINED = 1
PEERS_EVENT_UPDATED = 2
PEERS_EVENT_LEFT = 3
PEERS_EVENT_RESYNC = 4
PEERS_LEFT_NONE = 0
PEERS_LEFT_GOODBYE = 1
PEERS_LEFT_EXPIRED = 2
PEERS_LEFT_UNREACHABLE = 3
PEERS_LEFT_UNREGISTERED = 4
PEERS_STATE_RUNNING = 0
PEERS_STATE_DEGRADED = 1
PEERS_STATE_FAILED = 2
PEERS_REASON_NONE = 0
PEERS_REASON_NO_INTERFACE = 1
PEERS_REASON_NOT_RECEIVING = 2
PEERS_REASON_SEND_FAILS = 3
PEERS_REASON_PERMISSION = 4
PEERS_REASON_MULTICAST_JOIN = 5
PEERS_REASON_INTERNAL = 6
PEERS_REASON_RESOLVER = 7
PEERS_REASON_LIST_FULL = 8
PEERS_REASON_SEND_STALLS = 9
PEERS_REASON_ID_CONFLICT = 10
PEERS_REASON_OTHER_CLUSTER = 11
PEERS_REASON_OTHER_KEY = 12
PEERS_REASON_OTHER_MODE = 13
PEERS_REASON_LIMITED = 14
PEERS_REASON_SOCKET = 15
PEERS_INTERFACE_USED = 0
PEERS_INTERFACE_NOT_NAMED = 1
PEERS_INTERFACE_FAMILY_OFF = 2
PEERS_INTERFACE_DOWN = 3
PEERS_INTERFACE_NO_CARRIER = 4
PEERS_INTERFACE_PORT = 5
PEERS_INTERFACE_NO_MULTICAST = 6
PEERS_INTERFACE_NO_ADDRESS = 7
PEERS_INTERFACE_LOOPBACK = 8

peers_log_fn = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p)


class peers_config_t(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("cluster", ctypes.c_char_p),
        ("value", ctypes.c_void_p),
        ("value_len", ctypes.c_size_t),
        ("interfaces", ctypes.c_char_p),
        ("network", ctypes.c_char_p),
        ("group_v4", ctypes.c_char_p),
        ("group_v6", ctypes.c_char_p),
        ("keys", ctypes.c_void_p),
        ("keys_count", ctypes.c_size_t),
        ("seeds", ctypes.c_char_p),
        ("log", peers_log_fn),
        ("log_context", ctypes.c_void_p),
        ("log_level", ctypes.c_uint32),
        ("interval_ms", ctypes.c_uint32),
        ("expiry_ms", ctypes.c_uint32),
        ("max_peers", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("hops", ctypes.c_uint32),
        ("port", ctypes.c_uint32),
        ("service_port", ctypes.c_uint32),
        ("mode", ctypes.c_uint32),
        ("unicast_port", ctypes.c_uint32),
        ("entries_max_bytes", ctypes.c_size_t),
    ]


class peers_peer_t(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("value", ctypes.c_void_p),
        ("value_len", ctypes.c_size_t),
        ("address", ctypes.c_char_p),
        ("age_ms", ctypes.c_uint64),
        ("expires_in_ms", ctypes.c_uint64),
        ("source", ctypes.c_uint32),
        ("interface_index", ctypes.c_uint32),
        ("port", ctypes.c_uint16),
        ("id", ctypes.c_uint8 * 16),
        ("addresses", ctypes.POINTER(ctypes.c_char_p)),
        ("addresses_len", ctypes.c_size_t),
        ("addresses_validated", ctypes.c_size_t),
    ]


class peers_list_t(ctypes.Structure):
    _fields_ = [
        ("len", ctypes.c_size_t),
        ("stride", ctypes.c_size_t),
        ("records", ctypes.POINTER(peers_peer_t)),
        ("version", ctypes.c_uint64),
    ]


class peers_entry_t(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("key", ctypes.c_char_p),
        ("value", ctypes.c_void_p),
        ("value_len", ctypes.c_size_t),
        ("address", ctypes.c_char_p),
        ("ttl_ms", ctypes.c_uint32),
        ("port", ctypes.c_uint32),
    ]


class peers_interface_t(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("index", ctypes.c_uint32),
        ("family", ctypes.c_uint32),
        ("usage", ctypes.c_uint32),
        ("why", ctypes.c_char_p),
        ("kind", ctypes.c_char_p),
        ("address", ctypes.c_char_p),
        ("sent", ctypes.c_uint64),
        ("looped_back", ctypes.c_uint64),
        ("received", ctypes.c_uint64),
        ("last_error", ctypes.c_char_p),
    ]


class peers_interfaces_t(ctypes.Structure):
    _fields_ = [
        ("len", ctypes.c_size_t),
        ("stride", ctypes.c_size_t),
        ("records", ctypes.POINTER(peers_interface_t)),
    ]


class peers_event_t(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("reason", ctypes.c_uint32),
        ("peer", ctypes.POINTER(peers_peer_t)),
    ]


class peers_health_t(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("state", ctypes.c_uint32),
        ("reason", ctypes.c_uint32),
        ("detail", ctypes.c_char * 256),
        ("last_send_age_ms", ctypes.c_uint64),
        ("last_receive_age_ms", ctypes.c_uint64),
        ("interfaces", ctypes.c_uint64),
        ("peers", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("send_errors", ctypes.c_uint64),
        ("received", ctypes.c_uint64),
        ("looped_back", ctypes.c_uint64),
        ("malformed", ctypes.c_uint64),
        ("refused_full", ctypes.c_uint64),
        ("dropped", ctypes.c_uint64),
        ("sockets_reopened", ctypes.c_uint64),
        ("events_lost", ctypes.c_uint64),
        ("other_cluster", ctypes.c_uint64),
        ("stale", ctypes.c_uint64),
        ("wrong_key", ctypes.c_uint64),
        ("rate_limited", ctypes.c_uint64),
        ("off_link", ctypes.c_uint64),
        ("unvalidated", ctypes.c_uint64),
        ("id_conflicts", ctypes.c_uint64),
    ]


def declare(library: ctypes.CDLL) -> None:
    """Sets the types of every function."""
    library.peers_strerror.argtypes = [
        ctypes.c_int32,
    ]
    library.peers_strerror.restype = ctypes.c_char_p
    library.peers_last_error.argtypes = []
    library.peers_last_error.restype = ctypes.c_char_p
    library.peers_version.argtypes = []
    library.peers_version.restype = ctypes.c_char_p
    library.peers_start.argtypes = [
        ctypes.POINTER(peers_config_t),
        ctypes.POINTER(ctypes.c_void_p),
    ]
    library.peers_start.restype = ctypes.c_int32
    library.peers_register.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_uint32,
    ]
    library.peers_register.restype = ctypes.c_int32
    library.peers_register_at.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(peers_entry_t),
    ]
    library.peers_register_at.restype = ctypes.c_int32
    library.peers_unregister.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
    ]
    library.peers_unregister.restype = ctypes.c_int32
    library.peers_set_value.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
    ]
    library.peers_set_value.restype = ctypes.c_int32
    library.peers_set_keys.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
    ]
    library.peers_set_keys.restype = ctypes.c_int32
    library.peers_set_seeds.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
    ]
    library.peers_set_seeds.restype = ctypes.c_int32
    library.peers_advance.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
    ]
    library.peers_advance.restype = ctypes.c_int32
    library.peers_free.argtypes = [
        ctypes.c_void_p,
    ]
    library.peers_free.restype = ctypes.c_int32
    library.peers_list.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.POINTER(peers_list_t)),
    ]
    library.peers_list.restype = ctypes.c_int32
    library.peers_self.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.POINTER(peers_list_t)),
    ]
    library.peers_self.restype = ctypes.c_int32
    library.peers_list_at.argtypes = [
        ctypes.POINTER(peers_list_t),
        ctypes.c_size_t,
    ]
    library.peers_list_at.restype = ctypes.POINTER(peers_peer_t)
    library.peers_list_free.argtypes = [
        ctypes.POINTER(peers_list_t),
    ]
    library.peers_list_free.restype = None
    library.peers_wait.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint64,
        ctypes.c_int32,
        ctypes.POINTER(ctypes.c_uint64),
    ]
    library.peers_wait.restype = ctypes.c_int32
    library.peers_next_event.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.POINTER(ctypes.POINTER(peers_event_t)),
    ]
    library.peers_next_event.restype = ctypes.c_int32
    library.peers_event_free.argtypes = [
        ctypes.POINTER(peers_event_t),
    ]
    library.peers_event_free.restype = None
    library.peers_event_fd.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_int32),
    ]
    library.peers_event_fd.restype = ctypes.c_int32
    library.peers_subscribe.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_void_p),
    ]
    library.peers_subscribe.restype = ctypes.c_int32
    library.peers_subscription_next.argtypes = [
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.POINTER(ctypes.POINTER(peers_event_t)),
    ]
    library.peers_subscription_next.restype = ctypes.c_int32
    library.peers_subscription_fd.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_int32),
    ]
    library.peers_subscription_fd.restype = ctypes.c_int32
    library.peers_subscription_free.argtypes = [
        ctypes.c_void_p,
    ]
    library.peers_subscription_free.restype = ctypes.c_int32
    library.peers_health.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(peers_health_t),
    ]
    library.peers_health.restype = ctypes.c_int32
    library.peers_interfaces.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.POINTER(peers_interfaces_t)),
    ]
    library.peers_interfaces.restype = ctypes.c_int32
    library.peers_interfaces_at.argtypes = [
        ctypes.POINTER(peers_interfaces_t),
        ctypes.c_size_t,
    ]
    library.peers_interfaces_at.restype = ctypes.POINTER(peers_interface_t)
    library.peers_interfaces_free.argtypes = [
        ctypes.POINTER(peers_interfaces_t),
    ]
    library.peers_interfaces_free.restype = None
    library.peers_txt_get.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.POINTER(ctypes.c_size_t),
    ]
    library.peers_txt_get.restype = ctypes.c_int32
    library.peers_txt_put.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.c_char_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
    ]
    library.peers_txt_put.restype = ctypes.c_int32


# generated: end
