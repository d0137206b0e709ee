package peers;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Keys and values in the format of DNS-SD's TXT records (RFC 6763, section 6), for what a node announces:
 *
 * <pre>{@code node.setValue(Txt.of(Map.of("role", "worker")));}</pre>
 *
 * <p>{@link Peer#txt} reads them.
 */
public final class Txt {
    /** A string has at most 255 bytes behind its length. */
    private static final int LONGEST = 256;

    private Txt() {}

    /**
     * The bytes for these keys and values, which are written as UTF-8.
     *
     * @throws PeersException INVALID (a key is printable ASCII without '='), or TOO_LARGE (a key and its value have more than 254
     *     bytes)
     */
    public static byte[] of(Map<String, String> pairs) {
        byte[] txt = {};
        Memory length = new Memory(Native.SIZE_T_SIZE);
        for (Map.Entry<String, String> pair : pairs.entrySet()) {
            byte[] longer = Arrays.copyOf(txt, txt.length + LONGEST);
            byte[] value = pair.getValue().getBytes(StandardCharsets.UTF_8);
            writeSize(length, txt.length);
            PeersException.check(
                    Libpeers.PEERS.peers_txt_put(
                            longer,
                            new Libpeers.SizeT(longer.length),
                            length,
                            Input.text("the key", pair.getKey()),
                            // NULL would be a key without a value.
                            value.length == 0 ? new byte[1] : value,
                            new Libpeers.SizeT(value.length)));
            txt = Arrays.copyOf(longer, readSize(length));
        }
        return txt;
    }

    /** The keys in lower case, and their values; none for bytes that are not in the format. The first string of a key counts. */
    static Map<String, String> parse(byte[] txt) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (int at = 0; at < txt.length; ) {
            int start = at + 1;
            at = start + Byte.toUnsignedInt(txt[at]);
            if (at > txt.length) {
                return Map.of();
            }
            int equals = start;
            while (equals < at && txt[equals] != '=') {
                if (txt[equals] < ' ' || txt[equals] > '~') {
                    return Map.of();
                }
                equals++;
            }
            String key = new String(txt, start, equals - start, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
            int value = Math.min(equals + 1, at);
            if (!key.isEmpty()) {
                pairs.putIfAbsent(key, new String(txt, value, at - value, StandardCharsets.UTF_8));
            }
        }
        return Collections.unmodifiableMap(pairs);
    }

    private static void writeSize(Memory memory, long size) {
        if (Native.SIZE_T_SIZE == Long.BYTES) {
            memory.setLong(0, size);
        } else {
            memory.setInt(0, (int) size);
        }
    }

    private static int readSize(Memory memory) {
        return Native.SIZE_T_SIZE == Long.BYTES ? (int) memory.getLong(0) : memory.getInt(0);
    }
}
