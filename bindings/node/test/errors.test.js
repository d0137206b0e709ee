// Wrong input: the error's class, status and words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeersError, start } from '@libpeers/peers';

import { startFor } from './support.js';

test('wrong options give a status and words', () => {
  for (const [options, code, words] of [
    [{ name: 'a\0b' }, 'PEERS_ERR_INVALID', /^name "a\\u0000b" contains a NUL/],
    [{ name: 'a\ud800' }, 'PEERS_ERR_UTF8', /^name .* surrogate/],
    [{ name: '' }, 'PEERS_ERR_INVALID', /empty/],
    [{ cluster: 'c'.repeat(256) }, 'PEERS_ERR_TOO_LARGE', /cluster/],
    [{ value: Buffer.alloc(2000) }, 'PEERS_ERR_TOO_LARGE', /value/],
    [{ interval: 0 }, 'PEERS_ERR_INVALID', /^interval is 0 milliseconds/],
    [{ interval: 1 }, 'PEERS_ERR_INVALID', /interval/],
    [{ expiry: NaN }, 'PEERS_ERR_INVALID', /^expiry is NaN/],
    [{ expiry: 2 ** 32 }, 'PEERS_ERR_INVALID', /^expiry is 4294967296/],
    [{ port: 65536 }, 'PEERS_ERR_INVALID', /^port is 65536; it is a whole number from 1 to 65535/],
    [{ port: 1.5 }, 'PEERS_ERR_INVALID', /^port is 1.5/],
    [{ hops: 256 }, 'PEERS_ERR_INVALID', /hops/],
    [{ groupV4: '192.0.2.1' }, 'PEERS_ERR_INVALID', /192\.0\.2\.1/],
    [{ groupV6: 'x' }, 'PEERS_ERR_INVALID', /'x'|"x"/],
    [{ ipv4: false, ipv6: false }, 'PEERS_ERR_INVALID', /IPv4/],
    [{ manualClock: true }, 'PEERS_ERR_INVALID', /memory network/],
    [{ interfaces: 'nosuch7' }, 'PEERS_ERR_INTERFACE', /interface "nosuch7" does not exist/],
    [{ seeds: ['192.0.2.1:1', '192.0.2.1'] }, 'PEERS_ERR_INVALID', /the seed "192.0.2.1" has no port/],
    [{ seeds: 'a\0:1' }, 'PEERS_ERR_INVALID', /^seeds "a\\u0000:1" contains a NUL/],
    [{ unicastPort: 65536 }, 'PEERS_ERR_INVALID', /^unicastPort is 65536/],
    [{ unicastPort: 49001 }, 'PEERS_ERR_INVALID', /unicast_port is 49001, the port of the groups/],
    [{ keys: [Buffer.alloc(32), Buffer.alloc(31)] }, 'PEERS_ERR_INVALID', /^key 2 has 31 bytes; a key has 32/],
    [{ keys: Array(9).fill(Buffer.alloc(32)) }, 'PEERS_ERR_INVALID', /at most 8/],
  ]) {
    assert.throws(() => start(options), { code, message: words, name: 'PeersError' }, JSON.stringify(options));
  }
});

test('wrong types are TypeErrors', (t) => {
  const node = startFor(t);
  for (const [call, words] of [
    [() => start({ colour: 'red' }), /there is no option "colour"; there are: name, cluster/],
    [() => start({ name: 7 }), /name must be a string, not number/],
    [() => start({ value: 7 }), /value must be a Buffer/],
    [() => start({ port: '80' }), /port must be a number, not string/],
    [() => start({ interval: '1s' }), /interval must be a number of milliseconds/],
    [() => start({ mode: 'moon' }), /mode is "moon"; there are: multicast, seeds, multicast\+seeds, swim/],
    [() => start({ seeds: 7 }), /seeds must be a string, not number/],
    [() => start({ seeds: [7] }), /a seed must be a string, not number/],
    [() => node.setSeeds(), /seeds must be a string, not undefined/],
    [() => start({ keys: Buffer.alloc(32) }), /keys must be an array/],
    [() => start({ keys: ['k'.repeat(32)] }), /key 1 must be a Buffer/],
    [() => node.register(), /key must be a string, not undefined/],
    [() => node.advance(), /ms must be a number/],
  ]) {
    assert.throws(call, { name: 'TypeError', message: words });
  }
});

test('wrong calls give a status', (t) => {
  const node = startFor(t);
  const running = startFor(t, 'running', { manualClock: false });
  for (const [call, code] of [
    [() => node.register(''), 'PEERS_ERR_INVALID'],
    [() => node.register('lamp', Buffer.alloc(1025)), 'PEERS_ERR_TOO_LARGE'],
    [() => node.register('lamp', '', { ttl: -1 }), 'PEERS_ERR_INVALID'],
    [() => node.setValue(Buffer.alloc(2000)), 'PEERS_ERR_TOO_LARGE'],
    [() => node.setKeys([]), 'PEERS_ERR_INVALID'],
    [() => node.setSeeds('10.0.0.1:1'), 'PEERS_ERR_INVALID'],
    [() => node.setKeys([Buffer.alloc(32)]), 'PEERS_ERR_INVALID'],
    [() => running.advance(1), 'PEERS_ERR_INVALID'],
  ]) {
    assert.throws(call, (error) => error instanceof PeersError && error.code === code && error.status < 0);
  }
});

test('a closed node says so', (t) => {
  const node = startFor(t);
  node.close();
  node.close();
  for (const call of [() => node.list(), () => node.health(), () => node.register('lamp'), () => node.setValue('x'), () => node.setSeeds([])]) {
    assert.throws(call, { code: 'PEERS_ERR_HANDLE', status: -2, message: 'the node is closed' });
  }
});
