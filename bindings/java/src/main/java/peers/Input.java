package peers;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** What a caller gives, as C takes it, or a PeersException that says what is wrong. */
final class Input {
    static final int KEY_BYTES = 32;

    private static final long MOST = 0xFFFF_FFFFL;

    private Input() {}

    /** UTF-8 with a NUL behind it. */
    static Memory text(String what, String text) {
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            throw new PeersException(Status.INVALID, what + " has a NUL at character " + nul + "; text has none");
        }
        try {
            ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            Memory memory = new Memory(utf8.remaining() + 1L);
            memory.clear();
            memory.write(0, utf8.array(), 0, utf8.remaining());
            return memory;
        } catch (CharacterCodingException error) {
            throw new PeersException(Status.UTF8, what + " has half of a surrogate pair, which has no form in UTF-8");
        }
    }

    /** Seeds as one text. */
    static Memory seeds(List<String> seeds) {
        return text("seeds", String.join(",", seeds));
    }

    /** NULL for none: there is no memory of no bytes. */
    static Pointer bytes(byte[] bytes) {
        if (bytes.length == 0) {
            return Pointer.NULL;
        }
        Memory memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    /** The keys one after the other. */
    static Pointer keys(List<byte[]> keys) {
        ByteBuffer joined = ByteBuffer.allocate(keys.size() * KEY_BYTES);
        for (byte[] key : keys) {
            if (key.length != KEY_BYTES) {
                throw new PeersException(Status.INVALID, "a key has 32 bytes, and this has " + key.length);
            }
            joined.put(key);
        }
        return bytes(joined.array());
    }

    /** A size, which C would take -1 for the largest of. */
    static long size(String what, long number) {
        if (number < 0 || Native.SIZE_T_SIZE < 8 && number > MOST) {
            throw new PeersException(Status.INVALID, what + " is " + number + "; it can be 0 or more");
        }
        return number;
    }

    /** A number without a sign, which C would take -1 for the largest of. */
    static int natural(String what, long number) {
        if (number < 0 || number > MOST) {
            throw new PeersException(Status.INVALID, what + " is " + number + "; it can be 0 to " + MOST);
        }
        return (int) number;
    }

    /** Milliseconds without a sign, rounded up. */
    static int milliseconds(String what, Duration time) {
        if (time.isNegative() || time.compareTo(Duration.ofMillis(MOST)) > 0) {
            throw new PeersException(Status.INVALID, what + " is " + time + "; it can be zero to " + Duration.ofMillis(MOST));
        }
        return (int) time.plusNanos(999_999).toMillis();
    }
}
