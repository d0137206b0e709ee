// A running node.

import koffi from 'koffi';

import { health_t, status } from './abi.js';
import { refused } from './errors.js';
import * as input from './input.js';
import { check, library } from './library.js';
import { readEvent, readHealth, readPeer } from './records.js';
import { Wait } from './wait.js';

/** Documented in index.d.ts, as everything that is exported. */
export class Node {
  #handle; // null when it is closed
  #wait = null; // until somebody waits

  constructor(handle) {
    this.#handle = handle;
  }

  get closed() {
    return this.#handle === null;
  }

  register(key, value, { ttl } = {}) {
    const data = input.bytes('value', value);
    const ms = input.duration('ttl', ttl);
    check(library.peers_register(this.#open(), input.text('key', key), data, data.length, ms));
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
    const list = [null];
    check(library.peers_list(this.#open(), list));
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

  async nextEvent({ signal } = {}) {
    for (;;) {
      signal?.throwIfAborted();
      const event = this.#takeEvent();
      if (event !== null) {
        return event;
      }
      this.#wait ??= new Wait(this.#eventFd());
      await this.#wait.readable(signal);
    }
  }

  async *events(options) {
    while (!this.closed) {
      let event;
      try {
        event = await this.nextEvent(options);
      } catch (error) {
        if (this.closed && error.status === CLOSED) {
          return;
        }
        throw error;
      }
      yield event;
    }
  }

  close() {
    const handle = this.#handle;
    if (handle !== null) {
      this.#handle = null;
      this.#wait?.close(); // before the descriptor is another's
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

  #eventFd() {
    const fd = [0];
    check(library.peers_event_fd(this.#open(), fd));
    return fd[0];
  }

  #takeEvent() {
    const event = [null];
    const result = library.peers_next_event(this.#open(), 0, event);
    if (result === NOTHING) {
      return null;
    }
    check(result);
    try {
      return readEvent(event[0]);
    } finally {
      library.peers_event_free(event[0]);
    }
  }
}

const CLOSED = status('PEERS_ERR_HANDLE');
const NOTHING = status('PEERS_ERR_TIMEOUT');

// What the library fills, for koffi to write: every field, and the size of all.
const NO_HEALTH = {
  ...Object.fromEntries(Object.keys(health_t.members).map((field) => [field, 0])),
  detail: '',
  struct_size: koffi.sizeof(health_t),
};
