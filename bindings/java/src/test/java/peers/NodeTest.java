package peers;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The tests of the package: every node is on a network in memory. Ends well, or with the trace of a failure. */
final class NodeTest {
    /** Reached only when something hangs. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private NodeTest() {}

    /** A case, which throws if it fails. */
    private interface Case {
        void run() throws Exception;
    }

    private static final Map<String, Case> CASES = new LinkedHashMap<>();

    static {
        CASES.put("everyOptionHasItsEffect", NodeTest::everyOptionHasItsEffect);
        CASES.put("onlyThoseWithAKeyOfTheClusterTakePart", NodeTest::onlyThoseWithAKeyOfTheClusterTakePart);
        CASES.put("seedsFindThoseWhomMulticastDoesNotReach", NodeTest::seedsFindThoseWhomMulticastDoesNotReach);
        CASES.put("seedsAreReplacedWhileANodeRuns", NodeTest::seedsAreReplacedWhileANodeRuns);
        CASES.put("wrongOptionsAreRefusedInWords", NodeTest::wrongOptionsAreRefusedInWords);
        CASES.put("wrongCallsAreRefusedInWords", NodeTest::wrongCallsAreRefusedInWords);
        CASES.put("aRegistrationEndsWithItsTtl", NodeTest::aRegistrationEndsWithItsTtl);
        CASES.put("peersAreValues", NodeTest::peersAreValues);
        CASES.put("eventsTellOfThoseWhoComeChangeAndGo", NodeTest::eventsTellOfThoseWhoComeChangeAndGo);
        CASES.put("aWaitHasAnyLength", NodeTest::aWaitHasAnyLength);
        CASES.put("aSlowReaderIsToldToLookAtTheList", NodeTest::aSlowReaderIsToldToLookAtTheList);
        CASES.put("healthTellsWhatWasCounted", NodeTest::healthTellsWhatWasCounted);
        CASES.put("closeEndsTheStreamOfEvents", NodeTest::closeEndsTheStreamOfEvents);
        CASES.put("aWaitForAPeerEndsWithIt", NodeTest::aWaitForAPeerEndsWithIt);
        CASES.put("aFutureOfAPeerIsCompletedOrCancelled", NodeTest::aFutureOfAPeerIsCompletedOrCancelled);
        CASES.put("eachSubscriptionGetsEveryEvent", NodeTest::eachSubscriptionGetsEveryEvent);
        CASES.put("aNodeKnowsItself", NodeTest::aNodeKnowsItself);
        CASES.put("anObserverIsNotListed", NodeTest::anObserverIsNotListed);
        CASES.put("anEntryHasAPlaceUntilItIsUnregistered", NodeTest::anEntryHasAPlaceUntilItIsUnregistered);
        CASES.put("pairsAreWrittenAndRead", NodeTest::pairsAreWrittenAndRead);
        CASES.put("theLogGoesToTheLogger", NodeTest::theLogGoesToTheLogger);
        CASES.put("theLoggerOfANodeCannotCloseIt", NodeTest::theLoggerOfANodeCannotCloseIt);
    }

    /** Runs the case that the argument names. */
    public static void main(String[] arguments) throws Exception {
        CASES.get(arguments[0]).run();
    }

    private static void everyOptionHasItsEffect() {
        NodeBuilder options = still("gärten 花", "options").cluster("flat").value(new byte[] {'w', 0, 't'});
        options.servicePort(8080).interval(Duration.ofSeconds(1)).expiry(Duration.ofSeconds(4));
        try (Node garden = options.start();
                Node kitchen = still("kitchen", "options").cluster("flat").maxPeers(2).start();
                Node stranger = still("stranger", "options").start()) {
            garden.list(); // it hears the kitchen's question, and answers
            List<Peer> list = kitchen.list();
            check(list.size() == 1);
            Peer peer = list.get(0);
            check(peer.name().equals("gärten 花"));
            check(Arrays.equals(peer.value(), new byte[] {'w', 0, 't'}));
            check(peer.address().equals("10.0.0.1"));
            check(peer.port() == 8080);
            check(!peer.id().equals(new UUID(0, 0)));
            check(peer.source() == Peer.Source.MULTICAST);
            check(peer.age().isZero() && peer.expiresIn().equals(Duration.ofSeconds(4)));
            check(stranger.list().isEmpty());

            // Registrations have as much room as peers.
            kitchen.register("lamp", new byte[0]);
            kitchen.register("door", new byte[0]);
            checkFails(Status.FULL, "stove", () -> kitchen.register("stove", new byte[0]));
        }
    }

