package peers

/*
#include <peers.h>
*/
import "C"

import (
	"math"
	"time"
)

// Health is how a node is, and what it has counted since it was started.
type Health struct {
	State           State
	Reason          Reason
	Detail          string        // the reason in words; "" when nothing is wrong
	LastSendAge     time.Duration // since a datagram was last sent; Never before the first
	LastReceiveAge  time.Duration // since a datagram was last heard, the node's own included; Never before the first
	Interfaces      uint64        // interfaces in use
	Peers           uint64        // entries in the registry
	Sent            uint64        // datagrams sent
	SendErrors      uint64        // sends that the system refused
	Received        uint64        // datagrams received, of every kind
	LoopedBack      uint64        // received: the node's own messages, and legacy beacons with its name
	Malformed       uint64        // received: neither a message of the protocol nor a legacy beacon
	RefusedFull     uint64        // newcomers refused because the registry held Config.MaxPeers entries
	Dropped         uint64        // datagrams lost because the node's queue on a memory network was full
	SocketsReopened uint64        // times the sockets were opened anew, or interfaces were joined or left
	EventsLost      uint64        // events lost because the queue was full
	OtherCluster    uint64        // received: messages of another cluster, and legacy beacons where it sends none
	Stale           uint64        // received: messages not newer than what was known of their sender
	WrongKey        uint64        // received: messages that no key opens, or sealed ones without keys
	RateLimited     uint64        // answers, challenges and questions not sent, because too many were asked for
	OffLink         uint64        // received: datagrams from beyond the links in use, ignored because Config.Hops is 1
	Unvalidated     uint64        // received, with keys: messages of an instance that has answered no challenge yet
}

// Never is the age of what has not happened.
const Never time.Duration = math.MaxInt64

// State is how a node is.
type State uint32

// The states.
const (
	Running  State = C.PEERS_STATE_RUNNING  // it announces itself and hears
	Degraded State = C.PEERS_STATE_DEGRADED // it works on, but part of its work is failing
	Failed   State = C.PEERS_STATE_FAILED   // it no longer works: close it, and start another
)

// String returns the state in a word.
func (s State) String() string {
	return word(uint32(s), "running", "degraded", "failed")
}

// Reason is what is wrong with a node.
type Reason uint32

// The reasons.
const (
	NothingWrong      Reason = C.PEERS_REASON_NONE
	NoInterface       Reason = C.PEERS_REASON_NO_INTERFACE   // no interface that may be used is up
	NotReceiving      Reason = C.PEERS_REASON_NOT_RECEIVING  // nothing was heard for the expiry time, not even itself
	SendFails         Reason = C.PEERS_REASON_SEND_FAILS     // the latest announcement did not go through every interface
	PermissionMissing Reason = C.PEERS_REASON_PERMISSION     // the system does not permit sending, or joining the group
	MulticastJoin     Reason = C.PEERS_REASON_MULTICAST_JOIN // the system did not let it join the group on every interface
	Internal          Reason = C.PEERS_REASON_INTERNAL       // it met an internal error, and no longer works
	Resolver          Reason = C.PEERS_REASON_RESOLVER       // the name of a seed cannot be resolved; it is tried again
)

// String returns the reason in words.
func (r Reason) String() string {
	return word(
		uint32(r), "none", "no interface", "not receiving", "send fails", "permission", "multicast join", "internal", "resolver",
	)
}

// Health tells how the node is. It works on a failed node, too.
//
// Error: ErrHandle.
func (n *Node) Health() (Health, error) {
	health := C.peers_health_t{struct_size: C.sizeof_peers_health_t}
	if err := call(func() C.int32_t { return C.peers_health(n.handle, &health) }); err != nil {
		return Health{}, err
	}
	return Health{
		State:           State(health.state),
		Reason:          Reason(health.reason),
		Detail:          C.GoString(&health.detail[0]),
		LastSendAge:     readAge(health.last_send_age_ms),
		LastReceiveAge:  readAge(health.last_receive_age_ms),
		Interfaces:      uint64(health.interfaces),
		Peers:           uint64(health.peers),
		Sent:            uint64(health.sent),
		SendErrors:      uint64(health.send_errors),
		Received:        uint64(health.received),
		LoopedBack:      uint64(health.looped_back),
		Malformed:       uint64(health.malformed),
		RefusedFull:     uint64(health.refused_full),
		Dropped:         uint64(health.dropped),
		SocketsReopened: uint64(health.sockets_reopened),
		EventsLost:      uint64(health.events_lost),
		OtherCluster:    uint64(health.other_cluster),
		Stale:           uint64(health.stale),
		WrongKey:        uint64(health.wrong_key),
		RateLimited:     uint64(health.rate_limited),
		OffLink:         uint64(health.off_link),
		Unvalidated:     uint64(health.unvalidated),
	}, nil
}

func readAge(milliseconds C.uint64_t) time.Duration {
	if milliseconds == math.MaxUint64 {
		return Never
	}
	return time.Duration(milliseconds) * time.Millisecond
}
