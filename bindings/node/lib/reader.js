// The events of a node or of a subscription.

import { status } from './abi.js';
import { refused } from './errors.js';
import * as input from './input.js';
import { check, library } from './library.js';
import { readEvent } from './records.js';
import { Wait } from './wait.js';

const NOTHING = status('PEERS_ERR_TIMEOUT');
const ENDED = ['PEERS_ERR_HANDLE', 'PEERS_ERR_STOPPED'].map(status);

/** Reads events by two calls of the library: `next` takes one, `fd` gives the descriptor that is readable while some wait. */
export class Reader {
  #handle; // null when it is closed
  #next;
  #fd;
  #wait = null; // made for the first call that waits

  constructor(handle, next, fd) {
    this.#handle = handle;
    this.#next = next;
    this.#fd = fd;
  }

  /** Waits for the next event, and takes it. */
  async nextEvent(options = {}) {
    const until = ending(input.options(options, 'signal', 'timeout'), 'no event');
    try {
      return await this.next(until.signal);
    } finally {
      until.end();
    }
  }

  async *events(options = {}) {
    input.options(options, 'signal');
    for (;;) {
      let event;
      try {
        event = await this.next(options.signal);
      } catch (error) {
        if (ENDED.includes(error?.status)) {
          return;
        }
        throw error;
      }
      yield event;
    }
  }

  /** Waits for the next event until `signal` aborts, and takes it. */
  async next(signal) {
    for (;;) {
      signal?.throwIfAborted();
      const event = this.#take();
      if (event !== null) {
        return event;
      }
      this.#wait ??= new Wait(this.#descriptor());
      await this.#wait.readable(signal);
    }
  }

  /** Wakes all who wait, before the descriptor is another's. */
  close() {
    this.#handle = null;
    this.#wait?.close();
  }

  #take() {
    const event = [null];
    const result = this.#next(this.#open(), 0, event);
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

  #descriptor() {
    const fd = [0];
    check(this.#fd(this.#open(), fd));
    return fd[0];
  }

  #open() {
    if (this.#handle === null) {
      throw refused('PEERS_ERR_HANDLE', 'the node or the subscription is closed');
    }
    return this.#handle;
  }
}

/** A signal that aborts with `signal`, or after `timeout` with PEERS_ERR_TIMEOUT, and `end`, which lets the timer go. */
export function ending({ timeout, signal }, what) {
  if (timeout === undefined) {
    return { signal, end() {} };
  }
  // A timer of JavaScript counts to 24 days.
  const ms = Math.min(input.milliseconds('timeout', timeout), 2 ** 31 - 1);
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(refused('PEERS_ERR_TIMEOUT', `${what} within ${timeout} milliseconds`)), ms);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) {
    abort();
  }
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, end };
}
