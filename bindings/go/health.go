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
	// generated: begin go/health
	// State: state of the node.
	State State
	// Reason: what is wrong with the node, or a note about its network while it is running.
	Reason Reason
	// Detail: the reason in words; "" if there is none.
	Detail string
	// LastSendAge: time since the node last sent a datagram; Never before the first.
	LastSendAge time.Duration
	// LastReceiveAge: time since the node last received a datagram, its own included; Never before the first.
	LastReceiveAge time.Duration
	// Interfaces: number of interfaces in use.
	Interfaces uint64
	// Peers: number of entries in the registry.
	Peers uint64
	// Sent: datagrams sent.
	Sent uint64
	// SendErrors: sends that the system refused.
	SendErrors uint64
	// Received: datagrams received, of every kind.
	Received uint64
	// LoopedBack: received: the node's own messages, and legacy beacons with its name.
	LoopedBack uint64
	// Malformed: received and dropped: neither a message of the protocol nor a legacy beacon.
	Malformed uint64
	// RefusedFull: peers refused because the registry was full.
	RefusedFull uint64
	// Dropped: datagrams lost because the node's queue on a memory network was full.
	Dropped uint64
	// SocketsReopened: times that the node reopened its sockets, or joined or left interfaces.
	SocketsReopened uint64
	// EventsLost: events dropped because the queue was full; one resync event reports each loss.
	EventsLost uint64
	// OtherCluster: received and dropped: messages of another cluster, and legacy beacons if the node does not use
	// them.
	OtherCluster uint64
	// Stale: received and dropped: messages not newer than the known one of their sender (duplicates, replays).
	Stale uint64
	// WrongKey: received and dropped: messages that none of the node's keys opens, and sealed ones if the node has no
	// keys. If it rises, another node has other keys, or none.
	WrongKey uint64
	// RateLimited: replies and probes not sent because of a rate limit. If it rises, the node is under a flood, or
	// under forged messages.
	RateLimited uint64
	// OffLink: received and dropped: datagrams from outside the links in use, while Hops is 1.
	OffLink uint64
	// Unvalidated: received by a node with keys: messages of an unlisted instance whose path is not validated. Each new
	// peer begins so. If it rises and no peer joins, recorded messages are replayed.
	Unvalidated uint64
	// IdConflicts: received: messages with the instance id of the node that another node sent. If it rises, a clone of
	// this machine or process is there, or a host forges messages.
	IdConflicts uint64
	// generated: end
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

// Reason is what is wrong with a node, or, of a running node, a note about its network. The header peers.h says of each what to
// do. A later version of the library may add some.
type Reason uint32

// The reasons.
const (
	NothingWrong      Reason = C.PEERS_REASON_NONE
	NoInterface       Reason = C.PEERS_REASON_NO_INTERFACE   // no interface that may be used is up
	NotReceiving      Reason = C.PEERS_REASON_NOT_RECEIVING  // nothing was received for the expiry time, not even its own datagrams
	SendFails         Reason = C.PEERS_REASON_SEND_FAILS     // the latest announcement did not go through every interface
	PermissionMissing Reason = C.PEERS_REASON_PERMISSION     // the system does not permit sending, or joining the group
	MulticastJoin     Reason = C.PEERS_REASON_MULTICAST_JOIN // the system did not let it join the group on every interface
	Internal          Reason = C.PEERS_REASON_INTERNAL       // it met an internal error, and no longer works
	Resolver          Reason = C.PEERS_REASON_RESOLVER       // the name of a seed cannot be resolved; it is tried again
	ListFull          Reason = C.PEERS_REASON_LIST_FULL      // a newcomer was refused, because the registry is full
	SendStalls        Reason = C.PEERS_REASON_SEND_STALLS    // the send buffer of the system stayed full
	IDConflict        Reason = C.PEERS_REASON_ID_CONFLICT    // another node sent with the instance id of this node
	OtherCluster      Reason = C.PEERS_REASON_OTHER_CLUSTER  // note: a node of another cluster is there
	OtherKey          Reason = C.PEERS_REASON_OTHER_KEY      // note: a node with another key is there
	OtherMode         Reason = C.PEERS_REASON_OTHER_MODE     // note: a node of the same cluster in another mode is there
	Limited           Reason = C.PEERS_REASON_LIMITED        // a note: the system refused what the node can do without
	SocketRefused     Reason = C.PEERS_REASON_SOCKET         // the system refused a socket; the node works with the others
)

// String returns the reason in words.
func (r Reason) String() string {
	return word(
		uint32(r), "none", "no interface", "not receiving", "send fails", "permission", "multicast join", "internal", "resolver",
		"list full", "send stalls", "id conflict", "other cluster", "other key", "other mode", "limited", "socket",
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
		// generated: begin go/read_health
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
		IdConflicts:     uint64(health.id_conflicts),
		// generated: end
	}, nil
}

func readAge(milliseconds C.uint64_t) time.Duration {
	if milliseconds == math.MaxUint64 {
		return Never
	}
	return time.Duration(milliseconds) * time.Millisecond
}
