package peers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func TestEventsComeInOrder(t *testing.T) {
	node := start(t, peers.Config{})
	succeed(t, node.Register("lamp", []byte("off"), 30*time.Second))
	succeed(t, node.Register("lamp", []byte("on"), 30*time.Second))
	succeed(t, node.Register("door", nil, 10*time.Second))
	succeed(t, node.Advance(40*time.Second))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := node.Events(ctx)
	for _, want := range []string{
		"joined lamp off none", "updated lamp on none", "joined door  none", "left door  expired", "left lamp on expired",
	} {
		event, _ := receive(t, events)
		equal(t, "event", fmt.Sprint(event.Kind, " ", event.Peer.Name, " ", string(event.Peer.Value), " ", event.Reason), want)
	}
}

func TestAWaitEndsWithTheEvent(t *testing.T) {
	node := startRunning(t, peers.Config{})
	events := node.Events(context.Background())
	for turn := 0; turn < 100; turn++ {
		key := fmt.Sprint("lamp ", turn)
		succeed(t, node.Register(key, nil, 0))
		event, _ := receive(t, events)
		equal(t, "event", event.Peer.Name, key)
	}
}

func TestAnOverflowIsTold(t *testing.T) {
	node := start(t, peers.Config{})
	for entry := 0; entry < 1025; entry++ {
		succeed(t, node.Register(fmt.Sprint(entry), nil, 0))
	}
	event := next(t, node)
	equal(t, "kind", event.Kind, peers.Resync)
	equal(t, "name", event.Peer.Name, "")
}

func TestTheChannelIsClosedWhenTheContextEnds(t *testing.T) {
	node := startRunning(t, peers.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	events := node.Events(ctx)
	succeed(t, node.Register("lamp", nil, 0))
	receive(t, events)
	untilOneWaits(t)
	cancel()
	_, open := receive(t, events)
	equal(t, "the channel's being open", open, false)

	// The next one waits as if nothing had been.
	events = node.Events(context.Background())
	untilOneWaits(t)
	succeed(t, node.Register("door", nil, 0))
	event, _ := receive(t, events)
	equal(t, "event", event.Peer.Name, "door")
}

func TestTheChannelIsClosedWhenTheNodeIs(t *testing.T) {
	node := startRunning(t, peers.Config{})
	waiting, behind := node.Events(context.Background()), node.Events(context.Background())
	succeed(t, node.Close())
	for _, events := range []<-chan peers.Event{waiting, behind, node.Events(context.Background())} {
		_, open := receive(t, events)
		equal(t, "the channel's being open", open, false)
	}
}

func TestAnEventThatNobodyTakesKeepsNoGoroutine(t *testing.T) {
	node := startRunning(t, peers.Config{})
	succeed(t, node.Register("lamp", nil, 0))
	node.Events(context.Background())
	untilStacks(t, "nobody wants the event", func(stack string) bool {
		return strings.Contains(stack, "[select") && strings.Contains(stack, "channel.func")
	}, true)
	succeed(t, node.Close())
	untilStacks(t, "the goroutine stays", func(stack string) bool { return strings.Contains(stack, "channel.func") }, false)
}

func TestNextEventTellsWhyNoneCame(t *testing.T) {
	node := startRunning(t, peers.Config{})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := node.NextEvent(ended)
	equal(t, "its being cancelled", errors.Is(err, context.Canceled), true)
	late, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err = node.NextEvent(late)
	equal(t, "its being late", errors.Is(err, context.DeadlineExceeded), true)
	succeed(t, node.Close())
	_, err = node.NextEvent(context.Background())
	equal(t, "its being closed", errors.Is(err, peers.ErrHandle), true)
}

func TestEachEventGoesToOneOfManyReaders(t *testing.T) {
	node := startRunning(t, peers.Config{})
	taken := make(chan string)
	var readers sync.WaitGroup
	for reader := 0; reader < 8; reader++ {
		readers.Add(1)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			defer readers.Done()
			for event := range node.Events(ctx) {
				taken <- event.Peer.Name
			}
		}()
	}
	const entries = 500
	go func() {
		for entry := 0; entry < entries; entry++ {
			if node.Register(fmt.Sprint(entry), nil, 0) != nil {
				return // which the reader below misses
			}
		}
	}()
	seen := map[string]bool{}
	for len(seen) < entries {
		name, _ := receive(t, taken)
		equal(t, "its having been seen", seen[name], false)
		seen[name] = true
	}
	succeed(t, node.Close())
	readers.Wait()
}

func TestAWaitingChannelHoldsNoThread(t *testing.T) {
	node := startRunning(t, peers.Config{})
	node.Events(context.Background())
	untilOneWaits(t)
}

func TestClosedByManyWhileOthersUseIt(t *testing.T) {
	for turn := 0; turn < 20; turn++ {
		node := startRunning(t, peers.Config{})
		var all sync.WaitGroup
		do := func(work func() error) {
			all.Add(1)
			go func() {
				defer all.Done()
				for {
					err := work()
					if err == nil {
						continue
					}
					if !errors.Is(err, peers.ErrStopped) && !errors.Is(err, peers.ErrHandle) {
						t.Error(err)
					}
					return
				}
			}()
		}
		for i := 0; i < 2; i++ {
			do(func() error { _, err := node.List(); return err })
			do(func() error { _, err := node.NextEvent(context.Background()); return err })
			do(func() error {
				if err := node.Close(); err != nil {
					return err
				}
				return peers.ErrHandle
			})
		}
		all.Wait()
	}
}
