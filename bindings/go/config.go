package peers

/*
#include <stdlib.h>
#include <string.h>
#include <peers.h>
*/
import "C"

import (
	"math"
	"net/netip"
	"strings"
	"time"
	"unsafe"
)

// Config has the options of [Start]. In every field the zero value means the default.
type Config struct {
	// generated: begin go/fields
	// Name: name that the node announces. 1 to 255 bytes of UTF-8 without control characters. Default: the host name.
	// Two processes with the same name are two peers, which have different ids.
	Name string
	// Cluster: cluster of the node: only nodes of the same cluster list each other. At most 255 bytes of UTF-8 without
	// control characters. Default: the unnamed cluster. The nodes of a named cluster do not use the legacy beacon,
	// which does not carry the cluster.
	Cluster string
	// Value: bytes announced with the name: a version, a role, a path, or what else the peers need to know. At most
	// 1050 bytes less those of the name and the cluster, hence always 540; 128 bytes less with ModeSWIM. Default: none.
	// Node.SetValue replaces it.
	Value []byte
	// Interfaces: network interfaces to use. Comma-separated names, in which `*` stands for any characters:
	// "eth*,wlan0". Default: each interface that is up and can multicast, or loopback if there is none. On Windows the
	// names are those that the system shows: "Ethernet", "Wi-Fi*".
	Interfaces string
	// Network: network of the node. "memory:NAME", for tests: a network inside this process, shared by the nodes that
	// give the same NAME. Default: the local network.
	Network string
	// GroupV4: IPv4 multicast group. 224.0.0.0 to 239.255.255.255. Default: 239.2.3.4.
	GroupV4 netip.Addr
	// GroupV6: IPv6 multicast group. An address in ff00::/8. Default: ff12::ef02:304. A system without IPv6 is no
	// error: the node uses IPv4 alone.
	GroupV6 netip.Addr
	// Keys: secrets of the cluster. At most 8 keys of 32 bytes, from a good source of randomness (`head -c 32
	// /dev/urandom`). Default: none. With keys every datagram is sealed (XChaCha20-Poly1305): only nodes that have one
	// of them list each other. Without a key nothing can be read or forged. The first key seals, and all open;
	// Node.SetKeys replaces them. A node with keys does not use the legacy beacon. The library reads keys from here
	// alone, from no file and no environment. It wipes its copies when it no longer needs them; wipe yours after the
	// call.
	Keys []Key
	// Seeds: nodes to send to where multicast does not reach. At most 1024 `host:port`: a host name, an IPv4 address or
	// an IPv6 address in brackets, and the UnicastPort of the node there. Default: none. Two nodes list each other if
	// either one is a seed of the other; with ModeSWIM, if seeds join both to one cluster. The node resolves names
	// every minute, or every four intervals if these are shorter. Each address of a name is a seed. A name that cannot
	// be resolved shows in the node's health. Each seed costs one datagram per interval. Node.SetSeeds replaces them.
	Seeds []string
	// Interval: time between two announcements. 10 ms to 1 h. Default: 15 s.
	Interval time.Duration
	// Expiry: time after which a peer is removed that sent nothing and answered no probe. Longer than Interval, at most
	// 24 h; with ModeSWIM, 7 s or more. Default: 35 s. The node announces it, and the other nodes apply it. If the node
	// receives nothing for this long, it reopens its sockets.
	Expiry time.Duration
	// MaxPeers: maximum number of entries in the registry. 1 or more. Default: 65536. A further peer is refused and
	// counted.
	MaxPeers uint32
	// Hops: number of links that an announcement may cross (the multicast TTL or hop limit). 1 to 255. Default: 1, the
	// local network.
	Hops uint8
	// Port: UDP port of both groups, which the processes of a host share. 1 to 65535. Default: 49001.
	Port uint16
	// ServicePort: port at which this program offers its service, announced with the name. 1 to 65535. Default: none.
	ServicePort uint16
	// Mode: how the node finds peers. ModeMulticast, ModeSeeds, both together, or ModeSWIM. Default: ModeMulticast, and
	// ModeSeeds too if there are Seeds.
	Mode Mode
	// UnicastPort: UDP port of the node's own socket, from which it sends, and at which it receives unicast. 1 to
	// 65535; with multicast not Port. Default: a port that the system chooses. Set it for a firewall, or if the node is
	// a seed of others. One node of a host can have it. A memory network ignores it.
	UnicastPort uint16
	// EntriesMaxBytes: maximum number of bytes of the names and values of all entries in the registry together. 65536
	// or more. Default: 512 for each of MaxPeers, at least 65536. A peer or registration beyond it is refused as if
	// there were MaxPeers entries.
	EntriesMaxBytes uint
	// ManualClock: the node's time moves by Node.Advance alone. For tests. Such a node has no thread: it runs inside
	// the calls made on it, so every run is the same. It needs a memory network.
	ManualClock bool
	// NoIPv4: the node does not use IPv4, and ignores GroupV4.
	NoIPv4 bool
	// NoIPv6: the node does not use IPv6, and ignores GroupV6.
	NoIPv6 bool
	// NoLegacy: the node neither sends nor accepts the legacy beacon, "multitastic:NAME".
	NoLegacy bool
	// Observer: the node is an observer. It lists peers, and they do not list it. It sends queries and probes, no
	// announcement, goodbye or legacy beacon: its name, value and port reach no peer. In PEERS_MODE_SWIM, where every
	// member is listed, `peers_start` gives PEERS_ERR_INVALID.
	Observer bool
	// generated: end

	// Log receives the node's log, line by line and in order. Default: nothing is logged, and nothing is ever printed.
	//
	// It is called on the node's thread, or with ManualClock in the call that is being made; never twice at once, and
	// not after Node.Close has returned. It may use the node, but not close it, which gives ErrDeadlock, nor wait for
	// its events. The node waits for it: do not take long.
	Log func(level LogLevel, message string)
	// LogLevel is the most detailed level that Log gets. Default: LogInfo.
	LogLevel LogLevel
}

