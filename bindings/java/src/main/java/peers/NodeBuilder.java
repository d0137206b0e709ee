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

    /** The same as UTF-8. */
    public NodeBuilder value(String value) {
        return value(value.getBytes(StandardCharsets.UTF_8));
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

    // generated: begin java/builder

    /** Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host name. Two
     * processes with the same name are two peers, which have different ids. */
    public NodeBuilder name(String name) {
        config.name = Input.text("name", name);
        return this;
    }

    /** Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8 without control
     * characters. Default: the unnamed cluster. The nodes of a named cluster do not use the legacy beacon, which does
     * not carry the cluster. */
    public NodeBuilder cluster(String cluster) {
        config.cluster = Input.text("cluster", cluster);
        return this;
    }

    /** Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most 1050
     * bytes less those of the name and the cluster, hence always 540; 128 bytes less with {@link Mode#SWIM}. Default:
     * none. {@link Node#setValue} replaces it. */
    public NodeBuilder value(byte[] value) {
        config.value = Input.bytes(value);
        config.value_len.setValue(value.length);
        return this;
    }

    /** Network interfaces to use. Comma-separated names, in which `*` stands for any characters: "eth*,wlan0". Default:
     * each interface that is up and can multicast, or loopback if there is none. On Windows the names are those that
     * the system shows: "Ethernet", "Wi-Fi*". */
    public NodeBuilder interfaces(String interfaces) {
        config.interfaces = Input.text("interfaces", interfaces);
        return this;
    }

    /** Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that give the
     * same NAME. Default: the local network. */
    public NodeBuilder network(String network) {
        config.network = Input.text("network", network);
        return this;
    }

    /** IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4. */
    public NodeBuilder groupV4(String groupV4) {
        config.group_v4 = Input.text("groupV4", groupV4);
        return this;
    }

    /** IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no error: the
     * node uses IPv4 alone. */
    public NodeBuilder groupV6(String groupV6) {
        config.group_v6 = Input.text("groupV6", groupV6);
        return this;
    }

    /** Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
     * /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one
     * of them list each other. Without a key nothing can be read or forged. The first key seals, and all open; {@link
     * Node#setKeys} replaces them. A node with keys does not use the legacy beacon. The library reads keys from here
     * alone, from no file and no environment. It wipes its copies when it no longer needs them; wipe yours after the
     * call. */
    public NodeBuilder keys(List<byte[]> keys) {
        config.keys = Input.keys(keys);
        config.keys_count.setValue(keys.size());
        return this;
    }

    /** Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4 address or an
     * IPv6 address in brackets, and the {@code unicastPort} of the node there. Default: none. Two nodes list each other
     * if either one is a seed of the other; with {@link Mode#SWIM}, if seeds join both to one cluster. The node
     * resolves names every minute, or every four intervals if these are shorter. Each address of a name is a seed. A
     * name that cannot be resolved shows in the node's health. Each seed costs one datagram per interval. {@link
     * Node#setSeeds} replaces them. */
    public NodeBuilder seeds(List<String> seeds) {
        config.seeds = Input.seeds(seeds);
        return this;
    }

    /** Time between two announcements. 10 ms to 1 h. Default: 15 s. */
    public NodeBuilder interval(Duration interval) {
        config.interval_ms = Input.milliseconds("interval", interval);
        return this;
    }

    /** Time after which a peer is removed that sent nothing and answered no probe. Longer than {@code interval}, at
     * most 24 h; with {@link Mode#SWIM}, 7 s or more. Default: 35 s. The node announces it, and the other nodes apply
     * it. If the node receives nothing for this long, it reopens its sockets. */
    public NodeBuilder expiry(Duration expiry) {
        config.expiry_ms = Input.milliseconds("expiry", expiry);
        return this;
    }

    /** Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and counted. */
    public NodeBuilder maxPeers(long maxPeers) {
        config.max_peers = Input.natural("maxPeers", maxPeers);
        return this;
    }

    /** Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1, the local
     * network. */
    public NodeBuilder hops(int hops) {
        config.hops = Input.natural("hops", hops);
        return this;
    }

    /** UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001. */
    public NodeBuilder port(int port) {
        config.port = Input.natural("port", port);
        return this;
    }

    /** Port at which this program offers its service, announced with the name. 1 to 65535. Default: none. */
    public NodeBuilder servicePort(int servicePort) {
        config.service_port = Input.natural("servicePort", servicePort);
        return this;
    }

    /** How the node finds peers. {@link Mode#MULTICAST}, {@link Mode#SEEDS}, both together, or {@link Mode#SWIM}.
     * Default: {@link Mode#MULTICAST}, and {@link Mode#SEEDS} too if there are {@code seeds}. */
    public NodeBuilder mode(Mode mode) {
        config.mode = mode.code;
        return this;
    }

    /** UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to 65535; with
     * multicast not {@code port}. Default: a port that the system chooses. Set it for a firewall, or if the node is a
     * seed of others. One node of a host can have it. A memory network ignores it. */
    public NodeBuilder unicastPort(int unicastPort) {
        config.unicast_port = Input.natural("unicastPort", unicastPort);
        return this;
    }

    /** Maximum number of bytes of the names and values of all entries in the registry together. 65536 or more. Default:
     * 512 for each of {@code maxPeers}, at least 65536. A peer or registration beyond it is refused as if there were
     * {@code maxPeers} entries. */
    public NodeBuilder entriesMaxBytes(long entriesMaxBytes) {
        config.entries_max_bytes.setValue(Input.size("entriesMaxBytes", entriesMaxBytes));
        return this;
    }

    /** Whether the node's time moves by {@link Node#advance} alone. For tests; needs a memory network. */
    public NodeBuilder manualClock() {
        config.flags |= Libpeers.PEERS_MANUAL_CLOCK;
        return this;
    }

    /** Does not use IPv4, and ignores the option groupV4. */
    public NodeBuilder withoutIpv4() {
        config.flags |= Libpeers.PEERS_NO_IPV4;
        return this;
    }

    /** Does not use IPv6, and ignores the option groupV6. */
    public NodeBuilder withoutIpv6() {
        config.flags |= Libpeers.PEERS_NO_IPV6;
        return this;
    }

    /** Does not use the legacy beacon, "multitastic:NAME". */
    public NodeBuilder withoutLegacy() {
        config.flags |= Libpeers.PEERS_NO_LEGACY;
        return this;
    }

    /** Whether the node is an observer, which lists peers and is not listed by them. It sends queries and probes alone. {@link Mode#SWIM} has no observers. */
    public NodeBuilder observer() {
        config.flags |= Libpeers.PEERS_OBSERVER;
        return this;
    }

    // generated: end

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
