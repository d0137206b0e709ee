/**
 * Find the other instances of your program on the local network.
 *
 *     import { start } from '@libpeers/peers';
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
 * The package is a thin layer over the C library libpeers, which is loaded from $PEERS_LIBRARY, or else from this
 * package, which has it for several kinds of Linux, or else from the system.
 */

/** Bytes; a string as UTF-8. */
export type Bytes = Uint8Array | string;

/** What {@link start} takes. What is left out, or undefined, is the default. */
export interface Options {
  // generated: begin node/options
  /** Name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host name. Two
   *  processes with the same name are two peers, which have different ids. */
  name?: string;
  /** Cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8 without control
   *  characters. Default: the unnamed cluster. The nodes of a named cluster do not use the legacy beacon, which does
   *  not carry the cluster. */
  cluster?: string;
  /** Bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most 1050 bytes
   *  less those of the name and the cluster, hence always 540; 128 bytes less with "swim". Default: none.
   *  `Node.setValue` replaces it. */
  value?: Bytes;
  /** Network interfaces to use. Comma-separated names, in which `*` stands for any characters: "eth*,wlan0". Default:
   *  each interface that is up and can multicast, or loopback if there is none. On Windows the names are those that the
   *  system shows: "Ethernet", "Wi-Fi*". */
  interfaces?: string;
  /** Network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that give the
   *  same NAME. Default: the local network. */
  network?: string;
  /** IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4. */
  groupV4?: string;
  /** IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no error: the node
   *  uses IPv4 alone. */
  groupV6?: string;
  /** Secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32 /dev/urandom`).
   *  Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one of them list each
   *  other. Without a key nothing can be read or forged. The first key seals, and all open; `Node.setKeys` replaces
   *  them. A node with keys does not use the legacy beacon. The library reads keys from here alone, from no file and no
   *  environment. It wipes its copies when it no longer needs them; wipe yours after the call. */
  keys?: readonly Uint8Array[];
  /** Nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4 address or an IPv6
   *  address in brackets, and the `unicastPort` of the node there. Default: none. Two nodes list each other if either
   *  one is a seed of the other; with "swim", if seeds join both to one cluster. The node resolves names every minute,
   *  or every four intervals if these are shorter. Each address of a name is a seed. A name that cannot be resolved
   *  shows in the node's health. Each seed costs one datagram per interval. `Node.setSeeds` replaces them. */
  seeds?: readonly string[] | string;
  /** Milliseconds between two announcements. 10 to 3600000. Default: 15000. */
  interval?: number;
  /** Milliseconds after which a peer is removed that sent nothing and answered no probe. Longer than `interval`, at
   *  most 86400000; with "swim", 7000 or more. Default: 35000. The node announces it, and the other nodes apply it. If
   *  the node receives nothing for this long, it reopens its sockets. */
  expiry?: number;
  /** Maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and counted. */
  maxPeers?: number;
  /** Number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1, the local
   *  network. */
  hops?: number;
  /** UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001. */
  port?: number;
  /** Port at which this program offers its service, announced with the name. 1 to 65535. Default: none. */
  servicePort?: number;
  /** How the node finds peers. "multicast", "seeds", both together, or "swim". Default: "multicast", and "seeds" too if
   *  there are `seeds`. */
  mode?: 'multicast' | 'seeds' | 'multicast+seeds' | 'swim';
  /** UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to 65535; with
   *  multicast not `port`. Default: a port that the system chooses. Set it for a firewall, or if the node is a seed of
   *  others. One node of a host can have it. A memory network ignores it. */
  unicastPort?: number;
  /** Maximum number of bytes of the names and values of all entries in the registry together. 65536 or more. Default:
   *  512 for each of `maxPeers`, at least 65536. A peer or registration beyond it is refused as if there were
   *  `maxPeers` entries. */
  entriesMaxBytes?: number;
  /** Whether the node's time moves by `Node.advance` alone. For tests; needs a memory network. Default: false. */
  manualClock?: boolean;
  /** Whether the node uses IPv4. One of IPv4 and IPv6 has to stay on. Default: true. */
  ipv4?: boolean;
  /** Whether the node uses IPv6. A system without IPv6 is no error. Default: true. */
  ipv6?: boolean;
  /** Whether the node uses the legacy beacon, "multitastic:NAME", beside the native protocol. Default: true. */
  legacy?: boolean;
  /** Whether the node is an observer, which lists peers and is not listed by them. It sends queries and probes alone.
   *  "swim" has no observers. Default: false. */
  observer?: boolean;
  // generated: end
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
   * Lists a local entry, of which nothing is sent to other nodes. It raises events as a peer does, and it is gone after `ttl`
   * milliseconds unless it is registered again. A second registration of a key replaces the entry.
   *
   * The key is the name the entry is listed under, not the node's own; the value has at most 1024 bytes. Without `ttl` the
   * node's expiry holds. `address` is an IP address as text, and `port` the port of its service.
   *
   * @throws {PeersError} PEERS_ERR_INVALID, _UTF8, _INTERFACE (the zone of an address), _TOO_LARGE, _FULL
   * @throws {TypeError} for an option of another type, or that does not exist
   */
  register(key: string, value?: Bytes, options?: { ttl?: number; address?: string; port?: number }): void;

