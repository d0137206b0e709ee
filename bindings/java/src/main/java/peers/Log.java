package peers;

import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import java.lang.System.Logger.Level;

/** The library's log, handed to Java's. */
final class Log {
    private Log() {}

    /** A function for the library to call. It has to be reachable for as long as a node may call it. */
    static Libpeers.peers_log_fn to(System.Logger logger) {
        Libpeers.peers_log_fn write =
                (level, message, context) -> logger.log(level(level), message.getString(0, "UTF-8"));
        // Attached at the first line and until the node's thread ends; the virtual machine does not wait for it.
        Native.setCallbackThreadInitializer(write, new CallbackThreadInitializer(true, false, "peers"));
        return write;
    }

    static int mostDetailed(System.Logger logger) {
        for (int level = Libpeers.PEERS_LOG_DEBUG; level > Libpeers.PEERS_LOG_ERROR; level--) {
            if (logger.isLoggable(level(level))) {
                return level;
            }
        }
        return Libpeers.PEERS_LOG_ERROR;
    }

    private static Level level(int level) {
        return switch (level) {
            case Libpeers.PEERS_LOG_ERROR -> Level.ERROR;
            case Libpeers.PEERS_LOG_WARN -> Level.WARNING;
            case Libpeers.PEERS_LOG_DEBUG -> Level.DEBUG;
            default -> Level.INFO;
        };
    }
}
