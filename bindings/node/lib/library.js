// The library: found, loaded, and called.

import process from 'node:process';

import koffi from 'koffi';

import { FUNCTIONS, VERSION } from './abi.js';
import { PeersError } from './errors.js';

/** The calls of the library by their names. */
export const library = load();

/** The version of peers.h that this package was written for. */
export const headerVersion = VERSION;

/** The version of the library that is running. */
export function libraryVersion() {
  return library.peers_version();
}

/** Throws what the calling thread's most recent call has failed with. */
export function check(status) {
  if (status !== 0) {
    throw new PeersError(status, library.peers_last_error());
  }
}

function load() {
  const path = process.env.PEERS_LIBRARY || 'libpeers.so.0';
  let loaded;
  try {
    loaded = koffi.load(path);
  } catch (cause) {
    throw new Error(`cannot load ${path}: ${cause.message}. Install libpeers, or set PEERS_LIBRARY to its path`, { cause });
  }
  return Object.fromEntries(
    FUNCTIONS.map((declaration) => {
      const call = loaded.func(declaration);
      return [call.info.name, call];
    }),
  );
}
