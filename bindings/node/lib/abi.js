// What peers.h declares, in the words of koffi, and the options. From the table abi/api.toml of the repository; do not edit.

import koffi from 'koffi';

/** The number of a status. */
export const status = (name) => -1 - STATUSES.indexOf(name);

/** The word for a number; its number for one that only a newer library knows. */
export const word = (words, number) => words[number] ?? `unknown-${number}`;

// The words of a program for the modes, whose numbers are bits.
export const MODES = { multicast: 1, seeds: 2, 'multicast+seeds': 3, swim: 4 };

// generated: begin node/abi
export const VERSION = '0.1.0';

// In the order of the header: the number of each is its place, from 1.
export const STATUSES = [
  'PEERS_ERR_NULL',
  'PEERS_ERR_HANDLE',
  'PEERS_ERR_SIZE',
  'PEERS_ERR_UTF8',
  'PEERS_ERR_INVALID',
  'PEERS_ERR_TOO_LARGE',
  'PEERS_ERR_UNSUPPORTED',
  'PEERS_ERR_INTERFACE',
  'PEERS_ERR_ADDRESS_IN_USE',
  'PEERS_ERR_PERMISSION',
  'PEERS_ERR_SYSTEM',
  'PEERS_ERR_FULL',
  'PEERS_ERR_TIMEOUT',
  'PEERS_ERR_STOPPED',
  'PEERS_ERR_FORKED',
  'PEERS_ERR_FAILED',
  'PEERS_ERR_DEADLOCK',
  'PEERS_ERR_NOT_FOUND',
];

export const FLAGS = {
  PEERS_MANUAL_CLOCK: 1,
  PEERS_NO_IPV4: 2,
  PEERS_NO_IPV6: 4,
  PEERS_NO_LEGACY: 8,
  PEERS_OBSERVER: 16,
};

// The option that each flag is, and the value of it that sets the flag.
export const SWITCHES = {
  manualClock: { when: true, flag: 1 },
  ipv4: { when: false, flag: 2 },
  ipv6: { when: false, flag: 4 },
  legacy: { when: false, flag: 8 },
  observer: { when: true, flag: 16 },
};

// The options, each with the kind of its value and its field in C.
export const OPTIONS = {
  name: { kind: 'text', field: 'name' },
  cluster: { kind: 'text', field: 'cluster' },
  value: { kind: 'bytes', field: 'value' },
  interfaces: { kind: 'text', field: 'interfaces' },
  network: { kind: 'text', field: 'network' },
  groupV4: { kind: 'address', field: 'group_v4' },
  groupV6: { kind: 'address', field: 'group_v6' },
  keys: { kind: 'keys', field: 'keys' },
  seeds: { kind: 'seeds', field: 'seeds' },
  interval: { kind: 'duration', field: 'interval_ms' },
  expiry: { kind: 'duration', field: 'expiry_ms' },
  maxPeers: { kind: 'uint32', field: 'max_peers' },
  hops: { kind: 'uint16', field: 'hops' },
  port: { kind: 'uint16', field: 'port' },
  servicePort: { kind: 'uint16', field: 'service_port' },
  mode: { kind: 'mode', field: 'mode' },
  unicastPort: { kind: 'uint16', field: 'unicast_port' },
  entriesMaxBytes: { kind: 'size', field: 'entries_max_bytes' },
};

