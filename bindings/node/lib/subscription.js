// A further reader of a node's events.

import { library } from './library.js';
import { Reader } from './reader.js';

/** Documented in index.d.ts, as everything that is exported. */
export class Subscription {
  #handle; // null when it is closed
  #reader;

  constructor(handle) {
    this.#handle = handle;
    this.#reader = new Reader(handle, library.peers_subscription_next, library.peers_subscription_fd);
  }

  nextEvent(options) {
    return this.#reader.nextEvent(options);
  }

  events(options) {
    return this.#reader.events(options);
  }

  close() {
    const handle = this.#handle;
    this.#handle = null;
    this.#reader.close();
    library.peers_subscription_free(handle); // NULL is a no-op
  }

  [Symbol.dispose]() {
    this.close();
  }
}
