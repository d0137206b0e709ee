package peers;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/**
 * peers.h for JNA, with its names. What they mean is written there. From the table abi/api.toml of the
 * repository; do not edit.
 */
interface Libpeers extends Library {
    Libpeers PEERS = Native.load("peers", Libpeers.class);

    /** A {@code size_t}. */
    final class SizeT extends IntegerType {
        private static final long serialVersionUID = 1;

        public SizeT() {
            this(0);
        }

        public SizeT(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    interface peers_log_fn extends Callback {
        void invoke(int level, Pointer message, Pointer context);
    }

    // generated: begin java/declarations
    int PEERS_OK = 0;
    int PEERS_ERR_NULL = -1;
    int PEERS_ERR_HANDLE = -2;
    int PEERS_ERR_SIZE = -3;
    int PEERS_ERR_UTF8 = -4;
    int PEERS_ERR_INVALID = -5;
    int PEERS_ERR_TOO_LARGE = -6;
    int PEERS_ERR_UNSUPPORTED = -7;
    int PEERS_ERR_INTERFACE = -8;
    int PEERS_ERR_ADDRESS_IN_USE = -9;
    int PEERS_ERR_PERMISSION = -10;
    int PEERS_ERR_SYSTEM = -11;
    int PEERS_ERR_FULL = -12;
    int PEERS_ERR_TIMEOUT = -13;
    int PEERS_ERR_STOPPED = -14;
    int PEERS_ERR_FORKED = -15;
    int PEERS_ERR_FAILED = -16;
    int PEERS_ERR_DEADLOCK = -17;
    int PEERS_ERR_NOT_FOUND = -18;
    int PEERS_LOG_ERROR = 1;
    int PEERS_LOG_WARN = 2;
    int PEERS_LOG_INFO = 3;
    int PEERS_LOG_DEBUG = 4;
    int PEERS_MANUAL_CLOCK = 1;
    int PEERS_NO_IPV4 = 2;
    int PEERS_NO_IPV6 = 4;
    int PEERS_NO_LEGACY = 8;
    int PEERS_OBSERVER = 16;
    int PEERS_MODE_MULTICAST = 1;
    int PEERS_MODE_SEEDS = 2;
    int PEERS_MODE_SWIM = 4;
    int PEERS_SOURCE_MULTICAST = 1;
    int PEERS_SOURCE_LEGACY = 2;
    int PEERS_SOURCE_REGISTERED = 3;
    int PEERS_SOURCE_UNICAST = 4;
    int PEERS_SOURCE_GOSSIP = 5;
    int PEERS_SOURCE_SELF = 6;
    int PEERS_EVENT_JOINED = 1;
    int PEERS_EVENT_UPDATED = 2;
    int PEERS_EVENT_LEFT = 3;
    int PEERS_EVENT_RESYNC = 4;
    int PEERS_LEFT_NONE = 0;
    int PEERS_LEFT_GOODBYE = 1;
    int PEERS_LEFT_EXPIRED = 2;
    int PEERS_LEFT_UNREACHABLE = 3;
    int PEERS_LEFT_UNREGISTERED = 4;
    int PEERS_STATE_RUNNING = 0;
    int PEERS_STATE_DEGRADED = 1;
    int PEERS_STATE_FAILED = 2;
    int PEERS_REASON_NONE = 0;
    int PEERS_REASON_NO_INTERFACE = 1;
    int PEERS_REASON_NOT_RECEIVING = 2;
    int PEERS_REASON_SEND_FAILS = 3;
    int PEERS_REASON_PERMISSION = 4;
    int PEERS_REASON_MULTICAST_JOIN = 5;
    int PEERS_REASON_INTERNAL = 6;
    int PEERS_REASON_RESOLVER = 7;
    int PEERS_REASON_LIST_FULL = 8;
    int PEERS_REASON_SEND_STALLS = 9;
    int PEERS_REASON_ID_CONFLICT = 10;
    int PEERS_REASON_OTHER_CLUSTER = 11;
    int PEERS_REASON_OTHER_KEY = 12;
    int PEERS_REASON_OTHER_MODE = 13;
    int PEERS_REASON_LIMITED = 14;
    int PEERS_REASON_SOCKET = 15;
    int PEERS_INTERFACE_USED = 0;
    int PEERS_INTERFACE_NOT_NAMED = 1;
    int PEERS_INTERFACE_FAMILY_OFF = 2;
    int PEERS_INTERFACE_DOWN = 3;
    int PEERS_INTERFACE_NO_CARRIER = 4;
    int PEERS_INTERFACE_PORT = 5;
    int PEERS_INTERFACE_NO_MULTICAST = 6;
    int PEERS_INTERFACE_NO_ADDRESS = 7;
    int PEERS_INTERFACE_LOOPBACK = 8;

    @FieldOrder({
        "struct_size", "name", "cluster", "value", "value_len", "interfaces", "network", "group_v4",
        "group_v6", "keys", "keys_count", "seeds", "log", "log_context", "log_level", "interval_ms",
        "expiry_ms", "max_peers", "flags", "hops", "port", "service_port", "mode", "unicast_port",
        "entries_max_bytes"
    })
final class peers_config_t extends Structure {
        public SizeT struct_size = new SizeT();
        public Pointer name;
        public Pointer cluster;
        public Pointer value;
        public SizeT value_len = new SizeT();
        public Pointer interfaces;
        public Pointer network;
        public Pointer group_v4;
        public Pointer group_v6;
        public Pointer keys;
        public SizeT keys_count = new SizeT();
        public Pointer seeds;
        public peers_log_fn log;
        public Pointer log_context;
        public int log_level;
        public int interval_ms;
        public int expiry_ms;
        public int max_peers;
        public int flags;
        public int hops;
        public int port;
        public int service_port;
        public int mode;
        public int unicast_port;
        public SizeT entries_max_bytes = new SizeT();

        peers_config_t() {
            struct_size.setValue(size());
        }
    }

    @FieldOrder({
        "struct_size", "key", "value", "value_len", "address", "ttl_ms", "port"
    })
final class peers_entry_t extends Structure {
        public SizeT struct_size = new SizeT();
        public Pointer key;
        public Pointer value;
        public SizeT value_len = new SizeT();
        public Pointer address;
        public int ttl_ms;
        public int port;

        peers_entry_t() {
            struct_size.setValue(size());
        }
    }

    @FieldOrder({
        "name", "value", "value_len", "address", "age_ms", "expires_in_ms", "source", "interface_index",
        "port", "id", "addresses", "addresses_len", "addresses_validated"
    })
final class peers_peer_t extends Structure {
        public Pointer name;
        public Pointer value;
        public SizeT value_len = new SizeT();
        public Pointer address;
        public long age_ms;
        public long expires_in_ms;
        public int source;
        public int interface_index;
        public short port;
        public byte[] id = new byte[16];
        public Pointer addresses;
        public SizeT addresses_len = new SizeT();
        public SizeT addresses_validated = new SizeT();

        /** What the library wrote there. */
        peers_peer_t(Pointer written) {
            super(written);
            read();
        }
    }

    @FieldOrder({
        "len", "stride", "records", "version"
    })
final class peers_list_t extends Structure {
        public SizeT len = new SizeT();
        public SizeT stride = new SizeT();
        public Pointer records;
        public long version;

        /** What the library wrote there. */
        peers_list_t(Pointer written) {
            super(written);
            read();
        }
    }

    @FieldOrder({
        "name", "index", "family", "usage", "why", "kind", "address", "sent", "looped_back", "received",
        "last_error"
    })
final class peers_interface_t extends Structure {
        public Pointer name;
        public int index;
        public int family;
        public int usage;
        public Pointer why;
        public Pointer kind;
        public Pointer address;
        public long sent;
        public long looped_back;
        public long received;
        public Pointer last_error;

        /** What the library wrote there. */
        peers_interface_t(Pointer written) {
            super(written);
            read();
        }
    }

    @FieldOrder({
        "len", "stride", "records"
    })
final class peers_interfaces_t extends Structure {
        public SizeT len = new SizeT();
        public SizeT stride = new SizeT();
        public Pointer records;

        /** What the library wrote there. */
        peers_interfaces_t(Pointer written) {
            super(written);
            read();
        }
    }

    @FieldOrder({
        "kind", "reason", "peer"
    })
final class peers_event_t extends Structure {
        public int kind;
        public int reason;
        public Pointer peer;

        /** What the library wrote there. */
        peers_event_t(Pointer written) {
            super(written);
            read();
        }
    }

    @FieldOrder({
        "struct_size", "state", "reason", "detail", "last_send_age_ms", "last_receive_age_ms", "interfaces",
        "peers", "sent", "send_errors", "received", "looped_back", "malformed", "refused_full", "dropped",
        "sockets_reopened", "events_lost", "other_cluster", "stale", "wrong_key", "rate_limited", "off_link",
        "unvalidated", "id_conflicts"
    })
final class peers_health_t extends Structure {
        public SizeT struct_size = new SizeT();
        public int state;
        public int reason;
        public byte[] detail = new byte[256];
        public long last_send_age_ms;
        public long last_receive_age_ms;
        public long interfaces;
        public long peers;
        public long sent;
        public long send_errors;
        public long received;
        public long looped_back;
        public long malformed;
        public long refused_full;
        public long dropped;
        public long sockets_reopened;
        public long events_lost;
        public long other_cluster;
        public long stale;
        public long wrong_key;
        public long rate_limited;
        public long off_link;
        public long unvalidated;
        public long id_conflicts;

        peers_health_t() {
            struct_size.setValue(size());
        }
    }

    Pointer peers_strerror(int status);

    Pointer peers_last_error();

    Pointer peers_version();

    int peers_start(peers_config_t config, PointerByReference node);

    int peers_register(Pointer node, Pointer key, byte[] value, SizeT value_len, int ttl_ms);

    int peers_register_at(Pointer node, peers_entry_t entry);

    int peers_unregister(Pointer node, Pointer key);

    int peers_set_value(Pointer node, byte[] value, SizeT value_len);

    int peers_set_keys(Pointer node, Pointer keys, SizeT keys_count);

    int peers_set_seeds(Pointer node, Pointer seeds);

    int peers_advance(Pointer node, int ms);

    int peers_free(Pointer node);

    int peers_list(Pointer node, PointerByReference list);

    int peers_self(Pointer node, PointerByReference list);

    Pointer peers_list_at(Pointer list, SizeT index);

    void peers_list_free(Pointer list);

    int peers_wait(Pointer node, long version, int timeout_ms, LongByReference now);

    int peers_next_event(Pointer node, int timeout_ms, PointerByReference event);

    void peers_event_free(Pointer event);

    int peers_event_fd(Pointer node, IntByReference fd);

    int peers_subscribe(Pointer node, PointerByReference subscription);

    int peers_subscription_next(Pointer subscription, int timeout_ms, PointerByReference event);

    int peers_subscription_fd(Pointer subscription, IntByReference fd);

    int peers_subscription_free(Pointer subscription);

    int peers_health(Pointer node, peers_health_t health);

    int peers_interfaces(Pointer node, PointerByReference interfaces);

    Pointer peers_interfaces_at(Pointer interfaces, SizeT index);

    void peers_interfaces_free(Pointer interfaces);

    int peers_txt_get(byte[] txt, SizeT txt_len, Pointer key, PointerByReference value, Pointer value_len);

    int peers_txt_put(byte[] txt, SizeT capacity, Pointer txt_len, Pointer key, byte[] value, SizeT value_len);
    // generated: end
}
