// What the library hands out, as values. They stay valid after the node is closed.

import { Buffer } from 'node:buffer';

import koffi from 'koffi';

import { EVENTS, HEALTH, LEFT, REASONS, SOURCES, STATES, event_t, peer_t, word } from './abi.js';

export function readPeer(pointer) {
  const peer = koffi.decode(pointer, peer_t);
  const id = Buffer.from(peer.id);
  return {
    name: peer.name,
    value: Buffer.from(peer.value),
    address: peer.address || null,
    port: peer.port || null,
    id: id.some((byte) => byte !== 0) ? id.toString('hex') : null,
    source: word(SOURCES, peer.source),
    age: peer.age_ms,
    expiresIn: peer.expires_in_ms,
    interfaceIndex: peer.interface_index || null,
  };
}

export function readEvent(pointer) {
  const event = koffi.decode(pointer, event_t);
  return {
    kind: word(EVENTS, event.kind),
    reason: word(LEFT, event.reason),
    peer: event.peer === null ? null : readPeer(event.peer),
  };
}

// What is not the number or the text that C has.
const READ = {
  state: (code) => word(STATES, code),
  reason: (code) => word(REASONS, code),
  age: readAge,
};

export function readHealth(health) {
  const read = ([name, { kind, field }]) => [name, Object.hasOwn(READ, kind) ? READ[kind](health[field]) : health[field]];
  return Object.fromEntries(Object.entries(HEALTH).map(read));
}

/** UINT64_MAX is "never", and the one number of the library that is no safe integer: koffi makes a bigint of it. */
function readAge(milliseconds) {
  return typeof milliseconds === 'bigint' ? null : milliseconds;
}
