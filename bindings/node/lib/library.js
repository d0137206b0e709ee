// The library: found, loaded, and called.

import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

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
  const loaded = loadFirst(places());
  return Object.fromEntries(
    FUNCTIONS.map((declaration) => {
      const call = loaded.func(declaration);
      return [call.info.name, call];
    }),
  );
}

/** $PEERS_LIBRARY alone, or the libraries of this package for this kind of machine, then the system's. */
function places() {
  if (process.env.PEERS_LIBRARY) {
    return [process.env.PEERS_LIBRARY];
  }
  const inside = ['gnu', 'musl'].map((libc) => `../native/${process.platform}-${process.arch}-${libc}/libpeers.so`);
  const present = inside.map((path) => fileURLToPath(new URL(path, import.meta.url))).filter(existsSync);
  return [...present, 'libpeers.so.0'];
}

/** The system refuses a library that needs another C library, so the next one is tried. */
function loadFirst(paths) {
  const failures = [];
  for (const path of paths) {
    try {
      return koffi.load(path);
    } catch (failure) {
      failures.push(`${path}: ${failure.message}`);
    }
  }
  throw new Error(`cannot load ${failures.join('; ')}. Install libpeers, or set PEERS_LIBRARY to its path`);
}
