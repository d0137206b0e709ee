// The error: one class, told apart by its status.

import { STATUSES, status as number } from './abi.js';

export class PeersError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
    this.code = STATUSES[-1 - status] ?? `PEERS_ERR_UNKNOWN${status}`;
  }

  get name() {
    return 'PeersError';
  }
}

/** The error for what C would cut short, or take for something else, without a word. */
export function refused(code, detail) {
  return new PeersError(number(code), detail);
}
