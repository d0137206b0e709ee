package peers

/*
#include <peers.h>
*/
import "C"

import (
	"fmt"
	"runtime"
)

// Status says what kind of error it was. Its number never changes. It is an error itself, so that errors.Is(err,
// peers.ErrFull) asks for it and errors.As gives it.
type Status int32

// What can go wrong.
const (
	ErrNull         Status = C.PEERS_ERR_NULL           // a pointer was NULL: a bug of this package
	ErrHandle       Status = C.PEERS_ERR_HANDLE         // the node is closed
	ErrSize         Status = C.PEERS_ERR_SIZE           // this package and the library do not fit together
	ErrUTF8         Status = C.PEERS_ERR_UTF8           // a text is not valid UTF-8
	ErrInvalid      Status = C.PEERS_ERR_INVALID        // a value is outside its range
	ErrTooLarge     Status = C.PEERS_ERR_TOO_LARGE      // a name, key or value is longer than its limit
	ErrUnsupported  Status = C.PEERS_ERR_UNSUPPORTED    // this version or this platform does not have the feature
	ErrInterface    Status = C.PEERS_ERR_INTERFACE      // there is no network interface of that name
	ErrAddressInUse Status = C.PEERS_ERR_ADDRESS_IN_USE // another program holds the UDP port and does not share it
	ErrPermission   Status = C.PEERS_ERR_PERMISSION     // the system does not permit what was asked
	ErrSystem       Status = C.PEERS_ERR_SYSTEM         // the system refused for another reason
	ErrFull         Status = C.PEERS_ERR_FULL           // the registry already holds Config.MaxPeers entries
	ErrTimeout      Status = C.PEERS_ERR_TIMEOUT        // nothing happened in time; no call of this package returns it
	ErrStopped      Status = C.PEERS_ERR_STOPPED        // the node was closed while the call was under way
	ErrForked       Status = C.PEERS_ERR_FORKED         // the node belongs to the parent of this forked process
	ErrFailed       Status = C.PEERS_ERR_FAILED         // the library met an internal error: close the node, and start another
	ErrDeadlock     Status = C.PEERS_ERR_DEADLOCK       // Node.Close was called by the node's own Config.Log
	ErrNotFound     Status = C.PEERS_ERR_NOT_FOUND      // no entry of this key is registered
)

// Error returns the fixed text of the status.
func (s Status) Error() string {
	return C.GoString(C.peers_strerror(C.int32_t(s)))
}

// Error is what a call that failed returns.
type Error struct {
	Status Status
	Detail string // a sentence that names the value, and says what would be right
}

// Error returns the detail.
func (e *Error) Error() string {
	return "peers: " + e.Detail
}

// Unwrap returns the status.
func (e *Error) Unwrap() error {
	return e.Status
}

// call makes a call of the library. The detail of an error is kept for the thread that made the call, so the goroutine
// has to stay on it until it has asked.
func call(work func() C.int32_t) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	status := Status(work())
	if status == C.PEERS_OK {
		return nil
	}
	return &Error{status, C.GoString(C.peers_last_error())}
}

// invalid is the error for what C would cut short without a word.
func invalid(format string, values ...any) error {
	return &Error{ErrInvalid, fmt.Sprintf(format, values...)}
}
