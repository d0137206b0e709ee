package peers_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func TestAWaitForAPeerEndsWithIt(t *testing.T) {
	node := startRunning(t, peers.Config{})
	txt, err := peers.MakeTXT(map[string]string{"role": "worker"})
	succeed(t, err)
	succeed(t, node.Register("lamp", []byte("role=worker"), 0))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found := make(chan peers.Peer)
	go func() {
		peer, err := node.WaitFor(ctx, func(peer *peers.Peer) bool { return peer.TXT()["role"] == "worker" })
		if err != nil {
			t.Error(err)
		}
		found <- peer
	}()
	untilOneWaits(t)
	succeed(t, node.Register("door", txt, 0))
	peer, _ := receive(t, found)
	equal(t, "the worker", peer.Name, "door")
	equal(t, "the node's first event", next(t, node).Peer.Name, "lamp")
}

func TestAWaitForAPeerTellsWhyItEnds(t *testing.T) {
	node := startRunning(t, peers.Config{})
	never := func(*peers.Peer) bool { return false }
	late, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := node.WaitFor(late, never)
	equal(t, "its being late", errors.Is(err, context.DeadlineExceeded), true)
	ended := make(chan error)
	go func() {
		_, err := node.WaitFor(context.Background(), never)
		ended <- err
	}()
	untilOneWaits(t)
	succeed(t, node.Close())
	err, _ = receive(t, ended)
	equal(t, "its end", errors.Is(err, peers.ErrStopped) || errors.Is(err, peers.ErrHandle), true)
}

func TestEachSubscriptionGetsEveryEvent(t *testing.T) {
	node := startRunning(t, peers.Config{})
	var subscriptions [2]*peers.Subscription
	for i := range subscriptions {
		subscription, err := node.Subscribe()
		succeed(t, err)
		subscriptions[i] = subscription
	}
	succeed(t, node.Register("lamp", nil, 0))
	for _, subscription := range subscriptions {
		event, open := receive(t, subscription.Events(context.Background()))
		equal(t, "its being open", open, true)
		equal(t, "the event", event.Peer.Name, "lamp")
	}
	equal(t, "the node's event", next(t, node).Peer.Name, "lamp")
	for turn := 0; turn < 2; turn++ {
		succeed(t, subscriptions[0].Close())
	}
	_, err := subscriptions[0].NextEvent(context.Background())
	equal(t, "its being closed", errors.Is(err, peers.ErrHandle), true)
	events := subscriptions[1].Events(context.Background())
	succeed(t, node.Close())
	_, open := receive(t, events)
	equal(t, "its being open", open, false)
	succeed(t, subscriptions[1].Close())
}

func TestANodeKnowsItself(t *testing.T) {
	node := start(t, peers.Config{Value: []byte("warm"), ServicePort: 8080})
	me, err := node.Me()
	succeed(t, err)
	equal(t, "name", me.Name, "kitchen")
	equal(t, "value", string(me.Value), "warm")
	equal(t, "source", me.Source, peers.SourceSelf)
	place := netip.MustParseAddrPort("10.0.0.1:8080")
	if places := me.AddrPorts(); !reflect.DeepEqual(places, []netip.AddrPort{place}) || me.AddressesValidated != 1 {
		t.Errorf("its places are %v, of which %d are validated", places, me.AddressesValidated)
	}
}

func TestAnObserverIsNotListed(t *testing.T) {
	node := start(t, peers.Config{})
	observer := start(t, peers.Config{Name: "observer", Observer: true})
	equal(t, "the node's entries", len(list(t, node)), 0)
	equal(t, "the observer's entries", len(list(t, observer)), 1)
}

func TestAnEntryHasAPlaceUntilItIsUnregistered(t *testing.T) {
	node := start(t, peers.Config{})
	lamp := peers.Entry{Key: "lamp", Value: []byte("\x00on"), Address: netip.MustParseAddr("192.0.2.7"), Port: 80}
	succeed(t, node.RegisterEntry(lamp))
	found := list(t, node)[0]
	equal(t, "place", found.AddrPort(), netip.MustParseAddrPort("192.0.2.7:80"))
	equal(t, "value", string(found.Value), "\x00on")
	lamp.Address = netip.MustParseAddr("fe80::7%nosuch7")
	equal(t, "the zone", errors.Is(node.RegisterEntry(lamp), peers.ErrInterface), true)
	succeed(t, node.Unregister("lamp"))
	equal(t, "its absence", errors.Is(node.Unregister("lamp"), peers.ErrNotFound), true)
	equal(t, "first", next(t, node).Kind, peers.Joined)
	equal(t, "reason", next(t, node).Reason, peers.Unregistered)
}

func TestPairsAreWrittenAndRead(t *testing.T) {
	txt, err := peers.MakeTXT(map[string]string{"Role": "worker", "empty": "", "note": "grün"})
	succeed(t, err)
	for _, one := range []struct {
		value string
		want  map[string]string
	}{
		{string(txt), map[string]string{"role": "worker", "empty": "", "note": "grün"}},
		{"", map[string]string{}},
		{"role=worker", map[string]string{}},
		{"\x03a=1\x03A=2\x02=3\x05alone", map[string]string{"a": "1", "alone": ""}},
		{"\x02\xff=", map[string]string{}},
	} {
		if got := (&peers.Peer{Value: []byte(one.value)}).TXT(); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%q gives %v, not %v", one.value, got, one.want)
		}
	}
	_, err = peers.MakeTXT(map[string]string{"a=b": ""})
	equal(t, "a key with =", errors.Is(err, peers.ErrInvalid), true)
	_, err = peers.MakeTXT(map[string]string{"key": string(make([]byte, 252))})
	equal(t, "a long value", errors.Is(err, peers.ErrTooLarge), true)
}
