// Announces itself, and prints the peers as they come and go, one line each, until SIGINT or SIGTERM, when it says goodbye:
//
//     joined NAME ADDRESS
//     updated NAME ADDRESS
//     left NAME (REASON)
//     resync                  events were lost; the list as it is follows, as "listed NAME ADDRESS"
//
// --key-file names a file with the cluster's key, 32 bytes, that its owner alone may use. To make one:
//
//     (umask 077 && head -c 32 /dev/urandom > key)

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { start } from '@libpeers/peers';

/** What the command line says. What it does not say is the library's default. */
function options() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      name: text,
      cluster: text,
      value: text,
      port: text,
      interfaces: text,
      seeds: text,
      'unicast-port': text,
      'key-file': text,
    },
  });
  const { port, 'unicast-port': unicastPort, 'key-file': keyFile, ...rest } = values;
  return {
    ...rest,
    ...(port !== undefined && { port: Number(port) }),
    ...(unicastPort !== undefined && { unicastPort: Number(unicastPort) }),
    ...(keyFile !== undefined && { keys: [readKey(keyFile)] }),
  };
}

/** The key in a file that nobody but its owner can use. */
function readKey(path) {
  const file = openSync(path);
  try {
    const mode = fstatSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new Error(
        `${path}: its mode is ${mode.toString(8)}, so others than its owner may know the key; ` +
          'make a new key, in a file of mode 600',
      );
    }
    // One more byte than a key has, so that a longer file is told from a key.
    const key = Buffer.alloc(33);
    return key.subarray(0, readSync(file, key));
  } finally {
    closeSync(file);
  }
}

/** What there is to print about an event. */
function* lines(node, { kind, reason, peer }) {
  if (kind === 'resync') {
    yield 'resync';
    for (const listed of node.list()) {
      yield `listed ${listed.name} ${listed.address}`;
    }
  } else if (kind === 'left') {
    yield `left ${peer.name} (${reason})`;
  } else {
    yield `${kind} ${peer.name} ${peer.address}`;
  }
}

try {
  const node = start(options());
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => node.close()); // says goodbye, and ends the loop
  }
  for await (const event of node.events()) {
    for (const line of lines(node, event)) {
      console.log(line);
    }
  }
} catch (error) {
  console.error(`watch: ${error.message}`);
  process.exitCode = 1;
}
