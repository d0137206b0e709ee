export { PeersError } from './lib/errors.js';
export { headerVersion, libraryVersion } from './lib/library.js';
export { Node } from './lib/node.js';
export { Subscription } from './lib/subscription.js';
export { start } from './lib/start.js';
export { txt } from './lib/txt.js';
