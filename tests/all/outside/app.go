// Two nodes on a network in memory, of which one finds the other.
package main

import (
	"fmt"
	"log"

	peers "github.com/libpeers/libpeers/bindings/go"
)

func main() {
	kitchen, hall := start("kitchen"), start("hall")
	defer kitchen.Close()
	defer hall.Close()
	found, err := kitchen.List()
	if err != nil {
		log.Fatal(err)
	}
	for _, peer := range found {
		fmt.Println("found", peer.Name)
	}
}

func start(name string) *peers.Node {
	node, err := peers.Start(peers.Config{Name: name, Network: "memory:outside", ManualClock: true})
	if err != nil {
		log.Fatal(err)
	}
	return node
}