// Mode is by which ways peers are found. ModeMulticast and ModeSeeds are joined by |.
type Mode uint32

// The modes.
const (
	// ModeMulticast is on the local network.
	ModeMulticast Mode = C.PEERS_MODE_MULTICAST
	// ModeSeeds is by unicast, with seeds and with those who have this node for one. Alone, no multicast is sent or heard.
	ModeSeeds Mode = C.PEERS_MODE_SEEDS
	// ModeSWIM, which goes with no other, is by unicast between the members of a cluster, who know of one another by the SWIM
	// protocol. Any one seed that answers is enough to join. For more than some 200 nodes.
	ModeSWIM Mode = C.PEERS_MODE_SWIM
)

// Key is a secret of a cluster. Take it from a file that its owner alone can read, never from a program's text,
// arguments or environment. The library wipes its copies when they are not needed any more; wipe yours after the call.
type Key [32]byte

// cConfig is a Config in C's memory, until free.
type cConfig struct {
	raw   C.peers_config_t
	owned []unsafe.Pointer
}

// write fills the config. After an error, too, it has to be freed.
func (c *cConfig) write(config *Config) (err error) {
	c.raw.struct_size = C.sizeof_peers_config_t
	texts := []struct {
		what, text string
		field      **C.char
	}{
		// generated: begin go/texts
		{"Name", config.Name, &c.raw.name},
		{"Cluster", config.Cluster, &c.raw.cluster},
		{"Interfaces", config.Interfaces, &c.raw.interfaces},
		{"Network", config.Network, &c.raw.network},
		{"GroupV4", group(config.GroupV4), &c.raw.group_v4},
		{"GroupV6", group(config.GroupV6), &c.raw.group_v6},
		{"Seeds", seedList(config.Seeds), &c.raw.seeds},
		// generated: end
	}
	for _, t := range texts {
		if *t.field, err = c.text(t.what, t.text); err != nil {
			return err
		}
	}
	c.raw.value, c.raw.value_len = c.bytes(config.Value), C.size_t(len(config.Value))
	keys := joined(config.Keys)
	c.raw.keys, c.raw.keys_count = c.bytes(keys), C.size_t(len(config.Keys))
	wipe(keys)
	c.raw.log_level = C.uint32_t(config.LogLevel)
	// generated: begin go/numbers
	if c.raw.interval_ms, err = milliseconds("Interval", config.Interval); err != nil {
		return err
	}
	if c.raw.expiry_ms, err = milliseconds("Expiry", config.Expiry); err != nil {
		return err
	}
	c.raw.max_peers = C.uint32_t(config.MaxPeers)
	c.raw.hops = C.uint32_t(config.Hops)
	c.raw.port = C.uint32_t(config.Port)
	c.raw.service_port = C.uint32_t(config.ServicePort)
	c.raw.mode = C.uint32_t(config.Mode)
	c.raw.unicast_port = C.uint32_t(config.UnicastPort)
	c.raw.entries_max_bytes = C.size_t(config.EntriesMaxBytes)
	if config.ManualClock {
		c.raw.flags |= C.PEERS_MANUAL_CLOCK
	}
	if config.NoIPv4 {
		c.raw.flags |= C.PEERS_NO_IPV4
	}
	if config.NoIPv6 {
		c.raw.flags |= C.PEERS_NO_IPV6
	}
	if config.NoLegacy {
		c.raw.flags |= C.PEERS_NO_LEGACY
	}
	if config.Observer {
		c.raw.flags |= C.PEERS_OBSERVER
	}
	// generated: end
	return nil
}

