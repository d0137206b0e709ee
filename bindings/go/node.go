package peers

/*
#include <stdlib.h>
#include <peers.h>

extern void peersGoLog(int32_t level, char *message, void *context);
*/
import "C"

import (
	"errors"
	"io"
	"net/netip"
	"time"
	"unsafe"
)

// Node is a running node. It announces itself until it is closed, also when nothing of the program refers to it.
type Node struct {
	// A token that the library looks up, no address: cgo knows that a struct without a body is never in Go's memory.
	handle *C.peers_t
	events reader
	log    logContext
}

// Start starts a node: it announces itself at once and then every interval, and lists the peers it hears. It asks who is
// there, and the nodes that hear it answer, so the list fills within milliseconds.
//
// A machine without a network is no error: the node is degraded (see [Node.Health]) until one comes up.
//
// Errors: ErrInvalid, ErrUTF8, ErrTooLarge, ErrUnsupported, ErrInterface, ErrAddressInUse, ErrPermission, ErrSystem.
func Start(config Config) (*Node, error) {
	var c cConfig
	defer c.free()
	if err := c.write(&config); err != nil {
		return nil, err
	}
	node := &Node{log: newLogContext(config.Log)}
	if config.Log != nil {
		c.raw.log = C.peers_log_fn(C.peersGoLog)
		c.raw.log_context = unsafe.Pointer(node.log.cell)
	}
	if err := call(func() C.int32_t { return C.peers_start(&c.raw, &node.handle) }); err != nil {
		node.log.free()
		return nil, err
	}
	var err error
	take := func(event **C.peers_event_t) C.int32_t { return C.peers_next_event(node.handle, 0, event) }
	if node.events, err = newReader(take, func(fd *C.int32_t) C.int32_t { return C.peers_event_fd(node.handle, fd) }); err != nil {
		C.peers_free(node.handle)
		node.log.free()
		return nil, err
	}
	return node, nil
}

// Entry is a local entry of the list, for [Node.RegisterEntry].
type Entry struct {
	Key     string // the name it is listed under: 1 to 255 bytes of UTF-8, no control characters, not the node's own name
	Value   []byte // at most 1024 bytes
	Address netip.Addr
	Port    uint16        // of its service; 0 for none
	TTL     time.Duration // how long it is listed unless it is registered again; 0 means the node's expiry
}

// Register lists an entry with a key and a value, as [Node.RegisterEntry] does.
func (n *Node) Register(key string, value []byte, ttl time.Duration) error {
	return n.RegisterEntry(Entry{Key: key, Value: value, TTL: ttl})
}

// RegisterEntry lists a local entry, of which nothing is sent to other nodes. It raises events as a peer does, and it is gone
// after its TTL unless it is registered again. A second registration of a key replaces the entry.
//
// Errors: ErrHandle, ErrUTF8, ErrInvalid, ErrInterface (the zone of the address), ErrTooLarge, ErrFull, ErrFailed, ErrStopped.
func (n *Node) RegisterEntry(entry Entry) error {
	ms, err := milliseconds("ttl", entry.TTL)
	if err != nil {
		return err
	}
	name, err := cString("key", entry.Key)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(name))
	// In memory of C, for a struct that C gets may not point to Go's.
	value := C.CBytes(entry.Value)
	defer C.free(value)
	raw := C.peers_entry_t{struct_size: C.sizeof_peers_entry_t, key: name, ttl_ms: ms, port: C.uint32_t(entry.Port)}
	raw.value, raw.value_len = value, C.size_t(len(entry.Value))
	if entry.Address.IsValid() {
		raw.address = C.CString(entry.Address.String())
		defer C.free(unsafe.Pointer(raw.address))
	}
	return call(func() C.int32_t { return C.peers_register_at(n.handle, &raw) })
}

// Unregister removes an entry that was registered. It leaves with the reason Unregistered.
//
// Errors: ErrNotFound (no entry of this key is registered), ErrHandle, ErrUTF8, ErrInvalid, ErrFailed, ErrStopped.
func (n *Node) Unregister(key string) error {
	name, err := cString("key", key)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(name))
	return call(func() C.int32_t { return C.peers_unregister(n.handle, name) })
}

// SetValue announces another value from now on, in place of Config.Value; the peers that hear of it get an Updated event.
// A change within 100 ms of the last is held until these are over, and of several only the latest is told.
//
// Errors: ErrTooLarge (the value stays as it was), ErrHandle, ErrFailed, ErrStopped.
func (n *Node) SetValue(value []byte) error {
	return call(func() C.int32_t { return C.peers_set_value(n.handle, pointer(value), C.size_t(len(value))) })
}

