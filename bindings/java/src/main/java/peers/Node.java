package peers;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
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

    /** A wait for another thread to cancel, or for years, is made of such steps. */
    private static final Duration STEP = Duration.ofMillis(200);

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

    /** As {@link #register(Entry)}, for an entry without an address and a port. */
    public void register(String name, byte[] value, Duration ttl) {
        register(new Entry(name, value, "", 0, ttl));
    }

    /**
     * Lists a local entry, of which nothing is sent to other nodes: it is gone after its ttl unless it is registered again.
     *
     * @throws PeersException INVALID, UTF8, INTERFACE (the zone of its address), TOO_LARGE, or FULL (the registry holds as many
     *     entries as it may)
     */
    public void register(Entry entry) {
        Libpeers.peers_entry_t raw = new Libpeers.peers_entry_t();
        raw.key = Input.text("the name", entry.name());
        raw.value = Input.bytes(entry.value());
        raw.value_len.setValue(entry.value().length);
        raw.address = entry.address().isEmpty() ? null : Input.text("the address", entry.address());
        raw.ttl_ms = Input.milliseconds("the ttl", entry.ttl());
        raw.port = Input.natural("the port", entry.port());
        PeersException.check(Libpeers.PEERS.peers_register_at(handle, raw));
    }

    /**
     * Removes an entry that was registered. It leaves with {@link Event.Reason#UNREGISTERED}.
     *
     * @throws PeersException NOT_FOUND: no entry of this name is registered
     */
    public void unregister(String name) {
        PeersException.check(Libpeers.PEERS.peers_unregister(handle, Input.text("the name", name)));
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
        return read(taken);
    }

    /** The node's own record: its name, id, value and port, and the addresses of all interfaces that it uses. */
    public Peer me() {
        PointerByReference taken = new PointerByReference();
        PeersException.check(Libpeers.PEERS.peers_self(handle, taken));
        return read(taken).get(0);
    }

    /**
     * Waits until a peer is listed that fits, and returns it, the first in the order of the list; empty if there is none within this
     * time. Zero and less look once. It takes no event, and no interrupt ends it, but {@link #close} does.
     */
    public Optional<Peer> waitFor(Predicate<? super Peer> fits, Duration timeout) {
        return waitFor(fits, timeout, () -> false);
    }

    /**
     * The same as a future, which a thread of the executor completes. Cancelling the future ends the wait within 0.2 seconds. If
     * there is none in time, it completes with {@link java.util.concurrent.TimeoutException}, and otherwise with what {@link
     * #waitFor} throws.
     */
    public CompletableFuture<Peer> waitForAsync(
            Predicate<? super Peer> fits, Duration timeout, Executor executor) {
        CompletableFuture<Peer> found = new CompletableFuture<>();
        executor.execute(
                () -> {
                    try {
                        waitFor(fits, timeout, found::isDone)
                                .ifPresentOrElse(
                                        found::complete,
                                        () -> found.completeExceptionally(
                                                new TimeoutException("no peer that fits is listed within " + timeout)));
                    } catch (RuntimeException | Error error) {
                        found.completeExceptionally(error);
                    }
                });
        return found;
    }

    /** Adds a reader of events, which has a queue of its own, and gets the events from now on. */
    public Subscription subscribe() {
        PointerByReference added = new PointerByReference();
        PeersException.check(Libpeers.PEERS.peers_subscribe(handle, added));
        return new Subscription(added.getValue());
    }

    private Optional<Peer> waitFor(Predicate<? super Peer> fits, Duration timeout, BooleanSupplier isCancelled) {
        long start = System.nanoTime();
        Duration limit = timeout.isNegative() ? Duration.ZERO : timeout;
        LongByReference version = new LongByReference();
        while (!isCancelled.getAsBoolean()) {
            Duration left = limit.minusNanos(System.nanoTime() - start);
            int milliseconds = left.isNegative() ? 0 : Input.milliseconds("the step", left.compareTo(STEP) < 0 ? left : STEP);
            int status = Libpeers.PEERS.peers_wait(handle, version.getValue(), milliseconds, version);
            if (status != Libpeers.PEERS_ERR_TIMEOUT) {
                PeersException.check(status);
                Optional<Peer> found = list().stream().filter(fits).map(Peer.class::cast).findFirst();
                if (found.isPresent()) {
                    return found;
                }
            } else if (milliseconds == 0) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static List<Peer> read(PointerByReference taken) {
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
        return Events.next(this::take, timeout);
    }

    /** The same without a limit to the wait. */
    public Event nextEvent() {
        return Events.next(this::take);
    }

    /** The events as they come. The stream waits for each, and ends when the node is closed. */
    public Stream<Event> events() {
        return Events.stream(this::take);
    }

    /** How the node is, and what it has counted. Works on a failed node. */
    public Health health() {
        Libpeers.peers_health_t health = new Libpeers.peers_health_t();
        PeersException.check(Libpeers.PEERS.peers_health(handle, health));
        return Health.of(health);
    }

    /**
     * Each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why; and what it has counted
     * there. Works on a failed node. Unmodifiable.
     */
    public List<InterfaceStatus> interfaces() {
        PointerByReference taken = new PointerByReference();
        PeersException.check(Libpeers.PEERS.peers_interfaces(handle, taken));
        try {
            long size = new Libpeers.peers_interfaces_t(taken.getValue()).len.longValue();
            List<InterfaceStatus> interfaces = new ArrayList<>((int) size);
            for (long index = 0; index < size; index++) {
                Pointer record = Libpeers.PEERS.peers_interfaces_at(taken.getValue(), new Libpeers.SizeT(index));
                interfaces.add(InterfaceStatus.of(new Libpeers.peers_interface_t(record)));
            }
            return List.copyOf(interfaces);
        } finally {
            Libpeers.PEERS.peers_interfaces_free(taken.getValue());
        }
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

    private int take(int milliseconds, PointerByReference taken) {
        return Libpeers.PEERS.peers_next_event(handle, milliseconds, taken);
    }
}
