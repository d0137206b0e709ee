// What the library hands out, as values. They stay valid after the node is closed.

import { Buffer, isUtf8 } from 'node:buffer';

import koffi from 'koffi';

import { EVENTS, HEALTH, LEFT, REASONS, SOURCES, STATES, USAGES, event_t, interface_t, peer_t, word } from './abi.js';
import { parse } from './txt.js';

/** What a peer can do beside having its properties. */
const PEER = {
  get txt() {
    return parse(this.value);
  },
  toJSON() {
    const { value, ...rest } = this;
    return { ...rest, ...(isUtf8(value) ? { value: value.toString() } : { valueBase64: value.toString('base64') }) };
  },
};

export function readPeer(pointer) {
  const peer = koffi.decode(pointer, peer_t);
  const id = Buffer.from(peer.id);
  return Object.assign(Object.create(PEER), {
    name: peer.name,
    value: Buffer.from(peer.value),
    address: peer.address || null,
    addresses: peer.addresses_len ? koffi.decode(peer.addresses, koffi.array('const char *', peer.addresses_len)) : [],
    addressesValidated: peer.addresses_validated,
    port: peer.port || null,
    id: id.some((byte) => byte !== 0) ? id.toString('hex') : null,
    source: word(SOURCES, peer.source),
    age: peer.age_ms,
    expiresIn: peer.expires_in_ms,
    interfaceIndex: peer.interface_index || null,
  });
}

export function readInterface(pointer) {
  const { last_error: lastError, looped_back: loopedBack, ...status } = koffi.decode(pointer, interface_t);
  return { ...status, loopedBack, usage: word(USAGES, status.usage), address: status.address || null, lastError };
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
