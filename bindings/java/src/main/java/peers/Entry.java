package peers;

import java.time.Duration;

/**
 * A local entry of the list, for {@link Node#register(Entry)}.
 *
 * @param name what it is listed under: 1 to 255 bytes as UTF-8, no control characters, not the node's own name
 * @param value at most 1024 bytes
 * @param address an IP address as text, a link-local one with its zone; "" for none
 * @param port the port of its service; 0 for none
 * @param ttl how long it is listed unless it is registered again: up to 49 days, rounded up to milliseconds; zero means the node's
 *     expiry
 */
public record Entry(String name, byte[] value, String address, int port, Duration ttl) {
    /** An entry that has a name and a value alone. */
    public Entry(String name, byte[] value) {
        this(name, value, "", 0, Duration.ZERO);
    }
}
