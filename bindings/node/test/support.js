// What the tests share. They need no network and wait for no deadline: nodes live on memory networks, most with clocks that
// the tests move.

import { start } from '@libpeers/peers';

/** Starts a node on a memory network of the test's own, which closes it at its end. */
export function startFor(test, name = 'kitchen', options = {}) {
  const node = start({ name, network: `memory:${test.name}`, manualClock: true, ...options });
  test.after(() => node.close());
  return node;
}

export const names = (node) => node.list().map((peer) => peer.name);