// text copies a text; nil, C's default, for an empty one.
func (c *cConfig) text(what, text string) (*C.char, error) {
	if text == "" {
		return nil, nil
	}
	copied, err := cString(what, text)
	if err == nil {
		c.owned = append(c.owned, unsafe.Pointer(copied))
	}
	return copied, err
}

// bytes copies bytes; nil for none.
func (c *cConfig) bytes(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return nil
	}
	copied := C.CBytes(bytes)
	c.owned = append(c.owned, copied)
	return copied
}

// free wipes the keys and releases everything.
func (c *cConfig) free() {
	if c.raw.keys != nil {
		C.explicit_bzero(c.raw.keys, c.raw.keys_count*keyBytes)
	}
	for _, pointer := range c.owned {
		C.free(pointer)
	}
}

const keyBytes = C.size_t(len(Key{}))

// joined returns the keys one after the other, for the caller to wipe.
func joined(keys []Key) []byte {
	bytes := make([]byte, 0, len(keys)*len(Key{}))
	for i := range keys {
		bytes = append(bytes, keys[i][:]...)
	}
	return bytes
}

func wipe(bytes []byte) {
	for i := range bytes {
		bytes[i] = 0
	}
}

// cString copies a text, for the caller to free. A NUL would cut it short.
func cString(what, text string) (*C.char, error) {
	if strings.ContainsRune(text, 0) {
		return nil, invalid("%s %q contains a NUL character", what, text)
	}
	return C.CString(text), nil
}

// seedList returns seeds as one text, "" for none.
func seedList(seeds []string) string {
	return strings.Join(seeds, ",")
}

// group returns an address as text, and "" for none.
func group(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}

// milliseconds returns a duration in the library's unit, rounded up: what is shorter than a millisecond must not become
// zero, which is the default.
func milliseconds(what string, duration time.Duration) (C.uint32_t, error) {
	const most = math.MaxUint32 * time.Millisecond
	if duration < 0 || duration > most {
		return 0, invalid("%s is %v; it is 0 to %v", what, duration, most)
	}
	return C.uint32_t((duration + time.Millisecond - 1) / time.Millisecond), nil
}
