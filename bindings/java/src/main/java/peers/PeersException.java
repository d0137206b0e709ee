package peers;

/** What every call throws that fails. The message names the value and says what would be right. */
public final class PeersException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Status status;

    PeersException(Status status, String message) {
        super(message);
        this.status = status;
    }

    /** Why the call failed. */
    public Status status() {
        return status;
    }

    /** Throws what the calling thread's most recent call of the library said, if that failed. */
    static void check(int code) {
        if (code != Libpeers.PEERS_OK) {
            throw new PeersException(Status.of(code), Libpeers.PEERS.peers_last_error().getString(0, "UTF-8"));
        }
    }
}
