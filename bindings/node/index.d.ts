/**
 * Find the other instances of your program on the local network.
 *
 *     import { start } from 'peers';
 *
 *     const node = start({ name: 'kitchen', servicePort: 8080 });
 *     for await (const { kind, peer } of node.events()) {
 *       console.log(kind, peer?.name, peer?.address, peer?.port);
 *     }
 *
 * A multicast beacon announces the program, and a registry lists the peers whose beacons are heard, each until it says
 * goodbye or has not been heard for a while. No daemon, no server, no configuration. All times are in milliseconds. No call
 * waits for the network; what waits for events is a promise. The library's log is not to be had here; `Node.health` says in
 * words what is wrong.
 *
 * The package is a thin layer over the C library libpeers, which is loaded from $PEERS_LIBRARY or else from the system.
 */

/** Bytes; a string as UTF-8. */
export type Bytes = Uint8Array | string;

/** What {@link start} takes. What is left out, or undefined, is the default. */
export interface Options {
  /** What the node announces: 1 to 255 bytes as UTF-8, no control characters. Default: the host name. Two processes of one
   *  name, on one host or on two, are two peers, which `Peer.id` tells apart. */
  name?: string;
  /** Only nodes of the same one list each other; at most 255 bytes as UTF-8, no control characters. The nodes of a cluster
   *  with a name send no legacy beacon. Default: "". */
  cluster?: string;
  /** Announced with the name. There is room for 1050 bytes less those of the name and the cluster. */
  value?: Bytes;
  /** The port at which this program offers its service, announced with the name. Default: none. */
  servicePort?: number;
  /** The secrets of the cluster, at most 8 of 32 bytes each. With keys every datagram is sealed: only nodes that have one of
   *  them list each other, and nobody else can read names and values, speak for a node or end it. The first seals and all
   *  open. Such a node sends no legacy beacon. Read them from a file that its owner alone can read; the library
   *  wipes its copies, overwrite yours. */
  keys?: readonly Uint8Array[];
  /** Comma-separated names, `*` stands for any characters ("eth*,wlan0"). Default: every interface that is up and can
   *  multicast, or loopback when there is none. */
  interfaces?: string;
  /** "memory:NAME" is a network inside this process, for tests. Default: the local network. */
  network?: string;
  /** The IPv4 multicast group. Default: "239.2.3.4". */
  groupV4?: string;
  /** The IPv6 multicast group. Default: "ff12::ef02:304". */
  groupV6?: string;
  /** The UDP port of both groups. Default: 49001. The processes of a host share it. */
  port?: number;
  /** How many routers an announcement may cross, 1 to 255. Default: 1. */
  hops?: number;
  /** Time between two announcements, 10 to 3600000 (an hour). Default: 15000. */
  interval?: number;
  /** Time after which a peer that was not heard is gone: longer than `interval`, at most 86400000 (a day). Default: 35000.
   *  It is announced, and holds at the others. */
  expiry?: number;
  /** The most entries the registry holds. Default: 65536. */
  maxPeers?: number;
  /** By which ways peers are found: by multicast on the local network; by unicast with seeds, and with those who have this
   *  node for one; by both; or as members of a cluster, who know of one another by the SWIM protocol over unicast alone, where
   *  one seed that answers is enough to join. Default: "multicast", and "multicast+seeds" with `seeds`. */
  mode?: 'multicast' | 'seeds' | 'multicast+seeds' | 'swim';
  /** Where to find peers that multicast does not reach: at most 1024 "host:port", as a list or comma-separated, with a name,
   *  an IPv4 address or an IPv6 address in brackets, and the `unicastPort` of the nodes there. Two nodes list each other if
   *  one has the other for a seed. Names are resolved on a thread of their own, and again every minute. */
  seeds?: readonly string[] | string;
  /** The UDP port of the node's own socket, from which it sends and by which it is reached alone: for a firewall, and for
   *  those who have this node for a seed. One node of a host can have it. Default: the system chooses. */
  unicastPort?: number;
  /** Whether to send and to hear by IPv4. One of the two has to stay on. Default: true. */
  ipv4?: boolean;
  /** Whether to send and to hear by IPv6, where the system has it. Default: true. */
  ipv6?: boolean;
  /** Whether to send and read legacy beacons, "multitastic:NAME", beside the native protocol. Default: true. */
  legacy?: boolean;
  /** The node's time stands still until `Node.advance` moves it. For tests; needs a memory network. Default: false. */
  manualClock?: boolean;
}

