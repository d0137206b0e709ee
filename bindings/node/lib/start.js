// `start`: the options of a node, written as the library wants them.

import koffi from 'koffi';

import { FLAGS, MODES, config_t } from './abi.js';
import * as input from './input.js';
import { check, library } from './library.js';
import { Node } from './node.js';

const OPTIONS = new Set(
  ('name cluster value servicePort keys interfaces network groupV4 groupV6 port hops interval expiry maxPeers mode ' +
    'seeds unicastPort ipv4 ipv6 legacy manualClock').split(' '),
);

export function start(options = {}) {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name)) {
      throw new TypeError(`there is no option ${JSON.stringify(name)}; there are: ${[...OPTIONS].join(', ')}`);
    }
  }
  const value = input.bytes('value', options.value);
  const config = {
    struct_size: koffi.sizeof(config_t),
    name: input.optionalText('name', options.name),
    cluster: input.optionalText('cluster', options.cluster),
    value,
    value_len: value.length,
    interfaces: input.optionalText('interfaces', options.interfaces),
    network: input.optionalText('network', options.network),
    group_v4: input.optionalText('groupV4', options.groupV4),
    group_v6: input.optionalText('groupV6', options.groupV6),
    seeds: options.seeds === undefined ? null : input.seeds(options.seeds),
    // No log: koffi has a function of JavaScript called by the event loop and the node's thread wait for it, so a process
    // that exits meanwhile hangs or aborts.
    log: null,
    log_context: null,
    log_level: 0,
    interval_ms: input.duration('interval', options.interval),
    expiry_ms: input.duration('expiry', options.expiry),
    max_peers: input.number('maxPeers', options.maxPeers, input.UINT32_MAX),
    flags: flags(options),
    hops: input.number('hops', options.hops, input.UINT16_MAX),
    port: input.number('port', options.port, input.UINT16_MAX),
    service_port: input.number('servicePort', options.servicePort, input.UINT16_MAX),
    mode: input.wordOf('mode', MODES, options.mode),
    unicast_port: input.number('unicastPort', options.unicastPort, input.UINT16_MAX),
  };
  const handle = [null];
  input.withKeys(options.keys ?? [], (keys, keys_count) =>
    check(library.peers_start({ ...config, keys: keys_count ? keys : null, keys_count }, handle)),
  );
  return new Node(handle[0]);
}

function flags({ ipv4 = true, ipv6 = true, legacy = true, manualClock = false }) {
  return (
    (ipv4 ? 0 : FLAGS.PEERS_NO_IPV4) |
    (ipv6 ? 0 : FLAGS.PEERS_NO_IPV6) |
    (legacy ? 0 : FLAGS.PEERS_NO_LEGACY) |
    (manualClock ? FLAGS.PEERS_MANUAL_CLOCK : 0)
  );
}
