package peers_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	peers "github.com/libpeers/libpeers/bindings/go"
)

// The tests need no network and wait for no deadline: nodes live on memory networks, most with clocks that the tests
// move.

// patience is reached only when something hangs.
const patience = 2 * time.Minute

// start starts a node with a manual clock, on a memory network of the test's own.
func start(t *testing.T, config peers.Config) *peers.Node {
	t.Helper()
	config.ManualClock = true
	return startRunning(t, config)
}

// startRunning starts a node on the system's clock, on a memory network of the test's own.
func startRunning(t *testing.T, config peers.Config) *peers.Node {
	t.Helper()
	config.Network = "memory:" + t.Name()
	if config.Name == "" {
		config.Name = "kitchen"
	}
	node, err := peers.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	return node
}

func list(t *testing.T, node *peers.Node) []peers.Peer {
	t.Helper()
	list, err := node.List()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func names(t *testing.T, node *peers.Node) []string {
	t.Helper()
	names := []string{}
	for _, peer := range list(t, node) {
		names = append(names, peer.Name)
	}
	return names
}

// next returns the next event, which has to come.
func next(t *testing.T, node *peers.Node) peers.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	event, err := node.NextEvent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// receive returns what comes from a channel, and whether it is open.
func receive[T any](t *testing.T, channel <-chan T) (T, bool) {
	t.Helper()
	select {
	case value, open := <-channel:
		return value, open
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// succeed checks a call that has to.
func succeed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal compares what was got with what is wanted.
func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, not %v", what, got, want)
	}
}

// untilOneWaits waits until a goroutine waits for an event in Go's own poller. One in a call of the library, which would
// hold a thread, is in a "syscall".
func untilOneWaits(t *testing.T) {
	t.Helper()
	untilStacks(t, "none waits in Go's poller", func(stack string) bool {
		return strings.Contains(stack, "[IO wait") && strings.Contains(stack, "reader).next")
	}, true)
}

// untilStacks waits until there is a goroutine whose stack matches, or none.
func untilStacks(t *testing.T, otherwise string, matches func(stack string) bool, want bool) {
	t.Helper()
	text := make([]byte, 1<<20)
	for begin := time.Now(); time.Since(begin) < patience; runtime.Gosched() {
		found := false
		for _, stack := range strings.Split(string(text[:runtime.Stack(text, true)]), "\n\n") {
			found = found || matches(stack)
		}
		if found == want {
			return
		}
	}
	t.Fatal(otherwise)
}
