//go:build go1.23

package peers_test

import (
	"context"
	"testing"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func TestALoopTakesNoMoreThanItSees(t *testing.T) {
	node := start(t, peers.Config{})
	subscription, err := node.Subscribe()
	succeed(t, err)
	for _, key := range []string{"lamp", "door", "stove"} {
		succeed(t, node.Register(key, nil, 0))
	}
	for event := range node.All(context.Background()) {
		equal(t, "first", event.Peer.Name, "lamp")
		break
	}
	event, err := node.NextEvent(context.Background())
	succeed(t, err)
	equal(t, "second", event.Peer.Name, "door")

	ctx, cancel := context.WithCancel(context.Background())
	var names []string
	for event := range subscription.All(ctx) {
		if names = append(names, event.Peer.Name); len(names) == 3 {
			cancel()
		}
	}
	equal(t, "names", len(names), 3)
	succeed(t, subscription.Close())
	for range subscription.All(context.Background()) {
		t.Error("a closed subscription has an event")
	}
}
