package peers;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * One peer, as it was when the list was taken or the event raised.
 *
 * @param name its name; two peers may have the same, and {@code id} tells them apart
 * @param value the bytes it announces
 * @param address its IP address ("192.0.2.7", "fe80::7%eth0"); "" for one that was only registered
 * @param port where it offers its service; 0 when it announces none
 * @param id the random id of this run of it; all zero when unknown, as with registered entries
 * @param source what last told of it
 * @param interfaceIndex the interface it was heard through, as {@link java.net.NetworkInterface#getIndex} counts; 0 when unknown
 * @param age since it was last heard or registered
 * @param expiresIn until it is gone unless it is heard again; zero in an event of one that left
 * @param addresses all its addresses: {@code address} first, then the others that sent or answered a probe, then those that it
 *     only claims. Unmodifiable
 * @param addressesValidated how many of the first addresses sent or answered a probe
 */
public record Peer(
        String name,
        byte[] value,
        String address,
        int port,
        UUID id,
        Source source,
        int interfaceIndex,
        Duration age,
        Duration expiresIn,
        List<String> addresses,
        int addressesValidated) {

    /** What last told of a peer. */
    public enum Source {
        /** A message of the native protocol. */
        MULTICAST,
        /** A legacy beacon, "multitastic:NAME". */
        LEGACY,
        /** {@link Node#register}. */
        REGISTERED,
        /** A message of the native protocol that came to this node alone, and none yet by multicast. */
        UNICAST,
        /** The cluster, with {@link Mode#SWIM}. */
        GOSSIP,
        /** It is the node itself. */
        SELF,
        /** A source that this package does not know. */
        OTHER;

        private static Source of(int code) {
            return switch (code) {
                case Libpeers.PEERS_SOURCE_MULTICAST -> MULTICAST;
                case Libpeers.PEERS_SOURCE_LEGACY -> LEGACY;
                case Libpeers.PEERS_SOURCE_REGISTERED -> REGISTERED;
                case Libpeers.PEERS_SOURCE_UNICAST -> UNICAST;
                case Libpeers.PEERS_SOURCE_GOSSIP -> GOSSIP;
                case Libpeers.PEERS_SOURCE_SELF -> SELF;
                default -> OTHER;
            };
        }
    }

    static Peer of(Libpeers.peers_peer_t record) {
        var id = ByteBuffer.wrap(record.id);
        return new Peer(
                record.name.getString(0, "UTF-8"),
                record.value.getByteArray(0, record.value_len.intValue()),
                record.address.getString(0, "UTF-8"),
                Short.toUnsignedInt(record.port),
                new UUID(id.getLong(), id.getLong()),
                Source.of(record.source),
                record.interface_index,
                Duration.ofMillis(record.age_ms),
                Duration.ofMillis(record.expires_in_ms),
                addresses(record),
                record.addresses_validated.intValue());
    }

    private static List<String> addresses(Libpeers.peers_peer_t record) {
        return IntStream.range(0, record.addresses_len.intValue())
                .mapToObj(index -> record.addresses.getPointer((long) index * Native.POINTER_SIZE).getString(0, "UTF-8"))
                .toList();
    }

    /** A copy of the bytes it announces. */
    @Override
    public byte[] value() {
        return value.clone();
    }

    /** The bytes it announces, read as UTF-8. */
    public String text() {
        return new String(value, StandardCharsets.UTF_8);
    }

    /**
     * The keys and values that {@link Txt} has written: keys in lower case. A key without a value has "". Empty if the value is not
     * in that format, so {@code "worker".equals(peer.txt().get("role"))} does for every peer. Unmodifiable.
     */
    public Map<String, String> txt() {
        return Txt.parse(value);
    }

    /** As records are compared, but for the value, whose bytes count. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Peer peer
                && Arrays.equals(value, peer.value)
                && withoutValue().equals(peer.withoutValue());
    }

    @Override
    public int hashCode() {
        return 31 * withoutValue().hashCode() + Arrays.hashCode(value);
    }

    /** As records are written, with the value as text. */
    @Override
    public String toString() {
        return String.format(
                "Peer[name=%s, value=%s, address=%s, port=%d, id=%s, source=%s, interfaceIndex=%d, age=%s, expiresIn=%s, "
                        + "addresses=%s, addressesValidated=%d]",
                name, text(), address, port, id, source, interfaceIndex, age, expiresIn, addresses, addressesValidated);
    }

    private List<Object> withoutValue() {
        return List.of(name, address, port, id, source, interfaceIndex, age, expiresIn, addresses, addressesValidated);
    }
}
