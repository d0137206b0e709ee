package peers;

/**
 * An interface of the host and an address family.
 *
 * @param name name of the interface
 * @param index index of the interface
 * @param family 4 or 6
 * @param usage whether the node uses it, and if not, why
 * @param why the usage in words; empty if the node uses it
 * @param kind "loopback", "bridge", "wlan", "wireguard" and so on; empty for a plain network card
 * @param address the address that the node sends from, or would send from; empty if there is none
 * @param sent datagrams sent to the group through it
 * @param loopedBack received through it: the node's own datagrams, which the system loops back
 * @param received datagrams received through it, of every kind
 * @param lastError the last system call for it that failed, with its error; empty if none did
 */
public record InterfaceStatus(
        String name,
        int index,
        int family,
        Usage usage,
        String why,
        String kind,
        String address,
        long sent,
        long loopedBack,
        long received,
        String lastError) {

    /** Whether a node uses an interface, and if not, why. */
    public enum Usage {
        /** The node sends and receives through it. */
        USED,
        /** The option {@code interfaces} does not name it. */
        NOT_NAMED,
        /** The node does not use the family, or the system has refused its sockets. */
        FAMILY_OFF,
        /** It is down. */
        DOWN,
        /** Nothing is connected to it. */
        NO_CARRIER,
        /** It is a port of a bridge, a bond or a team, or is in a VRF. */
        PORT,
        /** It has no MULTICAST flag. */
        NO_MULTICAST,
        /** It has no address of the family; for IPv6, no link-local one. */
        NO_ADDRESS,
        /** It is loopback, and another interface is used. */
        LOOPBACK,
        /** A usage that this package does not know. */
        OTHER;

        private static Usage of(int code) {
            return switch (code) {
                case Libpeers.PEERS_INTERFACE_USED -> USED;
                case Libpeers.PEERS_INTERFACE_NOT_NAMED -> NOT_NAMED;
                case Libpeers.PEERS_INTERFACE_FAMILY_OFF -> FAMILY_OFF;
                case Libpeers.PEERS_INTERFACE_DOWN -> DOWN;
                case Libpeers.PEERS_INTERFACE_NO_CARRIER -> NO_CARRIER;
                case Libpeers.PEERS_INTERFACE_PORT -> PORT;
                case Libpeers.PEERS_INTERFACE_NO_MULTICAST -> NO_MULTICAST;
                case Libpeers.PEERS_INTERFACE_NO_ADDRESS -> NO_ADDRESS;
                case Libpeers.PEERS_INTERFACE_LOOPBACK -> LOOPBACK;
                default -> OTHER;
            };
        }
    }

    static InterfaceStatus of(Libpeers.peers_interface_t raw) {
        return new InterfaceStatus(
                raw.name.getString(0, "UTF-8"),
                raw.index,
                raw.family,
                Usage.of(raw.usage),
                raw.why.getString(0, "UTF-8"),
                raw.kind.getString(0, "UTF-8"),
                raw.address.getString(0, "UTF-8"),
                raw.sent,
                raw.looped_back,
                raw.received,
                raw.last_error.getString(0, "UTF-8"));
    }
}
