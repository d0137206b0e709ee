package peers;

import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * The options of a node; what is not set is the default. From {@link Node#builder}.
 *
 * <p>Each method throws {@link PeersException} with {@link Status#INVALID} or {@link Status#UTF8} for what no node could take;
 * {@link #start} checks the rest. For one thread at a time; it can start several nodes.
 */
public final class NodeBuilder {
    private final Libpeers.peers_config_t config = new Libpeers.peers_config_t();

    NodeBuilder() {
        // The library changes nothing in it.
        config.setAutoRead(false);
    }

    /** What the node announces: 1 to 255 bytes as UTF-8, no control characters. Default: the host name. */
    public NodeBuilder name(String name) {
        config.name = Input.text("name", name);
        return this;
    }

    /** Only nodes of one cluster list each other: at most 255 bytes as UTF-8, no control characters. Default: "". */
    public NodeBuilder cluster(String cluster) {
        config.cluster = Input.text("cluster", cluster);
        return this;
    }

    /** Bytes announced with the name; 412 always fit. {@link Node#setValue} replaces it. Default: none. */
    public NodeBuilder value(byte[] value) {
        config.value = Input.bytes(value);
        config.value_len.setValue(value.length);
        return this;
    }

    /** The same as UTF-8. */
    public NodeBuilder value(String value) {
        return value(value.getBytes(StandardCharsets.UTF_8));
    }

    /** Which interfaces to use: "eth*,wlan0". Default: all that are up and can multicast; loopback if there is none. */
    public NodeBuilder interfaces(String interfaces) {
        config.interfaces = Input.text("interfaces", interfaces);
        return this;
    }

    /** "memory:NAME" is a network inside the process, for tests. Default: the local network. */
    public NodeBuilder network(String network) {
        config.network = Input.text("network", network);
        return this;
    }

    /** The IPv4 multicast group. Default: "239.2.3.4". */
    public NodeBuilder groupV4(String address) {
        config.group_v4 = Input.text("groupV4", address);
        return this;
    }

    /** The IPv6 multicast group. Default: "ff12::ef02:304". */
    public NodeBuilder groupV6(String address) {
        config.group_v6 = Input.text("groupV6", address);
        return this;
    }

    /**
     * The secrets of the cluster: 1 to 8 of 32 bytes, from a good source of randomness. Only nodes with one of them list each
     * other, and nobody else can read or forge; the first seals, all open. Default: none.
     */
    public NodeBuilder keys(List<byte[]> keys) {
        config.keys = Input.keys(keys);
        config.keys_count.setValue(keys.size());
        return this;
    }

    /** By which ways peers are found. Default: by multicast, and with seeds if there are any. */
    public NodeBuilder mode(Mode mode) {
        config.mode = mode.code;
        return this;
    }

    /**
     * Where to find peers that multicast does not reach: at most 1024 "host:port", with a name, an IPv4 address or an IPv6
     * address in brackets, and the {@link #unicastPort} of the nodes there. Two nodes list each other if one has the other for
     * a seed. Names are resolved on a thread of their own, and again every minute. {@link Node#setSeeds} replaces them.
     * Default: none.
     */
    public NodeBuilder seeds(List<String> seeds) {
        config.seeds = Input.seeds(seeds);
        return this;
    }

    /**
     * The UDP port of the node's own socket, from which it sends and by which it is reached alone: for a firewall, and for
     * those who have this node for a seed. One node of a host can have it. Default: the system chooses.
     */
    public NodeBuilder unicastPort(int port) {
        config.unicast_port = Input.natural("unicastPort", port);
        return this;
    }

    /**
     * Receives the node's log, in the levels that are loggable in it now: INFO, WARNING and ERROR, and as DEBUG the peers that
     * come and go. It is called on the node's thread, or on a calling thread with a manual clock, never by two at once; it
     * may call everything on the node but {@link Node#close}. While it runs the node neither hears nor sends. What it throws
     * goes to {@link com.sun.jna.Native#getCallbackExceptionHandler}. Default: nothing is logged.
     */
    public NodeBuilder logger(System.Logger logger) {
        config.log = Log.to(logger);
        config.log_level = Log.mostDetailed(logger);
        return this;
    }

    /** Between two announcements: 10 ms to 1 h. Default: 15 s. */
    public NodeBuilder interval(Duration interval) {
        config.interval_ms = Input.milliseconds("interval", interval);
        return this;
    }

    /** After it a peer that was not heard is gone: longer than the interval, at most 24 h. Default: 35 s. */
    public NodeBuilder expiry(Duration expiry) {
        config.expiry_ms = Input.milliseconds("expiry", expiry);
        return this;
    }

    /** The most entries of the registry; newcomers beyond it are refused and counted. Default: 65536. */
    public NodeBuilder maxPeers(long entries) {
        config.max_peers = Input.natural("maxPeers", entries);
        return this;
    }

    /** How many routers an announcement may cross: 1 to 255. Default: 1, the local network. */
    public NodeBuilder hops(int hops) {
        config.hops = Input.natural("hops", hops);
        return this;
    }

    /** The UDP port of both groups, which the processes of a host share. Default: 49001. */
    public NodeBuilder port(int port) {
        config.port = Input.natural("port", port);
        return this;
    }

    /** The port at which this program offers its service, announced with the name. Default: none. */
    public NodeBuilder servicePort(int port) {
        config.service_port = Input.natural("servicePort", port);
        return this;
    }

    /** Leaves IPv4 out. */
    public NodeBuilder withoutIpv4() {
        config.flags |= Libpeers.PEERS_NO_IPV4;
        return this;
    }

    /** Leaves IPv6 out. */
    public NodeBuilder withoutIpv6() {
        config.flags |= Libpeers.PEERS_NO_IPV6;
        return this;
    }

    /** Leaves the legacy beacon, "multitastic:NAME", out. */
    public NodeBuilder withoutLegacy() {
        config.flags |= Libpeers.PEERS_NO_LEGACY;
        return this;
    }

    /** For tests: time moves by {@link Node#advance} alone. Needs a memory network. */
    public NodeBuilder manualClock() {
        config.flags |= Libpeers.PEERS_MANUAL_CLOCK;
        return this;
    }

    /**
     * Starts a node: it announces itself at once, and its list fills within milliseconds. A machine without a network is no
     * error: {@link Node#health} tells of it until one comes up. Does not wait for the network.
     *
     * @throws PeersException INVALID, UTF8, TOO_LARGE (name, cluster or value), UNSUPPORTED, INTERFACE, ADDRESS_IN_USE,
     *     PERMISSION, SYSTEM, or SIZE (the library is older than this package)
     */
    public Node start() {
        PointerByReference handle = new PointerByReference();
        PeersException.check(Libpeers.PEERS.peers_start(config, handle));
        return new Node(handle.getValue(), config.log);
    }
}