/**
 * Starts a node: it announces itself at once and then every interval, and lists the peers it hears. It asks who is there, and
 * the nodes that hear it answer, so the list fills within milliseconds.
 *
 * A machine without a network is no error: the node is degraded (see `Node.health`) until one comes up. A node does not keep
 * the process running; one whose events are waited for does.
 *
 * @throws {PeersError} PEERS_ERR_INVALID, _UTF8, _TOO_LARGE, _UNSUPPORTED, _INTERFACE, _ADDRESS_IN_USE, _PERMISSION, _SYSTEM
 * @throws {TypeError} for an option of another type, or that does not exist
 */
export function start(options?: Options): Node;

/** A running node. It lives until it is closed, also when nothing of the program refers to it. `start` makes one. */
export class Node {
  private constructor();

  /** Whether the node is closed. Every call but `close` then throws PEERS_ERR_HANDLE. */
  readonly closed: boolean;

  /**
   * Puts an entry in the registry, exactly as if its beacon had been heard: it is listed, it raises events, and it is gone
   * after `ttl` unless it is registered again. A second registration of a key replaces the value and renews the entry.
   *
   * The key is the name the entry is listed under, not the node's own; the value has at most 1024 bytes. Without `ttl` the
   * node's expiry holds.
   *
   * @throws {PeersError} PEERS_ERR_INVALID, _UTF8, _TOO_LARGE, _FULL
   */
  register(key: string, value?: Bytes, options?: { ttl?: number }): void;

  /**
   * Announces another value from now on; the peers that hear of it get an "updated" event. A change within 100 ms of the last
   * is held until these are over, and of several only the latest is told.
   *
   * @throws {PeersError} PEERS_ERR_TOO_LARGE; the value stays as it was
   */
  setValue(value: Bytes): void;

  /**
   * Replaces the keys of a node that was started with keys, without an outage. To change the key of a cluster, do three
   * rounds over its nodes: give each the new key behind the old one, then the new one before the old one, then the new one
   * alone.
   *
   * @throws {PeersError} PEERS_ERR_INVALID; the keys stay as they were
   */
  setKeys(keys: readonly Uint8Array[]): void;

  /**
   * Replaces the seeds of a node that was started with some, or in a mode that has them; an empty list for none. Those that
   * are new are asked at once. Those that are left out are told nothing from now on; a peer there expires, unless it has this
   * node for a seed. Does not wait for names to be resolved.
   *
   * @throws {PeersError} PEERS_ERR_INVALID, _UTF8, _SYSTEM; the seeds stay as they were
   */
  setSeeds(seeds: readonly string[] | string): void;

  /**
   * Moves the time of a node with a manual clock on, and does all that falls due on the way: announcements, questions,
   * expiries. When it returns, all of it has happened. Each node has a time of its own.
   *
   * @throws {PeersError} PEERS_ERR_INVALID for a node on the system's clock
   */
  advance(ms: number): void;

  /** The peers that are live now, ordered by name and then by id. The node itself is not listed. */
  list(): Peer[];

  /** How the node is. */
  health(): Health;

  /**
   * What happens, in order, until the node is closed. A loop that is left can be followed by another. Each event goes to one
   * reader; the queue holds 1024, and when it is full all are dropped and one "resync" takes their place.
   *
   * When `signal` aborts, the iteration throws its reason. No event is lost by that.
   *
   * @throws {PeersError} PEERS_ERR_FAILED
   */
  events(options?: { signal?: AbortSignal }): AsyncGenerator<Event, void, void>;

  /**
   * The next event.
   *
   * @throws {PeersError} PEERS_ERR_HANDLE when the node is closed meanwhile, PEERS_ERR_FAILED
   */
  nextEvent(options?: { signal?: AbortSignal }): Promise<Event>;

