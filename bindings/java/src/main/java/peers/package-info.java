/**
 * Find the other instances of your program on the local network.
 *
 * <pre>{@code
 * try (Node node = Node.builder().name("kitchen").value("warm").start()) {
 *     node.list().forEach(peer -> System.out.println(peer.name() + " " + peer.address()));
 *     node.events().forEach(System.out::println);
 * }
 * }</pre>
 *
 * A thin layer over the C library libpeers, by JNA. JNA looks for {@code libpeers.so} in the folders of the system property
 * {@code jna.library.path}, of {@code LD_LIBRARY_PATH}, and where the system has its libraries.
 *
 * <p>No parameter may be null. Peers, events and health are values of their own, which outlive the node.
 */
package peers;