// Words for the header's numbers, each at the place of its number.
export const SOURCES = [, 'multicast', 'legacy', 'registered', 'unicast', 'gossip', 'self'];
export const EVENTS = [, 'joined', 'updated', 'left', 'resync'];
export const LEFT = ['none', 'goodbye', 'expired', 'unreachable', 'unregistered'];
export const STATES = ['running', 'degraded', 'failed'];
export const REASONS = ['none', 'no-interface', 'not-receiving', 'send-fails', 'permission', 'multicast-join', 'internal', 'resolver', 'list-full', 'send-stalls', 'id-conflict', 'other-cluster', 'other-key', 'other-mode', 'limited', 'socket'];
export const USAGES = ['used', 'not-named', 'family-off', 'down', 'no-carrier', 'port', 'no-multicast', 'no-address', 'loopback'];
// The values of the health, each with its kind and its field in C.
export const HEALTH = {
  state: { kind: 'state', field: 'state' },
  reason: { kind: 'reason', field: 'reason' },
  detail: { kind: 'detail', field: 'detail' },
  lastSendAge: { kind: 'age', field: 'last_send_age_ms' },
  lastReceiveAge: { kind: 'age', field: 'last_receive_age_ms' },
  interfaces: { kind: 'gauge', field: 'interfaces' },
  peers: { kind: 'gauge', field: 'peers' },
  sent: { kind: 'counter', field: 'sent' },
  sendErrors: { kind: 'counter', field: 'send_errors' },
  received: { kind: 'counter', field: 'received' },
  loopedBack: { kind: 'counter', field: 'looped_back' },
  malformed: { kind: 'counter', field: 'malformed' },
  refusedFull: { kind: 'counter', field: 'refused_full' },
  dropped: { kind: 'counter', field: 'dropped' },
  socketsReopened: { kind: 'counter', field: 'sockets_reopened' },
  eventsLost: { kind: 'counter', field: 'events_lost' },
  otherCluster: { kind: 'counter', field: 'other_cluster' },
  stale: { kind: 'counter', field: 'stale' },
  wrongKey: { kind: 'counter', field: 'wrong_key' },
  rateLimited: { kind: 'counter', field: 'rate_limited' },
  offLink: { kind: 'counter', field: 'off_link' },
  unvalidated: { kind: 'counter', field: 'unvalidated' },
  idConflicts: { kind: 'counter', field: 'id_conflicts' },
};

export const config_t = koffi.struct('peers_config_t', {
  struct_size: 'size_t',
  name: 'const char *',
  cluster: 'const char *',
  value: 'const void *',
  value_len: 'size_t',
  interfaces: 'const char *',
  network: 'const char *',
  group_v4: 'const char *',
  group_v6: 'const char *',
  keys: 'const void *',
  keys_count: 'size_t',
  seeds: 'const char *',
  log: 'void *',
  log_context: 'void *',
  log_level: 'uint32_t',
  interval_ms: 'uint32_t',
  expiry_ms: 'uint32_t',
  max_peers: 'uint32_t',
  flags: 'uint32_t',
  hops: 'uint32_t',
  port: 'uint32_t',
  service_port: 'uint32_t',
  mode: 'uint32_t',
  unicast_port: 'uint32_t',
  entries_max_bytes: 'size_t',
});

export const peer_t = koffi.struct('peers_peer_t', {
  name: 'const char *',
  value: koffi.pointer(null, 'uint8_t', 'value_len'), // decoded as so many bytes
  value_len: 'size_t',
  address: 'const char *',
  age_ms: 'uint64_t',
  expires_in_ms: 'uint64_t',
  source: 'uint32_t',
  interface_index: 'uint32_t',
  port: 'uint16_t',
  id: koffi.array('uint8_t', 16),
  addresses: 'const char **',
  addresses_len: 'size_t',
  addresses_validated: 'size_t',
});

export const list_t = koffi.struct('peers_list_t', {
  len: 'size_t',
  stride: 'size_t',
  records: 'const peers_peer_t *',
  version: 'uint64_t',
});

export const entry_t = koffi.struct('peers_entry_t', {
  struct_size: 'size_t',
  key: 'const char *',
  value: 'const void *',
  value_len: 'size_t',
  address: 'const char *',
  ttl_ms: 'uint32_t',
  port: 'uint32_t',
});

export const interface_t = koffi.struct('peers_interface_t', {
  name: 'const char *',
  index: 'uint32_t',
  family: 'uint32_t',
  usage: 'uint32_t',
  why: 'const char *',
  kind: 'const char *',
  address: 'const char *',
  sent: 'uint64_t',
  looped_back: 'uint64_t',
  received: 'uint64_t',
  last_error: 'const char *',
});

