// Package peers finds the other instances of your program on the local network.
//
//	node, err := peers.Start(peers.Config{Name: "kitchen", ServicePort: 8080})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer node.Close()
//	for event := range node.Events(ctx) {
//		fmt.Println(event.Kind, event.Peer.Name, event.Peer.AddrPort())
//	}
//
// A multicast beacon announces the program, and a registry lists the peers whose beacons are heard, each until it says
// goodbye or has not been heard for a while. No daemon, no server, no configuration.
//
// Every error of a call is an [*Error], whose [Status] errors.Is finds: errors.Is(err, peers.ErrInterface). Every
// function and method may be called by any goroutine.
//
// The package is a thin layer over the C library libpeers, which cgo finds by pkg-config.
package peers

/*
#cgo pkg-config: peers
#include <peers.h>
*/
import "C"

// HeaderVersion is the version of the library that this package was compiled with.
const HeaderVersion = C.PEERS_VERSION

// LibraryVersion returns the version of the library that is running.
func LibraryVersion() string {
	return C.GoString(C.peers_version())
}
