package peers

/*
#include <stdlib.h>
#include <peers.h>
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// LogLevel is how much a line of the log matters; the higher, the more detailed.
type LogLevel int32

// The levels.
const (
	LogError LogLevel = C.PEERS_LOG_ERROR // the node has failed
	LogWarn  LogLevel = C.PEERS_LOG_WARN  // part of the node's work is failing
	LogInfo  LogLevel = C.PEERS_LOG_INFO  // the start, changes of the network, the end of a trouble
	LogDebug LogLevel = C.PEERS_LOG_DEBUG // peers that come and go; at most 100 lines a second
)

// String returns the level in a word.
func (l LogLevel) String() string {
	return word(uint32(l), "", "error", "warning", "info", "debug")
}

// logContext is what the library passes to peersGoLog: C's memory, for the library keeps it, with a handle of the log
// function in it, for C must not keep a pointer of Go's. nil for no log.
type logContext struct {
	cell *cgo.Handle
}

func newLogContext(log func(LogLevel, string)) logContext {
	if log == nil {
		return logContext{}
	}
	cell := (*cgo.Handle)(C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0)))))
	*cell = cgo.NewHandle(log)
	return logContext{cell}
}

// free lets the function go, which the library must not call any more.
func (l logContext) free() {
	if l.cell != nil {
		l.cell.Delete()
		C.free(unsafe.Pointer(l.cell))
	}
}

//export peersGoLog
func peersGoLog(level C.int32_t, message *C.char, context unsafe.Pointer) {
	log := (*cgo.Handle)(context).Value().(func(LogLevel, string))
	log(LogLevel(level), C.GoString(message))
}