  /**
   * Removes an entry that was registered. It leaves with the reason "unregistered".
   *
   * @throws {PeersError} PEERS_ERR_NOT_FOUND: no entry of this key is registered
   */
  unregister(key: string): void;

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

  /** The node's own record: its name, id, value and port, and the addresses of all interfaces that it uses. */
  readonly me: Peer;

  /**
   * Waits until a peer is listed for which `fits` is true, and resolves with it, the first in the order of the list:
   *
   *     const worker = await node.waitFor((peer) => peer.txt.role === 'worker', { timeout: 5000 });
   *
   * It takes no event of the node, and no thread waits. Rejects with the reason of `signal` when that aborts, and with what
   * `fits` throws.
   *
   * @throws {PeersError} PEERS_ERR_TIMEOUT when none is listed for `timeout` milliseconds; PEERS_ERR_HANDLE or _STOPPED when the
   * node is closed meanwhile, PEERS_ERR_FAILED
   * @throws {TypeError} for an option that does not exist
   */
  waitFor(fits: (peer: Peer) => unknown, options?: Waiting): Promise<Peer>;

  /** A further reader of the events from now on, with a queue of its own: each reader gets every event. */
  subscribe(): Subscription;

  /** How the node is. */
  health(): Health;

  /** Each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why; and what it has counted there. */
  interfaces(): InterfaceStatus[];

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
   * @throws {PeersError} PEERS_ERR_TIMEOUT when none comes for `timeout` milliseconds; PEERS_ERR_HANDLE when the node is closed
   * meanwhile, PEERS_ERR_FAILED
   * @throws {TypeError} for an option that does not exist
   */
  nextEvent(options?: Waiting): Promise<Event>;

  /** Ends the node: it says goodbye, and the peers drop it at once. Takes milliseconds. Iterations of its events end. A second
   *  call does nothing. */
  close(): void;

  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** When a wait ends. Without either it has no limit. */
export interface Waiting {
  /** Ends it when it aborts, with its reason. */
  signal?: AbortSignal;
  /** Milliseconds after which it ends with PEERS_ERR_TIMEOUT. */
  timeout?: number;
}

/**
 * A further reader of a node's events, with a queue of 1024 events of its own. If that is full, its events alone are dropped, and
 * a "resync" takes their place. `Node.subscribe` makes one; close it, before or after the node.
 */
export class Subscription {
  private constructor();

  /** As `Node.nextEvent`; PEERS_ERR_STOPPED when the node is closed meanwhile. */
  nextEvent(options?: Waiting): Promise<Event>;

  /** As `Node.events`, until the node or the subscription is closed. */
  events(options?: { signal?: AbortSignal }): AsyncGenerator<Event, void, void>;

  /** Ends the subscription. A second call does nothing. */
  close(): void;

