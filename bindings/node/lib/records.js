// What the library hands out, as values. They stay valid after the node is closed.

import { Buffer } from 'node:buffer';

import koffi from 'koffi';

import { EVENTS, LEFT, REASONS, SOURCES, STATES, event_t, peer_t, word } from './abi.js';

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

export function readHealth(health) {
  return {
    state: word(STATES, health.state),
    reason: word(REASONS, health.reason),
    detail: health.detail,
    lastSendAge: readAge(health.last_send_age_ms),
    lastReceiveAge: readAge(health.last_receive_age_ms),
    interfaces: health.interfaces,
    peers: health.peers,
    sent: health.sent,
    sendErrors: health.send_errors,
    received: health.received,
    loopedBack: health.looped_back,
    malformed: health.malformed,
    refusedFull: health.refused_full,
    dropped: health.dropped,
    socketsReopened: health.sockets_reopened,
    eventsLost: health.events_lost,
    otherCluster: health.other_cluster,
    stale: health.stale,
    wrongKey: health.wrong_key,
    rateLimited: health.rate_limited,
    offLink: health.off_link,
    unvalidated: health.unvalidated,
  };
}

/** UINT64_MAX is "never", and the one number of the library that is no safe integer: koffi makes a bigint of it. */
function readAge(milliseconds) {
  return typeof milliseconds === 'bigint' ? null : milliseconds;
}
