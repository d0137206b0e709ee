// Values in the TXT format of DNS-SD (RFC 6763, section 6): strings of up to 255 bytes, each behind its length.

import { Buffer } from 'node:buffer';

import * as input from './input.js';
import { check, library } from './library.js';

/** The most bytes that a value has. */
const CAPACITY = 1050;

/** Documented in index.d.ts, as everything that is exported. */
export function txt(pairs) {
  const content = Buffer.alloc(CAPACITY);
  const length = [0];
  for (const [key, value] of Object.entries(pairs)) {
    const data = value === null ? null : input.bytes(key, value);
    // koffi makes NULL of an empty buffer, which C takes for a key without a value.
    const pointer = data?.length === 0 ? Buffer.alloc(1) : data;
    check(library.peers_txt_put(content, CAPACITY, length, input.text('a key', key), pointer, data?.length ?? 0));
  }
  return content.subarray(0, length[0]);
}

/** The keys in lower case, and their values; {} for bytes that are not in the format. The first string of a key counts. */
export function parse(content) {
  const pairs = {};
  for (let at = 0, end; at < content.length; at = end) {
    end = at + 1 + content[at];
    const [, key, equals, value] = /^([^=]*)(=?)(.*)$/s.exec(content.toString('latin1', at + 1, end));
    if (end > content.length || /[^\x20-\x7e]/.test(key)) {
      return {};
    }
    const name = key.toLowerCase();
    if (key !== '' && !Object.hasOwn(pairs, name)) {
      pairs[name] = equals === '' ? null : Buffer.from(value, 'latin1').toString();
    }
  }
  return pairs;
}
