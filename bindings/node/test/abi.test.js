// lib/abi.js says what peers.h says. Its tests are in the repository alone, beside the header.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';

import koffi from 'koffi';

import * as abi from '../lib/abi.js';

const path = process.env.PEERS_HEADER ?? new URL('../../../include/peers.h', import.meta.url);
const header = readFileSync(path, 'utf8').replaceAll(/\/\*[^]*?\*\//g, '');
const constants = Object.fromEntries(
  [...header.matchAll(/^#define (PEERS_\w+) (-?\d+)$/gm)].map(([, name, number]) => [name, Number(number)]),
);
const inOrder = (prefix) =>
  Object.entries(constants)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, number]) => [number, name.slice(prefix.length).toLowerCase().replaceAll('_', '-')]);

test('the constants', () => {
  assert.match(header, new RegExp(`PEERS_VERSION "${abi.VERSION}"`));
  assert.deepEqual(Object.entries(constants).filter(([name]) => name.startsWith('PEERS_ERR_')),
    abi.STATUSES.map((name) => [name, abi.status(name)]));
  for (const [prefix, words] of [
    ['PEERS_SOURCE_', abi.SOURCES],
    ['PEERS_EVENT_', abi.EVENTS],
    ['PEERS_LEFT_', abi.LEFT],
    ['PEERS_STATE_', abi.STATES],
    ['PEERS_REASON_', abi.REASONS],
  ]) {
    assert.deepEqual(inOrder(prefix), Object.entries(words).map(([place, word]) => [Number(place), word]));
  }
  const flags = Object.fromEntries(Object.entries(constants).filter(([name]) => /^PEERS_((MANUAL|NO)_|OBSERVER$)/.test(name)));
  assert.deepEqual(abi.FLAGS, flags);
  const { multicast, seeds, swim } = abi.MODES;
  assert.deepEqual(inOrder('PEERS_MODE_'), [[multicast, 'multicast'], [seeds, 'seeds'], [swim, 'swim']]);
  assert.equal(abi.MODES['multicast+seeds'], multicast | seeds);
});

test('the structs', () => {
  const declared = [...header.matchAll(/typedef struct (peers_(\w+)_t) \{([^]*?)\}/g)];
  assert.equal(declared.length, 8);
  for (const [, name, short, body] of declared) {
    const fields = [...body.matchAll(/^\s*(.+?)\s*\b(\w+)(?:\[(\d+)\])?;$/gm)].map(([, type, field, length]) => [
      field,
      sizeOf(type) * Number(length ?? 1),
    ]);
    const members = Object.values(koffi.type(name).members).map((member) => [member.name, member.type.size]);
    assert.deepEqual(members, fields, short);
  }
});

test('the functions', () => {
  const declared = [...header.matchAll(/^(?:const )?(?:struct )?\w+ \*?(peers_\w+)\(([^]*?)\);/gm)].map(([text]) =>
    text.replaceAll(/\s+/g, ' ').replaceAll('struct ', ''),
  );
  const ours = abi.FUNCTIONS.map((text) => `${text};`.replaceAll(/_Out_ |_Inout_ /g, ''));
  assert.deepEqual(declared.sort(), ours.sort());
});

function sizeOf(type) {
  return type.endsWith('*') || type === 'peers_log_fn' ? koffi.sizeof('void *') : koffi.sizeof(type);
}
