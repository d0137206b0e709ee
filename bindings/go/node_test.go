package peers_test

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func TestTwoNodesListEachOther(t *testing.T) {
	kitchen := start(t, peers.Config{Value: []byte("\x00warm"), ServicePort: 8080})
	garden := start(t, peers.Config{Name: "garden"})
	equal(t, "the kitchen's list", names(t, kitchen)[0], "garden") // heard it ask
	found := list(t, garden)[0]
	equal(t, "name", found.Name, "kitchen")
	equal(t, "value", string(found.Value), "\x00warm")
	equal(t, "service", found.AddrPort(), netip.MustParseAddrPort("10.0.0.1:8080"))
	equal(t, "source", found.Source, peers.SourceMulticast)
	if found.ID == [16]byte{} {
		t.Error("it has no id")
	}
}

func TestASilentPeerExpiresAndReturns(t *testing.T) {
	a, b := start(t, peers.Config{Name: "a"}), start(t, peers.Config{Name: "b"})
	equal(t, "b's entries", len(list(t, a)), 1)
	succeed(t, a.Advance(35*time.Second))
	equal(t, "b's entries", len(list(t, a)), 0)
	succeed(t, b.Advance(15*time.Second))
	equal(t, "b's entries", len(list(t, a)), 1)
}

func TestRegisteredEntries(t *testing.T) {
	node := start(t, peers.Config{Expiry: 20 * time.Second})
	succeed(t, node.Register("lamp", []byte("\x00\xff"), 1500*time.Millisecond))
	succeed(t, node.Register("brief", nil, time.Nanosecond)) // a millisecond, not the node's expiry
	succeed(t, node.Advance(1499*time.Millisecond))
	lamp := list(t, node)
	want := []peers.Peer{{Name: "lamp", Value: []byte("\x00\xff"), Source: peers.SourceRegistered,
		Age: 1499 * time.Millisecond, ExpiresIn: time.Millisecond}}
	if !reflect.DeepEqual(lamp, want) {
		t.Errorf("listed is %+v, not %+v", lamp, want)
	}
	succeed(t, node.Advance(time.Millisecond))
	equal(t, "entries", len(list(t, node)), 0)
	for _, key := range []string{"c", "a", "ü", "b"} {
		succeed(t, node.Register(key, nil, 0))
	}
	if names := names(t, node); !reflect.DeepEqual(names, []string{"a", "b", "c", "ü"}) {
		t.Errorf("the order is %v", names)
	}
	equal(t, "the default time", list(t, node)[0].ExpiresIn, 20*time.Second)
}

func TestANewValueIsTold(t *testing.T) {
	kitchen, garden := start(t, peers.Config{}), start(t, peers.Config{Name: "garden"})
	list(t, kitchen) // hears the garden ask, and answers
	equal(t, "value", string(list(t, garden)[0].Value), "")
	succeed(t, kitchen.Advance(time.Second))
	succeed(t, kitchen.SetValue([]byte("warm")))
	equal(t, "value", string(list(t, garden)[0].Value), "warm")
	equal(t, "first", next(t, garden).Kind, peers.Joined)
	equal(t, "second", next(t, garden).Kind, peers.Updated)
}

func TestClustersDoNotSeeEachOther(t *testing.T) {
	home, work := start(t, peers.Config{Cluster: "home"}), start(t, peers.Config{Name: "work", Cluster: "work"})
	equal(t, "those at home", len(list(t, home)), 0)
	equal(t, "those at work", len(list(t, work)), 0)
	health, err := home.Health()
	succeed(t, err)
	equal(t, "messages of another cluster", health.OtherCluster, 1)
}

func TestTheLegacyBeaconCanBeLeftOut(t *testing.T) {
	for noLegacy, sent := range map[bool]uint64{false: 2, true: 1} {
		health, err := start(t, peers.Config{NoLegacy: noLegacy}).Health()
		succeed(t, err)
		equal(t, "datagrams sent", health.Sent, sent)
	}
}

