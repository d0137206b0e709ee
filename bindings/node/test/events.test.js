// Events: their order, and how a wait for one ends.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import process from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { txt } from '@libpeers/peers';

import { startFor } from './support.js';

test('they come in order', async (t) => {
  const node = startFor(t);
  node.register('lamp', 'off', { ttl: 30000 });
  node.register('lamp', 'on', { ttl: 30000 });
  node.register('door', '', { ttl: 10000 });
  node.advance(40000);
  const told = [];
  for await (const { kind, reason, peer } of node.events()) {
    told.push(`${kind} ${peer.name} ${peer.value} ${reason}`);
    if (told.length === 5) break;
  }
  assert.deepEqual(told, [
    'joined lamp off none',
    'updated lamp on none',
    'joined door  none',
    'left door  expired',
    'left lamp on expired',
  ]);
});

test('a wait ends with the event, again and again', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  for (let turn = 0; turn < 50; turn++) {
    const waiting = node.nextEvent();
    setImmediate(() => node.register(`lamp ${turn}`));
    assert.equal((await waiting).peer.name, `lamp ${turn}`);
  }
});

test('an overflow is told', async (t) => {
  const node = startFor(t);
  for (let entry = 0; entry < 1025; entry++) {
    node.register(`${entry}`);
  }
  assert.deepEqual(await node.nextEvent(), { kind: 'resync', reason: 'none', peer: null });
});

test('each event goes to one of many readers, and closing ends them all', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  const keys = Array.from({ length: 200 }, (_, number) => `entry ${number}`);
  const taken = [];
  const read = async () => {
    for await (const { peer } of node.events()) {
      taken.push(peer.name);
      if (taken.length === keys.length) node.close();
    }
  };
  const readers = [read(), read(), read(), read()];
  for (const key of keys) {
    node.register(key);
  }
  await Promise.all(readers);
  assert.deepEqual(taken.sort(), keys.sort());
});

test('an abort ends a wait, and the next one works', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  const controller = new AbortController();
  const other = node.nextEvent();
  const aborted = assert.rejects(node.events({ signal: controller.signal }).next(), { message: 'enough' });
  setImmediate(() => controller.abort(new Error('enough')));
  await aborted;
  setImmediate(() => node.register('lamp'));
  assert.equal((await other).peer.name, 'lamp');
  await assert.rejects(node.nextEvent({ signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a wait ends after its time, and its options are checked', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  for (const wait of [(options) => node.nextEvent(options), (options) => node.waitFor(() => false, options)]) {
    await assert.rejects(wait({ timeout: 1 }), { code: 'PEERS_ERR_TIMEOUT' });
    await assert.rejects(wait({ timeout: 60_000, signal: AbortSignal.abort() }), { name: 'AbortError' });
    await assert.rejects(wait({ timeout: 60_000, signal: AbortSignal.timeout(1) }), { name: 'TimeoutError' });
    await assert.rejects(wait({ timout: 200 }), TypeError);
    await assert.rejects(wait({ timeout: -1 }), { code: 'PEERS_ERR_INVALID' });
    await assert.rejects(wait({ timeout: '1' }), TypeError);
  }
});

test('a wait for a peer ends with it, and takes no event', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  const found = node.waitFor((peer) => peer.txt.role === 'worker');
  node.register('lamp', 'role=worker');
  setImmediate(() => node.register('door', txt({ role: 'worker' })));
  assert.equal((await found).name, 'door');
  assert.equal((await node.waitFor((peer) => peer.name === 'lamp', { timeout: 0 })).name, 'lamp');
  assert.equal((await node.nextEvent()).peer.name, 'lamp');
  await assert.rejects(
    node.waitFor(() => {
      throw new RangeError('no');
    }),
    RangeError,
  );
  const waiting = assert.rejects(node.waitFor(() => false), ({ code }) => /HANDLE|STOPPED/.test(code));
  setImmediate(() => node.close());
  await waiting;
});

test('each subscription gets every event', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  const [one, other] = [node.subscribe(), node.subscribe()];
  node.register('lamp');
  for (const reader of [one, other, node]) {
    assert.equal((await reader.nextEvent({ timeout: 60_000 })).peer.name, 'lamp');
  }
  const [ended, iteration] = [assert.rejects(one.nextEvent(), { code: 'PEERS_ERR_HANDLE' }), other.events().next()];
  one.close();
  one.close();
  await ended;
  setImmediate(() => node.close());
  assert.deepEqual(await iteration, { done: true, value: undefined });
  other.close();
});

test('closing ends a wait', async (t) => {
  const node = startFor(t, 'kitchen', { manualClock: false });
  const iteration = node.events().next();
  const waiting = assert.rejects(node.nextEvent(), { code: 'PEERS_ERR_HANDLE' });
  setImmediate(() => node.close());
  assert.deepEqual(await iteration, { done: true, value: undefined });
  await waiting;
  assert.deepEqual(await node.events().next(), { done: true, value: undefined });
});

test('it can be disposed of', async (t) => {
  const [first, second] = [startFor(t, 'first'), startFor(t, 'second')];
  first[Symbol.dispose]();
  await second[Symbol.asyncDispose]();
  assert.deepEqual([first.closed, second.closed], [true, true]);
});

const program = (text) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', `import { start } from '@libpeers/peers'; ${text}`], {
    cwd: import.meta.dirname,
  });

test('a process with a node ends when nobody waits', async () => {
  await program(`
    const node = start({ network: 'memory:n' });
    const controller = new AbortController();
    node.nextEvent(controller).catch(() => {});
    setImmediate(() => controller.abort());
  `);
});

test('a process whose node is waited for exits', async () => {
  await program(`
    const node = start({ network: 'memory:n' });
    node.nextEvent();
    setImmediate(() => process.exit(0));
  `);
});
