package peers

/*
#include <peers.h>
*/
import "C"

import (
	"net/netip"
	"strconv"
	"time"
	"unsafe"
)

// Peer is one peer, as it was when the list was taken or the event raised.
type Peer struct {
	Name  string // two peers may have the same; ID tells them apart
	Value []byte
	// Address is the one it was heard from, a link-local one with its zone. Not valid if it was only registered.
	Address netip.Addr
	Port    uint16 // where it offers its service; 0 when it announces none
	// ID has the random bytes of this run of it; all zero when unknown, as with legacy nodes and registered entries.
	ID             [16]byte
	Source         Source
	Age            time.Duration // since it was last heard or registered
	ExpiresIn      time.Duration // until it is gone unless it is heard again; 0 in the event of one that left
	InterfaceIndex int           // the interface it was heard through, see net.InterfaceByIndex; 0 when unknown
}

// AddrPort returns where the peer offers its service, for net.Dial and the like.
func (p *Peer) AddrPort() netip.AddrPort {
	return netip.AddrPortFrom(p.Address, p.Port)
}

// Event is one change of the registry.
type Event struct {
	Kind   EventKind
	Reason LeaveReason
	Peer   Peer // as it was when the event was raised; the zero Peer in a Resync
}

// Source is what last told of a peer.
type Source uint32

// The sources.
const (
	SourceMulticast  Source = C.PEERS_SOURCE_MULTICAST  // a message of the native protocol
	SourceLegacy     Source = C.PEERS_SOURCE_LEGACY     // a legacy beacon, "multitastic:NAME"
	SourceRegistered Source = C.PEERS_SOURCE_REGISTERED // Node.Register
	SourceUnicast    Source = C.PEERS_SOURCE_UNICAST    // a message that came to this node alone, and none yet by multicast
	SourceGossip     Source = C.PEERS_SOURCE_GOSSIP     // the cluster, with ModeSWIM
	SourceSelf       Source = C.PEERS_SOURCE_SELF       // it is the node itself
)

// String returns the source in a word.
func (s Source) String() string {
	return word(uint32(s), "", "multicast", "legacy", "registered", "unicast", "gossip", "self")
}

// EventKind is what happened. A later version of the library may add some: ignore those you do not know.
type EventKind uint32

// The kinds.
const (
	Joined  EventKind = C.PEERS_EVENT_JOINED  // a peer is listed that was not listed before
	Updated EventKind = C.PEERS_EVENT_UPDATED // a listed peer has another value, address, port, source or ID
	Left    EventKind = C.PEERS_EVENT_LEFT    // a peer is no longer listed
	Resync  EventKind = C.PEERS_EVENT_RESYNC  // events were lost, as they were not read; Node.List has the state as it is
)

// String returns the kind in a word.
func (k EventKind) String() string {
	return word(uint32(k), "", "joined", "updated", "left", "resync")
}

// LeaveReason is why a peer left. A later version of the library may add some.
type LeaveReason uint32

// The reasons.
const (
	NotLeft      LeaveReason = C.PEERS_LEFT_NONE         // the event is of another kind than Left
	Goodbye      LeaveReason = C.PEERS_LEFT_GOODBYE      // it said that it ends
	Expired      LeaveReason = C.PEERS_LEFT_EXPIRED      // it was not heard for its expiry time, and did not answer when asked
	Unreachable  LeaveReason = C.PEERS_LEFT_UNREACHABLE  // two probes in a row were answered with ICMP port or host unreachable
	Unregistered LeaveReason = C.PEERS_LEFT_UNREGISTERED // the program unregistered it
)

// String returns the reason in a word.
func (r LeaveReason) String() string {
	return word(uint32(r), "none", "goodbye", "expired", "unreachable", "unregistered")
}

func readEvent(event *C.peers_event_t) Event {
	read := Event{Kind: EventKind(event.kind), Reason: LeaveReason(event.reason)}
	if event.peer != nil {
		read.Peer = readPeer(event.peer)
	}
	return read
}

func readPeer(peer *C.peers_peer_t) Peer {
	return Peer{
		Name:           C.GoString(peer.name),
		Value:          C.GoBytes(peer.value, C.int(peer.value_len)),
		Address:        readAddress(C.GoString(peer.address), uint64(peer.interface_index)),
		Port:           uint16(peer.port),
		ID:             *(*[16]byte)(unsafe.Pointer(&peer.id)),
		Source:         Source(peer.source),
		Age:            time.Duration(peer.age_ms) * time.Millisecond,
		ExpiresIn:      time.Duration(peer.expires_in_ms) * time.Millisecond,
		InterfaceIndex: int(peer.interface_index),
	}
}

func readAddress(text string, interfaceIndex uint64) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{} // "", of one that was only registered
	}
	if address.Is6() && address.IsLinkLocalUnicast() {
		return address.WithZone(strconv.FormatUint(interfaceIndex, 10))
	}
	return address
}

// word returns the word for a code, and its number for one that only a newer library knows.
func word(code uint32, words ...string) string {
	if int64(code) < int64(len(words)) && words[code] != "" {
		return words[code]
	}
	return strconv.FormatUint(uint64(code), 10)
}
