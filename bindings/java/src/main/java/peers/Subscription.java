package peers;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A further reader of a node's events, from {@link Node#subscribe}, with a queue of 1024 events of its own. If that is full, its
 * events alone are dropped, and {@link Event.Kind#RESYNC} takes their place.
 *
 * <p>Close it, before or after the node. Every method may be called from any thread, and throws {@link PeersException} with
 * {@link Status#HANDLE} once it is closed, and with {@link Status#STOPPED} if it or the node is closed.
 */
public final class Subscription implements AutoCloseable {
    private final Pointer handle;

    Subscription(Pointer handle) {
        this.handle = handle;
    }

    /** As {@link Node#nextEvent(Duration)}. */
    public Optional<Event> nextEvent(Duration timeout) {
        return Events.next(this::take, timeout);
    }

    /** The same without a limit to the wait. */
    public Event nextEvent() {
        return Events.next(this::take);
    }

    /** The events as they come. The stream waits for each, and ends when the node or the subscription is closed. */
    public Stream<Event> events() {
        return Events.stream(this::take);
    }

    /** Ends the subscription. A second call does nothing. */
    @Override
    public void close() {
        Libpeers.PEERS.peers_subscription_free(handle);
    }

    private int take(int milliseconds, PointerByReference taken) {
        return Libpeers.PEERS.peers_subscription_next(handle, milliseconds, taken);
    }
}
