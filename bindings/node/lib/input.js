// Turns JavaScript's values into those of C. What C would cut short without a word is an error here; every other range is
// the library's to check, so that it is written down once.

import { Buffer } from 'node:buffer';
import { isUint8Array } from 'node:util/types';

import { refused } from './errors.js';

export const UINT16_MAX = 2 ** 16 - 1;
export const UINT32_MAX = 2 ** 32 - 1;

const KEY_BYTES = 32;

/** Options, of which there are these alone. */
export function options(values, ...names) {
  for (const name of Object.keys(values)) {
    if (!names.includes(name)) {
      throw new TypeError(`there is no option ${JSON.stringify(name)}; there are: ${names.join(', ')}`);
    }
  }
  return values;
}

/** A text; null, C's default, for undefined. */
export function optionalText(what, value) {
  return value === undefined ? null : text(what, value);
}

/** A text. */
export function text(what, value) {
  if (typeof value !== 'string') {
    throw new TypeError(`${what} must be a string, not ${typeof value}`);
  }
  if (value.includes('\0')) {
    throw refused('PEERS_ERR_INVALID', `${what} ${JSON.stringify(value)} contains a NUL character`);
  }
  if (!value.isWellFormed()) {
    throw refused('PEERS_ERR_UTF8', `${what} ${JSON.stringify(value)} has half a surrogate pair, which UTF-8 cannot write`);
  }
  return value;
}

/** Seeds: a list of texts, or a comma-separated text. */
export function seeds(value) {
  return text('seeds', Array.isArray(value) ? value.map((seed) => text('a seed', seed)).join(',') : value);
}

/** The number of a word of these. */
export function wordOf(what, words, value) {
  if (value === undefined) {
    return 0;
  }
  if (!Object.hasOwn(words, value)) {
    throw new TypeError(`${what} is ${JSON.stringify(value)}; there are: ${Object.keys(words).join(', ')}`);
  }
  return words[value];
}

/** Bytes; a string as UTF-8, none for undefined. */
export function bytes(what, value = '') {
  if (typeof value === 'string') {
    return Buffer.from(value);
  }
  if (!isUint8Array(value)) {
    throw new TypeError(`${what} must be a Buffer, a Uint8Array or a string, not ${typeof value}`);
  }
  return value;
}

/** Passes keys, one after the other, to `use`, and wipes them afterwards. Of each the length is checked, which C takes for
 *  granted. */
export function withKeys(keys, use) {
  if (!Array.isArray(keys)) {
    throw new TypeError(`keys must be an array of Buffers, not ${typeof keys}`);
  }
  const joined = Buffer.alloc(keys.length * KEY_BYTES);
  try {
    keys.forEach((key, place) => {
      if (!isUint8Array(key)) {
        throw new TypeError(`key ${place + 1} must be a Buffer or a Uint8Array, not ${typeof key}`);
      }
      if (key.length !== KEY_BYTES) {
        throw refused('PEERS_ERR_INVALID', `key ${place + 1} has ${key.length} bytes; a key has ${KEY_BYTES}`);
      }
      joined.set(key, place * KEY_BYTES);
    });
    return use(joined, keys.length);
  } finally {
    joined.fill(0);
  }
}

/** A whole number, of which C takes 0 for "the default": here undefined says that, and 0 is refused. */
export function number(what, value, largest) {
  if (value === undefined) {
    return 0;
  }
  if (typeof value !== 'number') {
    throw new TypeError(`${what} must be a number, not ${typeof value}`);
  }
  if (!Number.isInteger(value) || value < 1 || value > largest) {
    throw refused('PEERS_ERR_INVALID', `${what} is ${value}; it is a whole number from 1 to ${largest}`);
  }
  return value;
}

/** A duration of which C takes 0 for "the default": here undefined says that, and 0 is refused. */
export function duration(what, value) {
  if (value === 0) {
    throw refused('PEERS_ERR_INVALID', `${what} is 0 milliseconds; it is more than that`);
  }
  return value === undefined ? 0 : milliseconds(what, value);
}

/** Milliseconds, rounded up: what is shorter than one must not become 0, the default. */
export function milliseconds(what, value) {
  if (typeof value !== 'number') {
    throw new TypeError(`${what} must be a number of milliseconds, not ${typeof value}`);
  }
  // Written so that NaN, which no comparison holds for, is refused too.
  if (!(value >= 0 && value <= UINT32_MAX)) {
    throw refused('PEERS_ERR_INVALID', `${what} is ${value} milliseconds; it is 0 to ${UINT32_MAX}`);
  }
  return Math.ceil(value);
}
