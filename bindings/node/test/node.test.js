// A node's registry, value, keys and health.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { headerVersion, libraryVersion, txt } from '@libpeers/peers';

import { names, startFor } from './support.js';

test('two nodes list each other', (t) => {
  const kitchen = startFor(t, 'kitchen', { value: Buffer.from('\0warm'), servicePort: 8080 });
  const garden = startFor(t, 'garden', { value: 'grün' });
  assert.equal(kitchen.list()[0].value.toString(), 'grün'); // it hears the garden's question, and answers
  const [peer] = garden.list();
  assert.match(peer.id, /^[0-9a-f]{32}$/);
  assert.deepEqual({ ...peer }, {
    name: 'kitchen',
    value: Buffer.from('\0warm'),
    address: '10.0.0.1',
    addresses: ['10.0.0.1'],
    addressesValidated: 1,
    port: 8080,
    id: peer.id,
    source: 'multicast',
    age: 0,
    expiresIn: 35000,
    interfaceIndex: peer.interfaceIndex,
  });
});

test('a silent peer expires and returns', (t) => {
  const [a, b] = [startFor(t, 'a'), startFor(t, 'b')];
  assert.deepEqual(names(a), ['b']);
  a.advance(35000);
  assert.deepEqual(names(a), []);
  b.advance(15000);
  assert.deepEqual(names(a), ['b']);
});

test('a registered entry expires, and the list is ordered', (t) => {
  const node = startFor(t, 'kitchen', { expiry: 20000 });
  node.register('lamp', Buffer.from([0, 255]), { ttl: 1500 });
  node.register('brief', '', { ttl: 0.1 }); // a millisecond, not the node's expiry
  node.advance(1499);
  assert.deepEqual(node.list().map((peer) => ({ ...peer })), [
    {
      name: 'lamp',
      value: Buffer.from([0, 255]),
      address: null,
      addresses: [],
      addressesValidated: 0,
      port: null,
      id: null,
      source: 'registered',
      age: 1499,
      expiresIn: 1,
      interfaceIndex: null,
    },
  ]);
  node.advance(1);
  assert.deepEqual(node.list(), []);
  for (const key of ['b', 'ü', 'a', 'c']) {
    node.register(key);
  }
  assert.deepEqual(names(node), ['a', 'b', 'c', 'ü']);
  assert.equal(node.list()[0].expiresIn, 20000);
});

test('an entry has a place until it is unregistered', (t) => {
  const node = startFor(t);
  node.register('lamp', 'on', { address: '192.0.2.7', port: 80 });
  const [lamp] = node.list();
  assert.deepEqual([lamp.address, lamp.addresses, lamp.port], ['192.0.2.7', ['192.0.2.7'], 80]);
  assert.throws(() => node.register('lamp', 'on', { ttll: 1 }), TypeError);
  assert.throws(() => node.register('lamp', 'on', { address: 'nowhere' }), { code: 'PEERS_ERR_INVALID' });
  node.unregister('lamp');
  assert.throws(() => node.unregister('lamp'), { code: 'PEERS_ERR_NOT_FOUND' });
});

test('a peer has pairs, and is written as JSON', (t) => {
  const node = startFor(t, 'kitchen', { value: txt({ Role: 'worker', note: 'grün', empty: '', alone: null }) });
  assert.deepEqual(node.me.txt, { role: 'worker', note: 'grün', empty: '', alone: null });
  for (const [value, pairs] of [
    ['', {}],
    ['role=worker', {}],
    ['\x03a=1\x03A=2\x02=3', { a: '1' }],
    [Buffer.from([2, 255, 61]), {}],
  ]) {
    node.setValue(value);
    assert.deepEqual(node.me.txt, pairs);
  }
  assert.throws(() => txt({ 'a=b': 'c' }), { code: 'PEERS_ERR_INVALID' });
  assert.throws(() => txt({ key: Buffer.alloc(252) }), { code: 'PEERS_ERR_TOO_LARGE' });
  assert.equal(JSON.parse(JSON.stringify(node.me)).valueBase64, 'Av89');
  node.setValue('wet');
  const { value, name, source, id, addresses } = JSON.parse(JSON.stringify(node.me));
  assert.deepEqual([value, name, source, id, addresses], ['wet', 'kitchen', 'self', node.me.id, ['10.0.0.1']]);
});