    private static void onlyThoseWithAKeyOfTheClusterTakePart() {
        byte[] first = key(1);
        byte[] second = key(2);
        try (Node a = still("a", "keys").keys(List.of(first)).start();
                Node b = still("b", "keys").keys(List.of(second)).start();
                Node open = still("open", "keys").start()) {
            b.setKeys(List.of(first, second));
            a.advance(Duration.ofSeconds(15));
            for (int turn = 0; turn < 4; turn++) { // there and back, twice: each challenges the other
                b.list();
                a.list();
            }
            check(names(a).equals(List.of("b")) && names(b).equals(List.of("a")));
            check(open.list().isEmpty());
            checkFails(Status.INVALID, "", () -> a.setKeys(List.of()));
            checkFails(Status.INVALID, "this has 31", () -> a.setKeys(List.of(new byte[31])));
            checkFails(Status.INVALID, "", () -> open.setKeys(List.of(first)));
        }
    }

    private static void seedsFindThoseWhomMulticastDoesNotReach() {
        List<String> seeds = List.of("10.9.9.9:1", "10.0.0.1:49153");
        try (Node first = still("first", "seeds").mode(Mode.SEEDS).start();
                Node outside = still("outside", "seeds").mode(Mode.MULTICAST).start()) {
            try (Node second = still("second", "seeds").mode(Mode.SEEDS).seeds(seeds).start()) {
                check(names(first).equals(List.of("second")) && names(second).equals(List.of("first")));
                check(first.list().get(0).source() == Peer.Source.UNICAST);
                check(second.list().get(0).source() == Peer.Source.UNICAST);
                check(outside.list().isEmpty());
            }
            check(first.list().isEmpty());
        }
    }

    private static void seedsAreReplacedWhileANodeRuns() {
        NodeBuilder both = still("second", "replaced").mode(Mode.MULTICAST_AND_SEEDS).unicastPort(49002);
        try (Node first = still("first", "replaced").mode(Mode.SEEDS).start();
                Node second = both.start();
                Node open = still("open", "without seeds").start()) {
            check(first.list().isEmpty() && second.list().isEmpty());
            first.setSeeds(List.of("10.0.0.2:49154"));
            check(names(second).equals(List.of("first")) && names(first).equals(List.of("second")));
            checkFails(Status.INVALID, "the seed \"nowhere\" has no port", () -> first.setSeeds(List.of("nowhere")));
            first.setSeeds(List.of());
            second.advance(Duration.ofSeconds(35));
            check(second.list().isEmpty());
            checkFails(Status.INVALID, "was started without seeds", () -> open.setSeeds(List.of("10.0.0.1:1")));
        }
    }