export const interfaces_t = koffi.struct('peers_interfaces_t', {
  len: 'size_t',
  stride: 'size_t',
  records: 'const peers_interface_t *',
});

export const event_t = koffi.struct('peers_event_t', {
  kind: 'uint32_t',
  reason: 'uint32_t',
  peer: 'const peers_peer_t *',
});

export const health_t = koffi.struct('peers_health_t', {
  struct_size: 'size_t',
  state: 'uint32_t',
  reason: 'uint32_t',
  detail: koffi.array('char', 256),
  last_send_age_ms: 'uint64_t',
  last_receive_age_ms: 'uint64_t',
  interfaces: 'uint64_t',
  peers: 'uint64_t',
  sent: 'uint64_t',
  send_errors: 'uint64_t',
  received: 'uint64_t',
  looped_back: 'uint64_t',
  malformed: 'uint64_t',
  refused_full: 'uint64_t',
  dropped: 'uint64_t',
  sockets_reopened: 'uint64_t',
  events_lost: 'uint64_t',
  other_cluster: 'uint64_t',
  stale: 'uint64_t',
  wrong_key: 'uint64_t',
  rate_limited: 'uint64_t',
  off_link: 'uint64_t',
  unvalidated: 'uint64_t',
  id_conflicts: 'uint64_t',
});
koffi.opaque('peers_t');
koffi.opaque('peers_subscription_t');

export const FUNCTIONS = [
  'const char *peers_strerror(int32_t status)',
  'const char *peers_last_error(void)',
  'const char *peers_version(void)',
  'int32_t peers_start(const peers_config_t *config, _Out_ peers_t **node)',
  'int32_t peers_register(peers_t *node, const char *key, const void *value, size_t value_len, uint32_t ttl_ms)',
  'int32_t peers_register_at(peers_t *node, const peers_entry_t *entry)',
  'int32_t peers_unregister(peers_t *node, const char *key)',
  'int32_t peers_set_value(peers_t *node, const void *value, size_t value_len)',
  'int32_t peers_set_keys(peers_t *node, const void *keys, size_t keys_count)',
  'int32_t peers_set_seeds(peers_t *node, const char *seeds)',
  'int32_t peers_advance(peers_t *node, uint32_t ms)',
  'int32_t peers_free(peers_t *node)',
  'int32_t peers_list(peers_t *node, _Out_ peers_list_t **list)',
  'int32_t peers_self(peers_t *node, _Out_ peers_list_t **list)',
  'const peers_peer_t *peers_list_at(const peers_list_t *list, size_t index)',
  'void peers_list_free(peers_list_t *list)',
  'int32_t peers_wait(peers_t *node, uint64_t version, int32_t timeout_ms, _Out_ uint64_t *now)',
  'int32_t peers_next_event(peers_t *node, int32_t timeout_ms, _Out_ peers_event_t **event)',
  'void peers_event_free(peers_event_t *event)',
  'int32_t peers_event_fd(peers_t *node, _Out_ int32_t *fd)',
  'int32_t peers_subscribe(peers_t *node, _Out_ peers_subscription_t **subscription)',
  'int32_t peers_subscription_next(peers_subscription_t *subscription, int32_t timeout_ms, _Out_ peers_event_t **event)',
  'int32_t peers_subscription_fd(peers_subscription_t *subscription, _Out_ int32_t *fd)',
  'int32_t peers_subscription_free(peers_subscription_t *subscription)',
  'int32_t peers_health(peers_t *node, _Inout_ peers_health_t *health)',
  'int32_t peers_interfaces(peers_t *node, _Out_ peers_interfaces_t **interfaces)',
  'const peers_interface_t *peers_interfaces_at(const peers_interfaces_t *interfaces, size_t index)',
  'void peers_interfaces_free(peers_interfaces_t *interfaces)',
  'int32_t peers_txt_get(const void *txt, size_t txt_len, const char *key, _Out_ const void **value, _Out_ size_t *value_len)',
  'int32_t peers_txt_put(void *txt, size_t capacity, _Inout_ size_t *txt_len, const char *key, const void *value, size_t value_len)',
];
// generated: end
