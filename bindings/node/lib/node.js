// A running node.

import koffi from 'koffi';

import { entry_t, health_t } from './abi.js';
import { refused } from './errors.js';
import * as input from './input.js';
import { check, library } from './library.js';
import { Reader, ending } from './reader.js';
import { readHealth, readInterface, readPeer } from './records.js';
import { Subscription } from './subscription.js';

/** Documented in index.d.ts, as everything that is exported. */
export class Node {
  #handle; // null when it is closed
  #reader;

  constructor(handle) {
    this.#handle = handle;
    this.#reader = new Reader(handle, library.peers_next_event, library.peers_event_fd);
  }

  get closed() {
    return this.#handle === null;
  }

  register(key, value, options = {}) {
    const { ttl, address, port } = input.options(options, 'ttl', 'address', 'port');
    const data = input.bytes('value', value);
    const entry = {
      struct_size: koffi.sizeof(entry_t),
      key: input.text('key', key),
      value: data,
      value_len: data.length,
      address: input.optionalText('address', address),
      ttl_ms: input.duration('ttl', ttl),
      port: input.number('port', port, input.UINT16_MAX),
    };
    check(library.peers_register_at(this.#open(), entry));
  }

  unregister(key) {
    check(library.peers_unregister(this.#open(), input.text('key', key)));
  }

  setValue(value) {
    const data = input.bytes('value', value);
    check(library.peers_set_value(this.#open(), data, data.length));
  }

  setKeys(keys) {
    input.withKeys(keys, (joined, count) => check(library.peers_set_keys(this.#open(), count ? joined : null, count)));
  }

  setSeeds(seeds) {
    check(library.peers_set_seeds(this.#open(), input.seeds(seeds)));
  }

  advance(ms) {
    check(library.peers_advance(this.#open(), input.milliseconds('ms', ms)));
  }

  list() {
    return this.#readList(library.peers_list);
  }

  get me() {
    return this.#readList(library.peers_self)[0];
  }

  subscribe() {
    const handle = [null];
    check(library.peers_subscribe(this.#open(), handle));
    return new Subscription(handle[0]);
  }

  async waitFor(fits, options = {}) {
    const until = ending(input.options(options, 'signal', 'timeout'), 'no peer that fits is listed');
    const changes = this.subscribe();
    try {
      for (;;) {
        const found = this.list().find((peer) => fits(peer));
        if (found !== undefined) {
          return found;
        }
        await changes.nextEvent({ signal: until.signal });
      }
    } finally {
      changes.close();
      until.end();
    }
  }

  nextEvent(options) {
    return this.#reader.nextEvent(options);
  }

  events(options) {
    return this.#reader.events(options);
  }

  #readList(call) {
    const list = [null];
    check(call(this.#open(), list));
    try {
      const peers = [];
      for (let at; (at = library.peers_list_at(list[0], peers.length)) !== null; ) {
        peers.push(readPeer(at));
      }
      return peers;
    } finally {
      library.peers_list_free(list[0]);
    }
  }

  health() {
    const health = { ...NO_HEALTH };
    check(library.peers_health(this.#open(), health));
    return readHealth(health);
  }

  interfaces() {
    const list = [null];
    check(library.peers_interfaces(this.#open(), list));
    try {
      const interfaces = [];
      for (let at; (at = library.peers_interfaces_at(list[0], interfaces.length)) !== null; ) {
        interfaces.push(readInterface(at));
      }
      return interfaces;
    } finally {
      library.peers_interfaces_free(list[0]);
    }
  }

  close() {
    const handle = this.#handle;
    if (handle !== null) {
      this.#handle = null;
      this.#reader.close();
      check(library.peers_free(handle));
    }
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  #open() {
    if (this.#handle === null) {
      throw refused('PEERS_ERR_HANDLE', 'the node is closed');
    }
    return this.#handle;
  }
}

// What the library fills, for koffi to write: every field, and the size of all.
const NO_HEALTH = {
  ...Object.fromEntries(Object.keys(health_t.members).map((field) => [field, 0])),
  detail: '',
  struct_size: koffi.sizeof(health_t),
};