    private static void wrongOptionsAreRefusedInWords() {
        checkRefused(Status.INVALID, "name has a NUL at character 1", it -> it.name("a\0b"));
        checkRefused(Status.UTF8, "cluster has half of a surrogate pair", it -> it.cluster("\ud83d"));
        checkRefused(Status.INVALID, "the name is empty", it -> it.name(""));
        checkRefused(Status.TOO_LARGE, "", it -> it.name("n".repeat(256)));
        checkRefused(Status.TOO_LARGE, "", it -> it.value("v".repeat(2000)));
        checkRefused(Status.INVALID, "interval is PT-0.001S", it -> it.interval(Duration.ofMillis(-1)));
        checkRefused(Status.INVALID, "expiry is PT1200H", it -> it.expiry(Duration.ofDays(50)));
        checkRefused(Status.INVALID, "expiry is", it -> it.expiry(Duration.ofSeconds(Long.MAX_VALUE)));
        checkRefused(Status.INVALID, "9", it -> it.interval(Duration.ofNanos(8_000_001))); // rounded up
        checkRefused(Status.INVALID, "port is -1", it -> it.port(-1));
        checkRefused(Status.INVALID, "65536", it -> it.port(65536));
        checkRefused(Status.INVALID, "65536", it -> it.servicePort(65536));
        checkRefused(Status.INVALID, "256", it -> it.hops(256));
        checkRefused(Status.INVALID, "maxPeers is 4294967296", it -> it.maxPeers(1L << 32));
        checkRefused(Status.INVALID, "10.0.0.1", it -> it.groupV4("10.0.0.1"));
        checkRefused(Status.INVALID, "::1", it -> it.groupV6("::1"));
        checkRefused(Status.INVALID, "this has 33", it -> it.keys(List.of(new byte[33])));
        checkRefused(Status.INVALID, "9", it -> it.keys(Collections.nCopies(9, key(1))));
        checkRefused(Status.INVALID, "\"192.0.2.1\" has no port", it -> it.seeds(List.of("a:1", "192.0.2.1")));
        checkRefused(Status.INVALID, "does not resolve", it -> it.seeds(List.of("peers.example:1")));
        checkRefused(Status.INVALID, "seeds has a NUL at character 1", it -> it.seeds(List.of("a\0:1")));
        checkRefused(Status.UTF8, "seeds has half of a surrogate pair", it -> it.seeds(List.of("\ud83d:1")));
        checkRefused(Status.INVALID, "unicastPort is -1", it -> it.unicastPort(-1));
        checkRefused(Status.INVALID, "unicast_port is 65536", it -> it.unicastPort(65536));
        checkFails(Status.INTERFACE, "nosuch7", () -> Node.builder().interfaces("nosuch7").start());
        checkFails(Status.INVALID, "IPv4", () -> Node.builder().withoutIpv4().withoutIpv6().start());
        checkFails(Status.INVALID, "", () -> Node.builder().manualClock().start());
    }

    private static void wrongCallsAreRefusedInWords() {
        Node node = still("node", "calls").start();
        byte[] none = {};
        checkFails(Status.INVALID, "own name", () -> node.register("node", none));
        checkFails(Status.INVALID, "the name has a NUL", () -> node.register("\0", none));
        checkFails(Status.INVALID, "the ttl is PT-1S", () -> node.register("lamp", none, Duration.ofSeconds(-1)));
        checkFails(Status.TOO_LARGE, "", () -> node.register("lamp", new byte[1025]));
        checkFails(Status.TOO_LARGE, "", () -> node.setValue(new byte[2000]));
        checkFails(Status.INVALID, "the time to advance is PT-1S", () -> node.advance(Duration.ofSeconds(-1)));
        node.close();
        node.close();
        checkFails(Status.HANDLE, "", node::list);
        checkFails(Status.HANDLE, "", node::nextEvent);
        checkFails(Status.HANDLE, "", node::health);
        check(node.events().findAny().isEmpty());
        try (Node running = Node.builder().network("memory:calls").start()) {
            checkFails(Status.INVALID, "clock", () -> running.advance(Duration.ofSeconds(1)));
        }
        check(Node.libraryVersion().matches("\\d+\\.\\d+\\.\\d+"));
    }

    private static void aRegistrationEndsWithItsTtl() {
        try (Node node = still("node", "ttl").start()) {
            node.register("lamp", utf8("on"), Duration.ofSeconds(2));
            node.register("door", utf8("shut"));
            node.advance(Duration.ofMillis(1999));
            check(names(node).equals(List.of("door", "lamp")));
            Peer lamp = node.list().get(1);
            check(lamp.text().equals("on") && lamp.address().isEmpty() && lamp.source() == Peer.Source.REGISTERED);
            check(lamp.age().equals(Duration.ofMillis(1999)) && lamp.expiresIn().equals(Duration.ofMillis(1)));
            node.advance(Duration.ofNanos(1)); // rounded up
            check(names(node).equals(List.of("door")));
        }
    }

    private static void peersAreValues() {
        Peer taken;
        try (Node node = still("node", "values").start()) {
            node.register("lamp", utf8("on"));
            taken = node.list().get(0);
            check(taken.equals(node.list().get(0)) && taken.hashCode() == node.list().get(0).hashCode());
            node.register("lamp", utf8("off"));
            check(!taken.equals(node.list().get(0)));
        }
        taken.value()[0] = 'x';
        check(taken.text().equals("on") && taken.toString().startsWith("Peer[name=lamp, value=on, address=, "));
    }

