// Waiting for events without a thread: libuv, Node's event loop, polls the node's event descriptor.

import { setImmediate } from 'node:timers';

import koffi from 'koffi';

/** Those who wait for events of one node. libuv polls a descriptor once, so they share that. */
export class Wait {
  #fd;
  #poll = null;
  #waiting = new Set();

  constructor(fd) {
    this.#fd = fd;
  }

  /** Resolves when events may have come, or the node is closed; rejects when `signal` aborts. */
  async readable(signal) {
    signal?.throwIfAborted();
    let wake;
    const woken = new Promise((resolve, reject) => {
      wake = { resolve, abort: () => reject(signal.reason) };
    });
    this.#waiting.add(wake);
    signal?.addEventListener('abort', wake.abort, { once: true });
    this.#start();
    try {
      await woken;
    } finally {
      signal?.removeEventListener('abort', wake.abort);
      this.#waiting.delete(wake);
      if (this.#waiting.size === 0) {
        this.#stop(); // so that the process may end
      }
    }
  }

  /** Takes the descriptor out of the event loop, and wakes all who wait. */
  close() {
    this.#poll?.close();
    this.#poll = null;
    this.#wake();
  }

  #start() {
    // koffi calls us outside of Node's own callbacks, where nothing promises that promises go on; in an immediate they do.
    const tell = () => {
      this.#stop();
      setImmediate(() => this.#wake());
    };
    if (this.#poll === null) {
      this.#poll = koffi.node.poll(this.#fd, { readable: true }, tell);
    } else {
      this.#poll.start({ readable: true }, tell);
    }
  }

  #stop() {
    this.#poll?.stop();
  }

  #wake() {
    for (const { resolve } of this.#waiting) {
      resolve();
    }
  }
}
