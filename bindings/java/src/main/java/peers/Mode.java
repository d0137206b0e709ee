package peers;

/** By which ways a node finds its peers. */
public enum Mode {
    /** By multicast, on the local network; with seeds, by these as well. */
    MULTICAST(Libpeers.PEERS_MODE_MULTICAST),
    /** By unicast alone, with seeds and with those who have this node for one. */
    SEEDS(Libpeers.PEERS_MODE_SEEDS),
    /** By multicast, and by unicast with seeds and with those who have this node for one. */
    MULTICAST_AND_SEEDS(Libpeers.PEERS_MODE_MULTICAST | Libpeers.PEERS_MODE_SEEDS),
    /**
     * By unicast alone, between the members of a cluster, who know of one another by the SWIM protocol. Any one seed that
     * answers is enough to join. For more than some 200 nodes.
     */
    SWIM(Libpeers.PEERS_MODE_SWIM);

    final int code;

    Mode(int code) {
        this.code = code;
    }
}