  /** Ends the node: it says goodbye, and the peers drop it at once. Takes milliseconds. Iterations of its events end. A second
   *  call does nothing. */
  close(): void;

  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One peer, as it was when the list was taken or the event raised. */
export interface Peer {
  /** Two peers may have the same; `id` tells them apart. */
  name: string;
  value: Buffer;
  /** The IP address it was heard from, IPv4 or IPv6; null if it was only registered. */
  address: string | null;
  /** The port at which it offers its service; null if it announces none. */
  port: number | null;
  /** The random id of this run of it, 32 hexadecimal digits; null if unknown, as with legacy nodes and registered
   *  entries. */
  id: string | null;
  /** What last told of it: a message of the native protocol, one that came to this node alone and none yet by multicast
   *  ("unicast"), a legacy beacon, `Node.register`, or the cluster of the mode "swim" ("gossip"). A newer library may have
   *  others, "unknown-NUMBER"; so with all such words. */
  source: 'multicast' | 'legacy' | 'registered' | 'unicast' | 'gossip' | Unknown;
  /** Milliseconds since it was last heard or registered. */
  age: number;
  /** Milliseconds until it is gone unless it is heard again; 0 in the event of one that left. */
  expiresIn: number;
  /** Index of the interface it was heard through, the scope of a link-local address; null if unknown. */
  interfaceIndex: number | null;
}

/** One change of the registry. */
export interface Event {
  /** A peer is listed that was not, is listed with another value, address, port, source or id, or is no longer listed. A
   *  "resync" tells that events were lost, because they were not read: `Node.list` has the state as it is. */
  kind: 'joined' | 'updated' | 'left' | 'resync' | Unknown;
  /** Why a peer left: it said that it ends; it was not heard for its expiry time and did not answer when asked; two probes
   *  in a row were answered with ICMP port or host unreachable. "none" in events of another kind. */
  reason: 'none' | 'goodbye' | 'expired' | 'unreachable' | Unknown;
  /** The peer as it was when the event was raised; null in a "resync". */
  peer: Peer | null;
}

/** How a node is, and what it has counted since it was started. */
export interface Health {
  /** A degraded node works on, but part of its work is failing; a failed one has met an internal error and no longer works. */
  state: 'running' | 'degraded' | 'failed' | Unknown;
  /** What is wrong. With "resolver" the name of a seed cannot be resolved; it is tried again. */
  reason: 'none' | 'no-interface' | 'not-receiving' | 'send-fails' | 'permission' | 'multicast-join' | 'internal' | 'resolver' | Unknown;
  /** The reason in words; "" when nothing is wrong. */
  detail: string;
  /** Milliseconds since a datagram was last sent; null before the first. */
  lastSendAge: number | null;
  /** Milliseconds since a datagram was last heard, the node's own included; null before the first. */
  lastReceiveAge: number | null;
  /** Interfaces in use. */
  interfaces: number;
  /** Entries in the registry. */
  peers: number;
  /** Datagrams sent. */
  sent: number;
  /** Sends that the system refused. */
  sendErrors: number;
  /** Datagrams received, of every kind. */
  received: number;
  /** Received: the node's own messages, looped back, and legacy beacons with its name. */
  loopedBack: number;
  /** Received: neither a message of the protocol nor a legacy beacon, and ignored. */
  malformed: number;
  /** Newcomers refused because the registry held `maxPeers` entries. */
  refusedFull: number;
  /** Datagrams lost because the node's queue on a memory network was full. */
  dropped: number;
  /** Times the sockets were opened anew, after silence, or interfaces were joined or left. */
  socketsReopened: number;
  /** Events lost because the queue was full. */
  eventsLost: number;
  /** Received: messages of another cluster, and legacy beacons where the node sends none; ignored. */
  otherCluster: number;
  /** Received: messages not newer than what was known of their sender, and ignored. */
  stale: number;
  /** Received: messages that none of the node's keys opens; by a node without keys, sealed ones. Ignored. */
  wrongKey: number;
  /** Answers, challenges and questions not sent, because too many were asked for. */
  rateLimited: number;
  /** Received: datagrams from beyond the links in use, ignored because `hops` is 1. */
  offLink: number;
  /** Received, with keys: messages of an instance that is not listed and has answered no challenge yet. */
  unvalidated: number;
}

/** A word for a number of a newer library. */
export type Unknown = `unknown-${number}`;

/** A call failed. The message names the value, and says what would be right. */
export class PeersError extends Error {
  private constructor();
  /** The library's status, a negative number that never changes its meaning. */
  readonly status: number;
  /** The name of the status in peers.h, for example "PEERS_ERR_INTERFACE". */
  readonly code: string;
}

/** The version of peers.h that this package was written for. */
export const headerVersion: string;

/** The version of the library that is running. */
export function libraryVersion(): string;
