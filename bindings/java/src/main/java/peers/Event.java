package peers;

import java.util.Optional;

/**
 * One change of the registry.
 *
 * @param kind what it tells
 * @param reason why the peer left
 * @param peer the peer as it was when the event was raised; empty with {@link Kind#RESYNC}
 */
public record Event(Kind kind, Reason reason, Optional<Peer> peer) {

    /** What an event tells. */
    public enum Kind {
        /** A peer was heard, or registered, that was not listed before. */
        JOINED,
        /** A listed peer has another value, address, port, source or id. */
        UPDATED,
        /** A peer is no longer listed; the reason says why. */
        LEFT,
        /** Events were not read in time and are lost: {@link Node#list} has the state as it is. */
        RESYNC,
        /** A kind that this package does not know. Ignore it. */
        OTHER;

        private static Kind of(int code) {
            return switch (code) {
                case Libpeers.PEERS_EVENT_JOINED -> JOINED;
                case Libpeers.PEERS_EVENT_UPDATED -> UPDATED;
                case Libpeers.PEERS_EVENT_LEFT -> LEFT;
                case Libpeers.PEERS_EVENT_RESYNC -> RESYNC;
                default -> OTHER;
            };
        }
    }

    /** Why a peer left. */
    public enum Reason {
        /** It has not: the event is of another kind. */
        NONE,
        /** It said that it ends. */
        GOODBYE,
        /** It was not heard for its expiry time, nor did it answer when asked. */
        EXPIRED,
        /** Two probes in a row were answered with ICMP port or host unreachable. */
        UNREACHABLE,
        /** The program unregistered it. */
        UNREGISTERED,
        /** A reason that this package does not know. */
        OTHER;

        private static Reason of(int code) {
            return switch (code) {
                case Libpeers.PEERS_LEFT_NONE -> NONE;
                case Libpeers.PEERS_LEFT_GOODBYE -> GOODBYE;
                case Libpeers.PEERS_LEFT_EXPIRED -> EXPIRED;
                case Libpeers.PEERS_LEFT_UNREACHABLE -> UNREACHABLE;
                case Libpeers.PEERS_LEFT_UNREGISTERED -> UNREGISTERED;
                default -> OTHER;
            };
        }
    }

    static Event of(Libpeers.peers_event_t event) {
        var peer = Optional.ofNullable(event.peer).map(record -> Peer.of(new Libpeers.peers_peer_t(record)));
        return new Event(Kind.of(event.kind), Reason.of(event.reason), peer);
    }
}