func TestTheGroupOfAFamilyThatIsOffIsNotUsed(t *testing.T) {
	start(t, peers.Config{NoIPv4: true, GroupV4: netip.MustParseAddr("192.0.2.1")})
	start(t, peers.Config{NoIPv6: true, GroupV6: netip.MustParseAddr("2001:db8::1")})
}

func TestKeys(t *testing.T) {
	old, new := peers.Key{1}, peers.Key{2}
	kitchen := start(t, peers.Config{Keys: []peers.Key{old}})
	garden := start(t, peers.Config{Name: "garden", Keys: []peers.Key{new, old}})
	start(t, peers.Config{Name: "stranger", Keys: []peers.Key{new}})
	// Who has come is asked to prove itself first.
	talk := func() {
		for i := 0; i < 4; i++ {
			list(t, kitchen)
			list(t, garden)
		}
	}
	talk()
	equal(t, "those with the key", len(list(t, kitchen)), 0) // cannot open what the garden seals
	succeed(t, kitchen.SetKeys(old, new))
	for i := 0; i < 4; i++ {
		succeed(t, kitchen.Advance(15*time.Second))
		succeed(t, garden.Advance(15*time.Second))
		talk()
	}
	equal(t, "those with the key", names(t, kitchen)[0], "garden")
}

func TestSeedsFindThoseWhomMulticastDoesNotReach(t *testing.T) {
	first := start(t, peers.Config{Name: "first", Mode: peers.ModeSeeds})
	outside := start(t, peers.Config{Name: "outside", Mode: peers.ModeMulticast})
	second := start(t, peers.Config{Name: "second", Mode: peers.ModeSeeds, Seeds: []string{"10.9.9.9:1", "10.0.0.1:49153"}})
	for node, name := range map[*peers.Node]string{first: "second", second: "first"} {
		list(t, first) // hears the second ask, and answers
		found := list(t, node)
		equal(t, "peers", len(found), 1)
		equal(t, "the peer", found[0].Name, name)
		equal(t, "source", found[0].Source.String(), "unicast")
	}
	equal(t, "those whom multicast reaches", len(list(t, outside)), 0)
	succeed(t, second.Close())
	equal(t, "who is left after a goodbye", len(list(t, first)), 0)
}

func TestSeedsAreReplaced(t *testing.T) {
	first := start(t, peers.Config{Name: "first", Mode: peers.ModeSeeds})
	second := start(t, peers.Config{Name: "second", Mode: peers.ModeMulticast | peers.ModeSeeds, UnicastPort: 49002})
	equal(t, "peers before", len(list(t, first))+len(list(t, second)), 0)
	succeed(t, first.SetSeeds("10.0.0.2:49154"))
	equal(t, "who hears", names(t, second)[0], "first")
	equal(t, "who is answered", names(t, first)[0], "second")
	for _, wrong := range []string{"nowhere", "a\x00:1", "peers.example:1"} {
		equal(t, wrong, errors.Is(first.SetSeeds("10.0.0.2:49154", wrong), peers.ErrInvalid), true)
	}
	equal(t, "a wrong text", errors.Is(first.SetSeeds("\xc0:1"), peers.ErrUTF8), true)
	succeed(t, first.SetSeeds())
	succeed(t, second.Advance(35*time.Second))
	equal(t, "peers after", len(list(t, second)), 0)
}

func TestHealthCounts(t *testing.T) {
	node := start(t, peers.Config{MaxPeers: 1})
	succeed(t, node.Register("lamp", nil, 0))
	health, err := node.Health()
	succeed(t, err)
	want := peers.Health{Interfaces: 1, Peers: 1, Sent: 2, Received: health.Received, LoopedBack: 2}
	equal(t, "health", health, want)
	equal(t, "state", health.State.String(), "running")
}

func TestTheVersionsFit(t *testing.T) {
	equal(t, "the library's version", peers.LibraryVersion(), peers.HeaderVersion)
}
