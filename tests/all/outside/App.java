import peers.Node;

/** Two nodes on a network in memory, of which one finds the other. */
public class App {
    public static void main(String[] arguments) {
        try (Node kitchen = start("kitchen"); Node hall = start("hall")) {
            kitchen.list().forEach(peer -> System.out.println("found " + peer.name()));
        }
    }

    private static Node start(String name) {
        return Node.builder().name(name).network("memory:outside").manualClock().start();
    }
}