    private static void eventsTellOfThoseWhoComeChangeAndGo() {
        try (Node kitchen = still("kitchen", "events").start()) {
            try (Node garden = still("garden", "events").start()) {
                checkNext(kitchen, Event.Kind.JOINED, Event.Reason.NONE, "garden");
                garden.setValue(utf8("wet"));
                checkNext(kitchen, Event.Kind.UPDATED, Event.Reason.NONE, "garden");
            }
            checkNext(kitchen, Event.Kind.LEFT, Event.Reason.GOODBYE, "garden");
            kitchen.register("lamp", utf8("on"));
            kitchen.advance(Duration.ofSeconds(35));
            checkNext(kitchen, Event.Kind.JOINED, Event.Reason.NONE, "lamp");
            checkNext(kitchen, Event.Kind.LEFT, Event.Reason.EXPIRED, "lamp");
        }
    }

    private static void aWaitHasAnyLength() {
        try (Node node = still("node", "waits").start()) {
            check(node.nextEvent(Duration.ZERO).isEmpty());
            check(node.nextEvent(Duration.ofNanos(1)).isEmpty());
            check(node.nextEvent(Duration.ofSeconds(Long.MIN_VALUE)).isEmpty());
            node.register("lamp", utf8("on"));
            check(node.nextEvent(Duration.ofSeconds(Long.MAX_VALUE)).isPresent());
            node.register("door", utf8("open"));
            check(node.nextEvent().peer().orElseThrow().name().equals("door"));
        }
    }

    private static void aSlowReaderIsToldToLookAtTheList() {
        try (Node node = still("node", "slow").start()) {
            for (int number = 0; number <= 1024; number++) {
                node.register("lamp " + number, new byte[0]);
            }
            Event event = node.nextEvent();
            check(event.kind() == Event.Kind.RESYNC && event.peer().isEmpty());
            check(node.list().size() == 1025 && node.health().peers() == 1025 && node.health().eventsLost() > 1000);
        }
    }

    private static void healthTellsWhatWasCounted() {
        try (Node kitchen = still("kitchen", "health").start();
                Node garden = still("garden", "health").start();
                Node sealed = still("sealed", "health").keys(List.of(key(1))).start()) {
            garden.advance(Duration.ofSeconds(3));
            Health health = garden.health();
            // A note about the sealed node.
            check(health.state() == Health.State.RUNNING && health.reason() == Health.Reason.OTHER_KEY);
            check(health.detail().contains("10.0.0.3") && health.interfaces() == 1);
            check(health.sent() > 0 && health.sendErrors() == 0);
            check(health.lastSendAge().orElseThrow().equals(Duration.ofSeconds(2)));
            check(health.wrongKey() > 0); // near the end of the struct
            check(kitchen.health().peers() == 1 && sealed.health().peers() == 0 && sealed.health().offLink() == 0);
        }
    }

    /** Ends what a try statement ends again, of which the compiler would warn. */
    private static void end(AutoCloseable open) throws Exception {
        open.close();
    }

    private static boolean isWorker(Peer peer) {
        return "worker".equals(peer.txt().get("role"));
    }

    private static void aWaitForAPeerEndsWithIt() throws Exception {
        try (Node node = Node.builder().name("node").network("memory:wanted").start()) {
            for (Duration none : List.of(Duration.ZERO, Duration.ofMillis(1), Duration.ofSeconds(Long.MIN_VALUE))) {
                check(node.waitFor(NodeTest::isWorker, none).isEmpty());
            }
            node.register("lamp", utf8("role=worker"));
            var other = CompletableFuture.runAsync(() -> node.register("door", Txt.of(Map.of("role", "worker"))));
            check(node.waitFor(NodeTest::isWorker, PATIENCE).orElseThrow().name().equals("door"));
            other.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            check(node.nextEvent().peer().orElseThrow().name().equals("lamp"));
        }
    }

