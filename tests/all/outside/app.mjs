// Two nodes on a network in memory, of which one finds the other.

import { start } from '@libpeers/peers';

const test = { network: 'memory:outside', manualClock: true };
const kitchen = start({ name: 'kitchen', ...test });
const hall = start({ name: 'hall', ...test });
for (const { name } of kitchen.list()) {
  console.log('found', name);
}
hall.close();
kitchen.close();
