// Compiled and never run: the declarations fit what a program writes.

import { start, PeersError, type Peer } from '@libpeers/peers';

const node = start({ name: 'kitchen', value: Buffer.from('warm'), keys: [new Uint8Array(32)], manualClock: true });
const peers: Peer[] = node.list();
const address: string | null | undefined = peers[0]?.address;
node.register('lamp', 'on', { ttl: 1500 });
start({ mode: 'multicast+seeds', seeds: ['peers.example:49002'], unicastPort: 49002 }).setSeeds('10.0.1.5:49002');
for await (const event of node.events({ signal: AbortSignal.timeout(1) })) {
  if (event.kind === 'left') console.log(event.reason, event.peer?.value.length, address);
}
try {
  node.setValue(new Uint8Array(2000));
} catch (error) {
  if (error instanceof PeersError && error.code === 'PEERS_ERR_TOO_LARGE') console.log(error.status + 1);
}
// @ts-expect-error: there is no such option
start({ colour: 'red' });
// @ts-expect-error: there is no such mode
start({ mode: 'moon' });
// @ts-expect-error: start alone makes nodes
new (node.constructor as typeof import('@libpeers/peers').Node)();
node.close();
