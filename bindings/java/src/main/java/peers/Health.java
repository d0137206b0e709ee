package peers;

import com.sun.jna.Native;
import java.time.Duration;
import java.util.Optional;

/**
 * How a node is, and what it has counted since its start.
 *
 * <!-- generated: begin java/health_doc -->
 * @param state state of the node.
 * @param reason what is wrong with the node, or a note about its network while it is running.
 * @param detail the reason in words; "" if there is none.
 * @param lastSendAge time since the node last sent a datagram; empty before the first.
 * @param lastReceiveAge time since the node last received a datagram, its own included; empty before the first.
 * @param interfaces number of interfaces in use.
 * @param peers number of entries in the registry.
 * @param sent datagrams sent.
 * @param sendErrors sends that the system refused.
 * @param received datagrams received, of every kind.
 * @param loopedBack received: the node's own messages, and legacy beacons with its name.
 * @param malformed received and dropped: neither a message of the protocol nor a legacy beacon.
 * @param refusedFull peers refused because the registry was full.
 * @param dropped datagrams lost because the node's queue on a memory network was full.
 * @param socketsReopened times that the node reopened its sockets, or joined or left interfaces.
 * @param eventsLost events dropped because the queue was full; one resync event reports each loss.
 * @param otherCluster received and dropped: messages of another cluster, and legacy beacons if the node does not use
 *     them.
 * @param stale received and dropped: messages not newer than the known one of their sender (duplicates, replays).
 * @param wrongKey received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no
 *     keys. If it rises, another node has other keys, or none.
 * @param rateLimited replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or
 *     under forged messages.
 * @param offLink received and dropped: datagrams from outside the links in use, while {@code hops} is 1.
 * @param unvalidated received by a node with keys: messages of an unlisted instance whose path is not validated. Each
 *     new peer begins so. If it rises and no peer joins, recorded messages are replayed.
 * @param idConflicts received: messages with the instance id of the node that another node sent. If it rises, a clone
 *     of this machine or process is there, or a host forges messages.
 * <!-- generated: end -->
 */
public record Health(
        // generated: begin java/health
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
        long unvalidated,
        long idConflicts
        // generated: end
        ) {

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

    /** What is wrong with a node, or, of a running node, a note about its network. The header peers.h says of each what to do. */
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
        /** A newcomer was refused, because the registry is full. */
        LIST_FULL,
        /** The send buffer of the system stayed full. */
        SEND_STALLS,
        /** Another node sent with the instance id of this node. */
        ID_CONFLICT,
        /** Note: a node of another cluster is there. */
        OTHER_CLUSTER,
        /** Note: a node with another key is there. */
        OTHER_KEY,
        /** Note: a node of the same cluster in another mode is there. */
        OTHER_MODE,
        /** A note: the system refused what the node can do without. */
        LIMITED,
        /** The system refused a socket; the node works with the others. */
        SOCKET,
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
                case Libpeers.PEERS_REASON_LIST_FULL -> LIST_FULL;
                case Libpeers.PEERS_REASON_SEND_STALLS -> SEND_STALLS;
                case Libpeers.PEERS_REASON_ID_CONFLICT -> ID_CONFLICT;
                case Libpeers.PEERS_REASON_OTHER_CLUSTER -> OTHER_CLUSTER;
                case Libpeers.PEERS_REASON_OTHER_KEY -> OTHER_KEY;
                case Libpeers.PEERS_REASON_OTHER_MODE -> OTHER_MODE;
                case Libpeers.PEERS_REASON_LIMITED -> LIMITED;
                case Libpeers.PEERS_REASON_SOCKET -> SOCKET;
                default -> OTHER;
            };
        }
    }

    static Health of(Libpeers.peers_health_t raw) {
        return new Health(
                // generated: begin java/read_health
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
                raw.unvalidated,
                raw.id_conflicts
                // generated: end
                );
    }

    /** Before the first datagram the library tells all ones. */
    private static Optional<Duration> age(long milliseconds) {
        return milliseconds == -1 ? Optional.empty() : Optional.of(Duration.ofMillis(milliseconds));
    }
}