test('an observer lists, and is not listed', (t) => {
  const node = startFor(t, 'node');
  const observer = startFor(t, 'observer', { observer: true });
  assert.deepEqual([names(node), names(observer)], [[], ['node']]);
});

test('a new value is told', async (t) => {
  const [kitchen, garden] = [startFor(t, 'kitchen'), startFor(t, 'garden')];
  kitchen.list(); // hears the garden ask, and answers
  assert.equal(garden.list()[0].value.length, 0);
  kitchen.advance(1000);
  kitchen.setValue('warm');
  assert.equal(garden.list()[0].value.toString(), 'warm');
  assert.equal((await garden.nextEvent()).kind, 'joined');
  assert.equal((await garden.nextEvent()).kind, 'updated');
});

test('clusters do not see each other, and the legacy program may be left out', (t) => {
  const home = startFor(t, 'home', { cluster: 'home' });
  startFor(t, 'work', { cluster: 'work' });
  assert.deepEqual(home.list(), []);
  assert.equal(home.health().otherCluster, 1);
  assert.equal(startFor(t, 'old').health().sent, 2);
  assert.equal(startFor(t, 'new', { legacy: false }).health().sent, 1);
});

test('the group of a family that is off is not used', (t) => {
  startFor(t, 'four', { ipv6: false, groupV6: '2001:db8::1' });
  startFor(t, 'six', { ipv4: false, groupV4: '192.0.2.1' });
});

test('keys are changed without an outage', (t) => {
  const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const kitchen = startFor(t, 'kitchen', { keys: [old] });
  const garden = startFor(t, 'garden', { keys: [fresh, old] });
  const talk = () => {
    for (let turn = 0; turn < 4; turn++) {
      kitchen.advance(15000);
      garden.advance(15000);
      kitchen.list();
      garden.list();
    }
  };
  talk();
  assert.deepEqual(names(kitchen), []); // it cannot open what the garden seals
  kitchen.setKeys([old, fresh]);
  talk();
  assert.deepEqual(names(kitchen), ['garden']);
});

test('seeds find those whom multicast does not reach', (t) => {
  const first = startFor(t, 'first', { mode: 'seeds' });
  const outside = startFor(t, 'outside', { mode: 'multicast' });
  const second = startFor(t, 'second', { mode: 'seeds', seeds: ['10.9.9.9:1', '10.0.0.1:49153'] });
  assert.deepEqual([names(first), names(second), names(outside)], [['second'], ['first'], []]);
  assert.deepEqual([first.list()[0].source, second.list()[0].source], ['unicast', 'unicast']);
  second.close();
  assert.deepEqual(names(first), []);
});

test('seeds are replaced while a node runs', (t) => {
  const first = startFor(t, 'first', { mode: 'seeds' });
  const second = startFor(t, 'second', { mode: 'multicast+seeds', unicastPort: 49002 });
  assert.deepEqual([names(first), names(second)], [[], []]);
  first.setSeeds('10.0.0.2:49154');
  assert.deepEqual([names(second), names(first)], [['first'], ['second']]);
  assert.throws(() => first.setSeeds(['nowhere']), { code: 'PEERS_ERR_INVALID', message: /the seed "nowhere" has no port/ });
  first.setSeeds([]);
  second.advance(35000);
  assert.deepEqual(names(second), []);
});

test('health counts', (t) => {
  const node = startFor(t, 'kitchen', { maxPeers: 1 });
  node.register('lamp');
  const { state, reason, detail, peers, sent, loopedBack, lastSendAge, unvalidated } = node.health();
  assert.deepEqual(
    { state, reason, detail, peers, sent, loopedBack, lastSendAge, unvalidated },
    { state: 'running', reason: 'none', detail: '', peers: 1, sent: 2, loopedBack: 2, lastSendAge: 0, unvalidated: 0 },
  );
  assert.throws(() => node.register('door'), { code: 'PEERS_ERR_FULL' });
});

test('what has never happened has no age', (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false, network: undefined, interfaces: 'nosuch*', port: 49999 });
  assert.equal(node.health().lastReceiveAge, null);
  assert.equal(node.health().reason, 'no-interface');
});

test('the versions fit', () => {
  assert.equal(libraryVersion(), headerVersion);
});
