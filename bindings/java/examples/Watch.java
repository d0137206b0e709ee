import java.time.Duration;
import java.util.List;
import peers.Event;
import peers.Node;
import peers.NodeBuilder;
import peers.Peer;
import peers.PeersException;

/**
 * Announces itself, and prints the peers as they come and go, one line each, until SIGINT or SIGTERM, when it says goodbye:
 *
 * <pre>
 * joined NAME ADDRESS
 * updated NAME ADDRESS
 * left NAME (REASON)      goodbye, expired or unreachable
 * resync                  events were lost; what follows builds on node.list()
 * </pre>
 *
 * Run: java -cp peers.jar:jna.jar Watch.java --name kitchen
 *
 * <p>Ends with 1 after an error, 2 when it was called wrongly.
 */
public final class Watch {
    private static final String USAGE =
            "usage: Watch [--name NAME] [--cluster NAME] [--value TEXT] [--interval MS] [--expiry MS] [--port PORT] "
                    + "[--interfaces LIST] [--seeds HOST:PORT,...] [--unicast-port PORT]";

    private Watch() {}

    public static void main(String[] arguments) {
        try (Node node = options(arguments).start()) {
            // It ends the stream of events, too.
            Runtime.getRuntime().addShutdownHook(new Thread(node::close));
            node.events().forEach(Watch::print);
        } catch (PeersException error) {
            System.err.println("Watch: " + error.getMessage());
            System.exit(1);
        } catch (IllegalArgumentException error) {
            System.err.println("Watch: " + error.getMessage() + "\n" + USAGE);
            System.exit(2);
        }
    }

    private static NodeBuilder options(String[] arguments) {
        NodeBuilder node = Node.builder();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " has no value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--name" -> node.name(value);
                case "--cluster" -> node.cluster(value);
                case "--value" -> node.value(value);
                case "--interfaces" -> node.interfaces(value);
                case "--interval" -> node.interval(Duration.ofMillis(Integer.parseInt(value)));
                case "--expiry" -> node.expiry(Duration.ofMillis(Integer.parseInt(value)));
                case "--port" -> node.port(Integer.parseInt(value));
                case "--seeds" -> node.seeds(List.of(value.split(",")));
                case "--unicast-port" -> node.unicastPort(Integer.parseInt(value));
                default -> throw new IllegalArgumentException(arguments[i] + ": there is no such option");
            }
        }
        return node;
    }

    private static void print(Event event) {
        String name = event.peer().map(Peer::name).orElse("");
        String address = event.peer().map(Peer::address).orElse("");
        switch (event.kind()) {
            case JOINED -> System.out.println("joined " + name + " " + address);
            case UPDATED -> System.out.println("updated " + name + " " + address);
            case LEFT -> System.out.println("left " + name + " (" + event.reason().name().toLowerCase() + ")");
            case RESYNC -> System.out.println("resync");
            default -> {} // a kind of a later version
        }
    }
}