  [Symbol.dispose](): void;
}

/**
 * A value for `start` and `Node.setValue` of these keys and values, in the format of DNS-SD's TXT records: `txt({ role: 'worker' })`.
 * null is a key without a value.
 *
 * @throws {PeersError} PEERS_ERR_INVALID: a key is printable ASCII without "="; PEERS_ERR_TOO_LARGE: a key and its value have more
 * than 254 bytes, or all more than 1050
 */
export function txt(pairs: Record<string, Bytes | null>): Buffer;

/** One peer, as it was when the list was taken or the event raised. */
export interface Peer {
  /** Two peers may have the same; `id` tells them apart. */
  name: string;
  value: Buffer;
  /** The IP address to reach it at, IPv4 or IPv6: the first of `addresses`. A link-local IPv6 address has its zone. Null if it
   *  was only registered. */
  address: string | null;
  /** All addresses: `address`, then the others that sent or answered a probe, then those that the peer only claims. */
  addresses: string[];
  /** Number of the first addresses that sent or answered a probe. */
  addressesValidated: number;
  /** The port at which it offers its service; null if it announces none. */
  port: number | null;
  /** The random id of this run of it, 32 hexadecimal digits; null if unknown, as with legacy nodes and registered
   *  entries. */
  id: string | null;
  /** What last told of it: a message of the native protocol, one that came to this node alone and none yet by multicast
   *  ("unicast"), a legacy beacon, `Node.register`, or the cluster of the mode "swim" ("gossip"). A newer library may have
   *  others, "unknown-NUMBER"; so with all such words. */
  source: 'multicast' | 'legacy' | 'registered' | 'unicast' | 'gossip' | 'self' | Unknown;
  /** Milliseconds since it was last heard or registered. */
  age: number;
  /** Milliseconds until it is gone unless it is heard again; 0 in the event of one that left. */
  expiresIn: number;
  /** Index of the interface it was heard through, the scope of a link-local address; null if unknown. */
  interfaceIndex: number | null;
  /** The keys and values that `txt` has written: keys in lower case, null for a key without a value. {} if the value is not in
   *  that format, so `peer.txt.role === 'worker'` does for every peer. */
  readonly txt: Record<string, string | null>;
  /** For JSON.stringify: all of it, with the value as text, or as base64 in `valueBase64` if it is not UTF-8. */
  toJSON(): object;
}

/** One change of the registry. */
export interface Event {
  /** A peer is listed that was not, is listed with another value, address, port, source or id, or is no longer listed. A
   *  "resync" tells that events were lost, because they were not read: `Node.list` has the state as it is. */
  kind: 'joined' | 'updated' | 'left' | 'resync' | Unknown;
  /** Why a peer left: it said that it ends; it was not heard for its expiry time and did not answer when asked; two probes
   *  in a row were answered with ICMP port or host unreachable. "none" in events of another kind. */
  reason: 'none' | 'goodbye' | 'expired' | 'unreachable' | 'unregistered' | Unknown;
  /** The peer as it was when the event was raised; null in a "resync". */
  peer: Peer | null;
}

/** An interface of the host and an address family. */
export interface InterfaceStatus {
  name: string;
  index: number;
  family: 4 | 6;
  /** Whether the node uses it, and if not, why. */
  usage:
    | 'used'
    | 'not-named'
    | 'family-off'
    | 'down'
    | 'no-carrier'
    | 'port'
    | 'no-multicast'
    | 'no-address'
    | 'loopback'
    | Unknown;
  /** The usage in words; "" if the node uses it. */
  why: string;
  /** "loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network card. */
  kind: string;
  /** The address that the node sends from, or would send from; null if there is none. */
  address: string | null;
  /** Datagrams sent to the group through it. */
  sent: number;
  /** Received through it: the node's own datagrams, which the system loops back. */
  loopedBack: number;
  /** Datagrams received through it, of every kind. */
  received: number;
  /** The last system call for it that failed, with its error; "" if none did. */
  lastError: string;
}

/** How a node is, and what it has counted since it was started. */
export interface Health {
  // generated: begin node/health
  /** State of the node. */
  state: 'running' | 'degraded' | 'failed' | Unknown;
  /** What is wrong with the node, or a note about its network while it is running. */
  reason: 'none' | 'no-interface' | 'not-receiving' | 'send-fails' | 'permission' | 'multicast-join' | 'internal' | 'resolver' | 'list-full' | 'send-stalls' | 'id-conflict' | 'other-cluster' | 'other-key' | 'other-mode' | 'limited' | 'socket' | Unknown;
  /** The reason in words; "" if there is none. */
  detail: string;
  /** Milliseconds since the node last sent a datagram; null before the first. */
  lastSendAge: number | null;
  /** Milliseconds since the node last received a datagram, its own included; null before the first. */
  lastReceiveAge: number | null;
  /** Number of interfaces in use. */
  interfaces: number;
  /** Number of entries in the registry. */
  peers: number;
  /** Datagrams sent. */
  sent: number;
  /** Sends that the system refused. */
  sendErrors: number;
  /** Datagrams received, of every kind. */
  received: number;
  /** Received: the node's own messages, and legacy beacons with its name. */
  loopedBack: number;
  /** Received and dropped: neither a message of the protocol nor a legacy beacon. */
  malformed: number;
  /** Peers refused because the registry was full. */
  refusedFull: number;
  /** Datagrams lost because the node's queue on a memory network was full. */
  dropped: number;
  /** Times that the node reopened its sockets, or joined or left interfaces. */
  socketsReopened: number;
  /** Events dropped because the queue was full; one resync event reports each loss. */
  eventsLost: number;
  /** Received and dropped: messages of another cluster, and legacy beacons if the node does not use them. */
  otherCluster: number;
  /** Received and dropped: messages not newer than the known one of their sender (duplicates, replays). */
  stale: number;
  /** Received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no keys. If it
   *  rises, another node has other keys, or none. */
  wrongKey: number;
  /** Replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or under forged
   *  messages. */
  rateLimited: number;
  /** Received and dropped: datagrams from outside the links in use, while `hops` is 1. */
  offLink: number;
  /** Received by a node with keys: messages of an unlisted instance whose path is not validated. Each new peer begins
   *  so. If it rises and no peer joins, recorded messages are replayed. */
  unvalidated: number;
  /** Received: messages with the instance id of the node that another node sent. If it rises, a clone of this machine
   *  or process is there, or a host forges messages. */
  idConflicts: number;
  // generated: end
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
