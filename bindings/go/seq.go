//go:build go1.23

package peers

import (
	"context"
	"iter"
)

// All returns what happens, in order, for a range loop. The loop ends when ctx ends, or when the node is closed or has failed,
// which [Node.Health] tells. No event that the loop has not seen is taken, and no goroutine is started.
//
//	for event := range node.All(ctx) {
//
// Each event goes to one reader of the node; [Node.Subscribe] adds readers that get every event.
func (n *Node) All(ctx context.Context) iter.Seq[Event] {
	return n.events.all(ctx)
}

// All returns the events of the subscription as [Node.All] does. The loop ends when the subscription is closed, too.
func (s *Subscription) All(ctx context.Context) iter.Seq[Event] {
	return s.events.all(ctx)
}

func (r *reader) all(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			event, err := r.next(ctx)
			if err != nil || !yield(event) {
				return
			}
		}
	}
}
