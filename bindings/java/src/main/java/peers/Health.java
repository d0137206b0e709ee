package peers;

import com.sun.jna.Native;
import java.time.Duration;
import java.util.Optional;

/**
 * How a node is, and what it has counted since its start.
 *
 * @param state how it does
 * @param reason what is wrong
 * @param detail the reason in words; "" when nothing is wrong
 * @param lastSendAge since a datagram was sent; empty before the first
 * @param lastReceiveAge since one was heard, its own included; empty before the first
 * @param interfaces interfaces in use
 * @param peers entries in the registry
 * @param sent datagrams sent
 * @param sendErrors sends that the system refused
 * @param received datagrams received, of every kind
 * @param loopedBack received: its own messages, and legacy beacons with its name
 * @param malformed received: what is of neither protocol
 * @param refusedFull newcomers refused because the registry was full
 * @param dropped datagrams lost because its queue on a memory network was full
 * @param socketsReopened times the sockets were opened anew, or interfaces joined or left
 * @param eventsLost events lost because nobody read them; each loss is told by one {@link Event.Kind#RESYNC}
 * @param otherCluster received: messages of another cluster, and legacy beacons where the node sends none
 * @param stale received: messages not newer than what was known (duplicates, replays)
 * @param wrongKey received: messages that no key of the node opens, or sealed ones by a node without
 * @param rateLimited answers, challenges and questions not sent, because too many were asked for
 * @param offLink received: datagrams from beyond the links in use
 * @param unvalidated received: messages of an instance that has yet to answer a challenge
 */
public record Health(
        State state,
        Reason reason,
        String detail,
        Optional<Duration> lastSendAge,
        Optional<Duration> lastReceiveAge,
        long interfaces,
        long peers,
        long sent,
        long sendErrors,
        long received,
        long loopedBack,
        long malformed,
        long refusedFull,
        long dropped,
        long socketsReopened,
        long eventsLost,
        long otherCluster,
        long stale,
        long wrongKey,
        long rateLimited,
        long offLink,
        long unvalidated) {

    /** How a node does. */
    public enum State {
        /** It announces itself and hears. */
        RUNNING,
        /** It works on, but part of its work is failing. */
        DEGRADED,
        /** It met an internal error and no longer works. */
        FAILED,
        /** A state that this package does not know. */
        OTHER;

        private static State of(int code) {
            return switch (code) {
                case Libpeers.PEERS_STATE_RUNNING -> RUNNING;
                case Libpeers.PEERS_STATE_DEGRADED -> DEGRADED;
                case Libpeers.PEERS_STATE_FAILED -> FAILED;
                default -> OTHER;
            };
        }
    }

    /** Why a node is not running. */
    public enum Reason {
        /** Nothing is wrong. */
        NONE,
        /** No interface that may be used is up. */
        NO_INTERFACE,
        /** Nothing was heard for the expiry time, not even its own announcements. */
        NOT_RECEIVING,
        /** An announcement could not be sent through every interface. */
        SEND_FAILS,
        /** The system does not permit sending, or joining the group. */
        PERMISSION,
        /** The system did not let it join the group on every interface. */
        MULTICAST_JOIN,
        /** It met an internal error and no longer works. */
        INTERNAL,
        /** The name of a seed cannot be resolved; it is tried again. */
        RESOLVER,
        /** A reason that this package does not know. */
        OTHER;

        private static Reason of(int code) {
            return switch (code) {
                case Libpeers.PEERS_REASON_NONE -> NONE;
                case Libpeers.PEERS_REASON_NO_INTERFACE -> NO_INTERFACE;
                case Libpeers.PEERS_REASON_NOT_RECEIVING -> NOT_RECEIVING;
                case Libpeers.PEERS_REASON_SEND_FAILS -> SEND_FAILS;
                case Libpeers.PEERS_REASON_PERMISSION -> PERMISSION;
                case Libpeers.PEERS_REASON_MULTICAST_JOIN -> MULTICAST_JOIN;
                case Libpeers.PEERS_REASON_INTERNAL -> INTERNAL;
                case Libpeers.PEERS_REASON_RESOLVER -> RESOLVER;
                default -> OTHER;
            };
        }
    }

    static Health of(Libpeers.peers_health_t raw) {
        return new Health(
                State.of(raw.state),
                Reason.of(raw.reason),
                Native.toString(raw.detail, "UTF-8"),
                age(raw.last_send_age_ms),
                age(raw.last_receive_age_ms),
                raw.interfaces,
                raw.peers,
                raw.sent,
                raw.send_errors,
                raw.received,
                raw.looped_back,
                raw.malformed,
                raw.refused_full,
                raw.dropped,
                raw.sockets_reopened,
                raw.events_lost,
                raw.other_cluster,
                raw.stale,
                raw.wrong_key,
                raw.rate_limited,
                raw.off_link,
                raw.unvalidated);
    }

    /** Before the first datagram the library tells all ones. */
    private static Optional<Duration> age(long milliseconds) {
        return milliseconds == -1 ? Optional.empty() : Optional.of(Duration.ofMillis(milliseconds));
    }
}
