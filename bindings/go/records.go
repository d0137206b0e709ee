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
	// Address is the first of Addresses. Not valid if it was only registered.
	Address netip.Addr
	// Addresses has all addresses: Address, then the others that sent or answered a probe, then those that the peer only
	// claims. A link-local one of IPv6 has its zone.
	Addresses []netip.Addr
	// AddressesValidated is how many of the first Addresses sent or answered a probe.
	AddressesValidated int
	Port               uint16 // where it offers its service; 0 when it announces none
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

// AddrPorts returns all places where the peer may offer its service, in the order in which to try them.
func (p *Peer) AddrPorts() []netip.AddrPort {
	places := make([]netip.AddrPort, len(p.Addresses))
	for i, address := range p.Addresses {
		places[i] = netip.AddrPortFrom(address, p.Port)
	}
	return places
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

// InterfaceStatus is an interface of the host and an address family.
type InterfaceStatus struct {
	Name       string
	Index      int
	Family     int // 4 or 6
	Usage      Usage
	Why        string     // the usage in words; "" if the node uses it
	Kind       string     // "loopback", "bridge", "wlan", "wireguard" and so on; "" for a plain network card
	Address    netip.Addr // that the node sends from, or would send from; not valid if there is none
	Sent       uint64     // datagrams sent to the group through it
	LoopedBack uint64     // received through it: the node's own datagrams, which the system loops back
	Received   uint64     // datagrams received through it, of every kind
	LastError  string     // the last system call for it that failed, with its error; "" if none did
}

// Usage is whether a node uses an interface by an address family, and if not, why. A later version of the library may add some.
type Usage uint32

// The usages.
const (
	Used          Usage = C.PEERS_INTERFACE_USED
	NotNamed      Usage = C.PEERS_INTERFACE_NOT_NAMED    // Config.Interfaces does not name it
	FamilyOff     Usage = C.PEERS_INTERFACE_FAMILY_OFF   // the node does not use the family, or the system refused its sockets
	Down          Usage = C.PEERS_INTERFACE_DOWN         // it is down
	NoCarrier     Usage = C.PEERS_INTERFACE_NO_CARRIER   // nothing is connected to it
	PortOfAnother Usage = C.PEERS_INTERFACE_PORT         // it is a port of a bridge, a bond or a team, or is in a VRF
	NoMulticast   Usage = C.PEERS_INTERFACE_NO_MULTICAST // it has no MULTICAST flag
	NoAddress     Usage = C.PEERS_INTERFACE_NO_ADDRESS   // it has no address of the family; for IPv6, no link-local one
	Loopback      Usage = C.PEERS_INTERFACE_LOOPBACK     // it is loopback, and another interface is used
)

// String returns the usage in words.
func (u Usage) String() string {
	return word(uint32(u), "used", "not named", "family off", "down", "no carrier", "port", "no multicast", "no address", "loopback")
}

func readInterface(status *C.peers_interface_t) InterfaceStatus {
	return InterfaceStatus{
		Name:       C.GoString(status.name),
		Index:      int(status.index),
		Family:     int(status.family),
		Usage:      Usage(status.usage),
		Why:        C.GoString(status.why),
		Kind:       C.GoString(status.kind),
		Address:    readAddress(status.address),
		Sent:       uint64(status.sent),
		LoopedBack: uint64(status.looped_back),
		Received:   uint64(status.received),
		LastError:  C.GoString(status.last_error),
	}
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
		Name:               C.GoString(peer.name),
		Value:              C.GoBytes(peer.value, C.int(peer.value_len)),
		Address:            readAddress(peer.address),
		Addresses:          readAddresses(peer),
		AddressesValidated: int(peer.addresses_validated),
		Port:               uint16(peer.port),
		ID:                 *(*[16]byte)(unsafe.Pointer(&peer.id)),
		Source:             Source(peer.source),
		Age:                time.Duration(peer.age_ms) * time.Millisecond,
		ExpiresIn:          time.Duration(peer.expires_in_ms) * time.Millisecond,
		InterfaceIndex:     int(peer.interface_index),
	}
}

func readAddresses(peer *C.peers_peer_t) []netip.Addr {
	var addresses []netip.Addr
	for _, text := range unsafe.Slice(peer.addresses, int(peer.addresses_len)) {
		addresses = append(addresses, readAddress(text))
	}
	return addresses
}

func readAddress(text *C.char) netip.Addr {
	address, err := netip.ParseAddr(C.GoString(text))
	if err != nil {
		return netip.Addr{} // "", of one that was only registered
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
