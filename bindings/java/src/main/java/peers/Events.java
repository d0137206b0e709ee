package peers;

import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** How events are taken, by a call of the library. */
final class Events {
    private static final Duration LONGEST_WAIT = Duration.ofMillis(Integer.MAX_VALUE);

    /** The call: it waits for so many milliseconds, writes the event, and returns a status. */
    interface Call {
        int take(int milliseconds, PointerByReference taken);
    }

    private Events() {}

    static Optional<Event> next(Call call, Duration timeout) {
        Duration left = timeout;
        for (; left.compareTo(LONGEST_WAIT) > 0; left = left.minus(LONGEST_WAIT)) {
            Optional<Event> early = take(call, Integer.MAX_VALUE);
            if (early.isPresent()) {
                return early;
            }
        }
        return take(call, left.isNegative() ? 0 : Input.milliseconds("the timeout", left));
    }

    static Event next(Call call) {
        return take(call, -1).orElseThrow();
    }

    static Stream<Event> stream(Call call) {
        return Stream.generate(() -> nextUnlessClosed(call)).takeWhile(Optional::isPresent).map(Optional::get);
    }

    private static Optional<Event> take(Call call, int milliseconds) {
        PointerByReference taken = new PointerByReference();
        int status = call.take(milliseconds, taken);
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

    private static Optional<Event> nextUnlessClosed(Call call) {
        try {
            return Optional.of(next(call));
        } catch (PeersException error) {
            // HANDLE: it was closed between two events.
            if (error.status() == Status.STOPPED || error.status() == Status.HANDLE) {
                return Optional.empty();
            }
            throw error;
        }
    }
}