// SetKeys replaces the keys of a node that was started with keys, without an outage: 1 to 8, of which the first seals and
// all open. To change the key of a cluster, do three rounds over its nodes: give each the new key behind the old one, then
// the new one before the old one, then the new one alone.
//
// Errors: ErrInvalid (no key, more than 8, or the node was started without), ErrHandle, ErrFailed, ErrStopped. After an
// error the keys are as they were.
func (n *Node) SetKeys(keys ...Key) error {
	bytes := joined(keys)
	defer wipe(bytes)
	return call(func() C.int32_t { return C.peers_set_keys(n.handle, pointer(bytes), C.size_t(len(keys))) })
}

// SetSeeds replaces the seeds of a node that was started with some, or in a mode that has them; without any it has none.
// Those that are new are asked at once. Those that are left out are told nothing from now on; a peer there expires, unless
// it has this node for a seed. It does not wait for names to be resolved.
//
// Errors: ErrInvalid (one is no "host:port", there are more than 1024, or the node takes no seeds), ErrUTF8, ErrHandle,
// ErrSystem, ErrFailed, ErrStopped. After an error the seeds are as they were.
func (n *Node) SetSeeds(seeds ...string) error {
	list, err := cString("seeds", seedList(seeds))
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(list))
	return call(func() C.int32_t { return C.peers_set_seeds(n.handle, list) })
}

// Advance moves the time of a node with Config.ManualClock on, and does all that falls due on the way: announcements,
// questions, expiries. When it returns, all of it has happened. Each node has a time of its own: one that is not advanced
// falls silent, and expires at the others.
//
// Errors: ErrInvalid (the node runs on the system's clock), ErrHandle, ErrFailed, ErrStopped.
func (n *Node) Advance(duration time.Duration) error {
	ms, err := milliseconds("duration", duration)
	if err != nil {
		return err
	}
	return call(func() C.int32_t { return C.peers_advance(n.handle, ms) })
}

// List returns the peers that are live now, ordered by name and then by ID. The node itself is not listed.
//
// Errors: ErrHandle, ErrFailed, ErrStopped.
func (n *Node) List() ([]Peer, error) {
	return readList(func(list **C.peers_list_t) C.int32_t { return C.peers_list(n.handle, list) })
}

// Me returns the node's own record: its name, ID, value and port, and the addresses of all interfaces that it uses.
//
// Errors: ErrHandle, ErrFailed, ErrStopped.
func (n *Node) Me() (Peer, error) {
	own, err := readList(func(list **C.peers_list_t) C.int32_t { return C.peers_self(n.handle, list) })
	if err != nil {
		return Peer{}, err
	}
	return own[0], nil
}

func readList(take func(**C.peers_list_t) C.int32_t) ([]Peer, error) {
	var list *C.peers_list_t
	if err := call(func() C.int32_t { return take(&list) }); err != nil {
		return nil, err
	}
	defer C.peers_list_free(list)
	peers := make([]Peer, list.len)
	for i := range peers {
		peers[i] = readPeer(C.peers_list_at(list, C.size_t(i)))
	}
	return peers, nil
}

// Interfaces returns each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why; and what it
// has counted there. It works on a failed node.
//
// Errors: ErrHandle.
func (n *Node) Interfaces() ([]InterfaceStatus, error) {
	var list *C.peers_interfaces_t
	if err := call(func() C.int32_t { return C.peers_interfaces(n.handle, &list) }); err != nil {
		return nil, err
	}
	defer C.peers_interfaces_free(list)
	interfaces := make([]InterfaceStatus, list.len)
	for i := range interfaces {
		interfaces[i] = readInterface(C.peers_interfaces_at(list, C.size_t(i)))
	}
	return interfaces, nil
}

// Close ends the node: it says goodbye, and the peers drop it at once. It waits for the node's thread to end, which takes
// milliseconds. The channels of Events are closed, calls under way end with ErrStopped, later ones give ErrHandle. A
// second call does nothing.
//
// Error: ErrDeadlock, when the node's own Config.Log calls it; the node lives on.
func (n *Node) Close() error {
	err := call(func() C.int32_t { return C.peers_free(n.handle) })
	if errors.Is(err, ErrHandle) {
		return nil // closed before
	}
	if err != nil {
		return err
	}
	n.events.wait.close()
	n.log.free()
	return nil
}

var _ io.Closer = (*Node)(nil)

// pointer returns where the bytes are, for the time of a call.
func pointer(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return nil
	}
	return unsafe.Pointer(&bytes[0])
}
