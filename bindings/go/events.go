package peers

/*
#include <peers.h>
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Events returns a channel with what happens, in order. It is closed when ctx ends, or when the node is closed or has
// failed, which [Node.Health] tells.
//
// Each event goes to one reader. The queue behind the channel holds 1024 events; when it is full all are dropped and one
// Resync takes their place. An event that the channel's goroutine has in hand when ctx ends is dropped; NextEvent drops
// none.
func (n *Node) Events(ctx context.Context) <-chan Event {
	events := make(chan Event)
	go func() {
		defer close(events)
		for {
			event, err := n.NextEvent(ctx)
			if err != nil {
				return
			}
			select {
			case events <- event:
			case <-ctx.Done():
				return
			case <-n.events.closed:
				return
			}
		}
	}()
	return events
}

// NextEvent waits for the next event and takes it. The wait is in real time, also with Config.ManualClock.
//
// Errors: those of ctx; ErrHandle and ErrStopped when the node is closed, ErrFailed.
func (n *Node) NextEvent(ctx context.Context) (event Event, err error) {
	if err := n.events.enter(ctx); err != nil {
		return Event{}, err
	}
	defer n.events.leave()
	waited := n.events.until(ctx, func() bool {
		event, err = n.takeEvent()
		return !errors.Is(err, ErrTimeout)
	})
	if waited != nil {
		return Event{}, waited
	}
	return event, err
}

// takeEvent takes an event, or gives ErrTimeout when none waits.
func (n *Node) takeEvent() (Event, error) {
	var event *C.peers_event_t
	if err := call(func() C.int32_t { return C.peers_next_event(n.handle, 0, &event) }); err != nil {
		return Event{}, err
	}
	defer C.peers_event_free(event)
	return readEvent(event), nil
}

// eventWait lets goroutines wait for the node's event descriptor in Go's own poller. A wait in peers_next_event would hold
// a thread for each waiting goroutine, and could only be ended by waking up now and then to look.
type eventWait struct {
	// A duplicate of the node's descriptor, which the library closes while goroutines may still be about to wait.
	file *os.File
	// Holds one token for the goroutine that may wait: a file has one deadline, which is how a wait is ended.
	turn   chan struct{}
	closed chan struct{}
}

func newEventWait(handle *C.peers_t) (eventWait, error) {
	var fd C.int32_t
	if err := call(func() C.int32_t { return C.peers_event_fd(handle, &fd) }); err != nil {
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

var errClosed = &Error{ErrHandle, "the node is closed"}
