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
	// Name is what the node announces: 1 to 255 bytes of UTF-8, no control characters. Default: the host name. Two
	// processes of one name, on one host or on two, are two peers, which Peer.ID tells apart.
	Name string
	// Cluster parts the network: only nodes of the same one list each other. At most 255 bytes of UTF-8, no control
	// characters. The nodes of a cluster with a name send no legacy beacon.
	Cluster string
	// Value is announced with the name. There is room for 1050 bytes less those of the name and the cluster.
	// Node.SetValue replaces it.
	Value []byte
	// ServicePort is the port at which this program offers its service, announced with the name. Default: none.
	ServicePort uint16
	// Keys are the secrets of the cluster, at most 8. With keys every datagram is sealed: only nodes that have one of
	// them list each other, and nobody else can read names and values, speak for a node or end it. The first seals and
	// all open; Node.SetKeys replaces them. Such a node sends no legacy beacon.
	Keys []Key
	// Interfaces are those to use: comma-separated names, * stands for any characters ("eth*,wlan0"). Default: every
	// interface that is up and can multicast, or loopback when there is none.
	Interfaces string
	// Network is where the node lives. Default: the local network. "memory:NAME" is a network inside this process, for
	// tests.
	Network string
	// GroupV4 is the IPv4 multicast group. Default: 239.2.3.4.
	GroupV4 netip.Addr
	// GroupV6 is the IPv6 multicast group. Default: ff12::ef02:304. A system without IPv6 is no error.
	GroupV6 netip.Addr
	// Port is the UDP port of both groups. Default: 49001. The processes of a host share it.
	Port uint16
	// Hops is how many routers an announcement may cross. Default: 1, the local network.
	Hops uint8
	// Interval is the time between two announcements, 10 ms to an hour. Default: 15 s.
	Interval time.Duration
	// Expiry is the time after which a peer that was not heard is gone: longer than Interval, at most a day. Default:
	// 35 s. It is announced, and holds at the others.
	Expiry time.Duration
	// MaxPeers is the most entries the registry holds. Default: 65536.
	MaxPeers uint32
	// Mode says by which ways peers are found. Default: ModeMulticast, and ModeSeeds too if there are Seeds.
	Mode Mode
	// Seeds are where to find peers that multicast does not reach: at most 1024 "host:port", with a name, an IPv4 address or
	// an IPv6 address in brackets, and the UnicastPort of the nodes there. Two nodes list each other if one has the other for
	// a seed. Names are resolved on a thread of their own, and again every minute. Node.SetSeeds replaces them.
	Seeds []string
	// UnicastPort is the UDP port of the node's own socket, from which it sends and by which it is reached alone: for a
	// firewall, and for those who have this node for a seed. One node of a host can have it. Default: the system chooses.
	UnicastPort uint16
	// NoIPv4 and NoIPv6 leave one of the two out. One has to stay on.
	NoIPv4, NoIPv6 bool
	// NoLegacy has the node send no legacy beacon, "multitastic:NAME", and ignore those of others.
	NoLegacy bool
	// ManualClock has the node's time stand still until Node.Advance moves it. For tests; needs a memory network.
	ManualClock bool
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
		{"Name", config.Name, &c.raw.name},
		{"Cluster", config.Cluster, &c.raw.cluster},
		{"Interfaces", config.Interfaces, &c.raw.interfaces},
		{"Network", config.Network, &c.raw.network},
		{"GroupV4", group(config.GroupV4), &c.raw.group_v4},
		{"GroupV6", group(config.GroupV6), &c.raw.group_v6},
		{"Seeds", seedList(config.Seeds), &c.raw.seeds},
	}
	for _, t := range texts {
		if *t.field, err = c.text(t.what, t.text); err != nil {
			return err
		}
	}
	if c.raw.interval_ms, err = milliseconds("Interval", config.Interval); err != nil {
		return err
	}
	if c.raw.expiry_ms, err = milliseconds("Expiry", config.Expiry); err != nil {
		return err
	}
	c.raw.value, c.raw.value_len = c.bytes(config.Value), C.size_t(len(config.Value))
	keys := joined(config.Keys)
	c.raw.keys, c.raw.keys_count = c.bytes(keys), C.size_t(len(config.Keys))
	wipe(keys)
	c.raw.service_port = C.uint32_t(config.ServicePort)
	c.raw.port = C.uint32_t(config.Port)
	c.raw.mode = C.uint32_t(config.Mode)
	c.raw.unicast_port = C.uint32_t(config.UnicastPort)
	c.raw.hops = C.uint32_t(config.Hops)
	c.raw.max_peers = C.uint32_t(config.MaxPeers)
	c.raw.log_level = C.uint32_t(config.LogLevel)
	c.raw.flags = flags(config)
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

func flags(config *Config) (flags C.uint32_t) {
	for flag, isSet := range map[C.uint32_t]bool{
		C.PEERS_NO_IPV4:      config.NoIPv4,
		C.PEERS_NO_IPV6:      config.NoIPv6,
		C.PEERS_NO_LEGACY:    config.NoLegacy,
		C.PEERS_MANUAL_CLOCK: config.ManualClock,
	} {
		if isSet {
			flags |= flag
		}
	}
	return flags
}