    private static void aFutureOfAPeerIsCompletedOrCancelled() throws Exception {
        var executor = Executors.newCachedThreadPool();
        try (Node node = Node.builder().name("node").network("memory:future").start()) {
            var found = node.waitForAsync(NodeTest::isWorker, PATIENCE, executor);
            node.register("door", Txt.of(Map.of("role", "worker")));
            check(found.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).name().equals("door"));
            var late = node.waitForAsync(peer -> false, Duration.ofMillis(1), executor);
            check(late.handle((peer, error) -> error instanceof TimeoutException).get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            node.waitForAsync(peer -> false, PATIENCE.multipliedBy(100), executor).cancel(false);
            var closed = node.waitForAsync(peer -> false, PATIENCE, executor);
            end(node);
            check(closed.handle((peer, error) -> error instanceof PeersException).get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        }
        // The thread of the wait that was cancelled ends, too.
        executor.shutdown();
        check(executor.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    private static void eachSubscriptionGetsEveryEvent() throws Exception {
        Node node = still("node", "subscriptions").start();
        try (Subscription one = node.subscribe();
                Subscription other = node.subscribe()) {
            node.register("lamp", utf8("on"));
            check(one.nextEvent().peer().orElseThrow().name().equals("lamp"));
            check(other.nextEvent(Duration.ZERO).isPresent() && other.nextEvent(Duration.ZERO).isEmpty());
            check(node.nextEvent(Duration.ZERO).isPresent());
            end(one);
            end(one);
            checkFails(Status.HANDLE, "", one::nextEvent);
            node.close();
            checkFails(Status.STOPPED, "", other::nextEvent);
            check(other.events().findAny().isEmpty());
        }
    }

    private static void aNodeKnowsItself() {
        try (Node node = still("kitchen", "self").value(utf8("warm")).servicePort(8080).start()) {
            Peer me = node.me();
            check(me.name().equals("kitchen") && me.text().equals("warm") && me.port() == 8080);
            check(me.source() == Peer.Source.SELF && !me.id().equals(new UUID(0, 0)));
            check(me.addresses().equals(List.of("10.0.0.1")) && me.addressesValidated() == 1);
        }
    }

    private static void anObserverIsNotListed() {
        try (Node node = still("node", "observer").start();
                Node observer = still("observer", "observer").observer().start()) {
            check(node.list().isEmpty() && names(observer).equals(List.of("node")));
        }
    }

    private static void anEntryHasAPlaceUntilItIsUnregistered() {
        try (Node node = still("node", "entries").start()) {
            node.register(new Entry("lamp", utf8("on"), "192.0.2.7", 80, Duration.ofSeconds(2)));
            Peer lamp = node.list().get(0);
            check(lamp.address().equals("192.0.2.7") && lamp.port() == 80 && lamp.text().equals("on"));
            check(lamp.addresses().equals(List.of("192.0.2.7")) && lamp.expiresIn().equals(Duration.ofSeconds(2)));
            Entry lost = new Entry("lamp", utf8(""), "fe80::7%nosuch7", 0, Duration.ZERO);
            checkFails(Status.INTERFACE, "nosuch7", () -> node.register(lost));
            node.unregister("lamp");
            checkFails(Status.NOT_FOUND, "lamp", () -> node.unregister("lamp"));
            checkNext(node, Event.Kind.JOINED, Event.Reason.NONE, "lamp");
            checkNext(node, Event.Kind.LEFT, Event.Reason.UNREGISTERED, "lamp");
        }
    }

    private static void pairsAreWrittenAndRead() {
        check(Txt.parse(Txt.of(Map.of("Role", "wörker", "empty", ""))).equals(Map.of("role", "wörker", "empty", "")));
        check(Txt.parse(utf8("\003a=1\003A=2\002=3\005alone")).equals(Map.of("a", "1", "alone", "")));
        check(Txt.parse(new byte[0]).isEmpty() && Txt.parse(utf8("role=worker")).isEmpty());
        check(Txt.parse(new byte[] {2, -1, '='}).isEmpty());
        checkFails(Status.INVALID, "a=b", () -> Txt.of(Map.of("a=b", "")));
        checkFails(Status.TOO_LARGE, "", () -> Txt.of(Map.of("key", "v".repeat(252))));
    }

    private static void closeEndsTheStreamOfEvents() throws Exception {
        Node node = moving("node", "stream").start();
        node.register("lamp", utf8("on"));
        CompletableFuture<Event> first = new CompletableFuture<>();
        CompletableFuture<Long> count = CompletableFuture.supplyAsync(() -> node.events().peek(first::complete).count());
        check(first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).kind() == Event.Kind.JOINED);
        node.close();
        check(count.get(PATIENCE.toSeconds(), TimeUnit.SECONDS) == 1);
    }

    private static void theLogGoesToTheLogger() {
        for (boolean hasThread : new boolean[] {false, true}) {
            Recorder recorder = new Recorder(System.Logger.Level.DEBUG);
            NodeBuilder options = hasThread ? moving("node", "log") : still("node", "log");
            Node node = options.logger(recorder).start();
            System.gc(); // nothing that the library calls may be collected
            node.register("{0} isn't", utf8("on"));
            node.nextEvent();
            node.close();
            check(recorder.lines.size() == 3);
            check(recorder.lines.get(0).startsWith("INFO started \"node\""));
            check(recorder.lines.get(1).startsWith("DEBUG peer joined: \"{0} isn't\""));
            check(recorder.lines.get(2).equals("INFO stopped"));
        }
        Recorder quiet = new Recorder(System.Logger.Level.WARNING);
        moving("node", "quiet").logger(quiet).start().close();
        check(quiet.lines.isEmpty());
    }

    private static void theLoggerOfANodeCannotCloseIt() {
        List<Node> nodes = new ArrayList<>();
        List<Status> refused = new ArrayList<>();
        Recorder closing = new Recorder(System.Logger.Level.DEBUG) {
            @Override
            public void log(Level level, ResourceBundle bundle, String line, Object... parameters) {
                try {
                    nodes.forEach(Node::close);
                } catch (PeersException error) {
                    refused.add(error.status());
                }
            }
        };
        try (Node node = still("node", "deadlock").logger(closing).start()) {
            nodes.add(node);
            node.register("lamp", utf8("on"));
            nodes.clear();
            check(refused.equals(List.of(Status.DEADLOCK)));
            check(names(node).equals(List.of("lamp")));
        }
    }

    /** Keeps every line of this level and above. */
    private static class Recorder implements System.Logger {
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        private final Level least;

        Recorder(Level least) {
            this.least = least;
        }

        @Override
        public String getName() {
            return "recorder";
        }

        @Override
        public boolean isLoggable(Level level) {
            return level.compareTo(least) >= 0;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String line, Throwable thrown) {
            throw new AssertionError("the library throws nothing");
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String line, Object... parameters) {
            check(parameters == null); // so that a line with braces is no pattern
            lines.add(level + " " + line);
        }
    }

    /** A node on a network of its own, whose time stands still. */
    private static NodeBuilder still(String name, String network) {
        return moving(name, network).manualClock();
    }

    /** One with a thread. */
    private static NodeBuilder moving(String name, String network) {
        return Node.builder().name(name).network("memory:" + network);
    }

    private static byte[] key(int content) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) content);
        return key;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> names(Node node) {
        return node.list().stream().map(Peer::name).collect(Collectors.toList());
    }

    private static void check(boolean condition) {
        if (!condition) {
            throw new AssertionError("see the line of the test in the trace");
        }
    }

    private static void checkNext(Node node, Event.Kind kind, Event.Reason reason, String name) {
        Event event = node.nextEvent(PATIENCE).orElseThrow();
        check(event.kind() == kind && event.reason() == reason && event.peer().orElseThrow().name().equals(name));
    }

    private static void checkRefused(Status status, String words, Consumer<NodeBuilder> change) {
        NodeBuilder options = still("wrong", "wrong");
        checkFails(status, words, () -> {
            change.accept(options);
            options.start();
        });
    }

    private static void checkFails(Status status, String words, Runnable call) {
        try {
            call.run();
        } catch (PeersException error) {
            if (error.status() == status && error.getMessage().contains(words)) {
                return;
            }
            throw new AssertionError("it threw " + error.status(), error);
        }
        throw new AssertionError("it threw nothing");
    }
}
