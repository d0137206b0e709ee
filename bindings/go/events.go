package peers

/*
#include <peers.h>
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Events returns a channel with what happens, in order. It is closed when ctx ends, or when the node is closed or has
// failed, which [Node.Health] tells.
//
// Each event goes to one reader of the node; [Node.Subscribe] adds readers that get every event. The queue behind the channel
// holds 1024 events; when it is full all are dropped and one Resync takes their place. An event that the channel's goroutine
// has in hand when ctx ends is dropped; NextEvent drops none.
func (n *Node) Events(ctx context.Context) <-chan Event {
	return n.events.channel(ctx)
}

// NextEvent waits for the next event and takes it. The wait is in real time, also with Config.ManualClock.
//
// Errors: those of ctx; ErrHandle and ErrStopped when the node is closed, ErrFailed.
func (n *Node) NextEvent(ctx context.Context) (Event, error) {
	return n.events.next(ctx)
}

// WaitFor waits until a peer is listed for which fits returns true, and returns it: the first in the order of the list.
//
//	worker, err := node.WaitFor(ctx, func(peer *peers.Peer) bool { return peer.TXT()["role"] == "worker" })
//
// It takes no event of the node, and no thread waits.
//
// Errors: those of ctx; ErrHandle and ErrStopped when the node is closed, ErrFailed.
func (n *Node) WaitFor(ctx context.Context, fits func(*Peer) bool) (Peer, error) {
	changes, err := n.Subscribe()
	if err != nil {
		return Peer{}, err
	}
	defer changes.Close()
	for {
		list, err := n.List()
		if err != nil {
			return Peer{}, err
		}
		for i := range list {
			if fits(&list[i]) {
				return list[i], nil
			}
		}
		if _, err := changes.NextEvent(ctx); err != nil {
			return Peer{}, err
		}
	}
}

// Subscription is a further reader of a node's events, with a queue of 1024 events of its own. If that is full, its events
// alone are dropped, and a Resync takes their place.
type Subscription struct {
	handle *C.peers_subscription_t
	events reader
}

// Subscribe adds a reader of the events from now on. Close it, before or after the node.
//
// Errors: ErrHandle, ErrSystem (no descriptor to be had), ErrFailed, ErrStopped.
func (n *Node) Subscribe() (*Subscription, error) {
	s := &Subscription{}
	if err := call(func() C.int32_t { return C.peers_subscribe(n.handle, &s.handle) }); err != nil {
		return nil, err
	}
	take := func(event **C.peers_event_t) C.int32_t { return C.peers_subscription_next(s.handle, 0, event) }
	var err error
	if s.events, err = newReader(take, func(fd *C.int32_t) C.int32_t { return C.peers_subscription_fd(s.handle, fd) }); err != nil {
		C.peers_subscription_free(s.handle)
		return nil, err
	}
	return s, nil
}

// Events returns a channel as [Node.Events] does. It is closed when the subscription is, too.
func (s *Subscription) Events(ctx context.Context) <-chan Event {
	return s.events.channel(ctx)
}

// NextEvent waits for the next event and takes it, as [Node.NextEvent] does.
//
// Errors: those of ctx; ErrHandle and ErrStopped when the node or the subscription is closed, ErrFailed.
func (s *Subscription) NextEvent(ctx context.Context) (Event, error) {
	return s.events.next(ctx)
}

// Close ends the subscription: calls under way return ErrStopped or ErrHandle. A second call does nothing. It gives no error.
func (s *Subscription) Close() error {
	if call(func() C.int32_t { return C.peers_subscription_free(s.handle) }) == nil {
		s.events.wait.close()
	}
	return nil
}

var _ io.Closer = (*Subscription)(nil)

// reader takes the events of a node or a subscription.
type reader struct {
	// Calls the library without a wait.
	takeRaw func(**C.peers_event_t) C.int32_t
	wait    eventWait
}

func newReader(take func(**C.peers_event_t) C.int32_t, fd func(*C.int32_t) C.int32_t) (reader, error) {
	wait, err := newEventWait(fd)
	return reader{take, wait}, err
}

func (r *reader) channel(ctx context.Context) <-chan Event {
	events := make(chan Event)
	go func() {
		defer close(events)
		for {
			event, err := r.next(ctx)
			if err != nil {
				return
			}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			case <-r.wait.closed:
				return
			}
		}
	}()
	return events
}

func (r *reader) next(ctx context.Context) (event Event, err error) {
	if err := r.wait.enter(ctx); err != nil {
		return Event{}, err
	}
	defer r.wait.leave()
	waited := r.wait.until(ctx, func() bool {
		event, err = r.take()
		return !errors.Is(err, ErrTimeout)
	})
	if waited != nil {
		return Event{}, waited
	}
	return event, err
}

// take takes an event, or gives ErrTimeout when none waits.
func (r *reader) take() (Event, error) {
	var event *C.peers_event_t
	if err := call(func() C.int32_t { return r.takeRaw(&event) }); err != nil {
		return Event{}, err
	}
	defer C.peers_event_free(event)
	return readEvent(event), nil
}

// eventWait lets goroutines wait for an event descriptor in Go's own poller. A wait in peers_next_event would hold a thread
// for each waiting goroutine, and could only be ended by waking up now and then to look.
type eventWait struct {
	// A duplicate of the descriptor, which the library closes while goroutines may still be about to wait.
	file *os.File
	// Holds one token for the goroutine that may wait: a file has one deadline, which is how a wait is ended.
	turn   chan struct{}
	closed chan struct{}
}

func newEventWait(descriptor func(*C.int32_t) C.int32_t) (eventWait, error) {
	var fd C.int32_t
	if err := call(func() C.int32_t { return descriptor(&fd) }); err != nil {
		return eventWait{}, err
	}
	// So that no child gets the duplicate: none is forked before it is marked.
	syscall.ForkLock.RLock()
	own, err := syscall.Dup(int(fd))
	if err == nil {
		syscall.CloseOnExec(own)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return eventWait{}, &Error{ErrSystem, fmt.Sprintf("the event descriptor cannot be duplicated: %v", err)}
	}
	file := os.NewFile(uintptr(own), "peers events")
	// Only of a file that is in the poller.
	if err := file.SetReadDeadline(time.Time{}); err != nil {
		file.Close()
		return eventWait{}, &Error{ErrSystem, fmt.Sprintf("the event descriptor cannot be polled: %v", err)}
	}
	return eventWait{file, make(chan struct{}, 1), make(chan struct{})}, nil
}

func (w *eventWait) close() {
	close(w.closed)
	w.file.Close()
}

// enter waits until it is this goroutine's turn.
func (w *eventWait) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closed:
		return errClosed
	}
}

func (w *eventWait) leave() {
	<-w.turn
}

// until tries again whenever the descriptor may have become readable, until try is done, ctx ends or the node is closed.
func (w *eventWait) until(ctx context.Context, try func() bool) error {
	if try() {
		return nil // no need to set up a wait
	}
	stop := w.interrupt(ctx)
	defer stop()
	conn, err := w.file.SyscallConn()
	if err == nil {
		err = conn.Read(func(uintptr) bool { return try() })
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctx.Err()
	case err != nil:
		return errClosed
	}
	return nil
}

// interrupt has the wait end with ctx. The function it returns ends that.
func (w *eventWait) interrupt(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
			_ = w.file.SetReadDeadline(time.Unix(1, 0)) // long ago; fails only on a closed file
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-ended
		_ = w.file.SetReadDeadline(time.Time{}) // for the next wait
	}
}

var errClosed = &Error{ErrHandle, "the node or the subscription is closed"}
