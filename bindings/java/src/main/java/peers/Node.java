package peers;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A running node: it announces itself, and lists the peers it hears.
 *
 * <p>Close it, best by try-with-resources: that says goodbye, and the others drop it at once. One that is forgotten runs until
 * the virtual machine ends, and the others miss it only after its expiry.
 *
 * <p>Every method may be called from any thread. Every method throws {@link PeersException} with {@link Status#HANDLE} once the
 * node is closed, {@link Status#STOPPED} if it is closed meanwhile, and {@link Status#FAILED} after an internal error.
 */
public final class Node implements AutoCloseable {
    /** The open nodes, so that no log function is collected that the library may call. */
    private static final Set<Node> OPEN = ConcurrentHashMap.newKeySet();

    private static final Duration LONGEST_WAIT = Duration.ofMillis(Integer.MAX_VALUE);

    private final Pointer handle;
    private final Libpeers.peers_log_fn log;

    Node(Pointer handle, Libpeers.peers_log_fn log) {
        this.handle = handle;
        this.log = log;
        OPEN.add(this);
    }

    /** The options of a node to start. */
    public static NodeBuilder builder() {
        return new NodeBuilder();
    }

    /** Starts a node with defaults in everything; see {@link NodeBuilder#start}. */
    public static Node start() {
        return builder().start();
    }

    /** The version of the library that is running, such as "0.1.0". */
    public static String libraryVersion() {
        return Libpeers.PEERS.peers_version().getString(0, "UTF-8");
    }

    /** As {@link #register(String, byte[], Duration)}, for as long as the node's expiry. */
    public void register(String name, byte[] value) {
        register(name, value, Duration.ZERO);
    }

    /**
     * Puts an entry in the registry, exactly as if its beacon had been heard: it is gone after this time unless it is
     * registered again.
     *
     * @param name what it is listed under: 1 to 255 bytes as UTF-8, no control characters, not the node's own name
     * @param value at most 1024 bytes
     * @param ttl up to 49 days, rounded up to milliseconds; zero means the node's expiry
     * @throws PeersException INVALID, UTF8, TOO_LARGE, or FULL (the registry holds as many entries as it may)
     */
    public void register(String name, byte[] value, Duration ttl) {
        PeersException.check(
                Libpeers.PEERS.peers_register(
                        handle,
                        Input.text("the name", name),
                        value,
                        new Libpeers.SizeT(value.length),
                        Input.milliseconds("the ttl", ttl)));
    }

    /**
     * Announces another value from now on. It is told at once; a change within 100 ms of the last is held until these are over,
     * and of several only the latest is told.
     *
     * @throws PeersException TOO_LARGE: it does not fit beside the node's name and cluster, and stays as it was
     */
    public void setValue(byte[] value) {
        PeersException.check(Libpeers.PEERS.peers_set_value(handle, value, new Libpeers.SizeT(value.length)));
    }

    /**
     * Replaces the keys of a node that was started with keys, without an outage: 1 to 8 of 32 bytes. To change the key of a
     * cluster, do three rounds over its nodes: the new key behind the old one, then before it, then alone.
     *
     * @throws PeersException INVALID: another number or length of keys, or the node was started without; they stay as they were
     */
    public void setKeys(List<byte[]> keys) {
        PeersException.check(
                Libpeers.PEERS.peers_set_keys(handle, Input.keys(keys), new Libpeers.SizeT(keys.size())));
    }

    /**
     * Replaces the seeds of a node that was started with some, or in a mode that has them; an empty list for none. Those that
     * are new are asked at once. Those that are left out are told nothing from now on; a peer there expires, unless it has this
     * node for a seed. Does not wait for names to be resolved.
     *
     * @throws PeersException INVALID (one is no "host:port", there are more than 1024, or the node takes no seeds), UTF8 or
     *     SYSTEM; the seeds stay as they were
     */
    public void setSeeds(List<String> seeds) {
        PeersException.check(Libpeers.PEERS.peers_set_seeds(handle, Input.seeds(seeds)));
    }

    /** The peers that are live now, ordered by name and then by id; the node itself is not listed. Unmodifiable. */
    public List<Peer> list() {
        PointerByReference taken = new PointerByReference();
        PeersException.check(Libpeers.PEERS.peers_list(handle, taken));
        try {
            long size = new Libpeers.peers_list_t(taken.getValue()).len.longValue();
            List<Peer> peers = new ArrayList<>((int) size);
            for (long index = 0; index < size; index++) {
                Pointer record = Libpeers.PEERS.peers_list_at(taken.getValue(), new Libpeers.SizeT(index));
                peers.add(Peer.of(new Libpeers.peers_peer_t(record)));
            }
            return List.copyOf(peers);
        } finally {
            Libpeers.PEERS.peers_list_free(taken.getValue());
        }
    }

    /**
     * Waits for the next event and takes it; empty if nothing happens within this time. Zero and less do not wait. The wait is
     * in real time, whatever the node's clock, and no interrupt ends it, but {@link #close} does. Events come in the order they
     * happened, each to one caller; 1024 are kept, and if more wait {@link Event.Kind#RESYNC} takes their place.
     */
    public Optional<Event> nextEvent(Duration timeout) {
        Duration left = timeout;
        for (; left.compareTo(LONGEST_WAIT) > 0; left = left.minus(LONGEST_WAIT)) {
            Optional<Event> early = takeEvent(Integer.MAX_VALUE);
            if (early.isPresent()) {
                return early;
            }
        }
        return takeEvent(left.isNegative() ? 0 : Input.milliseconds("the timeout", left));
    }

    /** The same without a limit to the wait. */
    public Event nextEvent() {
        return takeEvent(-1).orElseThrow();
    }

    /** The events as they come. The stream waits for each, and ends when the node is closed. */
    public Stream<Event> events() {
        return Stream.generate(this::nextEventUnlessClosed).takeWhile(Optional::isPresent).map(Optional::get);
    }

    /** How the node is, and what it has counted. Works on a failed node. */
    public Health health() {
        Libpeers.peers_health_t health = new Libpeers.peers_health_t();
        PeersException.check(Libpeers.PEERS.peers_health(handle, health));
        return Health.of(health);
    }

    /**
     * Moves the time of a node with a manual clock on, and does all that falls due on the way, in order. Each node has a time
     * of its own: one that is not advanced falls silent, and expires at the others.
     *
     * @param time up to 49 days, rounded up to milliseconds
     * @throws PeersException INVALID: the node runs on the system's clock
     */
    public void advance(Duration time) {
        PeersException.check(Libpeers.PEERS.peers_advance(handle, Input.milliseconds("the time to advance", time)));
    }

    /**
     * Ends the node: it says goodbye. Waits for its thread to end, which takes milliseconds. A second call does nothing.
     *
     * @throws PeersException DEADLOCK in the node's own logger; the node lives on
     */
    @Override
    public void close() {
        int status = Libpeers.PEERS.peers_free(handle);
        if (status != Libpeers.PEERS_ERR_HANDLE) {
            PeersException.check(status);
        }
        OPEN.remove(this);
    }

    private Optional<Event> takeEvent(int milliseconds) {
        PointerByReference taken = new PointerByReference();
        int status = Libpeers.PEERS.peers_next_event(handle, milliseconds, taken);
        if (status == Libpeers.PEERS_ERR_TIMEOUT) {
            return Optional.empty();
        }
        PeersException.check(status);
        try {
            return Optional.of(Event.of(new Libpeers.peers_event_t(taken.getValue())));
        } finally {
            Libpeers.PEERS.peers_event_free(taken.getValue());
        }
    }

    private Optional<Event> nextEventUnlessClosed() {
        try {
            return Optional.of(nextEvent());
        } catch (PeersException error) {
            // HANDLE: it was closed between two events.
            if (error.status() == Status.STOPPED || error.status() == Status.HANDLE) {
                return Optional.empty();
            }
            throw error;
        }
    }
}
