// `start`: the options of a node, written as the library wants them.

import koffi from 'koffi';

import { MODES, OPTIONS, SWITCHES, config_t } from './abi.js';
import * as input from './input.js';
import { check, library } from './library.js';
import { Node } from './node.js';

export function start(options = {}) {
  input.options(options, ...Object.keys(OPTIONS), ...Object.keys(SWITCHES));
  const config = { ...NO_CONFIG, flags: flags(options) };
  for (const [name, { kind, field }] of Object.entries(OPTIONS)) {
    config[field] = KINDS[kind](name, options[name]);
  }
  config.value_len = config.value.length;
  config.value = config.value_len ? config.value : null;
  const handle = [null];
  input.withKeys(options.keys ?? [], (keys, keys_count) =>
    check(library.peers_start({ ...config, keys: keys_count ? keys : null, keys_count }, handle)),
  );
  return new Node(handle[0]);
}

function flags(options) {
  return Object.entries(SWITCHES).reduce(
    (flags, [name, { when, flag }]) => flags | ((options[name] ?? !when) === when ? flag : 0),
    0,
  );
}

// Every field zero, and the size of all. There is no log: koffi has a function of JavaScript called by the event loop and
// the node's thread wait for it, so a process that exits meanwhile hangs or aborts.
const NO_CONFIG = {
  ...Object.fromEntries(Object.entries(config_t.members).map(([field, { type }]) => [field, /^u?int|^size_t/i.test(type.name) ? 0 : null])),
  struct_size: koffi.sizeof(config_t),
};

// What C gets for a value of each kind.
const KINDS = {
  text: input.optionalText,
  address: input.optionalText,
  seeds: (_, value) => (value === undefined ? null : input.seeds(value)),
  bytes: input.bytes,
  keys: () => null, // they are there for the length of the call alone
  mode: (name, value) => input.wordOf(name, MODES, value),
  duration: input.duration,
  uint16: (name, value) => input.number(name, value, input.UINT16_MAX),
  uint32: (name, value) => input.number(name, value, input.UINT32_MAX),
  size: (name, value) => input.number(name, value, Number.MAX_SAFE_INTEGER),
};
