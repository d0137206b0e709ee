package peers;

/** Why a call failed. */
public enum Status {
    /** The node was closed. */
    HANDLE(Libpeers.PEERS_ERR_HANDLE),
    /** The library is older than this package and lacks an option that is set. */
    SIZE(Libpeers.PEERS_ERR_SIZE),
    /** A text has no form in UTF-8. */
    UTF8(Libpeers.PEERS_ERR_UTF8),
    /** A value is outside its range. */
    INVALID(Libpeers.PEERS_ERR_INVALID),
    /** A name, key or value is longer than its limit. */
    TOO_LARGE(Libpeers.PEERS_ERR_TOO_LARGE),
    /** This version or this platform does not have the feature. */
    UNSUPPORTED(Libpeers.PEERS_ERR_UNSUPPORTED),
    /** An interface named in the options does not exist. */
    INTERFACE(Libpeers.PEERS_ERR_INTERFACE),
    /** The UDP port is held by a socket that does not share it. */
    ADDRESS_IN_USE(Libpeers.PEERS_ERR_ADDRESS_IN_USE),
    /** The system does not permit what was asked. */
    PERMISSION(Libpeers.PEERS_ERR_PERMISSION),
    /** The system refused for another reason. */
    SYSTEM(Libpeers.PEERS_ERR_SYSTEM),
    /** The registry holds as many entries as it may. */
    FULL(Libpeers.PEERS_ERR_FULL),
    /** The node was closed, by another thread, while the call was under way. */
    STOPPED(Libpeers.PEERS_ERR_STOPPED),
    /** The library met an internal error: the node no longer works. */
    FAILED(Libpeers.PEERS_ERR_FAILED),
    /** The node's own logger closes it, which would wait for itself. */
    DEADLOCK(Libpeers.PEERS_ERR_DEADLOCK),
    /** No entry of this key is registered. */
    NOT_FOUND(Libpeers.PEERS_ERR_NOT_FOUND),
    /** A status that this package does not know. */
    OTHER(0);

    private final int code;

    Status(int code) {
        this.code = code;
    }

    static Status of(int code) {
        for (Status status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        return OTHER;
    }
}
